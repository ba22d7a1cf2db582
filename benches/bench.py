"""The command line: which parts, sizes, contestants; see benches/run."""

import argparse

import contestants
from syncs import Syncs, rounds

PARTS = ("first", "resync")


def arguments():
    def words(kind=str):
        return lambda text: [kind(word.replace("_", "")) for word in text.replace(",", " ").split()]
    parser = argparse.ArgumentParser(prog="benches/run")
    parser.add_argument("--only", type=words(), default=list(PARTS), help=f"parts of it: {', '.join(PARTS)}")
    parser.add_argument("--sizes", type=words(int), default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--batches", type=words(int), default=[5_000])
    parser.add_argument("--contestants", type=words(), default=list(contestants.NAMES))
    parser.add_argument("--rounds", type=int, help="instead of 5 up to 100,000 items and 3 from there")
    parser.add_argument("--quick", action="store_true", help="small and short: for the test of the harness")
    return parser.parse_args()


def note(scenario, size, batch, contestant, round_no, sync):
    print(f"{scenario:10} {size:>9,} items, batch {batch:>5,}, {contestant.name:7} round {round_no + 1}: "
          f"{sync.seconds / sync.items * 1e6:7.2f} µs and {sync.wal / sync.items:8.1f} WAL bytes an item, "
          f"finish {sync.finish_seconds * 1e3:.1f} ms", flush=True)


def main():
    args = arguments()
    contestants.create_role()
    racing = [contestants.Contestant(name) for name in args.contestants]
    for size in args.sizes:
        for batch in args.batches:
            syncs = Syncs(racing, size, args.rounds or rounds(size, args.quick), note)
            if "first" not in args.only:
                syncs.count = 1
            syncs.first(batch)
            syncs.count = args.rounds or rounds(size, args.quick)
            if "resync" in args.only:
                syncs.resync(batch)
    for contestant in racing:
        contestant.drop()
    contestants.drop_role()


main()

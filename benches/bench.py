"""The command line, and the order of it all; see benches/run."""

import argparse
import sys
from pathlib import Path

import burdens
import contestants
import machine
import report
import runs
from figures import Figures
from reads import Reads
from syncs import Syncs

HERE = Path(__file__).parent
PARTS = ("first", "resync", "changed", "vanished", "growth", "reads", "burdens", "runs", "functions", "memory")
SMALL_BATCH, BATCH = 500, 5_000


class Plan:
    """How often and how much. The 10,000,000 items are asked for by --sizes."""

    def __init__(self, args):
        self.quick = args.quick
        self.sizes = args.sizes or ([2_000, 10_000] if args.quick else [10_000, 100_000, 1_000_000])
        self.given_rounds = args.rounds
        self.batches = args.batches
        self.selections, self.runs = (5, 50) if args.quick else (50, 5_000)
        self.burdened_size = min(100_000, max(self.sizes))

    def rounds(self, size, part=None):
        if self.given_rounds or self.quick:
            return self.given_rounds or 1
        if size > 1_000_000:
            return 1
        if size > 100_000:
            return 3 if part == "resync" else 2
        return 3 if size > 10_000 else 5


def arguments():
    def words(kind=str, known=None):
        def parse(text):
            found = [kind(word) for word in text.replace(",", " ").split()]
            if known and not set(found) <= set(known):
                raise argparse.ArgumentTypeError(f"one of {', '.join(known)}")
            return found
        return parse
    parser = argparse.ArgumentParser(prog="benches/run", description=__doc__)
    parser.add_argument("--only", type=words(known=PARTS), help=f"parts of it, told and not written: {', '.join(PARTS)}")
    parser.add_argument("--sizes", type=words(int), help="numbers of items: 10000,100000,1000000; also 10000000 (hours)")
    parser.add_argument("--batches", type=words(int), help="the first is what all parts use: 5000,500, or 5000 with --only")
    parser.add_argument("--contestants", type=words(known=contestants.NAMES), default=list(contestants.NAMES))
    parser.add_argument("--rounds", type=int, help="instead of 5 at 10,000 items, 3 at 100,000, 3 or 2 at 1,000,000")
    parser.add_argument("--quick", action="store_true", help="small and short, for the test of the harness")
    parser.add_argument("--out", type=Path, default=None, help="where to write RESULTS.md, results.svg and results.json")
    args = parser.parse_args()
    args.parts = args.only or list(PARTS)
    args.batches = args.batches or ([BATCH] if args.only else [BATCH, SMALL_BATCH])
    return args


def race(plan, parts, racing, size, figures):
    """All that contestants do at one size. Each part leaves them with a complete inventory, unchanged since."""
    syncs = Syncs(racing, size, plan.batches[0], figures)
    syncs.first(plan.rounds(size, "first") if "first" in parts else 1)
    if "resync" in parts:
        syncs.resync(plan.rounds(size, "resync"))
    if "growth" in parts:
        syncs.grow([contestant for contestant in racing if size <= 100_000 or contestant.name == "ours"])
    if "changed" in parts:
        syncs.change(plan.rounds(size))
    if "vanished" in parts:
        syncs.vanish(plan.rounds(size, "vanished"))
    if "reads" in parts:
        read(Reads(racing, size, max(plan.rounds(size), 3 if not plan.quick else 1), figures), syncs)
    elif "vanished" in parts:
        syncs.sync_all()
    for contestant in racing:
        figures.answer("contents", size, contestant.name, contestant.contents())
    for batch in plan.batches[1:]:
        in_small_batches(plan, parts, Syncs(racing, size, batch, figures), syncs.changed)


def in_small_batches(plan, parts, syncs, changed):
    """All scenarios where that does not take long, else the unchanged re-sync once."""
    if syncs.size > 100_000:
        syncs.changed = changed
        if "resync" in parts:
            syncs.resync(1)
        return
    rounds = min(plan.rounds(syncs.size), 2)
    syncs.first(rounds if "first" in parts else 1)
    if "resync" in parts:
        syncs.resync(rounds)
    if "changed" in parts:
        syncs.change(rounds)
    if "vanished" in parts:
        syncs.vanish(rounds)


def read(reads, syncs):
    reads.a_few_gone(syncs)
    reads.points()
    if reads.ours:
        reads.of_ours()
    reads.all_gone()
    reads.empty_runs(20 if reads.rounds == 1 else 100)
    if reads.ours:
        reads.bytes_of_a_run(syncs)
    syncs.sync_all()
    reads.missing("none")


def run(args, figures):
    plan = Plan(args)
    racing = [contestants.Contestant(name) for name in args.contestants]
    ours = next((contestant for contestant in racing if contestant.name == "ours"), None)
    contestants.prepare()
    try:
        for size in plan.sizes:
            if set(args.parts) & {"first", "resync", "changed", "vanished", "growth", "reads"}:
                race(plan, args.parts, racing, size, figures)
            for contestant in racing:
                contestant.drop()
        if ours and "burdens" in args.parts:
            syncs = Syncs([ours], plan.burdened_size, plan.batches[0], figures)
            burdens.Burdens(ours, syncs, min(plan.rounds(100_000), 3), figures).run(plan.selections, plan.runs)
        if "runs" in args.parts:
            for contestant in racing:
                if contestant.name in runs.RACING:
                    runs.Runs(contestant, figures, args.quick).measure()
                    contestant.drop()
        if ours and "functions" in args.parts:
            ours.create()
            burdens.pure_functions(ours, figures, plan.rounds(10_000))
        if "memory" in args.parts:
            for contestant in racing:
                contestant.create()
                burdens.memory(contestant, figures)
    finally:
        contestants.clean_up(racing)
    return plan


def main():
    args = arguments()
    began = machine.now()
    figures = Figures(lambda line: print(line, flush=True))
    plan = run(args, figures)
    facts = machine.facts(began, plan, args)
    whole = not args.only and set(args.contestants) == set(contestants.NAMES)
    out = args.out or (HERE if whole and not args.quick else None)
    if out:
        report.write(out, figures, facts)
        print(f"written: {out}/RESULTS.md, results.svg, results.json")
    else:
        sys.stdout.write(report.text(figures, facts))


main()

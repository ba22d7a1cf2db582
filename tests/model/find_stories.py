"""Writes a story for each mutant that is named: the shortest history found that it turns red.

    scripts/with-cluster python3 tests/model/find_stories.py "NAME OF A MUTANT" ...

A mutant that an existing story kills can join it. Else random histories are played until one kills it, and that one is cut down.
What is found is printed as Python, to be read and put into stories.py.
"""

import sys
from dataclasses import replace
from datetime import datetime, timedelta

import psycopg

import database
from history import HASHES, SELECTIONS, UNIVERSE
from mutants import MUTANTS
from replay import Disagreement, Replay, generate
from shrink import shrink
from stories import DEFAULTS, SELECTION_NAMES, STORIES

SEEDS = range(1001, 1201)
STEPS = 300


def failure(prepared, mutant, steps):
    with database.scratch(prepared, mutant.apply) as sessions:
        replay = Replay(prepared.settings, sessions, compare_every=1)
        try:
            replay.play(steps)
        except (Disagreement, psycopg.errors.UniqueViolation) as error:
            return error, replay.steps
    return None


def random_failure(prepared, mutant):
    for seed in SEEDS:
        with database.scratch(prepared, mutant.apply) as sessions:
            replay = Replay(prepared.settings, sessions, seed)
            try:
                replay.play(generate(replay, seed, STEPS, prepared.missing_kinds))
            except (Disagreement, psycopg.errors.UniqueViolation):
                if failure(prepared, mutant, replay.steps):
                    return replay.steps
    return None


def without_what_seldom_matters(prepared, mutant, steps):
    """Large cuts first: they are cheaper than those of shrink()."""
    other = {step.tenant for step in steps} - {steps[-1].tenant}
    for drop in (lambda step: step.tenant in other,
                 lambda step: step.kind in ("begin", "commit", "rollback", "savepoint", "rollback_to"),
                 lambda step: step.kind in ("nonsense", "follow", "heartbeat", "set_clock"),
                 lambda step: step.kind in ("forget_items", "forget_missing", "forget_orphans", "prune_runs", "rename_item")):
        found = failure(prepared, mutant, [step for step in steps if not drop(step)])
        if found:
            steps = found[1]
    return steps


def simpler(step):
    """The same step with one thing less, one after the other."""
    args = step.args
    if "items" in args:
        for size in (8, 4, 2, 1):
            for start in range(0, len(args["items"]), size):
                yield replace(step, args=args | {"items": args["items"][:start] + args["items"][start + size:]})
        bare = [{key: value for key, value in item.items() if key in ("policy_type", "external_id")}
                if isinstance(item, dict) else item for item in args["items"]]
        yield replace(step, args=args | {"items": bare})
    if "keys" in args:
        for start in range(len(args["keys"])):
            yield replace(step, args=args | {"keys": args["keys"][:start] + args["keys"][start + 1:]})
    for name, value in DEFAULTS.get(step.kind, {}).items():
        if args.get(name, value) != value:
            yield replace(step, args=args | {name: value})


def simplify(steps, fails):
    steps = list(steps)
    for place in range(len(steps)):
        progress = True
        while progress:
            progress = False
            for step in simpler(steps[place]):
                if step != steps[place] and fails(steps[:place] + [step] + steps[place + 1:]):
                    steps[place], progress = step, True
                    break
    return steps


def renamed(steps):
    """Runs are r1, r2, ... in the order of their starts, and everything happens to acme if one tenant is all it takes."""
    names = {}
    for step in steps:
        if step.kind == "start_run":
            names.setdefault(step.args["name"], f"r{len(names) + 1}")
    return [replace(step, args={key: names.get(value, value) if key in ("name", "run") else value
                                for key, value in step.args.items()}) for step in steps]


def of_one_tenant(steps):
    return [replace(step, tenant="acme") for step in steps]


def as_python(step):
    defaults = DEFAULTS.get(step.kind, {})
    args = [f"{name}={shown(name, value)}" for name, value in step.args.items() if defaults.get(name, ...) != value]
    tenant = "ACME" if step.tenant == "acme" else "GLOBEX"
    return f"step({', '.join([tenant, repr(step.kind), *args])})".replace("'", '"')


def shown(name, value):
    if name == "selection":
        return SELECTION_NAMES[next(n for n, selection in enumerate(SELECTIONS) if selection.keys() == value.keys()
                                    and selection["scope"] == value["scope"])]
    if name == "hash":
        return f"HASHES[{HASHES.index(value)}]"
    if isinstance(value, timedelta):
        return f"seconds({int(value.total_seconds())})"
    if isinstance(value, datetime):
        return f"at({int((value - database.EPOCH).total_seconds())})"
    if name == "items":
        return "[" + ", ".join(map(shown_item, value)) + "]"
    return repr(value)


def shown_item(raw):
    if isinstance(raw, dict) and {"policy_type", "external_id"} <= raw.keys() and (raw["policy_type"], raw["external_id"]) in UNIVERSE:
        rest = [f"{key}={value!r}" for key, value in raw.items() if key not in ("policy_type", "external_id")]
        return f"item({', '.join([str(UNIVERSE.index((raw['policy_type'], raw['external_id']))), *rest])})"
    return repr(raw)


def main():
    stories = dict(STORIES)
    with database.template() as prepared:
        for mutant in [mutant for mutant in MUTANTS if mutant.name in sys.argv[1:]]:
            known = next((names for names, steps in stories.items() if failure(prepared, mutant, steps)), None)
            if known:
                print(f"# {mutant.name!r} is killed by the story of {known[0]!r}", flush=True)
                continue
            steps = random_failure(prepared, mutant)
            if steps is None:
                print(f"# no history kills {mutant.name!r}", flush=True)
                continue
            steps, _ = shrink(without_what_seldom_matters(prepared, mutant, steps), lambda some: failure(prepared, mutant, some))
            if failure(prepared, mutant, of_one_tenant(steps)):
                steps = of_one_tenant(steps)
            steps = renamed(simplify(steps, lambda some: failure(prepared, mutant, some)))
            stories[mutant.name,] = steps
            print(f'    ("{mutant.name}",): [\n' + "".join(f"        {as_python(step)},\n" for step in steps) + "    ],", flush=True)


if __name__ == "__main__":
    main()

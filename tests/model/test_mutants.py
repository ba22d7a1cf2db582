"""The proof that the model test can fail: each mutant, a deliberate mistake in the meaning, must turn it red."""

import psycopg
import pytest

from database import scratch
from mutants import MUTANTS
from replay import Disagreement, Replay, generate

SEEDS = range(1001, 1007)
STEPS = 300
# Guards and pruning are seldom reached in histories of this length: these take the ones that test_model.py plays.
IN_LONG_HISTORIES = {
    "the guard by type counts all items", "the number that was expected excuses a shrink", "a shrink is never confirmed",
    "a shrink of a type is never confirmed", "a run of some types is fresh for all", "pruning takes the latest clean run",
    "the total guard counts types that are not covered", "pruning takes the run that removed an item",
    "an unchanged run ends no count of a type that was forgotten", "a run of some types is unchanged for all",
    "what a forgotten selection saw last was seen last by the oldest run"}
LONG_SEEDS, LONG_STEPS = range(1, 26), 400


def disagreement(prepared, seed, change=None, steps=STEPS):
    """A statement that fails for another reason than section 7 knows is no kill: it ends the test instead."""
    with scratch(prepared, change) as sessions:
        replay = Replay(prepared.settings, sessions, seed)
        try:
            replay.play(generate(replay, seed, steps, prepared.missing_kinds))
        except (Disagreement, psycopg.errors.UniqueViolation) as error:     # or a constraint that catches the mistake
            return error
    return None


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_mutation_the_same_histories_agree(prepared, seed):
    assert disagreement(prepared, seed) is None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "_"))
def test_a_mutant_turns_it_red(prepared, mutant):
    seeds, steps = (LONG_SEEDS, LONG_STEPS) if mutant.name in IN_LONG_HISTORIES else (SEEDS, STEPS)
    assert any(disagreement(prepared, seed, mutant.apply, steps) for seed in seeds), f"survived: {mutant.name}"

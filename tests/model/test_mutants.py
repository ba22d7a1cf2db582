"""The proof that the model test can fail: each mutant, a deliberate mistake in the meaning, must turn it red."""

import pytest

from database import scratch
from mutants import MUTANTS
from replay import Disagreement, Replay, generate

SEEDS = range(1001, 1007)
STEPS = 300


def disagreement(prepared, seed, change=None):
    """A statement that fails for another reason than section 7 knows is no kill: it ends the test instead."""
    with scratch(prepared, change) as sessions:
        replay = Replay(prepared.settings, sessions, seed)
        try:
            replay.play(generate(replay, seed, STEPS, prepared.missing_kinds))
        except Disagreement as error:
            return error
    return None


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_mutation_the_same_histories_agree(prepared, seed):
    assert disagreement(prepared, seed) is None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "_"))
def test_a_mutant_turns_it_red(prepared, mutant):
    assert any(disagreement(prepared, seed, mutant.apply) for seed in SEEDS), f"survived: {mutant.name}"

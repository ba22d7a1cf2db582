"""The proof that the model test can fail: each mutant, a deliberate mistake in the meaning, must turn it red.

Most are caught by any random history. What those seldom reach has a story. MUTANTS=no leaves the mutants out.
"""

import os

import psycopg
import pytest

from database import scratch
from mutants import MUTANTS
from replay import COMPARE_EVERY, Disagreement, Replay, generate
from stories import STORIES

SEEDS = (1001, 1002)
STEPS = 300


def disagreement(prepared, seed=0, story=None, change=None):
    """A statement that fails for another reason than section 7 knows is no kill: it ends the test instead."""
    with scratch(prepared, change) as sessions:
        replay = Replay(prepared.settings, sessions, seed, compare_every=1 if story else COMPARE_EVERY)
        try:
            replay.play(story or generate(replay, seed, STEPS, prepared.missing_kinds))
        except (Disagreement, psycopg.errors.UniqueViolation) as error:     # or a constraint that catches the mistake
            return error
    return None


def test_every_story_is_of_a_mutant():
    assert STORIES.keys() <= {mutant.name for mutant in MUTANTS}


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_mutation_the_same_histories_agree(prepared, seed):
    assert disagreement(prepared, seed) is None


@pytest.mark.parametrize("story", STORIES.values(), ids=[name.replace(" ", "_") for name in STORIES])
def test_without_a_mutation_the_story_agrees(prepared, story):
    assert disagreement(prepared, story=story) is None


@pytest.mark.skipif(os.environ.get("MUTANTS") == "no", reason="MUTANTS=no: they have been played on another major")
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "_"))
def test_a_mutant_turns_it_red(prepared, mutant):
    story = STORIES.get(mutant.name)
    played = (disagreement(prepared, seed, story, mutant.apply) for seed in ((0,) if story else SEEDS))
    assert any(played), f"survived: {mutant.name}"

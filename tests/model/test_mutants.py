"""The proof that the model test can fail: each mutant, a deliberate mistake in the meaning, must turn its story red."""

import psycopg
import pytest

from database import scratch
from mutants import MUTANTS
from replay import Disagreement, Replay
from stories import STORIES

STORY_OF = {name: story for names, story in STORIES.items() for name in names}


def disagreement(prepared, story, change=None):
    """A statement that fails for another reason than section 7 knows is no kill: it ends the test instead."""
    with scratch(prepared, change) as sessions:
        replay = Replay(prepared.settings, sessions, compare_every=1)
        try:
            replay.play(story)
        except (Disagreement, psycopg.errors.UniqueViolation) as error:     # or a constraint that catches the mistake
            return error
    return None


@pytest.mark.parametrize("story", STORIES.values(), ids=[names[0].replace(" ", "_") for names in STORIES])
def test_without_a_mutation_the_story_agrees(prepared, story):
    assert disagreement(prepared, story) is None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "_"))
def test_a_mutant_turns_it_red(prepared, mutant):
    assert disagreement(prepared, STORY_OF[mutant.name], mutant.apply), f"survived: {mutant.name}"

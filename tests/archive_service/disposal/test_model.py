"""The moves that a list can make."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.disposal.model import (
    BEYOND_RETURN,
    CANDIDATE_WORDS,
    FINISHED,
    MOVES,
    OPEN_STEPS,
    OPINION_WORDS,
    RETURNABLE,
    STATE_WORDS,
    STEP_WORDS,
    CandidateState,
    ListState,
    Opinion,
    Step,
    check_move,
)
from archive_service.errors import Conflict


@pytest.mark.parametrize(
    ("words", "values"),
    [(STATE_WORDS, ListState), (STEP_WORDS, Step), (OPINION_WORDS, Opinion), (CANDIDATE_WORDS, CandidateState)],
)
def test_every_state_has_words_in_both_languages(words: dict, values: type):
    assert set(words) == set(values)
    assert all(text.zh and text.en for text in words.values())


@given(st.lists(st.sampled_from(ListState), min_size=1, max_size=12))
def test_no_way_leads_to_destruction_but_through_appraisal_submission_and_approval(path: list[ListState]):
    way = [ListState.DRAWN_UP, *path]
    try:
        for old, new in pairwise(way):
            check_move("CZ2026-001", old, new)
    except Conflict:
        return
    if ListState.ORDERED in way:
        before = way[: way.index(ListState.ORDERED)]
        assert before[-2:] == [ListState.SUBMITTED, ListState.APPROVED]


def test_what_is_over_is_over():
    assert MOVES[ListState.CLOSED] == MOVES[ListState.WITHDRAWN] == frozenset()
    assert MOVES[ListState.ORDERED] == {ListState.CLOSED}


def test_a_refused_move_says_both_states_in_both_languages():
    with pytest.raises(Conflict) as refused:
        check_move("CZ2026-001", "drawn_up", ListState.ORDERED)
    assert "鉴定中" in refused.value.text.zh
    assert "Being appraised" in refused.value.text.en


def test_a_step_is_returnable_or_beyond_return_never_both():
    assert not set(RETURNABLE) & set(BEYOND_RETURN)
    assert set(OPEN_STEPS) | set(FINISHED) == set(Step)

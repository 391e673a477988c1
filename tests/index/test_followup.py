"""Which questions lean on the one before them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import borrows_subject, with_subject


@pytest.mark.parametrize(
    "question",
    [
        "and when was that?",
        "When was it?",
        "why?",
        "who wrote it",
        "And who were they?",
        "how long did it take?",
        "what about the bees?",
        "How about Vietnam?",
        "and in 2017?",
        "what happened then?",
        "how many?",
        "What does that mean?",
        "",
    ],
)
def test_a_question_without_a_subject_borrows_one(question: str):
    assert borrows_subject(question)


@pytest.mark.parametrize(
    "question",
    [
        "When was the lighthouse built?",
        "who may use the dissent channel",
        "Is it true that the lighthouse keepers ate gulls?",
        "lighthouse",
        "Did they answer the Blood telegram?",
        "And how long does it take until the planning staff replies to a dissent message?",
        "What was the Blood telegram?",
    ],
)
def test_a_question_with_a_subject_keeps_to_it(question: str):
    assert not borrows_subject(question)


def test_the_earlier_question_goes_first():
    assert with_subject("and when was that?", "Who built it? ", limit=100) == "Who built it? and when was that?"


@given(st.text(max_size=60), st.text(max_size=60), st.integers(60, 130))
def test_the_question_itself_is_always_whole(question: str, earlier: str, limit: int):
    text = with_subject(question, earlier, limit=limit)

    assert text.endswith(question.strip())
    assert len(text) <= limit

"""Questions that ask the same are found together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from index.likeness import group_alike
from tests.fakes import WordEmbedder


def test_questions_of_the_same_words_are_grouped_with_the_first_of_them():
    questions = [
        "When was the lighthouse built?",
        "Who keeps bees in winter?",
        "when was the LIGHTHOUSE built",
        "What does bread cost?",
        "Who keeps bees in the winter?",
    ]

    assert group_alike(questions, WordEmbedder()) == ((0, 2), (1, 4), (3,))


def test_no_questions_make_no_groups():
    assert group_alike([], WordEmbedder()) == ()


@given(st.lists(st.sampled_from(["lamp oil", "lamp", "oil lamp", "bees", "bees and honey", ""]), max_size=12))
def test_every_question_is_in_one_group_and_groups_are_in_order(questions: list[str]):
    groups = group_alike(questions, WordEmbedder())

    assert sorted(place for group in groups for place in group) == list(range(len(questions)))
    assert list(groups) == sorted(groups)

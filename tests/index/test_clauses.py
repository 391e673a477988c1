"""What of a long sentence is kept, whatever counts as saying something."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from index.clauses import main_stretch

SENTENCE = (
    "The keeper, who came in 1904, tended the lamp; the boat (a cutter) brought coal every second Thursday \u2013 "
    "weather permitting \u2013 and letters, newspapers, flour."
)
words = st.sampled_from(["coal", "lamp,", "(oil)", "boat;", "a", "lighthouse-keeper:", "\u2013", "Thursday"])


def count_of(*wanted: str):
    return lambda text: float(sum(word in text for word in wanted))


def kept(text: str, *wanted: str, room: int) -> str:
    start, end = main_stretch(text, count_of(*wanted), room)
    return text[start:end]


def test_the_clauses_that_say_most_are_kept_whole() -> None:
    assert kept(SENTENCE, "coal", "Thursday", room=60) == "brought coal every second Thursday \u2013 weather permitting"
    assert kept(SENTENCE, "1904", room=40) == "who came in 1904, tended the lamp;"
    assert kept(SENTENCE, "letters", "flour", room=40) == "and letters, newspapers, flour."


def test_of_clauses_that_say_equally_much_the_longest_stretch_is_kept() -> None:
    assert kept(SENTENCE, room=47) == "The keeper, who came in 1904, tended the lamp;"


def test_a_clause_that_is_too_long_is_cut_at_a_word_and_a_word_that_is_too_long_anywhere() -> None:
    assert kept("Coal and oil and flour and letters", "Coal", room=14) == "Coal and oil"
    assert kept("x" * 50, "x", room=20) == "x" * 20


def test_a_sentence_that_fits_is_kept_whole() -> None:
    assert kept(SENTENCE, "coal", room=len(SENTENCE)) == SENTENCE


@given(st.lists(words, min_size=1, max_size=30), st.integers(1, 80), st.lists(words, max_size=3))
def test_a_stretch_fits_begins_and_ends_with_a_mark_or_letter_and_says_no_less_than_the_beginning(
    parts: list[str], room: int, wanted: list[str]
) -> None:
    text, says = " ".join(parts), count_of(*wanted)

    start, end = main_stretch(text, says, room)

    assert 0 <= start < end <= min(len(text), start + room)
    assert re.fullmatch(r"\S(.*\S)?", text[start:end])
    beginning = text[:room] if len(text) <= room or text[room].isspace() else text[:room].rpartition(" ")[0]
    clauses = re.split(r"(?<=[,;:)])\s|\s(?=[(\u2013])", beginning)
    assert says(text[start:end]) >= says(clauses[0])

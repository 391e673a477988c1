"""What leans on the sentence before is shown with it or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.summaries.standing import Unit, is_whole, stands_alone, units_of


@pytest.mark.parametrize(
    "text",
    [
        "He added that the cable was right.",
        "It did so again in March.",
        "This happened twice in the same year.",
        "Their names were hidden from the public.",
        "However, the committee voted again.",
        "In 1975 he testified twice to the committee.",
        "After the vote, they read the cable.",
        "Such messages are rare in this office.",
        "Perry also wrote that he was against leaking.",
        "Yes, several people may sign one message.",
        "Other messages questioned the intelligence.",
        "For example, the memo of 1972 was read.",
        "“That was wrong,” the officer said later.",
    ],
)
def test_a_sentence_that_points_back_does_not_stand_alone(text: str):
    assert not stands_alone(text)


@pytest.mark.parametrize(
    "text",
    [
        "The cable was right.",
        "It is an offence to retaliate against a dissenter.",
        "Italy and Theodore went there.",
        "In 1975 Thomas Boyatt testified twice.",
        "As Boyatt wrote, he was removed from the desk.",
        "Hers-and-his towels were sold in 1950.",
    ],
)
def test_a_sentence_that_names_what_it_is_about_stands_alone(text: str):
    assert stands_alone(text)


def marked(part: str) -> list[tuple[bool, str]]:
    """Sentences marked by hand, each with whether it leans; `standing.txt` says what the parts are for."""
    text = Path(__file__).with_name("standing.txt").read_text(encoding="utf-8")
    lines = text.split(f"== {part}\n")[1].split("\n== ")[0].splitlines()
    return [(line.startswith("-"), line[2:]) for line in lines]


@pytest.mark.parametrize("part", ["develop", "judge"])
def test_of_sentences_marked_by_hand_nearly_all_that_lean_are_found_and_few_others(part: str):
    sentences = marked(part)
    leaning = [leans for leans, text in sentences if not stands_alone(text)]

    assert len(sentences) > 100
    assert sum(leaning) / len(leaning) > 0.95
    assert sum(leaning) / sum(leans for leans, _ in sentences) > 0.95


@pytest.mark.parametrize(
    "text",
    [
        "April | Look for the queen",
        "and so it goes on for ever.",
        "Look!",
        "It differs:",
        "",
        "[citation needed] The lamp was lit again in 1950.",
        "The lamp stands 68 metres high (max.",
    ],
)
def test_labels_and_pieces_are_no_whole_sentences(text: str):
    assert not is_whole(text)


@pytest.mark.parametrize(
    "text", ["The memo was read.", "Was the memo read twice?", '"The memo was read."', "*The memo* was read.*"]
)
def test_prose_is_whole(text: str):
    assert is_whole(text)


TEXTS = [
    "Boyatt wrote a memo in 1974.",
    "He was removed from the desk.",
    "It did not end there, though.",
    "They voted again in the autumn.",
    "The committee accepted an amalgam.",
]


def units(*numbers: int, breaks: tuple[int, ...] = (0,)) -> list[Unit]:
    return units_of(numbers, TEXTS.__getitem__, lambda number: number not in breaks)


def test_a_sentence_that_leans_is_shown_with_up_to_two_before_it():
    assert units(0, 1, 2, 3, 4) == [Unit(0, 0), Unit(0, 1), Unit(0, 2), Unit(4, 4)]


def test_nothing_is_borrowed_across_a_section():
    assert units(1, 2, breaks=(0, 1)) == []
    assert units(2, breaks=(0, 1)) == []

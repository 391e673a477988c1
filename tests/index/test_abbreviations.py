from __future__ import annotations

import pytest

from index.abbreviations import NAMES_AT_MOST, names_by_abbreviation


@pytest.mark.parametrize(
    ("text", "abbreviation", "name"),
    [
        ("It was open to the U.S. Lighthouse Agency then.", "usla", "U.S. Lighthouse Agency"),
        ("the Keepers and Boatmen Union", "kbu", "Keepers and Boatmen Union"),
        ("the Freedom of Navigation Act", "fona", "Freedom of Navigation Act"),
        ("the Freedom of Navigation Act", "fna", "Freedom of Navigation Act"),
        ("The Whale Oil\nBoard met.", "wob", "Whale Oil Board"),
        ("In Storm War II they rowed.", "swii", "Storm War II"),
        ("Élan Vital Society", "évs", "Élan Vital Society"),
        ("A Light Service keeper met two Light Service keepers.", "lsk", "Light Service keeper"),
    ],
)
def test_a_name_is_found_by_its_words_first_letters(text: str, abbreviation: str, name: str):
    assert names_by_abbreviation([text])[abbreviation] == name


@pytest.mark.parametrize(
    "text",
    [
        "the keepers of lighthouses",
        "The Keeper slept.",
        "Whale Oil",  # two letters stand for too much
        "Two Three Four Five Six Seven Eight",
        "The Whale. Oil Board",  # the sentence ends there
        "Ada Keeper told me. Ada Keeper says so. Bo Wright said. Bo Wright saw.",
    ],
)
def test_what_is_no_name_or_too_short_or_too_long_has_no_abbreviation(text: str):
    assert names_by_abbreviation([text]) == {}


def test_of_two_names_with_the_same_letters_the_more_frequent_one_is_meant_or_else_the_first():
    once, twice = "the Whale Oil Board", "the Wooden Oar Bureau and the Wooden Oar Bureau's boat"

    assert names_by_abbreviation([once, "a Wooden Oar Bureau"])["wob"] == "Whale Oil Board"
    assert names_by_abbreviation([once, "a Wooden Oar Bureau", twice])["wob"] == "Wooden Oar Bureau"


def test_only_the_most_frequent_names_are_kept():
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    many = (f"a {x}a {y}a {z}a {w}a" for x in letters for y in letters for z in letters for w in letters[:3])

    names = names_by_abbreviation([*many, "the Zz Zz Zz Zz", "the Zz Zz Zz Zz"])

    assert len(names) == NAMES_AT_MOST
    assert names["zzzz"] == "Zz Zz Zz Zz"

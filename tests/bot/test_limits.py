"""Discord's limits as the bot knows them, and texts cut to fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render import limits
from bot.render.limits import length, shorten
from tests.wire import limits as discord_limits

texts = st.text(max_size=120)


@pytest.mark.parametrize(
    ("ours", "discords"),
    [
        ("CONTENT", "MESSAGE_CONTENT"),
        ("EMBED_DESCRIPTION", "EMBED_DESCRIPTION"),
        ("EMBED_FIELD_VALUE", "EMBED_FIELD_VALUE"),
        ("EMBED_FOOTER", "EMBED_FOOTER"),
        ("EMBED_TOTAL", "EMBED_TOTAL"),
        ("ACTION_ROWS", "ACTION_ROWS"),
        ("BUTTONS_IN_A_ROW", "BUTTONS_IN_A_ROW"),
        ("BUTTON_LABEL", "BUTTON_LABEL"),
        ("CUSTOM_ID", "CUSTOM_ID"),
        ("MODAL_TITLE", "MODAL_TITLE"),
        ("TEXT_INPUT_LABEL", "TEXT_INPUT_LABEL"),
        ("CHOICES", "CHOICES"),
        ("CHOICE_TEXT", "CHOICE_TEXT"),
    ],
)
def test_the_bots_limits_are_discords(ours: str, discords: str):
    assert getattr(limits, ours) == getattr(discord_limits, discords)


@pytest.mark.parametrize(("text", "units"), [("", 0), ("abc", 3), ("é", 1), ("😀", 2), ("e\u0301", 2), ("\ud83d", 1)])
def test_length_counts_utf_16_units(text: str, units: int):
    assert length(text) == units


def test_a_text_is_cut_at_a_word_with_an_ellipsis_in_place_of_the_rest():
    assert shorten("one two three", 13) == "one two three"
    assert shorten("one two three", 12) == "one two…"
    assert shorten("one two three", 8) == "one two…"
    assert shorten("one two three", 7) == "one…"


def test_a_word_that_is_too_long_is_cut_within():
    assert shorten("incomprehensible", 6) == "incom…"
    assert shorten("😀😀😀😀", 6) == "😀😀…"


@given(texts, st.integers(1, 130))
def test_a_shortened_text_fits_and_is_the_texts_beginning(text: str, limit: int):
    short = shorten(text, limit)

    assert length(short) <= limit
    assert short == text if length(text) <= limit else text.startswith(short.removesuffix("…"))

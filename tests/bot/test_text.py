"""A quote as people see it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from bot.render.text import block_quote, escape, markdown, pieces, plain
from index import Quote
from tests.bot.discord_markdown import quotes_in, read, styled, styles_in, text_of
from tests.bot.quotes import quote_of, quotes, texts, visible, visible_words


def test_markup_is_left_out_and_highlights_and_emphasis_are_told_apart():
    quote = quote_of(
        "The *lens* turns.[^1] It floats.", hidden=[(4, 5), (9, 10), (17, 21)], emphasis=[(5, 9)], highlights=[(22, 32)]
    )

    assert [tuple(piece) for piece in pieces(quote)] == [
        ("The", False, False),
        (" lens", False, True),
        (" turns.", False, False),
        (" It floats.", True, False),
    ]
    assert markdown(quote) == "The *lens* turns. **It floats.**"


def test_offsets_count_from_the_documents_beginning():
    quote = quote_of("It floats.", start=500, highlights=[(0, 2)])

    assert markdown(quote) == "**It** floats."


def test_white_space_becomes_one_blank_or_one_line_break():
    quote = quote_of("  one\t two \n\n  three  \n")

    assert plain(quote) == "one two\nthree"


@pytest.mark.parametrize("hidden", [[(10, 14), (15, 19), (21, 23)], [(10, 23)]], ids=["apart", "in one"])
def test_a_line_break_beside_what_is_hidden_or_within_stays_one(hidden: list[tuple[int, int]]):
    quote = quote_of("It floats.[^1] [^2]\n\n## The keepers\n\nThree lived there.", hidden=hidden)

    assert plain(quote) == "It floats.\nThe keepers\nThree lived there."


def test_bold_that_goes_over_a_line_break_is_bold_on_both_lines():
    quote = quote_of("one two\nthree four", highlights=[(4, 13)])

    assert markdown(quote) == "one **two**\n**three** four"


def test_emphasis_within_bold_over_a_line_break_shows_no_asterisk():
    quote = quote_of("See Weapons of\nthe Weak.", emphasis=[(4, 23)], highlights=[(0, 24)])

    shown = read(markdown(quote))

    assert text_of(shown) == "See Weapons of\nthe Weak."
    assert "".join(styled(shown, "emphasis").split()) == "WeaponsoftheWeak"


def test_touching_stretches_of_one_style_are_one():
    quote = quote_of(
        "*one*[^1]*two*", hidden=[(0, 1), (4, 10), (13, 14)], emphasis=[(1, 4), (10, 13)], highlights=[(0, 14)]
    )

    shown = read(markdown(quote))

    assert text_of(shown) == "onetwo"
    assert styled(shown, "strong") == styled(shown, "emphasis") == "onetwo"


@settings(max_examples=60, deadline=None)
@given(quotes())
def test_what_is_shown_differs_from_the_quote_in_markup_and_white_space_alone(quote: Quote):
    shown = [one for one in read(markdown(quote), frozenset({"quote"})) if not one.character.isspace()]

    expected = visible(quote)
    assert text_of(shown) == "".join(character for character, _, _ in expected)
    assert styles_in(shown) <= {"quote", "strong", "emphasis"}
    for (character, styles), (_, is_strong, is_emphasis) in zip(shown, expected, strict=True):
        assert ("strong" in styles) == is_strong, character
        assert is_emphasis or "emphasis" not in styles, character


@settings(max_examples=60, deadline=None)
@given(quotes())
def test_words_stay_words(quote: Quote):
    assert plain(quote).split() == visible_words(quote)
    assert text_of(read(markdown(quote), frozenset({"quote"}))).split() == visible_words(quote)


@settings(max_examples=60, deadline=None)
@given(texts)
def test_an_escaped_text_is_shown_as_it_is(text: str):
    shown = read(escape(text))

    assert text_of(shown) == text
    assert styles_in(shown) == set()


@settings(max_examples=60, deadline=None)
@given(texts)
def test_a_block_quote_holds_every_line(text: str):
    [*found] = quotes_in(block_quote(escape(text)))

    assert "".join(text_of(one) for one in found).rstrip("\n") == text.rstrip("\n")


@pytest.mark.parametrize(
    "text",
    [
        "@everyone", "@here", "<@1234567890>", "<@&1234567890>", "<#1234567890>", "<:cat:1234567890>",
        "<t:1700000000:R>",
        "[pay here](https://evil.example)", "<https://evil.example>", "https://evil.example", "**bold**", "*em*",
        "_em_",
        "__under__", "~~struck~~", "||spoiler||", "`code`", "```\nblock\n```", "# Heading", "-# small", "- item",
        "1. item", "> quote", ">>> all quoted", "a\n# b\n- c\n1. d\n> e", "  - indented",
    ],
)  # fmt: skip
def test_nothing_that_people_write_has_an_effect(text: str):
    assert styles_in(read(text)), "the reader must know this markup, else the test proves nothing"

    shown = read(escape(text))

    assert text_of(shown) == text
    assert styles_in(shown) == set()

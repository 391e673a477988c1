from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from index import Span
from index.evidence import (
    Evidence,
    characters_read,
    evidence_recall,
    holds,
    is_shown_whole,
    length,
    shared_characters,
    touches,
)
from tests.bot.quotes import quote_of

spans = st.tuples(st.integers(0, 30), st.integers(1, 10)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))
places = st.lists(st.builds(Evidence, st.sampled_from("ab"), spans), max_size=5)


def characters_of(pieces: list[Evidence]) -> set[tuple[str, int]]:
    return {(piece.document, offset) for piece in pieces for offset in range(*piece.span)}


@given(places, places)
def test_shared_characters_are_those_of_both_each_once(first: list[Evidence], second: list[Evidence]):
    assert shared_characters(first, second) == len(characters_of(first) & characters_of(second))


def test_a_quote_holds_evidence_only_whole_and_in_the_same_document():
    quote = quote_of("0123456789", start=100, document="a")

    assert holds(quote, [Evidence("a", Span(100, 110))])
    assert not holds(quote, [Evidence("a", Span(99, 110))])
    assert not holds(quote, [Evidence("b", Span(100, 110))])
    assert touches(quote, [Evidence("a", Span(99, 101))])
    assert not touches(quote, [Evidence("a", Span(90, 100))])


def test_characters_are_read_best_quote_first_until_the_evidence_begins():
    quotes = [quote_of("x" * 50, start=0, document="a"), quote_of("x" * 40, start=200, document="a")]

    assert characters_read(quotes, [Evidence("a", Span(210, 220))]) == 60
    assert characters_read(quotes, [Evidence("a", Span(190, 220)), Evidence("a", Span(30, 35))]) == 30
    assert characters_read(quotes, [Evidence("b", Span(0, 5))]) == float("inf")


@given(places)
def test_the_length_counts_each_character_once(pieces: list[Evidence]):
    assert length(pieces) == len(characters_of(pieces))


def test_evidence_can_be_shown_whole_by_two_quotes_that_meet():
    shown = [Evidence("a", Span(0, 10)), Evidence("a", Span(10, 20))]

    assert is_shown_whole(shown, [Evidence("b", Span(0, 5)), Evidence("a", Span(5, 15))])
    assert not is_shown_whole(shown, [Evidence("a", Span(15, 21))])
    assert evidence_recall(shown, [Evidence("a", Span(15, 25)), Evidence("b", Span(0, 10))]) == 5 / 20

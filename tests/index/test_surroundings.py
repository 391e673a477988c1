"""A quote among what surrounds it."""

from __future__ import annotations

from dataclasses import replace

from index import Library, Quote, Span, in_surroundings

QUESTION = "When was the lighthouse built?"


def best_quote(library: Library) -> Quote:
    return library.ask(QUESTION, limit=1).quotes[0]


def test_the_quote_is_marked_among_whole_paragraphs(library: Library):
    quote = best_quote(library)
    document = library.document(quote.citation.document)

    wide = in_surroundings(document, quote, room=1500)

    assert wide is not None
    start, end = wide.citation.span
    assert wide.text == document.text[start:end]
    assert wide.highlights == (quote.citation.span,)
    assert "Three keepers lived on the rock" in wide.text
    assert wide.text.startswith("# The lighthouse") or wide.text.startswith("The lighthouse")


def test_the_room_is_kept(library: Library):
    quote = best_quote(library)
    document = library.document(quote.citation.document)

    sizes = []
    for room in range(0, 1500, 50):
        wide = in_surroundings(document, quote, room=room)
        assert wide is not None
        sizes.append(len(wide.text))
        assert len(wide.text) <= max(room, len(quote.text))

    assert sizes == sorted(sizes)


def test_they_do_not_end_in_a_heading_whose_section_is_left_out(library: Library):
    quote = best_quote(library)
    document = library.document(quote.citation.document)

    endings = set()
    for room in range(0, 1500, 10):
        wide = in_surroundings(document, quote, room=room)
        assert wide is not None
        endings.add(wide.text.rsplit("\n", maxsplit=1)[-1])

    assert len(endings) > 2
    assert not [ending for ending in endings if ending.startswith("#")]


def test_a_quote_that_has_moved_is_found_again(library: Library):
    quote = best_quote(library)
    document = library.document(quote.citation.document)
    away = replace(quote, citation=replace(quote.citation, span=Span(0, len(quote.text))))

    wide = in_surroundings(document, away, room=0)

    assert wide is not None
    assert (wide.text, wide.citation.span) == (quote.text, quote.citation.span)


def test_a_quote_that_the_document_no_longer_has_has_no_surroundings(library: Library):
    quote = best_quote(library)
    other = library.document("garden/bees")

    assert in_surroundings(other, quote) is None

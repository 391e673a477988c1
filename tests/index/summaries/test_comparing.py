"""Two documents are put side by side on what both speak of; the rest is what one alone says."""

from __future__ import annotations

from pathlib import Path

import pytest

from index import Length, Library, UnknownDocumentError
from tests.index.documents import library_of

A = "# Grey\n\nThe grey lamp burns whale oil at night. Three keepers live on the grey rock. Seals visit in spring.\n"
B = "# Red\n\nPuffins nest at the cliff. The red lamp burns whale oil at night. Three keepers live on the red rock.\n"


@pytest.fixture
def two(tmp_path: Path) -> Library:
    return library_of(tmp_path, a=A, b=B)


def test_sentences_on_the_same_point_stand_beside_each_other(two: Library):
    pairs = two.compare("a", "b").pairs

    both = [(pair.a.text, pair.b.text) for pair in pairs if pair.a and pair.b]
    assert both == [
        ("The grey lamp burns whale oil at night.", "The red lamp burns whale oil at night."),
        ("Three keepers live on the grey rock.", "Three keepers live on the red rock."),
    ]


def test_what_only_one_says_follows_with_nothing_beside_it(two: Library):
    alone = [(pair.a and pair.a.text, pair.b and pair.b.text) for pair in two.compare("a", "b").pairs[2:]]

    assert alone == [("Seals visit in spring.", None), (None, "Puffins nest at the cliff.")]


def test_the_other_way_round_it_is_the_same_comparison(two: Library):
    there, back = two.compare("a", "b").pairs, two.compare("b", "a").pairs

    assert {(pair.a and pair.a.text, pair.b and pair.b.text) for pair in there} == {
        (pair.b and pair.b.text, pair.a and pair.a.text) for pair in back
    }


@pytest.mark.parametrize("length", Length)
def test_no_more_lines_than_asked_for_and_none_twice(library: Library, length: Length):
    pairs = library.compare("sea/lighthouse", "crafts/violins", length=length).pairs

    quotes = [quote for pair in pairs for quote in (pair.a, pair.b) if quote]
    assert len(pairs) <= length.sentences
    assert len({quote.text for quote in quotes}) == len(quotes)
    for quote in quotes:
        assert library.document(quote.citation.document).text[slice(*quote.citation.span)] == quote.text


def test_a_document_that_is_not_there_is_named(two: Library):
    with pytest.raises(UnknownDocumentError, match="nowhere"):
        two.compare("a", "nowhere")

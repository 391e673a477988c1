"""An overview shows each theme of the corpus by how its documents begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from index import Length, Library
from tests.index.documents import library_of

BEES = "Bees of the hive number {} store honey for the winter. Beekeepers feed them sugar syrup in autumn."
LAMPS = "The lighthouse lamp number {} burns whale oil at night. Keepers trim its wick each morning."


@pytest.fixture
def themed(tmp_path: Path) -> Library:
    """Four documents on bees and three on lamps."""
    texts = {f"b{n}": f"# Hive {n}\n\n## Honey of bees\n\n{BEES.format(n)}\n" for n in range(4)}
    texts |= {f"a{n}": f"# Lamp {n}\n\n## Light at night\n\n{LAMPS.format(n)}\n" for n in range(3)}
    return library_of(tmp_path, **texts)


def test_documents_that_lie_near_each_other_are_one_theme(themed: Library, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("index.summaries.overview.THEMES_AT_MOST", 2)

    summary = themed.summarize_corpus()

    assert [sorted(theme.titles) for theme in summary.themes] == [
        [f"Hive {n}" for n in range(4)],
        [f"Lamp {n}" for n in range(3)],
    ]


def test_the_most_central_document_of_a_theme_is_named_and_quoted_first_and_what_it_tells_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("index.summaries.overview.THEMES_AT_MOST", 1)
    library = library_of(
        tmp_path,
        a="# Sea\n\nA sea owl hunts near honey and mice.\n",
        b="# Bees\n\nBees store honey in the hive.\n",
        c="# Hives\n\nBees of the hive store honey for winter.\n",
    )

    summary = library.summarize_corpus()

    [theme] = summary.themes
    assert theme.titles[-1] == "Sea"
    assert len(theme.titles) == 3
    assert [quote.citation.title for quote in summary.quotes] == [theme.titles[0], "Sea"]


def test_a_large_corpus_has_its_themes_from_a_part_of_it(themed: Library, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("index.summaries.overview.THEMES_AT_MOST", 2)
    monkeypatch.setattr("index.summaries.overview.CLUSTERED_AT_MOST", 4)

    assert [len(theme.titles) for theme in themed.summarize_corpus().themes] == [4, 3]


@pytest.mark.parametrize("length", Length)
def test_each_theme_has_its_quotes_from_its_documents(library: Library, length: Length):
    summary = library.summarize_corpus(length=length)

    assert sum(theme.quotes for theme in summary.themes) == len(summary.quotes) <= length.sentences
    assert sorted(title for theme in summary.themes for title in theme.titles) == sorted(
        entry.title for entry in library.documents()
    )
    position = 0
    for theme in summary.themes:
        for quote in summary.quotes[position : position + theme.quotes]:
            assert quote.citation.title in theme.titles
            assert library.document(quote.citation.document).text[slice(*quote.citation.span)] == quote.text
        position += theme.quotes


def test_one_document_is_one_theme(tmp_path: Path):
    library = library_of(tmp_path, a="# Owls\n\nOwls hunt mice at night.\n")

    summary = library.summarize_corpus()

    assert [(theme.titles, theme.quotes) for theme in summary.themes] == [(("Owls",), 1)]

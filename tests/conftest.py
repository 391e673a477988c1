"""Fixtures for all tests: a small made-up corpus, and a library over it that needs no model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from index import Libraries, Library
from tests.fakes import WordEmbedder

# a slow machine is no failure, and a run can be repeated
settings.register_profile("project", deadline=None, derandomize=True, database=None)
settings.load_profile("project")

CORPUS = {
    "sea/lighthouse.md": """\
---
title: The lighthouse of Grey Skerry
summary: How the lighthouse of Grey Skerry was built and who kept it.
publisher: Harbour Museum
published: 1998-05-17
updated: 2026-11-01
url: https://example.org/grey-skerry
licence: CC BY 4.0
tags: [sea, light]
---

# The lighthouse of Grey Skerry

Grey Skerry is a bare rock four miles off the coast. The lighthouse on it was built from granite in 1862.[^harbour]
Its lamp burned whale oil until 1904, then paraffin.[^harbour][^log]

## The keepers

Three keepers lived on the rock at a time. A boat brought coal and letters every second Thursday. In the winter of 1894
the boat could not land for nine weeks, and the keepers ate gulls.[^log]

## How the lamp works

- The **lens** has 36 prisms and floats on a bath of mercury.
- A falling weight turns it once in *forty* seconds.[^harbour]
- The keeper winds the weight up again every two hours.

[^harbour]: [Lights of the North](https://example.org/lights). Harbour Museum. 1987-03.
[^log]: Log book of the keepers, 1890 to 1899
""",
    "garden/bees.md": """\
---
title: Keeping bees
updated: 2025-04-02
---

# Keeping bees

A healthy hive holds about fifty thousand bees in June. The queen lays up to two thousand eggs a day.

## Feeding

Beekeepers feed sugar syrup in autumn, because honey was taken. <!-- Check the amount. --> A colony needs about
fifteen kilograms of stores to survive the winter.

| Month | Work |
| --- | --- |
| April | Look for the queen |
| August | Treat against mites |
| December | Leave the hive alone |
""",
    "crafts/glass.txt": """\
Glassblowing

Molten glass is gathered on the end of an iron blowpipe. The furnace stands at eleven hundred degrees.
The gaffer shapes the bubble with wet newspaper and wooden blocks.

Finished vessels cool overnight in an annealing oven. Glass that cools too fast cracks along hidden stresses.
""",
    "crafts/violins.md": """\
# How a violin is made

The belly of a violin is carved from spruce and its back from maple. Varnish takes several weeks to dry in sunlight.

A small dowel inside the body, the sound post, carries vibration from the bridge to the back. French makers call it
the soul.
""",
    "games/chess-club.txt": """\
Minutes of the chess club

Anna: The tournament moves to Saturday.
Boris: Then the clocks have to be mended first.
Anna: The treasurer pays for three new clocks.
Clara: Our rook endings were dreadful last season.
""",
    "food/bread.md": """\
---
title: Sourdough bread
---

Sourdough rises by wild yeast and lactic acid bacteria. The starter is fed with rye flour every day.

> Bake on a hot stone, or do not bake at all.

The crust becomes crisp when steam fills the oven during the first ten minutes.
""",
    "README.md": "How this corpus is kept. Not a document: the password is swordfish.\n",
    "questions.jsonl": '{"id": "q1", "question": "When was the lighthouse built?"}\n',
}


def libraries_over(library: Library) -> Libraries:
    """A shared library with those of servers beside it."""
    return Libraries(library, library.folder.parents[1])


def write_corpus(folder: Path, files: dict[str, str]) -> Path:
    """Write texts below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return folder


@pytest.fixture(scope="session", autouse=True)
def unhurried_disk() -> Iterator[None]:
    """Nobody cuts the power in a test: waiting for the disk would only take time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture
def corpus_folder(tmp_path: Path) -> Path:
    """Six documents on plainly different subjects, and two files that are none."""
    return write_corpus(tmp_path / "corpus", CORPUS)


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def library(corpus_folder: Path, tmp_path: Path, embedder: WordEmbedder) -> Library:
    """A library that has read the corpus."""
    library = Library(corpus=corpus_folder, data=tmp_path / "data", embedder=embedder)
    library.reload()
    return library

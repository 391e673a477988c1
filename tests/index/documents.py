"""Documents for tests, made from a text without a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from index import Library
from index.reading.markdown import read_markdown
from index.reading.outline import Outline
from index.reading.text import read_text
from index.splitting import split
from index.values import Document, Passage, Sentence, Span
from tests.conftest import write_corpus
from tests.fakes import WordEmbedder


def document_of(text: str, read: Callable[[str], Outline] = read_markdown) -> Document:
    """A text as a document."""
    outline = read(text)
    return Document(
        id="document",
        path="document.md",
        title=outline.title or "document",
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        blocks=outline.blocks,
        sections=outline.sections,
        hidden=outline.hidden,
        emphasis=outline.emphasis,
        marks=outline.marks,
        sources=outline.sources,
    )


def text_document_of(text: str) -> Document:
    """A plain text as a document."""
    return document_of(text, read_text)


def everything_fits(text: str) -> bool:
    return True


def sentences_of(document: Document, passages: tuple[Passage, ...] | None = None) -> list[Sentence]:
    passages = split(document, fits=everything_fits) if passages is None else passages
    return [sentence for passage in passages for sentence in passage.sentences]


def sentence_texts(document: Document) -> list[str]:
    """The plain reading of each sentence."""
    return [document.plain(sentence.span) for sentence in sentences_of(document)]


def hidden_offsets(document: Document) -> set[int]:
    return {offset for start, end in document.hidden for offset in range(start, end)}


def exact(document: Document, span: Span) -> str:
    return document.text[span.start : span.end]


def library_of(folder: Path, **texts: str) -> Library:
    """A library that has read some texts, each a Markdown document of that name."""
    corpus = write_corpus(folder / "own", {f"{name}.md": text for name, text in texts.items()})
    library = Library(corpus=corpus, data=folder / "own-data", embedder=WordEmbedder())
    library.reload()
    return library

"""Bytes of any format that is read, to a `Reading`. Runs in the child process of `index/reading/child.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from index.errors import DocumentError
from index.reading.decoding import decode
from index.reading.epub import read_epub
from index.reading.frontmatter import split_front_matter
from index.reading.kinds import Kind, kind_of
from index.reading.markdown import read_markdown
from index.reading.outline import Outline, Reading
from index.reading.pdf import read_pdf
from index.reading.text import read_text
from index.reading.webpage import read_webpage
from index.reading.word import read_word
from index.twins import sketch_of

MAX_CHARACTERS = 5_000_000
"""Of a document's text; a book of 1,000 pages has about two million."""


def _with_front_matter(read: Callable[[str], Outline]) -> Callable[[bytes], Reading]:
    def read_bytes(data: bytes) -> Reading:
        metadata, text = split_front_matter(decode(data))
        _check_length(text)
        return Reading(text, read(text), metadata)

    return read_bytes


READERS: dict[Kind, Callable[[bytes], Reading]] = {
    Kind.DOCX: read_word,
    Kind.EPUB: read_epub,
    Kind.MARKDOWN: _with_front_matter(read_markdown),
    Kind.PDF: read_pdf,
    Kind.TEXT: _with_front_matter(read_text),
    Kind.WEBPAGE: read_webpage,
}


def read_file(name: str, data: bytes) -> Reading:
    """Read a file.

    Args:
        name: Its name or path.
        data: Its bytes.

    Raises:
        DocumentError: It cannot be read; the message says why and what to do.
    """
    reading = READERS[kind_of(PurePosixPath(name).suffix.lower(), data)](data)
    _check_length(reading.text)
    if not reading.outline.blocks:
        raise DocumentError("is empty; it has no text to quote")
    visible = "".join(reading.text[start:end] for start, end in _shown(reading))
    title = " ".join(str(reading.metadata.get("title") or "").split()) or reading.outline.title
    return replace(reading, outline=replace(reading.outline, title=title), sketch=sketch_of(visible))


def _shown(reading: Reading) -> Iterator[tuple[int, int]]:
    """The stretches of the text that are not hidden."""
    position = 0
    for start, end in reading.outline.hidden:
        yield position, start
        position = end
    yield position, len(reading.text)


def _check_length(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise DocumentError(
            "has {millions} million characters of text; the limit is {limit} million, so split it",
            millions=round(len(text) / 1e6, 1),
            limit=round(MAX_CHARACTERS / 1e6),
        )

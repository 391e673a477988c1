"""One document as it is kept in an index: text, spans, vectors. Immutable; generations share them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.embedding import BATCH_SIZE, Embedder, Vectors
from index.errors import StaleGenerationError
from index.splitting import SPLITTER_VERSION, split
from index.values import Document, Passage, Sentence, Source, Span

SEGMENT_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Segment:
    """A document with its passages and their vectors.

    `vectors` has shape `(passages + sentences, dim)`: each passage's row is followed by the rows of its sentences.
    """

    document: Document
    passages: tuple[Passage, ...]
    vectors: Vectors

    def __post_init__(self) -> None:
        rows = sum(1 + len(passage.sentences) for passage in self.passages)
        if self.vectors.ndim != 2 or len(self.vectors) != rows:
            raise ValueError(f"{self.vectors.shape} vectors for {rows} passages and sentences")


def segment_key(document_digest: str, embedder: Embedder) -> str:
    """Name a segment by all that it is made from: the document, the splitter, the model."""
    stamp = f"{SEGMENT_FORMAT}\0{SPLITTER_VERSION}\0{embedder.digest}\0{document_digest}"
    return hashlib.sha256(stamp.encode()).hexdigest()[:32]


def build_segment(
    document: Document, embedder: Embedder, *, on_passages: Callable[[int], None] = lambda count: None
) -> Segment:
    """Split and embed a document.

    Args:
        document: What to index.
        embedder: The model.
        on_passages: Told how many more passages are embedded, after each batch.
    """
    passages = split(document, fits=embedder.fits)
    rows: list[Vectors] = []
    for first in range(0, len(passages), BATCH_SIZE):
        batch = passages[first : first + BATCH_SIZE]
        rows += embedder.embed_passages([reading_of(document, passage) for passage in batch])
        on_passages(len(batch))
    return Segment(document, passages, np.concatenate(rows))


def reading_of(document: Document, passage: Passage) -> tuple[str, list[Span]]:
    """The plain text of a passage, and the spans of its sentences in that text."""
    text, spans = "", []
    for sentence in passage.sentences:
        text += " " if text else ""
        plain = document.plain(sentence.span)
        spans.append(Span(len(text), len(text) + len(plain)))
        text += plain
    return text, spans


def write_segment(segment: Segment, folder: Path, key: str) -> None:
    """Write a segment's vectors, then its text, which holds the checksums of both; each appears whole or not at all."""
    document = segment.document
    vectors = io.BytesIO()
    np.save(vectors, segment.vectors, allow_pickle=False)
    write_whole(folder / f"{key}.npy", vectors.getvalue())
    content: dict[str, Any] = {
        "format": SEGMENT_FORMAT,
        "vectors": hashlib.sha256(vectors.getvalue()).hexdigest(),
        "id": document.id,
        "path": document.path,
        "title": document.title,
        "digest": document.digest,
        "metadata": dict(document.metadata),
        "sections": document.sections,
        "hidden": document.hidden,
        "emphasis": document.emphasis,
        "sources": [[source.title, source.publisher, source.date, source.url] for source in document.sources],
        "passages": [
            [
                passage.section,
                [[*sentence.span, int(sentence.is_heading), sentence.sources] for sentence in passage.sentences],
            ]
            for passage in segment.passages
        ],
        "text": document.text,
    }
    content["checksum"] = checksum_of(content)
    write_whole(folder / f"{key}.json", json.dumps(content).encode())


def read_segment(folder: Path, key: str) -> Segment:
    """Read a segment back.

    Raises:
        StaleGenerationError: A file is missing, damaged, or of another format.
    """
    try:
        content: dict[str, Any] = json.loads((folder / f"{key}.json").read_bytes())
        if content["format"] != SEGMENT_FORMAT:
            raise StaleGenerationError(f"segment {key} has format {content['format']}, not {SEGMENT_FORMAT}")
        vectors = (folder / f"{key}.npy").read_bytes()
        if content.pop("checksum") != checksum_of(content) or content["vectors"] != hashlib.sha256(vectors).hexdigest():
            raise StaleGenerationError(f"segment {key} is damaged")
        document = Document(
            id=content["id"],
            path=content["path"],
            title=content["title"],
            text=content["text"],
            digest=content["digest"],
            blocks=(),
            sections=tuple(tuple(headings) for headings in content["sections"]),
            hidden=_spans(content["hidden"]),
            emphasis=_spans(content["emphasis"]),
            sources=tuple(Source(*source) for source in content["sources"]),
            metadata=content["metadata"],
        )
        passages = tuple(
            Passage(
                section,
                tuple(
                    Sentence(Span(start, end), bool(is_heading), tuple(sources))
                    for start, end, is_heading, sources in sentences
                ),
            )
            for section, sentences in content["passages"]
        )
        return Segment(document, passages, np.load(io.BytesIO(vectors), allow_pickle=False))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StaleGenerationError(f"segment {key} cannot be read: {error}") from error


def _spans(pairs: Sequence[Sequence[int]]) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in pairs)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that appears whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def checksum_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of JSON values, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

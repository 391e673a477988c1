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
from numpy.typing import NDArray

from index.embedding import Embedder, Vectors
from index.errors import StaleGenerationError
from index.keywords import terms
from index.models import BATCH_SIZE
from index.splitting import SPLITTER_VERSION, split
from index.tokens import compress
from index.values import Document, Passage, Sentence, Source, Span

SEGMENT_FORMAT = 7
"""Raised with every change of what is stored of a document, the sample of `index/tokens.py` and what counts as a word
included."""

ARRAYS = (
    "passage_vectors",
    "sentence_vectors",
    "tokens",
    "token_counts",
    "heading_tokens",
    "heading_token_counts",
)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a document as BM25 counts them, parted by blanks: finding them takes longer than all that a reload
    does with them.
    """

    passages: tuple[str, ...]
    """Of each passage; those of its title and headings count as its own."""
    sentences: tuple[str, ...]
    """Of each sentence of each passage."""

    @classmethod
    def of(cls, document: Document, passages: Sequence[Passage]) -> Words:
        """Find the words of a document that is split into passages."""

        def words(text: str) -> str:
            return " ".join(terms(text))

        return cls(
            tuple(words(f"{_headings_of(document, one.section)} {document.plain(one.span)}") for one in passages),
            tuple(words(document.plain(sentence.span)) for one in passages for sentence in one.sentences),
        )


@dataclass(frozen=True, slots=True)
class Segment:
    """A document with its passages and their vectors."""

    document: Document
    passages: tuple[Passage, ...]
    passage_vectors: NDArray[np.float16]
    """Shape `(passages, dim)`. In 16 bits, which hold unit vectors well enough and take half the space."""
    sentence_vectors: NDArray[np.float16]
    """Shape `(sentences, dim)`."""
    tokens: NDArray[np.int8]
    """Compressed token vectors of all sentences, one after the other, `(tokens, kept)`."""
    token_counts: NDArray[np.int64]
    """How many tokens each sentence has, `(sentences,)`."""
    heading_tokens: NDArray[np.int8]
    """The same of each section's title and heading, `(heading tokens, kept)`."""
    heading_token_counts: NDArray[np.int64]
    """How many tokens each of the document's sections has in its heading, `(sections,)`."""
    words: Words

    def __post_init__(self) -> None:
        sentences = sum(len(passage.sentences) for passage in self.passages)
        for vectors, size in ((self.passage_vectors, len(self.passages)), (self.sentence_vectors, sentences)):
            if vectors.ndim != 2 or len(vectors) != size:
                raise ValueError(f"{vectors.shape} vectors for {len(self.passages)} passages, {sentences} sentences")
        for tokens, counts, size in (
            (self.tokens, self.token_counts, sentences),
            (self.heading_tokens, self.heading_token_counts, len(self.document.sections)),
        ):
            if counts.shape != (size,) or counts.sum() != len(tokens):
                raise ValueError(f"{len(tokens)} tokens, counted as {counts.sum()}")


def segment_key(path: str, digest: str, embedder: Embedder) -> str:
    """Name a segment by all that it is made from: the document's path and file, the splitter, the model."""
    stamp = f"{SEGMENT_FORMAT}\0{SPLITTER_VERSION}\0{embedder.digest}\0{path}\0{digest}"
    return hashlib.sha256(stamp.encode()).hexdigest()[:32]


def build_segment(
    document: Document,
    embedder: Embedder,
    projection: Vectors,
    *,
    on_passages: Callable[[int], None] = lambda count: None,
) -> Segment:
    """Split and embed a document.

    Args:
        document: What to index.
        embedder: The model.
        projection: Of its tokens, see `index.tokens.learn_projection`.
        on_passages: Told how many more passages are embedded, after each batch.
    """
    passages = split(document, fits=embedder.fits)
    passage_rows: list[Vectors] = []
    sentence_rows: list[Vectors] = []
    tokens: list[NDArray[np.int8]] = []
    counts: list[int] = []
    for first in range(0, len(passages), BATCH_SIZE):
        readings = [reading_of(document, passage) for passage in passages[first : first + BATCH_SIZE]]
        for (_, spans), embedding in zip(readings, embedder.embed_passages(readings), strict=True):
            passage_rows.append(embedding.vectors[:1])
            sentence_rows.append(embedding.vectors[1:])
            tokens.append(compress(embedding.tokens, projection))
            # every token is one sentence's: a blank between two is none
            owners = np.searchsorted([start for start, _ in spans], embedding.token_spans[:, 0], side="right") - 1
            counts += np.bincount(np.maximum(owners, 0), minlength=len(spans)).tolist()
        on_passages(len(readings))
    headings = _heading_tokens(document, embedder, projection)
    return Segment(
        document=document,
        passages=passages,
        passage_vectors=np.concatenate(passage_rows).astype(np.float16),
        sentence_vectors=np.concatenate(sentence_rows).astype(np.float16),
        tokens=np.concatenate(tokens),
        token_counts=np.array(counts, dtype=np.int64),
        heading_tokens=np.concatenate(headings),
        heading_token_counts=np.array([len(heading) for heading in headings], dtype=np.int64),
        words=Words.of(document, passages),
    )


def _heading_tokens(document: Document, embedder: Embedder, projection: Vectors) -> list[NDArray[np.int8]]:
    """The tokens of each section's heading, read by itself."""
    readings = [(heading_of(document, section), ()) for section in range(len(document.sections))]
    return [
        compress(embedding.tokens, projection)
        for first in range(0, len(readings), BATCH_SIZE)
        for embedding in embedder.embed_passages(readings[first : first + BATCH_SIZE])
    ]


def heading_of(document: Document, section: int) -> str:
    """What stands above a section: the document's title and the nearest heading."""
    # a title that was a file's name has its words joined
    return " ".join((document.title.replace("_", " "), *document.sections[section][-1:]))


def _headings_of(document: Document, section: int) -> str:
    """All that stands above a section: headings, and what `heading_of` gives."""
    return f"{' '.join(document.sections[section][:-1])} {heading_of(document, section)}"


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
    """Write a segment's arrays, then its text, which holds the checksums of both; each appears whole or not at all."""
    document = segment.document
    arrays = io.BytesIO()
    np.savez(arrays, **{name: getattr(segment, name) for name in ARRAYS})
    write_whole(folder / f"{key}.npz", arrays.getvalue())
    content: dict[str, Any] = {
        "format": SEGMENT_FORMAT,
        "arrays": hashlib.sha256(arrays.getvalue()).hexdigest(),
        "id": document.id,
        "path": document.path,
        "title": document.title,
        "digest": document.digest,
        "metadata": dict(document.metadata),
        "sections": document.sections,
        "hidden": document.hidden,
        "emphasis": document.emphasis,
        "pages": document.pages,
        "sketch": document.sketch,
        "sources": [[source.title, source.publisher, source.date, source.url] for source in document.sources],
        "passages": [
            [
                passage.section,
                [[*sentence.span, int(sentence.is_heading), sentence.sources] for sentence in passage.sentences],
            ]
            for passage in segment.passages
        ],
        "words": [segment.words.passages, segment.words.sentences],
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
        data = (folder / f"{key}.npz").read_bytes()
        if content.pop("checksum") != checksum_of(content) or content["arrays"] != hashlib.sha256(data).hexdigest():
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
            pages=tuple(content["pages"]),
            sketch=tuple(content["sketch"]),
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
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            words = Words(*(tuple(texts) for texts in content["words"]))
            return Segment(document, passages, words=words, **{name: arrays[name] for name in ARRAYS})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StaleGenerationError(f"segment {key} cannot be read: {error}") from error


class SegmentStore:
    """The segments of a library on disk, each of which is read and checked once, until its files are touched.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._checked: dict[str, list[tuple[int, int, int]]] = {}
        """What the system told of a segment's files when they were whole."""

    def read(self, key: str) -> Segment:
        """Read a segment; raises as `read_segment` does."""
        seen = self._look(key)
        segment = read_segment(self.folder, key)
        self._checked[key] = seen
        return segment

    def is_whole(self, key: str) -> bool:
        """Whether a segment can be used again; one that is damaged is to be built anew in its place."""
        if key in self._checked and self._checked[key] == self._look(key):
            return True
        try:
            self.read(key)
        except StaleGenerationError:
            self._checked.pop(key, None)
            return False
        return True

    def _look(self, key: str) -> list[tuple[int, int, int]]:
        """Size, time of change and number of both files; nothing where one is missing."""
        try:
            status = [(self.folder / f"{key}.{suffix}").stat() for suffix in ("json", "npz")]
        except OSError:
            return []
        return [(one.st_size, one.st_mtime_ns, one.st_ino) for one in status]


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


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder outlast a power cut, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checksum_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of JSON values, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

"""One immutable built index on disk: a manifest over shared segments, plus what is built from them."""

from __future__ import annotations

import copy
import datetime
import hashlib
import json
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.confidence import Calibration, shipped_calibration
from index.embedding import Embedder, Vectors
from index.errors import StaleGenerationError, UnknownDocumentError
from index.keywords import KeywordIndex
from index.languages import languages_of
from index.segment import (
    ARRAYS,
    SEGMENT_FORMAT,
    Segment,
    checksum_of,
    read_segment,
    reading_of,
    write_whole,
)
from index.splitting import SPLITTER_VERSION
from index.values import DocumentEntry, Failure, Passage, Sentence, Span
from index.vectors import FaissIndex
from index.vocabulary import Vocabulary

GENERATION_FORMAT = 8
ID_CHARACTERS = 12
MANIFEST = "manifest.json"
PASSAGE_VECTORS = "passages.faiss"
PASSAGE_KEYWORDS = "passage-keywords"
SENTENCE_KEYWORDS = "sentence-keywords"
PROJECTION = "projection.npy"


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that this generation could not take in, and the digest it had then."""

    failure: Failure
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What a generation says of itself."""

    id: str
    built: str
    model: str
    model_digest: str
    dimension: int
    documents: tuple[DocumentEntry, ...]
    segments: Mapping[str, str]
    """Document id to segment key."""
    golden: str = ""
    """Digest of the corpus's golden questions; empty without any."""
    calibration: Calibration = field(default_factory=shipped_calibration)
    golden_asked: tuple[str, ...] = ()
    """Ids of the golden questions that have an answer, as far as its evidence is found."""
    golden_hits: tuple[str, ...] = ()
    """Those of them that a quote answers."""
    failed: tuple[FailedFile, ...] = ()
    checksums: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the files built from the segments, by path; a segment holds its own."""


def files_of(manifest: Manifest | None) -> dict[str, str]:
    """The digest of each file that a generation was made from, by path; None stands for one without documents.

    Of a file that could not be taken in as it was, it is the digest that it had then.
    """
    if manifest is None:
        return {}
    files = {entry.path: entry.digest for entry in manifest.documents}
    return files | {item.failure.path: item.digest for item in manifest.failed if item.digest}


class Generation:
    """An opened generation: everything that a question needs, in memory.

    Passages are numbered through all documents, in order of document id; so are sentences.
    """

    def __init__(
        self,
        manifest: Manifest,
        segments: Sequence[Segment],
        vectors: FaissIndex,
        passage_keywords: KeywordIndex,
        sentence_keywords: KeywordIndex,
        vocabulary: Vocabulary,
        projection: Vectors,
    ) -> None:
        self.manifest = manifest
        self.segments, arrays = _pooled(segments)
        self.vectors = vectors
        self.passage_keywords = passage_keywords
        self.sentence_keywords = sentence_keywords
        self.vocabulary = vocabulary
        self.projection = projection
        """Of token vectors, see `index.tokens.learn_projection`."""
        passages = [(number, passage) for number, segment in enumerate(segments) for passage in segment.passages]
        self.passages: list[tuple[int, Passage]] = passages
        """Each passage with the number of its segment."""
        self.sentences: list[Sentence] = [sentence for _, passage in passages for sentence in passage.sentences]
        self.sentence_spans: NDArray[np.int64] = np.array(
            [sentence.span for sentence in self.sentences], dtype=np.int64
        )
        """Start and end of each, `(sentences, 2)`: in an array many are read at once."""
        counts = np.array([len(passage.sentences) for _, passage in passages], dtype=np.int64)
        self.passage_of_sentence: NDArray[np.int64] = np.repeat(np.arange(len(passages)), counts)
        self.is_heading: NDArray[np.bool_] = np.array([sentence.is_heading for sentence in self.sentences], dtype=bool)
        self.passage_vectors: NDArray[np.float16] = arrays["passage_vectors"]
        self.sentence_vectors: NDArray[np.float16] = arrays["sentence_vectors"]
        self.first_sentence: NDArray[np.int64] = np.concatenate([[0], np.cumsum(counts)])
        """Of each passage, and behind them how many there are."""
        self.tokens: NDArray[np.int8] = arrays["tokens"]
        self.token_counts: NDArray[np.int64] = arrays["token_counts"]
        """Of each sentence."""
        self.first_token: NDArray[np.int64] = np.concatenate([[0], np.cumsum(self.token_counts)])
        self.heading_tokens: NDArray[np.int8] = arrays["heading_tokens"]
        self.first_heading_token: NDArray[np.int64] = np.concatenate([[0], np.cumsum(arrays["heading_token_counts"])])
        first_heading = np.cumsum([0, *(len(segment.document.sections) for segment in segments)])
        self.heading_of_passage: NDArray[np.int64] = np.array(
            [first_heading[owner] + passage.section for owner, passage in passages], dtype=np.int64
        )
        """Sections are numbered through all documents, too."""

    @classmethod
    def build(
        cls, manifest: Manifest, segments: Sequence[Segment], vocabulary: Vocabulary, projection: Vectors
    ) -> Generation:
        """Build what a question needs in memory, from at least one segment, in order of document id."""
        return cls(
            manifest,
            segments,
            FaissIndex.build(np.concatenate([segment.passage_vectors for segment in segments])),
            KeywordIndex.build([words.split() for segment in segments for words in segment.words.passages]),
            KeywordIndex.build([words.split() for segment in segments for words in segment.words.sentences]),
            vocabulary,
            projection,
        )

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def parts(self) -> tuple[Generation, ...]:
        """The generations that are searched as one: itself, or more (see `index.joining`)."""
        return (self,)

    @property
    def calibration(self) -> Calibration:
        """How sure to be of an answer."""
        return self.manifest.calibration

    def calibrated(self, calibration: Calibration) -> Generation:
        """The same with another calibration, in memory only."""
        return self._with(replace(self.manifest, calibration=calibration))

    def judged(self, *, asked: Iterable[str], hits: Iterable[str]) -> Generation:
        """The same with the ids of golden questions that it was asked, and that it answered, in memory only."""
        return self._with(replace(self.manifest, golden_asked=tuple(asked), golden_hits=tuple(hits)))

    def _with(self, manifest: Manifest) -> Generation:
        other = copy.copy(self)
        other.manifest = manifest
        return other

    def without(self, documents: Collection[str]) -> Generation:
        """The same without some documents, in memory only; at least one must be left."""
        kept = [segment for segment in self.segments if segment.document.id not in documents]
        keys = {name: key for name, key in self.manifest.segments.items() if name not in documents}
        manifest = replace(
            self.manifest,
            id=generation_id(keys, self.manifest.failed, self.manifest.golden),
            documents=tuple(entry for entry in self.manifest.documents if entry.id not in documents),
            segments=keys,
            checksums={},
        )
        return Generation.build(manifest, kept, self.vocabulary, self.projection)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Those that the documents are in, as far as they are known."""
        return languages_of(segment.document for segment in self.segments)

    @cached_property
    def _number_of_document(self) -> dict[str, int]:
        return {segment.document.id: number for number, segment in enumerate(self.segments)}

    def segment(self, document_id: str) -> Segment:
        """The segment of one document.

        Raises:
            UnknownDocumentError: There is no such document here.
        """
        try:
            return self.segments[self._number_of_document[document_id]]
        except KeyError:
            raise UnknownDocumentError(
                f"no document {document_id!r}",
                user_message="There is no document named {document!r}. `corpus list` shows the names.",
                document=document_id,
            ) from None

    def reading(self, passage: int) -> tuple[str, list[Span]]:
        """The plain text of a passage, and the spans of its sentences in that text."""
        owner, content = self.passages[passage]
        return reading_of(self.segments[owner].document, content)

    def text_of(self, sentence: int) -> str:
        """The plain text of a sentence."""
        owner, _ = self.passages[self.passage_of_sentence[sentence]]
        text: str = self.segments[owner].document.plain(self.sentences[sentence].span)
        return text

    def words_of(self, sentence: int) -> tuple[str, ...]:
        """The words of a sentence with their marks, whatever their case and the space between them."""
        return tuple(self.text_of(sentence).casefold().split())

    def has_word(self, stem: str) -> bool:
        """Whether a document has any form of a word."""
        return any(part.passage_keywords.has(stem) for part in self.parts)

    def passages_of(self, document_id: str) -> NDArray[np.int64]:
        """The numbers of one document's passages.

        Raises:
            UnknownDocumentError: There is no such document here.
        """
        self.segment(document_id)
        wanted = self._number_of_document[document_id]
        first = sum(len(segment.passages) for segment in self.segments[:wanted])
        return np.arange(first, first + len(self.segments[wanted].passages))


def generation_id(keys: Mapping[str, str], failed: Iterable[FailedFile], golden: str) -> str:
    """Name a generation by the digest of what it holds: segments' keys stand for document, splitter and model.

    The golden questions count, as they calibrate it.
    """
    failures = sorted((item.failure.path, item.failure.reason, item.digest) for item in failed)
    stamp = json.dumps([_format(), sorted(keys.items()), failures, golden])
    return hashlib.sha256(stamp.encode()).hexdigest()[:ID_CHARACTERS]


def document_key(document_id: str) -> str:
    """A stable name of at most 16 characters, for buttons."""
    return hashlib.sha256(document_id.encode()).hexdigest()[:16]


def manifest_of(
    segments: Sequence[Segment],
    keys: Mapping[str, str],
    *,
    embedder: Embedder,
    failed: Sequence[FailedFile] = (),
    golden: str = "",
) -> Manifest:
    """Say of a new generation what it will hold.

    Args:
        segments: In order of document id, at least one.
        keys: Document id to segment key.
        embedder: The model that made the vectors.
        failed: What could not be taken in.
        golden: Digest of the golden questions.
    """
    return Manifest(
        id=generation_id(keys, failed, golden),
        built=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        model=embedder.name,
        model_digest=embedder.digest,
        dimension=int(segments[0].passage_vectors.shape[1]),
        documents=tuple(
            DocumentEntry(
                id=segment.document.id,
                key=document_key(segment.document.id),
                title=segment.document.title,
                path=segment.document.path,
                digest=segment.document.digest,
                characters=len(segment.document.text),
                passages=len(segment.passages),
            )
            for segment in segments
        ),
        segments=dict(keys),
        golden=golden,
        failed=tuple(failed),
    )


def write_generation(folder: Path, generation: Generation) -> None:
    """Write a generation beside the others; it is not current yet.

    It is made in a folder that no reader looks at, and appears under its name by one rename.

    Args:
        folder: The library's folder, in which the segments already lie.
        generation: As built in memory.
    """
    manifest = generation.manifest
    name = manifest.id
    target = folder / "generations" / name
    building = folder / "generations" / f".building-{name}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)

    generation.vectors.save(building / PASSAGE_VECTORS)
    generation.passage_keywords.save(building / PASSAGE_KEYWORDS)
    generation.sentence_keywords.save(building / SENTENCE_KEYWORDS)
    generation.vocabulary.save(building)
    np.save(building / PROJECTION, generation.projection, allow_pickle=False)

    built_files = sorted(path for path in building.rglob("*") if path.is_file())
    content: dict[str, Any] = {
        "format": _format(),
        "splitter": SPLITTER_VERSION,
        "id": name,
        "built": manifest.built,
        "model": {"name": manifest.model, "digest": manifest.model_digest, "dimension": manifest.dimension},
        "documents": [
            {
                "id": entry.id,
                "title": entry.title,
                "path": entry.path,
                "digest": entry.digest,
                "characters": entry.characters,
                "passages": entry.passages,
                "segment": manifest.segments[entry.id],
            }
            for entry in manifest.documents
        ],
        "golden": manifest.golden,
        "calibration": manifest.calibration.as_dict(),
        "golden_asked": manifest.golden_asked,
        "golden_hits": manifest.golden_hits,
        "failed": [{**asdict(item.failure), "digest": item.digest} for item in manifest.failed],
        "checksums": {path.relative_to(building).as_posix(): _checksum(path) for path in built_files},
    }
    content["checksum"] = checksum_of(content)
    write_whole(building / MANIFEST, json.dumps(content, indent=1).encode())
    if target.exists():
        shutil.rmtree(target)  # the same content, found damaged: nobody can open it
    building.rename(target)


def read_manifest(folder: Path, name: str) -> Manifest:
    """Read what a generation says of itself.

    Raises:
        StaleGenerationError: It is missing, damaged, or was made by another version.
    """
    path = folder / "generations" / name / MANIFEST
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != _format() or content["splitter"] != SPLITTER_VERSION:
            raise StaleGenerationError(f"generation {name} was made by another version")
        expected = content.pop("checksum")
        if content["id"] != name or checksum_of(content) != expected:
            raise StaleGenerationError(f"the manifest of generation {name} is damaged")
        return Manifest(
            id=name,
            built=content["built"],
            model=content["model"]["name"],
            model_digest=content["model"]["digest"],
            dimension=content["model"]["dimension"],
            documents=tuple(
                DocumentEntry(
                    id=entry["id"],
                    key=document_key(entry["id"]),
                    title=entry["title"],
                    path=entry["path"],
                    digest=entry["digest"],
                    characters=entry["characters"],
                    passages=entry["passages"],
                )
                for entry in content["documents"]
            ),
            segments={entry["id"]: entry["segment"] for entry in content["documents"]},
            golden=content["golden"],
            calibration=Calibration.from_dict(content["calibration"]),
            golden_asked=tuple(content["golden_asked"]),
            golden_hits=tuple(content["golden_hits"]),
            failed=tuple(
                FailedFile(
                    Failure(
                        entry["path"],
                        entry["reason"],
                        entry["kept"],
                        entry.get("template", ""),  # earlier versions noted none
                        entry.get("values", {}),
                    ),
                    entry["digest"],
                )
                for entry in content["failed"]
            ),
            checksums=content["checksums"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StaleGenerationError(f"generation {name} cannot be read: {error}") from error


def open_generation(
    folder: Path, name: str, *, embedder: Embedder, read: Callable[[str], Segment] | None = None
) -> Generation:
    """Open a generation after checking every file it needs.

    Args:
        folder: The library's folder.
        name: The generation's id.
        embedder: The model that it was built with.
        read: Gives the segment with a key; by default it is read from disk.

    Raises:
        StaleGenerationError: It is missing or damaged, or was made by another version or with another model.
    """
    manifest = read_manifest(folder, name)
    if manifest.model_digest != embedder.digest:
        raise StaleGenerationError(f"generation {name} was made with the model {manifest.model}, not {embedder.name}")
    own = folder / "generations" / name
    for path, expected in manifest.checksums.items():
        try:
            found = _checksum(own / path)
        except OSError as error:
            raise StaleGenerationError(f"generation {name} lacks {path}: {error}") from error
        if found != expected:
            raise StaleGenerationError(f"generation {name} is damaged: {path} has changed")
    try:
        read = read or partial(read_segment, folder / "segments")
        segments = [read(manifest.segments[entry.id]) for entry in manifest.documents]
        return Generation(
            manifest,
            segments,
            FaissIndex.load(own / PASSAGE_VECTORS),
            KeywordIndex.load(own / PASSAGE_KEYWORDS),
            KeywordIndex.load(own / SENTENCE_KEYWORDS),
            Vocabulary.load(own),
            np.load(own / PROJECTION, allow_pickle=False),
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise StaleGenerationError(f"generation {name} cannot be opened: {error}") from error


def _pooled(segments: Sequence[Segment]) -> tuple[tuple[Segment, ...], dict[str, NDArray[Any]]]:
    """Put each array of all segments into one, and let the segments look into that: nothing is held twice."""
    pooled: dict[str, NDArray[Any]] = {}
    views: dict[str, Any] = {}
    for name in ARRAYS:
        parts = [getattr(segment, name) for segment in segments]
        pooled[name] = np.concatenate(parts)
        views[name] = np.split(pooled[name], np.cumsum([len(part) for part in parts[:-1]]))
    looking = (
        replace(segment, **{name: views[name][number] for name in ARRAYS}) for number, segment in enumerate(segments)
    )
    return tuple(looking), pooled


def texts_of(segments: Iterable[Segment]) -> Iterator[str]:
    """The plain text of each document."""
    for segment in segments:
        yield segment.document.plain(Span(0, len(segment.document.text)))


def _format() -> list[Any]:
    """What a generation was made by; the shipped calibration counts, for that of each generation begins with it."""
    return [GENERATION_FORMAT, SEGMENT_FORMAT, shipped_calibration().as_dict()]


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

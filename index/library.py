"""The generations of one corpus, which of them is current, and how a new one becomes so.

    <data>/libraries/<name>/
        current.json            which generation is current, and whether somebody rolled back to it
        files.json              digests of files that have not been touched since (only saves reading them again)
        lock                    held by whoever builds
        segments/<key>.*        one document each, shared by generations
        generations/<id>/       manifest.json and what is built from the segments

Nothing that a reader uses is ever changed in place. A crash at any moment leaves the current generation as it was.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import filelock

from index.answer_spans import Reader
from index.answering import DEFAULT_LIMIT, DEFAULT_ROOM, ask
from index.calibration import recalibrated, try_questions
from index.confidence import Strictness
from index.embedding import Embedder
from index.errors import CorpusError, DocumentError, LibraryBusyError, QuestionsError, StaleGenerationError
from index.generation import (
    FailedFile,
    Generation,
    generation_id,
    manifest_of,
    open_generation,
    read_manifest,
    texts_of,
    write_generation,
)
from index.questions import GOLDEN_QUESTIONS, read_golden_questions
from index.reading import MAX_FILE_BYTES, FileState, file_digest, read_document, scan
from index.reranking import Reranker
from index.segment import (
    Segment,
    build_segment,
    checksum_of,
    read_segment,
    segment_key,
    write_segment,
    write_whole,
)
from index.tokens import learn_projection
from index.values import Answer, Document, DocumentEntry, Failure, LibraryStatus, ReloadReport
from index.vocabulary import Vocabulary

log = logging.getLogger(__name__)

KEPT_GENERATIONS = 5
LARGE_REMOVAL = 0.2
"""A reload that would take away more than this share of the documents waits for somebody's yes."""

SETTLED_NS = 2_000_000_000

Progress = Callable[[int, int], None]
"""Told how many passages are embedded, of how many that are known so far."""

Waiting = Callable[[int], None]
"""Told each second how long another process's building has been waited for; raises to wait no longer."""


def _no_progress(done: int, total: int) -> None:
    pass


@dataclass(slots=True)
class _Plan:
    """What a reload would do."""

    keys: dict[str, str] = field(default_factory=dict)
    """Document id to segment key, for all documents of the new generation."""
    unbuilt: dict[str, Document] = field(default_factory=dict)
    """Segment key to document, for what has to be embedded."""
    failed: list[FailedFile] = field(default_factory=list)
    golden: str = ""
    """Digest of the golden questions."""


class Library:
    """The shared corpus, or one server's own documents.

    One thread may ask while another reloads: an opened generation never changes, and a new one takes its place
    whole.
    """

    def __init__(
        self,
        *,
        corpus: Path,
        data: Path,
        embedder: Embedder,
        reranker: Reranker | None = None,
        reader: Reader | None = None,
        base_url: str = "",
        strictness: Strictness = "normal",
    ) -> None:
        """Name a library; nothing is read or written yet.

        Args:
            corpus: The folder of documents.
            data: Where indexes are kept.
            embedder: The model. Another model has generations of its own.
            reranker: Reorders the best passages.
            reader: Chooses what is highlighted, and has a say in the confidence.
            base_url: An address to which a document's path is added, for documents without one of their own.
            strictness: How sure an answer must be.
        """
        self.corpus = corpus
        self.embedder = embedder
        self.reranker = reranker
        self.reader = reader
        self.base_url = base_url
        self.strictness = strictness
        place = hashlib.sha256(f"{corpus.resolve()}\0{embedder.digest}".encode()).hexdigest()[:12]
        self.folder = data / "libraries" / f"{re.sub(r'[^A-Za-z0-9-]', '-', corpus.resolve().name)[:32]}-{place}"
        self._generation: Generation | None = None
        self._swap = threading.Lock()

    # ---------------------------------------------------------------- reading

    @property
    def generation(self) -> Generation:
        """The current generation, as last opened.

        Raises:
            CorpusError: None was opened yet.
        """
        if self._generation is None:
            raise CorpusError(f"no generation of {self.corpus} is open")
        return self._generation

    def open(self) -> str | None:
        """Open the generation that is current on disk, if it is not open already.

        Returns:
            None where a generation is open now, else why there is none: damaged, of another version, or never built.
        """
        with self._swap:
            name = self._current_name()
            if name is None:
                return None if self._generation else "there is no index yet"
            if self._generation is not None and self._generation.id == name:
                return None
            try:
                generation = open_generation(self.folder, name, embedder=self.embedder)
            except StaleGenerationError as error:
                log.warning("cannot open generation=%s: %s", name, error)
                return None if self._generation else str(error)
            self._generation = generation
        log.info(
            "opened generation=%s documents=%d passages=%d built=%s",
            generation.id,
            len(generation.segments),
            len(generation.passages),
            generation.manifest.built,
        )
        return None

    def ask(
        self,
        question: str,
        *,
        within: str | None = None,
        room: int = DEFAULT_ROOM,
        limit: int = DEFAULT_LIMIT,
        nearest: bool = False,
    ) -> Answer:
        """Answer a question from the current generation; see `index.answering.ask`."""
        return ask(
            self.generation,
            self.embedder,
            question,
            reranker=self.reranker,
            reader=self.reader,
            within=within,
            room=room,
            limit=limit,
            nearest=nearest,
            base_url=self.base_url,
            strictness=self.strictness,
        )

    def documents(self) -> tuple[DocumentEntry, ...]:
        """The documents of the current generation, in order of id."""
        return self.generation.manifest.documents

    def document(self, document_id: str) -> Document:
        """One document of the current generation.

        Raises:
            UnknownDocumentError: There is no such document.
        """
        return self.generation.segment(document_id).document

    def status(self) -> LibraryStatus:
        """What is current, and whether files have changed since. Reads no vectors and loads no model."""
        name, problem, manifest = self._current_name(), None, None
        if name is not None:
            try:
                manifest = read_manifest(self.folder, name)
            except StaleGenerationError as error:
                problem = str(error)
        return LibraryStatus(
            corpus=str(self.corpus),
            generation=manifest.id if manifest else None,
            built=manifest.built if manifest else None,
            model=self.embedder.name,
            dimension=manifest.dimension if manifest else None,
            documents=len(manifest.documents) if manifest else 0,
            passages=sum(entry.passages for entry in manifest.documents) if manifest else 0,
            files_changed=self.files_changed(),
            failed=tuple(item.failure for item in manifest.failed) if manifest else (),
            is_held=self._is_held(),
            problem=problem,
            reranker=self.reranker.name if self.reranker else None,
            reader=self.reader.name if self.reader else None,
        )

    def files_changed(self) -> bool:
        """Whether the corpus folder differs from what the current generation was built from."""
        name = self._current_name()
        try:
            manifest = read_manifest(self.folder, name) if name else None
            found, _ = scan(self.corpus)
        except (StaleGenerationError, CorpusError):
            return True
        if manifest is None:
            return True
        known = {entry.path: entry.digest for entry in manifest.documents}
        known |= {item.failure.path: item.digest for item in manifest.failed if item.digest}
        return self._digests(found) != known | ({GOLDEN_QUESTIONS: manifest.golden} if manifest.golden else {})

    def may_reload_itself(self) -> bool:
        """Whether a start may bring the current generation up to date without being told to."""
        return not self._is_held() and self.files_changed()

    # -------------------------------------------------------------- reloading

    def reload(
        self,
        *,
        dry_run: bool = False,
        yes: bool = False,
        on_progress: Progress = _no_progress,
        on_wait: Waiting | None = None,
    ) -> ReloadReport:
        """Build a generation from the corpus folder and make it current.

        Unchanged documents are not embedded again. A file that cannot be read is reported, keeps its last good
        version, and does not stop the others.

        Args:
            dry_run: Only say what would change.
            yes: Go on even where a large part of the corpus would go away.
            on_progress: Told after each batch.
            on_wait: Told while another process is building; without it, waiting is refused.

        Raises:
            CorpusError: The folder is missing, or nothing in it can be read.
            LibraryBusyError: Somebody else is building, and `on_wait` is not given.
        """
        started = time.perf_counter()
        with self._building(on_wait):
            self.open()
            plan, report = self._plan(self._generation)
            if yes:
                report = replace(report, needs_yes=None)
            if not dry_run and report.needs_yes is None:
                generation, embedded = self._obtain(plan, on_progress)
                self._make_current(generation)
                self._prune()
                report = replace(
                    report,
                    embedded=embedded,
                    passages=len(generation.passages),
                    golden_questions=generation.calibration.golden_questions,
                    made_current=True,
                )
        report = replace(report, elapsed_s=time.perf_counter() - started)
        log.info(
            "reload generation=%s added=%d changed=%d removed=%d failed=%d embedded=%d made_current=%s elapsed_s=%.1f",
            report.generation,
            len(report.added),
            len(report.changed),
            len(report.removed),
            len(report.failed),
            report.embedded,
            report.made_current,
            report.elapsed_s,
        )
        return report

    def draft(self, *, on_progress: Progress = _no_progress, on_wait: Waiting | None = None) -> Generation:
        """The files as they lie now as a generation in memory: nothing becomes current, and nothing is removed.

        What had to be embedded for it is kept for the next reload.

        Raises:
            CorpusError: The folder is missing, or nothing in it can be read.
            LibraryBusyError: Somebody else is building, and `on_wait` is not given.
        """
        with self._building(on_wait):
            self.open()
            plan, _ = self._plan(self._generation)
            generation, _ = self._assemble(plan, on_progress)
        return generation

    def _plan(self, current: Generation | None) -> tuple[_Plan, ReloadReport]:
        found, unreadable = scan(self.corpus)
        digests = self._digests(found)
        before = {entry.id: entry for entry in current.manifest.documents} if current else {}
        plan = _Plan(
            failed=[FailedFile(failure, "") for failure in unreadable], golden=digests.get(GOLDEN_QUESTIONS, "")
        )
        for file in found:
            key = segment_key(digests[file.path], self.embedder)
            if not self._has_segment(key):
                try:
                    document = read_document(self.corpus, file)
                    key = segment_key(document.digest, self.embedder)
                    plan.unbuilt[key] = document
                except DocumentError as error:
                    kept = file.id in before
                    failure = Failure(file.path, str(error), kept)
                    plan.failed.append(FailedFile(failure, digests[file.path]))
                    if not (kept and current):
                        continue
                    key = current.manifest.segments[file.id]
                    if not self._has_segment(key):  # what is in memory is all that is left of it
                        write_segment(current.segment(file.id), self.folder / "segments", key)
            plan.keys[file.id] = key
        plan.keys = dict(sorted(plan.keys.items()))
        if not plan.keys:
            if not plan.failed:
                raise CorpusError(
                    f"nothing in {self.corpus} can be read",
                    user_message="There is nothing to answer from in {corpus}. Put .md or .txt files there.",
                    corpus=self.corpus,
                )
            reasons = "; ".join(f"{item.failure.path} {item.failure.reason}" for item in plan.failed[:5])
            raise CorpusError(
                f"nothing in {self.corpus} can be read: {reasons}",
                user_message="There is nothing to answer from in {corpus}. {reasons}.",
                corpus=self.corpus,
                reasons=reasons,
            )
        after = current.manifest.segments if current else {}
        removed = tuple(name for name in before if name not in plan.keys)
        is_large = len(before) > 1 and len(removed) > LARGE_REMOVAL * len(before)
        return plan, ReloadReport(
            generation=generation_id(plan.keys, plan.failed, plan.golden),
            previous=current.id if current else None,
            added=tuple(name for name in plan.keys if name not in before),
            changed=tuple(name for name in plan.keys if name in before and after[name] != plan.keys[name]),
            removed=removed,
            unchanged=sum(1 for name in plan.keys if name in before and after[name] == plan.keys[name]),
            failed=tuple(item.failure for item in plan.failed),
            needs_yes=f"{len(removed)} of {len(before)} documents would go away" if is_large else None,
        )

    def _obtain(self, plan: _Plan, on_progress: Progress) -> tuple[Generation, int]:
        """Open the planned generation, building it where it is not there; also say how many passages were embedded."""
        name = generation_id(plan.keys, plan.failed, plan.golden)
        try:
            return open_generation(self.folder, name, embedder=self.embedder), 0
        except StaleGenerationError:
            embedded = self._build(plan, on_progress)
            return open_generation(self.folder, name, embedder=self.embedder), embedded

    def _build(self, plan: _Plan, on_progress: Progress) -> int:
        """Embed what is new and write the generation; return how many passages were embedded."""
        generation, embedded = self._assemble(plan, on_progress)
        # there are no more passages to come, but waiting questions go first here, too
        generation = self.calibrate(generation, on_progress=lambda *_: on_progress(embedded, embedded))
        write_generation(self.folder, generation)
        return embedded

    def _assemble(self, plan: _Plan, on_progress: Progress) -> tuple[Generation, int]:
        """The planned generation in memory, its segments on disk; also how many passages had to be embedded."""
        folder = self.folder / "segments"
        folder.mkdir(parents=True, exist_ok=True)
        characters = sum(len(document.text) for document in plan.unbuilt.values())
        done = seen = 0

        def step(count: int) -> None:
            nonlocal done
            done += count
            # passages are only known once a document is split: estimate the rest from what was seen
            on_progress(done, max(done, round(done * characters / max(1, seen))))

        projection = self._generation.projection if self._generation else learn_projection(self.embedder)
        segments: list[Segment] = []
        for key in plan.keys.values():
            if key in plan.unbuilt:
                seen += len(plan.unbuilt[key].text)
                segment = build_segment(plan.unbuilt[key], self.embedder, projection, on_passages=step)
                write_segment(segment, folder, key)
            else:
                segment = read_segment(folder, key)
            segments.append(segment)
        manifest = manifest_of(segments, plan.keys, embedder=self.embedder, failed=plan.failed, golden=plan.golden)
        known = self._generation.vocabulary if self._generation else None
        vocabulary = Vocabulary.build(texts_of(segments), self.embedder, known=known)
        return Generation.build(manifest, segments, vocabulary, projection), done

    def calibrate(self, generation: Generation, *, on_progress: Progress = _no_progress) -> Generation:
        """Fit the confidence of a generation to the corpus's golden questions, where it has enough of them.

        A reload does it; a draft is left with the shipped numbers.
        """
        if not generation.manifest.golden:
            return generation
        try:
            texts = {segment.document.id: segment.document.text for segment in generation.segments}
            questions, _ = read_golden_questions(self.corpus / GOLDEN_QUESTIONS, texts)
        except QuestionsError as error:
            log.warning("not calibrated: %s", error)
            return generation
        trials = list(try_questions(generation, self.embedder, questions, on_progress=on_progress))
        return generation.calibrated(recalibrated(generation.calibration, trials))

    def _make_current(self, generation: Generation, *, held: bool = False) -> None:
        """Make an opened, and so verified, generation current by one rename."""
        write_whole(self.folder / "current.json", json.dumps({"generation": generation.id, "held": held}).encode())
        with self._swap:
            self._generation = generation

    def _prune(self) -> None:
        """Drop the oldest generations, and segments that none of the others uses."""
        folders = [path for path in (self.folder / "generations").iterdir() if not path.name.startswith(".")]
        newest = sorted(folders, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
        current = self._current_name()
        kept = [path for path in newest if path.name == current]
        kept += [path for path in newest if path.name != current][: KEPT_GENERATIONS - 1]
        used: set[str] = set()
        for path in kept:
            try:
                used |= set(read_manifest(self.folder, path.name).segments.values())
            except StaleGenerationError:
                shutil.rmtree(path, ignore_errors=True)
        for path in newest:
            if path not in kept:
                shutil.rmtree(path, ignore_errors=True)
        for path in (self.folder / "generations").glob(".building-*"):
            shutil.rmtree(path, ignore_errors=True)
        for path in (self.folder / "segments").iterdir():
            if path.name.startswith(".") or path.stem not in used:
                path.unlink(missing_ok=True)

    # ---------------------------------------------------------------- helpers

    @contextmanager
    def _building(self, on_wait: Waiting | None) -> Iterator[None]:
        """Hold the lock of whoever builds this library, over all processes; the system frees it if we die."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(self.folder / "lock")
        waited_s = 0
        while not lock.is_locked:
            try:
                lock.acquire(timeout=min(waited_s, 1))
            except filelock.Timeout as error:
                if on_wait is None:
                    raise LibraryBusyError(f"somebody else is building {self.folder.name}") from error
                on_wait(waited_s)
                waited_s += 1
        try:
            yield
        finally:
            lock.release()

    def _current(self) -> dict[str, object]:
        try:
            content = json.loads((self.folder / "current.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _current_name(self) -> str | None:
        name = self._current().get("generation")
        return name if isinstance(name, str) and re.fullmatch(r"[0-9a-f]+", name) else None

    def _is_held(self) -> bool:
        return self._current().get("held") is True

    def _has_segment(self, key: str) -> bool:
        """Whether a segment can be used again; one that is damaged is built anew in its place."""
        try:
            read_segment(self.folder / "segments", key)
        except StaleGenerationError:
            return False
        return True

    def _golden_questions(self) -> list[FileState]:
        """The file of golden questions as it lies on disk, where there is one."""
        path = self.corpus / GOLDEN_QUESTIONS
        if not path.is_file():
            return []
        status = path.stat()
        return [FileState("", GOLDEN_QUESTIONS, status.st_size, status.st_mtime_ns)]

    def _digests(self, files: list[FileState]) -> dict[str, str]:
        """The digest of each file by path, and of the golden questions where there are any.

        Files with the size and time of last look are not read again.
        """
        files = [*files, *self._golden_questions()]
        cache_path = self.folder / "files.json"
        try:
            content = json.loads(cache_path.read_bytes())
            cache = content["files"] if content["checksum"] == checksum_of(content["files"]) else {}
        except (OSError, ValueError, KeyError, TypeError):
            cache = {}
        fresh: dict[str, list[object]] = {}
        for file in files:
            seen = cache.get(file.path)
            if seen is not None and seen[:2] == [file.size, file.modified_ns]:
                fresh[file.path] = seen
                continue
            # a file written a moment ago may change again within the clock's grain: believe its time only later
            is_settled = time.time_ns() - file.modified_ns > SETTLED_NS
            try:
                data = b"" if file.size > MAX_FILE_BYTES else (self.corpus / file.path).read_bytes()
            except OSError:
                data, is_settled = b"", False
            digest = file_digest(file.path, data)
            fresh[file.path] = [file.size, file.modified_ns if is_settled else None, digest]
        if fresh != cache and self.folder.is_dir():
            write_whole(cache_path, json.dumps({"files": fresh, "checksum": checksum_of(fresh)}).encode())
        return {path: str(entry[2]) for path, entry in fresh.items()}

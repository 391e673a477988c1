"""The generations of one corpus, which of them is current, and how a new one becomes so.

    <data>/libraries/<name>/
        current.json            which generation is current, which were before it: see `index.line`
        prepared.json           the report of a generation that waits for somebody's yes
        files.json              digests of files that have not been touched since (only saves reading them again)
        lock, running.json      held by whoever builds, and how far that is: see `index.building`
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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

from index.answer_spans import Reader
from index.answering import DEFAULT_LIMIT, DEFAULT_ROOM, ask
from index.assembling import assemble, calibrate, segments_by_key
from index.building import Progress, Waiting, building, no_progress, read_running
from index.confidence import Strictness
from index.corpus_files import CorpusFiles
from index.embedding import Embedder
from index.errors import (
    CorpusError,
    DocumentError,
    HistoryError,
    StaleGenerationError,
    SupersededError,
    UnknownDocumentError,
)
from index.generation import (
    Generation,
    Manifest,
    files_of,
    open_generation,
    read_manifest,
    write_generation,
)
from index.line import EMPTY, Line, read_line, write_line
from index.originals import Originals, safe_name
from index.planning import Plan, plan_reload
from index.questions import GOLDEN_QUESTIONS
from index.reading import read_document
from index.reranking import Reranker
from index.segment import (
    Segment,
    SegmentStore,
    write_whole,
)
from index.summaries.comparing import compare
from index.summaries.overview import summarize_corpus
from index.summaries.summarizing import summarize_document, summarize_topic
from index.summaries.timeline import timeline
from index.values import (
    Added,
    Answer,
    Comparison,
    Document,
    DocumentEntry,
    GoldenChange,
    HistoryEntry,
    Length,
    LibraryStatus,
    ReloadReport,
    Risk,
    Running,
    Summary,
)

log = logging.getLogger(__name__)

KEPT_GENERATIONS = 5
LEFT_OVER_S = 3600.0

PREPARED_FILE = "prepared.json"


class Library:
    """The shared corpus, or one server's own documents.

    One thread may ask while another reloads: an opened generation never changes, and a new one takes its place
    whole.
    """

    id_prefix = ""
    """Before the path of a file in its document's id."""

    may_be_empty = False
    """Whether no documents at all is a state to be in, and not a mistake."""

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
        self.folder = self._folder_in(data)
        self.originals = Originals(corpus)
        self._files = CorpusFiles(
            corpus, self.folder / "files.json", id_prefix=self.id_prefix, may_be_missing=self.may_be_empty
        )
        self._store = SegmentStore(self.folder / "segments")
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

    @property
    def opened(self) -> Generation | None:
        """The same; None where none was opened, or there are no documents."""
        return self._generation

    def open(self) -> str | None:
        """Open the generation that is current on disk, if it is not open already.

        Returns:
            None where a generation is open now, else why there is none: damaged, of another version, or never built.
        """
        with self._swap:
            name = read_line(self.folder).current
            if name == EMPTY or (name is None and self.may_be_empty):
                self._generation = None
                return None
            if name is None:
                return None if self._generation else "there is no index yet"
            if self._generation is not None and self._generation.id == name:
                return None
            try:
                generation = self._open_generation(name)
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
        explain: bool = False,
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
            explain=explain,
            base_url=self.base_url,
            strictness=self.strictness,
        )

    def summarize_document(
        self, document_id: str, *, length: Length = Length.MEDIUM, over: Generation | None = None
    ) -> Summary:
        """Sum up one document; see `index.summaries.summarizing.summarize_document`.

        Args:
            document_id: Which one.
            length: How long.
            over: What holds it: by default the current generation.
        """
        return summarize_document(over or self.generation, document_id, room=length.sentences, base_url=self.base_url)

    def summarize_topic(self, topic: str, *, length: Length = Length.MEDIUM, over: Generation | None = None) -> Summary:
        """Sum up what documents say on a topic; see `summarize_topic` in `index.summaries`."""
        return summarize_topic(
            over or self.generation,
            self.embedder,
            topic,
            room=length.sentences,
            reranker=self.reranker,
            reader=self.reader,
            base_url=self.base_url,
            strictness=self.strictness,
        )

    def summarize_corpus(self, *, length: Length = Length.MEDIUM, over: Generation | None = None) -> Summary:
        """Say what there is, by theme; see `index.summaries.overview.summarize_corpus`, and `summarize_document`."""
        return summarize_corpus(over or self.generation, room=length.sentences, base_url=self.base_url)

    def timeline(self, topic: str, *, length: Length = Length.MEDIUM, over: Generation | None = None) -> Summary:
        """The dated sentences on a topic; see `index.summaries.timeline.timeline`, and `summarize_document`."""
        return timeline(
            over or self.generation,
            self.embedder,
            topic,
            room=length.sentences,
            reranker=self.reranker,
            reader=self.reader,
            base_url=self.base_url,
            strictness=self.strictness,
        )

    def compare(self, a: str, b: str, *, length: Length = Length.MEDIUM, over: Generation | None = None) -> Comparison:
        """What two documents say on the same points; see `compare` of `index.summaries`, and `summarize_document`."""
        return compare(over or self.generation, a, b, room=length.sentences, base_url=self.base_url)

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
        line = read_line(self.folder)
        problem, manifest = None, None
        try:
            manifest = self._manifest(line)
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
            is_held=line.is_held,
            prepared=self.prepared(),
            running=self.running(),
            problem=problem,
            reranker=self.reranker.name if self.reranker else None,
            reader=self.reader.name if self.reader else None,
            quota=self.originals.quota,
        )

    def files_changed(self) -> bool:
        """Whether the corpus folder differs from what the current generation was built from."""
        line = read_line(self.folder)
        try:
            manifest = self._manifest(line)
            found, _ = self._files.scan()
        except (StaleGenerationError, CorpusError):
            return True
        if manifest is None:
            return bool(found) or not self.may_be_empty
        golden = {GOLDEN_QUESTIONS: manifest.golden} if manifest.golden else {}
        return self._files.digests(found) != files_of(manifest) | golden

    def may_reload_itself(self) -> bool:
        """Whether a start may bring the current generation up to date without being told to."""
        return not read_line(self.folder).is_held and self.files_changed()

    def running(self) -> Running | None:
        """The reload that is under way in any process, and how far it is."""
        return read_running(self.folder)

    def history(self) -> tuple[HistoryEntry, ...]:
        """The generations that can be gone back to, and the current one, the latest first."""
        line = read_line(self.folder)
        entries = []
        for step in reversed(line.steps):
            try:
                manifest = self._manifest(replace(line, current=step.generation))
            except StaleGenerationError:
                continue
            documents = manifest.documents if manifest else ()
            entries.append(
                HistoryEntry(
                    generation=step.generation,
                    since=step.since,
                    by=step.by,
                    documents=len(documents),
                    passages=sum(entry.passages for entry in documents),
                    is_current=step.generation == line.current,
                )
            )
        return tuple(entries)

    # -------------------------------------------------------------- reloading

    def reload(
        self,
        *,
        yes: bool = False,
        by: str = "",
        on_progress: Progress = no_progress,
        on_wait: Waiting | None = None,
    ) -> ReloadReport:
        """Build a generation from the corpus folder and make it current, unless that is risky.

        Unchanged documents are not embedded again. A file that cannot be read is reported, keeps its last good
        version, and does not stop the others.

        Args:
            yes: Go on whatever the risks; else a risky generation is left prepared, for `make_current` or `discard`.
            by: Who reloads, for the history.
            on_progress: Told after each batch.
            on_wait: Told while another process is building; without it, waiting is refused.

        Raises:
            CorpusError: The folder is missing, or nothing in it can be read.
            LibraryBusyError: Somebody else is building, and `on_wait` is not given.
        """
        with self._alone(on_wait, by=by) as tell:
            return self._reload(yes=yes, by=by, on_progress=_both(on_progress, tell))

    def bring_up_to_date(
        self,
        *,
        yes: bool = False,
        by: str = "",
        on_progress: Progress = no_progress,
        on_wait: Waiting | None = None,
    ) -> ReloadReport | None:
        """Reload what a start or a watcher may reload without being told to; None where that is nothing.

        Whether somebody went back is looked at again when nobody else builds any more, as it was perhaps they who did.
        Arguments and errors are those of `reload`.
        """
        if not self.may_reload_itself():
            return None
        with self._alone(on_wait, by=by) as tell:
            if read_line(self.folder).is_held or not self.files_changed():
                return None
            log.info("files have changed since the current generation was built; reloading")
            return self._reload(yes=yes, by=by, on_progress=_both(on_progress, tell))

    def prepare(
        self, *, by: str = "", on_progress: Progress = no_progress, on_wait: Waiting | None = None
    ) -> ReloadReport:
        """Build a generation from the corpus folder and leave the current one; `make_current` or `discard` decides.

        What was prepared waits through restarts, and until something else is prepared or made current. Arguments and
        errors are those of `reload`.
        """
        with self._alone(on_wait, by=by) as tell:
            report, _ = self._prepare(_both(on_progress, tell))
        _log(report)
        return report

    def add(
        self,
        name: str,
        data: bytes,
        *,
        replace: bool = False,
        yes: bool = False,
        by: str = "",
        on_progress: Progress = no_progress,
        on_wait: Waiting | None = None,
    ) -> Added:
        """Store a document below the corpus folder, and reload.

        Args:
            name: Its file's name.
            data: Its file's bytes.
            replace: Whether a document of that name may be replaced.
            yes: As in `reload`: without it, a document may be stored and wait to become current.
            by: Who adds it, for the history.
            on_progress: As in `reload`.
            on_wait: As in `reload`.

        Raises:
            AddingError: The name, the size, or a document that is there already stands against it; nothing is stored.
            NameTakenError: Nothing but a document of that name stands against it; nothing is stored.
            DocumentError: It cannot be read; nothing is stored.
            LibraryBusyError: Somebody else is building, and `on_wait` is not given; nothing is stored.
        """
        name = safe_name(name)
        with self._alone(on_wait, by=by) as tell:
            self.open()
            document, is_replaced = self.originals.add(
                name,
                data,
                replace=replace,
                in_use=self._generation.manifest.segments if self._generation else (),
                characters=self._stored_characters() if self.originals.quota else None,
                on_change=self._let_go,
            )
            report = self._reload(yes=yes, by=by, on_progress=_both(on_progress, tell))
        return Added(document, hashlib.sha256(data).hexdigest(), is_replaced, report)

    def remove(
        self, document: str, *, by: str = "", on_progress: Progress = no_progress, on_wait: Waiting | None = None
    ) -> ReloadReport:
        """Take a document's file away, and reload whatever the risks: who names a document agrees to its going.

        Earlier generations still hold its text, and of a server's own its file, until as many others came after them
        as are kept.

        Raises:
            UnknownDocumentError: There is no such document.
            LibraryBusyError: Somebody else is building, and `on_wait` is not given.
        """
        with self._alone(on_wait, by=by) as tell:
            self.open()
            current = self._generation.manifest.segments if self._generation else {}
            if document not in {*current, *(file.id for file in self.originals.files())}:
                raise UnknownDocumentError(
                    f"no document {document!r}",
                    user_message="There is no document named {document!r}. `corpus list` shows the names.",
                    document=document,
                )
            self._let_go()
            self.originals.remove(document)
            return self._reload(yes=True, by=by, on_progress=_both(on_progress, tell))

    def difference(self, *, on_wait: Waiting | None = None) -> ReloadReport:
        """What a reload would change, as far as it can be said without building; raises as `reload` does."""
        started = time.perf_counter()
        with self._alone(on_wait):
            self.open()
            _, report = self._plan()
        return replace(report, elapsed_s=time.perf_counter() - started)

    def prepared(self) -> ReloadReport | None:
        """The report of a generation that waits for `make_current` or `discard`."""
        try:
            content = json.loads((self.folder / PREPARED_FILE).read_bytes())
            if content["instead_of"] != read_line(self.folder).current:
                return None
            return ReloadReport.from_dict(content["report"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def make_current(self, generation: str, *, by: str = "", on_wait: Waiting | None = None) -> None:
        """Make a prepared generation current.

        Args:
            generation: Its id.
            by: Who decided, for the history.
            on_wait: As in `reload`.

        Raises:
            SupersededError: It is not what is prepared, or something else became current meanwhile.
            StaleGenerationError: It is damaged.
            LibraryBusyError: Somebody is building, and `on_wait` is not given.
        """
        with self._alone(on_wait, by=by):
            prepared = self.prepared()
            if prepared is None or prepared.generation != generation:
                raise SupersededError(f"generation {generation} is not prepared")
            self._make_current(generation, self._open_named(generation), by=by)

    def discard(self, generation: str, *, on_wait: Waiting | None = None) -> None:
        """Drop a prepared generation; raises as `make_current` does."""
        with self._alone(on_wait):
            prepared = self.prepared()
            if prepared is None or prepared.generation != generation:
                raise SupersededError(f"generation {generation} is not prepared")
            (self.folder / PREPARED_FILE).unlink()
            self._prune()

    def rollback(self, generation: str | None = None, *, by: str = "", on_wait: Waiting | None = None) -> str:
        """Make an earlier generation current, until somebody reloads, adds or removes.

        A server's own files become those that it was made from. An operator's stay as they lie, so the line is held:
        neither a start nor a watcher takes them in.

        Args:
            generation: Its id, as the history shows it; by default the one before the current one.
            by: Who goes back.
            on_wait: As in `reload`.

        Returns:
            The id of the generation that is current now.

        Raises:
            HistoryError: It is not in the history.
            StaleGenerationError: It is damaged.
            LibraryBusyError: Somebody is building, and `on_wait` is not given.
        """
        with self._alone(on_wait, by=by):
            wanted = generation or read_line(self.folder).before_current()
            self._take_in_what_waits(by)
            line = read_line(self.folder)
            if wanted is None or wanted not in {step.generation for step in line.steps}:
                raise HistoryError(f"no generation {generation or 'before the current one'} in {self.folder.name}")
            opened = self._open_named(wanted)
            (self.folder / PREPARED_FILE).unlink(missing_ok=True)
            write_line(self.folder, line.rolled_back(wanted))
            with self._swap:
                self._generation = opened
            self._finish_rollback()
        log.info("rolled back generation=%s previous=%s", wanted, line.current)
        return wanted

    def draft(self, *, on_progress: Progress = no_progress, on_wait: Waiting | None = None) -> Generation:
        """The files as they lie now as a generation in memory: nothing becomes current, and nothing is removed.

        What had to be embedded for it is kept for the next reload.

        Raises:
            CorpusError: The folder is missing, or nothing in it can be read.
            LibraryBusyError: Somebody else is building, and `on_wait` is not given.
        """
        with self._alone(on_wait):
            self.open()
            plan, _ = self._plan()
            generation, _ = self._assemble(plan, on_progress)
        return generation

    @contextmanager
    def _alone(self, on_wait: Waiting | None, *, by: str = "") -> Iterator[Progress]:
        """Hold the lock of whoever builds, when what a rollback that died has left is done; see `building`."""
        with building(self.folder, on_wait, by=by) as tell:
            self._finish_rollback()
            yield tell

    def _finish_rollback(self) -> None:
        """The files are the operator's: going back leaves them as they lie."""

    def _take_in_what_waits(self, by: str) -> None:
        """The files are the operator's: what changed in them is there after going back, too."""

    def _let_go(self) -> None:
        """No longer hold the generation that somebody went back to: something is about to be stored or removed, which
        is not to wait for a reload should we die before ours.
        """
        line = read_line(self.folder)
        if line.is_held:
            write_line(self.folder, replace(line, is_held=False))

    def _reload(self, *, yes: bool, by: str, on_progress: Progress = no_progress) -> ReloadReport:
        report, generation = self._prepare(on_progress)
        if yes or not report.risks:
            self._make_current(report.generation, generation, by=by)
            report = replace(report, made_current=True)
        _log(report)
        return report

    def _prepare(self, on_progress: Progress) -> tuple[ReloadReport, Generation | None]:
        """Build what a reload makes, note its report, and open it; None where no documents are left."""
        started = time.perf_counter()
        self.open()
        before = self._generation
        plan, report = self._plan()
        generation, embedded = self._obtain(plan, on_progress) if plan.keys else (None, 0)
        golden = _golden_change(before.manifest, generation.manifest) if before and generation else None
        risks = report.risks
        if golden is not None and golden.after < golden.before:
            risks = (*risks, Risk.GOLDEN_WORSE)
        report = replace(
            report,
            embedded=embedded,
            passages=len(generation.passages) if generation else 0,
            golden=golden,
            golden_questions=generation.calibration.golden_questions if generation else 0,
            risks=risks,
            elapsed_s=time.perf_counter() - started,
        )
        content = {"instead_of": read_line(self.folder).current, "report": asdict(report)}
        write_whole(self.folder / PREPARED_FILE, json.dumps(content).encode())
        self._prune(but=report.generation)
        return report, generation

    def _obtain(self, plan: Plan, on_progress: Progress) -> tuple[Generation, int]:
        """Open the planned generation, building it where it is not there; also say how many passages were embedded."""
        try:
            return self._open_generation(plan.generation), 0
        except StaleGenerationError:
            embedded = self._build(plan, on_progress)
            return self._open_generation(plan.generation), embedded

    def _build(self, plan: Plan, on_progress: Progress) -> int:
        """Embed what is new and write the generation; return how many passages were embedded."""
        generation, embedded = self._assemble(plan, on_progress)
        # there are no more passages to come, but waiting questions go first here, too
        generation = self.calibrate(generation, on_progress=lambda *_: on_progress(embedded, embedded))
        write_generation(self.folder, generation)
        return embedded

    def calibrate(self, generation: Generation, *, on_progress: Progress = no_progress) -> Generation:
        """Fit a generation's confidence to the corpus's golden questions; see `index.assembling.calibrate`.

        A reload does it; a draft is left with the shipped numbers.
        """
        return calibrate(generation, self.corpus / GOLDEN_QUESTIONS, self.embedder, on_progress=on_progress)

    def _make_current(self, name: str, generation: Generation | None, *, by: str) -> None:
        """Make an opened, and so verified, generation current by one rename."""
        line = read_line(self.folder).reloaded(name, by=by)
        kept = [step.generation for step in line.steps[-KEPT_GENERATIONS:]]
        write_line(self.folder, line.only(kept))
        (self.folder / PREPARED_FILE).unlink(missing_ok=True)
        with self._swap:
            self._generation = generation
        self._prune()

    def _prune(self, *, but: str = "") -> None:
        """Drop generations that are neither in the line nor prepared, and segments that no generation uses."""
        kept = {step.generation for step in read_line(self.folder).steps} | {but}
        used: set[str] = set()
        files: set[str] = set()
        for path in _entries(self.folder / "generations"):
            try:
                if path.name not in kept:
                    raise StaleGenerationError(f"generation {path.name} is not needed any more")
                manifest = read_manifest(self.folder, path.name)
                used |= set(manifest.segments.values())
                files |= set(files_of(manifest).values())
            except StaleGenerationError:
                shutil.rmtree(path, ignore_errors=True)
        for path in _entries(self.folder / "segments"):
            if path.name.startswith(".") or path.stem not in used:
                path.unlink(missing_ok=True)
        self.originals.keep_only(files)
        for path in self.folder.glob(".*.tmp"):  # notes are written by whoever looks, too: only old ones are left over
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > LEFT_OVER_S:
                    path.unlink()

    # ---------------------------------------------------------------- helpers

    def _folder_in(self, data: Path) -> Path:
        """Where the generations are: another corpus, or another model, has a folder of its own."""
        corpus = self.corpus.resolve()
        place = hashlib.sha256(f"{corpus}\0{self.embedder.digest}".encode()).hexdigest()[:12]
        return data / "libraries" / f"{re.sub(r'[^A-Za-z0-9-]', '-', corpus.name)[:32]}-{place}"

    def _plan(self) -> tuple[Plan, ReloadReport]:
        """What a reload would make of the files as they lie now; raises as `plan_reload` does."""
        return plan_reload(
            self._files,
            self._generation,
            store=self._store,
            embedder=self.embedder,
            may_be_empty=self.may_be_empty,
            elsewhere=self._documents_elsewhere,
        )

    def _documents_elsewhere(self) -> dict[str, Document]:
        """Documents of other libraries that new ones are compared with."""
        return {}

    def _assemble(self, plan: Plan, on_progress: Progress) -> tuple[Generation, int]:
        """The planned generation in memory; also how many passages had to be embedded."""
        return assemble(plan, self._generation, store=self._store, embedder=self.embedder, on_progress=on_progress)

    def _stored_characters(self) -> dict[str, int]:
        """How much text each file has, by path: as the current generation knows, and read where that has another."""
        entries = self._generation.manifest.documents if self._generation else ()
        known = {(entry.path, entry.digest): entry.characters for entry in entries}
        found, _ = self._files.scan()
        digests = self._files.digests(found)
        characters = {}
        for file in found:
            count = known.get((file.path, digests[file.path]))
            if count is None:
                count = 0  # of what cannot be read, nothing is searched
                with suppress(DocumentError):
                    count = len(read_document(self.corpus, file).text)
            characters[file.path] = count
        return characters

    def _manifest(self, line: Line) -> Manifest | None:
        """What the current generation of a line says of itself; None where there is none, or no document in it."""
        return read_manifest(self.folder, line.current) if line.current not in (None, EMPTY) else None

    def _open_named(self, name: str) -> Generation | None:
        return None if name == EMPTY else self._open_generation(name)

    def _open_generation(self, name: str) -> Generation:
        """Open a generation from disk, without reading again what is in memory and whole on disk."""
        known = segments_by_key(self._generation)

        def read(key: str) -> Segment:
            return known[key] if key in known and self._store.is_whole(key) else self._store.read(key)

        return open_generation(self.folder, name, embedder=self.embedder, read=read)


def _both(first: Progress, second: Progress) -> Progress:
    def tell(done: int, total: int) -> None:
        first(done, total)
        second(done, total)

    return tell


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _golden_change(before: Manifest, after: Manifest) -> GoldenChange | None:
    """How golden questions are answered by two generations.

    A question whose evidence is no longer found counts as not answered; one that was put in or taken out does not.
    """
    asked = set(before.golden_asked)
    if before.golden != after.golden:
        asked = asked & set(after.golden_asked)
    if not asked:
        return None
    return GoldenChange(len(asked), *(len(set(manifest.golden_hits) & asked) for manifest in (before, after)))


def _log(report: ReloadReport) -> None:
    log.info(
        "reload generation=%s added=%d changed=%d removed=%d failed=%d embedded=%d made_current=%s risks=%s "
        "elapsed_s=%.1f",
        report.generation,
        len(report.added),
        len(report.changed),
        len(report.removed),
        len(report.failed),
        report.embedded,
        report.made_current,
        ",".join(report.risks) or "none",
        report.elapsed_s,
    )

"""The async doorway to `index`: nothing slow ever runs on the event loop.

Four threads: one asks, so that questions are answered in turn and never fight for the processor; one sums up and groups
what people wrote; one builds the shared library and one those of servers, so that no reload holds up questions, and a
long one of the shared corpus no server's added page.

Who asks decides what is searched: `guild_id` is the server whose documents are searched beside the shared ones, None
where a person asks for themselves.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.localisation import N_
from bot.records import BY_BOT
from bot.render.wording import risks_in_words
from bot.turns import NOBODY, Asker, Turns
from bot.watching import settled_changes
from index import (
    Added,
    Answer,
    Comparison,
    Document,
    DocumentEntry,
    Extract,
    HistoryEntry,
    Length,
    Libraries,
    Library,
    LibraryBusyError,
    LibraryStatus,
    ReloadReport,
    RetrievalError,
    Running,
    Summary,
    UnknownDocumentError,
    group_alike,
    summarize_texts,
)

log = logging.getLogger(__name__)

Result = TypeVar("Result")

DOCUMENT_GONE = N_("The document that I was to search is no longer there. Ask anew with /ask, please.")

START_PATIENCE_S = 60.0
"""How long a question waits for the first index before its asker is told to come back."""

REFRESH_S = 2.0
"""How often another process's new generation is looked for."""

QUOTES_ROOM = 6000
QUOTES_LIMIT = 15
"""How far *More* goes."""

GROUPINGS_KEPT = 16
"""Of questions that are reviewed, so that turning a page embeds nothing."""

YIELD_S = 0.25
"""How long a reload steps aside at most, after each batch, for questions that wait."""


class NotReadyError(RetrievalError):
    """The documents are still being read for the first time."""

    user_message = "I am still reading my documents for the first time. Ask again in a minute."


class _ClosingError(RetrievalError):
    """A reload ends early because the bot does."""


class AnswerService:
    """Answers questions from the shared library and servers' own, and keeps them current."""

    def __init__(self, libraries: Libraries, *, watches: bool = False) -> None:
        """Take the libraries; nothing is opened yet.

        Args:
            libraries: What is searched.
            watches: Whether files of the shared corpus that change are taken in without being told to.
        """
        self._watches = watches
        self.libraries = libraries
        self.library = libraries.shared
        self.turns = Turns()
        self._asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ask")
        self._summarizing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="summarize")
        self._building = ThreadPoolExecutor(max_workers=1, thread_name_prefix="build")
        self._building_for_servers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="build-server")
        self._ready = asyncio.Event()
        self._is_settled = asyncio.Event()  # ready, or known to have a problem: nothing to wait for
        self._problem: RetrievalError | None = None
        self._is_idle = threading.Event()
        self._is_idle.set()
        self._waiting = 0
        self._is_closing = False
        self._groups: dict[str, tuple[tuple[int, ...], ...]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to load what is there and to build what is not; returns at once."""
        works = [self._load(), self._take_in_added(), self._keep_current()]
        if self._watches:
            works.append(self._watch())
        for work in works:
            task = asyncio.get_running_loop().create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def ask(
        self,
        question: str,
        *,
        guild_id: int | None = None,
        within: str | None = None,
        nearest: bool = False,
        asker: Asker = NOBODY,
    ) -> Answer:
        """Answer a question.

        Args:
            question: As the retrievers are to read it.
            guild_id: The server whose own documents are searched, too.
            within: The id of the only document to search.
            nearest: Whether to quote even what does not cover it.
            asker: Whose turn it takes.

        Raises:
            BusyError: Too many questions wait.
            NotReadyError: There is no index yet, and there will not be one within a minute.
            RetrievalError: There can be none: its message says why.
        """
        answer = await self._ask(
            lambda: self.libraries.ask(question, server_id=guild_id, within=within, nearest=nearest), asker
        )
        log.debug("question=%r", question)
        log.info(
            "answered verdict=%s quotes=%d confidence=%.3f elapsed_ms=%.0f",
            answer.verdict,
            len(answer.quotes),
            answer.confidence,
            answer.elapsed_ms,
        )
        return answer

    async def quotes(
        self, question: str, *, guild_id: int | None = None, within: str | None = None, asker: Asker = NOBODY
    ) -> Answer:
        """An answer with many quotes, whether they cover the question or not; raises as `ask` does."""
        return await self._ask(
            lambda: self.libraries.ask(
                question, server_id=guild_id, within=within, room=QUOTES_ROOM, limit=QUOTES_LIMIT, nearest=True
            ),
            asker,
        )

    async def summarize_document(
        self, document_id: str, *, length: Length = Length.MEDIUM, guild_id: int | None = None, asker: Asker = NOBODY
    ) -> Summary:
        """Sum up one document; raises as `ask` does, and where there is no such document."""
        return await self._summarize(
            "document", lambda: self.libraries.summarize_document(document_id, length=length, server_id=guild_id), asker
        )

    async def summarize_topic(
        self, topic: str, *, length: Length = Length.MEDIUM, guild_id: int | None = None, asker: Asker = NOBODY
    ) -> Summary:
        """Sum up what the documents say on a topic; raises as `ask` does."""
        return await self._summarize(
            "topic", lambda: self.libraries.summarize_topic(topic, length=length, server_id=guild_id), asker
        )

    async def summarize_corpus(
        self, *, length: Length = Length.MEDIUM, guild_id: int | None = None, asker: Asker = NOBODY
    ) -> Summary:
        """Say what the documents are about, by theme; raises as `ask` does."""
        return await self._summarize(
            "corpus", lambda: self.libraries.summarize_corpus(length=length, server_id=guild_id), asker
        )

    async def timeline(
        self, topic: str, *, length: Length = Length.MEDIUM, guild_id: int | None = None, asker: Asker = NOBODY
    ) -> Summary:
        """The dated sentences on a topic, earliest first; raises as `ask` does."""
        return await self._summarize(
            "timeline", lambda: self.libraries.timeline(topic, length=length, server_id=guild_id), asker
        )

    async def compare(
        self, a: str, b: str, *, length: Length = Length.MEDIUM, guild_id: int | None = None, asker: Asker = NOBODY
    ) -> Comparison:
        """What two documents say on the same points; raises as `ask` does, and where one is not there."""
        comparison = await self._ask(lambda: self.libraries.compare(a, b, length=length, server_id=guild_id), asker)
        log.info("compared pairs=%d elapsed_ms=%.0f", len(comparison.pairs), comparison.elapsed_ms)
        return comparison

    async def summarize_texts(self, texts: Sequence[str], *, length: Length = Length.MEDIUM) -> tuple[Extract, ...]:
        """Sum up texts that are not in the documents, the messages of a channel say; nothing of them is kept.

        That takes seconds, so it has a thread of its own, which lets questions go first; raises as `until_ready` does.
        """
        await self.until_ready()
        started = time.perf_counter()
        extracts = await asyncio.get_running_loop().run_in_executor(
            self._summarizing,
            lambda: summarize_texts(texts, self.library.embedder, room=length.sentences, on_progress=self._step_aside),
        )
        elapsed_ms = (time.perf_counter() - started) * 1000
        log.info("summarized kind=texts texts=%d quotes=%d elapsed_ms=%.0f", len(texts), len(extracts), elapsed_ms)
        return extracts

    async def _summarize(self, kind: str, work: Callable[[], Summary], asker: Asker) -> Summary:
        summary = await self._ask(work, asker)
        log.info(
            "summarized kind=%s verdict=%s quotes=%d elapsed_ms=%.0f",
            kind,
            summary.verdict,
            len(summary.quotes),
            summary.elapsed_ms,
        )
        return summary

    async def _ask(self, work: Callable[[], Result], asker: Asker) -> Result:
        """Run a question on its thread when there is an index and it is its turn."""
        await self.until_ready()
        self._waiting += 1
        self._is_idle.clear()
        try:
            async with self.turns.turn(asker):
                return await asyncio.get_running_loop().run_in_executor(self._asking, work)
        except UnknownDocumentError as error:  # what `index` says to people is for a terminal
            raise UnknownDocumentError(str(error), user_message=DOCUMENT_GONE) from error
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._is_idle.set()

    async def until_ready(self, *, patience_s: float | None = None) -> None:
        """Wait until there are documents.

        Args:
            patience_s: How long; a minute by default.

        Raises:
            NotReadyError: There are none yet.
            RetrievalError: There can be none: its message says why.
        """
        if not self._ready.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_settled.wait(), START_PATIENCE_S if patience_s is None else patience_s)
            if not self._ready.is_set():
                raise self._problem or NotReadyError("no generation yet")

    async def finds(self, question: str, document_id: str, guild_id: int) -> bool:
        """Whether a document is among the first quotes for a question; raises as `ask` does."""
        answer = await self.ask(question, guild_id=guild_id, nearest=True)
        return document_id in {quote.citation.document for quote in answer.quotes}

    async def grouped(self, questions: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        """Questions that ask the same, by place; see `index.group_alike`."""
        key = hashlib.sha256("\0".join(questions).encode()).hexdigest()
        if key not in self._groups:
            self._groups[key] = await asyncio.get_running_loop().run_in_executor(
                self._summarizing, lambda: group_alike(questions, self.library.embedder)
            )
            while len(self._groups) > GROUPINGS_KEPT:
                self._groups.pop(next(iter(self._groups)))
        return self._groups[key]

    # ---- what the documents are

    async def documents(self, guild_id: int | None = None) -> tuple[DocumentEntry, ...]:
        """The documents that can be asked about; none while there is no index."""
        if not self._ready.is_set():
            return ()
        if self.libraries.is_open(guild_id):
            return self.libraries.documents(guild_id)
        return await asyncio.to_thread(self.libraries.documents, guild_id)

    async def find_document(self, named: str, guild_id: int | None = None) -> DocumentEntry | None:
        """The document with a key, an id or a title, as people pick it from a list or type it."""
        title = named.strip().casefold()
        documents = await self.documents(guild_id)
        named_exactly = [entry for entry in documents if named in (entry.key, entry.id)]
        titled = [entry for entry in documents if entry.title.casefold() == title]
        return next(iter(named_exactly + titled), None)

    async def suggest(self, typed: str, *, count: int, guild_id: int | None = None) -> list[str]:
        """What a person may be about to ask; never runs the model, and waits for nothing."""
        if not self._ready.is_set():
            return []
        return await asyncio.to_thread(self.libraries.suggest, typed, count=count, server_id=guild_id)

    async def document(self, document_id: str, guild_id: int | None = None) -> Document | None:
        """A document as it is in the index now; None where it is no longer there."""
        try:
            return await asyncio.to_thread(self.libraries.document, document_id, guild_id)
        except RetrievalError:
            return None

    async def original(
        self, document_id: str, *, limit_bytes: int, guild_id: int | None = None
    ) -> tuple[str, bytes] | None:
        """Name and bytes of a document's file; None where it is no longer there, or too large."""
        entry = next((entry for entry in await self.documents(guild_id) if entry.id == document_id), None)
        if entry is None:
            return None
        folder = self.libraries.folder_of(document_id, guild_id)
        return await asyncio.to_thread(_read_within, folder, entry.path, limit_bytes)

    # ---- changing them: of the shared library, or with a `guild_id` of a server's own

    async def status(self, guild_id: int | None = None) -> LibraryStatus:
        """What a library holds, and whether it is being reloaded."""
        return await asyncio.to_thread(self._library(guild_id).status)

    async def running(self, guild_id: int | None = None) -> Running | None:
        """The reload that is under way in any process."""
        return await asyncio.to_thread(self._library(guild_id).running)

    async def history(self, guild_id: int | None = None) -> tuple[HistoryEntry, ...]:
        """The generations that can be gone back to, and the current one, the latest first."""
        return await asyncio.to_thread(self._library(guild_id).history)

    async def current_generation(self, guild_id: int | None = None) -> str:
        """The id of the generation that is current; empty where none is."""
        return next((entry.generation for entry in await self.history(guild_id) if entry.is_current), "")

    async def reload(self, guild_id: int | None = None, *, by: str = "") -> ReloadReport:
        """Build a generation and make it current unless that is risky; questions are answered from the old one
        meanwhile.

        Where another process is building, that is waited for.

        Raises:
            RetrievalError: It cannot be built; the old one stays current.
        """
        library = self._library(guild_id)
        return await self._build(
            guild_id, lambda: library.reload(by=by, on_progress=self._step_aside, on_wait=self._wait)
        )

    async def prepare(self, guild_id: int | None = None, *, by: str = "") -> ReloadReport:
        """Build a generation for `make_current` or `discard`; the old one stays current.

        Raises:
            LibraryBusyError: A reload is running; `running` says whose.
            RetrievalError: It cannot be built.
        """
        library = self._library(guild_id)
        await self._check_idle(guild_id)
        return await self._build(guild_id, lambda: library.prepare(by=by, on_progress=self._step_aside))

    async def difference(self, guild_id: int | None = None) -> ReloadReport:
        """What a reload would change; builds nothing.

        Raises:
            LibraryBusyError: A reload is running.
            RetrievalError: It could not be built.
        """
        library = self._library(guild_id)
        await self._check_idle(guild_id)
        return await self._build(guild_id, library.difference)

    async def prepared(self, guild_id: int | None = None) -> ReloadReport | None:
        """The report of a generation that waits for somebody's yes."""
        return await asyncio.to_thread(self._library(guild_id).prepared)

    async def make_current(self, generation: str, guild_id: int | None = None, *, by: str = "") -> None:
        """Make a prepared generation current; raises as `Library.make_current` does."""
        library = self._library(guild_id)
        await self._build(guild_id, lambda: library.make_current(generation, by=by))

    async def discard(self, generation: str, guild_id: int | None = None) -> None:
        """Drop a prepared generation; raises as `Library.discard` does."""
        library = self._library(guild_id)
        await self._build(guild_id, lambda: library.discard(generation))

    async def rollback(self, generation: str | None = None, guild_id: int | None = None, *, by: str = "") -> str:
        """Make an earlier generation current, by default the one before; raises as `Library.rollback` does."""
        library = self._library(guild_id)
        await self._check_idle(guild_id)
        return await self._build(guild_id, lambda: library.rollback(generation, by=by))

    async def add(self, guild_id: int, name: str, data: bytes, *, replace: bool = False, by: str = "") -> Added:
        """Add a document to a server's own and make it current; raises as `Library.add` does."""
        library = self.libraries.server(guild_id)
        return await self._build(
            guild_id,
            lambda: library.add(
                name, data, replace=replace, yes=True, by=by, on_progress=self._step_aside, on_wait=self._wait
            ),
        )

    async def remove(self, guild_id: int, document_id: str, *, by: str = "") -> ReloadReport:
        """Remove a document from a server's own; raises as `Library.remove` does."""
        library = self.libraries.server(guild_id)
        return await self._build(
            guild_id,
            lambda: library.remove(document_id, by=by, on_progress=self._step_aside, on_wait=self._wait),
        )

    async def export(self, guild_id: int) -> bytes:
        """A zip archive of a server's originals."""

        def export() -> bytes:
            file = io.BytesIO()
            self.libraries.server(guild_id).originals.export(file)
            return file.getvalue()

        return await asyncio.to_thread(export)

    async def forget(self, guild_id: int) -> None:
        """Delete all that a server has added."""
        library = self.libraries.server(guild_id)
        await self._build(guild_id, lambda: library.forget(on_wait=self._wait))

    async def server_ids(self) -> list[int]:
        """The servers that have documents of their own."""
        return await asyncio.to_thread(self.libraries.server_ids)

    def _library(self, guild_id: int | None) -> Library:
        return self.library if guild_id is None else self.libraries.server(guild_id)

    async def _build(self, guild_id: int | None, work: Callable[[], Result]) -> Result:
        thread = self._building if guild_id is None else self._building_for_servers
        return await asyncio.get_running_loop().run_in_executor(thread, work)

    async def _check_idle(self, guild_id: int | None) -> None:
        """Refuse at once what would only queue behind a reload of the same library.

        Raises:
            LibraryBusyError: A reload is running.
        """
        if await self.running(guild_id) is not None:
            raise LibraryBusyError("a reload of this library is running")

    async def close(self) -> None:
        """Stop; a reload that runs ends with its batch and leaves the old generation current."""
        self._is_closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.turns.close()
        self._asking.shutdown(wait=False, cancel_futures=True)
        self._summarizing.shutdown(wait=False, cancel_futures=True)
        self._building.shutdown(wait=False, cancel_futures=True)
        self._building_for_servers.shutdown(wait=False, cancel_futures=True)

    async def _load(self) -> None:
        """Open the current generation at once, then take in files that have changed since."""
        loop = asyncio.get_running_loop()
        try:
            problem = await loop.run_in_executor(self._building, self.library.open)
            if problem is None:
                await self._become_ready()
                await self._take_in_changes()
            else:
                log.info("building the index: %s", problem)
                _log_report(await self.reload(by=BY_BOT))
            await self._become_ready()
        except RetrievalError as error:
            self._give_up(error)
            log.error("%s", error)
        except Exception as error:  # a full disk, say: people are told at once, and not to come back in a minute
            self._give_up(RetrievalError(str(error)))
            log.exception("the documents cannot be loaded")

    async def _take_in_changes(self) -> None:
        """Reload the shared library where its files have changed, unless somebody rolled back."""
        _log_report(await self._build(None, partial(self._bring_up_to_date, None)))

    async def _watch(self) -> None:
        """Take in files of the shared corpus when they have changed and come to rest."""
        async for _ in settled_changes(self.library.corpus):
            try:
                await self._take_in_changes()
            except RetrievalError as error:
                log.error("changed files are not taken in: %s", error)
            except Exception:  # the next change may be better
                log.exception("changed files are not taken in")

    async def _take_in_added(self) -> None:
        """Take in what servers had added or removed when the last process ended before it was so in their index.

        Their moderators have said what they want already, so it needs no further yes.
        """
        await self._ready.wait()
        for guild_id in await self._build(0, self._server_ids):
            try:
                _log_report(await self._build(guild_id, partial(self._bring_up_to_date, guild_id)))
            except RetrievalError as error:
                log.error("guild=%d: %s", guild_id, error)
            except Exception:  # the others are to be taken in all the same
                log.exception("guild=%d: what was added cannot be taken in", guild_id)

    def _bring_up_to_date(self, guild_id: int | None) -> ReloadReport | None:
        return self._library(guild_id).bring_up_to_date(
            yes=guild_id is not None, by=BY_BOT, on_progress=self._step_aside, on_wait=self._wait
        )

    def _server_ids(self) -> list[int]:
        self.libraries.clean_up()
        return self.libraries.server_ids()

    def _step_aside(self, done: int, total: int) -> None:
        """Let waiting questions go first; called between the batches of what takes long."""
        self._check_closing()
        self._is_idle.wait(YIELD_S)

    def _wait(self, waited_s: int) -> None:
        self._check_closing()
        if waited_s == 0:
            log.info("another process is building the index; waiting for it")

    def _check_closing(self) -> None:
        if self._is_closing:
            raise _ClosingError("the bot is closing; the old generation stays current")

    async def _become_ready(self) -> None:
        if not self._ready.is_set():
            loop = asyncio.get_running_loop()
            # the first question loads the model; let it be ours and not a person's
            await loop.run_in_executor(self._asking, lambda: self.libraries.ask("What is this about?"))
            self._problem = None
            self._ready.set()
            self._is_settled.set()

    def _give_up(self, problem: RetrievalError) -> None:
        """Tell people of the problem at once, until there is an index all the same."""
        self._problem = problem
        self._is_settled.set()

    async def _keep_current(self) -> None:
        """Notice a generation that another process has made current."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                if await loop.run_in_executor(self._building, self.library.open) is None:
                    await self._become_ready()
                await loop.run_in_executor(self._building_for_servers, self.libraries.refresh)
            except RetrievalError as error:
                self._give_up(error)
            except Exception:
                log.exception("cannot look for a new generation")


def _log_report(report: ReloadReport | None) -> None:
    """Say of a reload that nobody waits for what somebody should know."""
    if report is None:
        return
    for failure in report.failed:
        log.warning("left out %s: it %s", failure.path, failure.reason)
    if not report.made_current:
        log.warning("kept the old generation: %s; `corpus reload --yes` agrees to it", risks_in_words(report))


def _read_within(folder: Path, path: str, limit_bytes: int) -> tuple[str, bytes] | None:
    """Name and bytes of a file below a folder; None where it is missing, too large, or a link that leads elsewhere."""
    file = (folder / path).resolve()
    try:
        if not file.is_relative_to(folder.resolve()) or file.stat().st_size > limit_bytes:
            return None
        return file.name, file.read_bytes()
    except OSError:
        return None

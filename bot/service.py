"""The async doorway to `index`: nothing slow ever runs on the event loop.

Two threads: one asks, so that questions are answered in turn and never fight for the processor; one builds, so that
a reload does not hold questions up.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from bot.render.wording import risks_in_words
from bot.turns import NOBODY, Asker, Turns
from index import Answer, Document, DocumentEntry, Library, LibraryStatus, ReloadReport, RetrievalError, Suggestions

log = logging.getLogger(__name__)

START_PATIENCE_S = 60.0
"""How long a question waits for the first index before its asker is told to come back."""

REFRESH_S = 2.0
"""How often another process's new generation is looked for."""

QUOTES_ROOM = 6000
QUOTES_LIMIT = 15
"""How far *More* goes."""

YIELD_S = 0.25
"""How long a reload steps aside at most, after each batch, for questions that wait."""


class NotReadyError(RetrievalError):
    """The documents are still being read for the first time."""

    user_message = "I am still reading my documents for the first time. Ask again in a minute."


class _ClosingError(RetrievalError):
    """A reload ends early because the bot does."""


class AnswerService:
    """Answers questions from one library, and keeps it current."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.turns = Turns()
        self._asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ask")
        self._building = ThreadPoolExecutor(max_workers=1, thread_name_prefix="build")
        self._ready = asyncio.Event()
        self._is_settled = asyncio.Event()  # ready, or known to have a problem: nothing to wait for
        self._problem: RetrievalError | None = None
        self._is_idle = threading.Event()
        self._is_idle.set()
        self._waiting = 0
        self._is_closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._suggestions: tuple[str, Suggestions] | None = None

    def start(self) -> None:
        """Begin to load what is there and to build what is not; returns at once."""
        for work in (self._load(), self._keep_current()):
            task = asyncio.get_running_loop().create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def ask(
        self, question: str, *, within: str | None = None, nearest: bool = False, asker: Asker = NOBODY
    ) -> Answer:
        """Answer a question.

        Args:
            question: As the retrievers are to read it.
            within: The id of the only document to search.
            nearest: Whether to quote even what does not cover it.
            asker: Whose turn it takes.

        Raises:
            BusyError: Too many questions wait.
            NotReadyError: There is no index yet, and there will not be one within a minute.
            RetrievalError: There can be none: its message says why.
        """
        answer = await self._ask(lambda: self.library.ask(question, within=within, nearest=nearest), asker)
        log.debug("question=%r", question)
        log.info(
            "answered verdict=%s quotes=%d confidence=%.3f elapsed_ms=%.0f",
            answer.verdict,
            len(answer.quotes),
            answer.confidence,
            answer.elapsed_ms,
        )
        return answer

    async def quotes(self, question: str, *, within: str | None = None, asker: Asker = NOBODY) -> Answer:
        """An answer with many quotes, whether they cover the question or not; raises as `ask` does."""
        return await self._ask(
            lambda: self.library.ask(question, within=within, room=QUOTES_ROOM, limit=QUOTES_LIMIT, nearest=True),
            asker,
        )

    async def _ask(self, work: Callable[[], Answer], asker: Asker) -> Answer:
        """Run a question on its thread when there is an index and it is its turn."""
        if not self._ready.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_settled.wait(), START_PATIENCE_S)
            if not self._ready.is_set():
                raise self._problem or NotReadyError("no generation yet")
        self._waiting += 1
        self._is_idle.clear()
        try:
            async with self.turns.turn(asker):
                return await asyncio.get_running_loop().run_in_executor(self._asking, work)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._is_idle.set()

    async def reload(self) -> ReloadReport:
        """Build a generation from the corpus and make it current; questions are answered from the old one meanwhile.

        Where another process is building, that is waited for.

        Raises:
            RetrievalError: It cannot be built; the old one stays current.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self._building,
            lambda: self.library.reload(on_progress=lambda done, total: self._step_aside(), on_wait=self._wait),
        )

    async def status(self) -> LibraryStatus:
        """What the library holds."""
        return await asyncio.to_thread(self.library.status)

    def documents(self) -> tuple[DocumentEntry, ...]:
        """The documents that can be asked about; none while there is no index."""
        return self.library.documents() if self._ready.is_set() else ()

    def find_document(self, named: str) -> DocumentEntry | None:
        """The document with a key, an id or a title, as people pick it from a list or type it."""
        title = named.strip().casefold()
        documents = self.documents()
        named_exactly = [entry for entry in documents if named in (entry.key, entry.id)]
        titled = [entry for entry in documents if entry.title.casefold() == title]
        return next(iter(named_exactly + titled), None)

    async def suggest(self, typed: str, *, count: int) -> list[str]:
        """What a person may be about to ask; never runs the model, and waits for nothing."""
        if not self._ready.is_set():
            return []
        generation = self.library.generation
        if self._suggestions is None or self._suggestions[0] != generation.id:
            documents = [segment.document for segment in generation.segments]
            found = await asyncio.to_thread(Suggestions.of, self.library.corpus, documents)
            self._suggestions = (generation.id, found)
        return self._suggestions[1].matching(typed, count=count)

    def document(self, document_id: str) -> Document | None:
        """A document as it is in the index now; None where it is no longer there."""
        try:
            return self.library.document(document_id)
        except RetrievalError:
            return None

    async def original(self, document_id: str, *, limit_bytes: int) -> tuple[str, bytes] | None:
        """Name and bytes of a document's file; None where it is no longer there, or too large."""
        entry = next((entry for entry in self.documents() if entry.id == document_id), None)
        if entry is None:
            return None
        return await asyncio.to_thread(_read_within, self.library.corpus, entry.path, limit_bytes)

    async def close(self) -> None:
        """Stop; a reload that runs ends with its batch and leaves the old generation current."""
        self._is_closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.turns.close()
        self._asking.shutdown(wait=False, cancel_futures=True)
        self._building.shutdown(wait=False, cancel_futures=True)

    async def _load(self) -> None:
        """Open the current generation at once, then take in files that have changed since."""
        loop = asyncio.get_running_loop()
        try:
            problem = await loop.run_in_executor(self._building, self.library.open)
            if problem is None:
                await self._become_ready()
                if not await loop.run_in_executor(self._building, self.library.may_reload_itself):
                    return
                log.info("files have changed since the current generation was built; reloading")
            else:
                log.info("building the index: %s", problem)
            report = await self.reload()
            for failure in report.failed:
                log.warning("left out %s: it %s", failure.path, failure.reason)
            if not report.made_current:
                log.warning("kept the old generation: %s; `corpus reload --yes` agrees to it", risks_in_words(report))
            await self._become_ready()
        except RetrievalError as error:
            self._give_up(error)
            log.error("%s", error)
        except Exception as error:  # a full disk, say: people are told at once, and not to come back in a minute
            self._give_up(RetrievalError(str(error)))
            log.exception("the documents cannot be loaded")

    def _step_aside(self) -> None:
        """Let waiting questions go first; called between the batches of a reload."""
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
            await loop.run_in_executor(self._asking, lambda: self.library.ask("What is this about?"))
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
            except RetrievalError as error:
                self._give_up(error)
            except Exception:
                log.exception("cannot look for a new generation")


def _read_within(folder: Path, path: str, limit_bytes: int) -> tuple[str, bytes] | None:
    """Name and bytes of a file below a folder; None where it is missing, too large, or a link that leads elsewhere."""
    file = (folder / path).resolve()
    try:
        if not file.is_relative_to(folder.resolve()) or file.stat().st_size > limit_bytes:
            return None
        return file.name, file.read_bytes()
    except OSError:
        return None

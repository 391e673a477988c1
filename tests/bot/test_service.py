"""The service keeps answering, whatever goes on behind it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot import service as service_module
from bot.service import AnswerService, NotReadyError
from index import CorpusError, Library, RetrievalError, UnknownDocumentError, Verdict
from tests.bot.embedders import PATIENCE_S, HeldEmbedder
from tests.fakes import WordEmbedder
from tests.wire.bots import logged

pytestmark = pytest.mark.asyncio(loop_scope="function")

QUESTION = "When was the lighthouse built?"


class WatchedLibrary(Library):
    """Tells the test when the service has opened another generation."""

    def __init__(self, folder: Path, data: Path) -> None:
        super().__init__(corpus=folder, data=data, embedder=WordEmbedder())
        self.has_changed = threading.Event()

    def open(self) -> str | None:
        before = self._generation
        problem = super().open()
        if self._generation is not before:
            self.has_changed.set()
        return problem


@asynccontextmanager
async def serving(library: Library) -> AsyncIterator[AnswerService]:
    service = AnswerService(library)
    service.start()
    try:
        yield service
    finally:
        await service.close()


@pytest.fixture
def held(corpus_folder: Path, tmp_path: Path) -> Iterator[HeldEmbedder]:
    """The embedder of a library that is being built for the first time."""
    embedder = HeldEmbedder(is_held=True)
    yield embedder
    embedder.let_go()


@pytest.fixture
def held_library(corpus_folder: Path, tmp_path: Path, held: HeldEmbedder) -> Library:
    return Library(corpus=corpus_folder, data=tmp_path / "data", embedder=held)


def add_document(
    folder: Path, name: str = "sea/whales.md", text: str = "# Whales\n\nA blue whale sings at 188 decibels.\n"
):
    (folder / name).write_text(text, encoding="utf-8")


def remove(folder: Path, pattern: str) -> None:
    for path in list(folder.rglob(pattern)):
        path.unlink()


# ---- starting


async def test_a_question_is_answered_from_the_current_generation(library: Library):
    async with serving(library) as service:
        answer = await service.ask(QUESTION)

    assert answer.verdict is Verdict.ANSWERED
    assert answer.quotes[0].citation.document == "sea/lighthouse"


async def test_a_question_can_be_restricted_to_one_document(library: Library):
    async with serving(library) as service:
        answer = await service.ask("The queen lays eggs", within="garden/bees")

        assert {quote.citation.document for quote in answer.quotes} == {"garden/bees"}
        with pytest.raises(UnknownDocumentError):
            await service.ask(QUESTION, within="no/such")


async def test_a_question_that_comes_before_the_first_index_waits_for_it(held_library: Library, held: HeldEmbedder):
    async with serving(held_library) as service:
        await held.held_up()
        question = asyncio.create_task(service.ask(QUESTION))
        assert service.documents() == ()
        held.let_go()

        assert (await question).verdict is Verdict.ANSWERED
        assert len(service.documents()) == 6


async def test_waiting_for_the_first_index_has_an_end(
    held_library: Library, held: HeldEmbedder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(service_module, "START_PATIENCE_S", 0.01)

    async with serving(held_library) as service:
        with pytest.raises(NotReadyError) as failure:
            await service.ask(QUESTION)
        held.let_go()

    assert failure.value.user_message == NotReadyError.user_message


async def test_without_documents_a_question_says_why(tmp_path: Path):
    (tmp_path / "corpus").mkdir()
    library = Library(corpus=tmp_path / "corpus", data=tmp_path / "data", embedder=WordEmbedder())

    async with serving(library) as service:
        with pytest.raises(CorpusError) as failure:
            await service.ask(QUESTION)

    assert "There is nothing to answer from" in failure.value.user_message


async def test_what_nobody_expected_is_logged_and_people_are_told_something(
    library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(library, "open", lambda: (_ for _ in ()).throw(OSError("no space left on device")))

    async with serving(library) as service:
        with pytest.raises(RetrievalError) as failure:
            await service.ask(QUESTION)

    assert not isinstance(failure.value, NotReadyError)
    assert failure.value.user_message == RetrievalError.user_message
    assert "no space left on device" in caplog.text


# ---- reloading


async def test_files_that_changed_while_the_bot_was_off_are_taken_in_behind_the_questions(
    corpus_folder: Path, tmp_path: Path
):
    embedder = HeldEmbedder()
    Library(corpus=corpus_folder, data=tmp_path / "data", embedder=embedder).reload()
    add_document(corpus_folder)
    embedder.hold()
    library = Library(corpus=corpus_folder, data=tmp_path / "data", embedder=embedder)

    async with serving(library) as service:
        before = await service.ask("How loud does a blue whale sing?")
        await embedder.held_up()
        embedder.let_go()
        await service.reload()
        after = await service.ask("How loud does a blue whale sing?")

    assert before.verdict is Verdict.NOT_COVERED
    assert after.quotes[0].citation.document == "sea/whales"


async def test_questions_are_answered_while_a_reload_is_held_up(corpus_folder: Path, tmp_path: Path):
    embedder = HeldEmbedder()
    library = Library(corpus=corpus_folder, data=tmp_path / "data", embedder=embedder)
    library.reload()

    async with serving(library) as service:
        first = await service.ask(QUESTION)
        add_document(corpus_folder)
        embedder.hold()
        reload = asyncio.create_task(service.reload())
        await embedder.held_up()
        during = [await service.ask(QUESTION) for _ in range(3)]
        is_still_building = not reload.done()
        embedder.let_go()
        report = await reload
        after = await service.ask(QUESTION)

    assert is_still_building
    assert {answer.generation for answer in during} == {first.generation}
    assert after.generation == report.generation != first.generation


async def test_a_change_that_needs_a_yes_is_left_alone_at_the_start(
    corpus_folder: Path, library: Library, tmp_path: Path
):
    remove(corpus_folder, "*.txt")
    fresh = Library(corpus=corpus_folder, data=tmp_path / "data", embedder=library.embedder)

    with logged() as log:
        async with serving(fresh) as service:
            told = await log.line("2 of 6 documents would go away")
            documents_before_yes = len(service.documents())
            await asyncio.to_thread(fresh.reload, yes=True)
            documents_after_yes = len(service.documents())

    assert told.levelname == "WARNING"
    assert (documents_before_yes, documents_after_yes) == (6, 4)


async def test_a_reload_that_fails_leaves_the_old_generation(corpus_folder: Path, library: Library):
    async with serving(library) as service:
        before = await service.ask(QUESTION)
        remove(corpus_folder, "*.*")
        with pytest.raises(CorpusError):
            await service.reload()
        after = await service.ask(QUESTION)

    assert after.generation == before.generation


# ---- other processes


async def test_a_generation_that_another_process_makes_current_is_noticed(
    corpus_folder: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(service_module, "REFRESH_S", 0.01)
    watched = WatchedLibrary(corpus_folder, tmp_path / "data")

    async with serving(watched) as service:
        before = await service.ask(QUESTION)
        watched.has_changed.clear()
        add_document(corpus_folder)
        report = library.reload()
        assert await asyncio.to_thread(watched.has_changed.wait, PATIENCE_S)
        after = await service.ask(QUESTION)

    assert after.generation == report.generation != before.generation


async def test_an_index_that_another_process_builds_ends_the_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service_module, "REFRESH_S", 0.01)
    folder = tmp_path / "corpus"
    folder.mkdir()
    library = Library(corpus=folder, data=tmp_path / "data", embedder=WordEmbedder())

    async with serving(library) as service:
        with pytest.raises(CorpusError):
            await service.ask("How loud does a blue whale sing?")
        add_document(folder, "whales.md")
        Library(corpus=folder, data=tmp_path / "data", embedder=WordEmbedder()).reload()
        await asyncio.wait_for(service._ready.wait(), PATIENCE_S)
        answer = await service.ask("How loud does a blue whale sing?")

    assert answer.quotes[0].citation.document == "whales"


# ---- closing


async def test_closing_during_a_build_ends_it_with_its_batch(
    corpus_folder: Path, held_library: Library, held: HeldEmbedder
):
    for number in range(20):
        add_document(corpus_folder, f"extra-{number}.md", f"# Extra {number}\n\nSome words about number {number}.\n")

    async with serving(held_library):
        await held.held_up()
        closing_thread = [thread for thread in threading.enumerate() if thread.name.startswith("build")]
    held.let_go()
    for thread in closing_thread:
        await asyncio.to_thread(thread.join, PATIENCE_S)

    assert closing_thread
    assert not any(thread.is_alive() for thread in closing_thread)
    assert held_library.open() is not None
    assert 0 < held.embedded_passages < 20


async def test_closing_twice_and_without_a_start_does_no_harm(library: Library):
    service = AnswerService(library)

    await service.close()
    await service.close()


# ---- what is logged and told


async def test_the_log_tells_the_answers_story_without_the_question(library: Library, caplog: pytest.LogCaptureFixture):
    async with serving(library) as service:
        with caplog.at_level(logging.INFO):
            await service.ask("When was the SECRET lighthouse built?")
            at_info = caplog.text
        with caplog.at_level(logging.DEBUG):
            await service.ask("When was the SECRET lighthouse built?")

    assert "answered verdict=" in at_info
    assert "SECRET" not in at_info
    assert "SECRET" in caplog.text


async def test_the_status_is_the_librarys(library: Library):
    async with serving(library) as service:
        status = await service.status()

    assert (status.documents, status.model) == (6, "words")

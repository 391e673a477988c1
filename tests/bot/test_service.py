"""The service keeps answering, whatever goes on behind it."""

from __future__ import annotations

import asyncio
import io
import logging
import re
import threading
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import service as service_module
from bot.records import BY_BOT
from bot.service import AnswerService, NotReadyError
from bot.turns import NOBODY, Asker, BusyError, CoolDown, CoolDownError, Turns
from index import (
    Answer,
    CorpusError,
    HistoryError,
    Length,
    Libraries,
    Library,
    LibraryBusyError,
    RetrievalError,
    UnknownDocumentError,
    Verdict,
)
from tests.bot.embedders import PATIENCE_S, HeldEmbedder
from tests.conftest import libraries_over
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
    service = AnswerService(libraries_over(library))
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


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what another thread brings about."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110  (it is another thread that brings it about)
            await asyncio.sleep(0.01)


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
        assert await service.documents() == ()
        held.let_go()

        assert (await question).verdict is Verdict.ANSWERED
        assert len(await service.documents()) == 6


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
            documents_before_yes = len(await service.documents())
            await asyncio.to_thread(fresh.reload, yes=True)
            documents_after_yes = len(await service.documents())

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


async def test_a_rollback_while_a_watcher_looks_for_changes_holds(
    library: Library, corpus_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    first, looks, may_go_on = library.generation.id, threading.Event(), threading.Event()
    add_document(corpus_folder)
    library.reload()

    def changed() -> bool:
        looks.set()
        return may_go_on.wait(PATIENCE_S)

    async with serving(library) as service:
        await service.ask(QUESTION)
        add_document(corpus_folder, "whales.md")
        monkeypatch.setattr(library, "may_reload_itself", changed)
        watcher = asyncio.create_task(service._take_in_changes())
        assert await asyncio.to_thread(looks.wait, PATIENCE_S)
        rollback = asyncio.create_task(service._build(None, lambda: library.rollback(first)))
        await asyncio.sleep(0)  # now it is next
        may_go_on.set()
        await asyncio.gather(watcher, rollback)
        status = await service.status()

    assert (status.generation, status.is_held) == (first, True)


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
    service = AnswerService(libraries_over(library))

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


# ---- turns


class SlowLibraries:
    """Says whose question it was, when it may."""

    def __init__(self, libraries: Libraries) -> None:
        self.asked: list[str] = []
        self.may_go_on = threading.Event()
        self._ask = libraries.ask

    def ask(self, question: str, **more: Any) -> Answer:
        assert self.may_go_on.wait(PATIENCE_S)
        self.asked.append(question)
        return self._ask(QUESTION)


@asynccontextmanager
async def held_service(library: Library, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Any, SlowLibraries]]:
    """A service whose thread waits for the test, as soon as it is ready."""
    async with serving(library) as service:
        await service.ask(QUESTION)
        slow = SlowLibraries(service.libraries)
        monkeypatch.setattr(service.libraries, "ask", slow.ask)
        try:
            yield service, slow
        finally:
            slow.may_go_on.set()


async def asked_by(service: AnswerService, *askers: str) -> list[asyncio.Task[Answer]]:
    """Questions, each under its asker's name, such as `a1`: person 1 of server a."""
    tasks = [
        asyncio.create_task(service.ask(name, asker=Asker(ord(name[0]), int(name[1:].split("'")[0]))))
        for name in askers
    ]
    await asyncio.sleep(0)
    return tasks


async def test_servers_and_people_take_turns(library: Library, monkeypatch: pytest.MonkeyPatch):
    async with held_service(library, monkeypatch) as (service, slow):
        tasks = await asked_by(service, "a1", "a1'", "a1''", "a2", "a2'", "b3", "b3'", "c4")
        slow.may_go_on.set()
        await asyncio.gather(*tasks)

    assert slow.asked == ["a1", "a1'", "b3", "c4", "a2", "b3'", "a1''", "a2'"]


async def test_a_full_queue_tells_people_when_to_come_back(library: Library, monkeypatch: pytest.MonkeyPatch):
    async with held_service(library, monkeypatch) as (service, slow):
        service.turns = Turns(limit=4)
        tasks = await asked_by(service, "a1", "a2", "a3", "b4", "c5")
        with pytest.raises(BusyError) as busy:
            await service.ask("too much", asker=Asker(ord("d"), 6))
        slow.may_go_on.set()
        await asyncio.gather(*tasks)
        await service.ask("later", asker=Asker(ord("d"), 6))

    assert re.fullmatch(r"I am busy: .* try again in \d+ s\.", busy.value.user_message)
    assert slow.asked[-1] == "later"


async def test_one_server_fills_no_more_than_half_of_the_queue(library: Library, monkeypatch: pytest.MonkeyPatch):
    async with held_service(library, monkeypatch) as (service, slow):
        service.turns = Turns(limit=4)
        tasks = await asked_by(service, "a1", "a2", "a3")
        with pytest.raises(BusyError):
            await service.ask("too much", asker=Asker(ord("a"), 4))
        tasks += await asked_by(service, "b5", "b6")
        slow.may_go_on.set()
        await asyncio.gather(*tasks)

    assert len(slow.asked) == 5


async def test_who_gives_up_costs_the_others_no_turn(library: Library, monkeypatch: pytest.MonkeyPatch):
    async with held_service(library, monkeypatch) as (service, slow):
        first, second, third = await asked_by(service, "a1", "a2", "a3")
        second.cancel()
        slow.may_go_on.set()
        await asyncio.gather(first, third)
        await service.ask("next")

    assert second.cancelled()
    assert slow.asked == ["a1", "a3", "next"]


async def test_the_time_to_wait_follows_how_long_questions_take():
    now_s = 0.0
    turns = Turns(limit=2, clock=lambda: now_s)

    for _ in range(100):
        async with turns.turn(NOBODY):
            now_s += 7.0
    async with turns.turn(NOBODY):
        waiting = [asyncio.create_task(turns._wait(Asker(server_id, 1))) for server_id in (1, 2)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError) as busy:
            turns.check_room(Asker(3, 1))
        turns.close()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert "try again in 21 s" in busy.value.user_message


async def test_a_person_who_asks_a_lot_cools_down_and_others_do_not():
    now_s = 0.0
    cool_down = CoolDown(at_once=3, every_s=10.0, clock=lambda: now_s)

    for _ in range(3):
        cool_down.count(1)
    with pytest.raises(CoolDownError) as early:
        cool_down.count(1)
    cool_down.count(2)
    now_s = 10.0
    cool_down.count(1)
    with pytest.raises(CoolDownError):
        cool_down.count(1)

    assert "ask again in 10 s" in early.value.user_message


async def test_a_cool_down_counts_refusals_until_the_person_was_quiet():
    now_s, times = 0.0, []
    cool_down = CoolDown(at_once=1, every_s=10.0, clock=lambda: now_s)

    for moment_s in (0.0, 1.0, 2.0, 10.0, 11.0, 30.0, 31.0):
        now_s = moment_s
        try:
            cool_down.count(1)
        except CoolDownError as error:
            times.append((moment_s, error.times))

    assert times == [(1.0, 1), (2.0, 2), (11.0, 1), (31.0, 1)]


async def test_a_cool_down_forgets_people():
    now_s = 0.0
    cool_down = CoolDown(at_once=3, every_s=10.0, clock=lambda: now_s)
    for person_id in range(100):
        cool_down.count(person_id)
    now_s = 20.0

    cool_down.count(7)

    assert set(cool_down._free_at_s) == {7}


# ---- servers

ADA, BOB = 70, 80
WHALES = b"# Songs of whales\n\nA blue whale sings at 188 decibels.\n"
LOUD = "How loud does a blue whale sing?"


async def test_what_a_server_adds_is_answered_there_and_nowhere_else(library: Library):
    async with serving(library) as service:
        await service.ask(QUESTION)
        added = await service.add(ADA, "whales.md", WHALES, by="Ada")
        there = await service.ask(LOUD, guild_id=ADA)
        elsewhere = [await service.ask(LOUD, guild_id=guild_id) for guild_id in (BOB, None)]
        more = await service.quotes(LOUD, guild_id=ADA)

    assert (added.report.made_current, there.verdict) == (True, Verdict.ANSWERED)
    assert there.quotes[0].citation.document == more.quotes[0].citation.document == "server/whales"
    assert {answer.verdict for answer in elsewhere} == {Verdict.NOT_COVERED}


async def all_that_is_told(service: AnswerService, guild_id: int | None, named: str, key: str) -> dict[str, Any]:
    """Whatever of a document the service tells a server, by each of its doors."""
    entries = await service.documents(guild_id)
    answers = [await service.ask(LOUD, guild_id=guild_id, nearest=True), await service.quotes(LOUD, guild_id=guild_id)]
    return {
        "documents": [entry.id for entry in entries if entry.id == named],
        "found": [word for word in (named, key, "Songs of whales") if await service.find_document(word, guild_id)],
        "document": await service.document(named, guild_id),
        "original": await service.original(named, limit_bytes=10_000, guild_id=guild_id),
        "suggested": [text for text in await service.suggest("", count=50, guild_id=guild_id) if "whales" in text],
        "quoted": [quote for answer in answers for quote in answer.quotes if "blue whale" in quote.text],
        "near": [title for answer in answers for title in answer.nearest_titles if "whales" in title],
        "exported": b"whales.md" in await service.export(guild_id) if guild_id else False,
        "history": await service.history(guild_id) if guild_id else (),
        "counted": (await service.status(guild_id)).documents if guild_id else 0,
    }


async def test_no_door_shows_a_server_what_another_has_added(library: Library):
    async with serving(library) as service:
        await service.ask(QUESTION)
        await service.add(ADA, "whales.md", WHALES)
        key = next(entry.key for entry in await service.documents(ADA) if entry.id == "server/whales")
        own, other, nobodys = [
            await all_that_is_told(service, guild_id, "server/whales", key) for guild_id in (ADA, BOB, None)
        ]
        with pytest.raises(UnknownDocumentError):
            await service.ask(LOUD, guild_id=BOB, within="server/whales")
        with pytest.raises(UnknownDocumentError):
            await service.remove(BOB, "server/whales")
        with pytest.raises(HistoryError):
            await service.rollback((await service.history(ADA))[0].generation, BOB)
        still_there = await service.document("server/whales", ADA)

    assert all(own.values())
    assert not any(other.values())
    assert not any(nobodys.values())
    assert still_there is not None


async def test_a_servers_originals_can_be_had_exported_and_forgotten(library: Library, tmp_path: Path):
    async with serving(library) as service:
        await service.ask(QUESTION)
        await service.add(ADA, "whales.md", WHALES)
        original = await service.original("server/whales", limit_bytes=10_000, guild_id=ADA)
        archive = zipfile.ZipFile(io.BytesIO(await service.export(ADA)))
        await service.forget(ADA)
        after = await service.ask(LOUD, guild_id=ADA)

    assert original == ("whales.md", WHALES)
    assert archive.read("whales.md") == WHALES
    assert after.verdict is Verdict.NOT_COVERED
    assert list((tmp_path / "data" / "servers").iterdir()) == []


async def test_a_server_can_look_before_and_go_back_after(library: Library):
    async with serving(library) as service:
        await service.ask(QUESTION)
        await service.add(ADA, "whales.md", WHALES)
        await service.remove(ADA, "server/whales", by="Bob")
        gone = await service.documents(ADA)
        await service.rollback(guild_id=ADA, by="Ada")
        back = await service.documents(ADA)
        add_document(service.libraries.server(ADA).corpus, "otters.md")
        report = await service.prepare(ADA)
        await service.discard(report.generation, ADA)
        still = await service.documents(ADA)
        report = await service.prepare(ADA)
        await service.make_current(report.generation, ADA)
        again = await service.documents(ADA)

    assert [len(entries) for entries in (gone, back, still, again)] == [6, 7, 7, 8]
    assert report.added == ("server/otters",)


async def test_a_second_reload_of_a_library_is_told_of_the_first(corpus_folder: Path, tmp_path: Path):
    embedder = HeldEmbedder()
    library = Library(corpus=corpus_folder, data=tmp_path / "data", embedder=embedder)
    library.reload()
    add_document(corpus_folder)
    embedder.hold()

    async with serving(library) as service, asyncio.timeout(30):  # its start takes in the new document
        await embedder.held_up()
        with pytest.raises(LibraryBusyError):
            await service.prepare(by="Bob")
        running, elsewhere = await service.running(), await service.running(ADA)
        embedder.let_go()
        while await service.running() is not None:  # noqa: ASYNC110 (what files say has no event)
            await asyncio.sleep(0.01)

    assert running is not None
    assert (running.by, elsewhere) == (BY_BOT, None)


async def test_a_review_waits_for_no_servers_added_document(corpus_folder: Path, tmp_path: Path):
    embedder = HeldEmbedder()
    library = Library(corpus=corpus_folder, data=tmp_path / "data", embedder=embedder)
    async with serving(library) as service:
        await service.until_ready()
        embedder.hold()
        adding = asyncio.create_task(service.add(ADA, "whales.md", WHALES))
        await embedder.held_up()

        groups = await service.grouped([QUESTION, "Who feeds the bees?", QUESTION])
        was_adding = not adding.done()
        embedder.let_go()
        await adding

    assert groups == ((0, 2), (1,))
    assert was_adding


async def test_a_long_reload_of_the_shared_corpus_holds_no_server_up(corpus_folder: Path, tmp_path: Path):
    embedder = HeldEmbedder()
    library = Library(corpus=corpus_folder, data=tmp_path / "data", embedder=embedder)
    library.reload()

    async with serving(library) as service:
        await service.ask(QUESTION)
        add_document(corpus_folder)
        embedder.hold()
        reload = asyncio.create_task(service.reload())
        await embedder.held_up()
        server = service.libraries.server(ADA)
        server.embedder = WordEmbedder()  # the same model, which nothing holds
        await service.add(ADA, "whales.md", WHALES)
        is_still_building = not reload.done()
        embedder.let_go()
        await reload

    assert is_still_building


async def test_what_was_stored_before_a_crash_is_taken_in_at_the_start(library: Library, tmp_path: Path):
    documents = tmp_path / "data" / "servers" / str(ADA) / "documents"
    documents.mkdir(parents=True)
    (documents / "whales.md").write_bytes(WHALES)
    (documents / ".incoming").mkdir()
    (documents / ".incoming" / "otters.md").write_bytes(b"Half a docum")

    async with serving(library) as service:
        await until(lambda: service.libraries.server(ADA).opened is not None)
        answer = await service.ask(LOUD, guild_id=ADA)
        named = [entry.id for entry in await service.documents(ADA)]

    assert answer.quotes[0].citation.document == "server/whales"
    assert [name for name in named if name.startswith("server/")] == ["server/whales"]


async def test_a_removal_that_a_crash_cut_short_is_finished_at_the_start(library: Library):
    server = libraries_over(library).server(ADA)
    server.add("whales.md", WHALES)
    server.add("otters.md", b"# Otters\n\nOtters hold hands while they sleep.\n")
    (server.corpus / "whales.md").unlink()

    async with serving(library) as service:
        await until(lambda: not service.libraries.server(ADA).may_reload_itself())
        await service._build(ADA, lambda: None)
        named = [entry.id for entry in await service.documents(ADA)]

    assert [name for name in named if name.startswith("server/")] == ["server/otters"]


async def test_a_server_that_rolled_back_stays_there_through_a_restart(library: Library):
    server = libraries_over(library).server(ADA)
    server.add("whales.md", WHALES)
    server.remove("server/whales")
    server.rollback()

    async with serving(library) as service:
        await service.ask(QUESTION)
        await service._build(ADA, lambda: None)  # behind whatever the start does for servers
        named = [entry.id for entry in await service.documents(ADA)]

    assert named[-1] == "server/whales"


async def test_what_the_terminal_adds_to_a_server_is_noticed(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(service_module, "REFRESH_S", 0.01)

    async with serving(library) as service:
        await service.ask(QUESTION)
        await service.add(ADA, "whales.md", WHALES)
        terminal = libraries_over(library).server(ADA)
        await asyncio.to_thread(terminal.add, "otters.md", b"# Otters\n\nOtters hold hands while they sleep.\n")
        server = service.libraries.server(ADA)
        await until(lambda: server.generation.id == terminal.generation.id)
        answer = await service.ask("Do otters hold hands?", guild_id=ADA)

    assert answer.quotes[0].citation.document == "server/otters"


# ---- summaries


async def test_summaries_are_those_of_the_library(library: Library):
    async with serving(library) as service:
        document = await service.summarize_document("sea/lighthouse", length=Length.LONG)
        topic = await service.summarize_topic("the lighthouse of Grey Skerry", length=Length.SHORT)
        corpus = await service.summarize_corpus()
        dated = await service.timeline("the lighthouse of Grey Skerry")
        compared = await service.compare("sea/lighthouse", "garden/bees")

    assert document.quotes == library.summarize_document("sea/lighthouse", length=Length.LONG).quotes
    assert topic.quotes == library.summarize_topic("the lighthouse of Grey Skerry", length=Length.SHORT).quotes
    assert corpus.themes == library.summarize_corpus().themes
    assert dated.dates == library.timeline("the lighthouse of Grey Skerry").dates
    assert compared.pairs == library.compare("sea/lighthouse", "garden/bees").pairs


async def test_messages_are_summed_up_and_not_kept(library: Library, tmp_path: Path):
    messages = ["The clocks have to be mended before Saturday.", "ok"]
    async with serving(library) as service:
        extracts = await service.summarize_texts(messages, length=Length.SHORT)

    assert messages[extracts[0].text][slice(*extracts[0].span)] == messages[0]
    kept = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert kept
    assert not any(b"clocks have to be mended before" in path.read_bytes() for path in kept)


async def test_a_summary_runs_on_the_thread_of_questions(library: Library, monkeypatch: pytest.MonkeyPatch):
    threads: list[str] = []
    summarize = library.summarize_corpus

    def watched(**more: Any) -> Any:
        threads.append(threading.current_thread().name)
        return summarize(**more)

    monkeypatch.setattr(library, "summarize_corpus", watched)
    async with serving(library) as service:
        await service.summarize_corpus()

    assert [name.rsplit("_", 1)[0] for name in threads] == ["ask"]


async def test_what_is_summed_up_is_not_logged_above_debug(library: Library):
    async with serving(library) as service:
        with logged() as lines:
            await service.summarize_topic("the lighthouse of Grey Skerry")
            await service.timeline("the lighthouse of Grey Skerry")

    messages = [record.getMessage() for record in lines.records]
    assert [message for message in messages if message.startswith("summarized kind=topic verdict=answered quotes=")]
    assert not any("Skerry" in message for message in messages)


async def test_a_summary_of_a_document_that_is_not_there_says_so(library: Library):
    async with serving(library) as service:
        with pytest.raises(UnknownDocumentError):
            await service.summarize_document("nowhere")


async def test_a_server_has_its_own_documents_summed_up_too_and_no_other_has(library: Library):
    async with serving(library) as service:
        await service.ask(QUESTION)
        await service.add(ADA, "whales.md", WHALES)
        own = await service.summarize_document("server/whales", guild_id=ADA)
        shared = await service.summarize_document("sea/lighthouse", guild_id=ADA)
        topic = await service.summarize_topic(LOUD, guild_id=ADA)
        corpus = await service.summarize_corpus(guild_id=ADA)
        compared = await service.compare("server/whales", "garden/bees", guild_id=ADA)
        dated = await service.timeline("the lighthouse of Grey Skerry", guild_id=ADA)
        with pytest.raises(UnknownDocumentError):
            await service.summarize_document("server/whales", guild_id=BOB)
        elsewhere = [await service.summarize_topic(LOUD, guild_id=guild_id) for guild_id in (BOB, None)]

    assert [quote.text for quote in own.quotes] == ["A blue whale sings at 188 decibels."]
    assert shared.quotes == library.summarize_document("sea/lighthouse").quotes
    assert [quote.citation.document for quote in topic.quotes] == ["server/whales"]
    assert "Songs of whales" in [title for theme in corpus.themes for title in theme.titles]
    assert compared.titles == ("Songs of whales", "Keeping bees")
    assert dated.dates == library.timeline("the lighthouse of Grey Skerry").dates
    assert {summary.verdict for summary in elsewhere} == {Verdict.NOT_COVERED}

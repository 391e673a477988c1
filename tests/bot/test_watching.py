"""With `CORPUS_WATCH`, files that change are taken in, unless somebody should have a say."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot import watching
from bot.service import AnswerService
from index import Library, LibraryStatus, ReloadReport
from tests.bot.test_service import add_document, remove, until
from tests.conftest import libraries_over
from tests.index.test_library import another
from tests.wire.bots import logged

pytestmark = pytest.mark.asyncio(loop_scope="function")

LOUD = "How loud does a blue whale sing?"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "QUIET_MS", 50)
    monkeypatch.setattr(watching, "LOOK_AGAIN_MS", 100)


def report_of(status: LibraryStatus) -> ReloadReport:
    """What waits for a yes."""
    assert status.prepared is not None
    return status.prepared


@asynccontextmanager
async def watched(library: Library) -> AsyncIterator[AnswerService]:
    """A service that watches the library's corpus."""
    service = AnswerService(libraries_over(library), watches=True)
    service.start()
    try:
        await service.ask("What is this about?")
        await asyncio.sleep(0.3)  # the system takes a moment to begin to watch, and tells nobody when it does
        yield service
    finally:
        await service.close()


async def test_a_file_that_changes_is_taken_in(library: Library):
    async with watched(library) as service:
        add_document(library.corpus)
        await until(lambda: any(entry.id == "sea/whales" for entry in service.library.documents()))
        answer = await service.ask(LOUD)

    assert answer.quotes[0].citation.document == "sea/whales"
    assert library.history()[0].by == "the bot"


async def test_a_folder_that_goes_and_comes_again_is_watched_again(library: Library):
    away = library.corpus.with_name("away")

    async with watched(library) as service:
        library.corpus.rename(away)
        await asyncio.sleep(0.3)
        shutil.copytree(away, library.corpus)
        await asyncio.sleep(0.5)
        add_document(library.corpus)
        await until(lambda: any(entry.id == "sea/whales" for entry in service.library.documents()))
        answer = await service.ask(LOUD)

    assert answer.quotes[0].citation.document == "sea/whales"


async def test_a_risky_change_is_left_alone_logged_and_told_in_the_status(library: Library):
    before = library.generation.id

    with logged() as log:
        async with watched(library) as service:
            remove(library.corpus, "*.txt")
            line = await log.line("2 of 6 documents would go away")
            current, status = service.library.generation.id, await service.status()
            add_document(library.corpus)
            await until(lambda: (service.library.prepared() or report_of(status)).added == ("sea/whales",))
            later = service.library.generation.id

    assert line.levelname == "WARNING"
    assert current == later == before
    assert report_of(status).removed == ("crafts/glass", "games/chess-club")


async def test_what_somebody_rolled_back_to_is_left_alone(library: Library):
    add_document(library.corpus)
    library.reload()
    old = library.rollback()

    async with watched(library) as service:
        add_document(library.corpus, "otters.md", "# Otters\n\nOtters hold hands while they sleep.\n")
        await asyncio.sleep(0.5)
        held = service.library.generation.id
        report = await service.reload()

    assert held == old
    assert (report.made_current, len(report.added)) == (True, 2)


async def test_a_file_that_newly_cannot_be_read_waits_and_is_taken_in_when_it_is_mended(
    library: Library, caplog: pytest.LogCaptureFixture
):
    async with watched(library) as service:
        with caplog.at_level(logging.WARNING):
            (library.corpus / "whales.md").write_bytes(b"\xff half written")
            await until(lambda: service.library.prepared() is not None)
        before = service.library.generation.id
        add_document(library.corpus, "whales.md")
        await until(lambda: service.library.generation.id != before)
        answer = await service.ask(LOUD)

    assert answer.quotes[0].citation.document == "whales"
    assert another(library).prepared() is None


async def test_without_the_setting_nothing_is_watched(library: Library):
    service = AnswerService(libraries_over(library))
    service.start()
    try:
        await service.ask("What is this about?")
        names = [str(task.get_coro()) for task in service._tasks]
    finally:
        await service.close()

    assert not any("_watch" in name for name in names)

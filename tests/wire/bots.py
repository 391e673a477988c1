"""The real bot on the local Discord, over a library that needs no model."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp

from bot.client import DissentBot, run_bot
from bot.service import AnswerService
from bot.settings import Settings
from bot.state import State
from index import Library
from tests.conftest import libraries_over

from .clients import hurry, running
from .server import LocalDiscord
from .waiting import Changes
from .world import Channel, Message

ANSWERED = "When was the lighthouse built?"
UNCERTAIN = "Who kept the keepers?"
NOT_COVERED = "What is the price of bitcoin?"
BEST_SENTENCE = "The lighthouse on it was built from granite in 1862."


class HurriedBot(DissentBot):
    """The bot with discord.py's waits shortened, for where `run_bot` makes it."""

    def __init__(self, settings: Settings, service: AnswerService, state: State) -> None:
        super().__init__(settings, service, state)
        hurry(self)


def settings_for(local_discord: LocalDiscord, library: Library, data: Path, **more: Any) -> Settings:
    values: dict[str, Any] = {"corpus_dir": library.corpus, "data_dir": data, "discord_token": local_discord.token}
    return Settings(**values | more)


@asynccontextmanager
async def dissent_bot(
    local_discord: LocalDiscord,
    library: Library,
    data: Path,
    *,
    connector: aiohttp.TCPConnector | None = None,
    **settings: Any,
) -> AsyncIterator[DissentBot]:
    """The bot, logged in and ready. A second one with the same `data` is the same bot after a restart."""
    given = settings_for(local_discord, library, data, **settings)
    service = AnswerService(libraries_over(library))
    state = State(data / "bot.sqlite3", answers_kept_days=given.answers_kept_days)
    bot = DissentBot(given, service, state)
    if connector is not None:
        bot.http.connector = connector
    service.start()
    try:
        async with running(bot, local_discord.token):
            yield bot
    finally:
        await service.close()
        state.close()


@asynccontextmanager
async def bot_running(settings: Settings, library: Library) -> AsyncIterator[asyncio.Task[None]]:
    """`run_bot`, until the block is left."""
    state = State(settings.data_dir / "bot.sqlite3")
    task = asyncio.create_task(run_bot(settings, AnswerService(libraries_over(library)), state))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        state.close()


class LogLines(logging.Handler):
    """What the bot logs, to be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self._loop = asyncio.get_running_loop()
        self._changes = Changes(lambda: "\n".join(record.getMessage() for record in self.records))

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self._loop.call_soon_threadsafe(self._changes.announce)

    async def line(self, text: str) -> logging.LogRecord:
        """Wait for a line that has this text."""

        def look() -> logging.LogRecord | None:
            return next((record for record in self.records if text in record.getMessage()), None)

        return await self._changes.until(look, timeout_s=10.0, waiting_for=f"the log line {text!r}")

    @property
    def tracebacks(self) -> list[str]:
        """The lines that came with a traceback."""
        return [record.getMessage() for record in self.records if record.exc_info]


@contextmanager
def logged() -> Iterator[LogLines]:
    """The log, from INFO on, while the block runs."""
    lines, root = LogLines(), logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        root.setLevel(level)
        root.removeHandler(lines)


def in_use(extension: ModuleType) -> ModuleType:
    """The module that the running bot has of an extension: discord.py makes it anew for each bot."""
    return sys.modules[extension.__name__]


class NeverEnding:
    """Stands for a call that begins and never ends, as if the process died in the middle of it."""

    def __init__(self) -> None:
        self.has_begun = asyncio.Event()

    async def __call__(self, *_: object, **__: object) -> None:
        self.has_begun.set()
        await asyncio.Event().wait()


def said_by_the_bot(local_discord: LocalDiscord, channel: Channel) -> list[Message]:
    return [message for message in local_discord.messages_in(channel) if message.author_id == local_discord.bot.id]


async def done(bot: DissentBot) -> None:
    """Wait until the bot has nothing left that the next process would have to do."""
    async with asyncio.timeout(10):
        while await bot.state.pending():  # noqa: ASYNC110 (SQLite tells nobody)
            await asyncio.sleep(0.002)


async def remembered(bot: DissentBot, message: Message, *, is_forgotten: bool = False) -> Message:
    """Wait until the bot has noted what a message of its shows, as it long has when a person has read it."""
    async with asyncio.timeout(10):
        while (await bot.state.shown_in_message(message.id) is None) is not is_forgotten:  # noqa: ASYNC110 (SQLite tells nobody)
            await asyncio.sleep(0.002)
    return message

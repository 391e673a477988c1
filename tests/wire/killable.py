"""The bot in a process of its own, which can be killed as a power cut would."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import sqlite3
from collections.abc import Coroutine
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from bot import client
from bot.client import run_bot
from bot.ending import end_on_signals
from bot.service import AnswerService
from bot.settings import Settings
from bot.state import State
from bot.turns import Turns
from index import Library
from tests.conftest import libraries_over
from tests.fakes import WordEmbedder

from .bots import HurriedBot
from .clients import Address, pointed_at
from .server import LocalDiscord

HASTE = 0.05
"""A pause of the bot or of discord.py lasts this part of its real length: a schedule takes a second, not twenty."""

STOPPED_WITHIN_S = 10.0

NOTES = {
    "pending_questions": "interaction_id",
    "pending_presses": "interaction_id",
    "acknowledged": "interaction_id",
    "progress_messages": "message_id",
}
"""Where the bot notes what the next process has to do, and by which id."""

_processes = multiprocessing.get_context("forkserver")  # imports once, then each process starts in milliseconds
_processes.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True)
class _Job:
    address: Address
    token: str
    corpus: Path
    index: Path
    data: Path
    message_content: bool
    queue_limit: int | None


class KillableBot:
    """The bot, which is started, killed and started again over the same state.

    Args:
        discord: Where it logs in.
        library: Its corpus, and the index that is there already.
        data: The folder of its state and its log.
        message_content: Whether it has that intent.
        queue_limit: How many questions may wait; as many as usual, if not given.
    """

    def __init__(
        self,
        discord: LocalDiscord,
        library: Library,
        data: Path,
        *,
        message_content: bool = False,
        queue_limit: int | None = None,
    ) -> None:
        self._discord = discord
        self._job = _Job(
            Address.of(discord),
            discord.token,
            library.corpus,
            library.folder.parents[1],
            data,
            message_content,
            queue_limit,
        )
        self._process: BaseProcess | None = None

    async def start(self) -> None:
        """Start it and wait until it is on the gateway."""
        self._job.data.mkdir(exist_ok=True)
        identify_count = self._discord.gateway.identify_count
        self._process = _processes.Process(target=_run, args=(self._job,), daemon=True)
        self._process.start()
        await self._discord.connected(identify_count=identify_count + 1, timeout_s=30)

    async def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.kill()
            await self._ended()

    async def stop(self) -> None:
        """End it as a service manager does: with a signal that it hears, and later with one that it does not."""
        if self._process is not None:
            self._process.terminate()
            await asyncio.to_thread(self._process.join, STOPPED_WITHIN_S)
            self._process.kill()
            await self._ended()

    async def _ended(self) -> None:
        assert self._process is not None
        await asyncio.to_thread(self._process.join)
        self._process.close()
        self._process = None

    def pending_ids(self) -> set[int]:
        """Which questions, presses, commands and messages the bot has noted to answer or to bring to an end."""
        with closing(sqlite3.connect(self._job.data / "bot.sqlite3")) as state:
            return {
                number for table, name in NOTES.items() for (number,) in state.execute(f"SELECT {name} FROM {table}")
            }

    def followed_ids(self) -> set[int]:
        """The messages whose replies the bot has noted, so that they follow edits and deletions."""
        with closing(sqlite3.connect(self._job.data / "bot.sqlite3")) as state:
            rows = state.execute(
                "SELECT question_message_id FROM shown_answers WHERE message_id IS NOT NULL"
                " UNION SELECT question_message_id FROM plain_replies"
            )
            return {number for (number,) in rows}

    def log(self) -> str:
        """Everything that it logged, over all starts."""
        return _log_file(self._job).read_text(encoding="utf-8")


def _log_file(job: _Job) -> Path:
    return job.data / "bot.log"


def _run(job: _Job) -> None:
    logging.basicConfig(filename=_log_file(job), level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    client.DissentBot = HurriedBot  # type: ignore[misc]
    asyncio.sleep = _hurried(asyncio.sleep)
    with pointed_at(job.address), suppress(asyncio.CancelledError):
        asyncio.run(_serve(job))


async def _serve(job: _Job) -> None:
    end_on_signals()
    settings = Settings(
        corpus_dir=job.corpus, data_dir=job.data, discord_token=job.token, message_content=job.message_content
    )
    library = Library(corpus=job.corpus, data=job.index, embedder=WordEmbedder())
    state = State(job.data / "bot.sqlite3")
    service = AnswerService(libraries_over(library))
    if job.queue_limit is not None:
        service.turns = Turns(limit=job.queue_limit)
    try:
        await run_bot(settings, service, state)
    finally:
        state.close()


def _hurried(sleep: Any) -> Any:
    def hurried_sleep(delay: float, result: object = None) -> Coroutine[Any, Any, object]:
        pause: Coroutine[Any, Any, object] = sleep(delay * HASTE, result)
        return pause

    return hurried_sleep

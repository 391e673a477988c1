"""What tests of moderators' commands share."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.client import DissentBot
from bot.records import Record
from bot.state import Asked
from index import Library

from .interactions import Interaction
from .server import LocalDiscord
from .world import Channel, Message, Person

QUOBBLERS = b"# The Quobbler Almanac\n\n## How quobblers nest\n\nQuobblers nest in hollow dunes and hum at dawn.\n"
QUOBBLER_QUESTION = "Where do quobblers nest and hum at dawn?"


async def manage(
    local_discord: LocalDiscord,
    path: str,
    *,
    user: Person | None = None,
    channel: Channel | None = None,
    **options: object,
) -> Interaction:
    """Run one of the moderators' commands."""
    moderator = user or local_discord.moderator
    return await local_discord.slash(f"manage {path}", user=moderator, channel=channel, options=options)


async def told(local_discord: LocalDiscord, path: str, **options: object) -> Message:
    """What a command's reply says."""
    return await (await manage(local_discord, path, **options)).answer()  # type: ignore[arg-type]


async def make_golden(bot: DissentBot, guild_id: int, question: str, document: str, title: str = "T") -> None:
    """A golden question, made of one that somebody has asked."""
    await bot.state.note_uncovered(Asked(question, 1, guild_id, 1), ())
    assert await bot.state.add_golden(guild_id, question, document, title)
    noted = await bot.state.unserved(guild_id, count=1000)
    await bot.state.note_reviewed(guild_id, [item.ref for item in noted if item.question == question])


async def ended(local_discord: LocalDiscord, message: Message, *, says: str, timeout_s: float = 10.0) -> Message:
    """A message once it says something."""

    def look() -> Message | None:
        now = local_discord.current(message)
        return now if now is not None and says in now.text else None

    return await local_discord.until(look, timeout_s=timeout_s, waiting_for=f"a message that says {says!r}")


async def deeds(bot: DissentBot, guild_id: int, *, count: int | None = None) -> list[Record]:
    """A server's audit log, the oldest first; waits for so many lines that say how it ended."""
    async with asyncio.timeout(10):
        while True:
            found, total = await bot.state.deeds(guild_id, first=0, count=100)
            if count is None or (total >= count and all(record.is_done for record in found)):
                return found[::-1]
            await asyncio.sleep(0.01)


@contextmanager
def held_back(
    library: Library, monkeypatch: pytest.MonkeyPatch, *, after_batches: int = 0
) -> Iterator[threading.Event]:
    """Whatever embeds, after so many batches, waits for the event, or for the end of the block."""
    go_on, embed = threading.Event(), library.embedder.embed_passages
    left = iter(range(after_batches))

    def wait_and_embed(passages):
        if next(left, None) is None:
            go_on.wait(20)
        return embed(passages)

    monkeypatch.setattr(library.embedder, "embed_passages", wait_and_embed)
    try:
        yield go_on
    finally:
        go_on.set()

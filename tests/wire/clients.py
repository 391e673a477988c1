"""How discord.py gets here, and how its waits are shortened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import yarl
from discord import Client
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from .rest import API_PATH
from .server import LocalDiscord

C = TypeVar("C", bound=Client)

# discord.py waits this long after the last GUILD_CREATE (2 s by default) before it calls itself ready.
GUILD_READY_TIMEOUT_S = 0.05


@dataclass(frozen=True, slots=True)
class Address:
    """Where a local Discord is found, by the bot in another process too."""

    http_url: str
    gateway_url: str
    cdn_url: str

    @classmethod
    def of(cls, local_discord: LocalDiscord) -> Address:
        return cls(local_discord.http_url, local_discord.gateway_url, local_discord.cdn_url)


@contextmanager
def pointed_at(local_discord: LocalDiscord | Address) -> Iterator[None]:
    """Point discord.py at the local Discord: three class attributes, nothing else.

    The webhook adapter uses `Route` too, RESUME goes where READY says, and attachments carry their own URLs.
    """
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE
    Route.BASE = local_discord.http_url + API_PATH
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(local_discord.gateway_url)
    Asset.BASE = local_discord.cdn_url
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE = before


def hurry(client: C) -> C:
    """Shorten a client's waits: 2 s until it is ready, 5 s before each IDENTIFY after the first."""

    async def identify_at_once(shard_id: int | None, *, initial: bool = False) -> None:
        return None

    # The same as Client(guild_ready_timeout=...) and overriding the hook, for clients that others build.
    client._connection.guild_ready_timeout = GUILD_READY_TIMEOUT_S
    client.before_identify_hook = identify_at_once  # type: ignore[method-assign]
    return client


@asynccontextmanager
async def running(client: C, token: str, *, timeout_s: float = 10.0) -> AsyncIterator[C]:
    """Run a client, its waits shortened, until the block is left; the block is entered when it is ready.

    Raises:
        Exception: Whatever ended the client before it was ready, such as `discord.LoginFailure`.
        TimeoutError: It was not ready in time.
    """
    async with hurry(client):
        run = asyncio.create_task(client.start(token), name="discord.py client")
        ready = asyncio.create_task(client.wait_until_ready())
        try:
            await asyncio.wait({run, ready}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if run.done():
                await run
            if not ready.done():
                raise TimeoutError(f"the client was not ready within {timeout_s} s")
            yield client
        finally:
            ready.cancel()
            await client.close()
            await asyncio.gather(run, ready, return_exceptions=True)

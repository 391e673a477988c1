"""The Discord client: intents, start, end."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import aiohttp
import discord
from discord.ext import commands, tasks

from bot import localisation
from bot.answers import Answers
from bot.fetching import Fetcher
from bot.service import AnswerService
from bot.settings import Settings
from bot.state import State
from bot.summaries import Summaries
from bot.tree import Tree

log = logging.getLogger(__name__)

EXTENSIONS = (
    "bot.cogs.ask",
    "bot.cogs.summary",
    "bot.cogs.messages",
    "bot.cogs.buttons",
    "bot.cogs.about",
    "bot.cogs.forget",
    "bot.cogs.settings",
    "bot.cogs.corpus",
    "bot.cogs.manage",
    "bot.cogs.leaving",
)

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    create_public_threads=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)
"""The smallest set with which every feature works; the README's invitation asks for these."""

RECONNECT_S = (5, 15, 30, 60)

AUTHENTICATION_FAILED = 4004
WRONG_TOKEN = (
    "Discord does not accept DISCORD_TOKEN. Copy the token again from the developer portal, under Bot, into .env."
)


class StartError(Exception):
    """The bot cannot run; the message says why and what to do, in one line."""


class DissentBot(commands.Bot):
    """Discord's side of the bot: thin; it asks `service` and renders."""

    def __init__(self, settings: Settings, service: AnswerService, state: State) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,  # no prefix commands exist; mentions are questions
            help_command=None,
            intents=intents(message_content=settings.message_content),
            allowed_mentions=discord.AllowedMentions.none(),
            tree_cls=Tree,
            chunk_guilds_at_startup=False,
            max_messages=None,
        )
        self.settings = settings
        self.service = service
        self.state = state
        self.answers = Answers(service, state)
        self.summaries = Summaries(self, self.answers)
        self.fetcher = Fetcher(settings.allow_urls)
        self._telling: asyncio.Task[None] | None = None

    async def setup_hook(self) -> None:
        """Load the features and tell Discord of commands that have changed."""
        await asyncio.to_thread(localisation.load)
        stopped = await self.state.acknowledged()  # before anybody can use a command of this process
        if stopped:
            self._telling = asyncio.create_task(self.answers.tell_stopped(self, stopped))
        for extension in EXTENSIONS:
            await self.load_extension(extension)
        if not isinstance(self.tree, Tree):
            raise TypeError("the command tree was replaced")
        await self.tree.sync_where_changed(self.state, self.settings.discord_guild_ids)
        self.clean_up.start()

    async def close(self) -> None:
        """Log out."""
        self.answers.is_closing = True
        self.clean_up.cancel()
        if self._telling is not None:
            self._telling.cancel()
        await super().close()

    @tasks.loop(hours=1)
    async def clean_up(self) -> None:
        """Forget what is too old to keep; at the start, then every hour, so that a day is a day."""
        if forgotten := await self.state.clean_up():
            log.info("cleaned up answers=%d", forgotten)

    async def on_ready(self) -> None:
        """Say where the bot is; called again after each fresh session."""
        reads_all = self.intents.message_content
        log.info("ready user=%s servers=%d message_content=%s", self.user, len(self.guilds), reads_all)

    async def on_message(self, message: discord.Message, /) -> None:
        """Messages are for the cogs; there are no prefix commands to look for."""


def intents(*, message_content: bool) -> discord.Intents:
    """Only what is needed: servers, and messages in them and in direct messages."""
    needed = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
    needed.message_content = message_content
    return needed


async def run_bot(settings: Settings, service: AnswerService, state: State) -> None:
    """Run until cancelled.

    Raises:
        StartError: The token is wrong, or Discord refuses the bot for good.
    """
    service.start()
    attempt = 0
    try:
        while True:
            try:
                async with DissentBot(settings, service, state) as bot:
                    await bot.start(settings.discord_token)
                return
            except discord.PrivilegedIntentsRequired:
                log.warning(
                    "MESSAGE_CONTENT=1, but the application may not read messages: switch on the Message Content "
                    "Intent in the developer portal under Bot. Going on without it: only mentions, replies that ping, "
                    "direct messages and slash commands are answered."
                )
                settings = replace(settings, message_content=False)
            except discord.LoginFailure:
                raise StartError(WRONG_TOKEN) from None
            except discord.ConnectionClosed as error:  # for good: discord.py reconnects where it may
                what = f"Discord ended the connection with code {error.code} and does not want the bot back."
                raise StartError(WRONG_TOKEN if error.code == AUTHENTICATION_FAILED else what) from None
            except (aiohttp.ClientConnectionError, OSError, discord.HTTPException, TimeoutError) as error:
                pause_s = RECONNECT_S[min(attempt, len(RECONNECT_S) - 1)]
                attempt += 1
                log.warning("Discord cannot be reached (%s). Trying again in %d s.", error, pause_s)
                await asyncio.sleep(pause_s)
    finally:
        await service.close()

"""What becomes of a server's documents and data when the bot is removed from it.

Discord tells a removal and an outage apart; only a removal counts. Nothing is deleted before Discord, asked once more,
says that the bot is not there.
"""

from __future__ import annotations

import logging

import discord
from discord.ext import commands, tasks

from bot.client import DissentBot
from bot.replies import SENDING_ERRORS
from bot.state import DAY_S

log = logging.getLogger(__name__)


class Leaving(commands.Cog):
    """Forgets servers, some time after the bot was removed from them."""

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot

    async def cog_unload(self) -> None:
        """Look no more."""
        self.forget_left.cancel()

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed; discord.py does not call this where a server is only unavailable."""
        log.info("removed from guild=%d", guild.id)
        await self.bot.state.note_left(guild.id)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """The bot is back: all is as it was."""
        await self.bot.state.note_back(guild.id)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Notice what happened while the bot was not running. Unavailable servers are among its servers, too."""
        present = {guild.id for guild in self.bot.guilds}
        known = {*await self.bot.state.known_guilds(), *await self.bot.service.server_ids()}
        for guild_id in sorted(known):
            note = self.bot.state.note_back if guild_id in present else self.bot.state.note_left
            await note(guild_id)
        if not self.bot.answers.is_closing and not self.forget_left.is_running():
            self.forget_left.start()

    @tasks.loop(hours=24)
    async def forget_left(self) -> None:
        """Forget the servers that the bot was removed from long enough ago."""
        for guild_id in await self.bot.state.left_for(self.bot.settings.forget_servers_after_days * DAY_S):
            try:
                if await self._is_there(guild_id):
                    await self.bot.state.note_back(guild_id)
                    continue
                await self.bot.service.forget(guild_id)
                await self.bot.state.forget_guild(guild_id)
                log.info("forgot guild=%d, which I was removed from", guild_id)
            except SENDING_ERRORS as error:
                log.warning("guild=%d: cannot ask Discord whether I am there: %s", guild_id, error)
            except Exception:  # the others are to be forgotten all the same, and this one tomorrow
                log.exception("guild=%d cannot be forgotten", guild_id)

    async def _is_there(self, guild_id: int) -> bool:
        if self.bot.get_guild(guild_id) is not None:
            return True
        try:
            await self.bot.fetch_guild(guild_id)
        except (discord.NotFound, discord.Forbidden):
            return False
        return True


async def setup(bot: DissentBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Leaving(bot))

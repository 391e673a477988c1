"""`/manage`: moderators run the documents."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.client import DissentBot
from bot.cogs.auditing import Auditing
from bot.cogs.own_documents import OwnDocuments
from bot.cogs.reloading import Reloading
from bot.cogs.reviewing import Reviewing


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Manage(
    Reloading,
    OwnDocuments,
    Reviewing,
    Auditing,
    commands.GroupCog,
    group_name="manage",
    group_description="Run the documents",
):
    """All of `/manage`; its parts are in modules of their own."""

    def __init__(self, bot: DissentBot) -> None:
        super().__init__()
        self.bot = bot


async def setup(bot: DissentBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Manage(bot))

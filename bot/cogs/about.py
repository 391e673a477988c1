"""`/about` and `/help`: what the bot covers and is not, and what people can do with it."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.answers import guild_id_of
from bot.client import DissentBot
from bot.render.about import about_body
from bot.render.settings import help_body
from bot.replies import fill, think


class About(commands.Cog):
    """The bot's account of itself."""

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def about(self, interaction: discord.Interaction[DissentBot]) -> None:
        """What I cover, how I work, and what I am not."""
        await think(interaction, ephemeral=True)
        service, guild_id = self.bot.service, guild_id_of(interaction)
        settings = await self.bot.state.guild_settings(guild_id)
        body = about_body(await service.status(), await service.documents(guild_id), answer_days=settings.answer_days)
        await fill(interaction, body)

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def help(self, interaction: discord.Interaction[DissentBot]) -> None:
        """What you can do with me."""
        await think(interaction, ephemeral=True)
        await fill(interaction, help_body())


async def setup(bot: DissentBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(About(bot))

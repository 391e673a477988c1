"""`/corpus`: what the documents are, for everybody."""

from __future__ import annotations

from collections.abc import Mapping

import discord
from discord import app_commands
from discord.ext import commands

from bot.answers import guild_id_of
from bot.client import DissentBot
from bot.documents import document_choices, named_document
from bot.presses import Handler, Interaction, Press, PressCog
from bot.render.body import LibraryAction
from bot.render.corpus import list_body, show_body, status_body
from bot.replies import fill, think, update


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
class Corpus(PressCog, commands.GroupCog, group_name="corpus", group_description="What I answer from"):
    """The documents that whoever asks can see."""

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot

    def handlers(self) -> Mapping[LibraryAction, Handler]:
        """See `bot.presses`."""
        return {LibraryAction.LIST: self._turn}

    @app_commands.command(name="list")
    async def list_documents(self, interaction: Interaction) -> None:
        """List the documents that I answer from."""
        await think(interaction, ephemeral=True)
        await fill(interaction, list_body(await self.bot.service.documents(guild_id_of(interaction)), 0))

    async def _turn(self, interaction: Interaction, press: Press) -> None:
        await update(interaction)
        await fill(interaction, list_body(await self.bot.service.documents(guild_id_of(interaction)), press.page))

    @app_commands.command()
    @app_commands.describe(document="Which document")
    async def show(self, interaction: Interaction, document: str) -> None:
        """Show what is known of a document."""
        await think(interaction, ephemeral=True)
        guild_id = guild_id_of(interaction)
        entry = await named_document(self.bot.service, document, guild_id)
        await fill(interaction, show_body(entry, await self.bot.service.document(entry.id, guild_id)))

    @show.autocomplete("document")
    async def suggest_documents(
        self, interaction: discord.Interaction[DissentBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Documents by title."""
        return await document_choices(self.bot.service, typed, guild_id_of(interaction))

    @app_commands.command()
    async def status(self, interaction: Interaction) -> None:
        """Show how fresh my documents are, and whether they are being reloaded."""
        await think(interaction, ephemeral=True)
        guild_id = guild_id_of(interaction)
        own = await self.bot.service.status(guild_id) if guild_id is not None else None
        await fill(interaction, status_body(await self.bot.service.status(), own, guild_id))


async def setup(bot: DissentBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Corpus(bot))

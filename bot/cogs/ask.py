"""Ask a question by a command: `/ask`, and *Answer this message* in a message's menu."""

from __future__ import annotations

import asyncio

import discord
from discord import app_commands
from discord.ext import commands

from bot.answers import guild_id_of
from bot.client import DissentBot
from bot.documents import document_choices, named_document
from bot.localisation import N_, _
from bot.questions import text_of
from bot.render.body import Body
from bot.render.limits import CHOICE_TEXT, CHOICES, QUESTION, length
from bot.render.text import without_mention
from bot.replies import fill
from bot.state import Asked

ANSWER_THIS = N_("Answer this message")
NO_TEXT = N_("There is no text in that message that I could answer.")


class Ask(commands.Cog):
    """Questions and their answers."""

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot
        self._pending: asyncio.Task[None] | None = None
        self._menu = app_commands.ContextMenu(
            name=ANSWER_THIS,
            callback=self.answer_this,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
        )

    async def cog_load(self) -> None:
        """Take up what an earlier process left unanswered; what is asked from now on is none of that."""
        self.bot.tree.add_command(self._menu)
        pending = await self.bot.state.pending()
        if pending:
            self._pending = asyncio.create_task(self.bot.answers.answer_pending(self.bot, pending))

    async def cog_unload(self) -> None:
        """Leave what is still pending to the next start."""
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)
        if self._pending is not None:
            self._pending.cancel()

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.describe(
        question="What you want to know",
        document="Search only this document",
        private="Show the answer to you alone; you can share it afterwards",
    )
    async def ask(
        self,
        interaction: discord.Interaction[DissentBot],
        question: app_commands.Range[str, 1, QUESTION],
        document: str | None = None,
        private: bool | None = None,
    ) -> None:
        """Answer a question with quotes from the documents, and say where they stand."""
        entry = await named_document(self.bot.service, document, guild_id_of(interaction)) if document else None
        await self._answer_command(interaction, question, private=private, within=entry.id if entry else None)

    @ask.autocomplete("question")
    async def suggest_questions(
        self, interaction: discord.Interaction[DissentBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        """What is typed, then what the corpus answers; a question that is too long for a choice stays as it is."""
        if length(typed) > CHOICE_TEXT:
            return []
        suggested = await self.bot.service.suggest(typed, count=2 * CHOICES, guild_id=guild_id_of(interaction))
        found = [text for text in suggested if length(text) <= CHOICE_TEXT]
        texts = dict.fromkeys([typed, *found] if typed.strip() else found)
        return [app_commands.Choice(name=text, value=text) for text in texts][:CHOICES]

    @ask.autocomplete("document")
    async def suggest_documents(
        self, interaction: discord.Interaction[DissentBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Documents by title."""
        return await document_choices(self.bot.service, typed, guild_id_of(interaction))

    async def answer_this(self, interaction: discord.Interaction[DissentBot], message: discord.Message) -> None:
        """The context menu of a message."""
        question = without_mention(text_of(message), interaction.application_id)[:QUESTION]
        if not question:
            await fill(interaction, Body(_(NO_TEXT)))
            return
        author_id = message.author.id if message.author.id != interaction.user.id else None
        await self._answer_command(interaction, question, author_id=author_id)

    async def _answer_command(
        self,
        interaction: discord.Interaction[DissentBot],
        question: str,
        *,
        private: bool | None = None,
        within: str | None = None,
        author_id: int | None = None,
    ) -> None:
        guild_id = guild_id_of(interaction)
        if private is None:
            private = (await self.bot.state.guild_settings(guild_id)).private_by_default
        asked = Asked(
            question=question,
            asker_id=interaction.user.id,
            guild_id=guild_id,
            channel_id=interaction.channel_id or 0,
            within=within,
            is_private=private,
            author_id=author_id,
        )
        await self.bot.answers.answer_interaction(interaction, asked)


async def setup(bot: DissentBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Ask(bot))

"""Sum up in quotes: `/summary` of documents, topics, the corpus and messages, `/timeline`, `/compare`."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.answers import guild_id_of
from bot.client import DissentBot
from bot.conversations import (
    CHANNEL_MESSAGES,
    HOURS_AT_MOST,
    READ_AT_MOST,
    NotInThreadError,
    Window,
    check_may_read,
)
from bot.documents import document_choices, named_document
from bot.localisation import N_, _
from bot.render.body import Body
from bot.render.limits import QUESTION
from bot.render.picture import Look
from bot.replies import fill
from bot.state import Asked
from bot.summaries import Kind, Request
from index import Length

SAME_DOCUMENT = N_("Pick two different documents.")
HOW_LONG = N_("How long: 3, 6 or 12 sentences")
WHO_SEES_IT = N_("Show it to you alone; you can share it afterwards")

WHICH_LOOK = N_("The picture's colours, as I cannot see which theme you use; dark unless you say so")
HOW_MANY = N_("How many messages to read back, at most")
HOW_LATE = N_("Only what was written in the last so many hours")
WHO_SEES_MESSAGES = N_("Whether you alone see it, as is usual; False shows it to everybody here")

Interaction = discord.Interaction[DissentBot]
LengthOption = Literal["short", "medium", "long"]
LookOption = Literal["dark", "light"]
Topic = app_commands.Range[str, 1, QUESTION]
Messages = app_commands.Range[int, 10, READ_AT_MOST]
Hours = app_commands.Range[int, 1, HOURS_AT_MOST]

everywhere = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
for_everybody = app_commands.AppInstallationType(guild=True, user=True)


class Summary(commands.Cog):
    """Summaries whose every line is a quote."""

    summary = app_commands.Group(
        name="summary",
        description=N_("Sum up documents by their own sentences, each with its place"),
        allowed_contexts=everywhere,
        allowed_installs=for_everybody,
    )

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot

    @summary.command(name="document")
    @app_commands.describe(name="Which document", length=HOW_LONG, private=WHO_SEES_IT)
    async def document(
        self, interaction: Interaction, name: str, length: LengthOption = "medium", private: bool | None = None
    ) -> None:
        """Sum up one document."""
        entry = await named_document(self.bot.service, name, guild_id_of(interaction))
        await self._show(interaction, Request(Kind.DOCUMENT, Length(length), (entry,)), private)

    @summary.command(name="topic")
    @app_commands.describe(text="What it is to be about", length=HOW_LONG, private=WHO_SEES_IT)
    async def topic(
        self, interaction: Interaction, text: Topic, length: LengthOption = "medium", private: bool | None = None
    ) -> None:
        """Sum up what the documents say on a topic."""
        await self._show(interaction, Request(Kind.TOPIC, Length(length)), private, topic=text)

    @summary.command(name="corpus")
    @app_commands.describe(length=HOW_LONG, private=WHO_SEES_IT)
    async def corpus(
        self, interaction: Interaction, length: LengthOption = "medium", private: bool | None = None
    ) -> None:
        """Show what the documents are about, by theme."""
        await self._show(interaction, Request(Kind.CORPUS, Length(length)), private)

    @summary.command(name="channel")
    @app_commands.describe(messages=HOW_MANY, hours=HOW_LATE, length=HOW_LONG, private=WHO_SEES_MESSAGES)
    async def channel(
        self,
        interaction: Interaction,
        messages: Messages | None = None,
        hours: Hours | None = None,
        length: LengthOption = "medium",
        private: bool = True,
    ) -> None:
        """Sum up the last messages here, each line with its message."""
        default = READ_AT_MOST if hours else CHANNEL_MESSAGES
        await self._show_messages(interaction, Window(messages or default, hours), length, is_private=private)

    @summary.command(name="thread")
    @app_commands.describe(messages=HOW_MANY, hours=HOW_LATE, length=HOW_LONG, private=WHO_SEES_MESSAGES)
    async def thread(
        self,
        interaction: Interaction,
        messages: Messages | None = None,
        hours: Hours | None = None,
        length: LengthOption = "medium",
        private: bool = True,
    ) -> None:
        """Sum up this thread, each line with its message."""
        if interaction.guild is not None and not isinstance(interaction.channel, discord.Thread):
            raise NotInThreadError("not a thread")
        await self._show_messages(interaction, Window(messages or READ_AT_MOST, hours), length, is_private=private)

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.describe(topic="What it is to be about", length=HOW_LONG, look=WHICH_LOOK, private=WHO_SEES_IT)
    async def timeline(
        self,
        interaction: Interaction,
        topic: Topic,
        length: LengthOption = "medium",
        look: LookOption | None = None,
        private: bool | None = None,
    ) -> None:
        """Show the dated sentences on a topic, earliest first."""
        may_attach = interaction.app_permissions.attach_files
        request = Request(
            Kind.TIMELINE,
            Length(length),
            look=Look(look or Look.DARK) if may_attach else None,
            lacks_picture=look is not None and not may_attach,
        )
        await self._show(interaction, request, private, topic=topic)

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.describe(a="A document", b="Another document", length=HOW_LONG, private=WHO_SEES_IT)
    async def compare(
        self, interaction: Interaction, a: str, b: str, length: LengthOption = "medium", private: bool | None = None
    ) -> None:
        """Show what two documents say on the same points."""
        guild_id = guild_id_of(interaction)
        left, right = [await named_document(self.bot.service, named, guild_id) for named in (a, b)]
        if left == right:
            await fill(interaction, Body(_(SAME_DOCUMENT)))
            return
        await self._show(interaction, Request(Kind.COMPARISON, Length(length), (left, right)), private)

    @document.autocomplete("name")
    @compare.autocomplete("a")
    @compare.autocomplete("b")
    async def suggest_documents(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Documents by title."""
        return await document_choices(self.bot.service, typed, guild_id_of(interaction))

    async def _show_messages(
        self, interaction: Interaction, window: Window, length: LengthOption, *, is_private: bool
    ) -> None:
        check_may_read(interaction, has_intent=self.bot.intents.message_content, is_private=is_private)
        asked = Asked(
            question="",
            asker_id=interaction.user.id,
            guild_id=guild_id_of(interaction),
            channel_id=interaction.channel_id or 0,
            is_private=is_private,
        )
        request = Request(Kind.CONVERSATION, Length(length), window=window)
        await self.bot.summaries.answer_interaction(interaction, request, asked)

    async def _show(self, interaction: Interaction, request: Request, private: bool | None, *, topic: str = "") -> None:
        guild_id = guild_id_of(interaction)
        if private is None:
            private = (await self.bot.state.guild_settings(guild_id)).private_by_default
        asked = Asked(
            question=topic or request.title,
            asker_id=interaction.user.id,
            guild_id=guild_id,
            channel_id=interaction.channel_id or 0,
            is_private=private,
        )
        await self.bot.summaries.answer_interaction(interaction, request, asked)


async def setup(bot: DissentBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Summary(bot))

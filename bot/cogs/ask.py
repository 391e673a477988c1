"""Ask a question: `/ask`, a mention of the bot, a reply that pings it, a direct message."""

from __future__ import annotations

import asyncio
import logging
import re

import discord
from discord import app_commands
from discord.ext import commands

from bot.answers import guild_id_of
from bot.client import DissentBot
from bot.render.body import Body
from bot.render.limits import QUESTION
from bot.replies import SENDING_ERRORS, reply
from bot.state import Asked
from bot.tree import error_text

log = logging.getLogger(__name__)

NO_QUESTION = "Ask me something: put your question after my name, or use `/ask`. `/about` says what I cover."


class Ask(commands.Cog):
    """Questions and their answers."""

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot
        self._pending: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        """Take up what an earlier process left unanswered; what is asked from now on is none of that."""
        pending = await self.bot.state.pending()
        if pending:
            self._pending = asyncio.create_task(self.bot.answers.answer_pending(self.bot, pending))

    async def cog_unload(self) -> None:
        """Leave what is still pending to the next start."""
        if self._pending is not None:
            self._pending.cancel()

    @app_commands.command()
    @app_commands.describe(question="What you want to know")
    async def ask(
        self,
        interaction: discord.Interaction[DissentBot],
        question: app_commands.Range[str, 1, QUESTION],
    ) -> None:
        """Answer a question with quotes from the documents, and say where they stand."""
        asked = Asked(
            question=question,
            asker_id=interaction.user.id,
            guild_id=guild_id_of(interaction),
            channel_id=interaction.channel_id or 0,
        )
        await self.bot.answers.answer_interaction(interaction, asked)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that speaks to the bot."""
        if message.author.bot or message.type not in (discord.MessageType.default, discord.MessageType.reply):
            return
        if not self._is_for_us(message):
            return
        question = self._without_mention(message.content)[:QUESTION]
        try:
            if question:
                await self._answer(message, question)
            else:
                await reply(message, Body(NO_QUESTION))
        except discord.Forbidden as error:
            log.warning("channel=%s does not let me answer: %s", message.channel.id, error.text)
        except SENDING_ERRORS as error:
            log.error("channel=%s: an answer could not be sent: %s", message.channel.id, error)

    async def _answer(self, message: discord.Message, question: str) -> None:
        asked = Asked(
            question=question,
            asker_id=message.author.id,
            guild_id=message.guild.id if message.guild else None,
            channel_id=message.channel.id,
            question_message_id=message.id,
        )
        try:
            prepared = await self.bot.answers.prepare(asked, repeats_question=False)
        except Exception as error:  # the one error handler of messages, as the tree has one for commands
            await reply(message, Body(error_text(error, "message")))
            return
        await self.bot.answers.send(prepared, lambda: reply(message, prepared.body))

    def _is_for_us(self, message: discord.Message) -> bool:
        me = self.bot.user
        if me is None:
            return False
        if message.guild is None or me in message.mentions:
            return True
        replied_to = message.reference.resolved if message.reference else None
        return isinstance(replied_to, discord.Message) and replied_to.author == me and bool(message.content)

    def _without_mention(self, text: str) -> str:
        me = self.bot.user.id if self.bot.user else 0
        return " ".join(re.sub(rf"<@!?{me}>", " ", text).split())


async def setup(bot: DissentBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Ask(bot))

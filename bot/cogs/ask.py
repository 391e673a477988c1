"""Ask a question: `/ask`, a mention of the bot, a reply that pings it, a direct message."""

from __future__ import annotations

import logging
import re

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import DissentBot
from bot.render.answer import answer_body
from bot.render.body import Body
from bot.replies import SENDING_ERRORS, fill, reply, think
from bot.tree import error_text

log = logging.getLogger(__name__)

QUESTION_CHARACTERS = 1000
NO_QUESTION = "Ask me something: put your question after my name, or use `/ask`. `/about` says what I cover."


class Ask(commands.Cog):
    """Questions and their answers."""

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(question="What you want to know")
    async def ask(
        self,
        interaction: discord.Interaction[DissentBot],
        question: app_commands.Range[str, 1, QUESTION_CHARACTERS],
    ) -> None:
        """Answer a question with quotes from the documents, and say where they stand."""
        await think(interaction)
        answer = await self.bot.service.ask(question)
        await fill(interaction, answer_body(answer, repeats_question=True, at=discord.utils.utcnow()))

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that speaks to the bot."""
        if message.author.bot or message.type not in (discord.MessageType.default, discord.MessageType.reply):
            return
        if not self._is_for_us(message):
            return
        question = self._without_mention(message.content)
        try:
            body = (
                answer_body(
                    await self.bot.service.ask(question[:QUESTION_CHARACTERS]),
                    repeats_question=False,
                    at=discord.utils.utcnow(),
                )
                if question
                else Body(NO_QUESTION)
            )
        except Exception as error:  # the one error handler of messages, as the tree has one for commands
            body = Body(error_text(error, "message"))
        try:
            await reply(message, body)
        except discord.Forbidden as error:
            log.warning("channel=%s does not let me answer: %s", message.channel.id, error.text)
        except SENDING_ERRORS as error:
            log.error("channel=%s: an answer could not be sent: %s", message.channel.id, error)

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

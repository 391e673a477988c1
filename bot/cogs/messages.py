"""Ask a question by a message: a mention of the bot, a reply to it, a direct message, a thread that it opened.

A reply follows its question: it is answered anew when the question is edited, and goes when the question goes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from weakref import WeakValueDictionary

import discord
from discord.ext import commands

from bot.answers import subject_of
from bot.channels import AnswerChannels, asks_openly, speaks_to_nobody, text_of
from bot.chatter import is_question
from bot.client import DissentBot
from bot.localisation import ENGLISH, N_, _, speak
from bot.render.body import Body
from bot.render.limits import QUESTION
from bot.render.text import without_mention
from bot.replies import SENDING_ERRORS, change, reply
from bot.state import Asked, ShownAnswer
from bot.tree import error_text
from index import Verdict

log = logging.getLogger(__name__)

NO_QUESTION = N_("Ask me something: put your question after my name, or use `/ask`. `/about` says what I cover.")

SUBJECT_LIFE_S = 3600.0
"""How long the last question in a conversation lends its subject without being replied to."""


class Messages(commands.Cog):
    """Questions in messages."""

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot
        self._channels = AnswerChannels(bot, bot.answers)
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        """Of the messages that are being dealt with: an edit or a deletion waits for the answer before it."""
        self._deleted: set[int] = set()
        """Those of them that were deleted meanwhile."""

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that speaks to the bot, or that asks in an answer channel."""
        if message.author.bot or message.type not in (discord.MessageType.default, discord.MessageType.reply):
            return
        is_for_us = self._is_for_us(message)
        if not is_for_us and not asks_openly(message):
            return
        question = self._question_in(message)
        speak(_language_in(message))
        async with self._alone(message.id):
            try:
                if not is_for_us:
                    await self._channels.answer(message, question)
                elif question:
                    await self._answer(message, question)
                else:
                    await reply(message, Body(_(NO_QUESTION)))
            except SENDING_ERRORS as error:
                self.bot.answers.give_up(message.id, message.channel.id, error)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Answer an edited question anew, in place."""
        message = payload.message
        question = self._question_in(message)
        # Discord tells of link previews as of edits; an empty text is one that we may not read
        if message.author.bot or message.edited_at is None or not question:
            return
        async with self._alone(message.id):
            shown = await self.bot.state.shown_for_message(message.id)
            if shown is None or shown.message_id is None or shown.asked.question == question:
                return
            if shown.asked.channel_id not in (message.channel.id, message.id):
                return  # shadow mode showed elsewhere what would have been answered then
            speak(_language_in(message))
            try:
                await self._answer_anew(message, question, shown, shown.message_id)
            except SENDING_ERRORS as error:
                log.warning("channel=%s: an answer could not be changed: %s", payload.channel_id, error)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Delete the reply to a question that was deleted, and forget an answer that was."""
        await self._forget(payload.message_id, payload.channel_id)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """The same for many at once."""
        for message_id in sorted(payload.message_ids):
            await self._forget(message_id, payload.channel_id)

    async def _answer(self, message: discord.Message, question: str) -> None:
        asked = Asked(
            question=question,
            asker_id=message.author.id,
            guild_id=message.guild.id if message.guild else None,
            channel_id=message.channel.id,
            question_message_id=message.id,
            subject=await self._subject_for(message),
        )
        async with self.bot.answers.noted(message.id, "", asked):
            try:
                self.bot.answers.admit(asked)
                prepared = await self.bot.answers.prepare(asked, repeats_question=False)
            except Exception as error:  # the one error handler of messages, as the tree has one for commands
                await reply(message, Body(error_text(error, "message")))
                return
            if message.id in self._deleted:
                await self.bot.state.forget_shown(prepared.answer_id)
                return
            await self.bot.answers.send(prepared, lambda: reply(message, prepared.body))

    async def _answer_anew(self, message: discord.Message, question: str, shown: ShownAnswer, reply_id: int) -> None:
        ours = self._partial(shown.asked.channel_id, reply_id)
        asked = Asked(
            question=question,
            asker_id=shown.asked.asker_id,
            guild_id=shown.asked.guild_id,
            channel_id=shown.asked.channel_id,
            question_message_id=message.id,
            subject=await self._subject_for(message, before=shown.id),
        )
        try:
            if not self._is_for_us(message):
                found = await self.bot.answers.look_up(asked)
                if found.answer.verdict is not Verdict.ANSWERED:  # nobody asked us, so there is nothing to say
                    await ours.delete()
                    await self.bot.state.forget_shown(shown.id)
                    return
                prepared = await self.bot.answers.present(found, repeats_question=False)
            else:
                prepared = await self.bot.answers.prepare(asked, repeats_question=False)
        except SENDING_ERRORS:
            raise
        except Exception as error:
            await change(ours, Body(error_text(error, "message")))
            return

        async def send() -> int:
            await change(ours, prepared.body)
            return reply_id

        await self.bot.answers.send(prepared, send)

    async def _forget(self, message_id: int, channel_id: int) -> None:
        if message_id in self._locks:
            self._deleted.add(message_id)
        async with self._alone(message_id):
            self._deleted.discard(message_id)
            if (answer := await self.bot.state.shown_in_message(message_id)) is not None:
                await self.bot.state.forget_shown(answer.id)
            shown = await self.bot.state.shown_for_message(message_id)
            try:
                if shown is not None and shown.message_id is not None:
                    with suppress(discord.NotFound):  # a moderator was faster
                        await self._partial(shown.asked.channel_id, shown.message_id).delete()
                await self._leave_thread(message_id)
            except SENDING_ERRORS as error:
                log.warning("channel=%s: the answer to a deleted question stays: %s", channel_id, error)
            if shown is not None and shown.message_id is not None:
                await self.bot.state.forget_shown(shown.id)

    async def _leave_thread(self, message_id: int) -> None:
        """Remove the thread that the bot opened for a question that is gone, if it holds nothing more.

        A bot may close its own threads; only with the permission Manage Threads may it delete them.
        """
        thread = self.bot.get_channel(message_id)
        if not isinstance(thread, discord.Thread) or not self._is_ours(thread):
            return
        async for message in thread.history(limit=2):
            if message.type is not discord.MessageType.thread_starter_message:
                return
        if thread.permissions_for(thread.guild.me).manage_threads:
            await thread.delete()
        else:
            await thread.edit(archived=True)

    async def _subject_for(self, message: discord.Message, *, before: int | None = None) -> str:
        """The question that may lend its subject to this one: that of the answer replied to, else the conversation's.

        Args:
            message: The question.
            before: The number of the answer that is made anew, which lends nothing to itself.
        """
        state = self.bot.state
        if message.reference is not None and message.reference.message_id is not None:
            return subject_of(await state.shown_in_message(message.reference.message_id))
        if message.guild is not None and not self._is_in_our_thread(message):
            return ""
        last = await state.last_shown_in(message.channel.id, before=before)
        is_recent = last is not None and message.created_at.timestamp() - last.shown_at < SUBJECT_LIFE_S
        return subject_of(last) if is_recent else ""

    def _is_for_us(self, message: discord.Message) -> bool:
        me = self.bot.user
        if me is None:
            return False
        if message.guild is None or me in message.mentions:
            return True
        if not message.content:  # without the message-content intent Discord keeps it back
            return False
        replied_to = message.reference.resolved if message.reference else None
        is_reply_to_us = isinstance(replied_to, discord.Message) and replied_to.author == me
        if is_reply_to_us:
            return True
        # in a thread of ours people talk to each other, too
        is_follow_up = speaks_to_nobody(message) and is_question(message.content, follows_up=True)
        return is_follow_up and self._is_in_our_thread(message)

    def _is_in_our_thread(self, message: discord.Message) -> bool:
        return isinstance(message.channel, discord.Thread) and self._is_ours(message.channel)

    def _is_ours(self, thread: discord.Thread) -> bool:
        return self.bot.user is not None and thread.owner_id == self.bot.user.id

    def _question_in(self, message: discord.Message) -> str:
        return without_mention(text_of(message), self.bot.user.id if self.bot.user else 0)[:QUESTION]

    def _partial(self, channel_id: int, message_id: int) -> discord.PartialMessage:
        return self.bot.get_partial_messageable(channel_id).get_partial_message(message_id)

    @asynccontextmanager
    async def _alone(self, message_id: int) -> AsyncIterator[None]:
        """Deal with one message in one place at a time."""
        lock = self._locks.setdefault(message_id, asyncio.Lock())
        async with lock:
            yield


def _language_in(message: discord.Message) -> discord.Locale | str:
    """What everybody reads where a message stands; in direct messages Discord does not say."""
    return message.guild.preferred_locale if message.guild else ENGLISH


async def setup(bot: DissentBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Messages(bot))

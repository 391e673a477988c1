"""Ask a question by a message: a mention of the bot, a reply to it, a direct message, a thread that it opened.

A reply follows its question: it is answered anew when the question is edited, and goes when the question goes.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import NamedTuple

import discord
from discord.ext import commands

from bot.answers import BlockedError, subject_of
from bot.channels import AnswerChannels, asks_openly, speaks_to_nobody
from bot.chatter import is_question, is_small_talk
from bot.client import DissentBot
from bot.localisation import ENGLISH, N_, _, speak
from bot.questions import question_in
from bot.render.body import Body
from bot.replies import SENDING_ERRORS, THREAD_IS_ARCHIVED, change, persistently, reply
from bot.state import Asked, PlainReply, ShownAnswer
from bot.tree import error_text
from index import RetrievalError, Verdict

log = logging.getLogger(__name__)

NO_QUESTION = N_("Ask me something: put your question after my name, or use `/ask`. `/about` says what I cover.")

NAMES_ROLE = N_(
    "You mentioned my role, and then Discord does not show me what you wrote. Mention {me} instead, or use `/ask`."
)

SUBJECT_LIFE_S = 3600.0
"""How long the last question in a conversation lends its subject without being replied to."""


class Replied(NamedTuple):
    """What the bot replied to a message."""

    channel_id: int
    message_id: int
    edited_at: float
    """How the question stood when that was replied, as of `Asked`."""
    shown: ShownAnswer | None = None
    """None where it is no answer: an error, or that there was no question."""


class Messages(commands.Cog):
    """Questions in messages."""

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot
        self._channels = AnswerChannels(bot, bot.answers)
        self._deleted: set[int] = set()
        """Messages that were deleted while they are being dealt with."""

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that speaks to the bot, or that asks in an answer channel."""
        if message.author.bot or message.type not in (discord.MessageType.default, discord.MessageType.reply):
            return
        is_for_us = self._is_for_us(message)
        if not is_for_us and not asks_openly(message):
            return
        question = question_in(message, self.bot.user)
        speak(_language_in(message))
        async with self.bot.answers.lock_of(message.id):
            try:
                if not is_for_us:
                    await self._channels.answer(message, question)
                elif not is_small_talk(question):
                    await self._answer(message, question)
                else:
                    await self._reply(message, self._no_question(message))
            except SENDING_ERRORS as error:
                self.bot.answers.give_up(message.id, message.channel.id, error)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Answer an edited question anew, in place."""
        message = payload.message
        question = question_in(message, self.bot.user)
        # Discord tells of link previews and pins as of edits; an empty text is one that we may not read
        if message.author.bot or message.edited_at is None or not question:
            return
        async with self.bot.answers.lock_of(message.id):
            replied = await self._reply_to(message.id)
            if replied is None or message.edited_at.timestamp() <= replied.edited_at:
                return
            if replied.shown is not None and replied.shown.asked.question == question:
                return
            if replied.channel_id not in (message.channel.id, message.id):
                return  # shadow mode showed elsewhere what would have been answered then
            speak(_language_in(message))
            try:
                await self._answer_anew(message, question, replied)
            except SENDING_ERRORS as error:
                log.warning("channel=%s: an answer could not be changed: %s", payload.channel_id, error)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Delete the reply to a question that was deleted, forget an answer that was, and leave an emptied thread."""
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
                await self.bot.answers.check_may_ask(asked.guild_id, asked.asker_id)
                self.bot.answers.admit(asked)
                prepared = await self.bot.answers.prepare(asked, repeats_question=False)
            except Exception as error:  # the one error handler of messages, as the tree has one for commands
                await self._tell(message, asked, error)
                return
            if message.id in self._deleted:
                await self.bot.state.forget_shown(prepared.answer_id)
                return
            await self.bot.answers.send(prepared, lambda: reply(message, prepared.body))

    async def _tell(self, message: discord.Message, asked: Asked, error: Exception) -> None:
        if self.bot.answers.may_tell(error, asked):
            body = Body(error_text(error, "message"))
            await self._reply(message, body, pings=not isinstance(error, BlockedError))
        else:
            log.info("question=%d is left: its asker was told already: %s", message.id, error)

    async def _reply(self, message: discord.Message, body: Body, *, pings: bool = True) -> None:
        """Reply with what is no answer, and remember that for when the message is edited or deleted."""
        reply_id = await reply(message, body, pings=pings)
        await self.bot.state.note_plain_reply(message.id, PlainReply(message.channel.id, reply_id))

    def _no_question(self, message: discord.Message) -> Body:
        """What is said to a message that names the bot and asks nothing that it could read."""
        me = self.bot.user
        if me is not None and not message.content and not self._is_named(message) and self._names_our_role(message):
            return Body(_(NAMES_ROLE).format(me=me.mention))
        return Body(_(NO_QUESTION))

    async def _reply_to(self, message_id: int) -> Replied | None:
        """What the bot replied to a person's message."""
        shown = await self.bot.state.shown_for_message(message_id)
        if shown is not None and shown.message_id is not None:
            return Replied(shown.asked.channel_id, shown.message_id, shown.asked.edited_at, shown)
        plain = await self.bot.state.plain_reply(message_id)
        return Replied(*plain) if plain is not None else None

    async def _answer_anew(self, message: discord.Message, question: str, replied: Replied) -> None:
        asked = Asked(
            question=question,
            asker_id=message.author.id,
            guild_id=message.guild.id if message.guild else None,
            channel_id=replied.channel_id,
            question_message_id=message.id,
            subject=await self._subject_for(message, before=replied.shown.id if replied.shown else None),
            replaces=replied.message_id,
            edited_at=message.edited_at.timestamp() if message.edited_at else 0.0,
        )
        try:
            await self.bot.answers.check_may_ask(asked.guild_id, asked.asker_id)
            self.bot.answers.admit(asked)
        except BlockedError as error:
            log.info("question=%d was edited, and its answer stays: %s", message.id, error)
        except RetrievalError as error:  # what was answered is no answer to what stands there now
            await self._say_instead(message.id, asked, replied, Body(error_text(error, "message")))
        else:
            await self._answer_admitted_anew(message, asked, replied)

    async def _answer_admitted_anew(self, message: discord.Message, asked: Asked, replied: Replied) -> None:
        if not self._is_for_us(message):
            await self._look_up_anew(message.id, asked, replied)
        elif is_small_talk(asked.question):
            await self._say_instead(message.id, asked, replied, self._no_question(message))
        else:
            async with self.bot.answers.noted(message.id, "", asked):
                try:
                    prepared = await self.bot.answers.prepare(asked, repeats_question=False)
                except Exception as error:
                    await self._say_instead(message.id, asked, replied, Body(error_text(error, "message")))
                    return
                await self.bot.answers.send(prepared, lambda: self._change(replied, prepared.body))

    async def _look_up_anew(self, question_id: int, asked: Asked, replied: Replied) -> None:
        """Do so for a question that nobody asked the bot: where it has no answer, there is nothing to say."""
        try:
            found = await self.bot.answers.look_up(asked)
        except RetrievalError as error:
            await self._say_instead(question_id, asked, replied, Body(error_text(error, "message")))
            return
        if found.answer.verdict is not Verdict.ANSWERED:
            await self._partial(replied).delete()
            await self._forget_answer(replied)
            return
        prepared = await self.bot.answers.present(found, repeats_question=False)
        await self.bot.answers.send(prepared, lambda: self._change(replied, prepared.body))

    async def _say_instead(self, question_id: int, asked: Asked, replied: Replied, body: Body) -> None:
        """Put what is no answer in place of what was replied."""
        await self._change(replied, body)
        plain = PlainReply(replied.channel_id, replied.message_id, asked.edited_at)
        await self.bot.state.note_plain_reply(question_id, plain)

    async def _change(self, replied: Replied, body: Body) -> int:
        """Put something else in place of what was replied.

        Discord archives a thread in which nobody writes, and changes nothing in it until it is unarchived; its question
        stands outside and can be edited all the same.
        """
        try:
            return await change(self._partial(replied), body)
        except discord.HTTPException as error:
            if error.code != THREAD_IS_ARCHIVED:
                raise
        thread = await persistently(lambda: self.bot.fetch_channel(replied.channel_id))
        if isinstance(thread, discord.Thread):
            await persistently(lambda: thread.edit(archived=False))
        return await change(self._partial(replied), body)

    async def _forget_answer(self, replied: Replied) -> None:
        if replied.shown is not None:
            await self.bot.state.forget_shown(replied.shown.id)
        await self.bot.state.forget_plain_reply(replied.message_id)

    async def _forget(self, message_id: int, channel_id: int) -> None:
        if self.bot.answers.is_in_hand(message_id):
            self._deleted.add(message_id)
        async with self.bot.answers.lock_of(message_id):
            self._deleted.discard(message_id)
            if (answer := await self.bot.state.shown_in_message(message_id)) is not None:
                await self.bot.state.forget_shown(answer.id)
            replied = await self._reply_to(message_id)
            await self.bot.state.forget_plain_reply(message_id)
            try:
                if replied is not None:
                    with suppress(discord.NotFound):  # a moderator was faster
                        await self._partial(replied).delete()
                    await self._forget_answer(replied)
                await self._leave_thread(message_id)
            except SENDING_ERRORS as error:  # what is known of it stays, too, for its buttons, *Delete* among them
                log.warning("channel=%s: the answer to a deleted question stays: %s", channel_id, error)
        async with self.bot.answers.lock_of(
            channel_id
        ):  # a thread has its question's id, and may be about to be filled
            try:
                with suppress(discord.NotFound):  # it went with its question
                    await self._leave_thread(channel_id)
            except SENDING_ERRORS as error:
                log.warning("channel=%s: an empty thread stays open: %s", channel_id, error)

    async def _leave_thread(self, thread_id: int) -> None:
        """Remove a thread that the bot opened for a question, if what it held is deleted.

        A bot may close its own threads; only with the permission Manage Threads may it delete them.
        """
        thread = self.bot.get_channel(thread_id)
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
        if message.guild is None or self._is_named(message) or self._names_our_role(message):
            return True
        if not message.content:  # without the message-content intent Discord keeps it back
            return False
        if self._replies_to_us(message):  # a reply mentions whom it answers unless that is switched off: "thanks" too
            return is_question(message.content, follows_up=True)
        # in a thread of ours people talk to each other, too
        is_follow_up = speaks_to_nobody(message) and is_question(message.content, follows_up=True)
        return is_follow_up and self._is_in_our_thread(message)

    def _is_named(self, message: discord.Message) -> bool:
        """Whether the text itself mentions the bot."""
        me = self.bot.user
        return me is not None and me in message.mentions and me.id in message.raw_mentions

    def _names_our_role(self, message: discord.Message) -> bool:
        """Whether it mentions the role that Discord made for the bot, which has the bot's name and stands beside it."""
        role = message.guild.self_role if message.guild else None
        return role is not None and (role in message.role_mentions or role.id in message.raw_role_mentions)

    def _replies_to_us(self, message: discord.Message) -> bool:
        me = self.bot.user
        replied_to = message.reference.resolved if message.reference else None
        is_ours = isinstance(replied_to, discord.Message) and replied_to.author == me
        return is_ours or (message.reference is not None and me in message.mentions)

    def _is_in_our_thread(self, message: discord.Message) -> bool:
        return isinstance(message.channel, discord.Thread) and self._is_ours(message.channel)

    def _is_ours(self, thread: discord.Thread) -> bool:
        return self.bot.user is not None and thread.owner_id == self.bot.user.id

    def _partial(self, replied: Replied) -> discord.PartialMessage:
        return self.bot.get_partial_messageable(replied.channel_id).get_partial_message(replied.message_id)


def _language_in(message: discord.Message) -> discord.Locale | str:
    """What everybody reads where a message stands; in direct messages Discord does not say."""
    return message.guild.preferred_locale if message.guild else ENGLISH


async def setup(bot: DissentBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Messages(bot))

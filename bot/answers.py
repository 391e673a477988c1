"""From a question to the message that answers it, whichever way it was asked; what is shown is remembered."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import discord

from bot.localisation import N_, _, speaking, spoken
from bot.questions import question_in
from bot.render.answer import answer_body
from bot.render.body import Body, Rows
from bot.render.buttons import Topic, answer_buttons, refusal_buttons
from bot.render.limits import QUESTION
from bot.replies import SENDING_ERRORS, change, fill, fill_later, find_message, find_sent, is_thinking, reply, think
from bot.service import AnswerService
from bot.state import Acknowledged, Asked, GuildSettings, PlainReply, Pressed, ShownAnswer, State
from bot.tree import error_text, tell
from bot.turns import Asker, CoolDown, CoolDownError
from index import Answer, RetrievalError, Summary, Verdict, borrows_subject, with_subject

if TYPE_CHECKING:
    from bot.client import DissentBot

log = logging.getLogger(__name__)


SHOWN_TO_OTHERS = N_("*Ask a person* shows your question, with your name, to those who read {channel}.")
STOPPED = N_("I was stopped in between. Please try again.")

BLOCKED_TOLD_EVERY_S = 24 * 3600.0


class BlockedError(RetrievalError):
    """The moderators of a server have blocked this person."""

    user_message = "The moderators of this server do not let you ask me here."


@dataclass(frozen=True, slots=True)
class Found:
    """An answer that is not shown yet."""

    asked: Asked
    answer: Answer
    settings: GuildSettings


@dataclass(frozen=True, slots=True)
class Prepared:
    """An answer that is ready to be sent."""

    body: Body
    answer_id: int


class Answers:
    """Makes answers and remembers what they show."""

    def __init__(self, service: AnswerService, state: State) -> None:
        self.service = service
        self.state = state
        self.is_closing = False
        """Whether the bot is logging out: what fails from now on is left to the next process."""
        self._cool_down = CoolDown()
        self._told_blocked_at_s: dict[tuple[int | None, int], float] = {}
        """When a blocked person was last told so, by server and person."""
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        """Of the messages that are being dealt with."""
        self.lost = 0
        """How many questions had nowhere to be answered since the start."""

    def lock_of(self, message_id: int) -> asyncio.Lock:
        """To deal with one message in one place at a time: an edit or a deletion waits for the answer before it."""
        return self._locks.setdefault(message_id, asyncio.Lock())

    def is_in_hand(self, message_id: int) -> bool:
        """Whether somebody has, or waits for, a message's lock."""
        return message_id in self._locks

    def give_up(self, question_id: int, channel_id: int, error: Exception) -> None:
        """Note that Discord leaves nowhere to answer: the channel is gone, a permission, the token, or Discord."""
        self.lost += 1
        log.warning("nowhere to answer question=%d channel=%d lost=%d: %s", question_id, channel_id, self.lost, error)

    @asynccontextmanager
    async def noted(self, question_id: int, token: str, asked: Asked) -> AsyncIterator[None]:
        """Note a question while it is answered, so that the next process answers it where this one dies.

        Args:
            question_id: Of its interaction, or of the message that it is.
            token: To answer the interaction; empty for a message.
            asked: The question.
        """
        await self.state.add_pending(question_id, token, replace(asked, locale=spoken()))
        async with self._until_done(partial(self.state.remove_pending, question_id)):
            yield

    @asynccontextmanager
    async def noted_press(self, interaction: discord.Interaction[Any], pressed: Pressed) -> AsyncIterator[None]:
        """Note a press while it is carried out, as `noted` does a question."""
        interaction.extras["is_noted"] = True
        await self.state.add_pending_press(interaction.id, interaction.token, replace(pressed, locale=spoken()))
        async with self._until_done(partial(self.state.remove_pending_press, interaction.id)):
            yield

    @asynccontextmanager
    async def _until_done(self, remove: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """Remove a note at the end, unless the process ends before."""
        try:
            yield
        except Exception:  # not a cancellation: then the process ends
            if not self.is_closing:
                await remove()
            raise
        await remove()

    async def prepare(self, asked: Asked, *, repeats_question: bool) -> Prepared:
        """Answer a question and note what the answer shows.

        Args:
            asked: The question.
            repeats_question: Whether the message is to repeat it.

        Raises:
            RetrievalError: It cannot be answered; its message says why.
        """
        found = await self.look_up(asked)
        if (
            found.answer.verdict is Verdict.NOT_COVERED
            and found.settings.notes_uncovered
            and asked.guild_id is not None
            and not asked.is_private
        ):
            await self.state.note_uncovered(asked, found.answer.unknown_words)
        return await self.present(found, repeats_question=repeats_question)

    async def look_up(self, asked: Asked) -> Found:
        """Find an answer, for nobody to see yet.

        Raises:
            RetrievalError: There can be none; its message says why.
        """
        await self.check_may_ask(asked.guild_id, asked.asker_id)
        asked = replace(asked, subject=asked.subject if borrows_subject(asked.question) else "")
        answer = await self.service.ask(
            text_of(asked),
            guild_id=asked.guild_id,
            within=asked.within,
            nearest=asked.shows_nearest,
            asker=asker_of(asked),
        )
        settings = await self.state.guild_settings(asked.guild_id)  # as they are now: they say what may be kept
        return Found(asked, replace(answer, question=asked.question), settings)

    async def present(self, found: Found, *, repeats_question: bool, preface: str = "") -> Prepared:
        """Make the message that shows an answer, and note what it shows.

        Args:
            found: The answer.
            repeats_question: Whether the message is to repeat the question.
            preface: A line to put first, in Discord's markup.
        """
        asked, answer, settings = found.asked, found.answer, found.settings
        answer_id = await self.state.add_shown(
            asked,
            verdict=answer.verdict,
            generation=answer.generation,
            quotes=answer.quotes,
            keeps_question=settings.keeps_questions,
        )
        body = answer_body(
            answer,
            repeats_question=repeats_question,
            at=discord.utils.utcnow(),
            subject=asked.subject,
            searched=await self._searched(asked),
            preface=preface,
            remark=remark_on_passing_on(asked, settings),
            buttons=await self._buttons(answer_id, answer, asked, settings),
        )
        return Prepared(body, answer_id)

    async def check_may_ask(self, guild_id: int | None, person_id: int) -> GuildSettings:
        """The settings that hold for what a person asks, by words or by a button.

        Raises:
            BlockedError: They do not let this person ask.
        """
        settings = await self.state.guild_settings(guild_id)
        if person_id in settings.blocked_ids:
            raise BlockedError("the asker is blocked")
        return settings

    def admit(self, asked: Asked) -> None:
        """Count a question that a person has just asked, or more of its answer.

        Raises:
            BusyError: Too many wait already.
            CoolDownError: This person has asked a lot.
        """
        self.service.turns.check_room(asker_of(asked))
        self._cool_down.count(asked.asker_id)

    def may_tell(self, error: Exception, asked: Asked) -> bool:
        """Whether a channel is to read why a question in it is not answered: of who cannot ask, it is told once.

        Else anybody could make the bot write as often as they like.
        """
        if isinstance(error, CoolDownError):
            return error.times == 1
        if not isinstance(error, BlockedError):
            return True
        now_s = time.monotonic()
        told = {key: at_s for key, at_s in self._told_blocked_at_s.items() if now_s - at_s < BLOCKED_TOLD_EVERY_S}
        key = (asked.guild_id, asked.asker_id)
        self._told_blocked_at_s = {key: now_s} | told
        return key not in told

    async def _buttons(self, answer_id: int, answer: Answer, asked: Asked, settings: GuildSettings) -> Rows:
        if answer.quotes:
            return answer_buttons(answer_id, is_private=asked.is_private, has_question=settings.keeps_questions)
        return await self.refusal_buttons_of(answer_id, answer, asked, settings)

    async def refusal_buttons_of(
        self, answer_id: int, answer: Answer | Summary, asked: Asked, settings: GuildSettings
    ) -> Rows:
        """What stands below what is not covered: the nearest topics, and a person if there is one to ask."""
        return refusal_buttons(
            answer_id,
            await self._topics(answer, asked.guild_id),
            is_private=asked.is_private,
            has_person_to_ask=settings.has_person_to_ask and settings.keeps_questions,
        )

    async def _topics(self, answer: Answer | Summary, guild_id: int | None) -> list[Topic]:
        keys = {entry.title: entry.key for entry in reversed(await self.service.documents(guild_id))}
        return [Topic(keys[title], title) for title in answer.nearest_titles if title in keys]

    async def _searched(self, asked: Asked) -> str:
        """The title of the only document that was searched, where that was not plain from the question itself."""
        if asked.within is None or asked.shows_nearest:
            return ""
        entry = await self.service.find_document(asked.within, asked.guild_id)
        return entry.title if entry else ""

    async def answer_interaction(self, interaction: discord.Interaction[Any], asked: Asked) -> None:
        """Acknowledge an interaction and answer its question there, after a restart if need be."""
        # before it is acknowledged, so that nobody else sees the refusal
        await self.check_may_ask(asked.guild_id, asked.asker_id)
        self.admit(asked)
        await self.answer_noted(interaction, asked, lambda: self.prepare(asked, repeats_question=True))

    async def answer_noted(
        self, interaction: discord.Interaction[Any], asked: Asked, prepare: Callable[[], Awaitable[Prepared]]
    ) -> None:
        """Acknowledge an interaction and show there what is prepared; what goes wrong is told there, too.

        Args:
            interaction: Of one who was admitted.
            asked: What the next process needs to do it, where this one dies.
            prepare: Makes what is shown.
        """
        with speaking(language_of(interaction, is_private=asked.is_private)):
            await self._answer_noted(interaction, asked, prepare)

    async def _answer_noted(
        self, interaction: discord.Interaction[Any], asked: Asked, prepare: Callable[[], Awaitable[Prepared]]
    ) -> None:
        async with self.noted(interaction.id, interaction.token, asked):
            interaction.extras["is_noted"] = True
            try:
                await think(interaction, ephemeral=asked.is_private)
                prepared = await prepare()
                await self.send(prepared, lambda: fill(interaction, prepared.body))
            except Exception as error:
                if self.is_closing:
                    raise
                # told while the question is noted, so that it is not lost in between
                await tell(interaction, error, interaction.command.qualified_name if interaction.command else "?")

    async def send(self, prepared: Prepared, send: Callable[[], Awaitable[int | None]]) -> None:
        """Send an answer and note its message; what could not be sent is forgotten."""
        try:
            message_id = await send()
        except Exception:
            await self.state.forget_shown(prepared.answer_id)
            raise
        if message_id is not None:
            await self.state.note_message(prepared.answer_id, message_id)

    async def answer_pending(self, bot: DissentBot, pending: list[tuple[int, str, Asked]]) -> None:
        """Answer the questions that an earlier process acknowledged and did not answer."""
        locks = [self.lock_of(question_id) for question_id, _token, _asked in pending]
        for lock in locks:
            await lock.acquire()
        for (question_id, token, asked), lock in zip(pending, locks, strict=True):
            try:
                if token:
                    webhook = discord.Webhook.partial(bot.application_id or 0, token, client=bot)
                    send: Callable[[Body], Awaitable[int]] | None = None
                    if await is_thinking(webhook):  # else it shows its answer, whose buttons may have been pressed
                        send = partial(fill_later, webhook)
                else:
                    send, asked = await self._way_to_answer(bot, question_id, asked)
                if send is not None:
                    with speaking(asked.locale):
                        await self._answer_late(bot, question_id, token, asked, send)
                    log.info("answered a question that was pending from before the start")
            except SENDING_ERRORS as error:
                self.give_up(question_id, asked.channel_id, error)
            except Exception:  # the others are to be answered all the same
                log.exception("a question that was pending from before the start could not be answered")
            await self.state.remove_pending(question_id)
            lock.release()

    async def tell_stopped(self, bot: discord.Client, acknowledged: list[Acknowledged]) -> None:
        """Tell those whom an earlier process left with "thinking ..." to try again.

        What is noted with all that carrying it out needs is not among them: `answer_pending` and `bot.cogs.buttons`
        take that up.
        """
        for interaction_id, token, channel_id, locale in acknowledged:
            webhook = discord.Webhook.partial(bot.application_id or 0, token, client=bot)
            try:
                if await is_thinking(webhook):
                    with speaking(locale):
                        await fill_later(webhook, Body(_(STOPPED)))
                    log.info("told somebody that a command was stopped before the start")
            except SENDING_ERRORS as error:
                self.give_up(interaction_id, channel_id, error)
            except Exception:  # the others are to be told all the same
                log.exception("a command that was stopped before the start could not be answered")
            await self.state.remove_acknowledged(interaction_id)

    async def _answer_late(
        self, bot: DissentBot, question_id: int, token: str, asked: Asked, send: Callable[[Body], Awaitable[int]]
    ) -> None:
        try:
            if asked.summary:
                prepared = await bot.summaries.take_up(asked, at=question_id)
            else:
                prepared = await self.prepare(asked, repeats_question=bool(token))
        except Exception as error:
            reply_id = await send(Body(error_text(error, "pending")))
            if not token:
                plain = PlainReply(asked.channel_id, reply_id, asked.edited_at)
                await self.state.note_plain_reply(question_id, plain)
        else:
            await self.send(prepared, partial(send, prepared.body))

    async def _way_to_answer(
        self, bot: discord.Client, question_id: int, asked: Asked
    ) -> tuple[Callable[[Body], Awaitable[int]] | None, Asked]:
        """How a message of before the start is answered, None where it is deleted or answered; what it asks by now."""
        channel = bot.get_partial_messageable(asked.channel_id)
        find_reply = partial(
            find_sent,
            channel,
            after=question_id,
            author_id=bot.user.id if bot.user else 0,
            is_it=lambda sent: sent.reference is not None and sent.reference.message_id == question_id,
        )
        message = await find_message(channel, question_id)
        if message is None:
            reply_id = asked.replaces or await find_reply()
            if reply_id is not None:
                with suppress(discord.NotFound):
                    await channel.get_partial_message(reply_id).delete()
            return None, asked
        if message.edited_at is not None and (question := question_in(message, bot.user)):
            asked = replace(asked, question=question, edited_at=message.edited_at.timestamp())
        if asked.replaces is not None:
            return partial(change, channel.get_partial_message(asked.replaces)), asked
        if await self.state.shown_for_message(question_id) or await self.state.plain_reply(question_id):
            return None, asked
        reply_id = await find_reply()
        if reply_id is not None:
            await self.state.note_plain_reply(question_id, PlainReply(asked.channel_id, reply_id))
            return None, asked
        return partial(reply, channel.get_partial_message(question_id)), asked


def asker_of(asked: Asked) -> Asker:
    """Whose turn a question takes."""
    return Asker(asked.guild_id or asked.asker_id, asked.asker_id)


def remark_on_passing_on(asked: Asked, settings: GuildSettings) -> str:
    """Below a refusal that its asker alone sees: who else sees the question if it is passed on."""
    if not asked.is_private or not settings.has_person_to_ask or not settings.keeps_questions:
        return ""
    return _(SHOWN_TO_OTHERS).format(channel=f"<#{settings.person_channel_id or asked.channel_id}>")


def text_of(asked: Asked) -> str:
    """What is searched for: the question, behind the earlier one if it borrows its subject."""
    question = asked.question[:QUESTION]
    return with_subject(question, asked.subject, limit=QUESTION) if asked.subject else question


def subject_of(shown: ShownAnswer | None) -> str:
    """What an answer's question lends to the next one: itself, or what it borrowed in its turn."""
    return (shown.asked.subject or shown.asked.question) if shown else ""


def language_of(interaction: discord.Interaction[Any], *, is_private: bool) -> discord.Locale:
    """Whose language a reply is in: that of the person who alone reads it, or that of the server for all others."""
    return interaction.locale if is_private else interaction.guild_locale or interaction.locale


def guild_id_of(interaction: discord.Interaction[Any]) -> int | None:
    """The server whose settings and documents hold: the one that installed the bot, not one that a person brought it
    to.
    """
    return interaction.guild_id if interaction.is_guild_integration() else None

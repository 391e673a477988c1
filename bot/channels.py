"""Answer channels: where moderators have switched it on, questions are answered though nobody speaks to the bot."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.answers import Answers
from bot.chatter import is_question
from bot.localisation import ENGLISH, N_, _, ngettext, speaking
from bot.questions import is_forum_post, text_of
from bot.render.channels import report_line
from bot.render.limits import THREAD_NAME, shorten
from bot.replies import open_thread, post, reply
from bot.state import AnswerChannel, AnswerMode, Asked
from index import RetrievalError, Verdict

if TYPE_CHECKING:
    from bot.client import DissentBot

log = logging.getLogger(__name__)

COOL_DOWN_S = 60.0
ANSWERS_A_PERSON = 3
ANSWERS_A_CHANNEL = 10
"""At most so many answers within `COOL_DOWN_S` that nobody asked the bot for."""

_READS = discord.Permissions(view_channel=True)
_REPLIES = discord.Permissions(view_channel=True, read_message_history=True, embed_links=True, send_messages=True)
_POSTS = discord.Permissions(view_channel=True, embed_links=True, send_messages=True)
_THREADS = discord.Permissions(
    view_channel=True, read_message_history=True, embed_links=True, send_messages_in_threads=True
)
_OPENS_THREADS = _THREADS | discord.Permissions(create_public_threads=True)


PERMISSIONS = {
    "view_channel": N_("View Channel"),
    "send_messages": N_("Send Messages"),
    "read_message_history": N_("Read Message History"),
    "embed_links": N_("Embed Links"),
    "create_public_threads": N_("Create Public Threads"),
    "send_messages_in_threads": N_("Send Messages in Threads"),
}
"""As Discord's settings name them."""


class AnswerChannels:
    """Answers what is asked there, if the documents surely do; else it says nothing."""

    def __init__(self, bot: DissentBot, answers: Answers) -> None:
        self._bot = bot
        self._answers = answers
        self._state = answers.state
        self._cool_downs: tuple[commands.CooldownMapping[discord.Message], ...] = (
            commands.CooldownMapping.from_cooldown(ANSWERS_A_PERSON, COOL_DOWN_S, commands.BucketType.user),
            commands.CooldownMapping.from_cooldown(ANSWERS_A_CHANNEL, COOL_DOWN_S, place_id_of),
        )
        self._logged: dict[int, str] = {}
        """By channel id, the problem that stands in the log already."""

    async def answer(self, message: discord.Message, question: str) -> None:
        """Answer a message that `asks_openly`, in the way that is set for its channel.

        Raises:
            discord.HTTPException: It could not be sent.
        """
        channel = await self._state.answer_channel(place_id_of(message))
        if channel is None or not self._works(channel):
            return
        found = None
        if self._has_cooled_down(message):
            asked = Asked(question, message.author.id, channel.guild_id, message.channel.id, message.id)
            try:
                found = await self._answers.look_up(asked)
            except RetrievalError as error:  # nobody spoke to us, so there is nobody to tell
                log.warning("answer channel=%s: a question was passed over: %s", channel.channel_id, error)
                return
            if found.answer.verdict is not Verdict.ANSWERED or not self._has_cooled_down(message):
                found = None
        if found is not None:
            self._warm_up(message)
        counted = await self._state.count_question(channel.channel_id, is_answered=found is not None)
        if found is None or counted is None:
            return
        preface, place_id = "", message.channel.id
        if counted.mode is AnswerMode.SHADOW:
            preface, place_id = report_line(counted, link=message.jump_url), counted.report_channel_id or 0
        elif opens_thread(counted, message):
            # a thread has the id of the message that it hangs on; a mention brings its author there
            preface, place_id = message.author.mention, message.id
        found = replace(found, asked=replace(found.asked, channel_id=place_id))
        is_shadow = counted.mode is AnswerMode.SHADOW
        prepared = await self._answers.present(found, repeats_question=is_shadow, preface=preface)

        async def send() -> int:
            place = self._bot.get_partial_messageable(place_id)
            if is_shadow:
                return await post(place, prepared.body, nonce=message.id)
            if not opens_thread(counted, message):
                return await reply(message, prepared.body)
            await open_thread(message, shorten(question, THREAD_NAME))
            return await post(place, prepared.body, nonce=message.id, people=[message.author])

        await self._answers.send(prepared, send)

    def _works(self, channel: AnswerChannel) -> bool:
        """Whether an answer can be sent; says once in the log why not."""
        guild = self._bot.get_guild(channel.guild_id)
        with speaking(ENGLISH):  # for the log
            problem = problem_of(channel, guild) if guild else ""
        if problem and self._logged.get(channel.channel_id) != problem:
            log.warning("answer channel=%s does not work: %s", channel.channel_id, problem)
        self._logged[channel.channel_id] = problem
        return not problem

    def _has_cooled_down(self, message: discord.Message) -> bool:
        buckets = [mapping.get_bucket(message) for mapping in self._cool_downs]
        return all(bucket is None or bucket.get_tokens() > 0 for bucket in buckets)

    def _warm_up(self, message: discord.Message) -> None:
        for mapping in self._cool_downs:
            mapping.update_rate_limit(message)


def place_id_of(message: discord.Message) -> int:
    """The channel for which moderators set what happens: a forum for its posts, not for what is said below them."""
    if is_forum_post(message) and isinstance(message.channel, discord.Thread):
        return message.channel.parent_id
    return message.channel.id


def opens_thread(channel: AnswerChannel, message: discord.Message) -> bool:
    """Whether an answer opens a thread; a forum post is one already."""
    return channel.mode is AnswerMode.THREAD and not is_forum_post(message)


def speaks_to_nobody(message: discord.Message) -> bool:
    """Whether a member, and no moderator, says something to nobody in particular."""
    author = message.author
    if not isinstance(author, discord.Member) or author.bot or message.webhook_id is not None:
        return False
    if message.reference is not None or message.mentions or message.role_mentions or message.mention_everyone:
        return False
    return not (author.guild_permissions.manage_messages or author.guild_permissions.manage_guild)


def asks_openly(message: discord.Message) -> bool:
    """Whether a message is a question to whoever knows; without the message-content intent its text is not there."""
    if not speaks_to_nobody(message):
        return False
    if is_forum_post(message) and isinstance(message.channel, discord.Thread):
        return bool(message.content) and (is_question(message.channel.name) or is_question(text_of(message)))
    return is_question(message.content)


def problem_of(channel: AnswerChannel, guild: discord.Guild) -> str:
    """Why an answer channel cannot work, in words; empty where it can."""
    place = guild.get_channel(channel.channel_id)
    if place is None:
        return _("the channel is gone")
    needed = {AnswerMode.SHADOW: _READS, AnswerMode.REPLY: _REPLIES, AnswerMode.THREAD: _OPENS_THREADS}[channel.mode]
    if isinstance(place, discord.ForumChannel) and channel.mode is not AnswerMode.SHADOW:
        needed = _THREADS
    problem = _lacking(place, needed)
    if problem or channel.mode is not AnswerMode.SHADOW:
        return problem
    report = guild.get_channel(channel.report_channel_id or 0)
    return _lacking(report, _POSTS) if report else _("the channel to report to is gone")


def _lacking(place: discord.abc.GuildChannel, needed: discord.Permissions) -> str:
    """Which permissions the bot lacks in a channel, in words."""
    mine = place.permissions_for(place.guild.me)
    # by our names: discord.py has two for some, and iterates over the other one
    lacking = [_(text) for name, text in PERMISSIONS.items() if getattr(needed, name) and not getattr(mine, name)]
    if not lacking:
        return ""
    text = ngettext(
        "in {channel} I need the permission {permissions}",
        "in {channel} I need the permissions {permissions}",
        len(lacking),
    )
    return text.format(channel=place.mention, permissions=", ".join(lacking))

"""What people wrote in a channel or a thread, read to be summed up: for whoever may read it there, and kept nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import discord

from bot.channels import PERMISSIONS
from bot.localisation import _, listed
from index import RetrievalError

READ_AT_MOST = 500
"""So many messages are read back: five requests to Discord, and a few seconds of work."""

TEXT_AT_MOST = 30_000
"""So many characters are read, the last ones: about five seconds of work where messages are long."""

CHANNEL_MESSAGES = 200
"""So many of a channel where nothing else is asked for; of a thread, as many as are read at most."""

HOURS_AT_MOST = 7 * 24

MESSAGES_AT_LEAST = 5
"""Fewer are read faster than their summary."""

_COMMAND = re.compile(r"[!?.$/;%&~+=-]{1,2}[A-Za-z]")
"""How commands to bots begin that are written as messages."""

_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED_LINE = re.compile(r"^>(?:>>)? .*$", re.MULTILINE)
_SPOILER = re.compile(r"\|\|.+?\|\|", re.DOTALL)
_EMOJI = re.compile(r"<a?(:\w+:)\d+>")
_MENTION = re.compile(r"<(@!?|@&|#)(\d+)>")

NEEDED = ("view_channel", "read_message_history")

Channel = discord.abc.GuildChannel | discord.Thread

TalkChannel = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
"""Of those, where messages are written."""


class IntentOffError(RetrievalError):
    """Discord keeps back from the bot what people write."""

    user_message = (
        "I cannot read what people write here. Whoever runs me has to switch on the Message Content Intent in "
        "Discord's developer portal, under Bot, and set MESSAGE_CONTENT=1."
    )


class NotInServerError(RetrievalError):
    """The bot is no member where the command was used."""

    user_message = "I sum up what is written in servers that have added me. Use this command in one of them."


class NotInThreadError(RetrievalError):
    """It was to be a thread."""

    user_message = "This is no thread. Use /summary channel here, or this command in a thread."


class MayNotReadError(RetrievalError):
    """The person who asks sees the channel and not what was written in it before."""

    user_message = "You may not read the message history here, so I do not sum it up for you."


class CannotReadError(RetrievalError):
    """The bot lacks permissions."""

    user_message = "I cannot read the messages here. I need these permissions: {permissions}."


class NotForEverybodyError(RetrievalError):
    """A public summary would show people what they may not read."""

    user_message = (
        "Not everybody who sees this channel may read its message history, so I can show its summary to you alone. "
        "Leave out the option private."
    )


class NothingSaidError(RetrievalError):
    """There is no text to sum up."""

    user_message = (
        "I found nothing to sum up. I leave out messages without text, messages of bots, commands and spoilers."
    )


class TooLittleError(RetrievalError):
    """There is hardly any text to sum up."""

    user_message = "So little was written in that time that reading it is faster than a summary."


@dataclass(frozen=True, slots=True)
class Window:
    """Which messages to read: the last ones, of the last hours."""

    messages: int
    hours: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A message, as it is summed up."""

    author: str
    text: str
    link: str
    at: datetime


def check_may_read(interaction: discord.Interaction[Any], *, has_intent: bool, is_private: bool) -> None:
    """Refuse to read where the person, the bot, or those who would see the summary may not.

    Args:
        interaction: Whose channel is to be read; Discord says in it who may do what there.
        has_intent: Whether Discord shows the bot what people write.
        is_private: Whether only the person sees the summary.

    Raises:
        RetrievalError: Its message says what is in the way.
    """
    channel = interaction.channel
    if not isinstance(channel, Channel) or not interaction.is_guild_integration():
        raise NotInServerError("not a channel of a server that installed the bot")
    _check(channel, interaction.permissions, interaction.app_permissions, has_intent=has_intent, is_private=is_private)


async def check_may_still_read(channel: Channel, asker_id: int, *, has_intent: bool, is_private: bool) -> None:
    """Refuse what `check_may_read` refuses, later than in the interaction, with the permissions of now.

    Raises:
        RetrievalError: Its message says what is in the way.
    """
    try:
        asker = await channel.guild.fetch_member(asker_id)
        allowed = channel.permissions_for(asker)
        if isinstance(channel, discord.Thread) and channel.is_private() and not allowed.manage_threads:
            await channel.fetch_member(asker_id)
    except (discord.Forbidden, discord.NotFound) as error:
        raise MayNotReadError(f"the asker is no member any more: {error.text}") from error
    own = channel.permissions_for(channel.guild.me)
    _check(channel, allowed, own, has_intent=has_intent, is_private=is_private)


def _check(
    channel: Channel, asker: discord.Permissions, own: discord.Permissions, *, has_intent: bool, is_private: bool
) -> None:
    if not has_intent:
        raise IntentOffError("the message-content intent is off")
    if not (asker.view_channel and asker.read_message_history):
        raise MayNotReadError("the asker may not read the history")
    lacking = [_(PERMISSIONS[name]) for name in NEEDED if not getattr(own, name)]
    if lacking:
        raise CannotReadError(f"lacking: {lacking}", permissions=listed(lacking))
    if not is_private and not everybody_may_read(channel):
        raise NotForEverybodyError("not everybody may read the history")


def everybody_may_read(channel: Channel) -> bool:
    """Whether all who see a channel surely may read its history: everybody is given that, and nobody denied it."""
    place = channel.parent if isinstance(channel, discord.Thread) else channel
    if place is None:
        return False
    everybody = place.guild.default_role
    is_given = everybody.permissions.read_message_history or place.overwrites_for(everybody).read_message_history
    return bool(is_given) and not any(
        overwrite.read_message_history is False for overwrite in place.overwrites.values()
    )


async def read_messages(channel: discord.abc.Messageable, window: Window, *, before: int, me: int) -> list[Said]:
    """Read what people wrote, oldest first; discord.py keeps to Discord's rate limits.

    Args:
        channel: One that `check_may_read` or `check_may_still_read` allows.
        window: How far back.
        before: The id that the command has: what was written later, its asker may not have seen.
        me: The bot's id.

    Raises:
        CannotReadError: A permission is gone since.
    """
    asked_at = discord.utils.snowflake_time(before)
    after = asked_at - timedelta(hours=window.hours) if window.hours else None
    found = channel.history(limit=window.messages, before=discord.Object(before), after=after, oldest_first=False)
    try:
        messages = [message async for message in found]
    except (discord.Forbidden, discord.NotFound) as error:
        needed = listed([_(PERMISSIONS[name]) for name in NEEDED])
        raise CannotReadError(f"the history cannot be read: {error.text}", permissions=needed) from error
    return last_of(said_in(reversed(messages), me=me))


def last_of(said: Sequence[Said], *, room: int = TEXT_AT_MOST) -> list[Said]:
    """The last messages, as many as have no more text than there is room for."""
    kept: list[Said] = []
    for item in reversed(said):
        room -= len(item.text)
        if room < 0:
            break
        kept.append(item)
    return kept[::-1]


def said_in(messages: Iterable[discord.Message], *, me: int) -> list[Said]:
    """What people wrote, without what is no talk: messages of bots, commands, spoilers, and what has no text.

    A message on which a thread was opened belongs to it, though it stands in the channel above.
    """
    said = []
    for message, link in map(_with_link, messages):
        if message is None or message.type not in (discord.MessageType.default, discord.MessageType.reply):
            continue
        if message.author.bot or message.webhook_id is not None or _speaks_to_bot(message.content, me):
            continue
        if not _SPOILER.search(message.content) and (text := plain_text(message)):
            said.append(Said(message.author.display_name, text, link, message.created_at))
    return said


def _with_link(message: discord.Message) -> tuple[discord.Message | None, str]:
    """A message and its link; for the note at the top of a thread, the message that it stands for, unless deleted."""
    if message.type is not discord.MessageType.thread_starter_message:
        return message, message.jump_url
    opener = message.reference.resolved if message.reference else None
    if message.reference is None or not isinstance(opener, discord.Message):
        return None, ""
    return opener, message.reference.jump_url  # discord.py takes the opener to be in the thread


def _speaks_to_bot(text: str, me: int) -> bool:
    return _COMMAND.match(text) is not None or re.match(rf"<@!?{me}>", text) is not None


def plain_text(message: discord.Message) -> str:
    """What a message says, its mentions as names; without code, and without what it quotes of others.

    The name of a channel stays out: not everybody who reads the mention may see that channel.
    """
    text = _QUOTED_LINE.sub("", _CODE.sub("", message.content))
    people = {person.id: person.display_name for person in message.mentions}
    roles = {role.id: role.name for role in message.role_mentions}

    def name(match: re.Match[str]) -> str:
        kind, number = match[1], int(match[2])
        if kind == "#":
            return "#\u2026"
        return f"@{(roles if kind == '@&' else people).get(number, chr(0x2026))}"

    return _EMOJI.sub(r"\1", _MENTION.sub(name, text)).strip()

"""What a message asks."""

from __future__ import annotations

import discord

from bot.render.limits import QUESTION
from bot.render.text import without_mention


def is_forum_post(message: discord.Message) -> bool:
    """Whether it is the message that a forum post begins with: it has its thread's id."""
    return isinstance(message.channel, discord.Thread) and message.channel.id == message.id


def text_of(message: discord.Message) -> str:
    """What a message says; of a forum post, its title too."""
    if is_forum_post(message) and isinstance(message.channel, discord.Thread):
        return f"{message.channel.name}\n{message.content}"
    return message.content


def question_in(message: discord.Message, me: discord.abc.Snowflake | None) -> str:
    """What a message asks, without what only addresses the bot."""
    text = text_of(message)
    role = message.guild.self_role if message.guild else None
    if role is not None:
        text = text.replace(role.mention, " ")
    return without_mention(text, me.id if me else 0)[:QUESTION]

"""What is said about answer channels: to moderators in shadow mode, and in `/settings`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord

from bot.render.body import COLOUR
from bot.render.limits import EMBED_DESCRIPTION, shorten
from bot.state import AnswerChannel, AnswerMode

NEEDS_INTENT = (
    "In answer channels I have to read messages, and I may not: the message-content intent is off. Whoever runs me can "
    "switch it on: `MESSAGE_CONTENT=1`."
)
MODES = {
    AnswerMode.SHADOW: "answers are shown only in {report}",
    AnswerMode.REPLY: "questions are answered by a reply",
    AnswerMode.THREAD: "questions are answered in a thread",
}


def report_line(channel: AnswerChannel, *, link: str) -> str:
    """The line above an answer that members do not see.

    Args:
        channel: Where it was asked, with the tally so far.
        link: To the question.
    """
    return f"Shadow mode: in <#{channel.channel_id}> I would have answered {link} \u00b7 {tally(channel)}"


def tally(channel: AnswerChannel) -> str:
    """How many questions were seen, and how many were answered or would have been."""
    questions = "1 question" if channel.seen == 1 else f"{channel.seen} questions"
    answered = "would have been answered" if channel.mode is AnswerMode.SHADOW else "answered"
    return f"{questions} seen, {channel.answered} {answered}"


def channels_embed(channels: Sequence[AnswerChannel], problems: Mapping[int, str]) -> discord.Embed | None:
    """A server's answer channels, each with its mode, its tally and what is wrong; None where there are none.

    Args:
        channels: The server's.
        problems: By channel id, why it does not work, in words.
    """
    if not channels:
        return None
    lines = []
    for channel in channels:
        mode = MODES[channel.mode].format(report=f"<#{channel.report_channel_id}>")
        problem = f". **It does not work:** {problems[channel.channel_id]}" if channel.channel_id in problems else ""
        lines.append(f"- <#{channel.channel_id}>: {mode}; {tally(channel)}{problem}")
    text = shorten("\n".join(lines), EMBED_DESCRIPTION)
    return discord.Embed(title="Answer channels", description=text, colour=COLOUR)

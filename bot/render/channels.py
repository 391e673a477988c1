"""What is said about answer channels: to moderators in shadow mode, and in `/settings`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord

from bot.localisation import N_, _, ngettext
from bot.render.body import COLOUR
from bot.render.limits import EMBED_DESCRIPTION, shorten
from bot.state import AnswerChannel, AnswerMode

NEEDS_INTENT = N_(
    "In answer channels I have to read messages, and I may not: the message-content intent is off. Whoever runs me can "
    "switch it on: `MESSAGE_CONTENT=1`."
)
MODES = {
    AnswerMode.SHADOW: N_("answers are shown only in {report}"),
    AnswerMode.REPLY: N_("questions are answered by a reply"),
    AnswerMode.THREAD: N_("questions are answered in a thread"),
}


def report_line(channel: AnswerChannel, *, link: str) -> str:
    """The line above an answer that members do not see.

    Args:
        channel: Where it was asked, with the tally so far.
        link: To the question.
    """
    line = _("Shadow mode: in {channel} I would have answered {link} \u00b7 {tally}")
    return line.format(channel=f"<#{channel.channel_id}>", link=link, tally=tally(channel))


def tally(channel: AnswerChannel) -> str:
    """How many questions were seen, and how many were answered or would have been."""
    if channel.mode is AnswerMode.SHADOW:
        text = ngettext(
            "{seen} question seen, {answered} would have been answered",
            "{seen} questions seen, {answered} would have been answered",
            channel.seen,
        )
    else:
        text = ngettext(
            "{seen} question seen, {answered} answered", "{seen} questions seen, {answered} answered", channel.seen
        )
    return text.format(seen=channel.seen, answered=channel.answered)


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
        mode = _(MODES[channel.mode]).format(report=f"<#{channel.report_channel_id}>")
        line = f"- <#{channel.channel_id}>: {mode}; {tally(channel)}"
        if channel.channel_id in problems:
            line += ". " + _("**It does not work:** {problem}").format(problem=problems[channel.channel_id])
        lines.append(line)
    text = shorten("\n".join(lines), EMBED_DESCRIPTION)
    return discord.Embed(title=_("Answer channels"), description=text, colour=COLOUR)

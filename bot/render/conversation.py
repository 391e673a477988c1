"""The summary of a channel or a thread as one Discord message: each line with its author, time and message."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.conversations import Said
from bot.localisation import _
from bot.render.answer import fitting_text, link, one_line
from bot.render.body import COLOUR, Body, Rows
from bot.render.limits import shorten
from bot.render.summary import Block, in_pages
from bot.render.text import escape
from index import Extract

NAME_SHOWN = 40
LINE_ROOM = 600
LINES_ROOM = 5000
LABEL_ROOM = 210
"""A line takes its part of what a message's text and embed hold together, so that one message holds all of them."""


def conversation_body(place: str, said: Sequence[Said], extracts: Sequence[Extract], *, buttons: Rows) -> Body:
    """What was said in a place, in the order in which it was.

    Args:
        place: The name of the channel or thread.
        said: What was read.
        extracts: What of it is shown, at least one.
        buttons: What goes below.
    """
    since = discord.utils.format_dt(said[0].at, "f")
    lead = f"**{escape(shorten(one_line(place), 100))}**\n"
    lead += _("Chosen from {count} messages since {time}").format(count=len(said), time=since) + "\n"
    room = min(LINE_ROOM, LINES_ROOM // len(extracts) - LABEL_ROOM)
    blocks = [Block(_line(number, said[item.text], item, room), ()) for number, item in enumerate(extracts, start=1)]
    page = in_pages(blocks, lead=lead)[0]
    embed = None
    if page.embed:
        embed = discord.Embed(colour=COLOUR, description="\n\n".join(block.text for block in page.embed))
    return Body(lead + "\n\n".join(block.text for block in page.content), embed, buttons)


def _line(number: int, said: Said, extract: Extract, room: int) -> str:
    name = escape(shorten(one_line(said.author), NAME_SHOWN))
    time, message = discord.utils.format_dt(said.at, "f"), link(_("message"), said.link)
    text = said.text[extract.span.start : extract.span.end]
    return f"{fitting_text(text, room)}\n**[{number}]** {name} \u00b7 {time} \u00b7 {message}"

"""Summaries, timelines and comparisons as Discord messages: one message, and pages where one does not hold them.

Each line is a quote with its number and place, as in an answer. What the message's text does not hold goes on in its
embed; what neither holds is on the next page, behind *More*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import discord

from bot.localisation import N_, _, dated, decimal
from bot.render.answer import (
    CORRECTIONS_SHOWN,
    QUESTION_SHOWN,
    TITLE_SHOWN,
    fitting_line,
    fitting_quote,
    label,
    one_line,
    sources_fields,
    sources_length,
)
from bot.render.body import COLOUR, Body, File, Rows
from bot.render.limits import CONTENT, EMBED_DESCRIPTION, EMBED_TOTAL, length, shorten
from bot.render.passages import CHANGED
from bot.render.text import escape
from bot.render.wording import (
    NO_DATES,
    NO_SAME_POINTS,
    NO_SENTENCES,
    SAME_POINTS,
    SOURCES,
    UNCERTAIN_TOPIC,
    corrections_in_words,
    coverage_in_words,
    theme_in_words,
)
from index import Comparison, Pair, Quote, Summary, Verdict

LINE_ROOM = 900
"""No quote takes more of a message; a sentence that is longer is cut for show."""

PAIRED_ROOM = 550

FOOTER_ROOM = 300

GOES_ON = "\u200b"
"""The name of a field that goes on with the one before: Discord wants one."""

FIELDS = 6
"""More of them hold more than an embed may."""


@dataclass(frozen=True, slots=True)
class Block:
    """What is not parted between pages: a quote, or two on the same point, with what stands above."""

    text: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The blocks of one message, as many as its text holds and as many as its embed holds."""

    content: tuple[Block, ...]
    embed: tuple[Block, ...]

    @property
    def quotes(self) -> list[Quote]:
        return [quote for block in self.content + self.embed for quote in block.quotes]


NO_PICTURE = N_("I may not attach files here, so this timeline has no picture.")


def in_pages(blocks: Sequence[Block], *, lead: str) -> list[Page]:
    """Fill pages with blocks, in order; at least one a page.

    Args:
        blocks: What to show.
        lead: What stands at the top of the first page.
    """
    pages: list[Page] = []
    left = list(blocks)
    while left:
        content = _taken(left, CONTENT - (0 if pages else length(lead)), at_least=1)
        embed = _taken(left, EMBED_DESCRIPTION, at_least=0)
        while embed and not _has_room_for_sources(content, embed):
            left.insert(0, embed[-1])
            embed = embed[:-1]
        pages.append(Page(content, embed))
    return pages


def _has_room_for_sources(content: Sequence[Block], embed: Sequence[Block]) -> bool:
    """Whether an embed holds, below its blocks, a link for each quote of its page."""
    quotes = [quote for block in (*content, *embed) for quote in block.quotes]
    return sources_length(quotes) <= _room_for_sources("\n\n".join(block.text for block in embed))


def _room_for_sources(description: str) -> int:
    name = _(SOURCES)
    return EMBED_TOTAL - FOOTER_ROOM - length(description) - length(name) - FIELDS * len(GOES_ON)


def first_number(pages: Sequence[Page], number: int) -> int:
    """The number of the first quote of a page; both count from 1."""
    return 1 + sum(len(earlier.quotes) for earlier in pages[: number - 1])


def _taken(blocks: list[Block], room: int, *, at_least: int) -> tuple[Block, ...]:
    """Take blocks off the front of a list while they fit."""
    taken: list[Block] = []
    while blocks:
        cost = length(blocks[0].text) + (2 if taken else 0)
        if cost > room and len(taken) >= at_least:
            break
        block = blocks.pop(0)
        taken.append(block if cost <= room else replace(block, text=shorten(block.text, room)))
        room -= cost
    return tuple(taken)


def summary_blocks(summary: Summary, today: date) -> list[Block]:
    """Each line of a summary, below its theme or date where it has one.

    A document's own date is said once, and in a timeline not at all: it would be read as that of the event.
    """
    starts: dict[int, str] = {}
    position = 0
    for theme in summary.themes:
        if theme.quotes:
            starts[position] = theme_in_words(theme)
        position += theme.quotes
    is_one_document = summary.confidence is None and not summary.themes
    blocks = []
    dated_already: set[str] = set()
    for number, quote in enumerate(summary.quotes):
        above = dated(summary.dates[number]) if summary.dates else starts.get(number, "")
        heading = f"**{escape(shorten(one_line(above), 200))}**\n" if above else ""
        citation = quote.citation
        if summary.dates or citation.document in dated_already:
            citation = replace(citation, published=None, updated=None)
        dated_already.add(citation.document)
        place = _section_label(number + 1, quote) if is_one_document else label(number + 1, citation, today)
        blocks.append(Block(f"{heading}{fitting_quote(quote, LINE_ROOM)}\n{place}", (quote,)))
    return blocks


def _section_label(number: int, quote: Quote) -> str:
    """The place of a quote where the document is known: its section."""
    citation = quote.citation
    return label(
        number, replace(citation, title=citation.section or citation.title, section=None, published=None, updated=None)
    )


def comparison_quotes(comparison: Comparison) -> tuple[Quote, ...]:
    """All quotes of a comparison in the order of their numbers."""
    return tuple(quote for pair in comparison.pairs for quote in (pair.a, pair.b) if quote is not None)


def comparison_blocks(comparison: Comparison, today: date) -> list[Block]:
    """What both documents speak of as pairs, then what only one says."""
    blocks: list[Block] = []
    number = 0
    above = ""
    for pair in comparison.pairs:
        quotes = tuple(quote for quote in (pair.a, pair.b) if quote is not None)
        heading = _heading_of(pair, comparison)
        lines = [f"**{escape(heading)}**"] if heading != above else []
        above = heading
        for quote in quotes:
            number += 1
            room = PAIRED_ROOM if len(quotes) > 1 else LINE_ROOM
            lines += [fitting_quote(quote, room), label(number, quote.citation, today)]
        blocks.append(Block("\n".join(lines), quotes))
    return blocks


def _heading_of(pair: Pair, comparison: Comparison) -> str:
    if pair.a and pair.b:
        return _(SAME_POINTS)
    title = comparison.titles[0] if pair.a else comparison.titles[1]
    return _("Only in: {title}").format(title=shorten(one_line(title), 150))


def summary_lead(summary: Summary, *, lacks_picture: bool = False) -> str:
    """What stands above a summary: its subject, how it was read, whether it is sure, and what is missing."""
    subject = fitting_line(summary.subject, QUESTION_SHOWN) or _("What the documents are about")
    lines = [f"**{subject}**"]
    if summary.corrections:
        corrections = corrections_in_words(summary, show=lambda word: f"*{escape(word)}*")
        lines.append(shorten(corrections, CORRECTIONS_SHOWN))
    if summary.quotes and summary.verdict is Verdict.UNCERTAIN:
        lines.append(_(UNCERTAIN_TOPIC))
    if lacks_picture:
        lines.append(_(NO_PICTURE))
    return shorten("\n".join(lines), CONTENT // 2) + "\n"


def comparison_lead(comparison: Comparison) -> str:
    """What stands above a comparison: which documents, and whether they have nothing in common."""
    titles = " \u00b7 ".join(fitting_line(title, TITLE_SHOWN) for title in comparison.titles)
    has_both = any(pair.a and pair.b for pair in comparison.pairs)
    return f"**{titles}**\n" + ("" if has_both else _(NO_SAME_POINTS) + "\n")


def without_quotes(summary: Summary, buttons: Rows) -> Body:
    """A summary of what is there, but not in sentences that could be shown."""
    text = _(NO_SENTENCES) if summary.confidence is None else _(NO_DATES)
    return Body(summary_lead(summary) + text, buttons=buttons)


def page_body(
    made: Summary | Comparison,
    pages: Sequence[Page],
    number: int,
    *,
    lead: str,
    at: datetime,
    buttons: Rows,
    has_changed: bool = False,
    files: tuple[File, ...] = (),
) -> Body:
    """One page of a summary or a comparison.

    Args:
        made: What is shown.
        pages: All pages of it.
        number: Which one, from 1.
        lead: What stands at the top of the first.
        at: When it is made.
        buttons: What goes below.
        has_changed: Whether it is of another generation than its first page was.
        files: What is attached.
    """
    page = pages[number - 1]
    top = lead if number == 1 else f"{_(CHANGED)}\n" if has_changed else ""
    content = "\n\n".join(block.text for block in page.content)
    embed = discord.Embed(colour=COLOUR, timestamp=at)
    embed.description = "\n\n".join(block.text for block in page.embed) or None
    parts = [_("page {number} of {count}").format(number=number, count=len(pages))] if len(pages) > 1 else []
    embed.set_footer(text=shorten(" \u00b7 ".join([*parts, _footer(made)]), FOOTER_ROOM))
    room = _room_for_sources(embed.description or "")
    for text in sources_fields(page.quotes, room, first=first_number(pages, number)):
        embed.add_field(name=GOES_ON if embed.fields else _(SOURCES), value=text, inline=False)
    return Body(shorten(top + content, CONTENT), embed, buttons, files)


def _footer(made: Summary | Comparison) -> str:
    time = decimal(made.elapsed_ms, 0)
    if isinstance(made, Comparison) or made.confidence is None:
        return _("generation {generation} \u00b7 {time} ms").format(generation=made.generation, time=time)
    return _("{words} ({confidence}) \u00b7 generation {generation} \u00b7 {time} ms").format(
        words=coverage_in_words(made), confidence=decimal(made.confidence, 2), generation=made.generation, time=time
    )

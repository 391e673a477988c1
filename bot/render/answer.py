"""An answer as a Discord message: the best quote in its text, the rest and the sources in one embed.

The text is what notifications, search and screen readers have, so the answer itself stands there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

import discord

from bot.localisation import _, dated, decimal, listed, ngettext
from bot.render.body import COLOUR, Body, Rows
from bot.render.limits import (
    CONTENT,
    ELLIPSIS,
    EMBED_DESCRIPTION,
    EMBED_FIELD_VALUE,
    EMBED_FOOTER,
    EMBED_TOTAL,
    length,
    shorten,
)
from bot.render.text import block_quote, escape, markdown, plain
from bot.render.wording import (
    SOURCES,
    UNCERTAIN,
    age_in_words,
    confidence_in_words,
    corrections_in_words,
    refusal_in_words,
)
from index import Answer, Citation, Quote, Source, Summary, Verdict

QUESTION_SHOWN = 300
CORRECTIONS_SHOWN = 200
SUBJECT_SHOWN = 100
TITLE_SHOWN = 150
"""What each line around a quote has at most, in UTF-16 code units with its escapes: the quote keeps the rest."""
LINKS_A_QUOTE = 4


def answer_body(
    answer: Answer,
    *,
    repeats_question: bool,
    at: datetime | None = None,
    subject: str = "",
    searched: str = "",
    preface: str = "",
    remark: str = "",
    buttons: Rows = (),
) -> Body:
    """An answer as a message.

    Args:
        answer: Of any verdict.
        repeats_question: Whether to put the question first, for people who did not see it asked.
        at: When it is given: shown below it in each reader's own time, and what the age of documents is counted from.
        subject: The earlier question that it was read together with, if it was.
        searched: The title of the only document that was searched, if it was one.
        preface: A short line to put first, in Discord's markup.
        remark: One to put last, where it is a refusal.
        buttons: What goes below.
    """
    question = fitting_line(answer.question, QUESTION_SHOWN)
    asked = f"{preface}\n" if preface else ""
    asked += f"**{question}**\n" if repeats_question and question else ""
    if subject:
        earlier = fitting_line(subject, SUBJECT_SHOWN)
        asked += _("I read this together with *{earlier}*").format(earlier=earlier) + "\n"
    if searched:
        title = fitting_line(searched, SUBJECT_SHOWN)
        asked += _("I searched only *{title}*.").format(title=title) + "\n"
    if answer.corrections:
        asked += shorten(corrections_in_words(answer, show=lambda word: f"*{escape(word)}*"), CORRECTIONS_SHOWN) + "\n"
    if not answer.quotes:
        return Body(shorten(asked + refusal_text(answer, remark), CONTENT), buttons=buttons)
    lead = asked + (f"{_(UNCERTAIN)}\n" if answer.verdict is not Verdict.ANSWERED else "")
    best, *others = answer.quotes
    today = at.date() if at else None
    source_line = "\n" + label(1, best.citation, today)
    room = CONTENT - length(lead) - length(source_line)
    return Body(lead + fitting_quote(best, room) + source_line, _embed(answer, others, at), buttons)


def not_covered_text(answer: Answer | Summary) -> str:
    """A refusal in one line: what the documents lack. The nearest topics are buttons."""
    refusal = refusal_in_words(answer)
    unknown = [f"*{escape(word)}*" for word in answer.unknown_words if length(word) <= 40][:3]
    if not unknown or answer.language_gap is not None:
        return refusal
    missing = ngettext("{words} does not appear in them.", "{words} do not appear in them.", len(unknown))
    return f"{refusal} {missing.format(words=listed(unknown))}"


def refusal_text(answer: Answer | Summary, remark: str) -> str:
    """A refusal, and a line below it if there is one."""
    return "\n".join(filter(None, [not_covered_text(answer), remark]))


def _embed(answer: Answer, others: Sequence[Quote], at: datetime | None) -> discord.Embed:
    embed = discord.Embed(colour=COLOUR, timestamp=at)
    footer = _("{words} ({confidence}) \u00b7 generation {generation} \u00b7 {time} ms").format(
        words=confidence_in_words(answer),
        confidence=decimal(answer.confidence, 2),
        generation=answer.generation,
        time=decimal(answer.elapsed_ms, 0),
    )
    embed.set_footer(text=shorten(footer, EMBED_FOOTER))
    if sources := sources_text(answer.quotes):
        embed.add_field(name=_(SOURCES), value=sources, inline=False)
    left = min(EMBED_DESCRIPTION, EMBED_TOTAL - len(embed))
    embed.description = quotes_text(others, left, first=2, today=at.date() if at else None) or None
    return embed


def quotes_text(quotes: Sequence[Quote], room: int, *, first: int, today: date | None = None) -> str:
    """Quotes one below the other, each with its number and place, as many as the room takes.

    Args:
        quotes: Best first.
        room: UTF-16 code units.
        first: The number of the first.
        today: What the age of documents is counted from; None: it is not shown.
    """
    shown: list[str] = []
    for number, quote in enumerate(quotes, first):
        place = label(number, quote.citation, today)
        left = room - length(place) - 2
        if left < 100:
            break
        shown.append(f"{fitting_quote(quote, left)}\n{place}")
        room -= length(shown[-1]) + 2
    return "\n\n".join(shown)


def label(number: int, citation: Citation, today: date | None = None) -> str:
    """Which quote this is, and from where: title › section, page, date, and its age where it is old."""
    parts = [fitting_line(citation.title, TITLE_SHOWN)]
    if citation.section:
        parts.append(fitting_line(citation.section, TITLE_SHOWN))
    place = " \u203a ".join(parts)
    if citation.page is not None:
        place += ", " + _("page {page}").format(page=citation.page)
    day = citation.published or citation.updated
    if day:
        age = age_in_words(citation.updated or day, today) if today else ""
        place += f" ({escape(dated(shorten(day, 20)))}{', ' + age if age else ''})"
    return f"**[{number}]** {place}"


def sources_text(quotes: Sequence[Quote], *, first: int = 1) -> str:
    """The links of each quote, as many as one field holds: fewer for each before none for one; quotes with the same
    links share a line.
    """
    lines: list[str] = []
    for count in range(LINKS_A_QUOTE, 0, -1):
        lines = _source_lines(enumerate(quotes, first), count)
        if length("\n".join(lines)) <= EMBED_FIELD_VALUE:
            break
    return "\n".join(_fitting_lines(lines))


def sources_fields(quotes: Sequence[Quote], room: int, *, first: int = 1) -> list[str]:
    """The links of each of many quotes, in as many fields as they need, each as full as its lines allow.

    Args:
        quotes: In order of their numbers.
        room: UTF-16 code units of all fields; as in `sources_text`, fewer links for each go before none for one.
        first: The number of the first.
    """
    fields: list[str] = []
    for count in range(LINKS_A_QUOTE, 0, -1):
        fields = _in_fields(_source_lines(enumerate(quotes, first), count))
        if sum(map(length, fields)) <= room:
            return fields
    kept: list[str] = []
    for field in fields:
        if text := "\n".join(_fitting_lines(field.split("\n"), min(room, EMBED_FIELD_VALUE))):
            kept.append(text)
            room -= length(text)
    return kept


def sources_length(quotes: Sequence[Quote]) -> int:
    """How much room `sources_fields` needs to give each quote a link, whatever its number."""
    return sum(map(length, _in_fields(_source_lines([(99, quote) for quote in quotes], 1))))


def _in_fields(lines: Sequence[str]) -> list[str]:
    """Whole lines in as few fields as hold them in order."""
    fields: list[str] = []
    left = list(lines)
    while left:
        kept: list[str] = []
        while left and length("\n".join([*kept, left[0]])) <= EMBED_FIELD_VALUE:
            kept.append(left.pop(0))
        if not kept:  # wider than a field
            left.pop(0)
        if kept:
            fields.append("\n".join(kept))
    return fields


def _source_lines(numbered: Iterable[tuple[int, Quote]], count: int) -> list[str]:
    """A line of so many links for each quote that has some; quotes with the same links share theirs."""
    numbers: dict[str, list[str]] = {}
    for number, quote in numbered:
        if links := _links(quote, count):
            numbers.setdefault(links, []).append(f"[{number}]")
    return [f"**{' '.join(whose)}** {links}" for links, whose in numbers.items()]


def _links(quote: Quote, count: int) -> str:
    """The links that belong to a quote: the document's own, and those its footnotes name."""
    links = [link(_("document"), quote.citation.url)] if quote.citation.url else []
    links += [_source(source) for source in quote.sources]
    more = len(links) - count
    if more > 0:
        links[count:] = [ngettext("{count} more", "{count} more", more).format(count=more)]
    return "; ".join(links)


def _source(source: Source) -> str:
    title = link(source.title, source.url) if source.url else escape(shorten(one_line(source.title), 100))
    parts = (source.publisher, dated(source.date or ""))
    details = ", ".join(escape(shorten(one_line(part), 80)) for part in parts if part)
    return f"{title}, {details}" if details else title


def link(text: str, url: str) -> str:
    """A masked link, where the address allows one; else the text alone."""
    shown = escape(shorten(one_line(text) or url, 100))
    is_linkable = length(url) <= 400 and re.fullmatch(r"https?://[^\s<>\"\\]+", url)
    return f"[{shown}]({url.replace('(', '%28').replace(')', '%29')})" if is_linkable else shown


def _fitting_lines(lines: Sequence[str], room: int = EMBED_FIELD_VALUE) -> list[str]:
    """As many whole lines as one field holds: half a link is no link."""
    kept: list[str] = []
    left = room
    for line in lines:
        if line and length(line) + 1 <= left:
            kept.append(line)
            left -= length(line) + 1
    return kept


def fitting_quote(quote: Quote, room: int) -> str:
    """A quote as a block quote; where markup makes it too long, without styles, and cut at a word at the very end."""
    styled = block_quote(markdown(quote))
    if length(styled) <= room:
        return styled
    return fitting_text(plain(quote), room)


def fitting_text(text: str, room: int) -> str:
    """A text as a block quote, cut at a word at the very end where it is too long."""
    return _fitting(text, room, lambda kept: block_quote(escape(kept)))


def fitting_line(text: str, room: int) -> str:
    """A text escaped and in one line, cut at a word at the very end where it is too long with its escapes."""
    return _fitting(one_line(text), room, escape)


def _fitting(text: str, room: int, show: Callable[[str], str]) -> str:
    """As much of a text as fits once it is shown, and the ellipsis at least."""
    shown = show(text)
    while length(shown) > room and text not in ("", ELLIPSIS):
        text = shorten(text, max(1, length(text) - (length(shown) - room) // 2 - 1))
        shown = show(text)
    return shown


def one_line(text: str) -> str:
    """A text with its white space folded to single blanks."""
    return " ".join(text.split())

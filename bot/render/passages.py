"""What the buttons of an answer show: more quotes, a quote in its surroundings, the files it is from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import discord

from bot.localisation import N_, _, listed, ngettext
from bot.render.answer import fitting_quote, label, link, one_line, quotes_text, sources_text
from bot.render.body import COLOUR, Action, Body, Button, Choice, File, Menu, Rows, in_rows
from bot.render.limits import (
    BUTTONS_IN_A_ROW,
    CHOICES,
    CONTENT,
    EMBED_DESCRIPTION,
    EMBED_TOTAL,
    length,
    shorten,
)
from bot.render.text import escape, plain
from bot.render.wording import SOURCES
from index import Quote

CHANGED = N_("The documents have changed since that answer.")
CHANGED_HERE = N_("The document has changed since: it no longer has these words. They were:")
GONE = N_("The document is no longer there. The words that I quoted were:")
MAY_NOT_ATTACH = N_(
    "I may not attach files here, so here are only their titles and addresses. A moderator can let me: *Attach Files*."
)
NO_MORE = N_("There are no more quotes near that question.")


def more_body(
    quotes: Sequence[Quote], *, first: int, answer_id: int, next_page: int | None, has_changed: bool, today: date
) -> Body:
    """The next quotes.

    Args:
        quotes: Best first; none where all were shown.
        first: The number of the first.
        answer_id: Whose they are.
        next_page: Which page comes next, if one does.
        has_changed: Whether they come from another generation than the answer.
        today: What the age of documents is counted from.
    """
    lead = f"{_(CHANGED)}\n" if has_changed else ""
    if not quotes:
        return Body(lead + _(NO_MORE))
    best, *others = quotes
    place = "\n" + label(first, best.citation, today)
    content = lead + fitting_quote(best, CONTENT - length(lead) - length(place)) + place
    embed = discord.Embed(colour=COLOUR)
    if sources := sources_text(quotes, first=first):
        embed.add_field(name=_(SOURCES), value=sources, inline=False)
    room = min(EMBED_DESCRIPTION, EMBED_TOTAL - len(embed))
    embed.description = quotes_text(others, room, first=first + 1, today=today) or None
    more = [Button(Action.MORE, _("More"), answer_id, str(next_page))] if next_page is not None else []
    return Body(content, embed if len(embed) else None, in_rows(*more))


def context_body(
    quotes: Sequence[Quote], wide: Quote | None, *, number: int, answer_id: int, is_gone: bool, today: date
) -> Body:
    """A quote with what stands around it, itself in bold.

    Args:
        quotes: All of the answer, as they were shown.
        wide: The quote in its surroundings; None where its document no longer has it.
        number: Which one, from 1.
        answer_id: Whose it is.
        is_gone: Whether the document itself is no longer there.
        today: What the age of documents is counted from.
    """
    quote = quotes[number - 1]
    lead = "" if wide else f"{_(GONE if is_gone else CHANGED_HERE)}\n"
    place = "\n" + label(number, quote.citation, today)
    shown = wide or quote
    room = CONTENT - length(lead) - length(place)
    text = fitting_quote(shown, room)
    if wide and "\u2026" in text[-2:]:  # what surrounds it is too long with all its markup: the quote goes first
        text = fitting_quote(quote, room)
    return Body(lead + text + place, buttons=_other_contexts(quotes, number, answer_id))


def _other_contexts(quotes: Sequence[Quote], number: int, answer_id: int) -> Rows:
    """What leads to the context of an answer's other quotes: a button each, or a menu where they fill several rows."""
    others = [other for other in range(1, len(quotes) + 1) if other != number]
    if len(others) <= BUTTONS_IN_A_ROW:
        text = _("Quote {number} in context")
        return in_rows(*(Button(Action.CONTEXT, text.format(number=other), answer_id, str(other)) for other in others))
    choices = tuple(Choice(f"{other}. {one_line(plain(quotes[other - 1]))}", str(other)) for other in others[:CHOICES])
    return ((Menu(Button(Action.CONTEXT, _("Another quote in context"), answer_id), choices),),)


def source_body(
    quotes: Sequence[Quote],
    files: Sequence[File],
    missing: Sequence[str],
    left_out: Sequence[str] = (),
    *,
    may_attach: bool = True,
) -> Body:
    """The files that quotes are from, with their addresses.

    Args:
        quotes: As they were shown.
        files: The originals that can be attached.
        missing: Titles of documents whose file is no longer there, or is too large.
        left_out: Titles of documents whose file does not fit into the message beside the others.
        may_attach: Whether the bot may attach files there.
    """
    addresses = {quote.citation.title: quote.citation.url for quote in quotes}
    lines = [f"- {link(title, url)}" if url else f"- {_title(title)}" for title, url in addresses.items()]
    if left_out:
        only = ngettext(
            "Only {count} file fits into one message. Not attached: {titles}.",
            "Only {count} files fit into one message. Not attached: {titles}.",
            len(files),
        )
        titles = listed([f"*{escape(shorten(one_line(title), 60))}*" for title in left_out])
        lines.insert(0, only.format(count=len(files), titles=titles))
    lost = _("The file of *{title}* is no longer there, or too large to attach.")
    lines += [lost.format(title=_title(title)) for title in missing]
    kept: list[str] = []
    for line in lines:
        if length("\n".join([*kept, line])) <= CONTENT - 100:
            kept.append(line)
    head = _("The files as they are now:") if files else _("Where the quotes are from:")
    return Body("\n".join([head if may_attach else _(MAY_NOT_ATTACH), *kept]), files=tuple(files))


def person_body(question: str, *, asker_id: int, role_id: int | None, link: str) -> Body:
    """A question that the documents do not cover, for a person who may know.

    Args:
        question: As it was asked.
        asker_id: Who asked; named, not pinged.
        role_id: Whom it is for.
        link: Where the question was asked.
    """
    lead = f"<@&{role_id}> " if role_id else ""
    asks = _("{person} asks what the documents do not cover:").format(person=f"<@{asker_id}>")
    return Body(f"{lead}{asks}\n{_question_and_link(question, link)}")


def passes_on(content: str, question: str, *, asker_id: int, link: str) -> bool:
    """Whether a message is what `person_body` makes of a question, in whatever language and for whatever role."""
    return f"<@{asker_id}>" in content and content.endswith(f"\n{_question_and_link(question, link)}")


def _question_and_link(question: str, link: str) -> str:
    return f"> {escape(shorten(one_line(question), 800))}\n{link}"


def _title(title: str) -> str:
    return escape(shorten(one_line(title), 150))

"""What the bot says of itself."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.localisation import N_, _, dated, ngettext
from bot.render.body import COLOUR, Body
from bot.render.limits import CONTENT, EMBED_FIELD_VALUE, length, shorten
from bot.render.text import escape
from bot.settings import ANSWERS_KEPT_DAYS
from index import DocumentEntry, LibraryStatus

TITLES_SHOWN = 10
"""More would fill screen after screen of a phone."""
INTRODUCTION = N_(
    "I answer questions by quoting documents, word for word, and say where each quote stands. "
    "No language model writes my answers: what the documents do not cover, I do not answer."
)
HOW = N_(
    "Use `/ask`, mention me, or send me a direct message. I look for the sentences that are nearest to your question "
    "in meaning and in words. The bold ones are those that I think answer it; the number at the end of an answer, "
    "between 0 and 1, says how sure I am."
)
UNOFFICIAL = N_(
    "I am unofficial: not made, run or endorsed by the U.S. Department of State or any other authority. "
    "What I quote is no legal advice; read the source before you rely on it."
)
PRIVACY = N_(
    "Questions that I cannot answer are noted only where moderators allow it; they can also read, without your name, "
    "questions whose answers were voted not helpful, and keep some to test the documents. Other messages I do not "
    "keep. `/forget me` deletes what I keep of you."
)


def about_body(
    status: LibraryStatus, documents: Sequence[DocumentEntry], *, answer_days: int = ANSWERS_KEPT_DAYS
) -> Body:
    """What the bot covers, how it works, and what it is not.

    Args:
        status: Of the shared library.
        documents: All that can be asked about.
        answer_days: For how many days what answers showed is kept here.
    """
    embed = discord.Embed(colour=COLOUR)
    if documents:
        lines: list[str] = []
        for number, entry in enumerate(documents):
            line = f"- {escape(shorten(' '.join(entry.title.split()), 100))}"
            left = len(documents) - number
            rest = "- " + ngettext("and {count} more", "and {count} more", left).format(count=left)
            room = EMBED_FIELD_VALUE - sum(length(one) + 1 for one in lines)
            if number == TITLES_SHOWN or length(line) + length(rest) + 1 > room:
                lines.append(rest)
                break
            lines.append(line)
        count = len(documents)
        covers = ngettext("What I cover: {count} document", "What I cover: {count} documents", count)
        embed.add_field(name=covers.format(count=count), value="\n".join(lines), inline=False)
    else:
        embed.add_field(name=_("What I cover"), value=_("I am still reading my documents."), inline=False)
    embed.add_field(name=_("How it works"), value=_(HOW), inline=False)
    embed.add_field(name=_("What I am not"), value=_(UNOFFICIAL), inline=False)
    embed.add_field(name=_("What I keep"), value=f"{_keeps(answer_days)} {_(PRIVACY)}", inline=False)
    embed.set_footer(text=" \u00b7 ".join(_made_of(status)))
    return Body(shorten(_(INTRODUCTION), CONTENT), embed)


def _keeps(days: int) -> str:
    text = ngettext(
        "For {count} day I keep what an answer showed and who asked, so that its buttons work, with the question, "
        "unless this server's moderators have set otherwise, and your vote if you give one.",
        "For {count} days I keep what an answer showed and who asked, so that its buttons work, with the question, "
        "unless this server's moderators have set otherwise, and your vote if you give one.",
        days,
    )
    return text.format(count=days)


def _made_of(status: LibraryStatus) -> list[str]:
    """The generation that is current and the models in use, by name."""
    generation = _("Generation {generation} of {date}") if status.built else _("Generation {generation}")
    parts = [
        generation.format(generation=status.generation, date=dated(status.built[:10]) if status.built else "")
        if status.generation
        else _("No generation yet")
    ]
    models = (
        (_("model {name}"), status.model),
        (_("reranker {name}"), status.reranker),
        (_("reader {name}"), status.reader),
    )
    return parts + [text.format(name=shorten(name, 100)) for text, name in models if name]

"""What the bot says of itself."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.render.body import COLOUR, Body
from bot.render.limits import CONTENT, EMBED_FIELD_VALUE, length, shorten
from bot.render.text import escape
from index import DocumentEntry, LibraryStatus

INTRODUCTION = (
    "I answer questions by quoting documents, word for word, and say where each quote stands. "
    "No language model writes my answers: what the documents do not cover, I do not answer."
)
HOW = (
    "Use `/ask`, mention me, or send me a direct message. I look for the sentences that are nearest to your question "
    "in meaning and in words. The bold ones are those that I think answer it; the number behind *Answers it* says how "
    "sure I am."
)
UNOFFICIAL = (
    "I am unofficial: not made, run or endorsed by the U.S. Department of State or any other authority. "
    "What I quote is no legal advice; read the source before you rely on it."
)
PRIVACY = (
    "For 30 days I keep what an answer showed and who asked, so that its buttons work, with the question, unless this "
    "server's moderators have set otherwise, and your vote if you give one. Questions that I cannot answer are noted "
    "only where moderators allow it. Other messages I do not keep."
)


def about_body(status: LibraryStatus, documents: Sequence[DocumentEntry]) -> Body:
    """What the bot covers, how it works, and what it is not."""
    embed = discord.Embed(colour=COLOUR)
    if documents:
        lines: list[str] = []
        for number, entry in enumerate(documents):
            line = f"- {escape(shorten(' '.join(entry.title.split()), 100))}"
            rest = f"- and {len(documents) - number} more"
            if sum(length(one) + 1 for one in lines) + length(line) + length(rest) + 1 > EMBED_FIELD_VALUE:
                lines.append(rest)
                break
            lines.append(line)
        embed.add_field(name=f"What I cover: {len(documents)} documents", value="\n".join(lines), inline=False)
    else:
        embed.add_field(name="What I cover", value="I am still reading my documents.", inline=False)
    embed.add_field(name="How it works", value=HOW, inline=False)
    embed.add_field(name="What I am not", value=UNOFFICIAL, inline=False)
    embed.add_field(name="What I keep", value=PRIVACY, inline=False)
    built = f" of {status.built[:10]}" if status.built else ""
    models = {"model": status.model, "reranker": status.reranker, "reader": status.reader}
    named = [f"{what} {shorten(name, 100)}" for what, name in models.items() if name]
    embed.set_footer(text=" \u00b7 ".join((f"Generation {status.generation or 'none'}{built}", *named)))
    return Body(shorten(INTRODUCTION, CONTENT), embed)

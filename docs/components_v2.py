"""An answer as Components V2 would show it: an experiment, of which the bot has nothing.

    python -m docs.components_v2

It is made of the message that the bot sent, so that both show the same words, and sent to the same Discord, which
checks the limits. Run by itself, this counts which messages on the bundled documents have more text than Components V2
allow. `docs/decisions.md` says what came of it.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import discord
from discord.ui import ActionRow, Button, Container, LayoutView, Section, Separator, TextDisplay

from bot.client import DissentBot
from bot.render.answer import answer_body
from bot.render.body import COLOUR, Body
from bot.render.summary import in_pages, page_body, summary_blocks, summary_lead
from bot.settings import default_corpus
from index import Length, Library, SentenceTransformerEmbedder, Summary
from tests.wire import limits
from tests.wire.interactions import Interaction
from tests.wire.world import Json, Message

Item: TypeAlias = "discord.ui.Item[LayoutView]"

CONTEXT = re.compile(r"answer:\d+:context:")
LABEL = re.compile(r"\*\*\[(\d+)\]\*\* ")


async def send_as_v2(bot: DissentBot, interaction: Interaction, answer: Message) -> Message:
    """Answer a command once more, with what its answer says as Components V2."""
    webhook = discord.Webhook.partial(bot.application_id or 0, interaction.token, client=bot)
    await webhook.send(view=layout_of(answer.payload), wait=True)
    return await interaction.follow_up()


def layout_of(message: Json) -> LayoutView:
    """One container: each quote with a button for its surroundings at its place, the sources and the rest in small.

    Args:
        message: An answer or a refusal as the bot sent it.
    """
    buttons = {one["custom_id"]: one for row in message["components"] for one in row["components"]}
    context = next((one for custom_id, one in buttons.items() if CONTEXT.fullmatch(custom_id)), None)
    container: Container[LayoutView] = Container(accent_colour=COLOUR)
    for item in [*_texts(message, context), *_rows(message, left_out=context)]:
        container.add_item(item)
    view = LayoutView(timeout=None)
    view.add_item(container)
    view.stop()
    return view


def _texts(message: Json, context: Json | None) -> Iterator[Item]:
    embed: Json = next(iter(message["embeds"]), {})
    if context is None:  # a refusal
        yield TextDisplay(message["content"])
        yield Separator()
        return
    yield from _quotes(message["content"], context)
    for block in filter(None, embed.get("description", "").split("\n\n")):
        yield Separator()
        yield from _quotes(block, context)
    yield Separator()
    for one in embed.get("fields", []):
        yield TextDisplay(_small(f"**{one['name']}**\n{one['value']}"))
    at = int(datetime.fromisoformat(embed["timestamp"]).timestamp())
    yield TextDisplay(_small(f"{embed['footer']['text']} \u2022 <t:{at}:t>"))


def _quotes(text: str, context: Json) -> Iterator[Item]:
    """What stands above a quote, the quote, and its place with *Context* beside it."""
    *lines, place = text.split("\n")
    number = LABEL.match(place)
    if lines:
        yield TextDisplay("\n".join(lines))
    custom_id = context["custom_id"] + (number[1] if number else "")
    yield Section(TextDisplay(_small(place)), accessory=_button({**context, "custom_id": custom_id}))


def _small(text: str) -> str:
    return "\n".join(f"-# {line}" for line in text.split("\n"))


def _rows(message: Json, *, left_out: Json | None) -> Iterator[Item]:
    for row in message["components"]:
        shown = [_button(one) for one in row["components"] if one is not left_out]
        yield ActionRow(*shown)


def _button(button: Json) -> Button[Any]:
    return Button(
        style=discord.ButtonStyle(button["style"]),
        label=button.get("label"),
        emoji=(button.get("emoji") or {}).get("name"),
        custom_id=button["custom_id"],
    )


def main() -> None:
    at = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        library = Library(corpus=default_corpus(), data=Path(folder), embedder=SentenceTransformerEmbedder())
        library.reload()
        questions = [json.loads(line)["question"] for line in (library.corpus / "questions.jsonl").open("rb")]
        answers = [answer_body(library.ask(question), repeats_question=True, at=at) for question in questions]
        _tell("answers to golden questions", answers)
        for length in Length:
            summaries = [library.summarize_document(entry.id, length=length) for entry in library.documents()]
            _tell(f"{length} summaries of a document", [_first_page(summary, at) for summary in summaries])


def _first_page(summary: Summary, at: datetime) -> Body:
    lead = summary_lead(summary)
    pages = in_pages(summary_blocks(summary, at.date()), lead=lead)
    return page_body(summary, pages, 1, lead=lead, at=at, buttons=())


def _tell(what: str, bodies: Sequence[Body]) -> None:
    texts = [limits.length(body.content) + len(body.embed or ()) for body in bodies]
    too_long = sum(1 for text in texts if text > limits.COMPONENTS_V2_TEXT)
    print(f"{len(texts)} {what}: {max(texts)} characters at most, {too_long} over {limits.COMPONENTS_V2_TEXT}")


if __name__ == "__main__":
    main()

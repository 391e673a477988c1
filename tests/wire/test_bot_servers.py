"""What a server has added is shown in that server, and by no command, button or suggestion anywhere else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.client import DissentBot
from index import Library

from .bots import BEST_SENTENCE, dissent_bot, said_by_the_bot
from .server import LocalDiscord
from .world import Channel, Message

pytestmark = pytest.mark.asyncio(loop_scope="function")

QUOBBLERS = b"# The Quobbler Almanac\n\n## How quobblers nest\n\nQuobblers nest in hollow dunes and hum at dawn.\n"
ASKED = "Where do quobblers nest and hum at dawn?"
SECRET = ("hollow dunes", "almanac", "server/")
"""Of the document, and not of the question: a refusal names the words that it lacks."""


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    """The bot, in two servers, of which one has added a document."""
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        await bot.service.ask(ASKED)
        await bot.service.add(local_discord.guild.id, "quobblers.md", QUOBBLERS)
        yield bot


def text_in(message: Message) -> str:
    """All that a message shows, but what was asked."""
    shown = json.dumps([message.content, message.embeds, message.components, message.attachments], default=str)
    return shown.casefold().replace(ASKED.casefold(), "")


async def everything_shown(local_discord: LocalDiscord, channel: Channel) -> str:
    """What somebody is shown in a channel, whatever they try."""
    parts: list[str] = []
    for option in ("question", "document"):
        for typed in ("", "quob", "the q", "how"):
            choices = await local_discord.autocomplete("ask", option, typed, channel=channel)
            parts += [json.dumps(choice).casefold() for choice in choices if choice["name"] != typed]
    refused = [
        await (await local_discord.slash("ask", question="lamp", document=named, channel=channel)).answer()
        for named in ("server/quobblers", "The Quobbler Almanac")
    ]
    answer = await (await local_discord.slash("ask", question=ASKED, channel=channel)).answer()
    about = await (await local_discord.slash("about", channel=channel)).answer()
    parts += [text_in(message) for message in (*refused, answer, about)]
    for label in answer.buttons:
        if label not in ("Follow up", "Delete", "Ask a person"):
            parts.append(text_in(await (await local_discord.press(answer, label)).answer()))
    return " ".join(parts)


async def test_the_server_that_added_a_document_is_shown_it_everywhere(local_discord: LocalDiscord, bot: DissentBot):
    shown = await everything_shown(local_discord, local_discord.general)

    assert all(word in shown for word in SECRET[:2])
    assert "7 documents" in shown


@pytest.mark.parametrize("place", ["another server", "a direct message", "brought along"])
async def test_nobody_else_is_shown_it_anywhere(local_discord: LocalDiscord, bot: DissentBot, place: str):
    channels = {"another server": local_discord.other_general, "a direct message": local_discord.alice_dm}
    local_discord.brought_along = place == "brought along"

    shown = await everything_shown(local_discord, channels.get(place, local_discord.general))

    assert [word for word in SECRET if word in shown] == []
    assert "6 documents" in shown


async def test_a_mention_is_answered_from_the_servers_own_documents_in_that_server_alone(
    local_discord: LocalDiscord, bot: DissentBot
):
    for channel in (local_discord.general, local_discord.other_general):
        await local_discord.say(f"{local_discord.bot.mention} {ASKED}", channel=channel)
        await local_discord.next_message(channel=channel)

    here, there = (
        text_in(said_by_the_bot(local_discord, channel)[0])
        for channel in (local_discord.general, local_discord.other_general)
    )
    assert "hollow dunes" in here
    assert "hollow dunes" not in there


async def test_buttons_of_a_servers_answer_show_it_to_nobody_who_brought_the_bot_along(
    local_discord: LocalDiscord, bot: DissentBot
):
    answer = await (await local_discord.slash("ask", question=ASKED)).answer()
    own = await (await local_discord.press(answer, "Source")).answer()
    local_discord.brought_along = True

    source = await (await local_discord.press(answer, "Source")).answer()
    more = await (await local_discord.press(answer, "More")).answer()

    assert [file["filename"] for file in own.attachments] == ["quobblers.md"]
    assert source.attachments == []
    assert "hollow dunes" not in text_in(more)


async def test_the_shared_corpus_answers_in_a_server_with_documents_too(local_discord: LocalDiscord, bot: DissentBot):
    answer = await (await local_discord.slash("ask", question="When was the lighthouse built?")).answer()

    assert BEST_SENTENCE.split(".")[0][:40].casefold() in text_in(answer).replace("*", "")

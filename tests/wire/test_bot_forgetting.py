"""`/forget me`: a person has the bot delete what it keeps of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.client import DissentBot
from bot.cogs.buttons import FORGOTTEN
from index import Answer, Library
from tests.bot.discord_markdown import read, text_of

from .bots import ANSWERED, BEST_SENTENCE, NOT_COVERED, dissent_bot, remembered
from .server import LocalDiscord
from .world import Channel, Message

pytestmark = pytest.mark.asyncio(loop_scope="function")

DELETE = "Delete what you keep of me"


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        yield bot


async def ask_to_forget(local_discord: LocalDiscord, *, channel: Channel | None = None) -> Message:
    return await (await local_discord.slash("forget me", channel=channel)).answer()


async def test_it_says_what_goes_and_what_stays_and_asks_first(local_discord: LocalDiscord, bot: DissentBot):
    answer = await remembered(bot, await (await local_discord.slash("ask", question=ANSWERED)).answer())

    asked = await ask_to_forget(local_discord)

    assert asked.is_ephemeral
    assert asked.buttons == [DELETE]
    assert "I do not delete" in asked.content
    assert "the lines of their log that say so" in asked.content
    assert await bot.state.shown_in_message(answer.id) is not None


async def test_the_button_deletes_and_says_how_much(local_discord: LocalDiscord, bot: DissentBot):
    answer = await remembered(bot, await (await local_discord.slash("ask", question=ANSWERED)).answer())
    await (await local_discord.press(answer, "Helpful")).answer()
    theirs = await local_discord.slash("ask", question=ANSWERED, user=local_discord.bob)
    kept = await remembered(bot, await theirs.answer())
    asked = await ask_to_forget(local_discord)

    done = await (await local_discord.press(asked, DELETE)).answer()
    again = await (await local_discord.press(asked, DELETE)).answer()

    assert done.is_ephemeral
    assert (
        done.content == "Deleted. Answers: 1. Votes: 1. Waiting questions: 0. Noted questions: 0. Golden questions: 0."
    )
    assert again.content == "I keep nothing of you."
    pressed = await (await local_discord.press(answer, "Context")).answer()
    assert "no longer remember" in pressed.content
    assert await bot.state.shown_in_message(kept.id) is not None


async def test_a_message_that_somebody_else_had_answered_goes_too(local_discord: LocalDiscord, bot: DissentBot):
    await bot.state.change_settings(local_discord.guild.id, notes_uncovered=True)
    message = await local_discord.say(NOT_COVERED, user=local_discord.bob)
    answer = await (await local_discord.context_menu("Answer this message", message)).answer()
    await remembered(bot, answer)
    asked = await (await local_discord.slash("forget me", user=local_discord.bob)).answer()

    done = await (await local_discord.press(asked, DELETE, user=local_discord.bob)).answer()

    assert "Answers: 1." in done.content
    assert "Noted questions: 1." in done.content
    assert await bot.state.uncovered(local_discord.guild.id) == []
    assert await bot.state.shown_in_message(answer.id) is None


async def test_a_question_that_is_being_answered_meanwhile_is_not_kept(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    found, go_on, ask = asyncio.Event(), asyncio.Event(), bot.service.ask

    async def ask_and_wait(*given: Any, **more: Any) -> Answer:
        answer = await ask(*given, **more)
        found.set()
        await go_on.wait()
        return answer

    monkeypatch.setattr(bot.service, "ask", ask_and_wait)
    question = await local_discord.slash("ask", question=ANSWERED)
    await found.wait()
    done = await (await local_discord.press(await ask_to_forget(local_discord), DELETE)).answer()
    go_on.set()
    answer = await question.answer()
    pressed = await (await local_discord.press(answer, "Context")).answer()

    assert "Waiting questions: 1." in done.content
    assert BEST_SENTENCE in text_of(read(answer.content))
    assert pressed.content == FORGOTTEN


async def test_it_works_in_direct_messages_and_after_a_restart(
    local_discord: LocalDiscord, library: Library, tmp_path: Path
):
    async with dissent_bot(local_discord, library, tmp_path / "state") as bot:
        question = await local_discord.dm(ANSWERED)
        await remembered(bot, await local_discord.next_message(reply_to=question))
        asked = await ask_to_forget(local_discord, channel=local_discord.alice_dm)
    async with dissent_bot(local_discord, library, tmp_path / "state"):
        done = await (await local_discord.press(asked, DELETE)).answer()

    assert "Answers: 1." in done.content


async def test_about_says_that_there_is_such_a_command(local_discord: LocalDiscord, bot: DissentBot):
    about = await (await local_discord.slash("about")).answer()

    assert "/forget me" in about.embeds[0]["fields"][-1]["value"]

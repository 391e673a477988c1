"""How long answers are kept, who decides that, and what their buttons say afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import discord
import pytest
import pytest_asyncio

from bot.client import DissentBot
from bot.cogs import buttons as buttons_cog
from bot.state import DAY_S
from index import Library

from .bots import ANSWERED, dissent_bot, remembered
from .server import LocalDiscord
from .world import Channel, Message

pytestmark = pytest.mark.asyncio(loop_scope="function")

OPERATORS_DAYS = 7


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    async with dissent_bot(local_discord, library, tmp_path / "data", answers_kept_days=OPERATORS_DAYS) as bot:
        yield bot


async def aged_answer(
    local_discord: LocalDiscord, bot: DissentBot, *, days: float, channel: Channel | None = None
) -> Message:
    """An answer as it is so many days later, when the bot has last looked what it is to forget."""
    channel = channel or local_discord.general
    asked = await local_discord.slash("ask", question=ANSWERED, channel=channel)
    answer = await remembered(bot, await asked.answer())
    old_id = discord.utils.time_snowflake(discord.utils.utcnow() - timedelta(days=days))
    await bot.state._change(
        "UPDATE shown_answers SET message_id = ?, shown_at = shown_at - ? WHERE message_id = ?",
        (old_id, days * DAY_S, answer.id),
    )
    await bot.state.clean_up()
    body = {"content": answer.content, "components": answer.components}
    return local_discord.world.post(channel, local_discord.bot, body, message_id=old_id)


async def set_days(local_discord: LocalDiscord, **days: int) -> Message:
    options: dict[str, object] = {**days}
    pressed = await local_discord.slash("settings privacy", user=local_discord.moderator, options=options)
    return await pressed.answer()


async def press(local_discord: LocalDiscord, message: Message, label: str) -> str:
    return (await (await local_discord.press(message, label)).answer()).content


def said_of(days: int) -> str:
    return f"This answer is older than {days} day"


async def test_the_buttons_of_an_answer_that_is_too_old_say_so_and_how_long_answers_are_kept(
    local_discord: LocalDiscord, bot: DissentBot
):
    answer = await aged_answer(local_discord, bot, days=OPERATORS_DAYS + 0.1)

    said = {label: await press(local_discord, answer, label) for label in answer.buttons}
    maria = local_discord.world.add_person("maria", locale="es-ES")
    local_discord.guild.members[maria.id] = (maria, ())
    in_spanish = await (await local_discord.press(answer, "Context", user=maria)).answer()

    assert said.pop("Delete") == buttons_cog.CANNOT_TELL_WHOSE
    assert said
    assert all(text.startswith(said_of(OPERATORS_DAYS)) for text in said.values())
    assert in_spanish.content.startswith(f"Esta respuesta tiene más de {OPERATORS_DAYS} días")


async def test_until_then_they_work(local_discord: LocalDiscord, bot: DissentBot):
    answer = await aged_answer(local_discord, bot, days=OPERATORS_DAYS - 0.1)

    assert await press(local_discord, answer, "Helpful") == buttons_cog.HELPFUL
    assert said_of(OPERATORS_DAYS) not in await press(local_discord, answer, "Context")


async def test_an_answer_that_is_forgotten_before_its_time_is_not_said_to_be_old(
    local_discord: LocalDiscord, bot: DissentBot
):
    answer = await aged_answer(local_discord, bot, days=OPERATORS_DAYS - 0.1)
    await bot.state.forget_person(local_discord.alice.id)

    assert await press(local_discord, answer, "Context") == buttons_cog.FORGOTTEN


async def test_a_server_may_keep_answers_for_fewer_days_and_only_its_own_are_forgotten(
    local_discord: LocalDiscord, bot: DissentBot
):
    here = await aged_answer(local_discord, bot, days=1.1)
    elsewhere = await aged_answer(local_discord, bot, days=1.1, channel=local_discord.other_general)
    in_private = await aged_answer(local_discord, bot, days=1.1, channel=local_discord.alice_dm)
    before = await press(local_discord, here, "Helpful")
    await set_days(local_discord, answer_days=1)

    assert before == buttons_cog.HELPFUL
    assert (await press(local_discord, here, "Context")).startswith(f"{said_of(1)},")
    for answer in (elsewhere, in_private):
        assert await press(local_discord, answer, "Helpful") == buttons_cog.HELPFUL


async def test_it_is_confirmed_and_about_says_it(local_discord: LocalDiscord, bot: DissentBot):
    before = await (await local_discord.slash("about")).answer()
    shown = await set_days(local_discord, answer_days=3)
    about = await (await local_discord.slash("about")).answer()
    about_elsewhere = await (await local_discord.slash("about", channel=local_discord.other_general)).answer()

    assert "**Answers** are kept for 3 days" in shown.content
    assert "**Questions** are kept with their answers for 3 days" in shown.content
    assert "For 3 days I keep" in about.text
    assert "For 7 days I keep" in before.text
    assert "For 7 days I keep" in about_elsewhere.text


@pytest.mark.parametrize("name", ["answer_days", "question_days"])
async def test_more_days_than_the_operator_allows_are_refused_with_the_number(
    local_discord: LocalDiscord, bot: DissentBot, name: str
):
    await set_days(local_discord, answer_days=3, question_days=2)
    refused = await set_days(local_discord, **{name: OPERATORS_DAYS + 1})
    settings = await bot.state.guild_settings(local_discord.guild.id)
    taken_back = await set_days(local_discord, answer_days=OPERATORS_DAYS)

    assert refused.content.startswith("Whoever runs me has me keep answers and questions for 7 days at most.")
    assert (settings.answer_days, settings.question_days) == (3, 2)
    assert "**Answers** are kept for 7 days" in taken_back.content

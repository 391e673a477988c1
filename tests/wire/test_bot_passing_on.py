"""*Ask a person* passes a question on once, at whatever moment the bot is killed and whatever is lost.

Discord has forgotten the nonce by the time the bot is asked again, so only what it noted and what it finds can tell it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot import replies
from bot.client import DissentBot
from bot.cogs.buttons import (
    ALREADY_PASSED_ON,
    ALREADY_SHARED,
    FORGOTTEN,
    INTERRUPTED,
    PASSED_ON,
    CannotTellError,
    PassingOnError,
)
from bot.cogs.settings import CANNOT_LOOK_BACK
from index import Library

from .bots import NOT_COVERED, dissent_bot, said_by_the_bot
from .interactions import Interaction
from .killable import KillableBot
from .limits import INTERACTION_TOKEN_LIFE_S, NONCE_LIFE_S
from .server import LocalDiscord
from .world import Channel, Message, Permission

pytestmark = pytest.mark.asyncio(loop_scope="function")

ASK = "Ask a person"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest_asyncio.fixture(loop_scope="function")
async def killable(local_discord: LocalDiscord, library: Library, data: Path) -> AsyncIterator[KillableBot]:
    bot = KillableBot(local_discord, library, data)
    await bot.start()
    yield bot
    await bot.kill()


async def refusal_with_a_person(local_discord: LocalDiscord, *, private: bool = False) -> Message:
    """A refusal in a server whose questions are passed on in `quiet`."""
    options = {"ask_channel": local_discord.quiet}
    await (await local_discord.slash("settings people", user=local_discord.moderator, options=options)).answer()
    return await (await local_discord.slash("ask", question=NOT_COVERED, private=private)).answer()


async def press(local_discord: LocalDiscord, message: Message) -> str:
    return (await (await local_discord.press(message, ASK)).answer()).content


async def restart(local_discord: LocalDiscord, bot: KillableBot, *, after_s: float = NONCE_LIFE_S) -> None:
    """Start the bot again, in a Discord that has forgotten its nonces."""
    local_discord.gateway.forget_sessions()
    local_discord.advance(after_s)
    await bot.start()


async def press_and_kill(
    local_discord: LocalDiscord, bot: KillableBot, message: Message, *, has_arrived: bool
) -> Interaction:
    """Kill the bot when it has begun to post a question, and before it gets a receipt."""
    request = f"POST /channels/{local_discord.quiet.id}/messages"
    fault = local_discord.fail(request, drop=True, after=has_arrived, times=100)
    pressed = await local_discord.press(message, ASK)
    await local_discord.until(lambda: bool(local_discord.requests_to(request)), waiting_for="the question to be posted")
    await bot.kill()
    fault.times = 0
    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == has_arrived
    return pressed


def told(channel: Channel) -> str:
    return PASSED_ON.format(channel=channel.mention)


# ---- killed


@pytest.mark.parametrize("private", [True, False])
async def test_a_question_that_had_arrived_when_the_bot_was_killed_is_not_posted_again(
    local_discord: LocalDiscord, killable: KillableBot, private: bool
):
    refusal = await refusal_with_a_person(local_discord, private=private)
    pressed = await press_and_kill(local_discord, killable, refusal, has_arrived=True)

    await restart(local_discord, killable)
    late = await pressed.answer()
    again = await press(local_discord, refusal)

    assert late.content == told(local_discord.quiet)
    assert again == ALREADY_PASSED_ON
    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == 1


async def test_a_question_that_had_not_arrived_is_posted_when_its_asker_presses_again(
    local_discord: LocalDiscord, killable: KillableBot
):
    refusal = await refusal_with_a_person(local_discord)
    pressed = await press_and_kill(local_discord, killable, refusal, has_arrived=False)

    await restart(local_discord, killable)
    late = await pressed.answer()
    again = await press(local_discord, refusal)

    assert late.content == INTERRUPTED
    assert again == told(local_discord.quiet)
    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == 1


async def test_below_an_answer_that_was_not_noted_before_a_kill_it_is_passed_on_once(
    local_discord: LocalDiscord, killable: KillableBot
):
    await refusal_with_a_person(local_discord)
    fault = local_discord.fail("PATCH /webhooks", drop=True, after=True, times=100)
    asked = await local_discord.slash("ask", question=f"{NOT_COVERED} now")
    refusal = await asked.answer()
    await killable.kill()
    fault.times = 0

    await restart(local_discord, killable)

    assert await press(local_discord, refusal) == told(local_discord.quiet)
    assert await press(local_discord, refusal) == ALREADY_PASSED_ON
    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == 1


async def test_an_answer_that_was_not_noted_before_a_kill_is_shared_once(
    local_discord: LocalDiscord, killable: KillableBot
):
    fault = local_discord.fail("PATCH /webhooks", drop=True, after=True, times=100)
    asked = await local_discord.slash("ask", question=NOT_COVERED, private=True)
    refusal = await asked.answer()
    await killable.kill()
    fault.times = 0

    await restart(local_discord, killable, after_s=0)
    shared, again = [await (await local_discord.press(refusal, "Share")).answer() for _ in range(2)]

    assert not shared.is_ephemeral
    assert again.content == ALREADY_SHARED


@pytest.mark.parametrize("has_arrived", [True, False])
async def test_it_arrives_once_where_the_bot_was_away_for_longer_than_the_press_can_be_answered(
    local_discord: LocalDiscord, killable: KillableBot, has_arrived: bool
):
    refusal = await refusal_with_a_person(local_discord)
    await press_and_kill(local_discord, killable, refusal, has_arrived=has_arrived)

    await restart(local_discord, killable, after_s=INTERACTION_TOKEN_LIFE_S + 1)

    assert await press(local_discord, refusal) == told(local_discord.quiet)
    assert await press(local_discord, refusal) == ALREADY_PASSED_ON
    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == 1


async def test_it_is_found_behind_all_that_was_said_meanwhile(local_discord: LocalDiscord, killable: KillableBot):
    refusal = await refusal_with_a_person(local_discord)
    request = f"POST /channels/{local_discord.quiet.id}/messages"
    local_discord.fail(request, drop=True, times=1)
    fault = local_discord.fail(request, drop=True, after=True, times=100)
    pressed = await local_discord.press(refusal, ASK)
    await local_discord.until(lambda: bool(local_discord.requests_to(request)), waiting_for="the first attempt")
    for number in range(150):
        local_discord.world.post(local_discord.quiet, local_discord.bob, {"content": f"{number}"})
    await local_discord.until(
        lambda: bool(said_by_the_bot(local_discord, local_discord.quiet)), waiting_for="the second attempt"
    )
    await killable.kill()
    fault.times = 0

    await restart(local_discord, killable)

    assert (await pressed.answer()).content == told(local_discord.quiet)
    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == 1


async def test_another_question_of_the_same_person_is_not_taken_for_it(
    local_discord: LocalDiscord, killable: KillableBot
):
    refusal = await refusal_with_a_person(local_discord, private=True)
    other = await (await local_discord.slash("ask", question="What is the price of gold?", private=True)).answer()
    pressed = await press_and_kill(local_discord, killable, refusal, has_arrived=False)

    await restart(local_discord, killable)
    await pressed.answer()
    answers = [await press(local_discord, message) for message in (other, refusal)]

    assert answers == [told(local_discord.quiet)] * 2
    assert [NOT_COVERED in message.content for message in said_by_the_bot(local_discord, local_discord.quiet)] == [
        False,
        True,
    ]


# ---- where it cannot look


async def test_where_the_history_may_not_be_read_it_says_so_and_asks_nobody_twice(
    local_discord: LocalDiscord, killable: KillableBot
):
    refusal = await refusal_with_a_person(local_discord)
    await local_discord.deny(local_discord.quiet, Permission.READ_MESSAGE_HISTORY)
    pressed = await press_and_kill(local_discord, killable, refusal, has_arrived=True)

    await restart(local_discord, killable)
    late = await pressed.answer()
    again = await press(local_discord, refusal)
    local_discord.quiet.denied_to_bot = Permission(0)
    allowed = await press(local_discord, refusal)

    assert late.content == again == CannotTellError.user_message.format(channel=local_discord.quiet.mention)
    assert allowed == told(local_discord.quiet)
    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == 1


async def test_moderators_are_warned_of_a_channel_that_cannot_be_read(
    local_discord: LocalDiscord, library: Library, data: Path
):
    await local_discord.deny(local_discord.quiet, Permission.READ_MESSAGE_HISTORY)
    async with dissent_bot(local_discord, library, data) as bot:
        options = {"ask_channel": local_discord.quiet}
        set_up = await local_discord.slash("settings people", user=local_discord.moderator, options=options)
        shown = await set_up.answer()
        settings = await bot.state.guild_settings(local_discord.guild.id)

    assert shown.content.startswith(CANNOT_LOOK_BACK.format(channel=local_discord.quiet.mention))
    assert settings.person_channel_id == local_discord.quiet.id


async def test_a_channel_that_was_deleted_had_it_and_the_new_one_gets_it(
    local_discord: LocalDiscord, killable: KillableBot
):
    refusal = await refusal_with_a_person(local_discord, private=True)
    pressed = await press_and_kill(local_discord, killable, refusal, has_arrived=True)
    local_discord.world.delete_channel(local_discord.quiet)

    await restart(local_discord, killable)
    late = await pressed.answer()
    options = {"ask_channel": local_discord.general}
    await (await local_discord.slash("settings people", user=local_discord.moderator, options=options)).answer()
    again = await press(local_discord, refusal)

    assert late.content == INTERRUPTED
    assert again == told(local_discord.general)
    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1


# ---- without a kill


SEND, HISTORY = Permission.SEND_MESSAGES, Permission.READ_MESSAGE_HISTORY


@pytest_asyncio.fixture(loop_scope="function")
async def bot(
    local_discord: LocalDiscord, library: Library, data: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DissentBot]:
    monkeypatch.setattr(replies, "RETRY_AFTER_S", (0.01, 0.02))
    async with dissent_bot(local_discord, library, data) as bot:
        yield bot


@pytest.mark.parametrize("shared", [True, False])
async def test_a_question_whose_every_receipt_is_lost_is_found_at_the_next_press(
    local_discord: LocalDiscord, bot: DissentBot, shared: bool
):
    refusal = await refusal_with_a_person(local_discord, private=True)
    local_discord.fail(f"POST /channels/{local_discord.quiet.id}/messages", drop=True, after=True, times=3)
    failure = await press(local_discord, refusal)
    if shared:
        refusal = await (await local_discord.press(refusal, "Share")).answer()
    local_discord.advance(NONCE_LIFE_S)

    assert "Something went wrong on my side" in failure
    assert await press(local_discord, refusal) == told(local_discord.quiet)
    assert await press(local_discord, refusal) == ALREADY_PASSED_ON
    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == 1


async def test_of_two_presses_at_once_the_second_waits_for_the_first(local_discord: LocalDiscord, bot: DissentBot):
    refusal = await refusal_with_a_person(local_discord)
    local_discord.fail(f"POST /channels/{local_discord.quiet.id}/messages", delay_s=0.2)
    first, second = [await local_discord.press(refusal, ASK) for _ in range(2)]

    answers = [(await pressed.answer()).content for pressed in (first, second)]

    assert answers == [told(local_discord.quiet), ALREADY_PASSED_ON]
    assert len(local_discord.requests_to(f"POST /channels/{local_discord.quiet.id}/messages")) == 1


async def test_a_press_that_waited_while_the_answer_was_deleted_passes_nothing_on(
    local_discord: LocalDiscord, bot: DissentBot
):
    refusal = await refusal_with_a_person(local_discord)
    local_discord.fail(f"POST /channels/{local_discord.quiet.id}/messages", delay_s=0.5)
    first, second = [await local_discord.press(refusal, ASK) for _ in range(2)]
    await asyncio.gather(first.acknowledged(), second.acknowledged())
    await local_discord.press(refusal, "Delete")
    await local_discord.until(lambda: local_discord.current(refusal) is None, waiting_for="the deletion")

    answers = [(await pressed.answer()).content for pressed in (first, second)]

    assert answers == [told(local_discord.quiet), FORGOTTEN]
    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == 1


@pytest.mark.parametrize("denied", [SEND, SEND | HISTORY, Permission.VIEW_CHANNEL])
@pytest.mark.parametrize("left_denied", [Permission(0), HISTORY])
async def test_a_question_that_was_refused_is_passed_on_as_soon_as_it_can_be(
    local_discord: LocalDiscord, bot: DissentBot, denied: Permission, left_denied: Permission
):
    refusal = await refusal_with_a_person(local_discord)
    await local_discord.deny(local_discord.quiet, denied)
    refused = [await press(local_discord, refusal) for _ in range(2)]
    local_discord.quiet.denied_to_bot = left_denied

    assert refused == [PassingOnError.user_message] * 2
    assert await press(local_discord, refusal) == told(local_discord.quiet)
    assert await press(local_discord, refusal) == ALREADY_PASSED_ON
    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == 1


async def test_a_question_that_was_refused_is_passed_on_where_moderators_set_another_channel(
    local_discord: LocalDiscord, bot: DissentBot
):
    refusal = await refusal_with_a_person(local_discord, private=True)
    await local_discord.deny(local_discord.quiet, Permission.VIEW_CHANNEL)
    refused = await press(local_discord, refusal)
    shared = await (await local_discord.press(refusal, "Share")).answer()
    await bot.state.change_settings(local_discord.guild.id, person_channel_id=local_discord.general.id)

    assert refused == PassingOnError.user_message
    assert await press(local_discord, shared) == told(local_discord.general)
    assert await press(local_discord, refusal) == ALREADY_PASSED_ON


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 503}, {"status": 502}])
async def test_a_refusal_after_an_attempt_that_may_have_arrived_leaves_it_open(
    local_discord: LocalDiscord, bot: DissentBot, fault: dict[str, Any]
):
    refusal = await refusal_with_a_person(local_discord)
    await local_discord.deny(local_discord.quiet, HISTORY)
    request = f"POST /channels/{local_discord.quiet.id}/messages"
    local_discord.fail(request, after=True, **fault)
    local_discord.fail(request, status=403)
    refused = await press(local_discord, refusal)

    assert refused == PassingOnError.user_message
    assert await press(local_discord, refusal) == CannotTellError.user_message.format(
        channel=local_discord.quiet.mention
    )
    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == 1

"""Whatever goes wrong, a question gets exactly one answer, and no traceback is shown."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot import replies
from bot.client import DissentBot
from bot.render import summary
from bot.service import AnswerService
from bot.turns import QUESTIONS_AT_ONCE, Turns
from index import Library, ModelError
from tests.bot.discord_markdown import read, text_of

from .bots import (
    ANSWERED,
    BEST_SENTENCE,
    UNCERTAIN,
    LogLines,
    NeverEnding,
    dissent_bot,
    done,
    logged,
    remembered,
    said_by_the_bot,
)
from .server import LocalDiscord
from .world import Permission

pytestmark = pytest.mark.asyncio(loop_scope="function")

# before and after Discord carried the request out
LOST = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
FAULTS = pytest.mark.parametrize(
    "fault",
    [{"drop": True}, {"drop": True, "times": 2}, {"status": 502}, {"status": 429, "retry_after_s": 0.01}],
    ids=str,
)


@pytest_asyncio.fixture(loop_scope="function")
async def bot(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DissentBot]:
    monkeypatch.setattr(replies, "RETRY_AFTER_S", (0.01, 0.02))
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        yield bot


@pytest_asyncio.fixture(loop_scope="function")
async def log() -> AsyncIterator[LogLines]:
    with logged() as lines:
        yield lines


def fail_with(bot: DissentBot, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(question: str, **more: object) -> None:
        raise error

    monkeypatch.setattr(bot.service, "ask", ask)


async def one_answer_in(local_discord: LocalDiscord, *, after: str, attempts: int) -> str:
    """The bot's only message in `general`.

    Args:
        after: The request that had to be repeated.
        attempts: How often it was to be sent; the bot is done with it then.
    """

    def has_been_sent() -> bool:
        return len(local_discord.requests_to(after)) >= attempts

    await local_discord.until(has_been_sent, waiting_for=f"{attempts} of {after}")
    await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}", channel=local_discord.quiet)
    await local_discord.next_message(channel=local_discord.quiet)
    assert len(local_discord.requests_to(after)) == attempts
    [message] = said_by_the_bot(local_discord, local_discord.general)
    return text_of(read(message.content))


async def nothing_acknowledged(bot: DissentBot) -> None:
    """Wait until the next process has nobody to tell that a command was stopped."""
    async with asyncio.timeout(5):
        while await bot.state.acknowledged():  # noqa: ASYNC110 (SQLite tells nobody)
            await asyncio.sleep(0.002)


# ---- failures of our own


@pytest.mark.parametrize("by_command", [True, False])
async def test_a_known_failure_is_told_in_its_own_words(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch, by_command: bool
):
    fail_with(bot, ModelError("details for the log", user_message="The model is gone."), monkeypatch)

    if by_command:
        answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()
    else:
        await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
        answer = await local_discord.next_message()

    assert answer.text == "The model is gone."
    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1


@pytest.mark.parametrize("by_command", [True, False])
async def test_of_an_unknown_failure_only_an_incident_id_is_shown(
    local_discord: LocalDiscord,
    bot: DissentBot,
    monkeypatch: pytest.MonkeyPatch,
    log: LogLines,
    by_command: bool,
):
    fail_with(bot, KeyError("a secret detail"), monkeypatch)

    if by_command:
        answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()
    else:
        await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
        answer = await local_discord.next_message()

    incident = re.fullmatch(r"Something went wrong on my side\. .* incident ([0-9a-f]{8})\.", answer.text)
    assert incident
    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1
    record = await log.line(incident[1])
    assert record.exc_info
    assert "a secret detail" in str(record.exc_info[1])


async def test_after_a_failure_the_next_question_is_answered(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        fail_with(bot, KeyError("gone"), patch)
        await (await local_discord.slash("ask", question=ANSWERED)).answer()

    answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()

    assert BEST_SENTENCE in text_of(read(answer.content))


# ---- too many questions


@pytest.mark.parametrize("by_command", [True, False])
async def test_a_full_queue_says_when_to_come_back(local_discord: LocalDiscord, bot: DissentBot, by_command: bool):
    bot.service.turns = Turns(limit=0)

    if by_command:
        answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()
    else:
        await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
        answer = await local_discord.next_message()

    assert re.fullmatch(r"I am busy: .* try again in \d+ s\.", answer.text)
    assert answer.is_ephemeral is by_command


async def test_who_asks_a_lot_is_kindly_told_to_wait_and_others_are_answered(
    local_discord: LocalDiscord, bot: DissentBot
):
    for _ in range(QUESTIONS_AT_ONCE):
        await (await local_discord.slash("ask", question=ANSWERED)).answer()

    told = await (await local_discord.slash("ask", question=ANSWERED)).answer()
    answer = await (await local_discord.slash("ask", question=ANSWERED, user=local_discord.bob)).answer()

    assert re.fullmatch(r"Thank you for so many questions! .* ask again in \d+ s\.", told.text)
    assert told.is_ephemeral
    assert BEST_SENTENCE in text_of(read(answer.content))


@pytest.mark.parametrize(
    ("path", "options"),
    [("ask", {"question": ANSWERED}), ("timeline", {"topic": "the lighthouse of Grey Skerry", "length": "long"})],
)
async def test_who_wants_more_and_more_is_told_to_wait_as_well(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch, path: str, options: dict[str, str]
):
    monkeypatch.setattr(summary, "CONTENT", 250)  # the corpus is small, so pages are, too
    monkeypatch.setattr(summary, "EMBED_DESCRIPTION", 150)
    answer = await (await local_discord.slash(path, options=options)).answer()

    for _ in range(QUESTIONS_AT_ONCE):
        shown = await (await local_discord.press(answer, "More", user=local_discord.bob)).answer()
    told = await (await local_discord.press(answer, "More", user=local_discord.bob)).answer()
    others = await (await local_discord.press(answer, "More")).answer()

    assert told.text.startswith("Thank you for so many questions!")
    assert told.is_ephemeral
    for message in (shown, others):
        assert message.text
        assert "so many questions" not in message.text


async def test_in_a_channel_who_asks_a_lot_is_told_once(local_discord: LocalDiscord, bot: DissentBot, log: LogLines):
    for _ in range(QUESTIONS_AT_ONCE):
        question = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
        await local_discord.next_message(reply_to=question)

    questions = [await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}") for _ in range(3)]
    told = await local_discord.next_message(reply_to=questions[0])
    for question in questions[1:]:
        await log.line(f"question={question.id} is left: its asker was told already")

    assert told.content.startswith("Thank you for so many questions!")
    assert len(said_by_the_bot(local_discord, local_discord.general)) == QUESTIONS_AT_ONCE + 1


async def test_a_blocked_person_is_told_once_a_day_and_not_pinged(
    local_discord: LocalDiscord, bot: DissentBot, log: LogLines
):
    await bot.state.change_settings(local_discord.guild.id, blocked_ids=(local_discord.bob.id,))

    first, second = [
        await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}", user=local_discord.bob) for _ in range(2)
    ]
    told = await local_discord.next_message(reply_to=first)
    await log.line(f"question={second.id} is left: its asker was told already")

    assert told.pinged_ids == set()
    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1


# ---- failures of Discord and of the network: commands


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}], ids=str)
@LOST
async def test_an_acknowledgement_that_is_lost_does_not_lose_the_answer(
    local_discord: LocalDiscord, bot: DissentBot, fault: dict[str, Any], after: bool
):
    local_discord.fail("POST /interactions", after=after, **fault)

    interaction = await local_discord.slash("ask", question=ANSWERED)
    await interaction.answer()

    assert BEST_SENTENCE in await one_answer_in(local_discord, after="POST /interactions", attempts=2)


@FAULTS
@LOST
async def test_an_answer_that_is_lost_is_sent_again_and_shown_once(
    local_discord: LocalDiscord, bot: DissentBot, fault: dict[str, Any], after: bool
):
    local_discord.fail("PATCH /webhooks", after=after, **fault)

    interaction = await local_discord.slash("ask", question=ANSWERED)
    await interaction.answer()

    attempts = fault.get("times", 1) + 1
    assert BEST_SENTENCE in await one_answer_in(local_discord, after="PATCH /webhooks", attempts=attempts)


async def test_an_error_text_that_is_lost_is_sent_again_too(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    fail_with(bot, ModelError("details", user_message="The model is gone."), monkeypatch)
    local_discord.fail("PATCH /webhooks", drop=True)

    answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()

    assert answer.text == "The model is gone."


async def test_a_question_that_discord_gave_up_on_is_only_logged(
    local_discord: LocalDiscord, bot: DissentBot, log: LogLines
):
    local_discord.fail("POST /interactions", status=404, code=10062, message="Unknown interaction")

    await local_discord.slash("ask", question=ANSWERED)
    record = await log.line("command=ask could not be acknowledged: code=10062")

    assert record.levelname == "WARNING"
    assert said_by_the_bot(local_discord, local_discord.general) == []
    assert log.tracebacks == []


async def test_of_a_command_that_discord_gave_up_on_nothing_is_noted_for_the_next_start(
    local_discord: LocalDiscord, bot: DissentBot, log: LogLines
):
    local_discord.fail("POST /interactions", status=404, code=10062, message="Unknown interaction")
    await local_discord.slash("forget me")
    await log.line("could not be acknowledged")

    await nothing_acknowledged(bot)


async def test_of_a_command_whose_answer_never_gets_through_nothing_is_noted_for_the_next_start(
    local_discord: LocalDiscord, bot: DissentBot, log: LogLines
):
    attempts = len(replies.RETRY_AFTER_S) + 1
    local_discord.fail("PATCH /webhooks", drop=True, times=2 * attempts)  # of the answer, and of the error
    await local_discord.slash("forget me")
    await log.line("nowhere to answer question=")

    await nothing_acknowledged(bot)


async def test_an_answer_that_never_gets_through_is_logged_and_the_bot_goes_on(
    local_discord: LocalDiscord, bot: DissentBot, log: LogLines
):
    attempts = len(replies.RETRY_AFTER_S) + 1
    local_discord.fail("PATCH /webhooks", drop=True, times=2 * attempts)  # of the answer, and of the error

    await local_discord.slash("ask", question=ANSWERED)
    record = await log.line("nowhere to answer question=")
    answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()

    assert BEST_SENTENCE in text_of(read(answer.content))
    assert record.getMessage().split(": ")[0].endswith(f"channel={local_discord.general.id} lost=1")


# ---- messages


@FAULTS
@LOST
async def test_a_reply_that_is_lost_is_sent_again_and_shown_once(
    local_discord: LocalDiscord, bot: DissentBot, fault: dict[str, Any], after: bool
):
    request = f"POST /channels/{local_discord.general.id}"
    local_discord.fail(request, after=after, **fault)

    question = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
    await local_discord.next_message(reply_to=question)

    attempts = fault.get("times", 1) + 1
    assert BEST_SENTENCE in await one_answer_in(local_discord, after=request, attempts=attempts)


async def test_a_reply_that_never_gets_through_is_logged_and_the_bot_goes_on(
    local_discord: LocalDiscord, bot: DissentBot, log: LogLines
):
    local_discord.fail(f"POST /channels/{local_discord.general.id}", drop=True, times=3)

    await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
    await log.line("nowhere to answer question=")
    again = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
    await local_discord.next_message(reply_to=again)

    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1
    assert log.tracebacks == []


async def test_where_the_bot_may_not_write_one_line_is_logged(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, log: LogLines
):
    silent = local_discord.world.add_channel(
        local_discord.guild, "announcements", denied_to_bot=Permission.SEND_MESSAGES
    )

    async with dissent_bot(local_discord, library, tmp_path / "data"):
        await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}", channel=silent)
        record = await log.line(f"channel={silent.id} lost=1: 403 Forbidden")

    assert record.levelname == "WARNING"
    assert log.tracebacks == []
    assert len(local_discord.requests_to(f"POST /channels/{silent.id}")) == 1


async def test_a_question_that_is_deleted_meanwhile_is_not_answered(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    ask = bot.service.ask

    async def ask_and_delete(question: str, **more: Any) -> object:
        await local_discord.delete(message)
        await local_discord.gateway.caught_up()
        return await ask(question, **more)

    with monkeypatch.context() as patch:
        patch.setattr(bot.service, "ask", ask_and_delete)
        message = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
        await local_discord.until(lambda: local_discord.current(message) is None, waiting_for="the deletion")
    last = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")

    assert (await local_discord.next_message()).reply_to_id == last.id


async def test_a_mention_of_a_process_that_was_killed_is_answered_after_the_restart(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    never = NeverEnding()

    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        monkeypatch.setattr(bot.service, "ask", never)
        question = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
        await never.has_begun.wait()

    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        reply = await local_discord.next_message(reply_to=question)
        await remembered(bot, reply)

    assert BEST_SENTENCE in text_of(read(reply.content))
    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1


@pytest.mark.parametrize("how", ["with a note of it", "without one", "behind all that was said meanwhile"])
async def test_a_mention_whose_reply_is_there_is_not_answered_again_long_after(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, how: str
):
    async def leave(*_: object) -> None:
        is_left.set()

    async def forget(*_: object) -> None:
        pass

    async def ask_while_others_talk(*given: Any, **more: Any) -> object:
        for number in range(150):
            local_discord.world.post(local_discord.general, local_discord.bob, {"content": f"{number}"})
        return await ask(*given, **more)

    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        ask = bot.service.ask
        with pytest.MonkeyPatch.context() as patch:
            # as if it died between the reply and the note that the question is done, or that of the reply itself
            is_left = asyncio.Event()
            patch.setattr(bot.state, "remove_pending", leave)
            if how != "with a note of it":
                patch.setattr(bot.state, "note_message", forget)
            if how == "behind all that was said meanwhile":
                patch.setattr(bot.service, "ask", ask_while_others_talk)
            question = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
            reply = await local_discord.next_message(reply_to=question)
            await is_left.wait()
    local_discord.advance(10 * 60)

    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        await done(bot)
        await local_discord.delete(question)
        await local_discord.until(lambda: local_discord.current(reply) is None, waiting_for="the deletion")

    assert said_by_the_bot(local_discord, local_discord.general) == []


async def test_a_reply_that_was_not_noted_goes_with_a_question_that_is_deleted_while_the_bot_is_down(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        with monkeypatch.context() as patch:
            # as if it died between the reply and the notes of that
            patch.setattr(bot.state, "remove_pending", bot.state.plain_reply)
            patch.setattr(bot.state, "note_message", lambda *_: bot.state.plain_reply(0))
            question = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
            reply = await local_discord.next_message(reply_to=question)
    del local_discord.world.messages[question.id]

    async with dissent_bot(local_discord, library, tmp_path / "data"):
        await local_discord.until(lambda: local_discord.current(reply) is None, waiting_for="the deletion")


async def test_a_question_that_was_edited_while_the_bot_was_down_is_answered_as_it_stands(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        never = NeverEnding()

        monkeypatch.setattr(bot.service, "ask", never)
        question = await local_discord.say(f"{local_discord.bot.mention} {UNCERTAIN}")
        await never.has_begun.wait()
    await local_discord.edit(question, f"{local_discord.bot.mention} {ANSWERED}")

    async with dissent_bot(local_discord, library, tmp_path / "data"):
        late = await local_discord.next_message()

    assert BEST_SENTENCE in text_of(read(late.content))


@pytest.mark.parametrize("how", ["edited", "deleted"])
async def test_what_becomes_of_a_question_while_it_is_answered_late_is_followed(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
):
    has_begun, may_go_on = asyncio.Event(), asyncio.Event()

    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        never = NeverEnding()
        monkeypatch.setattr(bot.service, "ask", never)
        question = await local_discord.say(f"{local_discord.bot.mention} {UNCERTAIN}")
        await never.has_begun.wait()

    make = AnswerService.ask

    async def wait_and_ask(service: AnswerService, *given: Any, **more: Any) -> object:
        has_begun.set()
        await may_go_on.wait()
        return await make(service, *given, **more)

    monkeypatch.setattr(AnswerService, "ask", wait_and_ask)
    async with dissent_bot(local_discord, library, tmp_path / "data"):
        await has_begun.wait()
        if how == "edited":
            await local_discord.edit(question, f"{local_discord.bot.mention} {ANSWERED}")
        else:
            await local_discord.delete(question)
        await local_discord.gateway.caught_up()
        may_go_on.set()
        reply = await local_discord.next_message()

        def is_followed() -> bool:
            now = local_discord.current(reply)
            return now is None if how == "deleted" else now is not None and BEST_SENTENCE in text_of(read(now.content))

        await local_discord.until(is_followed, waiting_for="the reply to follow its question")

    assert len(said_by_the_bot(local_discord, local_discord.general)) == (how == "edited")


async def test_a_mention_that_is_deleted_while_the_bot_is_down_is_not_answered(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    never = NeverEnding()

    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        monkeypatch.setattr(bot.service, "ask", never)
        question = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
        await never.has_begun.wait()
    del local_discord.world.messages[question.id]

    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        await done(bot)

    assert said_by_the_bot(local_discord, local_discord.general) == []


async def test_a_receipt_that_is_lost_before_an_error_does_not_leave_the_person_waiting(
    local_discord: LocalDiscord, bot: DissentBot
):
    attempts = len(replies.RETRY_AFTER_S) + 1
    local_discord.fail("POST /interactions", drop=True, after=True, times=attempts)

    answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()

    assert "Something went wrong on my side" in answer.text
    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1


# ---- the gateway


async def test_commands_work_after_a_dropped_connection(local_discord: LocalDiscord, bot: DissentBot):
    local_discord.drop_connection()
    answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()

    assert BEST_SENTENCE in text_of(read(answer.content))
    assert local_discord.gateway.resume_count == 1


async def test_commands_work_after_a_requested_reconnect(local_discord: LocalDiscord, bot: DissentBot):
    await local_discord.reconnect_please()
    await local_discord.until(lambda: local_discord.gateway.resume_count == 1, waiting_for="the RESUME")

    assert await (await local_discord.slash("ask", question=ANSWERED)).answer()


async def test_commands_work_after_an_invalid_session(local_discord: LocalDiscord, bot: DissentBot):
    await local_discord.invalidate_session()
    await local_discord.connected(identify_count=2)

    assert await (await local_discord.slash("ask", question=ANSWERED)).answer()
    assert len(local_discord.requests_to("PUT /applications")) == 1

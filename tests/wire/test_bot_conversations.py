"""Questions that lean on earlier ones, and replies that follow their question's fate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
import pytest_asyncio

from bot.client import DissentBot
from bot.cogs.messages import NO_QUESTION
from bot.render import wording
from bot.service import AnswerService
from bot.state import AnswerChannel, AnswerMode
from bot.turns import QUESTIONS_AT_ONCE, BusyError, Turns
from index import Library
from tests.bot.discord_markdown import read, text_of

from .bots import (
    ANSWERED,
    BEST_SENTENCE,
    NOT_COVERED,
    UNCERTAIN,
    LogLines,
    NeverEnding,
    dissent_bot,
    logged,
    remembered,
    said_by_the_bot,
)
from .gateway import Intent
from .server import LocalDiscord
from .world import Channel, Message

pytestmark = pytest.mark.asyncio(loop_scope="function")

LEANING = "and when was that?"
UNDERSTOOD = f"I read this together with {ANSWERED}"


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        yield bot


@pytest_asyncio.fixture(loop_scope="function")
async def log() -> AsyncIterator[LogLines]:
    with logged() as lines:
        yield lines


async def ask_in_general(local_discord: LocalDiscord, bot: DissentBot, text: str) -> tuple[Message, Message]:
    question = await local_discord.say(f"{local_discord.bot.mention} {text}")
    return question, await answer_to(local_discord, bot, question)


async def answer_to(local_discord: LocalDiscord, bot: DissentBot, question: Message) -> Message:
    return await remembered(bot, await local_discord.next_message(reply_to=question))


async def gone(local_discord: LocalDiscord, message: Message) -> None:
    await local_discord.until(lambda: local_discord.current(message) is None, waiting_for="the deletion")


def quoting(message: Message | None, text: str) -> Message | None:
    """The message, once it says this."""
    return message if message is not None and text in text_of(read(message.content)) else None


async def failing(*_: object, **__: object) -> None:
    raise BusyError(3)


# ---- follow-ups


async def test_a_reply_to_an_answer_borrows_its_questions_subject(local_discord: LocalDiscord, bot: DissentBot):
    _, answer = await ask_in_general(local_discord, bot, ANSWERED)
    again = await local_discord.say(LEANING, reply_to=answer, user=local_discord.bob)
    follow_up = await answer_to(local_discord, bot, again)
    once_more = await local_discord.say("why?", reply_to=follow_up)
    last = await answer_to(local_discord, bot, once_more)

    for message in (follow_up, last):
        assert text_of(read(message.content)).startswith(UNDERSTOOD)
        assert BEST_SENTENCE in text_of(read(message.content))


async def test_after_a_restart_too(local_discord: LocalDiscord, library: Library, tmp_path: Path):
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        _, answer = await ask_in_general(local_discord, bot, ANSWERED)
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        again = await local_discord.say(LEANING, reply_to=answer)
        follow_up = await answer_to(local_discord, bot, again)

    assert text_of(read(follow_up.content)).startswith(UNDERSTOOD)


async def test_a_question_with_a_subject_of_its_own_keeps_to_it(local_discord: LocalDiscord, bot: DissentBot):
    _, answer = await ask_in_general(local_discord, bot, ANSWERED)
    again = await local_discord.say("How many bees does a hive hold?", reply_to=answer)
    follow_up = await answer_to(local_discord, bot, again)

    assert "together with" not in follow_up.content
    assert "fifty thousand bees" in text_of(read(follow_up.content))


async def test_direct_messages_are_one_conversation(local_discord: LocalDiscord, bot: DissentBot):
    await answer_to(local_discord, bot, await local_discord.dm(ANSWERED))
    follow_up = await answer_to(local_discord, bot, await local_discord.dm(LEANING))

    assert text_of(read(follow_up.content)).startswith(UNDERSTOOD)


async def test_a_mention_in_a_channel_borrows_nothing_from_strangers(local_discord: LocalDiscord, bot: DissentBot):
    await ask_in_general(local_discord, bot, ANSWERED)
    _, answer = await ask_in_general(local_discord, bot, LEANING)

    assert "together with" not in answer.content


async def test_a_question_that_is_not_kept_lends_nothing(local_discord: LocalDiscord, bot: DissentBot):
    await bot.state.change_settings(local_discord.guild.id, keeps_questions=False)
    _, answer = await ask_in_general(local_discord, bot, ANSWERED)
    again = await local_discord.say(LEANING, reply_to=answer)

    assert "More" not in answer.buttons
    assert "together with" not in (await answer_to(local_discord, bot, again)).content


@pytest.mark.parametrize("reads_all", [True, False])
async def test_in_a_thread_that_the_bot_opened_no_mention_is_needed_where_it_may_read(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, reads_all: bool
):
    if reads_all:
        local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=reads_all) as bot:
        channel = bot.get_channel(local_discord.general.id)
        assert isinstance(channel, discord.TextChannel)
        opened = await channel.create_thread(name="lighthouses", type=discord.ChannelType.public_thread)
        thread: Channel = local_discord.world.channel(opened.id)
        await local_discord.until(lambda: bot.get_channel(opened.id) is not None, waiting_for="the thread")
        await local_discord.say(ANSWERED, channel=local_discord.thread)
        await local_discord.say(ANSWERED, channel=thread)
        mentioning = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}", channel=thread)
        await answer_to(local_discord, bot, mentioning)
        leaning = await local_discord.say(f"{local_discord.bot.mention} {LEANING}", channel=thread)
        follow_up = await answer_to(local_discord, bot, leaning)

    assert UNDERSTOOD in text_of(read(follow_up.content))
    assert len(said_by_the_bot(local_discord, thread)) == (3 if reads_all else 2)
    assert said_by_the_bot(local_discord, local_discord.thread) == []


# ---- deleted and edited questions


async def test_the_reply_to_a_deleted_question_goes_too(local_discord: LocalDiscord, bot: DissentBot):
    question, answer = await ask_in_general(local_discord, bot, ANSWERED)
    _, other = await ask_in_general(local_discord, bot, ANSWERED)

    await local_discord.delete(question)
    await gone(local_discord, answer)

    assert local_discord.current(other) is not None


async def test_the_reply_goes_even_after_a_restart(local_discord: LocalDiscord, library: Library, tmp_path: Path):
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        question, answer = await ask_in_general(local_discord, bot, ANSWERED)
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        await local_discord.delete(question)
        await gone(local_discord, answer)


async def test_an_answer_that_a_moderator_deletes_is_forgotten(local_discord: LocalDiscord, bot: DissentBot):
    question, answer = await ask_in_general(local_discord, bot, ANSWERED)

    await local_discord.delete(answer)
    await remembered(bot, answer, is_forgotten=True)
    await local_discord.delete(question)
    await ask_in_general(local_discord, bot, ANSWERED)

    assert await bot.state.shown_in_message(answer.id) is None
    assert local_discord.requests_to("DELETE") == []


async def test_an_edited_question_is_answered_anew_in_place(local_discord: LocalDiscord, bot: DissentBot):
    question, answer = await ask_in_general(local_discord, bot, NOT_COVERED)
    before = await bot.state.shown_in_message(answer.id)

    await local_discord.edit(question, f"{local_discord.bot.mention} {ANSWERED}")
    current = await local_discord.until(
        lambda: quoting(local_discord.current(answer), BEST_SENTENCE), waiting_for="the new answer"
    )
    assert before is not None
    async with asyncio.timeout(10):
        while await bot.state.shown(before.id) is not None:  # noqa: ASYNC110 (SQLite tells nobody)
            await asyncio.sleep(0.002)
    context = await (await local_discord.press(current, "Context")).answer()

    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1
    assert wording.NOT_COVERED not in current.content
    assert current.pinged_ids <= {local_discord.alice.id}
    assert BEST_SENTENCE in text_of(read(context.content))


async def test_an_edit_that_changes_no_word_changes_nothing(local_discord: LocalDiscord, bot: DissentBot):
    question, answer = await ask_in_general(local_discord, bot, ANSWERED)

    await local_discord.edit(question, f"{local_discord.bot.mention}  {ANSWERED}")
    await ask_in_general(local_discord, bot, NOT_COVERED)

    assert local_discord.current(answer) == answer


@pytest.mark.parametrize("text", [UNCERTAIN, "thanks!"])
async def test_what_discord_tells_of_as_an_edit_changes_nothing_where_the_question_is_not_kept(
    local_discord: LocalDiscord, bot: DissentBot, text: str
):
    await bot.state.change_settings(local_discord.guild.id, keeps_questions=False)
    question, answer = await ask_in_general(local_discord, bot, ANSWERED)
    edited = await local_discord.edit(question, f"{local_discord.bot.mention} {text}")
    await local_discord.until(lambda: local_discord.current(answer) != answer, waiting_for="the new answer")
    for _ in range(3):  # such as a pin
        await local_discord.gateway.dispatch_message("MESSAGE_UPDATE", edited)
    await local_discord.edit(question, f"{local_discord.bot.mention} {ANSWERED}")
    await local_discord.until(lambda: quoting(local_discord.current(answer), BEST_SENTENCE), waiting_for="the last one")

    assert len(local_discord.requests_to("PATCH /channels")) == 2


async def test_a_question_that_becomes_a_follow_up_by_an_edit_borrows_from_what_it_replies_to(
    local_discord: LocalDiscord, bot: DissentBot
):
    _, first = await ask_in_general(local_discord, bot, ANSWERED)
    reply = await local_discord.say(NOT_COVERED, reply_to=first)
    answer = await answer_to(local_discord, bot, reply)

    await local_discord.edit(reply, f"{local_discord.bot.mention} {LEANING}")

    await local_discord.until(lambda: quoting(local_discord.current(answer), UNDERSTOOD), waiting_for="the new answer")


# ---- replies that are no answers


@pytest.mark.parametrize("reads_all", [True, False])
async def test_thanks_for_an_answer_are_no_question(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, reads_all: bool
):
    if reads_all:
        local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=reads_all) as bot:
        _, answer = await ask_in_general(local_discord, bot, ANSWERED)
        await local_discord.say("thanks, that helped", reply_to=answer)
        again = await local_discord.say("why?", reply_to=answer)
        await answer_to(local_discord, bot, again)

    assert len(said_by_the_bot(local_discord, local_discord.general)) == 2


async def test_small_talk_in_direct_messages_is_told_how_to_ask(local_discord: LocalDiscord, bot: DissentBot):
    reply = await local_discord.next_message(reply_to=await local_discord.dm("thank you!"))
    topic = await answer_to(local_discord, bot, await local_discord.dm("lighthouse built from granite"))

    assert reply.content == NO_QUESTION
    assert BEST_SENTENCE in text_of(read(topic.content))


async def test_a_question_that_comes_by_an_edit_is_answered_in_place_of_what_was_said(
    local_discord: LocalDiscord, bot: DissentBot
):
    message = await local_discord.say(local_discord.bot.mention)
    reply = await local_discord.next_message(reply_to=message)
    await local_discord.edit(message, f"{local_discord.bot.mention} {ANSWERED}")
    await local_discord.until(lambda: quoting(local_discord.current(reply), BEST_SENTENCE), waiting_for="the answer")
    await remembered(bot, reply)
    await local_discord.edit(message, f"{local_discord.bot.mention} thanks!")
    await local_discord.until(lambda: quoting(local_discord.current(reply), "Ask me something"), waiting_for="the text")

    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1


async def test_a_reply_that_is_no_answer_goes_with_its_message(local_discord: LocalDiscord, bot: DissentBot):
    bot.service.turns = Turns(limit=0)
    for text in (local_discord.bot.mention, f"{local_discord.bot.mention} {ANSWERED}"):
        message = await local_discord.say(text)
        reply = await local_discord.next_message(reply_to=message)
        await local_discord.delete(message)
        await gone(local_discord, reply)


async def test_edits_do_not_go_round_the_cool_down_and_no_answer_stays_below_another_question(
    local_discord: LocalDiscord, bot: DissentBot, log: LogLines
):
    question, answer = await ask_in_general(local_discord, bot, ANSWERED)
    for number in range(QUESTIONS_AT_ONCE):
        await local_discord.edit(question, f"{local_discord.bot.mention} {ANSWERED} {number}")
    said = await local_discord.until(
        lambda: quoting(local_discord.current(answer), "Let others have a turn"), waiting_for="the kind line"
    )
    answered = [record for record in log.records if record.getMessage().startswith("answered verdict")]

    assert len(answered) == QUESTIONS_AT_ONCE
    assert (said.embeds, said.buttons) == ([], [])


async def test_an_edit_that_finds_the_queue_full_is_told_to_wait(local_discord: LocalDiscord, bot: DissentBot):
    question, answer = await ask_in_general(local_discord, bot, ANSWERED)
    bot.service.turns = Turns(limit=0)
    await local_discord.edit(question, f"{local_discord.bot.mention} {NOT_COVERED}")

    await local_discord.until(lambda: quoting(local_discord.current(answer), "I am busy"), waiting_for="the line")


async def test_what_a_blocked_person_edits_stays_as_it_was_answered(
    local_discord: LocalDiscord, bot: DissentBot, log: LogLines
):
    question, answer = await ask_in_general(local_discord, bot, ANSWERED)
    await bot.state.change_settings(local_discord.guild.id, blocked_ids=(local_discord.alice.id,))
    await local_discord.edit(question, f"{local_discord.bot.mention} {NOT_COVERED}")
    await log.line(f"question={question.id} was edited, and its answer stays")

    assert local_discord.current(answer) == answer


@pytest.mark.parametrize(("part", "broken"), [("turns", Turns(limit=0)), ("ask", failing)])
@pytest.mark.parametrize("is_overheard", [True, False])
async def test_a_question_that_is_edited_back_after_a_failure_is_answered_again(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, part: str, broken: object, is_overheard: bool
):
    local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=True) as bot:
        channel = AnswerChannel(local_discord.general.id, local_discord.guild.id, AnswerMode.REPLY)
        await bot.state.set_answer_channel(channel)
        prefix = "" if is_overheard else f"{local_discord.bot.mention} "
        question = await local_discord.say(prefix + ANSWERED)
        answer = await answer_to(local_discord, bot, question)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bot.service, part, broken)
            await local_discord.edit(question, prefix + UNCERTAIN)
            failed = await local_discord.until(
                lambda: quoting(local_discord.current(answer), "I am busy"), waiting_for="the error"
            )
            await remembered(bot, answer, is_forgotten=True)
        await local_discord.edit(question, prefix + ANSWERED)
        back = await local_discord.until(
            lambda: quoting(local_discord.current(answer), BEST_SENTENCE), waiting_for="the answer"
        )

    assert failed.buttons == []
    assert back.buttons == answer.buttons


async def test_a_question_whose_edit_failed_after_a_restart_is_answered_again_when_it_is_edited_back(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    never = NeverEnding()

    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        question, answer = await ask_in_general(local_discord, bot, ANSWERED)
        monkeypatch.setattr(bot.service, "ask", never)
        await local_discord.edit(question, f"{local_discord.bot.mention} {NOT_COVERED}")
        await never.has_begun.wait()
    monkeypatch.setattr(AnswerService, "ask", failing)
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        await local_discord.until(lambda: quoting(local_discord.current(answer), "I am busy"), waiting_for="the error")
        await remembered(bot, answer, is_forgotten=True)
        monkeypatch.undo()
        await local_discord.edit(question, f"{local_discord.bot.mention} {ANSWERED}")
        await local_discord.until(
            lambda: quoting(local_discord.current(answer), BEST_SENTENCE), waiting_for="the answer"
        )


async def test_an_edit_that_a_dying_process_does_not_answer_is_answered_after_the_restart(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    never = NeverEnding()

    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        question, answer = await ask_in_general(local_discord, bot, NOT_COVERED)
        monkeypatch.setattr(bot.service, "ask", never)
        await local_discord.edit(question, f"{local_discord.bot.mention} {ANSWERED}")
        await never.has_begun.wait()
    async with dissent_bot(local_discord, library, tmp_path / "data"):
        await local_discord.until(lambda: quoting(local_discord.current(answer), BEST_SENTENCE), waiting_for="it")

    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1


# ---- the bot's own role


@pytest.mark.parametrize("reads_all", [True, False])
async def test_a_mention_of_the_bots_own_role_counts_where_it_may_read(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, reads_all: bool
):
    role = local_discord.world.add_bots_role(local_discord.guild)
    if reads_all:
        local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=reads_all):
        message = await local_discord.say(f"{role.mention} {ANSWERED}")
        reply = await local_discord.next_message(reply_to=message)

    said = text_of(read(reply.content))
    assert (BEST_SENTENCE in said) is reads_all
    assert ("You mentioned my role" in said) is not reads_all

"""Answer channels: questions that are answered without a mention, or shown to moderators first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.channels import ANSWERS_A_PERSON
from bot.client import DissentBot
from bot.cogs.settings import EVERYBODY_READS, INCOMPLETE, NO_REPORT, UNCHANGED
from bot.render.channels import NEEDS_INTENT
from bot.state import AnswerChannel, AnswerMode
from index import Library
from tests.bot.discord_markdown import read, text_of

from .bots import ANSWERED, BEST_SENTENCE, NOT_COVERED, UNCERTAIN, dissent_bot, logged, remembered, said_by_the_bot
from .gateway import Intent
from .server import LocalDiscord
from .world import Channel, ChannelKind, Message, Permission

pytestmark = pytest.mark.asyncio(loop_scope="function")

LEANING = "and when was that?"


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=True) as bot:
        yield bot


async def switch(local_discord: LocalDiscord, mode: str, channel: Channel, **options: object) -> Message:
    given = {"channel": channel, "mode": mode, **options}
    return await (await local_discord.slash("settings answers", user=local_discord.moderator, options=given)).answer()


async def shown(local_discord: LocalDiscord) -> Message:
    return await (await local_discord.slash("settings show", user=local_discord.moderator)).answer()


async def seen(bot: DissentBot, channel: Channel, count: int) -> AnswerChannel:
    """Wait until so many questions were seen in a channel."""
    async with asyncio.timeout(10):
        while True:
            found = await bot.state.answer_channel(channel.id)
            assert found is not None
            if found.seen >= count:
                return found
            await asyncio.sleep(0.002)


async def forbid(local_discord: LocalDiscord, channel: Channel, permission: Permission) -> None:
    channel.denied_to_bot = permission
    payload = channel.payload() | {"guild_id": str(local_discord.guild.id)}
    await local_discord.gateway.dispatch("CHANNEL_UPDATE", payload, guild=local_discord.guild, intent=Intent.GUILDS)
    await local_discord.gateway.caught_up()


# ---- for members


async def test_a_question_is_answered_by_a_reply_that_pings_its_asker(local_discord: LocalDiscord, bot: DissentBot):
    answer = await switch(local_discord, "reply", local_discord.general)
    question = await local_discord.say(ANSWERED)
    reply = await local_discord.next_message(reply_to=question)

    assert local_discord.general.mention in answer.text
    assert BEST_SENTENCE in text_of(read(reply.content))
    assert reply.pinged_ids == {local_discord.alice.id}
    assert (await seen(bot, local_discord.general, 1)).answered == 1


async def test_a_question_is_answered_in_a_thread_where_follow_ups_need_no_mention(
    local_discord: LocalDiscord, bot: DissentBot
):
    await switch(local_discord, "thread", local_discord.general)
    question = await local_discord.say(ANSWERED)
    answer = await remembered(bot, await local_discord.next_message())
    thread = local_discord.world.channel(answer.channel_id)
    await local_discord.say("thanks a lot!", channel=thread)
    await local_discord.say("Which lighthouse do you mean?", channel=thread, user=local_discord.moderator)
    await local_discord.say(f"{local_discord.bob.mention} is the lighthouse open?", channel=thread)
    await local_discord.say(LEANING, channel=thread)
    follow_up = await remembered(bot, await local_discord.next_message())

    assert (thread.id, thread.name, thread.parent) == (question.id, ANSWERED, local_discord.general)
    assert answer.content.startswith(local_discord.alice.mention)
    assert answer.pinged_ids == {local_discord.alice.id}
    assert BEST_SENTENCE in text_of(read(answer.content))
    assert f"together with {ANSWERED}" in text_of(read(follow_up.content))
    assert len(said_by_the_bot(local_discord, thread)) == 2
    assert said_by_the_bot(local_discord, local_discord.general) == []


async def test_a_thread_whose_receipt_is_lost_is_opened_and_answered_in_once(
    local_discord: LocalDiscord, bot: DissentBot
):
    await switch(local_discord, "thread", local_discord.general)
    local_discord.fail("POST /channels/.*/threads", drop=True, after=True)
    question = await local_discord.say(ANSWERED)
    answer = await remembered(bot, await local_discord.next_message())

    assert answer.channel_id == question.id
    assert len(said_by_the_bot(local_discord, local_discord.world.channel(question.id))) == 1


@pytest.mark.parametrize("text", [UNCERTAIN, NOT_COVERED])
async def test_what_the_documents_do_not_surely_answer_stays_without_an_answer(
    local_discord: LocalDiscord, bot: DissentBot, text: str
):
    await switch(local_discord, "reply", local_discord.general)
    await local_discord.say(text)

    assert (await seen(bot, local_discord.general, 1)).answered == 0
    assert said_by_the_bot(local_discord, local_discord.general) == []


async def test_chatter_bots_moderators_other_channels_and_what_is_said_to_somebody_are_left_alone(
    local_discord: LocalDiscord, bot: DissentBot
):
    robot = local_discord.world.add_person("robot", is_bot=True)
    local_discord.guild.members[robot.id] = (robot, ())
    await switch(local_discord, "reply", local_discord.general)
    said = await local_discord.say("The lighthouse was built in 1862.", user=local_discord.bob)
    await local_discord.say(ANSWERED, reply_to=said, pings=False)
    await local_discord.say(f"{local_discord.bob.mention} {ANSWERED}")
    await local_discord.say(f"{local_discord.moderators.mention} {ANSWERED}")
    await local_discord.say(f"!ask {ANSWERED}")
    await local_discord.say(ANSWERED, user=robot)
    await local_discord.say(ANSWERED, user=local_discord.moderator)
    await local_discord.say(ANSWERED, user=local_discord.owner)
    await local_discord.say(ANSWERED, channel=local_discord.quiet)
    await local_discord.say(ANSWERED, channel=local_discord.thread)
    asked = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}", user=local_discord.moderator)
    question = await local_discord.say(ANSWERED)
    answers = [await local_discord.next_message(), await local_discord.next_message()]

    assert {answer.reply_to_id for answer in answers} == {asked.id, question.id}
    assert (await seen(bot, local_discord.general, 1)).seen == 1
    assert len(local_discord.requests_to("POST /channels")) == 2


async def test_a_question_that_mentions_the_bot_is_answered_once(local_discord: LocalDiscord, bot: DissentBot):
    await switch(local_discord, "reply", local_discord.general)
    question = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
    await local_discord.next_message(reply_to=question)
    await local_discord.say(ANSWERED)
    await local_discord.next_message()

    assert len(said_by_the_bot(local_discord, local_discord.general)) == 2
    assert (await seen(bot, local_discord.general, 1)).seen == 1


@pytest.mark.parametrize(
    ("title", "text"),
    [(ANSWERED, "Was it of granite?"), ("The lighthouse of Grey Skerry", "When was it built from granite?")],
)
@pytest.mark.parametrize("mode", ["reply", "thread"])
async def test_a_forum_post_is_answered_by_its_title_and_text(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, title: str, text: str, mode: str
):
    local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    forum = local_discord.world.add_channel(local_discord.guild, "help", kind=ChannelKind.FORUM)
    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=True) as bot:
        await switch(local_discord, mode, forum)
        post = await local_discord.post_in_forum(forum, title, text)
        answer = await local_discord.next_message(reply_to=post)
        await local_discord.say(ANSWERED, channel=local_discord.world.channel(post.id), user=local_discord.bob)
        await local_discord.post_in_forum(forum, "Hello", "I am new here.")
        await local_discord.post_in_forum(forum, NOT_COVERED, "Just asking.")
        tally = await seen(bot, forum, 2)

    assert answer.channel_id == post.id
    assert BEST_SENTENCE in text_of(read(answer.content))
    assert (tally.seen, tally.answered) == (2, 1)
    assert len(local_discord.requests_to("POST /channels")) == 1


async def test_nobody_is_flooded(local_discord: LocalDiscord, bot: DissentBot):
    await switch(local_discord, "reply", local_discord.general)
    for _ in range(ANSWERS_A_PERSON + 2):
        await local_discord.say(ANSWERED)
    tally = await seen(bot, local_discord.general, ANSWERS_A_PERSON + 2)
    other = await local_discord.say(ANSWERED, user=local_discord.bob)
    await local_discord.next_message(reply_to=other)

    assert tally.answered == ANSWERS_A_PERSON
    assert len(said_by_the_bot(local_discord, local_discord.general)) == ANSWERS_A_PERSON + 1


@pytest.mark.parametrize("mode", ["reply", "thread"])
async def test_an_answer_follows_its_questions_fate(local_discord: LocalDiscord, bot: DissentBot, mode: str):
    await switch(local_discord, mode, local_discord.general)
    deleted, edited = await local_discord.say(ANSWERED), await local_discord.say(ANSWERED, user=local_discord.bob)
    answers = [await remembered(bot, await local_discord.next_message()) for _ in range(2)]
    await local_discord.delete(deleted)
    await local_discord.edit(edited, NOT_COVERED)

    await local_discord.until(
        lambda: all(local_discord.current(answer) is None for answer in answers), waiting_for="the deletions"
    )


@pytest.mark.parametrize("may_delete", [True, False])
@pytest.mark.parametrize("deleted", ["question", "answer", "answer, by its button"])
async def test_a_thread_that_holds_nothing_more_goes_with_its_question_or_answer(
    local_discord: LocalDiscord, bot: DissentBot, may_delete: bool, deleted: str
):
    if may_delete:
        world, guild = local_discord.world, local_discord.guild
        role = world.add_role(guild, "thread keepers", Permission.MANAGE_THREADS, [local_discord.bot])
        await local_discord.gateway.dispatch(
            "GUILD_ROLE_CREATE", {"guild_id": str(guild.id), "role": role.payload()}, guild=guild, intent=Intent.GUILDS
        )
        member = guild.member_payload(local_discord.bot) | {"guild_id": str(guild.id)}
        await local_discord.gateway.dispatch("GUILD_MEMBER_UPDATE", member, guild=guild)
    await switch(local_discord, "thread", local_discord.general)
    question = await local_discord.say(ANSWERED)
    answer = await remembered(bot, await local_discord.next_message())
    thread = local_discord.world.channel(answer.channel_id)
    if deleted == "answer, by its button":
        await local_discord.press(answer, "Delete")
    else:
        await local_discord.delete(question if deleted == "question" else answer)

    await local_discord.until(
        lambda: thread.id not in local_discord.world.channels or thread.is_archived, waiting_for="the thread's end"
    )
    assert local_discord.current(answer) is None
    assert (local_discord.current(question) is None) is (deleted == "question")
    assert (thread.id in local_discord.world.channels) is not may_delete


async def test_who_writes_in_a_thread_that_was_closed_is_answered_there(local_discord: LocalDiscord, bot: DissentBot):
    await switch(local_discord, "thread", local_discord.general)
    question = await local_discord.say(ANSWERED)
    answer = await remembered(bot, await local_discord.next_message())
    thread = local_discord.world.channel(answer.channel_id)
    await local_discord.edit(question, UNCERTAIN)
    await local_discord.until(lambda: thread.is_archived, waiting_for="the thread's end")
    follow_up = await local_discord.say(LEANING, channel=thread, user=local_discord.bob)
    reply = await local_discord.next_message(reply_to=follow_up)

    assert local_discord.current(answer) is None
    assert reply.channel_id == thread.id
    assert not thread.is_archived


async def test_an_answer_follows_its_question_though_its_thread_is_archived_since(
    local_discord: LocalDiscord, bot: DissentBot
):
    await switch(local_discord, "thread", local_discord.general)
    question = await local_discord.say(ANSWERED)
    answer = await remembered(bot, await local_discord.next_message())
    thread = local_discord.world.channel(answer.channel_id)
    await local_discord.archive(thread)
    await local_discord.edit(question, "Was the lighthouse built from granite?")
    await local_discord.until(lambda: local_discord.world.message(answer.id).payload["edited_timestamp"])

    assert BEST_SENTENCE in text_of(read(local_discord.world.message(answer.id).content))
    assert not thread.is_archived


@pytest.mark.parametrize("deleted", ["question", "answer"])
async def test_a_thread_in_which_somebody_said_something_stays(
    local_discord: LocalDiscord, bot: DissentBot, deleted: str
):
    await switch(local_discord, "thread", local_discord.general)
    question = await local_discord.say(ANSWERED)
    answer = await remembered(bot, await local_discord.next_message())
    thread = local_discord.world.channel(answer.channel_id)
    await local_discord.say("thanks a lot!", channel=thread)
    await local_discord.delete(question if deleted == "question" else answer)
    await remembered(bot, answer, is_forgotten=True)
    looks = f"GET /channels/{thread.id}/messages"
    await local_discord.until(lambda: bool(local_discord.requests_to(looks)), waiting_for="a look at what is left")

    assert local_discord.current(answer) is None
    assert thread.id in local_discord.world.channels
    assert not thread.is_archived


async def test_a_blocked_person_gets_no_answer(local_discord: LocalDiscord, bot: DissentBot):
    await bot.state.change_settings(local_discord.guild.id, blocked_ids=(local_discord.alice.id,))
    await switch(local_discord, "reply", local_discord.general)
    await local_discord.say(ANSWERED)
    question = await local_discord.say(ANSWERED, user=local_discord.bob)
    await local_discord.next_message(reply_to=question)

    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1


# ---- shadow mode


async def test_shadow_mode_shows_moderators_alone_what_would_have_been_answered(
    local_discord: LocalDiscord, bot: DissentBot
):
    warned = await switch(local_discord, "shadow", local_discord.general, report_to=local_discord.quiet)
    await local_discord.say(NOT_COVERED)
    await seen(bot, local_discord.general, 1)
    question = await local_discord.say(ANSWERED)
    report = await remembered(bot, await local_discord.next_message(channel=local_discord.quiet))
    voted = await (await local_discord.press(report, "Helpful", user=local_discord.moderator)).answer()
    listed = await shown(local_discord)
    await local_discord.delete(question)
    await local_discord.until(lambda: local_discord.current(report) is None, waiting_for="the deletion")

    assert EVERYBODY_READS.format(channel=local_discord.quiet.mention) in warned.content
    for words in (local_discord.general.mention, f"{local_discord.general.id}/{question.id}", ANSWERED, BEST_SENTENCE):
        assert words in text_of(read(report.content)) + report.content
    assert "2 questions seen, 1 would have been answered" in report.content
    assert "2 questions seen, 1 would have been answered" in listed.text
    assert (report.pinged_ids, voted.is_ephemeral) == (set(), True)
    assert said_by_the_bot(local_discord, local_discord.general) == []


async def test_after_shadow_mode_members_are_answered_and_the_tally_goes_on(
    local_discord: LocalDiscord, bot: DissentBot
):
    await switch(local_discord, "shadow", local_discord.general, report_to=local_discord.quiet)
    await local_discord.say(ANSWERED)
    await local_discord.next_message(channel=local_discord.quiet)
    await switch(local_discord, "reply", local_discord.general)
    question = await local_discord.say(ANSWERED)
    await local_discord.next_message(reply_to=question)

    assert "2 questions seen, 2 answered" in (await shown(local_discord)).text


# ---- setting it


async def test_a_channel_is_set_until_it_is_switched_off_over_restarts(
    local_discord: LocalDiscord, library: Library, tmp_path: Path
):
    local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=True):
        await switch(local_discord, "reply", local_discord.general)
    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=True) as bot:
        question = await local_discord.say(ANSWERED)
        await local_discord.next_message(reply_to=question)
        off = await switch(local_discord, "off", local_discord.general)
        await local_discord.say(ANSWERED)
        mention = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
        await local_discord.next_message(reply_to=mention)

        assert await bot.state.answer_channels(local_discord.guild.id) == []
    assert "none" in off.content
    assert len(said_by_the_bot(local_discord, local_discord.general)) == 2


async def test_off_alone_switches_every_channel_off(local_discord: LocalDiscord, bot: DissentBot):
    await switch(local_discord, "reply", local_discord.general)
    await switch(local_discord, "thread", local_discord.quiet)
    await (await local_discord.slash("settings answers", user=local_discord.moderator, mode="off")).answer()

    assert await bot.state.answer_channels(local_discord.guild.id) == []


async def test_a_channel_that_is_deleted_is_no_answer_channel_any_more_and_the_others_stay(
    local_discord: LocalDiscord, bot: DissentBot
):
    await switch(local_discord, "reply", local_discord.general)
    await switch(local_discord, "thread", local_discord.quiet)
    await local_discord.delete_channel(local_discord.quiet)
    await local_discord.gateway.caught_up()
    listed = await shown(local_discord)

    assert [one.channel_id for one in await bot.state.answer_channels(local_discord.guild.id)] == [
        local_discord.general.id
    ]
    assert "1, listed below" in listed.content


async def test_a_channel_that_is_deleted_while_the_bot_is_away_is_forgotten_when_settings_are_shown(
    local_discord: LocalDiscord, library: Library, tmp_path: Path
):
    local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    async with dissent_bot(local_discord, library, tmp_path / "away", message_content=True):
        await switch(local_discord, "reply", local_discord.general)
        await switch(local_discord, "reply", local_discord.quiet)
    local_discord.world.delete_channel(local_discord.quiet)
    local_discord.gateway.forget_sessions()
    async with dissent_bot(local_discord, library, tmp_path / "away", message_content=True) as bot:
        listed = await shown(local_discord)
        kept = [one.channel_id for one in await bot.state.answer_channels(local_discord.guild.id)]

    assert kept == [local_discord.general.id]
    assert local_discord.quiet.mention not in listed.text


async def test_without_the_intent_settings_say_so_and_nothing_is_read(
    local_discord: LocalDiscord, library: Library, tmp_path: Path
):
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        refused = await switch(local_discord, "reply", local_discord.general)
        assert await bot.state.answer_channels(local_discord.guild.id) == []
        # as after the operator has switched it off again
        await bot.state.set_answer_channel(
            AnswerChannel(local_discord.general.id, local_discord.guild.id, AnswerMode.REPLY)
        )
        await local_discord.say(ANSWERED)
        mention = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
        await local_discord.next_message(reply_to=mention)
        listed = await shown(local_discord)

    assert refused.content.startswith(f"{NEEDS_INTENT} {UNCHANGED}")
    assert NEEDS_INTENT in listed.content
    assert "0 questions seen" in listed.text
    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1


async def test_what_cannot_work_is_refused_with_the_reason(local_discord: LocalDiscord, bot: DissentBot):
    await forbid(local_discord, local_discord.quiet, Permission.SEND_MESSAGES | Permission.CREATE_PUBLIC_THREADS)
    moderator, general = local_discord.moderator, local_discord.general
    incomplete = await (
        await local_discord.slash("settings answers", user=moderator, options={"channel": general})
    ).answer()
    nowhere = await switch(local_discord, "shadow", general)
    itself = await switch(local_discord, "shadow", general, report_to=general)
    silent = await switch(local_discord, "reply", local_discord.quiet)
    threadless = await switch(local_discord, "thread", local_discord.quiet)
    unheard = await switch(local_discord, "shadow", general, report_to=local_discord.quiet)

    assert incomplete.content.startswith(INCOMPLETE)
    assert nowhere.content.startswith(NO_REPORT)
    assert itself.content.startswith(NO_REPORT)
    for refused, missing in (
        (silent, "Send Messages"),
        (threadless, "Create Public Threads"),
        (unheard, "Send Messages"),
    ):
        assert refused.content.startswith(f"It would not work: in {local_discord.quiet.mention} I need")
        assert missing in refused.content.split("\n")[0]
    assert await bot.state.answer_channels(local_discord.guild.id) == []


async def test_a_lost_permission_is_logged_once_and_shown_until_it_is_back(
    local_discord: LocalDiscord, bot: DissentBot
):
    await switch(local_discord, "reply", local_discord.general)
    await forbid(local_discord, local_discord.general, Permission.SEND_MESSAGES)
    with logged() as log:
        await local_discord.say(ANSWERED)
        await local_discord.say(ANSWERED)
        await log.line("does not work")
        listed = await shown(local_discord)
        await forbid(local_discord, local_discord.general, Permission(0))
        question = await local_discord.say(ANSWERED)
        await local_discord.next_message(reply_to=question)

    assert "It does not work:" in listed.text
    assert "Send Messages" in listed.text
    assert len([record for record in log.records if "does not work" in record.getMessage()]) == 1
    assert log.tracebacks == []
    assert "It does not work:" not in (await shown(local_discord)).text


async def test_a_channel_that_is_hidden_from_the_bot_is_logged_and_shown(local_discord: LocalDiscord, bot: DissentBot):
    await switch(local_discord, "reply", local_discord.quiet)
    await forbid(local_discord, local_discord.quiet, Permission.VIEW_CHANNEL)
    with logged() as log:
        await local_discord.say(ANSWERED, channel=local_discord.quiet)
        await log.line("does not work")

    assert "View Channel" in (await shown(local_discord)).text
    assert log.tracebacks == []


async def test_an_answer_that_discord_refuses_leaves_one_line_in_the_log(local_discord: LocalDiscord, bot: DissentBot):
    await switch(local_discord, "reply", local_discord.general)
    local_discord.fail("POST /channels/.*/messages", status=403, code=50013, message="Missing Permissions")
    with logged() as log:
        await local_discord.say(ANSWERED)
        await log.line("nowhere to answer question=")
        question = await local_discord.say(ANSWERED)
        await local_discord.next_message(reply_to=question)

    assert log.tracebacks == []

"""Moderators look at questions that were not answered, or not well, and make golden questions of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.client import DissentBot
from bot.cogs import reviewing
from bot.documents import NO_DOCUMENT
from bot.presses import NOT_YOURS
from bot.records import Deed, Golden
from bot.render.review import NO_GOLDEN, NOTHING_TO_REVIEW
from bot.settings import ANSWERS_KEPT_DAYS
from bot.state import DAY_S
from index import Library

from .bots import ANSWERED, NOT_COVERED, dissent_bot, remembered
from .moderating import deeds, make_golden, manage, told
from .server import LocalDiscord
from .world import Message, Person

pytestmark = pytest.mark.asyncio(loop_scope="function")


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        await bot.service.ask("lamp")
        await bot.state.change_settings(local_discord.guild.id, notes_uncovered=True)
        yield bot


async def ask(local_discord: LocalDiscord, bot: DissentBot, question: str, *, user: Person | None = None) -> Message:
    interaction = await local_discord.slash("ask", question=question, user=user)
    return await remembered(bot, await interaction.answer())


async def vote_down(local_discord: LocalDiscord, answer: Message, *people: Person) -> None:
    for person in people:
        await (await local_discord.press(answer, "Not helpful", user=person)).answer()


async def turned(local_discord: LocalDiscord, message: Message, label: str) -> Message:
    """The same message after one of its buttons."""
    before = local_discord.current(message)
    assert before is not None
    return await (await local_discord.press(message, label)).answer(until=lambda now: now.payload != before.payload)


async def test_questions_are_grouped_with_why_they_want_a_look(local_discord: LocalDiscord, bot: DissentBot):
    await vote_down(local_discord, await ask(local_discord, bot, ANSWERED), local_discord.alice, local_discord.bob)
    await ask(local_discord, bot, NOT_COVERED)
    await ask(local_discord, bot, NOT_COVERED.lower(), user=local_discord.bob)
    await ask(local_discord, bot, NOT_COVERED)

    first = await told(local_discord, "review")
    second = await turned(local_discord, first, "Next")

    assert first.is_ephemeral
    assert "Question 1 of 2" in first.content
    assert NOT_COVERED in first.content
    assert [len(row["components"]) for row in first.components] == [2, 2]  # as wide as a phone
    assert f"> {NOT_COVERED.lower()}" in first.content
    assert "Not covered, 3 times. The documents have no form of" in first.content
    assert f"> {ANSWERED}" in second.content
    assert "Voted not helpful 2 times." in second.content
    assert str(local_discord.alice.id) not in first.content + second.content


async def test_what_is_done_goes_away_and_comes_back_only_when_it_is_asked_again(
    local_discord: LocalDiscord, bot: DissentBot
):
    await vote_down(local_discord, await ask(local_discord, bot, ANSWERED), local_discord.bob)
    await ask(local_discord, bot, NOT_COVERED)
    shown = await told(local_discord, "review")

    after_one = await turned(local_discord, shown, "Done")
    after_both = await turned(local_discord, after_one, "Done")
    nothing = await told(local_discord, "review")
    await ask(local_discord, bot, NOT_COVERED)
    again = await told(local_discord, "review")

    assert "Question 1 of 1" in after_one.content
    assert ANSWERED in after_one.content
    assert after_both.content == nothing.content == NOTHING_TO_REVIEW
    assert NOT_COVERED in again.content


async def test_one_that_somebody_else_is_done_with_is_told(local_discord: LocalDiscord, bot: DissentBot):
    await ask(local_discord, bot, NOT_COVERED)
    shown = await told(local_discord, "review")
    await bot.state.note_reviewed(
        local_discord.guild.id, [item.ref for item in await bot.state.unserved(local_discord.guild.id, count=9)]
    )

    done = await turned(local_discord, shown, "Done")

    assert done.content.startswith(reviewing.GONE)


async def test_what_came_meanwhile_stays_when_the_question_that_was_shown_is_done(
    local_discord: LocalDiscord, bot: DissentBot
):
    await ask(local_discord, bot, NOT_COVERED)
    shown = await told(local_discord, "review")
    await ask(local_discord, bot, NOT_COVERED.upper())

    done = await turned(local_discord, shown, "Done")

    assert reviewing.GONE not in done.content
    assert "Question 1 of 1" in done.content
    assert NOT_COVERED.upper() in done.content
    assert NOT_COVERED not in done.content


async def test_a_golden_question_is_made_with_the_document_it_expects(local_discord: LocalDiscord, bot: DissentBot):
    await vote_down(local_discord, await ask(local_discord, bot, ANSWERED), local_discord.bob)
    shown = await told(local_discord, "review")
    asked = await turned(local_discord, shown, "Make golden")
    menu = next(one for row in asked.components for one in row["components"] if one["type"] == 3)

    chosen = await local_discord.choose(asked, "The lighthouse of Grey Skerry")
    made = await chosen.answer(until=lambda now: "golden question now" in now.content)
    [golden] = await bot.state.golden(local_discord.guild.id)
    listed = await turned(local_discord, made, "Golden questions")

    assert menu["options"][0]["label"] == "The lighthouse of Grey Skerry"
    assert len(menu["options"]) == 6
    assert (golden.question, golden.document) == (ANSWERED, "sea/lighthouse")
    assert "expects **The lighthouse of Grey Skerry**, and finds it" in made.content
    assert "1 of 1 golden question finds its document now." in made.content
    assert f"finds The lighthouse of Grey Skerry: {ANSWERED}" in listed.content
    assert await bot.state.unserved(local_discord.guild.id, count=9) == []
    [record] = await deeds(bot, local_discord.guild.id)
    assert (record.deed, record.document) == (Deed.MAKE_GOLDEN, "sea/lighthouse")


async def test_another_document_can_be_named_in_a_dialog(local_discord: LocalDiscord, bot: DissentBot):
    await ask(local_discord, bot, NOT_COVERED)
    asked = await turned(local_discord, await told(local_discord, "review"), "Make golden")

    wrong = await local_discord.submit_modal(
        await local_discord.press(asked, "Another document"), {"Its title or its name": "nothing of the kind"}
    )
    refused = await wrong.answer()
    right = await local_discord.submit_modal(
        await local_discord.press(asked, "Another document"), {"Its title or its name": "keeping bees"}
    )
    made = await right.answer(until=lambda now: "golden question now" in now.content)

    assert refused.content == NO_DOCUMENT
    assert "It expects **Keeping bees**, and finds it" in made.content
    assert [one.document for one in await bot.state.golden(local_discord.guild.id)] == ["garden/bees"]


async def test_golden_questions_show_how_they_fare_now_and_can_be_dropped(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    guild_id = local_discord.guild.id
    await make_golden(bot, guild_id, ANSWERED, "sea/lighthouse", "The lighthouse")
    await make_golden(bot, guild_id, "How are hives fed?", "garden/bees", "Bees")
    before = await told(local_discord, "review")
    (library.corpus / "sea/lighthouse.md").unlink()
    await bot.service.reload()

    listed = await turned(local_discord, before, "Golden questions")
    chosen = await local_discord.choose(listed, ANSWERED)
    dropped = await chosen.answer(until=lambda now: "The lighthouse" not in now.content)

    assert "2 of 2 golden questions find their document now." in before.content
    assert "1 of 2 golden questions" in listed.content
    assert f"**does not find** The lighthouse: {ANSWERED}" in listed.content
    assert "1 of 1 golden question" in dropped.content
    assert [record.deed for record in await deeds(bot, guild_id)] == [Deed.DROP_GOLDEN]


async def test_they_calibrate_nothing(local_discord: LocalDiscord, bot: DissentBot, library: Library):
    before = library.generation.calibration
    for number in range(30):
        await make_golden(bot, local_discord.guild.id, f"When was lighthouse {number} built?", "sea/lighthouse")
    await told(local_discord, "review")
    await bot.service.reload()

    assert library.generation.calibration == before


async def test_no_golden_question_is_made_once_its_asker_is_forgotten(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    await ask(local_discord, bot, NOT_COVERED, user=local_discord.bob)
    asked = await turned(local_discord, await told(local_discord, "review"), "Make golden")
    known = bot.state.golden

    async def forget_meanwhile(guild_id: int) -> list[Golden]:
        await bot.state.forget_person(local_discord.bob.id)
        return await known(guild_id)

    monkeypatch.setattr(bot.state, "golden", forget_meanwhile)
    refused = await (await local_discord.choose(asked, "Keeping bees")).answer(until=lambda now: now != asked)

    assert refused.content == reviewing.GONE
    assert await known(local_discord.guild.id) == []
    assert await deeds(bot, local_discord.guild.id) == []


async def test_no_more_are_kept_than_can_be_asked(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reviewing, "GOLDEN_AT_MOST", 1)
    await make_golden(bot, local_discord.guild.id, "Who?", "garden/bees")
    await ask(local_discord, bot, NOT_COVERED)
    asked = await turned(local_discord, await told(local_discord, "review"), "Make golden")

    refused = await (await local_discord.choose(asked, "Keeping bees")).answer(
        until=lambda now: "no more are kept" in now.content
    )

    assert NOT_COVERED in refused.content
    assert len(await bot.state.golden(local_discord.guild.id)) == 1


async def test_an_empty_review_says_what_would_stand_there(local_discord: LocalDiscord, bot: DissentBot):
    shown = await told(local_discord, "review")

    assert shown.content == NOTHING_TO_REVIEW
    assert (await turned(local_discord, shown, "Golden questions")).content == NO_GOLDEN


async def test_a_review_is_nobody_elses(local_discord: LocalDiscord, bot: DissentBot):
    await ask(local_discord, bot, NOT_COVERED)
    shown = await told(local_discord, "review")
    public = local_discord.world.post(
        local_discord.general, local_discord.bot, {"components": shown.components, "content": "?"}
    )
    elsewhere = await told(local_discord, "review", channel=local_discord.other_general)

    refused = await (await local_discord.press(public, "Done", user=local_discord.alice)).answer()

    assert refused.content == NOT_YOURS
    assert elsewhere.content == NOTHING_TO_REVIEW
    assert len(await bot.state.unserved(local_discord.guild.id, count=9)) == 1


async def test_a_moderator_of_another_server_is_done_with_nothing_here(local_discord: LocalDiscord, bot: DissentBot):
    await ask(local_discord, bot, NOT_COVERED)
    [item] = await bot.state.unserved(local_discord.guild.id, count=9)

    await bot.state.note_reviewed(local_discord.other_guild.id, [item.ref])

    assert await bot.state.unserved(local_discord.guild.id, count=9) == [item]


async def test_question_text_is_kept_no_longer_than_answers(local_discord: LocalDiscord, bot: DissentBot):
    await vote_down(local_discord, await ask(local_discord, bot, ANSWERED), local_discord.bob)
    await ask(local_discord, bot, NOT_COVERED)
    for table, column in (("shown_answers", "shown_at"), ("uncovered_questions", "asked_at")):
        await bot.state._change(f"UPDATE {table} SET {column} = {column} - ?", (ANSWERS_KEPT_DAYS * DAY_S,))
    await bot.state.clean_up()

    assert (await told(local_discord, "review")).content == NOTHING_TO_REVIEW


async def test_a_server_may_keep_question_text_for_fewer_days(local_discord: LocalDiscord, bot: DissentBot):
    answer = await ask(local_discord, bot, ANSWERED)
    await vote_down(local_discord, answer, local_discord.bob)
    await ask(local_discord, bot, NOT_COVERED)
    options = {"question_days": 7}
    await (await local_discord.slash("settings privacy", user=local_discord.moderator, options=options)).answer()
    for table, column in (("shown_answers", "shown_at"), ("uncovered_questions", "asked_at")):
        await bot.state._change(f"UPDATE {table} SET {column} = {column} - ?", (6.9 * DAY_S,))
    await bot.state.clean_up()
    before = await told(local_discord, "review")
    for table, column in (("shown_answers", "shown_at"), ("uncovered_questions", "asked_at")):
        await bot.state._change(f"UPDATE {table} SET {column} = {column} - ?", (0.2 * DAY_S,))
    await bot.state.clean_up()
    after = await told(local_discord, "review")
    shown = await bot.state.shown_in_message(answer.id)

    assert "of 2" in before.content
    assert after.content == NOTHING_TO_REVIEW
    assert shown is not None
    assert (shown.asked.question, bool(shown.quotes)) == ("", True)


@pytest.mark.parametrize("keeps_questions", [True, False])
async def test_forgetting_a_person_deletes_what_is_noted_and_golden_questions_made_of_theirs(
    local_discord: LocalDiscord, bot: DissentBot, keeps_questions: bool
):
    guild_id = local_discord.guild.id
    await bot.state.change_settings(guild_id, keeps_questions=keeps_questions)
    await ask(local_discord, bot, NOT_COVERED, user=local_discord.bob)
    await make_golden(bot, guild_id, "Who kept the keepers?", "sea/lighthouse")
    await bot.state.add_golden(guild_id, NOT_COVERED, "garden/bees", "Bees")

    asked = await (await local_discord.slash("forget me", user=local_discord.bob)).answer()
    told_so = await (await local_discord.press(asked, "Delete what you keep of me")).answer()

    assert "Noted questions: 1. Golden questions: 1." in told_so.content
    assert await bot.state.unserved(guild_id, count=9) == []
    assert [one.question for one in await bot.state.golden(guild_id)] == ["Who kept the keepers?"]


async def test_only_moderators_get_to_review(local_discord: LocalDiscord, bot: DissentBot):
    local_discord.brought_along = True

    refused = await (await manage(local_discord, "review")).answer()

    assert refused.content == "You cannot use that here."

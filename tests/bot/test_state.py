"""What the bot remembers between starts."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from bot import state as state_module
from bot.settings import ANSWERS_KEPT_DAYS
from bot.state import (
    ANSWERED_AGAIN_WITHIN_S,
    DAY_S,
    MIGRATIONS,
    TOKEN_LIFE_S,
    AnswerChannel,
    AnswerMode,
    Asked,
    GuildSettings,
    PassingOn,
    State,
)
from index import Quote, Source, Verdict
from tests.bot.quotes import quote_of, quotes

pytestmark = pytest.mark.asyncio(loop_scope="function")

GUILD, OTHER_GUILD, CHANNEL, ALICE, BOB = 100, 200, 300, 400, 500
ASKED = Asked("When was it built?", ALICE, GUILD, CHANNEL)


class Clock:
    """Time that tests set."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@asynccontextmanager
async def opened(
    folder: Path, clock: Clock | None = None, *, answers_kept_days: int = ANSWERS_KEPT_DAYS
) -> AsyncIterator[State]:
    """The state, as after a start."""
    state = State(folder / "bot.sqlite3", answers_kept_days=answers_kept_days, clock=clock or Clock())
    with closing(state):
        yield state


async def show(state: State, asked: Asked = ASKED, *shown: Quote, message_id: int | None = None) -> int:
    answer_id = await state.add_shown(
        asked, verdict=Verdict.ANSWERED, generation="3f9a2c41d07b", quotes=shown, keeps_question=True
    )
    if message_id is not None:
        await state.note_message(answer_id, message_id)
    return answer_id


# ---- the file


async def test_a_new_file_has_the_newest_schema_and_remembers_nothing(tmp_path: Path):
    path = tmp_path / "data" / "bot.sqlite3"

    with closing(State(path)) as state:
        known = await state.synced_commands()

    with closing(sqlite3.connect(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()
        mode = connection.execute("PRAGMA journal_mode").fetchone()
    assert known == {}
    assert version == (len(MIGRATIONS),)
    assert mode == ("wal",)


async def test_what_was_synced_is_known_after_a_restart(tmp_path: Path):
    async with opened(tmp_path) as state:
        await state.remember_synced("global", "old")
        await state.remember_synced("global", "new")
        await state.remember_synced("1100000000000000000", "other")

    async with opened(tmp_path) as state:
        known = await state.synced_commands()

    assert known == {"global": "new", "1100000000000000000": "other"}


async def test_a_file_of_the_first_version_is_brought_up_to_date_and_keeps_what_it_has(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "bot.sqlite3")) as connection:
        connection.execute(MIGRATIONS[0])
        connection.execute("INSERT INTO synced_commands VALUES ('global', 'digest')")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()

    for _ in range(2):
        async with opened(tmp_path) as state:
            known = await state.synced_commands()
            await show(state)

    assert known == {"global": "digest"}


async def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with opened(tmp_path) as state:
        await state.remember_synced("global", "digest")
    with monkeypatch.context() as patch:
        patch.setattr(state_module, "MIGRATIONS", (*MIGRATIONS, "CREATE NONSENSE"))
        with pytest.raises(sqlite3.OperationalError):
            State(tmp_path / "bot.sqlite3")

    async with opened(tmp_path) as state:
        known = await state.synced_commands()

    assert known == {"global": "digest"}


# ---- settings of a server


async def test_settings_are_a_servers_own_and_outlast_a_restart(tmp_path: Path):
    async with opened(tmp_path) as state:
        await state.change_settings(GUILD, private_by_default=True, blocked_ids=(ALICE, BOB))
        await state.change_settings(GUILD, person_role_id=7)

    async with opened(tmp_path) as state:
        here, there = await state.guild_settings(GUILD), await state.guild_settings(OTHER_GUILD)
        nowhere = await state.guild_settings(None)

    assert here == GuildSettings(private_by_default=True, person_role_id=7, blocked_ids=(ALICE, BOB))
    assert there == nowhere == GuildSettings()


@pytest.mark.parametrize(
    "wrong",
    [
        {"private_by_default": "yes"},
        {"person_channel_id": "general"},
        {"blocked_ids": ("bob",)},
        {"answer_days": 0},
        {"question_days": 366},
    ],
    ids=str,
)
async def test_a_setting_of_the_wrong_type_is_refused(tmp_path: Path, wrong: dict[str, object]):
    async with opened(tmp_path) as state:
        with pytest.raises(ValueError, match=next(iter(wrong))):
            await state.change_settings(GUILD, **wrong)

        assert await state.guild_settings(GUILD) == GuildSettings()


async def test_a_setting_of_a_later_version_is_passed_over(tmp_path: Path):
    async with opened(tmp_path) as state:
        await state.change_settings(GUILD, notes_uncovered=True)
        with closing(sqlite3.connect(tmp_path / "bot.sqlite3")) as connection:
            connection.execute("INSERT INTO guild_settings VALUES (?, 'mood', '\"sunny\"')", (GUILD,))
            connection.commit()

        assert await state.guild_settings(GUILD) == GuildSettings(notes_uncovered=True)


# ---- answer channels


async def test_an_answer_channel_keeps_its_mode_and_its_tally(tmp_path: Path):
    shadow = AnswerChannel(CHANNEL, GUILD, AnswerMode.SHADOW, report_channel_id=301)
    async with opened(tmp_path) as state:
        await state.set_answer_channel(shadow)
        await state.set_answer_channel(AnswerChannel(302, OTHER_GUILD, AnswerMode.THREAD))
        await state.count_question(CHANNEL, is_answered=False)
        counted = await state.count_question(CHANNEL, is_answered=True)

    async with opened(tmp_path) as state:
        known = await state.answer_channels(GUILD)
        await state.set_answer_channel(AnswerChannel(CHANNEL, GUILD, AnswerMode.REPLY))
        switched_on = await state.answer_channel(CHANNEL)
        await state.forget_answer_channel(CHANNEL)
        counted_late = await state.count_question(CHANNEL, is_answered=True)

        assert await state.answer_channels(GUILD) == []
    assert known == [counted] == [replace(shadow, seen=2, answered=1)]
    assert switched_on == AnswerChannel(CHANNEL, GUILD, AnswerMode.REPLY, seen=2, answered=1)
    assert counted_late is None


async def test_shadow_mode_has_somewhere_to_report_to():
    with pytest.raises(ValueError, match="nowhere"):
        AnswerChannel(CHANNEL, GUILD, AnswerMode.SHADOW)


# ---- what answers showed


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(quotes())
async def test_what_an_answer_showed_is_known_after_a_restart_to_the_character(tmp_path: Path, quote: Quote):
    asked = replace(ASKED, within="sea/lighthouse", subject="Which lighthouse?", is_private=True, question_message_id=9)
    clock = Clock()
    async with opened(tmp_path, clock) as state:
        answer_id = await show(state, asked, quote, quote, message_id=8)

    async with opened(tmp_path) as state:
        shown = await state.shown(answer_id)

        assert shown is not None
        assert await state.shown_in_message(8) == await state.shown_for_message(9) == shown
    assert (shown.asked, shown.message_id, shown.quotes) == (asked, 8, (quote, quote))
    assert (shown.verdict, shown.generation, shown.shown_at) == (Verdict.ANSWERED, "3f9a2c41d07b", clock.now_s)


async def test_a_question_that_may_not_be_kept_is_not(tmp_path: Path):
    async with opened(tmp_path) as state:
        asked = replace(ASKED, subject="Which lighthouse?")
        answer_id = await state.add_shown(
            asked, verdict=Verdict.UNCERTAIN, generation="g", quotes=(), keeps_question=False
        )
        shown = await state.shown(answer_id)

    assert shown is not None
    assert shown.asked == replace(asked, question="", subject="")


async def test_the_last_answer_in_a_channel_is_one_that_everybody_saw(tmp_path: Path):
    async with opened(tmp_path) as state:
        await show(state, ASKED, message_id=1)
        seen = await show(state, ASKED, message_id=2)
        await show(state, replace(ASKED, is_private=True), message_id=3)
        await show(state, replace(ASKED, channel_id=301), message_id=4)
        await show(state, ASKED)
        last = await state.last_shown_in(CHANNEL)

    assert last is not None
    assert last.id == seen


async def test_a_message_that_shows_a_new_answer_no_longer_shows_the_old_one(tmp_path: Path):
    async with opened(tmp_path) as state:
        old = await show(state, message_id=1)
        new = await show(state, replace(ASKED, question="Who built it?"), message_id=1)
        shown = await state.shown_in_message(1)
        forgotten = await state.shown(old)

    assert shown is not None
    assert shown.id == new
    assert forgotten is None


async def test_a_person_has_one_vote_and_may_change_it(tmp_path: Path):
    async with opened(tmp_path) as state:
        answer_id = await show(state)
        for person, is_helpful in ((ALICE, True), (BOB, True), (ALICE, False), (ALICE, False)):
            await state.vote(answer_id, person, is_helpful=is_helpful)

        assert await state.votes(answer_id) == (1, 1)


async def test_an_answer_is_shared_once(tmp_path: Path):
    async with opened(tmp_path) as state:
        answer_id = await show(state)
        shared = [await state.claim_sharing(answer_id) for _ in range(2)]
        await state.give_back_sharing(answer_id)
        once_more = await state.claim_sharing(answer_id)

    assert shared == [True, False]
    assert once_more


async def test_an_answer_that_is_sent_anew_after_a_kill_is_shared_once(tmp_path: Path):
    async with opened(tmp_path) as state:
        before = await show(state)  # the process died before it had noted the message
        anew = await show(state, message_id=1)
        asked_again = await show(state, message_id=2)
        of_others = await show(state, replace(ASKED, asker_id=BOB), message_id=3)
        shared = [await state.claim_sharing(answer_id) for answer_id in (anew, before, asked_again, of_others)]
        await state.give_back_sharing(anew)
        await state.give_back_sharing(asked_again)
        shared_before = [await state.claim_sharing(answer_id) for answer_id in (before, anew)]

    assert shared == [True, False, True, True]
    assert shared_before == [True, False]


async def test_an_attempt_to_pass_a_question_on_is_known_after_a_restart_below_every_copy_of_the_answer(tmp_path: Path):
    attempt, second = PassingOn(7, 301, "https://discord.com/1"), PassingOn(8, 302, "https://discord.com/2")
    async with opened(tmp_path) as state:
        private, other = await show(state), await show(state, replace(ASKED, question="Who built it?"))
        before = await state.passing_on(private)
        copy = await state.add_copy(private, channel_id=CHANNEL)
        await state.note_passing_on(copy, attempt)
        later_copy = await state.add_copy(private, channel_id=CHANNEL)

    async with opened(tmp_path) as state:
        begun = [await state.passing_on(answer_id) for answer_id in (private, copy, later_copy)]
        await state.note_passing_on(private, second)
        await state.note_passed_on(later_copy)
        done = [await state.passing_on(answer_id) for answer_id in (private, copy, later_copy)]

        assert await state.passing_on(other) == before == (None, False)
    assert begun == [(attempt, False)] * 3
    assert done == [(second, True)] * 3


async def test_a_question_that_is_answered_again_soon_is_passed_on_once(tmp_path: Path):
    attempt, clock = PassingOn(7, 301, "https://discord.com/1"), Clock()
    async with opened(tmp_path, clock=clock) as state:
        first, again = await show(state), await show(state)
        others = [
            await show(state, replace(ASKED, **change))
            for change in ({"asker_id": BOB}, {"channel_id": 301}, {"question": "Who built it?"})
        ]
        clock.now_s += ANSWERED_AGAIN_WITHIN_S + 1
        others.append(await show(state))
        nothing_kept = replace(ASKED, question="")
        await state.note_passing_on(await show(state, nothing_kept), attempt)
        others.append(await show(state, nothing_kept))
        await state.note_passing_on(first, attempt)
        begun = await state.passing_on(again)
        await state.note_passed_on(first)

        assert begun == (attempt, False)
        assert await state.passing_on(again) == (attempt, True)
        assert [await state.passing_on(answer_id) for answer_id in others] == [(None, False)] * len(others)


async def test_an_answer_that_is_forgotten_takes_no_attempt_to_pass_its_question_on(tmp_path: Path):
    attempt = PassingOn(7, 301, "https://discord.com/1")
    async with opened(tmp_path) as state:
        answer_id = await show(state)
        is_noted = await state.note_passing_on(answer_id, attempt)
        await state.forget_shown(answer_id)

        assert is_noted
        assert not await state.note_passing_on(answer_id, attempt)


async def test_what_is_too_old_is_forgotten(tmp_path: Path):
    clock = Clock()
    async with opened(tmp_path, clock) as state:
        old = await show(state)
        await state.vote(old, ALICE, is_helpful=True)
        await state.note_uncovered(Asked("old", ALICE, GUILD, CHANNEL), ())
        clock.now_s += ANSWERS_KEPT_DAYS * DAY_S / 2
        young = await show(state)
        await state.note_uncovered(Asked("young", ALICE, GUILD, CHANNEL), ())
        clock.now_s += ANSWERS_KEPT_DAYS * DAY_S / 2

        assert await state.clean_up() == 1
        assert await state.shown(old) is None
        assert await state.votes(old) == (0, 0)
        assert await state.shown(young)
        assert [question for question, _, _ in await state.uncovered(GUILD)] == ["young"]


async def test_answers_are_kept_for_as_many_days_as_the_operator_says(tmp_path: Path):
    clock = Clock()
    async with opened(tmp_path, clock, answers_kept_days=90) as state:
        answer_id = await show(state)
        clock.now_s += 89 * DAY_S
        kept = await state.clean_up(), await state.shown(answer_id)
        clock.now_s += DAY_S
        forgotten = await state.clean_up(), await state.shown(answer_id)

    assert kept[0] == 0
    assert kept[1] is not None
    assert kept[1].asked == ASKED
    assert forgotten == (1, None)


async def test_a_server_that_keeps_answers_for_less_has_them_forgotten_at_once(tmp_path: Path):
    clock = Clock()
    async with opened(tmp_path, clock) as state:
        here, there = await show(state), await show(state, replace(ASKED, guild_id=OTHER_GUILD))
        nowhere = await show(state, replace(ASKED, guild_id=None))
        await state.note_uncovered(Asked("old", ALICE, GUILD, CHANNEL), ())
        clock.now_s += 2 * DAY_S
        young = await show(state)
        await state.change_settings(GUILD, answer_days=2)
        left = [await state.shown(answer_id) is not None for answer_id in (here, young, there, nowhere)]
        uncovered = await state.uncovered(GUILD)
        clock.now_s += 2 * DAY_S

        assert await state.clean_up() == 1
        assert await state.shown(young) is None
    assert left == [False, True, True, True]
    assert uncovered == []


async def test_a_question_is_forgotten_before_its_answer_where_a_server_wants_that(tmp_path: Path):
    clock = Clock()
    async with opened(tmp_path, clock) as state:
        answer_id = await show(state, replace(ASKED, subject="Which lighthouse?"))
        clock.now_s += DAY_S
        await state.change_settings(GUILD, question_days=1)
        shown = await state.shown(answer_id)

    assert shown is not None
    assert shown.asked == replace(ASKED, question="", subject="")


@pytest.mark.parametrize(
    ("changes", "operators_days", "holds"),
    [
        ({}, 30, (30, 30)),
        ({}, 90, (90, 90)),
        ({"question_days": 5}, 90, (90, 5)),
        ({"answer_days": 5}, 90, (5, 5)),
        ({"answer_days": 5, "question_days": 20}, 90, (5, 5)),
        ({"answer_days": 20, "question_days": 5}, 90, (20, 5)),
        ({"answer_days": 20, "question_days": 15}, 10, (10, 10)),
    ],
    ids=str,
)
async def test_a_question_is_never_kept_longer_than_its_answer_nor_that_longer_than_the_operator_says(
    tmp_path: Path, changes: dict[str, int], operators_days: int, holds: tuple[int, int]
):
    async with opened(tmp_path, answers_kept_days=operators_days) as state:
        await state.change_settings(GUILD, **changes)
        settings = await state.guild_settings(GUILD)

    assert (settings.answer_days, settings.question_days) == holds


# ---- questions


async def test_questions_that_are_not_covered_are_counted_a_server(tmp_path: Path):
    async with opened(tmp_path) as state:
        await state.note_uncovered(Asked("Bitcoin?", ALICE, GUILD, CHANNEL), ("Bitcoin",))
        await state.note_uncovered(Asked("Zeppelins?", ALICE, OTHER_GUILD, CHANNEL), ("Zeppelins",))
        await state.note_uncovered(Asked("Bitcoin?", ALICE, GUILD, CHANNEL), ("Bitcoin",))

        assert await state.uncovered(GUILD) == [("Bitcoin?", ("Bitcoin",), 2)]


async def test_a_question_is_pending_until_it_has_its_answer_or_its_token_is_void(tmp_path: Path):
    clock = Clock()
    async with opened(tmp_path, clock) as state:
        await state.add_pending(2, "b", replace(ASKED, within="sea/lighthouse"))
        await state.add_pending(1, "a", ASKED)
        await state.add_pending(3, "c", ASKED)
        await state.remove_pending(3)

    async with opened(tmp_path, clock) as state:
        pending = await state.pending()
        clock.now_s += TOKEN_LIFE_S
        late = await state.pending()

    assert pending == [(1, "a", ASKED), (2, "b", replace(ASKED, within="sea/lighthouse"))]
    assert late == []


async def test_a_source_without_anything_but_a_title_survives(tmp_path: Path):
    quote = quote_of("Text.", sources=[Source("Log book")])
    async with opened(tmp_path) as state:
        shown = await state.shown(await show(state, ASKED, quote))

    assert shown is not None
    assert shown.quotes == (quote,)


async def test_what_a_server_no_longer_keeps_is_forgotten_at_once(tmp_path: Path):
    async with opened(tmp_path) as state:
        await state.change_settings(GUILD, notes_uncovered=True)
        await state.note_uncovered(Asked("What of bitcoin?", ALICE, GUILD, CHANNEL), ())
        here = await show(state, replace(ASKED, subject="Which lighthouse?"), quote_of("In 1862."))
        there = await show(state, replace(ASKED, guild_id=OTHER_GUILD))

        await state.change_settings(GUILD, notes_uncovered=False)
        noted, still_kept = await state.uncovered(GUILD), await state.shown(here)
        await state.change_settings(GUILD, keeps_questions=False)
        blanked, elsewhere = await state.shown(here), await state.shown(there)

    assert noted == []
    assert still_kept is not None
    assert still_kept.asked.question == ASKED.question
    assert blanked is not None
    assert (blanked.asked.question, blanked.asked.subject, len(blanked.quotes)) == ("", "", 1)
    assert elsewhere is not None
    assert elsewhere.asked == replace(ASKED, guild_id=OTHER_GUILD)


async def test_what_an_earlier_version_left_when_keeping_was_switched_off_goes_by_itself(tmp_path: Path):
    async with opened(tmp_path) as state:
        await state.change_settings(GUILD, keeps_questions=False, notes_uncovered=False)
        await state.note_uncovered(Asked("What of bitcoin?", ALICE, GUILD, CHANNEL), ())
        answer_id = await show(state)

        await state.clean_up()
        noted, shown = await state.uncovered(GUILD), await state.shown(answer_id)

    assert noted == []
    assert shown is not None
    assert shown.asked.question == ""


# ---- forgetting a person


async def test_a_person_is_forgotten_everywhere_and_nobody_else_is(tmp_path: Path):
    async with opened(tmp_path) as state:
        hers, elsewhere = await show(state), await show(state, replace(ASKED, guild_id=None))
        his = await show(state, replace(ASKED, asker_id=BOB))
        await state.vote(hers, BOB, is_helpful=True)
        for person_id in (ALICE, BOB):
            await state.vote(his, person_id, is_helpful=True)
        await state.add_pending(1, "token", ASKED)
        await state.add_pending(2, "token", replace(ASKED, asker_id=BOB))

        forgotten = await state.forget_person(ALICE)

        assert forgotten == (2, 1, 1, 0, 0)
        assert [await state.shown(answer_id) for answer_id in (hers, elsewhere)] == [None, None]
        assert await state.shown(his) is not None
        assert await state.votes(his) == (1, 0)
        assert [question_id for question_id, _, _ in await state.pending()] == [2]
        assert [owed.interaction_id for owed in await state.acknowledged()] == [1]
        assert await state.forget_person(ALICE) == (0, 0, 0, 0, 0)
        await state.remove_pending(1)
        assert await state.acknowledged() == []


async def test_what_moderators_set_stays_when_a_person_is_forgotten(tmp_path: Path):
    async with opened(tmp_path) as state:
        await state.change_settings(GUILD, blocked_ids=(ALICE,))

        await state.forget_person(ALICE)

        assert (await state.guild_settings(GUILD)).blocked_ids == (ALICE,)


async def test_questions_noted_of_a_person_and_golden_ones_made_of_them_go_with_the_person(tmp_path: Path):
    async with opened(tmp_path) as state:
        for question, asker_id in (("What is it?", ALICE), ("Who is it?", BOB), ("What is it?", BOB)):
            await state.note_uncovered(Asked(question, asker_id, GUILD, CHANNEL), ())
        for question in ("What is it?", "Who is it?"):
            assert await state.add_golden(GUILD, question, "sea/lighthouse", "The lighthouse")

        forgotten = await state.forget_person(ALICE)

        assert forgotten == (0, 0, 0, 1, 1)
        assert [question for question, _, _ in await state.uncovered(GUILD)] == ["Who is it?"]
        assert [one.question for one in await state.golden(GUILD)] == ["Who is it?"]
        assert not await state.add_golden(GUILD, "What is it?", "sea/lighthouse", "The lighthouse")


async def test_a_golden_question_goes_with_its_asker_though_the_question_is_noted_and_its_answer_gone(tmp_path: Path):
    async with opened(tmp_path) as state:
        await state.note_uncovered(Asked("What is it?", ALICE, GUILD, CHANNEL), ())
        [noted] = await state.unserved(GUILD, count=9)
        await state.add_golden(GUILD, "What is it?", "sea/lighthouse", "The lighthouse")
        await state.note_reviewed(GUILD, [noted.ref])

        assert await state.forget_person(ALICE) == (0, 0, 0, 0, 1)
        assert await state.golden(GUILD) == []


async def test_whose_message_another_had_answered_can_have_it_forgotten_too(tmp_path: Path):
    his_words = replace(ASKED, author_id=BOB)
    async with opened(tmp_path) as state:
        answers = [await show(state, his_words), await show(state, replace(ASKED, question="What else?"))]
        answers.append(await state.add_copy(answers[0], channel_id=CHANNEL))
        follow_up = await show(state, replace(ASKED, question="And when?", subject=ASKED.question))
        await state.note_uncovered(his_words, ())
        await state.add_golden(GUILD, ASKED.question, "sea/lighthouse", "The lighthouse")
        await state.add_pending(1, "token", his_words)

        forgotten = await state.forget_person(BOB)

        assert forgotten == (2, 0, 1, 1, 1)
        assert [await state.shown(answer_id) is not None for answer_id in answers] == [False, True, False]
        assert (await state.uncovered(GUILD), await state.golden(GUILD), await state.pending()) == ([], [], [])
        assert [owed.interaction_id for owed in await state.acknowledged()] == [1]
        left = await state.shown(follow_up)
        assert left is not None
        assert (left.asked.question, left.asked.subject) == ("", "")


@pytest.mark.parametrize("person_id", [ALICE, BOB])
async def test_of_a_question_that_is_under_way_while_its_person_is_forgotten_nothing_is_kept(
    tmp_path: Path, person_id: int
):
    async with opened(tmp_path) as state:
        under_way = Asked("Is it swordfish?", ALICE, GUILD, CHANNEL, author_id=BOB)
        await state.forget_person(person_id)

        answer_id = await show(state, under_way, quote_of("Text."), message_id=1)
        await state.note_uncovered(under_way, ())
        later = await show(state, Asked("Is it swordfish?", ALICE, GUILD, CHANNEL, author_id=BOB))

        assert await state.shown(answer_id) is None
        assert await state.uncovered(GUILD) == []
        assert later != answer_id
        assert await state.shown(later) is not None


async def test_an_older_file_keeps_the_noted_questions_whose_askers_can_have_them_forgotten(tmp_path: Path):
    version = next(number for number, statement in enumerate(MIGRATIONS) if "noted_questions" in statement)
    with closing(sqlite3.connect(tmp_path / "bot.sqlite3")) as connection:
        for migration in MIGRATIONS[:version]:
            connection.execute(migration)
        connection.execute(f"PRAGMA user_version = {version}")
        for question in ("Hers?", "Whose?"):
            connection.execute(
                "INSERT INTO uncovered_questions VALUES (?, ?, '[]', 2, ?)", (GUILD, question, Clock().now_s)
            )
            connection.execute(
                "INSERT INTO golden_questions (guild_id, question, document, title) VALUES (?, ?, 'd', 't')",
                (GUILD, question),
            )
        connection.execute("INSERT INTO golden_askers VALUES (1, ?)", (ALICE,))
        connection.execute(
            "INSERT INTO shown_answers (guild_id, channel_id, asker_id, question, subject, is_private, verdict,"
            " generation, quotes, shown_at) VALUES (?, 1, ?, 'Hers?', '', 0, 'answered', '', '[]', ?)",
            (GUILD, ALICE, Clock().now_s),
        )
        connection.commit()

    async with opened(tmp_path) as state:
        noted, golden = await state.uncovered(GUILD), await state.golden(GUILD)
        forgotten = await state.forget_person(ALICE)

        assert noted == [("Hers?", (), 2)]
        assert [one.question for one in golden] == ["Hers?"]
        assert forgotten == (1, 0, 0, 1, 1)


async def test_a_noted_question_never_gets_the_number_of_one_that_is_done(tmp_path: Path):
    async with opened(tmp_path) as state:
        await state.note_uncovered(Asked("What of bitcoin?", ALICE, GUILD, CHANNEL), ())
        [first] = await state.unserved(GUILD, count=9)
        await state.note_reviewed(GUILD, [first.ref])
        await state.note_uncovered(Asked("Where is the form?", BOB, GUILD, CHANNEL), ())

        await state.note_reviewed(GUILD, [first.ref])

        assert [item.question for item in await state.unserved(GUILD, count=9)] == ["Where is the form?"]


async def test_a_question_that_was_asked_privately_is_shown_to_nobody_else_until_it_is_shared(tmp_path: Path):
    async with opened(tmp_path) as state:
        answer_id = await show(state, replace(ASKED, is_private=True))
        await state.vote(answer_id, ALICE, is_helpful=False)
        before = await state.unserved(GUILD, count=9)
        await state.vote(await state.add_copy(answer_id, channel_id=CHANNEL), BOB, is_helpful=False)

        assert before == []
        assert [item.question for item in await state.unserved(GUILD, count=9)] == [ASKED.question]


async def test_what_is_forgotten_is_not_left_in_the_files(tmp_path: Path):
    def in_files() -> bool:
        return any(b"swordfish" in path.read_bytes() for path in tmp_path.iterdir())

    async with opened(tmp_path) as state:
        await show(state, replace(ASKED, question="Is it swordfish?"))
        before = in_files()
        await state.forget_person(ALICE)

        assert (before, in_files()) == (True, False)

"""What the buttons below an answer do, before and after a restart."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot import replies
from bot.answers import BlockedError
from bot.client import DissentBot
from bot.cogs import buttons as buttons_cog
from bot.render import passages
from bot.service import DOCUMENT_GONE, NotReadyError
from bot.state import DAY_S
from index import Library
from tests.bot.discord_markdown import Shown, quotes_in, read, styled, text_of
from tests.index import making

from .bots import (
    ANSWERED,
    BEST_SENTENCE,
    NOT_COVERED,
    UNCERTAIN,
    LogLines,
    NeverEnding,
    dissent_bot,
    done,
    in_use,
    logged,
    remembered,
    said_by_the_bot,
)
from .interactions import CallbackKind, Interaction
from .server import LocalDiscord
from .world import Message, Permission

pytestmark = pytest.mark.asyncio(loop_scope="function")

MANY_SUBJECTS = "the keepers of the lighthouse, the lamp, bees and honey, glass, varnish, bread"
ANSWER_BUTTONS = ["More", "Context", "Source", "Helpful", "Not helpful", "Follow up", "Delete"]


def quotes_of(message: Message) -> list[list[Shown]]:
    described = [embed.get("description") or "" for embed in message.embeds]
    return [quote for text in (message.content, *described) for quote in quotes_in(text)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, data: Path) -> AsyncIterator[DissentBot]:
    async with dissent_bot(local_discord, library, data) as bot:
        yield bot


@pytest_asyncio.fixture(loop_scope="function")
async def answer(local_discord: LocalDiscord, bot: DissentBot) -> Message:
    return await remembered(bot, await (await local_discord.slash("ask", question=ANSWERED)).answer())


@pytest_asyncio.fixture(loop_scope="function")
async def log() -> AsyncIterator[LogLines]:
    with logged() as lines:
        yield lines


async def test_every_way_to_ask_ends_in_the_same_buttons_each_with_words(
    local_discord: LocalDiscord, bot: DissentBot, answer: Message
):
    await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
    reply = await local_discord.next_message()

    assert answer.buttons == reply.buttons == ANSWER_BUTTONS


async def no_press_pending(bot: DissentBot) -> None:
    """Wait until every press is carried out."""
    async with asyncio.timeout(10):
        while await bot.state.pending_presses():  # noqa: ASYNC110 (SQLite tells nobody)
            await asyncio.sleep(0.002)


# ---- reading on


async def test_more_shows_the_next_quotes_to_who_asks_for_them(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    quotes = bot.service.quotes
    monkeypatch.setattr(
        in_use(buttons_cog), "DEFAULT_LIMIT", 1
    )  # the corpus is small, so look for much of it, one by one
    monkeypatch.setattr(bot.service, "quotes", lambda question, **more: quotes(MANY_SUBJECTS))
    answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()
    first = await (await local_discord.press(answer, "More", user=local_discord.bob)).answer()
    second = await (await local_discord.press(first, "More")).answer()

    shown = [text_of(quote) for message in (answer, first, second) for quote in quotes_of(message)]
    numbers = [styled(read(message.content), "strong")[-3:] for message in (first, second)]
    assert first.is_ephemeral
    assert first.viewer == local_discord.bob
    assert len(set(shown)) == len(shown) >= 3
    assert numbers[0] == f"[{len(quotes_of(answer)) + 1}]"
    assert passages.CHANGED not in first.content


async def test_more_comes_to_an_end(local_discord: LocalDiscord, bot: DissentBot, answer: Message):
    message = answer
    for _ in range(10):
        message = await (await local_discord.press(message, "More")).answer()
        if "More" not in message.buttons:
            break

    assert "More" not in message.buttons


async def test_context_shows_the_quote_among_its_neighbours_to_one_person(
    local_discord: LocalDiscord, bot: DissentBot, answer: Message
):
    context = await (await local_discord.press(answer, "Context")).answer()

    [shown] = quotes_in(context.content)
    assert context.is_ephemeral
    assert styled(shown, "strong").startswith(BEST_SENTENCE)
    assert "Three keepers lived on the rock" in text_of(shown)


async def test_the_context_of_the_other_quotes_is_a_press_away(local_discord: LocalDiscord, bot: DissentBot):
    answer = await (await local_discord.slash("ask", question=UNCERTAIN)).answer()
    first = await (await local_discord.press(answer, "Context")).answer()
    second = await (await local_discord.press(first, "Quote 2 in context")).answer()

    assert "Quote 1 in context" in second.buttons
    assert "[2] " in text_of(read(second.content))


async def test_source_attaches_the_file_itself(
    local_discord: LocalDiscord, bot: DissentBot, library: Library, answer: Message
):
    source = await (await local_discord.press(answer, "Source")).answer()

    names = [attachment["filename"] for attachment in source.attachments]
    path = source.attachments[0]["url"].split("?")[0].removeprefix(local_discord.cdn_url)
    assert source.is_ephemeral
    assert names[0] == "lighthouse.md"
    assert local_discord.world.files[path].data == (library.corpus / "sea/lighthouse.md").read_bytes()
    assert "(https://example.org/grey-skerry)" in source.content


async def test_a_quote_from_a_pdf_says_its_page_and_source_attaches_the_pdf(
    local_discord: LocalDiscord, library: Library, data: Path
):
    blocks = [("BodyText", "The ferry leaves at dawn."), None, ("BodyText", "The ferryman rings a bell made of tin.")]
    pdf = making.pdf(blocks, title="The ferry")
    (library.corpus / "sea" / "ferry.pdf").write_bytes(pdf)
    library.reload()

    async with dissent_bot(local_discord, library, data) as bot:
        asked = await local_discord.slash("ask", question="What is the bell made of that the ferryman rings?")
        answer = await remembered(bot, await asked.answer())
        source = await (await local_discord.press(answer, "Source")).answer()

    path = source.attachments[0]["url"].split("?")[0].removeprefix(local_discord.cdn_url)
    assert "The ferry, page 2" in answer.content
    assert source.attachments[0]["filename"] == "ferry.pdf"
    assert local_discord.world.files[path].data == pdf


async def test_a_file_that_is_too_large_is_named_and_linked(
    local_discord: LocalDiscord, bot: DissentBot, answer: Message
):
    local_discord.upload_limit_bytes = 10

    source = await (await local_discord.press(answer, "Source")).answer()

    assert source.attachments == []
    assert "no longer there, or too large to attach" in source.content
    assert "(https://example.org/grey-skerry)" in source.content


@pytest.mark.parametrize("size", [9_800_000, 100])
async def test_more_files_than_a_message_takes_are_named(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch, size: int
):
    async def original(name: str, **_: object) -> tuple[str, bytes]:
        return f"{Path(name).name}.pdf", bytes(size)

    monkeypatch.setattr(bot.service, "original", original)
    asked = await local_discord.slash("summary corpus", length="long")
    answer = await remembered(bot, await asked.answer())
    shown = await bot.state.shown_in_message(answer.id)
    source = await (await local_discord.press(answer, "Source")).answer(timeout_s=30)

    assert shown is not None
    cited = {quote.citation.title for quote in shown.quotes}
    attached = 2 if size > 1000 else 3
    line = re.search(
        rf"Only {attached} files fit into one message\. Not attached: (.*)\.", text_of(read(source.content))
    )
    assert len(cited) > 3
    assert line
    assert len(source.attachments) == attached
    assert sum(title in line[1] for title in cited) == len(cited) - attached


# ---- following up


async def test_a_document_that_is_gone_is_not_spoken_of_as_on_a_terminal(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    asked = await local_discord.slash("ask", question="How many bees?", document="Keeping bees")
    answer = await remembered(bot, await asked.answer())
    search = bot.service.libraries.ask
    monkeypatch.setattr(
        bot.service.libraries, "ask", lambda *given, **more: search(*given, **more | {"within": "gone"})
    )
    pressed = await local_discord.press(answer, "Follow up")
    follow_up = await (await local_discord.submit_modal(pressed, {"Your next question": ANSWERED})).answer()
    more = await (await local_discord.press(answer, "More")).answer()

    assert [follow_up.content, more.content] == [DOCUMENT_GONE] * 2


async def test_a_follow_up_keeps_to_the_document_that_was_searched_and_says_so(
    local_discord: LocalDiscord, bot: DissentBot
):
    asked = await local_discord.slash("ask", question="How many bees?", document="Keeping bees")
    answer = await remembered(bot, await asked.answer())
    pressed = await local_discord.press(answer, "Follow up")
    follow_up = await (await local_discord.submit_modal(pressed, {"Your next question": ANSWERED})).answer()

    assert BEST_SENTENCE not in follow_up.text
    assert "I searched only Keeping bees." in text_of(read(follow_up.content))


async def test_follow_up_opens_a_dialog_and_is_answered(local_discord: LocalDiscord, bot: DissentBot, answer: Message):
    pressed = await local_discord.press(answer, "Follow up", user=local_discord.bob)
    sent = await local_discord.submit_modal(pressed, {"Your next question": "Who lived on the rock?"})
    follow_up = await sent.answer()

    assert pressed.callback is CallbackKind.MODAL
    assert sent.callback is CallbackKind.DEFERRED_MESSAGE
    assert follow_up.content.startswith("**Who lived on the rock?**")
    assert follow_up.id != answer.id
    assert "together with" not in follow_up.content
    assert follow_up.buttons == ANSWER_BUTTONS


async def test_a_follow_up_without_a_subject_borrows_the_last_one_and_says_so(
    local_discord: LocalDiscord, bot: DissentBot, answer: Message
):
    pressed = await local_discord.press(answer, "Follow up")
    first = await (await local_discord.submit_modal(pressed, {"question": "and when was that?"})).answer()
    pressed = await local_discord.press(first, "Follow up")
    second = await (await local_discord.submit_modal(pressed, {"question": "why?"})).answer()

    for message in (first, second):
        assert f"I read this together with {ANSWERED}" in text_of(read(message.content))
        assert BEST_SENTENCE in text_of(read(message.content))


# ---- who may press


async def test_to_who_is_blocked_meanwhile_no_button_does_anything_but_delete(
    local_discord: LocalDiscord, bot: DissentBot, answer: Message
):
    await bot.state.change_settings(local_discord.guild.id, person_channel_id=local_discord.quiet.id)
    refusal = await remembered(bot, await (await local_discord.slash("ask", question=NOT_COVERED)).answer())
    await bot.state.change_settings(local_discord.guild.id, blocked_ids=(local_discord.alice.id,))
    below = [(answer, button) for button in ANSWER_BUTTONS if button != "Delete"] + [(refusal, "Ask a person")]
    told = [await (await local_discord.press(message, button)).answer() for message, button in below]
    shown = await bot.state.shown_in_message(answer.id)
    await local_discord.press(answer, "Delete")
    await remembered(bot, answer, is_forgotten=True)

    assert {message.content for message in told} == {BlockedError.user_message}
    assert all(message.is_ephemeral for message in told)
    assert said_by_the_bot(local_discord, local_discord.quiet) == []
    assert shown is not None
    assert await bot.state.votes(shown.id) == (0, 0)


async def test_a_dialog_that_was_open_when_its_person_was_blocked_is_refused(
    local_discord: LocalDiscord, bot: DissentBot, answer: Message
):
    pressed = await local_discord.press(answer, "Follow up")
    await pressed.modal()
    await bot.state.change_settings(local_discord.guild.id, blocked_ids=(local_discord.alice.id,))
    sent = await local_discord.submit_modal(pressed, {"Your next question": ANSWERED})

    assert (await sent.answer()).content == BlockedError.user_message


async def test_below_an_answer_whose_question_is_kept_no_longer_that_is_said(
    local_discord: LocalDiscord, bot: DissentBot, answer: Message
):
    state, guild_id = bot.state, local_discord.guild.id
    await state.change_settings(guild_id, person_channel_id=local_discord.quiet.id, question_days=1)
    refusal = await remembered(bot, await (await local_discord.slash("ask", question=NOT_COVERED)).answer())
    now_s = state._clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "_clock", lambda: now_s + 2 * DAY_S)
        await state.clean_up()
        told = [
            (await (await local_discord.press(message, button)).answer()).content
            for message, button in ((answer, "More"), (refusal, "Ask a person"))
        ]
        [label] = (await (await local_discord.press(answer, "Follow up")).modal())["components"]

    assert told == [buttons_cog.NOT_KEPT] * 2
    assert label["description"] == "The earlier question is not kept, so please write yours in full."
    assert said_by_the_bot(local_discord, local_discord.quiet) == []


# ---- opinions


async def test_a_vote_is_stored_and_can_be_changed(local_discord: LocalDiscord, bot: DissentBot, answer: Message):
    thanks = await (await local_discord.press(answer, "Helpful")).answer()
    await (await local_discord.press(answer, "Helpful", user=local_discord.bob)).answer()
    changed = await (await local_discord.press(answer, "Not helpful")).answer()
    shown = await bot.state.shown_in_message(answer.id)

    assert thanks.is_ephemeral
    assert (thanks.content, changed.content) == (buttons_cog.HELPFUL, buttons_cog.NOT_HELPFUL)
    assert shown is not None
    assert await bot.state.votes(shown.id) == (1, 1)


# ---- deleting


@pytest.mark.parametrize("who", ["alice", "moderator"])
async def test_the_asker_and_moderators_can_delete_an_answer(
    local_discord: LocalDiscord, bot: DissentBot, answer: Message, who: str
):
    pressed = await local_discord.press(answer, "Delete", user=getattr(local_discord, who))
    await local_discord.until(lambda: local_discord.current(answer) is None, waiting_for="the deletion")

    assert pressed.callback is CallbackKind.DEFERRED_UPDATE
    await remembered(bot, answer, is_forgotten=True)


async def test_nobody_else_can(local_discord: LocalDiscord, bot: DissentBot, answer: Message):
    refusal = await (await local_discord.press(answer, "Delete", user=local_discord.bob)).answer()

    assert refusal.content == buttons_cog.NOT_YOURS_TO_DELETE
    assert local_discord.current(answer) is not None


@pytest.mark.parametrize(("fault", "attempts"), [({"delay_s": 0.3}, 1), ({"status": 500}, 2)], ids=str)
async def test_of_two_presses_of_delete_the_slower_one_is_no_error(
    local_discord: LocalDiscord,
    bot: DissentBot,
    answer: Message,
    log: LogLines,
    fault: dict[str, Any],
    attempts: int,
):
    local_discord.fail("POST /interactions", **fault)
    slower = await local_discord.press(answer, "Delete")
    await local_discord.press(answer, "Delete", user=local_discord.moderator)
    await local_discord.until(lambda: local_discord.current(answer) is None, waiting_for="the deletion")
    refused = f"POST /interactions/{slower.id}"
    await local_discord.until(
        lambda: len(local_discord.requests_to(refused)) == attempts, waiting_for="the slower press"
    )
    await no_press_pending(bot)

    assert slower.callback is None
    assert len(local_discord.requests_to(refused)) == attempts
    assert not any("failed" in record.getMessage() or "incident" in record.getMessage() for record in log.records)


async def test_an_answer_that_could_not_go_with_its_question_keeps_its_buttons(
    local_discord: LocalDiscord, bot: DissentBot, log: LogLines
):
    question = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
    answer = await remembered(bot, await local_discord.next_message(reply_to=question))
    local_discord.fail("DELETE /channels", status=403, code=50001, message="Missing Access")
    await local_discord.delete(question)
    await log.line("the answer to a deleted question stays")

    await local_discord.press(answer, "Delete")

    await local_discord.until(lambda: local_discord.current(answer) is None, waiting_for="the deletion")
    await remembered(bot, answer, is_forgotten=True)


async def test_where_a_person_brought_the_bot_along_it_deletes_by_the_press(
    local_discord: LocalDiscord, bot: DissentBot
):
    local_discord.brought_along = True
    answer = await remembered(bot, await (await local_discord.slash("ask", question=ANSWERED)).answer())
    local_discord.fail("DELETE /channels", status=403, code=50001, message="Missing Access")

    await local_discord.press(answer, "Delete")

    await local_discord.until(lambda: local_discord.current(answer) is None, waiting_for="the deletion")


async def test_an_answer_whose_asker_is_forgotten_can_be_deleted_by_moderators_only(
    local_discord: LocalDiscord, bot: DissentBot, answer: Message
):
    shown = await bot.state.shown_in_message(answer.id)
    assert shown is not None
    await bot.state.forget_shown(shown.id)

    refusal = await (await local_discord.press(answer, "Delete")).answer()
    await local_discord.press(answer, "Delete", user=local_discord.moderator)

    assert refusal.content == buttons_cog.CANNOT_TELL_WHOSE
    await local_discord.until(lambda: local_discord.current(answer) is None, waiting_for="the deletion")


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 502}, {"status": 429, "retry_after_s": 0.01}], ids=str)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_press_whose_answer_is_lost_is_answered_once(
    local_discord: LocalDiscord,
    bot: DissentBot,
    answer: Message,
    fault: dict[str, Any],
    after: bool,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(replies, "RETRY_AFTER_S", (0.01, 0.02))
    local_discord.fail("PATCH /webhooks", after=after, **fault)

    pressed = await local_discord.press(answer, "Context")
    context = await pressed.answer()

    assert BEST_SENTENCE in text_of(read(context.content))
    assert pressed.follow_up_ids == []


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 502}], ids=str)
async def test_a_question_that_is_passed_on_arrives_once_whatever_is_lost(
    local_discord: LocalDiscord, bot: DissentBot, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(replies, "RETRY_AFTER_S", (0.01, 0.02))
    await bot.state.change_settings(local_discord.guild.id, person_channel_id=local_discord.quiet.id)
    refusal = await (await local_discord.slash("ask", question=NOT_COVERED)).answer()
    local_discord.fail(f"POST /channels/{local_discord.quiet.id}", after=True, **fault)

    await (await local_discord.press(refusal, "Ask a person")).answer()

    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == 1


# ---- topics


async def test_the_nearest_topics_of_a_refusal_are_a_press_away(local_discord: LocalDiscord, bot: DissentBot):
    refusal = await (await local_discord.slash("ask", question=NOT_COVERED)).answer()
    titles = {entry.title for entry in await bot.service.documents()}
    topic = refusal.buttons[0]
    about = await (await local_discord.press(refusal, topic)).answer()

    assert topic in titles
    assert refusal.buttons[-2:] == ["Follow up", "Delete"]
    assert len(refusal.content.split("\n")) == 2  # the question, and one line
    assert about.is_ephemeral
    assert quotes_of(about)
    assert topic in text_of(read(about.content))


async def test_a_refusal_that_is_shared_keeps_its_topics(local_discord: LocalDiscord, bot: DissentBot):
    refusal = await (await local_discord.slash("ask", question=NOT_COVERED, private=True)).answer()
    shared = await (await local_discord.press(refusal, "Share")).answer()
    about = await (await local_discord.press(shared, shared.buttons[0], user=local_discord.bob)).answer()

    assert shared.buttons == [*refusal.buttons[:-1], "Delete"]
    assert quotes_of(about)


async def test_a_shared_refusal_offers_no_person_where_no_question_is_kept(
    local_discord: LocalDiscord, bot: DissentBot
):
    await bot.state.change_settings(
        local_discord.guild.id, person_channel_id=local_discord.quiet.id, keeps_questions=False
    )
    refusal = await (await local_discord.slash("ask", question=NOT_COVERED, private=True)).answer()
    shared = await (await local_discord.press(refusal, "Share")).answer()

    assert "Ask a person" not in shared.buttons


@pytest.mark.parametrize("first_below_the_copy", [True, False])
async def test_a_shared_question_is_passed_on_once(
    local_discord: LocalDiscord, bot: DissentBot, first_below_the_copy: bool
):
    await bot.state.change_settings(local_discord.guild.id, person_channel_id=local_discord.quiet.id)
    refusal = await (await local_discord.slash("ask", question=NOT_COVERED, private=True)).answer()
    if first_below_the_copy:
        shared = await (await local_discord.press(refusal, "Share")).answer()
        await (await local_discord.press(shared, "Ask a person")).answer()
        again = await (await local_discord.press(refusal, "Ask a person")).answer()
    else:
        await (await local_discord.press(refusal, "Ask a person")).answer()
        shared = await (await local_discord.press(refusal, "Share")).answer()
        again = await (await local_discord.press(shared, "Ask a person")).answer()

    assert again.content == buttons_cog.ALREADY_PASSED_ON
    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == 1


async def test_while_the_documents_load_no_topic_is_said_to_be_gone(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    refusal = await (await local_discord.slash("ask", question=NOT_COVERED)).answer()
    bot.service._ready.clear()

    topic = await (await local_discord.press(refusal, refusal.buttons[0])).answer()
    asked = await (await local_discord.slash("ask", question=ANSWERED, document="Keeping bees")).answer()

    assert topic.content == asked.content == NotReadyError.user_message


# ---- after a restart


async def test_all_buttons_work_after_a_restart(local_discord: LocalDiscord, library: Library, data: Path):
    async with dissent_bot(local_discord, library, data):
        answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()
        open_dialog = await local_discord.press(answer, "Follow up")
        await open_dialog.modal()

    async with dissent_bot(local_discord, library, data) as bot:
        late = await (await local_discord.submit_modal(open_dialog, {"question": "and when was that?"})).answer()
        presses = {label: await local_discord.press(answer, label) for label in ANSWER_BUTTONS if label != "Delete"}
        modal = await presses.pop("Follow up").modal()
        answers = {label: await interaction.answer() for label, interaction in presses.items()}
        shown = await bot.state.shown_in_message(answer.id)
        await local_discord.press(answer, "Delete")
        await local_discord.until(lambda: local_discord.current(answer) is None, waiting_for="the deletion")

    assert ANSWERED in text_of(read(late.content))
    assert modal["title"] == "Follow up"
    assert all(message.is_ephemeral for message in answers.values())
    assert BEST_SENTENCE in styled(quotes_in(answers["Context"].content)[0], "strong")
    assert shown is not None
    assert local_discord.current(answer) is None


async def test_what_was_shown_stays_when_its_document_changes(
    local_discord: LocalDiscord, bot: DissentBot, library: Library, answer: Message
):
    path = library.corpus / "sea/lighthouse.md"
    path.write_text(path.read_text().replace("in 1862", "in 1863"))
    await bot.service.reload()

    context = await (await local_discord.press(answer, "Context")).answer()
    more = await (await local_discord.press(answer, "More")).answer()

    assert passages.CHANGED_HERE in context.content
    assert BEST_SENTENCE in text_of(quotes_in(context.content)[0])
    assert more.content.startswith(passages.CHANGED)


async def test_what_was_shown_stays_when_its_document_goes_away(
    local_discord: LocalDiscord, bot: DissentBot, library: Library, answer: Message
):
    (library.corpus / "sea/lighthouse.md").unlink()
    await bot.service.reload()

    context = await (await local_discord.press(answer, "Context")).answer()
    source = await (await local_discord.press(answer, "Source")).answer()

    assert passages.GONE in context.content
    assert BEST_SENTENCE in text_of(quotes_in(context.content)[0])
    assert "The lighthouse of Grey Skerry is no longer there" in text_of(read(source.content))


async def test_a_quote_that_only_moved_is_found_again(
    local_discord: LocalDiscord, bot: DissentBot, library: Library, answer: Message
):
    path = library.corpus / "sea/lighthouse.md"
    path.write_text(path.read_text().replace("# The lighthouse of Grey Skerry\n", "# Grey Skerry\n\nA rock.\n"))
    await bot.service.reload()

    context = await (await local_discord.press(answer, "Context")).answer()

    assert passages.CHANGED_HERE not in context.content
    assert BEST_SENTENCE in styled(quotes_in(context.content)[0], "strong")
    assert "A rock." in text_of(quotes_in(context.content)[0])


async def test_an_answer_that_is_forgotten_says_so(local_discord: LocalDiscord, bot: DissentBot, answer: Message):
    shown = await bot.state.shown_in_message(answer.id)
    assert shown is not None
    await bot.state.forget_shown(shown.id)

    for label in ANSWER_BUTTONS:
        reply = await (await local_discord.press(answer, label)).answer()
        assert reply.content == (buttons_cog.CANNOT_TELL_WHOSE if label == "Delete" else buttons_cog.FORGOTTEN)
        assert reply.is_ephemeral


# ---- trouble


async def test_a_failure_behind_a_button_is_told_by_the_one_error_handler(
    local_discord: LocalDiscord, bot: DissentBot, answer: Message, log: LogLines, monkeypatch: pytest.MonkeyPatch
):
    async def fail(*_: object, **__: object) -> None:
        raise KeyError("a secret detail")

    monkeypatch.setattr(bot.service, "quotes", fail)
    reply = await (await local_discord.press(answer, "More")).answer()
    await log.line("command=button more incident=")

    assert reply.is_ephemeral
    assert "incident" in reply.content
    assert "secret" not in reply.text
    assert local_discord.current(answer) == answer


async def test_a_button_that_is_none_of_ours_is_left_alone(
    local_discord: LocalDiscord, bot: DissentBot, answer: Message, log: LogLines
):
    for custom_id in ("something", "answer:1:unknown:", "answer:x:more:"):
        message = local_discord.world.post(
            local_discord.general,
            local_discord.bot,
            {
                "components": [
                    {"type": 1, "components": [{"type": 2, "style": 1, "label": "?", "custom_id": custom_id}]}
                ]
            },
        )
        await local_discord.press(message, "?")
    await (await local_discord.press(answer, "Helpful")).answer()

    assert len(local_discord.requests_to("POST /interactions")) == 2
    assert log.tracebacks == []


async def test_a_question_of_a_process_that_was_killed_is_answered_after_the_restart(
    local_discord: LocalDiscord, library: Library, data: Path, monkeypatch: pytest.MonkeyPatch
):
    async with dissent_bot(local_discord, library, data) as bot:
        monkeypatch.setattr(bot.service, "ask", NeverEnding())
        interaction = await local_discord.slash("ask", question=ANSWERED)
        await interaction.acknowledged()

    async with dissent_bot(local_discord, library, data) as bot:
        answer = await interaction.answer()
        context = await (await local_discord.press(answer, "Context")).answer()
        pending = await bot.state.pending()

    assert BEST_SENTENCE in text_of(read(answer.content))
    assert BEST_SENTENCE in text_of(read(context.content))
    assert pending == []
    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1


async def test_an_answered_question_is_not_answered_again_after_a_restart(
    local_discord: LocalDiscord, library: Library, data: Path
):
    async with dissent_bot(local_discord, library, data) as bot:
        await (await local_discord.slash("ask", question=ANSWERED)).answer()
        await (await local_discord.slash("ask", question=NOT_COVERED)).answer()
        await done(bot)
    async with dissent_bot(local_discord, library, data) as bot:
        assert await bot.state.pending() == []

    assert len(local_discord.requests_to("PATCH /webhooks")) == 2


async def press_and_die(
    local_discord: LocalDiscord, library: Library, data: Path, label: str, *, is_private: bool = False
) -> tuple[Message, Interaction]:
    """Press a button of a bot that dies when it has acknowledged that."""
    with pytest.MonkeyPatch.context() as patch:
        async with dissent_bot(local_discord, library, data) as bot:
            asked = await local_discord.slash("ask", question=ANSWERED, private=is_private)
            answer = await remembered(bot, await asked.answer())

            patch.setattr(in_use(buttons_cog), "fill", NeverEnding())
            pressed = await local_discord.press(answer, label)
            await pressed.acknowledged()
    return answer, pressed


@pytest.mark.parametrize("label", ["More", "Context", "Source"])
async def test_a_press_of_a_process_that_was_killed_is_answered_after_the_restart(
    local_discord: LocalDiscord, library: Library, data: Path, label: str
):
    answer, pressed = await press_and_die(local_discord, library, data, label)

    async with dissent_bot(local_discord, library, data) as bot:
        late = await pressed.answer()
        again = await (await local_discord.press(answer, label)).answer()
        await no_press_pending(bot)

    assert late.is_ephemeral
    assert (late.content, len(late.attachments)) == (again.content, len(again.attachments))
    assert late.buttons == again.buttons


@pytest.mark.parametrize("who", ["alice", "moderator"])
async def test_what_was_to_be_deleted_when_the_bot_was_killed_is_deleted_after_the_restart(
    local_discord: LocalDiscord, library: Library, data: Path, who: str
):
    async with dissent_bot(local_discord, library, data) as bot:
        answer = await remembered(bot, await (await local_discord.slash("ask", question=ANSWERED)).answer())

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(in_use(buttons_cog), "persistently", NeverEnding())
            await (await local_discord.press(answer, "Delete", user=getattr(local_discord, who))).acknowledged()

    async with dissent_bot(local_discord, library, data):
        await local_discord.until(lambda: local_discord.current(answer) is None, waiting_for="the deletion")


async def test_what_somebody_may_not_delete_stays_after_a_restart_too(
    local_discord: LocalDiscord, library: Library, data: Path
):
    async with dissent_bot(local_discord, library, data) as bot:
        answer = await remembered(bot, await (await local_discord.slash("ask", question=ANSWERED)).answer())
        with pytest.MonkeyPatch.context() as patch:
            # as if it died before it had noted that the press is answered
            patch.setattr(bot.state, "remove_pending_press", bot.state.pending_presses)
            refused = await (await local_discord.press(answer, "Delete", user=local_discord.bob)).answer()

    async with dissent_bot(local_discord, library, data) as bot:
        await no_press_pending(bot)

    assert local_discord.current(answer) == answer
    assert local_discord.current(refused) == refused


async def test_why_an_answer_could_not_be_deleted_stays_readable_after_a_restart(
    local_discord: LocalDiscord, library: Library, data: Path
):
    async with dissent_bot(local_discord, library, data) as bot:
        answer = await remembered(bot, await (await local_discord.slash("ask", question=ANSWERED)).answer())
        with pytest.MonkeyPatch.context() as patch:
            # as if it died before it had noted that the press is answered
            patch.setattr(bot.state, "remove_pending_press", bot.state.pending_presses)
            local_discord.fail("POST /interactions", status=400, code=50035, message="Invalid Form Body")
            told = await (await local_discord.press(answer, "Delete")).answer()

    async with dissent_bot(local_discord, library, data) as bot:
        await no_press_pending(bot)

    assert "incident" in told.content
    assert local_discord.current(told) == told
    assert local_discord.current(answer) == answer


async def test_delete_works_after_a_restart_though_what_the_answer_showed_is_forgotten(
    local_discord: LocalDiscord, library: Library, data: Path
):
    async with dissent_bot(local_discord, library, data) as bot:
        answer = await remembered(bot, await (await local_discord.slash("ask", question=ANSWERED)).answer())
        shown = await bot.state.shown_in_message(answer.id)
        assert shown is not None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(in_use(buttons_cog), "persistently", NeverEnding())
            await (await local_discord.press(answer, "Delete")).acknowledged()
            await bot.state.forget_shown(shown.id)  # as when its question is edited or deleted meanwhile

    async with dissent_bot(local_discord, library, data):
        await local_discord.until(lambda: local_discord.current(answer) is None, waiting_for="the deletion")


async def test_a_press_of_delete_that_was_never_acknowledged_leaves_the_answer_its_buttons(
    local_discord: LocalDiscord, library: Library, data: Path
):
    async with dissent_bot(local_discord, library, data) as bot:
        answer = await remembered(bot, await (await local_discord.slash("ask", question=ANSWERED)).answer())
        with pytest.MonkeyPatch.context() as patch:
            update = NeverEnding()
            patch.setattr(in_use(buttons_cog), "update", update)
            await local_discord.press(answer, "Delete")
            await asyncio.wait_for(update.has_begun.wait(), 10)

    async with dissent_bot(local_discord, library, data) as bot:
        await no_press_pending(bot)
        context = await (await local_discord.press(answer, "Context")).answer()
        await local_discord.press(answer, "Delete")
        await local_discord.until(lambda: local_discord.current(answer) is None, waiting_for="the deletion")

    assert BEST_SENTENCE in text_of(read(context.content))


async def test_a_button_that_was_pressed_when_the_bot_was_killed_can_be_pressed_again(
    local_discord: LocalDiscord, library: Library, data: Path
):
    answer, pressed = await press_and_die(local_discord, library, data, "Share", is_private=True)

    async with dissent_bot(local_discord, library, data):
        late = await pressed.answer()
        shared = await (await local_discord.press(answer, "Share")).answer()

    assert late.content == buttons_cog.INTERRUPTED
    assert shared.content == answer.content
    assert not shared.is_ephemeral


async def test_a_press_whose_answer_is_there_is_not_answered_again_after_a_restart(
    local_discord: LocalDiscord, library: Library, data: Path
):
    async with dissent_bot(local_discord, library, data) as bot:
        answer = await remembered(bot, await (await local_discord.slash("ask", question=ANSWERED)).answer())
        with pytest.MonkeyPatch.context() as patch:
            # as if it died between the answer and the note that it is there
            patch.setattr(bot.state, "remove_pending_press", bot.state.pending_presses)
            pressed = await local_discord.press(answer, "Context")
            await pressed.answer()
    edits = len(local_discord.requests_to("PATCH /webhooks"))

    async with dissent_bot(local_discord, library, data) as bot:
        await no_press_pending(bot)

    assert len(local_discord.requests_to("PATCH /webhooks")) == edits


async def test_where_no_files_may_be_attached_source_says_so_and_links(
    local_discord: LocalDiscord, bot: DissentBot, answer: Message
):
    await local_discord.deny(local_discord.general, Permission.ATTACH_FILES)

    source = await (await local_discord.press(answer, "Source")).answer()

    assert source.attachments == []
    assert source.content.startswith(passages.MAY_NOT_ATTACH)
    assert "(https://example.org/grey-skerry)" in source.content


async def test_context_pressed_before_the_documents_are_read_waits_for_them(
    local_discord: LocalDiscord, bot: DissentBot, answer: Message, monkeypatch: pytest.MonkeyPatch
):
    is_read = asyncio.Event()
    monkeypatch.setattr(bot.service, "until_ready", is_read.wait)
    pressed = await local_discord.press(answer, "Context")
    await pressed.acknowledged()

    assert pressed.answer_id is None
    is_read.set()
    assert BEST_SENTENCE in text_of(read((await pressed.answer()).content))

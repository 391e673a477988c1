"""Moderators reload the documents: what they are shown, what waits for them, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.client import DissentBot
from bot.cogs import reloading
from bot.moderating import ONLY_OWNER
from bot.presses import NOT_YOURS
from bot.progress import CANNOT_POST, INTERRUPTED
from bot.records import Deed
from index import Library, building

from .acting import CommandHiddenError
from .bots import ANSWERED, NeverEnding, dissent_bot, logged, said_by_the_bot
from .moderating import QUOBBLERS, deeds, ended, held_back, make_golden, manage, told
from .server import LocalDiscord
from .world import Permission

pytestmark = pytest.mark.asyncio(loop_scope="function")

NEWS = "News\n\nThe harbour was dredged in 2020."


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, data: Path) -> AsyncIterator[DissentBot]:
    async with dissent_bot(local_discord, library, data) as bot:
        await bot.service.ask("lamp")
        yield bot


def remove_much(library: Library) -> None:
    for name in ("sea/lighthouse.md", "garden/bees.md"):
        (library.corpus / name).unlink()


async def risky(local_discord: LocalDiscord, library: Library):
    """The message of a reload that waits for a yes."""
    remove_much(library)
    await told(local_discord, "reload")
    return await ended(local_discord, await local_discord.next_message(), says="waits for your yes")


async def test_only_moderators_see_it_and_only_in_servers(local_discord: LocalDiscord, bot: DissentBot):
    for user, channel in ((local_discord.alice, local_discord.general), (local_discord.moderator, None)):
        with pytest.raises(CommandHiddenError):
            await manage(
                local_discord,
                "reload",
                user=user,
                channel=channel or local_discord.world.dm_channel(local_discord.moderator),
            )


async def test_a_reload_without_risk_goes_live_by_itself_and_says_what_changed(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    before = library.generation.id
    (library.corpus / "news.txt").write_text(NEWS)
    (library.corpus / "food/bread.md").write_text("# Sourdough bread\n\nBread is baked at dawn.")

    reply = await told(local_discord, "reload")
    message = await ended(local_discord, await local_discord.next_message(), says="is current now")

    assert reply.is_ephemeral
    assert f"{local_discord.general.id}/{message.id}" in reply.content
    for words in ("Added: `news`", "Changed: `food/bread`", "embedded", library.generation.id):
        assert words in message.content
    assert message.pinged_ids == set()
    assert message.buttons == []
    [record] = await deeds(bot, local_discord.guild.id, count=1)
    assert (record.deed, record.person_id) == (Deed.RELOAD_SHARED, local_discord.moderator.id)
    assert (record.before, record.after) == (before, library.generation.id)
    assert (await bot.service.history())[0].by == (
        f"person {local_discord.moderator.id} of server {local_discord.guild.id}"
    )


async def test_a_reload_says_how_golden_questions_of_the_server_fared_before_and_fare_now(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    guild_id = local_discord.guild.id
    await make_golden(bot, guild_id, ANSWERED, "sea/lighthouse")
    await make_golden(bot, guild_id, "When was the harbour dredged?", "news")
    (library.corpus / "news.txt").write_text(NEWS)

    await told(local_discord, "reload")
    changed = await ended(local_discord, await local_discord.next_message(), says="is current now")
    await told(local_discord, "reload")
    unchanged = await ended(local_discord, await local_discord.next_message(), says="stays current")

    fares = "Of 2 golden questions of this server, 1 found their document before, and 2 do now."
    assert fares in changed.content
    assert "golden" not in unchanged.content


async def test_a_dry_run_shows_the_difference_and_changes_nothing(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    before = library.generation.id
    remove_much(library)

    shown = await told(local_discord, "reload", dry_run=True)

    assert shown.is_ephemeral
    for words in ("Removed: `garden/bees`, `sea/lighthouse`", "2 of 6 documents would go away", "Nothing was changed"):
        assert words in shown.content
    assert library.generation.id == before
    assert await bot.service.prepared() is None
    assert said_by_the_bot(local_discord, local_discord.general) == []


async def test_what_is_risky_waits_and_is_made_current_by_its_button_after_a_restart(
    local_discord: LocalDiscord, library: Library, data: Path
):
    async with dissent_bot(local_discord, library, data) as bot:
        await bot.service.ask("lamp")
        message = await risky(local_discord, library)
        assert message.buttons == ["Make current", "Discard"]
        assert (await bot.service.ask(ANSWERED)).quotes
    async with dissent_bot(local_discord, library, data) as bot:
        await bot.service.ask("lamp")
        pressed = await local_discord.press(message, "Make current", user=local_discord.moderator)
        shown = await pressed.answer(until=lambda now: "is current now" in now.content)
        records = await deeds(bot, local_discord.guild.id, count=2)
        documents = await bot.service.documents()

    assert shown.id == message.id
    assert shown.content.startswith(message.content.rpartition("\n")[0])
    assert local_discord.moderator.mention in shown.content
    assert shown.buttons == []
    assert len(documents) == 4
    assert [record.deed for record in records] == [Deed.PREPARE_SHARED, Deed.MAKE_CURRENT_SHARED]
    assert records[1].before == records[0].before
    assert records[1].after == library.generation.id


async def test_a_report_that_was_decided_on_no_longer_says_that_it_waits(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    message = await risky(local_discord, library)

    shown = await (await local_discord.press(message, "Make current", user=local_discord.moderator)).answer(
        until=lambda now: "is current now" in now.content
    )

    assert "Removed: `garden/bees`, `sea/lighthouse`" in shown.content
    assert "waits" not in shown.content


async def test_a_reload_that_changes_nothing_says_so_in_one_line(local_discord: LocalDiscord, bot: DissentBot):
    await told(local_discord, "reload")
    message = await ended(local_discord, await local_discord.next_message(), says="stays current")

    assert len(message.content.split("\n")) == 2


async def test_what_is_discarded_changes_nothing(local_discord: LocalDiscord, bot: DissentBot, library: Library):
    before = library.generation.id
    message = await risky(local_discord, library)

    shown = await (await local_discord.press(message, "Discard", user=local_discord.moderator)).answer()

    assert "Discarded" in shown.content
    assert shown.buttons == []
    assert library.generation.id == before
    assert await bot.service.prepared() is None


async def test_the_buttons_work_for_moderators_and_for_nobody_else(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    message = await risky(local_discord, library)

    for label in ("Make current", "Discard"):
        refused = await (await local_discord.press(message, label, user=local_discord.bob)).answer()
        assert refused.content == NOT_YOURS
        assert refused.is_ephemeral
    assert local_discord.current(message) == message
    assert await bot.service.prepared() is not None

    shown = await (await local_discord.press(message, "Discard", user=local_discord.owner)).answer()
    assert local_discord.owner.mention in shown.content


async def test_a_button_that_came_too_late_says_so(local_discord: LocalDiscord, bot: DissentBot, library: Library):
    message = await risky(local_discord, library)
    await bot.service.discard((await bot.service.prepared()).generation)  # type: ignore[union-attr]

    shown = await (await local_discord.press(message, "Make current", user=local_discord.moderator)).answer()

    assert shown.id == message.id
    assert "reloaded since" in shown.content
    assert shown.buttons == []


async def test_a_second_asker_is_shown_the_running_reload_and_its_progress(
    local_discord: LocalDiscord, bot: DissentBot, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reloading, "EDIT_EVERY_S", 0.05)
    (library.corpus / "news.txt").write_text(NEWS)
    with held_back(library, monkeypatch):
        await manage(local_discord, "reload")
        message = await local_discord.next_message()
        second = await told(local_discord, "reload", user=local_discord.owner)
        elsewhere = await told(local_discord, "reload", channel=local_discord.other_general)
        answer = await bot.service.ask(ANSWERED)
    await ended(local_discord, message, says="is current now")

    assert f"started by {local_discord.moderator.mention}" in second.content
    assert "another server" in elsewhere.content
    assert answer.quotes
    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1


async def test_the_message_says_how_far_the_reload_is(
    local_discord: LocalDiscord, bot: DissentBot, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reloading, "EDIT_EVERY_S", 0.02)
    monkeypatch.setattr(building, "TOLD_EVERY_S", 0.0)
    for number in range(3):
        (library.corpus / f"news-{number}.txt").write_text(f"News {number}\n\nThe harbour was dredged in 202{number}.")
    with held_back(library, monkeypatch, after_batches=1):
        await manage(local_discord, "reload")
        under_way = await ended(local_discord, await local_discord.next_message(), says="passages are embedded")
        status = await (await local_discord.slash("corpus status")).answer()
    done = await ended(local_discord, under_way, says="is current now")

    assert "1 of about 3 passages are embedded" in under_way.content
    assert f"Asked for by {local_discord.moderator.mention}" in under_way.content
    assert "1 of about 3 passages are embedded" in status.text
    assert under_way.pinged_ids == set()
    assert "3 had to be embedded" in done.content


async def test_the_end_is_shown_when_the_commands_token_has_long_expired(
    local_discord: LocalDiscord, bot: DissentBot, library: Library, monkeypatch: pytest.MonkeyPatch
):
    (library.corpus / "news.txt").write_text(NEWS)
    with held_back(library, monkeypatch):
        await told(local_discord, "reload")
        message = await local_discord.next_message()
        local_discord.advance(3600)

    assert "Added: `news`" in (await ended(local_discord, message, says="is current now")).content


async def test_where_the_bot_may_not_write_only_the_moderator_is_shown_it(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    await local_discord.deny(local_discord.quiet, Permission.SEND_MESSAGES)
    remove_much(library)

    interaction = await manage(local_discord, "reload", channel=local_discord.quiet)
    shown = await interaction.answer(until=lambda now: "waits for your yes" in now.content)
    decided = await (await local_discord.press(shown, "Make current")).answer(
        until=lambda now: "is current now" in now.content
    )

    assert shown.is_ephemeral
    assert shown.content.startswith(CANNOT_POST)
    assert decided.id == shown.id
    assert len(await bot.service.documents()) == 4


async def test_a_reload_goes_on_where_its_command_cannot_be_answered_any_more(
    local_discord: LocalDiscord, bot: DissentBot
):
    local_discord.fail("PATCH /webhooks", status=401, code=50027, message="Invalid Webhook Token")
    await manage(local_discord, "reload")
    message = await local_discord.next_message()

    await ended(local_discord, message, says="stays current")
    assert bot.answers.lost == 1
    assert await bot.state.acknowledged() == []


@pytest.mark.parametrize("may_write", [True, False])
async def test_where_there_is_nowhere_to_say_how_it_ended_one_line_is_logged(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch, may_write: bool
):
    reload, has_begun, may_go_on = bot.service.reload, asyncio.Event(), asyncio.Event()

    async def wait_and_reload(*given: Any, **more: Any) -> object:
        has_begun.set()
        await may_go_on.wait()
        return await reload(*given, **more)

    monkeypatch.setattr(bot.service, "reload", wait_and_reload)
    if not may_write:
        await local_discord.deny(local_discord.quiet, Permission.SEND_MESSAGES)
    await manage(local_discord, "reload", channel=local_discord.quiet)
    await has_begun.wait()
    with logged() as log:
        await local_discord.delete_channel(local_discord.quiet)
        may_go_on.set()
        await log.line("the end cannot be shown" if may_write else "nowhere to answer question=")
        async with asyncio.timeout(10):
            while await bot.state.unfinished():  # noqa: ASYNC110 (SQLite tells nobody)
                await asyncio.sleep(0.002)

    assert log.tracebacks == []


async def test_where_it_may_not_write_each_library_has_a_reply_of_its_own(
    local_discord: LocalDiscord, bot: DissentBot, library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reloading, "EDIT_EVERY_S", 0.01)
    await bot.service.add(local_discord.guild.id, "quobblers.md", QUOBBLERS)
    await local_discord.deny(local_discord.quiet, Permission.SEND_MESSAGES)
    remove_much(library)

    interaction = await manage(local_discord, "reload", channel=local_discord.quiet)
    shared = await interaction.answer(until=lambda now: "waits for your yes" in now.content)
    own = await ended(local_discord, await interaction.follow_up(), says="stays current")

    assert own.is_ephemeral
    assert local_discord.current(shared) == shared
    assert shared.buttons == ["Make current", "Discard"]


async def test_a_message_that_was_deleted_meanwhile_is_posted_again(
    local_discord: LocalDiscord, bot: DissentBot, library: Library, monkeypatch: pytest.MonkeyPatch
):
    (library.corpus / "news.txt").write_text(NEWS)
    with held_back(library, monkeypatch):
        await told(local_discord, "reload")
        await local_discord.delete(await local_discord.next_message())

    assert "is current now" in (await local_discord.next_message()).content


async def test_a_reload_that_was_cut_off_says_so_after_the_restart(
    local_discord: LocalDiscord, library: Library, data: Path, monkeypatch: pytest.MonkeyPatch
):
    (library.corpus / "news.txt").write_text(NEWS)
    async with dissent_bot(local_discord, library, data) as bot:
        await bot.service.ask("lamp")
        with monkeypatch.context() as patch:
            patch.setattr(bot.service, "reload", NeverEnding())
            await told(local_discord, "reload")
            message = await local_discord.next_message()
    async with dissent_bot(local_discord, library, data) as bot:
        shown = await ended(local_discord, message, says=INTERRUPTED)
        async with asyncio.timeout(10):
            while await bot.state.unfinished():  # noqa: ASYNC110 (SQLite tells nobody)
                await asyncio.sleep(0.002)

    assert shown.content == INTERRUPTED


async def test_a_failure_is_told_where_the_progress_was(
    local_discord: LocalDiscord, bot: DissentBot, library: Library, monkeypatch: pytest.MonkeyPatch
):
    async def fail(*_: object, **__: object) -> None:
        raise KeyError("a secret detail")

    monkeypatch.setattr(bot.service, "reload", fail)
    await told(local_discord, "reload")

    message = await ended(local_discord, await local_discord.next_message(), says="incident")
    assert "secret" not in message.text


async def test_a_servers_own_documents_are_reloaded_with_the_shared_ones(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    await bot.service.add(local_discord.guild.id, "quobblers.md", QUOBBLERS)

    await told(local_discord, "reload")
    shared = await ended(local_discord, await local_discord.next_message(), says="stays current")
    own = await ended(local_discord, await local_discord.next_message(), says="stays current")

    assert shared.content.startswith("**The shared corpus**")
    assert own.content.startswith("**This server's own documents**")


# ---- SHARED_RELOAD=owner


async def test_with_owner_a_moderator_reloads_only_the_servers_own(
    local_discord: LocalDiscord, library: Library, data: Path
):
    (library.corpus / "news.txt").write_text(NEWS)
    async with dissent_bot(local_discord, library, data, shared_reload="owner") as bot:
        await bot.service.reload()
        (library.corpus / "news.txt").unlink()
        refused = await told(local_discord, "reload")
        await bot.service.add(local_discord.guild.id, "quobblers.md", QUOBBLERS)
        await told(local_discord, "reload")
        own = await ended(local_discord, await local_discord.next_message(), says="stays current")
        generation = library.generation.id
        await told(local_discord, "reload", user=local_discord.owner)
        shared = await ended(local_discord, await local_discord.next_message(), says="is current now")

    assert refused.content.startswith(ONLY_OWNER)
    assert own.content.startswith("**This server's own documents**")
    assert "Removed: `news`" in shared.content
    assert generation != library.generation.id


async def test_with_owner_a_moderator_cannot_press_the_owners_buttons(
    local_discord: LocalDiscord, library: Library, data: Path
):
    async with dissent_bot(local_discord, library, data, shared_reload="owner") as bot:
        await bot.service.ask("lamp")
        remove_much(library)
        await told(local_discord, "reload", user=local_discord.owner)
        message = await ended(local_discord, await local_discord.next_message(), says="waits for your yes")
        refused = await (await local_discord.press(message, "Make current", user=local_discord.moderator)).answer()
        prepared = await bot.service.prepared()

    assert refused.content == ONLY_OWNER
    assert prepared is not None

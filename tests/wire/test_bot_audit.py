"""Moderators see who changed what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.client import DissentBot
from bot.records import AUDIT_KEPT_S, Deed, Record
from bot.render.audit import CUT_OFF, CUT_OFF_LEAVING, DEEDS, NOTHING, UNDER_WAY
from index import Library

from .bots import dissent_bot
from .moderating import QUOBBLERS, told
from .server import LocalDiscord
from .world import Message, Upload

pytestmark = pytest.mark.asyncio(loop_scope="function")


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        await bot.service.ask("lamp")
        yield bot


def lines_of(message: Message) -> list[str]:
    return str(message.embeds[0]["description"]).split("\n")


async def test_a_change_is_shown_with_who_what_when_generations_and_digest(
    local_discord: LocalDiscord, bot: DissentBot
):
    nothing = await told(local_discord, "audit")
    await told(local_discord, "add", file=Upload("quobblers.md", QUOBBLERS))
    await told(local_discord, "add", file=Upload("quobblers.md", QUOBBLERS + b"More."), replace=True)

    shown = await told(local_discord, "audit")
    [replaced, added], _ = await bot.state.deeds(local_discord.guild.id, first=0, count=9)

    assert nothing.content == NOTHING
    assert shown.is_ephemeral
    assert shown.pinged_ids == set()
    latest, first = lines_of(shown)
    who = local_discord.moderator.mention
    assert latest.startswith(f"- <t:{int(replaced.at)}:f> {who} replaced `server/quobblers` ")
    assert latest.endswith(f"`{replaced.digest[:16]}` \u00b7 `{added.after}` \u2192 `{replaced.after}`")
    assert f"{who} added `server/quobblers`" in first
    assert f"\u2013 \u2192 `{added.after}`" in first


async def test_a_long_log_is_turned_page_by_page(local_discord: LocalDiscord, bot: DissentBot):
    guild_id, person_id = local_discord.guild.id, local_discord.moderator.id
    for deed in Deed:
        await bot.state.note_deed(
            Record(guild_id, person_id, deed, "a" * 12, "b" * 12, "server/" + "x" * 100, "c" * 64)
        )

    first = await told(local_discord, "audit")
    second = await (await local_discord.press(first, "Next")).answer(until=lambda now: lines_of(now) != lines_of(first))

    assert len(lines_of(first)) == 10
    assert len(lines_of(first)) + len(lines_of(second)) == len(Deed) == len(DEEDS)
    assert second.buttons == ["Back"]


async def test_a_change_is_under_way_until_the_bot_is_stopped_in_it_and_then_cut_off_with_what_it_left(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    removed = asyncio.Event()
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        await bot.service.ask("lamp")
        await told(local_discord, "add", file=Upload("quobblers.md", QUOBBLERS))
        remove = bot.service.remove

        async def remove_and_say_nothing(*given: Any, **more: Any) -> None:
            await remove(*given, **more)
            removed.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(bot.service, "remove", remove_and_say_nothing)
        asked = await told(local_discord, "remove", document="server/quobblers")
        await local_discord.press(asked, "Delete")
        await removed.wait()
        running, _added = lines_of(await told(local_discord, "audit"))
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        left = await bot.service.current_generation(local_discord.guild.id)
        stopped, added = lines_of(await told(local_discord, "audit"))
        await told(local_discord, "add", file=Upload("quobblers.md", QUOBBLERS))
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        _added_again, still_stopped, _added = lines_of(await told(local_discord, "audit"))

    assert "removed `server/quobblers`" in running
    assert running.endswith(UNDER_WAY)
    assert stopped.endswith(CUT_OFF_LEAVING.format(generation=f"`{left}`"))
    assert still_stopped == stopped
    assert "cut off" not in added


async def test_settings_that_the_bot_was_stopped_in_changing_have_their_line(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    changed = asyncio.Event()
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        change = bot.state.change_settings

        async def change_and_say_nothing(*given: Any, **more: Any) -> None:
            await change(*given, **more)
            changed.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(bot.state, "change_settings", change_and_say_nothing)
        options = {"block": local_discord.bob}
        await local_discord.slash("settings people", user=local_discord.moderator, options=options)
        await changed.wait()
        [running] = lines_of(await told(local_discord, "audit"))
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        [stopped] = lines_of(await told(local_discord, "audit"))

    assert running.endswith(f"/settings people block:{local_discord.bob.mention} {UNDER_WAY}")
    assert stopped.endswith(f"/settings people block:{local_discord.bob.mention} {CUT_OFF}")


async def test_a_change_that_failed_halfway_is_cut_off_at_once(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    await told(local_discord, "add", file=Upload("quobblers.md", QUOBBLERS))
    current = await bot.service.current_generation(local_discord.guild.id)

    async def fail(*given: Any, **more: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(bot.service, "rollback", fail)
    await told(local_discord, "rollback")
    latest, _added = lines_of(await told(local_discord, "audit"))

    assert latest.endswith(CUT_OFF_LEAVING.format(generation=f"`{current}`"))


async def test_a_change_of_questions_that_was_cut_off_names_no_generation(
    local_discord: LocalDiscord, library: Library, tmp_path: Path
):
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        await bot.state.note_deed(Record(local_discord.guild.id, 1, Deed.DROP_GOLDEN, document="a", is_done=False))
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        [line] = lines_of(await told(local_discord, "audit"))

    assert line.endswith(CUT_OFF)


async def test_a_change_that_was_refused_is_not_in_the_log(local_discord: LocalDiscord, bot: DissentBot):
    await told(local_discord, "add", file=Upload("quobblers.md", b"\0" * 50))
    await told(local_discord, "rollback")

    assert (await told(local_discord, "audit")).content == NOTHING


async def test_another_server_is_shown_none_of_it(local_discord: LocalDiscord, bot: DissentBot):
    await told(local_discord, "add", file=Upload("quobblers.md", QUOBBLERS))

    assert (await told(local_discord, "audit", channel=local_discord.other_general)).content == NOTHING


async def test_it_is_kept_for_a_year(local_discord: LocalDiscord, bot: DissentBot):
    await bot.state.note_deed(Record(local_discord.guild.id, 1, Deed.ADD))
    await bot.state.clean_up()
    _, kept = await bot.state.deeds(local_discord.guild.id, first=0, count=1)
    await bot.state._change("UPDATE audit SET at = at - ?", (AUDIT_KEPT_S,))
    await bot.state.clean_up()
    _, left = await bot.state.deeds(local_discord.guild.id, first=0, count=1)

    assert (kept, left) == (1, 0)

"""What moderators set for their server, and what people are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.client import DissentBot
from bot.cogs.buttons import NOT_KEPT
from bot.cogs.settings import CANNOT_PING, CANNOT_WRITE, NOT_EVERYONE
from bot.render.settings import READS_ALL, READS_LITTLE
from bot.state import GuildSettings
from index import Library

from .acting import CommandHiddenError
from .bots import ANSWERED, NOT_COVERED, dissent_bot, remembered
from .gateway import Intent
from .server import LocalDiscord
from .world import Message, Permission

pytestmark = pytest.mark.asyncio(loop_scope="function")


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        yield bot


async def change(local_discord: LocalDiscord, path: str, **options: object) -> Message:
    interaction = await local_discord.slash(path, user=local_discord.moderator, options=options)
    return await interaction.answer()


@pytest.mark.parametrize("path", ["settings show", "settings privacy", "setup"])
async def test_only_moderators_see_these_commands_and_only_in_servers(
    local_discord: LocalDiscord, bot: DissentBot, path: str
):
    with pytest.raises(CommandHiddenError):
        await local_discord.slash(path)
    with pytest.raises(CommandHiddenError):
        await local_discord.slash(path, channel=local_discord.alice_dm)

    assert (await change(local_discord, path)).is_ephemeral


async def test_everything_that_is_set_is_shown(local_discord: LocalDiscord, bot: DissentBot):
    await change(local_discord, "settings answers", private=True)
    await change(local_discord, "settings people", ask_channel=local_discord.quiet, block=local_discord.bob)
    shown = await change(local_discord, "settings privacy", note_questions=True, keep_questions=False, question_days=7)

    assert await bot.state.guild_settings(local_discord.guild.id) == GuildSettings(
        private_by_default=True,
        person_channel_id=local_discord.quiet.id,
        notes_uncovered=True,
        keeps_questions=False,
        question_days=7,
        blocked_ids=(local_discord.bob.id,),
    )
    assert await bot.state.guild_settings(local_discord.other_guild.id) == GuildSettings()
    for words in ("are private", local_discord.quiet.mention, local_discord.bob.mention, "noted for you", "not kept"):
        assert words in shown.content
    assert (shown.pinged_ids, shown.content) == (set(), (await change(local_discord, "settings show")).content)


async def test_questions_that_are_kept_no_longer_are_gone_at_once(local_discord: LocalDiscord, bot: DissentBot):
    await change(local_discord, "settings privacy", note_questions=True)
    answer = await remembered(bot, await (await local_discord.slash("ask", question=ANSWERED)).answer())
    await remembered(bot, await (await local_discord.slash("ask", question=NOT_COVERED)).answer())
    before = await change(local_discord, "manage review")

    await change(local_discord, "settings privacy", note_questions=False, keep_questions=False)
    after = await change(local_discord, "manage review")
    more = await (await local_discord.press(answer, "More")).answer()
    context = await (await local_discord.press(answer, "Context")).answer()

    assert "bitcoin" in before.text
    assert "bitcoin" not in after.text
    assert more.content == NOT_KEPT
    assert "built from granite" in context.content


async def test_what_changes_a_setting_is_in_the_audit_log_as_it_was_typed(local_discord: LocalDiscord, bot: DissentBot):
    await change(local_discord, "settings answers", private=True, channel=local_discord.quiet, mode="shadow")
    await change(local_discord, "settings answers", private=True)
    await change(local_discord, "settings show")
    await change(local_discord, "settings people", ask_role=local_discord.guild.roles[0])
    await change(local_discord, "settings people", block=local_discord.bob)
    await change(local_discord, "settings privacy", note_questions=True, question_days=7)

    shown = await change(local_discord, "manage audit")

    who = local_discord.moderator.mention
    lines = [line.partition("> ")[2] for line in str(shown.embeds[0]["description"]).split("\n")]
    assert lines == [
        f"{who} changed the settings: /settings privacy note_questions:True question_days:7",
        f"{who} changed the settings: /settings people block:{local_discord.bob.mention}",
        f"{who} changed the settings: /settings answers private:True",
    ]
    assert shown.pinged_ids == set()


async def test_what_is_set_holds_at_once_and_after_a_restart(
    local_discord: LocalDiscord, library: Library, tmp_path: Path
):
    async with dissent_bot(local_discord, library, tmp_path / "data"):
        await change(local_discord, "settings answers", private=True)
        await change(local_discord, "settings people", ask_role=local_discord.moderators)
        before = await (await local_discord.slash("ask", question=NOT_COVERED)).answer()
    async with dissent_bot(local_discord, library, tmp_path / "data"):
        after = await (await local_discord.slash("ask", question=NOT_COVERED)).answer()

    for answer in (before, after):
        assert answer.is_ephemeral
        assert "Ask a person" in answer.buttons


async def test_a_blocked_person_can_be_unblocked_and_nobody_asked_any_more(
    local_discord: LocalDiscord, bot: DissentBot
):
    await change(local_discord, "settings people", block=local_discord.alice, ask_channel=local_discord.quiet)
    refused = await (await local_discord.slash("ask", question=ANSWERED)).answer()
    await change(local_discord, "settings people", unblock=local_discord.alice, ask="off")
    answer = await (await local_discord.slash("ask", question=NOT_COVERED)).answer()

    assert "do not let you ask" in refused.content
    assert not answer.is_ephemeral
    assert "Ask a person" not in answer.buttons


async def test_a_person_to_ask_that_cannot_work_is_refused_with_the_reason(
    local_discord: LocalDiscord, bot: DissentBot
):
    silent = local_discord.world.add_channel(local_discord.guild, "staff", denied_to_bot=Permission.SEND_MESSAGES)
    payload = silent.payload() | {"guild_id": str(local_discord.guild.id)}
    await local_discord.gateway.dispatch("CHANNEL_CREATE", payload, guild=local_discord.guild, intent=Intent.GUILDS)

    nowhere = await change(local_discord, "settings people", ask_channel=silent)
    everyone = await change(local_discord, "settings people", ask_role=local_discord.guild.roles[0])
    unheard = await change(local_discord, "settings people", ask_role=local_discord.moderators)

    assert nowhere.content.startswith(CANNOT_WRITE.format(channel=silent.mention))
    assert everyone.content.startswith(NOT_EVERYONE)
    assert unheard.content.startswith(CANNOT_PING.format(role=local_discord.moderators.mention))
    assert (await bot.state.guild_settings(local_discord.guild.id)).person_channel_id is None


@pytest.mark.parametrize("reads_all", [True, False])
async def test_settings_say_what_needs_the_intent(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, reads_all: bool
):
    if reads_all:
        local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=reads_all):
        shown = await change(local_discord, "settings show")

    assert (READS_ALL in shown.content, READS_LITTLE in shown.content) == (reads_all, not reads_all)


async def test_setting_up_has_three_steps_and_says_what_is_set(local_discord: LocalDiscord, bot: DissentBot):
    before = await change(local_discord, "setup")
    await change(local_discord, "settings people", ask_channel=local_discord.quiet)
    after = await change(local_discord, "setup")

    assert [line[:4] for line in before.content.split("\n\n")[:3]] == ["**1.", "**2.", "**3."]
    assert "Now: off" in before.content
    assert local_discord.quiet.mention in after.content


async def test_joining_a_server_posts_nothing(local_discord: LocalDiscord, bot: DissentBot):
    _, channel = await local_discord.join_guild("new", [local_discord.alice])
    await (await local_discord.slash("ask", question=ANSWERED, channel=channel)).answer()

    assert local_discord.requests_to("POST /channels") == []


async def test_help_names_every_way_to_ask_and_every_button(local_discord: LocalDiscord, bot: DissentBot):
    answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()
    shown = await (await local_discord.slash("help")).answer()
    about = await (await local_discord.slash("about")).answer()

    assert shown.is_ephemeral
    for words in ("/ask", "document", "private", "Answer this message", "/about", *answer.buttons):
        assert words in shown.content
    assert "What I keep" in about.text

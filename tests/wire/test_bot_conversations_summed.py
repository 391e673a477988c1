"""People ask for what was said in a channel or a thread, and get no more than they may read."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord
import pytest
import pytest_asyncio

from bot import conversations
from bot.client import DissentBot
from index import Library
from tests.bot.discord_markdown import links_in, quotes_in, read, text_of

from .bots import NeverEnding, dissent_bot, done, logged, remembered, said_by_the_bot
from .gateway import Intent
from .server import LocalDiscord
from .world import Channel, Message, Permission, Person

pytestmark = pytest.mark.asyncio(loop_scope="function")

TALK = (
    "The new lamp of the lighthouse came by boat this morning.",
    "Nobody had told the keepers that the old lamp was to go.",
    "We lit the new lamp at dusk and saw it from the harbour.",
    "The bees in the keeper's garden did not mind it at all.",
    "Somebody should write the date into the book of the lighthouse.",
    "The old lamp goes to the museum in the town next week.",
    "The museum wants a photograph of it with all three keepers.",
    "Boats that pass in the night say that the new light is whiter.",
)


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=True) as bot:
        yield bot


def talk(local_discord: LocalDiscord, channel: Channel, *texts: str, user: Person | None = None) -> list[Message]:
    """Messages that were there before anybody asked."""
    author = user or local_discord.bob
    return [local_discord.world.post(channel, author, {"content": text}) for text in texts]


def lines_of(answer: Message) -> list[str]:
    texts = (answer.content, *(embed["description"] for embed in answer.embeds))
    return [" ".join(text_of(quote).split()) for text in texts for quote in quotes_in(text)]


def links_of(answer: Message) -> list[str]:
    texts = (answer.content, *(embed["description"] for embed in answer.embeds))
    return [url for text in texts for _, url in links_in(text)]


async def test_a_channel_is_summed_up_for_its_asker_alone_in_its_own_sentences(
    local_discord: LocalDiscord, bot: DissentBot
):
    said = talk(local_discord, local_discord.general, *TALK)

    answer = await (await local_discord.slash("summary channel", length="short")).answer()

    lines = lines_of(answer)
    assert answer.is_ephemeral
    assert answer.buttons == []
    assert len(lines) == 3
    assert lines == sorted(lines, key=TALK.index)
    place = f"https://discord.com/channels/{local_discord.guild.id}/{local_discord.general.id}"
    assert links_of(answer) == [f"{place}/{said[TALK.index(line)].id}" for line in lines]
    assert text_of(read(answer.content)).startswith("general")
    assert f"Chosen from {len(TALK)} messages since" in answer.content
    assert " Bob " in answer.content


async def test_a_thread_is_summed_up_and_a_channel_is_none(local_discord: LocalDiscord, bot: DissentBot):
    talk(local_discord, local_discord.general, "In the channel above the thread something else was said.")
    talk(local_discord, local_discord.thread, *TALK)

    answer = await (await local_discord.slash("summary thread", channel=local_discord.thread)).answer()
    no_thread = await (await local_discord.slash("summary thread")).answer()

    assert set(lines_of(answer)) <= set(TALK)
    assert lines_of(answer)
    assert no_thread.content == conversations.NotInThreadError.user_message


def note_opener(local_discord: LocalDiscord, opener: Message) -> None:
    """The note that Discord puts at the top of a thread that is opened on a message."""
    reference = {"type": 0, "message_id": str(opener.id), "channel_id": str(opener.channel_id)}
    reference["guild_id"] = str(local_discord.guild.id)
    extra = {"type": discord.MessageType.thread_starter_message.value, "message_reference": reference}
    local_discord.world.post(local_discord.thread, local_discord.bob, {"content": ""}, extra=extra)


async def test_the_message_on_which_a_thread_was_opened_belongs_to_it(local_discord: LocalDiscord, bot: DissentBot):
    [opener] = talk(
        local_discord,
        local_discord.general,
        "The new lamp of the lighthouse needs a keeper and a museum for the old lamp.",
    )
    note_opener(local_discord, opener)
    talk(local_discord, local_discord.thread, *TALK)

    answer = await (await local_discord.slash("summary thread", channel=local_discord.thread, length="long")).answer()

    assert f"Chosen from {len(TALK) + 1} messages" in answer.content
    assert opener.payload["content"] in lines_of(answer)
    guild, channel = local_discord.guild.id, local_discord.general.id
    assert f"https://discord.com/channels/{guild}/{channel}/{opener.id}" in links_of(answer)


async def test_an_opener_that_is_deleted_or_was_said_by_a_bot_is_left_out(local_discord: LocalDiscord, bot: DissentBot):
    [gone] = talk(local_discord, local_discord.general, "The old lamp of the lighthouse was better for the museum.")
    [own] = talk(local_discord, local_discord.general, "The lamp answers.", user=local_discord.bot)
    note_opener(local_discord, gone)
    note_opener(local_discord, own)
    del local_discord.world.messages[gone.id]
    talk(local_discord, local_discord.thread, *TALK)

    answer = await (await local_discord.slash("summary thread", channel=local_discord.thread, length="long")).answer()

    assert f"Chosen from {len(TALK)} messages" in answer.content


async def test_everybody_sees_it_where_its_asker_says_so(local_discord: LocalDiscord, bot: DissentBot):
    talk(local_discord, local_discord.general, *TALK)

    answer = await (await local_discord.slash("summary channel", private=False)).answer()
    await local_discord.press(answer, "Delete")
    await local_discord.until(lambda: local_discord.current(answer) is None, waiting_for="the deletion")

    assert not answer.is_ephemeral
    assert answer.buttons == ["Delete"]
    assert said_by_the_bot(local_discord, local_discord.general) == []


async def test_nobody_is_pinged_by_what_is_repeated(local_discord: LocalDiscord, bot: DissentBot):
    everyone = local_discord.world.add_person("@everyone")
    local_discord.guild.members[everyone.id] = (everyone, ())
    texts = [f"{local_discord.alice.mention} @everyone {text}" for text in TALK]
    talk(local_discord, local_discord.general, *texts, user=everyone)

    answer = await (await local_discord.slash("summary channel", private=False)).answer()

    assert (answer.pinged_ids, answer.pings_everyone) == (set(), False)
    assert all(line.startswith("@Alice @everyone ") for line in lines_of(answer))


async def test_what_is_no_talk_is_left_out(local_discord: LocalDiscord, bot: DissentBot):
    talk(local_discord, local_discord.general, *TALK[:5])
    talk(
        local_discord, local_discord.general, "!play the song of the lighthouse keepers, please.", "", "/roll the dice."
    )
    talk(local_discord, local_discord.general, f"{local_discord.bot.mention} who built the lighthouse on the rock?")
    talk(local_discord, local_discord.general, "The keeper ||was the murderer of the old lamp||, as we all know.")
    talk(local_discord, local_discord.general, "The bot says that it is the bot.", user=local_discord.bot)

    answer = await (await local_discord.slash("summary channel", length="long")).answer()

    assert "Chosen from 5 messages" in answer.content
    assert set(lines_of(answer)) <= set(TALK)


async def test_more_than_one_page_of_history_is_read_and_no_more_than_asked_for(
    local_discord: LocalDiscord, bot: DissentBot
):
    said = talk(
        local_discord, local_discord.general, *(f"Keeper number {number} lit the lamp." for number in range(260))
    )

    answer = await (await local_discord.slash("summary channel", messages=250, length="long")).answer()
    requests = [request for request in local_discord.requests if request.method == "GET"]
    requests = [request for request in requests if request.path == f"/channels/{local_discord.general.id}/messages"]
    usual = await (await local_discord.slash("summary channel")).answer()

    assert "Chosen from 250 messages" in answer.content
    assert len(requests) == 3
    assert f"Chosen from {conversations.CHANNEL_MESSAGES} messages" in usual.content
    assert not any(str(message.id) in answer.text for message in said[:10])


async def test_of_very_long_messages_fewer_are_read(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    said = talk(local_discord, local_discord.general, *TALK)
    monkeypatch.setattr(conversations.last_of, "__kwdefaults__", {"room": sum(map(len, TALK[2:])) + 1})

    answer = await (await local_discord.slash("summary channel", length="long")).answer()

    assert f"Chosen from {len(TALK) - 2} messages" in answer.content
    assert not any(str(message.id) in answer.text for message in said[:2])


async def test_only_the_last_hours_are_read(local_discord: LocalDiscord, bot: DissentBot):
    early = datetime.now(UTC) - timedelta(hours=5)
    for number in range(6):
        local_discord.world.post(
            local_discord.general,
            local_discord.bob,
            {"content": f"Long ago keeper {number} put out the lamp."},
            message_id=discord.utils.time_snowflake(early) + number,
        )
    talk(local_discord, local_discord.general, *TALK)

    short = await (await local_discord.slash("summary channel", hours=4)).answer()
    long = await (await local_discord.slash("summary channel", hours=6)).answer()

    assert f"Chosen from {len(TALK)} messages" in short.content
    assert f"Chosen from {len(TALK) + 6} messages" in long.content


@pytest.mark.parametrize("option", [{"messages": 501}, {"messages": 9}, {"hours": 0}, {"hours": 169}])
async def test_discord_enforces_the_bounds(local_discord: LocalDiscord, bot: DissentBot, option: dict[str, int]):
    with pytest.raises(ValueError, match="not between"):
        await local_discord.slash("summary channel", options=option)


async def test_without_the_intent_it_says_so(local_discord: LocalDiscord, library: Library, tmp_path: Path):
    talk(local_discord, local_discord.general, *TALK)

    async with dissent_bot(local_discord, library, tmp_path / "data"):
        answer = await (await local_discord.slash("summary channel", private=False)).answer()

    assert answer.is_ephemeral
    assert answer.content == conversations.IntentOffError.user_message
    assert not local_discord.requests_to(f"GET /channels/{local_discord.general.id}")


async def test_an_empty_channel_has_no_summary(local_discord: LocalDiscord, bot: DissentBot):
    answer = await (await local_discord.slash("summary channel")).answer()

    assert answer.content == conversations.NothingSaidError.user_message


async def test_a_few_words_are_not_worth_a_summary(local_discord: LocalDiscord, bot: DissentBot):
    talk(local_discord, local_discord.general, *TALK[: conversations.MESSAGES_AT_LEAST - 1])

    answer = await (await local_discord.slash("summary channel")).answer()

    assert answer.content == conversations.TooLittleError.user_message


async def test_whoever_may_not_read_the_history_gets_no_summary(local_discord: LocalDiscord, bot: DissentBot):
    talk(local_discord, local_discord.general, *TALK)
    talk(local_discord, local_discord.thread, *TALK)
    await local_discord.deny_members(local_discord.general, Permission.READ_MESSAGE_HISTORY)

    in_channel = await (await local_discord.slash("summary channel")).answer()
    in_thread = await (await local_discord.slash("summary thread", channel=local_discord.thread)).answer()

    for answer in (in_channel, in_thread):
        assert answer.is_ephemeral
        assert answer.content == conversations.MayNotReadError.user_message
    assert not local_discord.requests_to(f"GET /channels/{local_discord.general.id}")


async def test_nobody_is_shown_what_they_may_not_read(local_discord: LocalDiscord, bot: DissentBot):
    talk(local_discord, local_discord.general, *TALK)
    talk(local_discord, local_discord.thread, *TALK)
    await local_discord.deny_members(local_discord.general, Permission.READ_MESSAGE_HISTORY)
    owner = local_discord.owner

    public = await (await local_discord.slash("summary channel", private=False, user=owner)).answer()
    below = await (
        await local_discord.slash("summary thread", private=False, user=owner, channel=local_discord.thread)
    ).answer()
    private = await (await local_discord.slash("summary channel", user=owner)).answer()

    for answer in (public, below):
        assert answer.is_ephemeral
        assert answer.content == conversations.NotForEverybodyError.user_message
    assert lines_of(private)


@pytest.mark.parametrize("permission", [Permission.READ_MESSAGE_HISTORY, Permission.VIEW_CHANNEL])
async def test_a_permission_that_the_bot_lacks_is_named(
    local_discord: LocalDiscord, bot: DissentBot, permission: Permission
):
    talk(local_discord, local_discord.quiet, *TALK)
    await local_discord.deny(local_discord.quiet, permission)

    answer = await (await local_discord.slash("summary channel", channel=local_discord.quiet)).answer()

    assert answer.is_ephemeral
    assert permission.name is not None
    assert permission.name.replace("_", " ").title() in answer.content


async def test_where_the_bot_is_no_member_it_sums_up_nothing(local_discord: LocalDiscord, bot: DissentBot):
    talk(local_discord, local_discord.general, *TALK)
    directly = await (await local_discord.slash("summary channel", channel=local_discord.alice_dm)).answer()
    local_discord.brought_along = True
    brought = await (await local_discord.slash("summary channel")).answer()

    for answer in (directly, brought):
        assert answer.content == conversations.NotInServerError.user_message


async def test_of_what_was_said_nothing_is_stored_or_logged(
    local_discord: LocalDiscord, bot: DissentBot, tmp_path: Path
):
    talk(local_discord, local_discord.general, *TALK)

    with logged() as log:
        answer = await (await local_discord.slash("summary channel", private=False)).answer()

    assert lines_of(answer)
    await remembered(bot, answer)
    with closing(sqlite3.connect(tmp_path / "data" / "bot.sqlite3")) as state:
        stored = "\n".join(state.iterdump())
    written = stored + "\n".join(record.getMessage() for record in log.records)
    assert str(answer.id) in stored
    assert not any(word in written for word in ("lamp", "keeper", "museum"))


async def test_what_a_stopped_process_was_asked_for_is_made_after_the_restart_of_what_was_said_before(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    talk(local_discord, local_discord.general, *TALK)

    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=True) as bot:
        monkeypatch.setattr(bot.service, "summarize_texts", NeverEnding())
        interaction = await local_discord.slash("summary channel", hours=3, length="short")
        await interaction.acknowledged()
    later = talk(local_discord, local_discord.general, "The bot was away while we lit the lamp.")

    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=True) as bot:
        answer = await interaction.answer()
        await done(bot)

    assert answer.is_ephemeral
    assert len(lines_of(answer)) == 3
    assert f"Chosen from {len(TALK)} messages" in answer.content
    assert str(later[0].id) not in answer.text


@pytest.mark.parametrize("is_gone", [False, True])
async def test_after_a_restart_nothing_is_read_for_whoever_may_not_read_it_any_more(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_gone: bool
):
    local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    talk(local_discord, local_discord.general, *TALK)

    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=True) as bot:
        monkeypatch.setattr(bot.service, "summarize_texts", NeverEnding())
        interaction = await local_discord.slash("summary channel")
        await interaction.acknowledged()
    if is_gone:
        del local_discord.guild.members[local_discord.alice.id]
    else:
        await local_discord.deny_members(local_discord.general, Permission.READ_MESSAGE_HISTORY)
    asked = len(local_discord.requests_to(f"GET /channels/{local_discord.general.id}/messages"))

    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=True) as bot:
        answer = await interaction.answer()
        await done(bot)

    assert answer.content == conversations.MayNotReadError.user_message
    assert len(local_discord.requests_to(f"GET /channels/{local_discord.general.id}/messages")) == asked


async def test_it_is_in_the_language_of_its_reader(local_discord: LocalDiscord, bot: DissentBot):
    talk(local_discord, local_discord.general, *TALK)
    carmen = local_discord.world.add_person("carmen", locale="es-ES")
    local_discord.guild.members[carmen.id] = (carmen, ())

    answer = await (await local_discord.slash("summary channel", user=carmen)).answer()

    assert "Elegido entre 8 mensajes desde" in answer.content

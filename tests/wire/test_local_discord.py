"""The local Discord, seen by a small discord.py bot that does one of everything."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
import pytest_asyncio
from discord import app_commands

from .acting import CommandHiddenError
from .clients import running
from .gateway import Intent
from .openapi import OpenApiCheck
from .server import LocalDiscord
from .world import Permission, Upload

pytestmark = pytest.mark.asyncio(loop_scope="function")


class Pages(discord.ui.View):
    """Two pages, a dialog and a menu."""

    @discord.ui.button(label="Next", custom_id="pages:next")
    async def turn(self, interaction: discord.Interaction, button: discord.ui.Button[Pages]) -> None:
        button.disabled = True
        await interaction.response.edit_message(content="page 2", view=self)

    @discord.ui.button(label="Note", custom_id="pages:note")
    async def note(self, interaction: discord.Interaction, button: discord.ui.Button[Pages]) -> None:
        await interaction.response.send_modal(Note())

    @discord.ui.select(
        placeholder="Length", options=[discord.SelectOption(label="Short"), discord.SelectOption(label="Long")]
    )
    async def pick(self, interaction: discord.Interaction, select: discord.ui.Select[Pages]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content=f"{select.values[0]} it is")


class Note(discord.ui.Modal, title="A note"):
    text: discord.ui.TextInput[Note] = discord.ui.TextInput(label="What", max_length=40)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"noted: {self.text.value}", ephemeral=True)


class TinyBot(discord.Client):
    """Answers commands, mentions, replies and direct messages.

    Attributes:
        failures: The errors that commands ended in.
        go: What the commands that wait for the test wait for.
        heard: The content of every message from a person, as the bot got it.
    """

    def __init__(self, intents: discord.Intents | None = None, **options: Any) -> None:
        intents = intents or discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
        super().__init__(intents=intents, allowed_mentions=discord.AllowedMentions.none(), **options)
        self.tree = app_commands.CommandTree(self)
        self.tree.error(self.on_command_error)
        self.failures: asyncio.Queue[BaseException] = asyncio.Queue()
        self.go = asyncio.Event()
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        add_commands(self)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_command_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        await self.failures.put(getattr(error, "original", error))

    async def on_message(self, message: discord.Message) -> None:
        if message.author == self.user:
            return
        await self.heard.put(message.content)
        if self.user in message.mentions or message.guild is None:
            await message.reply(f"you said {message.content!r}")

    async def refusal(self) -> discord.HTTPException:
        """Wait for Discord's refusal that a command ended in."""
        failure = await asyncio.wait_for(self.failures.get(), timeout=10)
        assert isinstance(failure, discord.HTTPException)
        return failure


def add_commands(bot: TinyBot) -> None:
    tree = bot.tree
    corpus = app_commands.Group(
        name="corpus", description="The documents", default_permissions=discord.Permissions(manage_guild=True)
    )

    @tree.command(description="Ask")
    async def ask(
        interaction: discord.Interaction, question: app_commands.Range[str, 3, 100], hidden: bool = False
    ) -> None:
        await interaction.response.defer(thinking=True, ephemeral=hidden)
        await interaction.followup.send(f"about {question}", view=Pages(timeout=None))
        await interaction.followup.send("sources", file=discord.File(io.BytesIO(b"a, b"), "sources.txt"))

    @tree.command(description="Send something that Discord refuses")
    async def send(interaction: discord.Interaction, what: str) -> None:
        await interaction.response.send_message(**refused_body(what))

    @tree.command(description="Answer when the test says so")
    async def later(interaction: discord.Interaction) -> None:
        await bot.go.wait()
        await interaction.response.send_message("now")

    @tree.command(description="Defer, and follow up when the test says so")
    async def slow(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await bot.go.wait()
        await interaction.followup.send("at last")

    @tree.command(description="Tell about a file and a person")
    async def look(interaction: discord.Interaction, file: discord.Attachment, user: discord.Member) -> None:
        data = await file.read()
        await interaction.response.send_message(f"{file.filename}: {data!r} for {user.mention}")

    @tree.context_menu(name="Quote this")
    async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"> {message.content}", ephemeral=True)

    @corpus.command(description="Show a document")
    async def show(interaction: discord.Interaction, document: str) -> None:
        await interaction.response.send_message(document)

    @show.autocomplete("document")
    async def suggest(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        names = ["history", "handbook", "rules"]
        return [app_commands.Choice(name=name, value=name) for name in names if name.startswith(typed)]

    tree.add_command(corpus)


def refused_body(what: str) -> dict[str, Any]:
    """Give the arguments of a message that breaks a limit."""
    if what == "long content":
        return {"content": "x" * 2001}
    if what == "long in UTF-16":
        return {"content": "\N{GRINNING FACE}" * 1001}
    if what == "large embeds":
        return {"embeds": [discord.Embed(description=letter * 3001) for letter in "xy"]}
    if what == "crowded embed":
        embed = discord.Embed(title="26 fields")
        for number in range(26):
            embed.add_field(name=str(number), value="x")
        return {"embed": embed}
    if what == "large file":
        return {"file": discord.File(io.BytesIO(bytes(11 * 1024 * 1024)), "large.bin")}
    return {}


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord) -> AsyncIterator[TinyBot]:
    async with running(TinyBot(), local_discord.token) as client:
        yield client


# ---- starting


async def test_a_bot_logs_in_syncs_its_commands_and_sees_its_servers(local_discord: LocalDiscord, bot: TinyBot) -> None:
    assert {guild.name for guild in bot.guilds} == {"library", "annex"}
    assert bot.get_channel(local_discord.general.id) is not None
    assert local_discord.command_names() >= {"ask", "corpus", "Quote this"}


async def test_a_bot_with_a_wrong_token_cannot_log_in(local_discord: LocalDiscord) -> None:
    with pytest.raises(discord.LoginFailure):
        async with running(TinyBot(), "some.other.token"):
            pass


async def test_a_privileged_intent_must_be_switched_on(local_discord: LocalDiscord) -> None:
    intents = discord.Intents(guilds=True, message_content=True)

    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(TinyBot(intents), local_discord.token):
            pass
    local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    async with running(TinyBot(intents), local_discord.token) as bot:
        assert bot.is_ready()


async def test_the_bot_hears_of_servers_that_it_joins_and_leaves(local_discord: LocalDiscord, bot: TinyBot) -> None:
    guild, channel = await local_discord.join_guild("new", [local_discord.bob])
    await local_discord.say(f"hello {local_discord.bot.mention}", channel=channel, user=local_discord.bob)
    await local_discord.next_message(channel=channel)
    seen = {guild.name for guild in bot.guilds}
    await local_discord.leave_guild(guild)
    await local_discord.say(f"hello {local_discord.bot.mention}")
    await local_discord.next_message(channel=local_discord.general)

    assert seen == {"library", "annex", "new"}
    assert {guild.name for guild in bot.guilds} == {"library", "annex"}


async def test_the_gateway_closes_with_4004_on_a_wrong_token(local_discord: LocalDiscord) -> None:
    identify = {"op": 2, "d": {"token": "some.other.token", "intents": 0, "properties": {}}}

    async with aiohttp.ClientSession() as session, session.ws_connect(local_discord.gateway_url) as socket:
        hello = await socket.receive_json()
        await socket.send_json(identify)
        closing = await socket.receive()

    assert hello["op"] == 10
    assert closing.data == 4004


# ---- commands


async def test_a_servers_own_commands_are_only_there(local_discord: LocalDiscord, bot: TinyBot) -> None:
    guild = discord.Object(local_discord.guild.id)
    bot.tree.clear_commands(guild=None)
    await bot.tree.sync()
    add_commands(bot)
    bot.tree.copy_global_to(guild=guild)
    await bot.tree.sync(guild=guild)

    assert local_discord.command_names() == set()
    assert "ask" in local_discord.command_names(local_discord.guild)
    with pytest.raises(LookupError, match="never synced"):
        await local_discord.slash("ask", channel=local_discord.other_general, question="origins")
    assert await (await local_discord.slash("ask", question="origins")).answer()


async def test_the_first_follow_up_replaces_the_thinking_message(local_discord: LocalDiscord, bot: TinyBot) -> None:
    interaction = await local_discord.slash("ask", question="origins")
    answer = await interaction.answer()
    sources = await interaction.follow_up()

    assert answer.content == "about origins"
    assert answer.id == interaction.original_id
    assert not answer.is_ephemeral
    assert interaction.acknowledged_ms is not None
    assert interaction.acknowledged_ms < 3000
    assert sources.attachments[0]["filename"] == "sources.txt"
    assert local_discord.requests_to("POST /webhooks")[1].files[0].data == b"a, b"


async def test_a_hidden_deferral_hides_the_answer(local_discord: LocalDiscord, bot: TinyBot) -> None:
    interaction = await local_discord.slash("ask", question="origins", hidden=True)
    answer = await interaction.answer()

    assert answer.is_ephemeral
    assert local_discord.general.id == answer.channel_id
    assert answer not in local_discord.messages_in(local_discord.general)
    with pytest.raises(PermissionError):
        await local_discord.press(answer, "Next", user=local_discord.bob)


async def test_files_and_people_reach_the_command(local_discord: LocalDiscord, bot: TinyBot) -> None:
    options = {"file": Upload("notes.md", b"\x00text"), "user": local_discord.bob}

    answer = await (await local_discord.slash("look", options=options)).answer()

    assert answer.content == rf"notes.md: b'\x00text' for <@{local_discord.bob.id}>"
    assert answer.pinged_ids == set()


async def test_a_command_works_in_direct_messages(local_discord: LocalDiscord, bot: TinyBot) -> None:
    interaction = await local_discord.slash("ask", channel=local_discord.alice_dm, question="origins")

    assert (await interaction.answer()).channel_id == local_discord.alice_dm.id


async def test_autocomplete_suggests(local_discord: LocalDiscord, bot: TinyBot) -> None:
    choices = await local_discord.autocomplete("corpus show", "document", "h", user=local_discord.moderator)

    assert [choice["value"] for choice in choices] == ["history", "handbook"]


async def test_a_context_menu_hands_over_the_whole_message(local_discord: LocalDiscord, bot: TinyBot) -> None:
    message = await local_discord.say("something quotable")

    answer = await (await local_discord.context_menu("Quote this", message)).answer()

    assert answer.content == "> something quotable"
    assert answer.is_ephemeral


async def test_only_who_has_its_permissions_can_run_a_command(local_discord: LocalDiscord, bot: TinyBot) -> None:
    with pytest.raises(CommandHiddenError):
        await local_discord.slash("corpus show", document="rules")
    interaction = await local_discord.slash("corpus show", user=local_discord.moderator, document="rules")

    assert (await interaction.answer()).content == "rules"


async def test_discords_client_sends_only_what_a_command_takes(local_discord: LocalDiscord, bot: TinyBot) -> None:
    with pytest.raises(LookupError, match="never synced"):
        await local_discord.slash("nonsense")
    with pytest.raises(LookupError, match="has subcommands"):
        await local_discord.slash("corpus", user=local_discord.moderator)
    with pytest.raises(LookupError, match="no option colour"):
        await local_discord.slash("ask", question="origins", colour="red")
    with pytest.raises(ValueError, match="needs question"):
        await local_discord.slash("ask")
    with pytest.raises(ValueError, match="2 characters"):
        await local_discord.slash("ask", question="no")
    with pytest.raises(ValueError, match="is no string"):
        await local_discord.slash("ask", question=7)


# ---- components


async def test_a_pressed_button_changes_its_message(local_discord: LocalDiscord, bot: TinyBot) -> None:
    first = await (await local_discord.slash("ask", question="origins")).answer()
    second = await (await local_discord.press(first, "Next")).answer()

    assert (first.content, second.content) == ("about origins", "page 2")
    assert first.id == second.id
    with pytest.raises(ValueError, match="disabled"):
        await local_discord.press(first, "Next")
    with pytest.raises(LookupError, match="'Next', 'Note'"):
        await local_discord.press(first, "Back")


async def test_a_choice_from_a_menu_reaches_the_bot(local_discord: LocalDiscord, bot: TinyBot) -> None:
    message = await (await local_discord.slash("ask", question="origins")).answer()
    interaction = await local_discord.choose(message, "Long")

    assert (await interaction.answer()).content == "Long it is"


async def test_a_dialog_is_filled_in_and_sent(local_discord: LocalDiscord, bot: TinyBot) -> None:
    message = await (await local_discord.slash("ask", question="origins")).answer()
    opened_by = await local_discord.press(message, "Note")
    with pytest.raises(ValueError, match="41 characters"):
        await local_discord.submit_modal(opened_by, {"What": "x" * 41})
    interaction = await local_discord.submit_modal(opened_by, {"What": "hello"})

    assert (await interaction.answer()).content == "noted: hello"


# ---- messages


async def test_content_is_withheld_unless_the_bot_is_meant(local_discord: LocalDiscord, bot: TinyBot) -> None:
    await local_discord.say("just talking")
    await local_discord.say(f"hello {local_discord.bot.mention}")
    answer = await local_discord.next_message(channel=local_discord.general)
    await local_discord.say("thanks", reply_to=answer)
    await local_discord.say("thanks, quietly", reply_to=answer, pings=False)
    await local_discord.dm("psst")
    await local_discord.next_message(channel=local_discord.alice_dm)

    heard = [bot.heard.get_nowait() for _ in range(bot.heard.qsize())]
    assert heard == ["", f"hello {local_discord.bot.mention}", "thanks", "", "psst"]


async def test_a_reply_to_an_interaction_answer_is_withheld(local_discord: LocalDiscord, bot: TinyBot) -> None:
    answer = await (await local_discord.slash("ask", question="origins")).answer()
    await local_discord.say("thanks", reply_to=answer)

    assert await asyncio.wait_for(bot.heard.get(), timeout=10) == ""


async def test_with_the_intent_all_content_comes(local_discord: LocalDiscord) -> None:
    local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    intents = discord.Intents(guilds=True, guild_messages=True, message_content=True)

    async with running(TinyBot(intents), local_discord.token) as bot:
        await local_discord.say("just talking")

        assert await asyncio.wait_for(bot.heard.get(), timeout=10) == "just talking"


async def test_a_reply_names_its_message_and_pings_nobody(local_discord: LocalDiscord, bot: TinyBot) -> None:
    question = await local_discord.say(f"{local_discord.bot.mention} and {local_discord.bob.mention}?")
    answer = await local_discord.next_message(reply_to=question)

    assert answer.reply_to_id == question.id
    assert local_discord.bob.mention in answer.content
    assert answer.pinged_ids == set()


async def test_channels_have_a_history_that_can_be_changed(local_discord: LocalDiscord, bot: TinyBot) -> None:
    channel = bot.get_channel(local_discord.quiet.id)
    assert isinstance(channel, discord.TextChannel)
    first = await channel.send("one")
    await local_discord.say("from a person", channel=local_discord.quiet)
    async with channel.typing():
        await channel.send("three", nonce="only once")
    await first.edit(content="one, edited")
    history = [message.content async for message in channel.history(oldest_first=True)]
    await first.delete()

    assert history == ["one, edited", "", "three"]
    assert [message.content for message in local_discord.messages_in(local_discord.quiet)] == ["from a person", "three"]
    assert local_discord.requests_to(f"POST /channels/{channel.id}/typing")


async def test_an_enforced_nonce_keeps_a_message_single(local_discord: LocalDiscord, bot: TinyBot) -> None:
    route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=local_discord.quiet.id)
    body = {"content": "once", "nonce": "n1", "enforce_nonce": True}

    first, second = [await bot.http.request(route, json=body) for _ in range(2)]

    local_discord.advance(10 * 60)
    much_later = await bot.http.request(route, json=body)

    assert first["id"] == second["id"] != much_later["id"]
    assert len(local_discord.messages_in(local_discord.quiet)) == 2


async def test_the_bot_can_write_first_and_open_a_thread(local_discord: LocalDiscord, bot: TinyBot) -> None:
    person = await bot.fetch_user(local_discord.bob.id)
    await person.send("hello bob")
    message = await local_discord.next_message()
    channel = bot.get_channel(local_discord.general.id)
    assert isinstance(channel, discord.TextChannel)
    thread = await (await channel.send("topic")).create_thread(name="more")
    await thread.send("in the thread")

    assert message.channel_id == local_discord.world.dm_channel(local_discord.bob).id
    assert [message.content for message in local_discord.messages_in(local_discord.world.channel(thread.id))] == [
        "in the thread"
    ]


async def test_an_archived_thread_opens_again_for_a_message_and_until_then_nothing_in_it_is_changed(
    local_discord: LocalDiscord, bot: TinyBot
) -> None:
    channel = bot.get_channel(local_discord.general.id)
    assert isinstance(channel, discord.TextChannel)
    thread = await (await channel.send("topic")).create_thread(name="more")
    said = await thread.send("in the thread")
    place = local_discord.world.channel(thread.id)

    await thread.edit(archived=True)
    with pytest.raises(discord.HTTPException) as refusal:
        await said.edit(content="changed")
    await local_discord.gateway.caught_up()
    before = bot.get_channel(thread.id)
    await local_discord.say("anybody here?", channel=place)
    await local_discord.gateway.caught_up()

    assert refusal.value.code == 50083
    assert before is None
    assert isinstance(bot.get_channel(thread.id), discord.Thread)
    assert not place.is_archived


async def test_a_bot_that_starts_is_told_of_open_threads_only(local_discord: LocalDiscord) -> None:
    open_thread = local_discord.world.add_thread(local_discord.general, "open")
    local_discord.thread.is_archived = True

    async with running(TinyBot(), local_discord.token) as bot:
        assert bot.get_channel(open_thread.id) is not None
        assert bot.get_channel(local_discord.thread.id) is None


async def test_the_bot_needs_permission_to_write(local_discord: LocalDiscord) -> None:
    world, guild = local_discord.world, local_discord.guild
    silent = world.add_channel(guild, "announcements", denied_to_bot=Permission.SEND_MESSAGES)
    secret = world.add_channel(guild, "secret", denied_to_bot=Permission.VIEW_CHANNEL)

    async with running(TinyBot(), local_discord.token) as bot:
        for channel, code in ((silent, 50013), (secret, 50001)):
            with pytest.raises(discord.Forbidden) as refusal:
                await bot.get_partial_messageable(channel.id, guild_id=guild.id).send("hello")
            assert refusal.value.code == code
        shown = bot.get_channel(silent.id)
        assert isinstance(shown, discord.TextChannel)
        assert not shown.permissions_for(shown.guild.me).send_messages


# ---- deadlines


async def test_an_answer_after_three_seconds_is_refused(local_discord: LocalDiscord, bot: TinyBot) -> None:
    await local_discord.slash("later")
    local_discord.advance(3.1)
    bot.go.set()

    assert (await bot.refusal()).code == 10062


async def test_a_token_lives_for_fifteen_minutes(local_discord: LocalDiscord, bot: TinyBot) -> None:
    interaction = await local_discord.slash("slow")
    await interaction.acknowledged()
    local_discord.advance(15 * 60 + 1)
    bot.go.set()

    refusal = await bot.refusal()
    assert (refusal.status, refusal.code) == (401, 50027)


async def test_an_interaction_is_acknowledged_once(local_discord: LocalDiscord, bot: TinyBot) -> None:
    interaction = await local_discord.slash("ask", question="origins")
    await interaction.follow_up()
    url = f"{local_discord.http_url}/api/v10/interactions/{interaction.id}/{interaction.token}/callback"

    async with aiohttp.ClientSession() as session, session.post(url, json={"type": 5}) as response:
        assert (response.status, (await response.json())["code"]) == (400, 40060)


async def test_waiting_in_vain_tells_what_happened_instead(local_discord: LocalDiscord, bot: TinyBot) -> None:
    interaction = await local_discord.slash("slow")
    await interaction.acknowledged()

    with pytest.raises(TimeoutError, match=r"an answer to '/slow'[^$]*200 POST /interactions"):
        await interaction.answer(timeout_s=0.05)


# ---- limits


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("long content", 50035),
        ("long in UTF-16", 50035),
        ("large embeds", 50035),
        ("crowded embed", 50035),
        ("nothing", 50006),
        ("large file", 40005),
    ],
)
async def test_what_breaks_a_limit_is_refused_and_noted(
    local_discord: LocalDiscord, bot: TinyBot, what: str, code: int
) -> None:
    await local_discord.slash("send", what=what)

    assert (await bot.refusal()).code == code
    assert any(f"({code})" in violation.problem for violation in local_discord.violations)
    local_discord.violations.clear()


async def test_a_command_that_breaks_a_limit_is_refused(local_discord: LocalDiscord, bot: TinyBot) -> None:
    commands: list[Any] = [{"name": "wordy", "type": 1, "description": "x" * 101}]

    with pytest.raises(discord.HTTPException) as refusal:
        await bot.http.bulk_upsert_global_commands(local_discord.bot.id, commands)

    assert refusal.value.code == 50035
    assert local_discord.violations
    local_discord.violations.clear()


async def test_requests_are_checked_against_the_openapi_file(
    local_discord: LocalDiscord, openapi_check: OpenApiCheck | None, bot: TinyBot
) -> None:
    if openapi_check is None:
        pytest.skip("Discord's OpenAPI file is not here")
    route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=local_discord.quiet.id)

    await bot.http.request(route, json={"content": "hello", "tts": "maybe"})

    assert [violation.problem for violation in local_discord.violations] == [
        "POST /channels/{channel_id}/messages: tts: 'maybe' is not of type 'boolean', 'null'"
    ]
    local_discord.violations.clear()


# ---- trouble


async def test_a_lost_connection_is_resumed_and_nothing_is_missed(local_discord: LocalDiscord, bot: TinyBot) -> None:
    local_discord.drop_connection()
    interaction = await local_discord.slash("ask", question="origins")

    assert (await interaction.answer()).content == "about origins"
    assert (local_discord.gateway.identify_count, local_discord.gateway.resume_count) == (1, 1)


async def test_a_bot_that_is_asked_to_reconnect_resumes(local_discord: LocalDiscord, bot: TinyBot) -> None:
    await local_discord.reconnect_please()
    await local_discord.until(lambda: local_discord.gateway.resume_count == 1, waiting_for="the first RESUME")
    await local_discord.close_gateway(4000)
    await local_discord.until(lambda: local_discord.gateway.resume_count == 2, waiting_for="the second RESUME")
    await local_discord.invalidate_session(resumable=True)
    await local_discord.until(lambda: local_discord.gateway.resume_count == 3, waiting_for="the third RESUME")

    assert local_discord.gateway.identify_count == 1


async def test_a_bot_with_an_invalid_session_identifies_afresh(local_discord: LocalDiscord, bot: TinyBot) -> None:
    await local_discord.invalidate_session()
    await local_discord.connected(identify_count=2)
    await local_discord.close_gateway(4009)
    await local_discord.connected(identify_count=3)

    assert (await (await local_discord.slash("ask", question="origins")).answer()).content == "about origins"


async def test_discordpy_tries_again_after_429_and_502(local_discord: LocalDiscord, bot: TinyBot) -> None:
    local_discord.fail("POST /channels", status=429, retry_after_s=0.01)
    local_discord.fail("POST /interactions", status=429, retry_after_s=0.01, is_global=True)
    local_discord.fail("POST /webhooks", status=502)

    await local_discord.say(f"hello {local_discord.bot.mention}")
    await local_discord.next_message()
    interaction = await local_discord.slash("ask", question="origins")
    await interaction.follow_up()

    assert [request.status for request in local_discord.requests_to("POST /channels")] == [429, 200]
    assert [request.status for request in local_discord.requests_to("POST /interactions")] == [429, 200]
    assert [request.status for request in local_discord.requests_to("POST /webhooks")] == [502, 200, 200]


async def test_a_lost_acknowledgement_looks_like_a_double_one(local_discord: LocalDiscord, bot: TinyBot) -> None:
    local_discord.fail("POST /interactions", status=500, after=True)

    interaction = await local_discord.slash("ask", question="origins")
    await interaction.acknowledged()

    assert (await bot.refusal()).code == 40060


async def test_a_request_can_be_cut_before_it_is_carried_out(local_discord: LocalDiscord, bot: TinyBot) -> None:
    local_discord.fail("POST /channels", drop=True)
    channel = bot.get_channel(local_discord.quiet.id)
    assert isinstance(channel, discord.TextChannel)

    with pytest.raises(aiohttp.ClientError):
        await channel.send("lost")

    assert local_discord.messages_in(local_discord.quiet) == []


async def test_a_slow_request_is_only_late(local_discord: LocalDiscord, bot: TinyBot) -> None:
    local_discord.fail("POST /interactions", delay_s=0.05)

    interaction = await local_discord.slash("ask", question="origins")
    await interaction.acknowledged()

    assert interaction.acknowledged_ms is not None
    assert interaction.acknowledged_ms >= 50


async def test_a_cut_connection_is_not_retried(local_discord: LocalDiscord, bot: TinyBot) -> None:
    local_discord.fail("POST /webhooks", drop=True, after=True)

    interaction = await local_discord.slash("ask", question="origins")

    assert (await interaction.answer()).content == "about origins"
    failure = await asyncio.wait_for(bot.failures.get(), timeout=10)
    assert isinstance(failure, aiohttp.ClientError)
    assert [request.status for request in local_discord.requests_to("POST /webhooks")] == [None]


async def test_faults_can_carry_discords_own_errors(local_discord: LocalDiscord, bot: TinyBot) -> None:
    local_discord.fail("POST /channels", status=403, code=50007, message="Cannot send messages to this user")

    with pytest.raises(discord.Forbidden, match="Cannot send messages") as refusal:
        await (await bot.fetch_user(local_discord.bob.id)).send("hello")

    assert refusal.value.code == 50007


async def test_a_file_that_the_cdn_has_lost_is_not_found(local_discord: LocalDiscord, bot: TinyBot) -> None:
    local_discord.fail("GET /attachments", status=404)

    await local_discord.slash("look", options={"file": Upload("a.md", b"text"), "user": local_discord.bob})

    assert (await bot.refusal()).status == 404


async def test_buckets_fill_up_and_discordpy_waits_beforehand(local_discord: LocalDiscord, bot: TinyBot) -> None:
    local_discord.counts_rate_limits = True
    channel = bot.get_channel(local_discord.quiet.id)
    assert isinstance(channel, discord.TextChannel)

    for number in range(4):
        await channel.send(str(number))
    with pytest.raises(TimeoutError):  # the message is sent, but discord.py gives the bucket free only after 5 s
        await asyncio.wait_for(channel.send("4"), timeout=0.1)

    assert [request.status for request in local_discord.requests_to("POST /channels")] == [200] * 5


async def test_an_unserved_route_is_noted(local_discord: LocalDiscord, bot: TinyBot) -> None:
    with pytest.raises(discord.NotFound):
        await bot.fetch_template("nothing")

    assert "does not serve" in local_discord.violations[0].problem
    local_discord.violations.clear()


async def test_an_unpatched_discordpy_works_over_tls(openapi_check: OpenApiCheck | None) -> None:
    async with (
        LocalDiscord(uses_tls=True, openapi=openapi_check) as local_discord,
        running(TinyBot(connector=local_discord.connector()), local_discord.token),
    ):
        options = {"file": Upload("notes.md", b"text"), "user": local_discord.bob}
        answer = await (await local_discord.slash("look", options=options)).answer()
        local_discord.drop_connection()
        after = await (await local_discord.slash("ask", question="origins")).answer()

    assert discord.http.Route.BASE == "https://discord.com/api/v10"
    assert answer.content.startswith("notes.md: b'text'")
    assert after.content == "about origins"
    assert local_discord.gateway.resume_count == 1
    assert not local_discord.violations

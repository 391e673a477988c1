"""The bot starts, tells Discord of its commands, survives what it can, and ends."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from discord import app_commands
from discord.http import Route

from bot import client as client_module
from bot.answers import STOPPED
from bot.client import EXTENSIONS, DissentBot, StartError
from bot.service import AnswerService
from bot.settings import Settings
from bot.state import State
from index import Library
from tests.bot.discord_markdown import read, text_of
from tests.conftest import libraries_over

from .bots import ANSWERED, BEST_SENTENCE, HurriedBot, LogLines, bot_running, dissent_bot, logged, settings_for
from .gateway import Intent, Opcode
from .openapi import OpenApiCheck
from .server import LocalDiscord
from .world import Message

pytestmark = pytest.mark.asyncio(loop_scope="function")

COMMANDS = {
    "ask", "summary", "timeline", "compare", "about", "help", "forget", "settings", "setup", "corpus", "manage",
    "Answer this message",
}  # fmt: skip
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """`run_bot` makes bots that wait less, and tries again soon."""
    monkeypatch.setattr(client_module, "DissentBot", HurriedBot)
    monkeypatch.setattr(client_module, "RECONNECT_S", (0.01, 0.02))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest_asyncio.fixture(loop_scope="function")
async def log() -> AsyncIterator[LogLines]:
    with logged() as lines:
        yield lines


def command_requests(local_discord: LocalDiscord) -> list[str]:
    """Where commands were sent, and how many of them: `global all`, or a server's id."""
    sent = []
    for request in local_discord.requests_to("PUT /applications"):
        scope = request.path.split("/guilds/")[1].split("/")[0] if "/guilds/" in request.path else "global"
        sent.append(f"{scope} {'all' if len(request.body) == len(COMMANDS) else len(request.body)}")
    local_discord.requests.clear()
    return sent


def assert_quotes_the_answer(message: Message) -> None:
    assert BEST_SENTENCE in text_of(read(message.content))


# ---- starting


async def test_the_bot_logs_in_and_asks_for_as_little_as_it_needs(
    local_discord: LocalDiscord, library: Library, data: Path, log: LogLines
):
    async with dissent_bot(local_discord, library, data) as bot:
        record = await log.line("ready user=")
        servers = {guild.name for guild in bot.guilds}

    wanted = Intent.GUILDS | Intent.GUILD_MESSAGES | Intent.DIRECT_MESSAGES
    [identify] = [payload for payload in local_discord.gateway.received if payload["op"] == Opcode.IDENTIFY]
    assert identify["d"]["intents"] == wanted
    assert servers == {"library", "annex"}
    assert record.getMessage().endswith("servers=2 message_content=False")
    assert not any(local_discord.token in record.getMessage() for record in log.records)


async def test_every_cog_loads_without_a_token(library: Library, data: Path):
    state = State(data / "bot.sqlite3")

    async with DissentBot(Settings(corpus_dir=library.corpus), AnswerService(libraries_over(library)), state) as bot:
        for extension in EXTENSIONS:
            await bot.load_extension(extension)
        commands = bot.tree.get_commands()
    state.close()

    assert {command.name for command in commands} == COMMANDS
    assert all(isinstance(command, app_commands.ContextMenu) or command.description for command in commands)


async def test_importing_a_cog_makes_nothing():
    for extension in EXTENSIONS:
        assert importlib.import_module(extension).setup


async def test_the_unpatched_bot_works_over_tls(openapi_check: OpenApiCheck | None, library: Library, data: Path):
    async with (
        LocalDiscord(uses_tls=True, openapi=openapi_check) as local_discord,
        dissent_bot(local_discord, library, data, connector=local_discord.connector()),
    ):
        answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()

    assert Route.BASE == "https://discord.com/api/v10"
    assert_quotes_the_answer(answer)
    assert not local_discord.violations


# ---- commands


async def test_commands_are_global_by_default_and_sent_only_when_they_changed(
    local_discord: LocalDiscord, library: Library, data: Path
):
    async with dissent_bot(local_discord, library, data):
        first = command_requests(local_discord)
    async with dissent_bot(local_discord, library, data):
        second = command_requests(local_discord)
        answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()

    assert (first, second) == (["global all"], [])
    assert local_discord.command_names() == COMMANDS
    assert_quotes_the_answer(answer)


async def test_commands_go_to_named_servers_at_once(local_discord: LocalDiscord, library: Library, data: Path):
    guild = local_discord.guild

    async with dissent_bot(local_discord, library, data, discord_guild_ids=(guild.id,)):
        answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()

    assert local_discord.command_names(guild) == COMMANDS
    assert local_discord.command_names() == local_discord.command_names(local_discord.other_guild) == set()
    assert_quotes_the_answer(answer)


async def test_the_scope_that_is_left_is_emptied(local_discord: LocalDiscord, library: Library, data: Path):
    guild, other = local_discord.guild.id, local_discord.other_guild.id
    sent = []

    for guild_ids in ((), (guild,), (other,), (), ()):
        async with dissent_bot(local_discord, library, data, discord_guild_ids=guild_ids):
            sent.append(command_requests(local_discord))

    assert sent == [
        ["global all"],
        [f"{guild} all", "global 0"],
        [f"{guild} 0", f"{other} all"],
        [f"{other} 0", "global all"],
        [],
    ]


async def test_a_server_that_takes_no_commands_is_named_and_the_bot_goes_on(
    local_discord: LocalDiscord, library: Library, data: Path, log: LogLines
):
    stranger, guild = 1_200_000_000_000_000_000, local_discord.guild

    async with dissent_bot(local_discord, library, data, discord_guild_ids=(stranger, guild.id)):
        first = command_requests(local_discord)
    async with dissent_bot(local_discord, library, data, discord_guild_ids=(stranger, guild.id)):
        second = command_requests(local_discord)

    assert local_discord.command_names(guild) == COMMANDS
    assert (await log.line(f"server={stranger} ")).levelname == "WARNING"
    assert f"{guild.id} all" in first
    assert second == [f"{stranger} all"]  # tried again, nothing else


# ---- what cannot work


@pytest.mark.usefixtures("_hurried")
async def test_a_wrong_token_ends_the_start_in_plain_words(local_discord: LocalDiscord, library: Library, data: Path):
    settings = settings_for(local_discord, library, data, discord_token="some.other.token")

    async with bot_running(settings, library) as task:
        with pytest.raises(StartError) as failure:
            await asyncio.wait_for(task, 10)

    assert "Discord does not accept DISCORD_TOKEN" in str(failure.value)
    assert "some.other.token" not in str(failure.value)


@pytest.mark.usefixtures("_hurried")
@pytest.mark.parametrize(("code", "told"), [(4004, "does not accept DISCORD_TOKEN"), (4013, "code 4013")])
async def test_a_connection_that_discord_ends_for_good_ends_the_bot_in_plain_words(
    local_discord: LocalDiscord, library: Library, data: Path, code: int, told: str, log: LogLines
):
    async with bot_running(settings_for(local_discord, library, data), library) as task:
        await log.line("ready user=")
        await local_discord.close_gateway(code)
        with pytest.raises(StartError, match=told):
            await asyncio.wait_for(task, 10)


@pytest.mark.usefixtures("_hurried")
async def test_an_intent_that_is_not_switched_on_is_done_without(
    local_discord: LocalDiscord, library: Library, data: Path, log: LogLines
):
    settings = settings_for(local_discord, library, data, message_content=True)

    async with bot_running(settings, library):
        await local_discord.connected(identify_count=2)
        question = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
        answer = await local_discord.next_message(reply_to=question)

    warned = [record for record in log.records if "MESSAGE_CONTENT=1, but" in record.getMessage()]
    assert len(warned) == 1
    assert warned[0].exc_info is None
    assert "switch on the Message Content Intent" in warned[0].getMessage()
    assert_quotes_the_answer(answer)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on; it stays bound, so that nobody else can."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.mark.usefixtures("_hurried")
async def test_without_a_network_the_bot_says_so_and_tries_again(
    local_discord: LocalDiscord,
    library: Library,
    data: Path,
    closed_port: int,
    monkeypatch: pytest.MonkeyPatch,
    log: LogLines,
):
    reachable, attempts = Route.BASE, 0

    class BotBeforeTheNetwork(HurriedBot):
        def __init__(self, *arguments: Any) -> None:
            nonlocal attempts
            attempts += 1
            if attempts == 3:
                Route.BASE = reachable
            super().__init__(*arguments)

    monkeypatch.setattr(client_module, "DissentBot", BotBeforeTheNetwork)
    Route.BASE = f"http://127.0.0.1:{closed_port}/api/v10"  # `local_discord` puts the true one back

    async with bot_running(settings_for(local_discord, library, data), library):
        await local_discord.connected()
        answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()

    told = [record for record in log.records if "Discord cannot be reached" in record.getMessage()]
    assert [(record.levelname, record.exc_info) for record in told] == [("WARNING", None)] * 2
    assert_quotes_the_answer(answer)


@pytest.mark.usefixtures("_hurried")
@pytest.mark.parametrize(
    "fault", [{"drop": True, "times": 2}, {"status": 503}, {"status": 429, "has_via": False}], ids=str
)
async def test_a_login_that_fails_for_now_is_tried_again(
    local_discord: LocalDiscord, library: Library, data: Path, fault: dict[str, Any], log: LogLines
):
    local_discord.fail("GET /users/@me", **fault)

    async with bot_running(settings_for(local_discord, library, data), library):
        await log.line("ready user=")

    assert (await log.line("Discord cannot be reached")).levelname == "WARNING"
    assert log.tracebacks == []


# ---- ending

DRIVER = """
import sys

import yarl
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import cli
from tests.fakes import WordEmbedder

http_url, gateway_url, *arguments = sys.argv[1:]
Route.BASE = http_url + "/api/v10"
Asset.BASE = http_url
DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
cli.SentenceTransformerEmbedder = lambda model: WordEmbedder()
sys.argv = ["dissent-bot", *arguments]
cli.main()
"""


async def start_process(
    local_discord: LocalDiscord, library: Library, folder: Path, token: str | None = None
) -> asyncio.subprocess.Process:
    """`dissent-bot run` as a process of its own, pointed here."""
    places = ["--corpus", str(library.corpus), "--data", str(folder / "data")]
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        DRIVER,
        local_discord.http_url,
        local_discord.gateway_url,
        *places,
        "run",
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "DISCORD_TOKEN": token or local_discord.token},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
async def test_a_signal_ends_the_bot_cleanly(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, number: signal.Signals
):
    process = await start_process(local_discord, library, tmp_path)
    await local_discord.connected(timeout_s=30)
    answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()
    process.send_signal(number)
    out, err = await asyncio.wait_for(process.communicate(), 20)

    assert_quotes_the_answer(answer)
    assert (process.returncode, out) == (0, b"")
    assert b"Traceback" not in err
    assert b"answered verdict=answered" in err
    assert local_discord.token.encode() not in err


async def test_a_wrong_token_ends_the_process_with_one_plain_line(
    local_discord: LocalDiscord, library: Library, tmp_path: Path
):
    process = await start_process(local_discord, library, tmp_path, token="some.other.token")
    out, err = await asyncio.wait_for(process.communicate(), 30)

    assert (process.returncode, out) == (1, b"")
    assert b"Discord does not accept DISCORD_TOKEN" in err
    assert b"Traceback" not in err
    assert b"some.other.token" not in err


# ---- commands of a process that ended


async def no_fill(*_: object, **__: object) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("command", "cog"),
    [
        ("about", "about"),
        ("help", "about"),
        ("settings show", "settings"),
        ("setup", "settings"),
        ("forget me", "forget"),
        ("corpus status", "corpus"),
        ("manage history", "own_documents"),
    ],
)
async def test_a_command_that_was_stopped_in_between_says_so_after_the_restart(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, command: str, cog: str
):
    with pytest.MonkeyPatch.context() as patch:
        async with dissent_bot(local_discord, library, tmp_path / "data"):
            patch.setattr(sys.modules[f"bot.cogs.{cog}"], "fill", no_fill)
            interaction = await local_discord.slash(command, user=local_discord.owner)
            await interaction.acknowledged()
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        told = await interaction.answer()
        again = await (await local_discord.slash(command, user=local_discord.owner)).answer()
        async with asyncio.timeout(10):
            while await bot.state.acknowledged():  # noqa: ASYNC110 (SQLite tells nobody)
                await asyncio.sleep(0.002)

    assert told.content == STOPPED
    assert told.is_ephemeral
    assert again.content != STOPPED


async def test_an_answer_that_was_shown_before_the_bot_was_stopped_stays_as_it_is(
    local_discord: LocalDiscord, library: Library, tmp_path: Path
):
    stopped = asyncio.Event()

    async def stop(*_: object) -> None:
        stopped.set()
        await asyncio.Event().wait()

    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        bot.state.note_message = stop  # type: ignore[assignment]
        interaction = await local_discord.slash("ask", question=ANSWERED)
        answer = await interaction.answer()
        await stopped.wait()
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        async with asyncio.timeout(10):
            while await bot.state.pending():  # noqa: ASYNC110 (SQLite tells nobody)
                await asyncio.sleep(0.002)

    shown = local_discord.world.message(answer.id)
    assert shown.payload["components"] == answer.payload["components"]
    assert len(local_discord.requests_to("PATCH /webhooks")) == 1


async def test_a_question_that_was_stopped_is_answered_and_nothing_more_is_said(
    local_discord: LocalDiscord, library: Library, tmp_path: Path
):
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        bot.service.ask = no_fill  # type: ignore[assignment]
        interaction = await local_discord.slash("ask", question=ANSWERED)
        await interaction.acknowledged()
        noted = await bot.state.acknowledged()
    async with dissent_bot(local_discord, library, tmp_path / "data"):
        answer = await interaction.answer()

    assert noted == []
    assert answer.content != STOPPED

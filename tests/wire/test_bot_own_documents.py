"""Moderators add, replace, remove, take home and forget their server's own documents, and go back."""

from __future__ import annotations

import asyncio
import hashlib
import io
import socket
import ssl
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.client import DissentBot
from bot.cogs import own_documents
from bot.cogs.buttons import FORGOTTEN
from bot.fetching import Fetcher
from bot.moderating import ONLY_OWNER
from bot.presses import NOT_YOURS
from bot.records import Deed
from bot.state import DAY_S, Asked, GuildSettings, State
from index import MAX_FILE_BYTES, Library

from .bots import ANSWERED, dissent_bot
from .gateway import Intent
from .moderating import QUOBBLER_QUESTION, QUOBBLERS, deeds, ended, told
from .server import LocalDiscord
from .world import Message, Permission, Upload

pytestmark = pytest.mark.asyncio(loop_scope="function")

GRIMBLES = b"# Grimbles\n\nGrimbles dance at night in fields of clover.\n"
CHANGED = b"# The Quobbler Almanac\n\nQuobblers nest in old chimneys nowadays, and hum at noon.\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, data: Path) -> AsyncIterator[DissentBot]:
    async with dissent_bot(local_discord, library, data) as bot:
        await bot.service.ask("lamp")
        yield bot


def file(content: bytes = QUOBBLERS, name: str = "quobblers.md") -> Upload:
    return Upload(name, content, "text/markdown")


def originals(data: Path, local_discord: LocalDiscord) -> list[str]:
    folder = data / "servers" / str(local_discord.guild.id) / "documents"
    return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


async def quotes(local_discord: LocalDiscord) -> str:
    return (await (await local_discord.slash("ask", question=QUOBBLER_QUESTION)).answer()).text


# ---- adding


async def test_what_is_added_answers_at_once_and_is_noted_with_its_digest(local_discord: LocalDiscord, bot: DissentBot):
    reply = await told(local_discord, "add", file=file())
    answer = await quotes(local_discord)
    [record] = await deeds(bot, local_discord.guild.id)

    assert reply.is_ephemeral
    assert "Added `server/quobblers`" in reply.content
    assert record.digest in reply.content
    assert "hollow dunes" in answer
    assert (record.deed, record.document, record.before) == (Deed.ADD, "server/quobblers", "")
    assert len(record.digest) == 64
    assert record.after


async def test_a_file_that_is_too_large_is_refused_before_it_is_fetched(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(own_documents, "MAX_FILE_BYTES", 10)
    asked = local_discord.fail("GET /attachments", status=500)

    reply = await told(local_discord, "add", file=file())

    assert "It is larger than" in reply.content
    assert asked.times == 1
    assert MAX_FILE_BYTES > 10


async def test_what_cannot_be_read_is_refused_with_the_reason(local_discord: LocalDiscord, bot: DissentBot, data: Path):
    binary = await told(local_discord, "add", file=file(b"\x00\x01\x02" * 50))
    unknown = await told(local_discord, "add", file=file(name="program.exe"))
    neither = await told(local_discord, "add")
    both = await told(local_discord, "add", file=file(), url="https://example.org/a.md")

    assert binary.content.startswith("quobblers.md ")
    assert "I cannot read .exe" in unknown.content
    assert neither.content == both.content == own_documents.ONE_OF_BOTH
    assert originals(data, local_discord) == []
    assert await deeds(bot, local_discord.guild.id) == []


async def test_a_file_that_discord_lost_is_asked_for_again(local_discord: LocalDiscord, bot: DissentBot):
    local_discord.fail("GET /attachments", status=404)

    assert (await told(local_discord, "add", file=file())).content == own_documents.FILE_GONE


async def test_a_name_that_is_taken_can_be_replaced_by_a_button_after_a_restart(
    local_discord: LocalDiscord, library: Library, data: Path
):
    async with dissent_bot(local_discord, library, data) as bot:
        await bot.service.ask("lamp")
        await told(local_discord, "add", file=file())
        offered = await told(local_discord, "add", file=file(CHANGED))
        unchanged = await quotes(local_discord)
    async with dissent_bot(local_discord, library, data) as bot:
        await bot.service.ask("lamp")
        pressed = await local_discord.press(offered, "Replace")
        done = await pressed.answer(until=lambda now: "Replaced" in now.content)
        answer = await quotes(local_discord)
        records = await deeds(bot, local_discord.guild.id)

    assert "another document named server/quobblers" in offered.content
    assert "hollow dunes" in unchanged
    assert done.buttons == []
    assert done.attachments == []
    assert "old chimneys" in answer
    assert [record.deed for record in records] == [Deed.ADD, Deed.REPLACE]
    assert records[1].before == records[0].after


async def test_a_file_that_cannot_be_read_is_not_offered_to_replace_another(
    local_discord: LocalDiscord, bot: DissentBot
):
    await told(local_discord, "add", file=file())

    refused = await told(local_discord, "add", file=file(b"\x00\x01\x02" * 50))

    assert "binary data" in refused.content
    assert refused.buttons == []
    assert refused.attachments == []


async def test_replace_true_asks_nothing(local_discord: LocalDiscord, bot: DissentBot):
    await told(local_discord, "add", file=file())

    assert "Replaced" in (await told(local_discord, "add", file=file(CHANGED), replace=True)).content
    assert "old chimneys" in await quotes(local_discord)


async def test_where_no_file_may_be_attached_the_option_is_named(local_discord: LocalDiscord, bot: DissentBot):
    await told(local_discord, "add", file=file())
    await local_discord.deny(local_discord.general, Permission.ATTACH_FILES)

    offered = await told(local_discord, "add", file=file(CHANGED))

    assert "replace:True" in offered.content
    assert offered.buttons == []


async def test_the_same_document_twice_is_told(local_discord: LocalDiscord, bot: DissentBot):
    await told(local_discord, "add", file=file())

    again = await told(local_discord, "add", file=file(name="copy.md"))

    assert "there already, as server/quobblers" in again.content


async def test_nearly_the_same_document_is_taken_in_and_told_by_adding_and_by_reloading(
    local_discord: LocalDiscord, bot: DissentBot, data: Path
):
    almanac = "# Almanac\n\n" + " ".join(
        f"On day {number} quobbler {number} hums in dune {number}." for number in range(60)
    )
    await told(local_discord, "add", file=file(almanac.encode()))

    added = await told(local_discord, "add", file=file(f"{almanac} And so on.".encode(), name="almanac.md"))
    folder = data / "servers" / str(local_discord.guild.id) / "documents"
    (folder / "third.md").write_text(f"{almanac} And on and on.")
    await told(local_discord, "reload")
    await ended(local_discord, await local_discord.next_message(), says="stays current")
    reloaded = await ended(local_discord, await local_discord.next_message(), says="is current now")

    assert "`server/almanac` says nearly what `server/quobblers` says." in added.content
    assert "`server/third` says nearly what" in reloaded.content


async def test_the_same_as_a_shared_document_is_taken_in_and_told(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    shared = (library.corpus / "sea/lighthouse.md").read_bytes()

    added = await told(local_discord, "add", file=file(shared, name="lighthouse.md"))

    assert "Added `server/lighthouse`" in added.content
    assert "`server/lighthouse` says the same as `sea/lighthouse`." in added.content


async def test_a_file_of_another_kind_is_not_offered_to_replace_one(local_discord: LocalDiscord, bot: DissentBot):
    await told(local_discord, "add", file=file())

    refused = await told(local_discord, "add", file=file(CHANGED, name="Quobblers.txt"))

    assert "its file is quobblers.md" in refused.content
    assert refused.buttons == []
    assert refused.attachments == []


async def test_what_was_cut_off_before_is_told_and_noted_with_the_next_addition(
    local_discord: LocalDiscord, bot: DissentBot, data: Path
):
    guild_id = local_discord.guild.id
    await told(local_discord, "add", file=file())
    (data / "servers" / str(guild_id) / "documents" / "dunes.md").write_bytes(GRIMBLES)

    added = await told(local_discord, "add", file=file(CHANGED), replace=True)
    records = await deeds(bot, guild_id, count=3)

    assert "Replaced `server/quobblers`" in added.content
    assert "Other files had changed as well" in added.content
    assert "Added: `server/dunes`." in added.content
    assert [(record.deed, record.document) for record in records[1:]] == [
        (Deed.REPLACE, "server/quobblers"),
        (Deed.ADD, "server/dunes"),
    ]
    assert (records[2].before, records[2].after) == (records[1].before, records[1].after)


# ---- by address


class ToUs(AbstractResolver):
    """Every name stands for one port of loopback."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET):
        return [ResolveResult(hostname=host, host="127.0.0.1", port=self._port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """There is nothing to close."""


@pytest_asyncio.fixture(loop_scope="function")
async def page(bot: DissentBot) -> AsyncIterator[str]:
    """A public page, as far as the bot can tell."""

    async def almanac(request: web.Request) -> web.Response:
        return web.Response(body=QUOBBLERS, content_type="text/markdown")

    application, authority = web.Application(), trustme.CA()
    application.router.add_get("/almanac.md", almanac)
    served, trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("dunes.example").configure_cert(served)
    authority.configure_trust(trusted)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=served).start()
    port = runner.addresses[0][1]
    bot.fetcher = Fetcher(
        is_allowed=True, may_connect=lambda address: True, resolver=lambda: ToUs(port), certificates=trusted
    )
    yield "https://dunes.example/almanac.md"
    await runner.cleanup()


async def test_a_public_page_is_added_by_its_address(local_discord: LocalDiscord, bot: DissentBot, page: str):
    reply = await told(local_discord, "add", url=page)

    assert "Added `server/almanac`" in reply.content
    assert f"Fetched from `{page}`." in reply.content
    assert "hollow dunes" in await quotes(local_discord)
    assert f"\u00b7 `{page}` \u00b7 SHA-256" in (await told(local_discord, "audit")).text


@pytest.mark.parametrize("address", ["https://127.0.0.1/a.md", "http://example.org/a.md", "https://169.254.169.254/"])
async def test_an_address_that_is_not_public_is_refused(local_discord: LocalDiscord, bot: DissentBot, address: str):
    reply = await told(local_discord, "add", url=address)

    assert "I fetch only" in reply.content
    assert await deeds(bot, local_discord.guild.id) == []


async def test_addresses_can_be_switched_off(local_discord: LocalDiscord, library: Library, data: Path):
    async with dissent_bot(local_discord, library, data, allow_urls=False):
        assert "switched addresses off" in (await told(local_discord, "add", url="https://example.org/a.md")).content


# ---- removing


async def test_a_document_is_removed_after_a_yes_and_only_by_moderators(
    local_discord: LocalDiscord, bot: DissentBot, data: Path
):
    await told(local_discord, "add", file=file())
    [choice] = await local_discord.autocomplete("manage remove", "document", "", user=local_discord.moderator)
    asked = await told(local_discord, "remove", document=choice["value"])
    still = originals(data, local_discord)
    done = await (await local_discord.press(asked, "Delete")).answer()

    assert choice["name"] == "The Quobbler Almanac"
    assert "The Quobbler Almanac" in asked.content
    assert still == ["quobblers.md"]
    assert "Deleted **The Quobbler Almanac**" in done.content
    assert done.buttons == []
    assert originals(data, local_discord) == []
    assert "hollow dunes" not in await quotes(local_discord)
    assert [record.deed for record in await deeds(bot, local_discord.guild.id)] == [Deed.ADD, Deed.REMOVE]


async def test_a_document_is_named_by_one_digest_wherever_people_see_it(local_discord: LocalDiscord, bot: DissentBot):
    digest = hashlib.sha256(QUOBBLERS).hexdigest()
    added = await told(local_discord, "add", file=file())
    shown = await (await local_discord.slash("corpus show", options={"document": "server/quobblers"})).answer()
    asked = await told(local_discord, "remove", document="server/quobblers")
    await (await local_discord.press(asked, "Delete")).answer(until=lambda now: "Deleted **" in now.content)

    records = await deeds(bot, local_discord.guild.id)

    assert digest in added.content
    assert f"**SHA-256**: `{digest[:16]}`" in shown.text
    assert [record.digest for record in records] == [digest] * 2


@pytest.mark.parametrize("named", ["sea/lighthouse", "The lighthouse of Grey Skerry"])
async def test_the_operators_documents_cannot_be_removed(
    local_discord: LocalDiscord, bot: DissentBot, library: Library, named: str
):
    reply = await told(local_discord, "remove", document=named)

    assert reply.buttons == []
    assert (library.corpus / "sea/lighthouse.md").is_file()


async def test_a_button_that_deletes_checks_who_presses_it_now(
    local_discord: LocalDiscord, bot: DissentBot, data: Path
):
    await told(local_discord, "add", file=file())
    asked = await told(local_discord, "remove", document="server/quobblers")
    shared = local_discord.world.post(
        local_discord.general, local_discord.bot, {"components": asked.components, "content": "?"}
    )

    refused = await (await local_discord.press(shared, "Delete", user=local_discord.bob)).answer()

    assert refused.content == NOT_YOURS
    assert originals(data, local_discord) == ["quobblers.md"]


# ---- going back


async def test_a_rollback_goes_back_by_one_or_to_a_generation_of_the_history(
    local_discord: LocalDiscord, bot: DissentBot
):
    await told(local_discord, "add", file=file())
    alone = await told(local_discord, "history")
    await told(local_discord, "add", file=file(CHANGED), replace=True)
    history = await told(local_discord, "history")
    [choice] = await local_discord.autocomplete("manage rollback", "generation", "", user=local_discord.moderator)

    back = await told(local_discord, "rollback")
    old = await quotes(local_discord)
    [forward] = await local_discord.autocomplete("manage rollback", "generation", "", user=local_discord.moderator)
    await told(local_discord, "rollback", generation=forward["value"])
    new = await quotes(local_discord)
    nowhere = await told(local_discord, "rollback", generation="0123456789ab")

    assert alone.content.endswith("There is none yet to go back to.")
    assert local_discord.moderator.mention in history.content
    assert history.content.count("1 document,") == 2
    assert choice["value"] in back.content
    assert "hollow dunes" in old
    assert "old chimneys" in new
    assert "no such generation" in nowhere.content
    records = (await deeds(bot, local_discord.guild.id))[2:]
    assert [(record.deed, record.before, record.after) for record in records] == [
        (Deed.ROLL_BACK_OWN, forward["value"], choice["value"]),
        (Deed.ROLL_BACK_OWN, choice["value"], forward["value"]),
    ]


async def test_an_undone_removal_is_there_with_its_file_and_stays(
    local_discord: LocalDiscord, bot: DissentBot, data: Path
):
    await told(local_discord, "add", file=file())
    await told(local_discord, "add", file=file(GRIMBLES, name="dunes.md"))
    asked = await told(local_discord, "remove", document="server/quobblers")
    await (await local_discord.press(asked, "Delete")).answer(until=lambda now: "Deleted" in now.content)

    back = await told(local_discord, "rollback")
    files = originals(data, local_discord)
    added = await told(local_discord, "add", file=file(b"# Zorbs\n\nZorbs sleep in the attic.\n", name="zorbs.md"))

    assert "with the files that it was made from" in back.content
    assert files == ["dunes.md", "quobblers.md"]
    assert "Other files" not in added.content
    assert "hollow dunes" in await quotes(local_discord)
    assert originals(data, local_discord) == ["dunes.md", "quobblers.md", "zorbs.md"]


async def test_an_undone_addition_can_be_made_again_or_made_otherwise(local_discord: LocalDiscord, bot: DissentBot):
    await told(local_discord, "add", file=file(GRIMBLES, name="dunes.md"))
    await told(local_discord, "add", file=file())
    await told(local_discord, "rollback")

    again = await told(local_discord, "add", file=file())
    first = await quotes(local_discord)
    await told(local_discord, "rollback")
    otherwise = await told(local_discord, "add", file=file(CHANGED))

    assert "Added `server/quobblers`" in again.content
    assert "hollow dunes" in first
    assert "Added `server/quobblers`" in otherwise.content
    assert "old chimneys" in await quotes(local_discord)


async def test_the_status_of_what_was_gone_back_to_says_that_files_wait(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    (library.corpus / "news.txt").write_text("News\n\nThe harbour was dredged in 2020.")
    await bot.service.reload()
    await told(local_discord, "rollback", shared=True)

    status = (await (await local_discord.slash("corpus status")).answer()).text

    assert "Somebody went back to this generation" in status
    assert "Files have changed since; a reload takes them in." in status


async def test_the_shared_corpus_goes_back_where_the_operator_lets_moderators(
    local_discord: LocalDiscord, library: Library, data: Path
):
    async with dissent_bot(local_discord, library, data) as bot:
        await bot.service.ask("lamp")
        first = library.generation.id
        (library.corpus / "news.txt").write_text("News\n\nThe harbour was dredged in 2020.")
        await bot.service.reload()
        back = await told(local_discord, "rollback", shared=True)
        current = library.generation.id
    async with dissent_bot(local_discord, library, data, shared_reload="owner"):
        refused = await told(local_discord, "rollback", shared=True)

    assert first in back.content
    assert current == first
    assert refused.content == ONLY_OWNER


# ---- taking away


async def test_an_export_is_a_zip_of_the_originals(local_discord: LocalDiscord, bot: DissentBot):
    nothing = await told(local_discord, "export")
    await told(local_discord, "add", file=file())

    exported = await told(local_discord, "export")

    [attachment] = exported.attachments
    path = next(path for path in local_discord.world.files if f"/{attachment['id']}/" in path)
    with zipfile.ZipFile(io.BytesIO(local_discord.world.files[path].data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"quobblers.md": QUOBBLERS}
    assert exported.is_ephemeral
    assert nothing.content == own_documents.NOTHING_TO_EXPORT
    assert [record.deed for record in await deeds(bot, local_discord.guild.id)] == [Deed.ADD, Deed.EXPORT]


async def test_an_archive_that_discord_does_not_take_is_told_with_a_way_out(
    local_discord: LocalDiscord, bot: DissentBot
):
    await told(local_discord, "add", file=file())
    local_discord.upload_limit_bytes = 20
    large = await told(local_discord, "export")
    await local_discord.deny(local_discord.general, Permission.ATTACH_FILES)
    denied = await told(local_discord, "export")

    assert f"--server {local_discord.guild.id}" in large.content
    assert "Attach Files" in denied.content
    assert large.attachments == denied.attachments == []
    assert [record.deed for record in await deeds(bot, local_discord.guild.id)] == [Deed.ADD]


async def press_until(local_discord: LocalDiscord, message: Message, label: str, says: str) -> Message:
    return await (await local_discord.press(message, label)).answer(until=lambda now: now.content == says)


async def test_forgetting_deletes_the_documents_or_everything(local_discord: LocalDiscord, bot: DissentBot, data: Path):
    guild_id = local_discord.guild.id
    await told(local_discord, "add", file=file())
    await bot.state.change_settings(guild_id, private_by_default=True)
    asked = await told(local_discord, "forget")
    kept = originals(data, local_discord)
    await press_until(local_discord, asked, "Delete the documents", own_documents.DOCUMENTS_FORGOTTEN)

    assert "1 document of its own" in asked.content
    assert kept == ["quobblers.md"]
    assert not (data / "servers" / str(guild_id)).exists()
    assert "hollow dunes" not in await quotes(local_discord)
    assert (await bot.state.guild_settings(guild_id)).private_by_default

    await bot.state.note_uncovered(Asked("What of bitcoin?", 1, guild_id, 1), ())
    again = await told(local_discord, "forget")
    await press_until(local_discord, again, "Delete everything", own_documents.SERVER_FORGOTTEN)

    assert again.buttons == ["Delete everything"]
    assert await bot.state.guild_settings(guild_id) == GuildSettings()
    assert await bot.state.uncovered(guild_id) == []
    assert [record.deed for record in await deeds(bot, guild_id, count=1)] == [Deed.FORGET_SERVER]


async def test_what_answers_showed_of_deleted_documents_is_deleted_too(local_discord: LocalDiscord, bot: DissentBot):
    await told(local_discord, "add", file=file())
    of_own = await (await local_discord.slash("ask", question=QUOBBLER_QUESTION)).answer()
    of_shared = await (await local_discord.slash("ask", question=ANSWERED)).answer()
    asked = await told(local_discord, "forget")
    await press_until(local_discord, asked, "Delete the documents", own_documents.DOCUMENTS_FORGOTTEN)

    from_own = await (await local_discord.press(of_own, "Context")).answer()
    from_shared = await (await local_discord.press(of_shared, "Context")).answer()

    assert from_own.content == FORGOTTEN
    assert from_shared.content != FORGOTTEN


# ---- leaving


async def age(bot: DissentBot, days: float) -> None:
    """Let a removal be so long ago."""
    await bot.state._change("UPDATE left_guilds SET left_at = left_at - ?", (days * DAY_S,))


async def noted_as_left(bot: DissentBot, count: int) -> None:
    """Wait until so many servers are noted as left."""
    async with asyncio.timeout(10):
        while len(await bot.state.left_for(0)) != count:  # noqa: ASYNC110 (SQLite tells nobody)
            await asyncio.sleep(0.002)


async def run_daily(bot: DissentBot) -> None:
    cog = bot.get_cog("Leaving")
    await cog.forget_left()  # type: ignore[union-attr]


async def test_a_server_is_forgotten_some_time_after_the_bot_was_removed(
    local_discord: LocalDiscord, bot: DissentBot, data: Path
):
    await told(local_discord, "add", file=file())
    await bot.state.change_settings(local_discord.guild.id, private_by_default=True)
    await local_discord.leave_guild(local_discord.guild)
    await noted_as_left(bot, 1)
    await age(bot, 29)
    await run_daily(bot)
    before = originals(data, local_discord)
    await age(bot, 1.1)
    await run_daily(bot)

    assert before == ["quobblers.md"]
    assert originals(data, local_discord) == []
    assert await bot.state.known_guilds() == set()


async def test_an_outage_deletes_nothing_however_long(
    local_discord: LocalDiscord, bot: DissentBot, data: Path, monkeypatch: pytest.MonkeyPatch
):
    await told(local_discord, "add", file=file())
    payload = {"id": str(local_discord.guild.id), "unavailable": True}
    await local_discord.gateway.dispatch("GUILD_DELETE", payload, guild=local_discord.guild, intent=Intent.GUILDS)
    await local_discord.gateway.caught_up()
    noted = await bot.state.left_for(0)
    await bot.state.note_left(local_discord.guild.id)  # even if it had been taken for a removal
    await age(bot, 400)
    await run_daily(bot)

    assert noted == []
    assert originals(data, local_discord) == ["quobblers.md"]
    assert await bot.state.left_for(0) == []


async def test_coming_back_in_time_loses_nothing(local_discord: LocalDiscord, library: Library, data: Path):
    async with dissent_bot(local_discord, library, data) as bot:
        await bot.service.ask("lamp")
        await told(local_discord, "add", file=file())
    state = State(data / "bot.sqlite3")
    await state.note_left(local_discord.guild.id)
    state.close()
    async with dissent_bot(local_discord, library, data) as bot:
        await bot.service.ask("lamp")
        await noted_as_left(bot, 0)
        await run_daily(bot)

    assert originals(data, local_discord) == ["quobblers.md"]


async def test_a_removal_while_the_bot_was_not_running_counts_from_its_start(
    local_discord: LocalDiscord, library: Library, data: Path
):
    async with dissent_bot(local_discord, library, data) as bot:
        await bot.service.ask("lamp")
        await told(local_discord, "add", file=file())
    del local_discord.world.guilds[local_discord.guild.id]
    del local_discord.guild.members[local_discord.bot.id]
    async with dissent_bot(local_discord, library, data) as bot:
        await noted_as_left(bot, 1)
        left = await bot.state.left_for(0)
        await run_daily(bot)

    assert left == [local_discord.guild.id]
    assert originals(data, local_discord) == ["quobblers.md"]


async def test_the_shared_corpus_answers_after_all_that(local_discord: LocalDiscord, bot: DissentBot):
    await told(local_discord, "add", file=file())
    await bot.service.forget(local_discord.guild.id)

    assert "1862" in (await (await local_discord.slash("ask", question=ANSWERED)).answer()).text

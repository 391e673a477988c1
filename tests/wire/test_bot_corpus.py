"""What everybody can see of the documents: the list, one of them, and how fresh they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.client import DissentBot
from bot.documents import NO_DOCUMENT
from bot.records import by_moderator
from index import Library
from index.building import building

from .bots import dissent_bot
from .server import LocalDiscord
from .world import Channel, Message, Person

pytestmark = pytest.mark.asyncio(loop_scope="function")

QUOBBLERS = b"# The Quobbler Almanac\n\n## How quobblers nest\n\nQuobblers nest in hollow dunes and hum at dawn.\n"


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        await bot.service.ask("lamp")
        yield bot


async def shown(
    local_discord: LocalDiscord,
    path: str,
    *,
    user: Person | None = None,
    channel: Channel | None = None,
    **options: str,
) -> Message:
    interaction = await local_discord.slash(path, user=user, channel=channel, options=options)
    return await interaction.answer()


def lines_of(message: Message) -> list[str]:
    return str(message.embeds[0]["description"]).split("\n")


async def test_the_list_has_every_document_a_servers_own_first_and_marked(local_discord: LocalDiscord, bot: DissentBot):
    await bot.service.add(local_discord.guild.id, "quobblers.md", QUOBBLERS)

    here = await shown(local_discord, "corpus list")
    elsewhere = await shown(local_discord, "corpus list", channel=local_discord.alice_dm)

    assert here.is_ephemeral
    lines = lines_of(here)
    assert lines[0].startswith("- **The Quobbler Almanac** `server/quobblers`")
    assert ["server's own" in line for line in lines] == [True] + 6 * [False]
    assert "7 documents. 1 of them is this server's own." in here.content
    assert "6 documents." in elsewhere.content
    assert here.buttons == []


async def test_a_long_list_is_turned_page_by_page_in_one_message(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    for number in range(20):
        (library.corpus / f"note-{number:02}.txt").write_text(f"Note {number}\n\nThis is about number {number}.")
    await bot.service.reload()

    first = await shown(local_discord, "corpus list")
    pages, seen = [lines_of(first)], [first.buttons]
    for label in ("Next", "Next", "Back"):
        turned = await (await local_discord.press(first, label)).answer(until=lambda now: lines_of(now) != pages[-1])
        pages.append(lines_of(turned))
        seen.append(turned.buttons)

    assert [len(page) for page in pages] == [10, 10, 6, 10]
    assert len({line for page in pages for line in page}) == 26
    assert seen == [["Next"], ["Back", "Next"], ["Back"], ["Back", "Next"]]


async def test_a_document_is_shown_with_all_that_its_front_matter_says(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    path = library.corpus / "sea/lighthouse.md"
    path.write_text(path.read_text().replace("licence:", "reviewer: A. *Person*\nlicence:"))
    await bot.service.reload()
    choices = await local_discord.autocomplete("corpus show", "document", "lighthouse")

    picked = await shown(local_discord, "corpus show", document=choices[0]["value"])
    typed = await shown(local_discord, "corpus show", document="sea/lighthouse")
    wrong = await shown(local_discord, "corpus show", document="nothing of the kind")

    for words in ("Grey Skerry", "How the lighthouse", "sea/lighthouse.md", "Harbour Museum", r"A. \*Person\*"):
        assert words in picked.text
    assert typed.text == picked.text
    assert wrong.content == NO_DOCUMENT


async def test_the_status_says_what_is_current_and_whether_files_have_changed(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    before = await shown(local_discord, "corpus status")
    (library.corpus / "new.txt").write_text("News\n\nSomething happened.")
    changed = await shown(local_discord, "corpus status", channel=local_discord.alice_dm)

    assert library.generation.id in before.text
    assert "6 documents" in before.text
    assert "No file has changed" in before.text
    assert "no documents of its own" in before.text
    assert "Files have changed" in changed.text
    assert "its own" not in changed.text
    assert str(library.corpus) not in before.text


async def test_the_status_says_which_files_cannot_be_read_why_and_what_is_quoted_instead(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    (library.corpus / "sea/lighthouse.md").write_bytes(b"\xff\xfe\xff")
    (library.corpus / "scan.pdf").write_bytes(b"%PDF-1.7 and no end")
    await bot.service.make_current((await bot.service.reload()).generation)

    status = (await shown(local_discord, "corpus status")).text

    assert "2 files cannot be read:" in status
    [kept] = [line for line in status.split("\n") if "sea/lighthouse.md" in line]
    [left_out] = [line for line in status.split("\n") if "scan.pdf" in line]
    assert "its last good version stays" in kept
    assert "ends in the middle" in left_out
    assert "it is left out" in left_out


async def test_the_status_says_how_much_a_server_can_have(local_discord: LocalDiscord, bot: DissentBot):
    status = (await shown(local_discord, "corpus status")).text

    assert "200 documents, with 50 MB and 5 million characters" in status


async def test_a_running_reload_is_shown_with_who_started_it_but_not_to_other_servers(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    by = by_moderator(local_discord.moderator.id, local_discord.guild.id)

    with building(library.folder, None, by=by):
        here = await shown(local_discord, "corpus status")
        there = await shown(local_discord, "corpus status", channel=local_discord.other_general)

    assert f"started by {local_discord.moderator.mention}" in here.text
    assert here.pinged_ids == set()
    assert "started by a moderator of another server" in there.text
    assert str(local_discord.moderator.id) not in there.text

"""People ask for summaries, timelines and comparisons, and read what the bot shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.client import DissentBot
from bot.cogs import buttons
from bot.cogs.summary import SAME_DOCUMENT
from bot.documents import NO_DOCUMENT
from bot.render import limits, wording
from bot.render import summary as rendering
from index import Length, Library
from tests.bot.discord_markdown import links_in, quotes_in, read, text_of

from .bots import NOT_COVERED, UNCERTAIN, NeverEnding, dissent_bot, done, in_use, logged, remembered, said_by_the_bot
from .interactions import CallbackKind
from .killable import KillableBot
from .server import LocalDiscord
from .world import Message, Permission

pytestmark = pytest.mark.asyncio(loop_scope="function")

LIGHTHOUSE = "the keepers of the lighthouse of Grey Skerry"
TITLE = "The lighthouse of Grey Skerry"
BUILT = "The lighthouse on it was built from granite in 1862."


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        yield bot


def quotes_shown(message: Message) -> list[str]:
    """The quotes of a message's text and embed, each in one line."""
    texts = (message.content, message.embeds[0].get("description", ""))
    return [" ".join(text_of(quote).split()) for text in texts for quote in quotes_in(text)]


def uploaded(local_discord: LocalDiscord, attachment: dict[str, Any]) -> bytes:
    """What the bot attached."""
    [upload] = [upload for path, upload in local_discord.world.files.items() if path in attachment["url"]]
    return upload.data


async def asked(local_discord: LocalDiscord, command: str, **options: Any) -> Message:
    return await (await local_discord.slash(command, **options)).answer()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The corpus is small, so pages are, too."""
    monkeypatch.setattr(rendering, "CONTENT", 250)
    monkeypatch.setattr(rendering, "EMBED_DESCRIPTION", 150)


async def test_a_document_is_summed_up_in_one_message(local_discord: LocalDiscord, bot: DissentBot, library: Library):
    interaction = await local_discord.slash("summary document", name=TITLE)
    answer = await interaction.answer()

    assert interaction.callback is CallbackKind.DEFERRED_MESSAGE
    assert len(said_by_the_bot(local_discord, local_discord.general)) == 1
    assert not answer.is_ephemeral
    assert text_of(read(answer.content)).startswith(TITLE)
    document, summary = library.document("sea/lighthouse"), library.summarize_document("sea/lighthouse")
    assert quotes_shown(answer) == [document.plain(quote.citation.span) for quote in summary.quotes]
    assert "[2] " in text_of(read(answer.content))
    assert ("Lights of the North", "https://example.org/lights") in links_in(answer.embeds[0]["fields"][0]["value"])
    assert answer.buttons == ["Context", "Source", "Delete"]


async def test_a_document_is_picked_from_a_list(local_discord: LocalDiscord, bot: DissentBot):
    [choice] = await local_discord.autocomplete("summary document", "name", "BEES")
    [left] = await local_discord.autocomplete("compare", "a", "violin")
    answer = await asked(local_discord, "summary document", name=choice["value"])

    assert text_of(read(answer.content)).startswith("Keeping bees")
    assert left["name"] == "How a violin is made"


async def test_a_topic_is_summed_up_with_how_sure_the_bot_is(local_discord: LocalDiscord, bot: DissentBot):
    answer = await asked(local_discord, "summary topic", text=LIGHTHOUSE, length="short")

    assert "Three keepers lived on the rock at a time." in text_of(read(answer.content))
    assert answer.embeds[0]["footer"]["text"].startswith("very likely covered (0.94)")


@pytest.mark.parametrize(
    "path",
    ["summary document", "summary topic", "summary corpus", "summary thread", "summary channel", "timeline", "compare"],
)
async def test_how_long_it_is_and_who_sees_it_can_be_chosen(local_discord: LocalDiscord, bot: DissentBot, path: str):
    name, *rest = path.split()
    [command] = [command for command in local_discord.world.commands[None] if command["name"] == name]
    for part in rest:
        [command] = [option for option in command["options"] if option["name"] == part]
    options = {option["name"]: option for option in command["options"]}

    assert [choice["value"] for choice in options["length"]["choices"]] == ["short", "medium", "long"]
    assert not options["length"].get("required")
    assert not options["private"].get("required")


async def test_a_longer_summary_shows_more(local_discord: LocalDiscord, bot: DissentBot):
    short, long = [
        await asked(local_discord, "summary document", name=TITLE, length=length) for length in ("short", "long")
    ]

    assert 2 <= len(quotes_shown(short)) <= 3
    assert len(quotes_shown(long)) > 6


async def test_the_corpus_is_shown_by_theme(local_discord: LocalDiscord, bot: DissentBot):
    answer = await asked(local_discord, "summary corpus")

    shown = text_of(read(answer.content)) + text_of(read(answer.embeds[0].get("description", "")))
    for title in (TITLE, "Keeping bees", "Sourdough bread"):
        assert title in shown


async def test_a_timeline_is_in_order(local_discord: LocalDiscord, bot: DissentBot):
    answer = await asked(local_discord, "timeline", topic=LIGHTHOUSE)

    shown = text_of(read(answer.content))
    assert shown.index("\n1862\n") < shown.index("\n1894\n") < shown.index("\n1904\n")


async def test_a_timeline_has_a_picture_that_is_told_in_words_too(local_discord: LocalDiscord, bot: DissentBot):
    dark = await asked(local_discord, "timeline", topic=LIGHTHOUSE)
    light = await asked(local_discord, "timeline", topic=LIGHTHOUSE, look="light")

    [attached], [brighter] = dark.attachments, light.attachments
    assert attached["filename"] == "timeline.png"
    assert f"\n1862: {BUILT}\n" in attached["description"]
    pictures = [uploaded(local_discord, attachment) for attachment in (attached, brighter)]
    assert [png[:8] for png in pictures] == [b"\x89PNG\r\n\x1a\n"] * 2
    assert pictures[0] != pictures[1]


async def test_nothing_else_has_a_picture(local_discord: LocalDiscord, bot: DissentBot):
    assert (await asked(local_discord, "summary topic", text=LIGHTHOUSE)).attachments == []
    assert (await asked(local_discord, "timeline", topic=NOT_COVERED)).attachments == []


async def test_where_no_file_may_be_attached_the_text_stands_alone(local_discord: LocalDiscord, bot: DissentBot):
    await local_discord.deny(local_discord.general, Permission.ATTACH_FILES)

    plain = await asked(local_discord, "timeline", topic=LIGHTHOUSE)
    missed = await asked(local_discord, "timeline", topic=LIGHTHOUSE, look="dark")

    assert plain.attachments == missed.attachments == []
    assert quotes_shown(plain) == quotes_shown(missed) != []
    assert rendering.NO_PICTURE not in plain.content
    assert rendering.NO_PICTURE in missed.content


async def test_two_documents_are_compared(local_discord: LocalDiscord, bot: DissentBot, corpus_folder: Path):
    (corpus_folder / "sea" / "red.md").write_text("# Red Skerry\n\nThree keepers lived on the red rock at a time.\n")
    await bot.service.reload()

    answer = await asked(local_discord, "compare", a=TITLE, b="Red Skerry")
    same = await asked(local_discord, "compare", a=TITLE, b=TITLE)

    first, second = quotes_shown(answer)[:2]
    assert text_of(read(answer.content)).startswith(f"{TITLE} \u00b7 Red Skerry\n{wording.SAME_POINTS}\n")
    assert first == "Three keepers lived on the rock at a time."
    assert second == "Three keepers lived on the red rock at a time."
    assert same.content == SAME_DOCUMENT
    assert same.is_ephemeral


@pytest.mark.parametrize(("command", "option"), [("summary topic", "text"), ("timeline", "topic")])
async def test_a_topic_that_is_not_covered_is_refused_like_a_question(
    local_discord: LocalDiscord, bot: DissentBot, command: str, option: str
):
    answer = await asked(local_discord, command, **{option: NOT_COVERED})
    question = await asked(local_discord, "ask", question=NOT_COVERED)

    assert wording.NOT_COVERED in answer.content
    assert "price and bitcoin do not appear in them" in text_of(read(answer.content))
    assert answer.embeds == []
    assert answer.buttons == question.buttons


async def test_an_uncertain_topic_says_so(local_discord: LocalDiscord, bot: DissentBot):
    assert wording.UNCERTAIN_TOPIC in (await asked(local_discord, "summary topic", text=UNCERTAIN)).content


async def test_a_document_that_is_not_there_is_said_to_its_asker_alone(local_discord: LocalDiscord, bot: DissentBot):
    answer = await asked(local_discord, "summary document", name="nowhere")

    assert answer.is_ephemeral
    assert answer.content == NO_DOCUMENT


async def test_a_private_summary_can_be_shared(local_discord: LocalDiscord, bot: DissentBot):
    answer = await asked(local_discord, "summary document", name=TITLE, private=True)
    shared = await (await local_discord.press(answer, "Share")).answer()

    assert answer.is_ephemeral
    assert not shared.is_ephemeral
    assert shared.content == answer.content
    assert shared.buttons == ["Context", "Source", "Delete"]


@pytest.mark.usefixtures("small_pages")
async def test_what_is_shared_has_the_same_further_pages(local_discord: LocalDiscord, bot: DissentBot):
    answer = await asked(local_discord, "summary topic", text=LIGHTHOUSE, length="long", private=True)
    shared = await (await local_discord.press(answer, "Share")).answer()
    pages = [await (await local_discord.press(message, "More")).answer() for message in (answer, shared)]

    assert shared.buttons == ["More", "Context", "Source", "Delete"]
    assert quotes_shown(pages[0]) == quotes_shown(pages[1]) != []


async def test_a_shared_timeline_keeps_its_picture(local_discord: LocalDiscord, bot: DissentBot):
    answer = await asked(local_discord, "timeline", topic=LIGHTHOUSE, private=True)
    shared = await (await local_discord.press(answer, "Share")).answer()

    [before], [after] = answer.attachments, shared.attachments
    assert after["description"] == before["description"]
    assert uploaded(local_discord, after) == uploaded(local_discord, before)


async def test_a_shared_timeline_whose_picture_is_gone_is_shared_all_the_same(
    local_discord: LocalDiscord, bot: DissentBot
):
    answer = await asked(local_discord, "timeline", topic=LIGHTHOUSE, private=True)
    local_discord.world.files.clear()
    shared = await (await local_discord.press(answer, "Share")).answer()

    assert shared.content == answer.content
    assert shared.attachments == []


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("summary document", {"name": TITLE}),
        ("summary topic", {"text": LIGHTHOUSE}),
        ("summary corpus", {}),
        ("timeline", {"topic": LIGHTHOUSE, "look": "light"}),
        ("compare", {"a": TITLE, "b": "Keeping bees"}),
        ("summary topic", {"text": NOT_COVERED}),
    ],
)
async def test_what_a_killed_process_was_asked_for_is_made_after_the_restart(
    local_discord: LocalDiscord,
    library: Library,
    tmp_path: Path,
    command: str,
    options: dict[str, object],
):
    killed, data = KillableBot(local_discord, library, tmp_path / "killed"), tmp_path / "killed"
    await killed.start()
    local_discord.fail("PATCH /webhooks", drop=True, times=50)  # so that nothing is shown before the end
    interaction = await local_discord.slash(command, options=options)
    await interaction.acknowledged()
    await local_discord.until(lambda: killed.pending_ids() or None, waiting_for="the note")
    await killed.kill()
    local_discord.gateway.forget_sessions()
    local_discord.faults.clear()

    async with dissent_bot(local_discord, library, data) as bot:
        made = await interaction.answer()
        undisturbed = await asked(local_discord, command, **options)
        await done(bot)

    assert made.content == undisturbed.content
    assert made.buttons == undisturbed.buttons
    assert [file["description"] for file in made.attachments] == [
        file["description"] for file in undisturbed.attachments
    ]


async def test_its_quotes_have_context_and_sources(local_discord: LocalDiscord, bot: DissentBot):
    answer = await asked(local_discord, "summary document", name=TITLE)
    context = await (await local_discord.press(answer, "Context")).answer()
    second = await (await local_discord.press(context, "Quote 2 in context")).answer()
    source = await (await local_discord.press(answer, "Source")).answer()

    assert quotes_shown(answer)[0] in " ".join(text_of(read(context.content)).split())
    assert "[2] " in text_of(read(second.content))
    assert [attachment["filename"] for attachment in source.attachments] == ["lighthouse.md"]


async def test_the_context_of_any_quote_of_a_long_comparison_is_picked_from_a_menu_after_a_restart_too(
    local_discord: LocalDiscord, library: Library, tmp_path: Path
):
    options = {"a": TITLE, "b": "Keeping bees", "length": "long"}
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        answer = await remembered(bot, await asked(local_discord, "compare", **options))
        first = await (await local_discord.press(answer, "Context", user=local_discord.bob)).answer()
    async with dissent_bot(local_discord, library, tmp_path / "data"):
        picked = await (await local_discord.choose(first, "9", user=local_discord.bob)).answer()
        first_again = await (await local_discord.choose(picked, "1", user=local_discord.bob)).answer()

    assert first.buttons == []
    assert picked.is_ephemeral
    assert "[9] " in text_of(read(picked.content))
    assert first_again.content == first.content


async def test_a_choice_from_a_menu_that_a_killed_process_left_is_shown_after_the_restart(
    local_discord: LocalDiscord, library: Library, tmp_path: Path
):
    options = {"a": TITLE, "b": "Keeping bees", "length": "long"}

    with pytest.MonkeyPatch.context() as patch:
        async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
            answer = await remembered(bot, await asked(local_discord, "compare", **options))
            first = await (await local_discord.press(answer, "Context")).answer()
            patch.setattr(in_use(buttons), "fill", NeverEnding())
            chosen = await local_discord.choose(first, "9")
            await chosen.acknowledged()
    async with dissent_bot(local_discord, library, tmp_path / "data"):
        late = await chosen.answer()

    assert "[9] " in text_of(read(late.content))


@pytest.mark.usefixtures("small_pages")
async def test_what_one_message_does_not_hold_is_a_press_away(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    message = await asked(local_discord, "summary document", name=TITLE, length="long")
    shown = [message]
    while "More" in message.buttons:
        message = await (await local_discord.press(message, "More", user=local_discord.bob)).answer()
        shown.append(message)

    document = library.document("sea/lighthouse")
    summary = library.summarize_document("sea/lighthouse", length=Length.LONG)
    context = await (await local_discord.press(shown[-1], "Context", user=local_discord.bob)).answer()
    assert quotes_shown(shown[-1])[0] in " ".join(text_of(read(context.content)).split())
    assert len(shown) > 2
    assert all(page.is_ephemeral for page in shown[1:])
    assert [line for page in shown for line in quotes_shown(page)] == [
        document.plain(quote.citation.span) for quote in summary.quotes
    ]


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize(("command", "option"), [("summary topic", "text"), ("timeline", "topic")])
async def test_further_pages_of_a_topic_work_after_a_restart(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, command: str, option: str
):
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        first = await asked(local_discord, command, **{option: LIGHTHOUSE}, length="long")
        await remembered(bot, first)

    async with dissent_bot(local_discord, library, tmp_path / "data"):
        second = await (await local_discord.press(first, "More")).answer()

    assert quotes_shown(second)
    assert not set(quotes_shown(first)) & set(quotes_shown(second))


async def test_what_is_summed_up_is_not_logged_and_pings_nobody(local_discord: LocalDiscord, bot: DissentBot):
    topic = f"@everyone {local_discord.bob.mention} lighthouse Skerry"

    with logged() as log:
        answer = await asked(local_discord, "summary topic", text=topic)

    assert not any("Skerry" in record.getMessage() for record in log.records)
    assert (answer.pinged_ids, answer.pings_everyone) == (set(), False)


async def test_a_blocked_person_is_told_so_alone(local_discord: LocalDiscord, bot: DissentBot):
    await (await local_discord.slash("settings people", block=local_discord.bob, user=local_discord.owner)).answer()

    answer = await asked(local_discord, "summary corpus", user=local_discord.bob)

    assert answer.is_ephemeral
    assert "do not let you ask" in answer.content


async def test_the_topic_has_a_bound_that_discord_enforces(local_discord: LocalDiscord, bot: DissentBot):
    with pytest.raises(ValueError, match="characters"):
        await local_discord.slash("summary topic", text="x" * (limits.QUESTION + 1))

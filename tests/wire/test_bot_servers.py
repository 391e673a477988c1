"""What a server has added is shown in that server, and by no command, button or suggestion anywhere else.

Every command that the bot has, every option that is suggested and every button that its code knows is tried: one that
is new fails a test until it stands here.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.client import DissentBot
from bot.records import Deed, Record, by_moderator
from bot.render.body import Action, Button, LibraryAction
from bot.state import Asked
from index import Library

from .acting import CommandHiddenError, CommandType, OptionType
from .bots import BEST_SENTENCE, dissent_bot, remembered, said_by_the_bot
from .components import SELECTS, ComponentType, walk
from .interactions import CallbackKind, Interaction
from .moderating import QUOBBLER_QUESTION, QUOBBLERS
from .server import LocalDiscord
from .world import Channel, Json, Message, Person, Upload

pytestmark = pytest.mark.asyncio(loop_scope="function")

ZORBIUM = "What of the zorbium treaty?"
NOTES = b"# Gardens\n\nHedges are cut in February, before birds nest in them.\n"
WORDS = ("hollow dunes", "almanac", "server/quobblers", "zorbium treaty", "7 documents", "quobblers.md")
"""What is the server's own: of a document's text, its title, its id and file, a noted question, how many there are."""

QUESTION = {"question": QUOBBLER_QUESTION}
NAMES = ("server/quobblers", "The Quobbler Almanac", "{key}")

TRIES: dict[str, list[dict[str, Any]]] = {
    "ask": [QUESTION, *({"question": "lamp", "document": name} for name in NAMES)],
    "summary document": [{"name": name} for name in NAMES],
    "summary topic": [{"text": QUOBBLER_QUESTION}],
    "summary corpus": [{}, {"length": "long"}],
    "summary channel": [{}],
    "summary thread": [{}],
    "timeline": [{"topic": QUOBBLER_QUESTION}],
    "compare": [{"a": name, "b": "Keeping bees"} for name in NAMES],
    "corpus list": [{}],
    "corpus show": [{"document": name} for name in NAMES],
    "corpus status": [{}],
    "about": [{}],
    "help": [{}],
    "forget me": [{}],
    "manage reload": [{"dry_run": True}, {}],
    "manage add": [{"file": Upload("gardens.md", NOTES)}, {"file": Upload("gardens.md", NOTES + b"!")}],
    "manage remove": [{"document": name} for name in NAMES],
    "manage history": [{}, {"shared": True}],
    "manage rollback": [{}, {"generation": "{generation}"}, {"shared": True}],
    "manage export": [{}],
    "manage review": [{}],
    "manage audit": [{}],
    "manage forget": [{}],
    "settings show": [{}],
    "settings answers": [{}],
    "settings people": [{}],
    "settings privacy": [{}],
    "setup": [{}],
}
"""What is typed into each command; `{key}` and `{generation}` are the server's own."""

MENUS = {"Answer this message"}

ARGUMENTS: dict[LibraryAction, tuple[str, ...]] = {
    LibraryAction.LIST: ("0", "1"),
    LibraryAction.MAKE_CURRENT: ("own.{generation}", "shared.{generation}"),
    LibraryAction.DISCARD: ("own.{generation}", "shared.{generation}"),
    LibraryAction.REPLACE: ("{key}",),
    LibraryAction.REMOVE: ("{key}", "server/quobblers"),
    LibraryAction.FORGET_DOCUMENTS: ("",),
    LibraryAction.FORGET_SERVER: ("",),
    LibraryAction.AUDIT: ("0", "1"),
    LibraryAction.REVIEW: ("0", "1"),
    LibraryAction.DONE: ("{ref}",),
    LibraryAction.MAKE_GOLDEN: ("{ref}",),
    LibraryAction.EXPECT: ("{ref}",),
    LibraryAction.EXPECT_OTHER: ("{ref}",),
    LibraryAction.GOLDEN_QUESTIONS: ("0",),
    LibraryAction.DROP_GOLDEN: ("0",),
}
"""What the ids of forged buttons name: what is the first server's, as if somebody had its buttons elsewhere."""


PICKED = {LibraryAction.EXPECT: "{key}", LibraryAction.DROP_GOLDEN: "1"}
"""What is picked from forged menus."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is the first server's own, by the names that commands and buttons know it by."""

    key: str
    generation: str
    ref: str
    answer_id: int
    person_id: int

    def fill(self, text: Any) -> Any:
        """An option's value, or a button's argument, with these in place."""
        if not isinstance(text, str):
            return text
        return text.format(key=self.key, generation=self.generation, ref=self.ref)

    @property
    def words(self) -> tuple[str, ...]:
        """What nobody else may ever read."""
        return (*WORDS, self.generation, str(self.person_id))


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    """The bot, in two servers, of which one has added a document."""
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        await bot.service.ask(QUOBBLER_QUESTION)
        by = by_moderator(local_discord.bob.id, local_discord.guild.id)
        await bot.service.add(local_discord.guild.id, "quobblers.md", QUOBBLERS, by=by)
        yield bot


@pytest_asyncio.fixture(loop_scope="function")
async def secrets(local_discord: LocalDiscord, bot: DissentBot) -> Secrets:
    """What there is to know of the server: a document, who added it, a noted and a golden question, an answer."""
    guild_id, state = local_discord.guild.id, bot.state
    await state.change_settings(guild_id, notes_uncovered=True, blocked_ids=(local_discord.bob.id,))
    await state.note_deed(Record(guild_id, local_discord.bob.id, Deed.ADD, document="server/quobblers"))
    await state.note_uncovered(Asked(ZORBIUM, local_discord.bob.id, guild_id, 1), ("zorbium",))
    await state.add_golden(guild_id, ZORBIUM, "server/quobblers", "The Quobbler Almanac")
    answer = await remembered(bot, await (await local_discord.slash("ask", options=QUESTION)).answer())
    shown = await state.shown_in_message(answer.id)
    assert shown is not None
    [item] = await state.unserved(guild_id, count=9)
    entry = await bot.service.find_document("server/quobblers", guild_id)
    generation = (await bot.service.status(guild_id)).generation
    assert entry is not None
    assert generation is not None
    return Secrets(entry.key, generation, item.ref, shown.id, local_discord.bob.id)


def leaves(command: Json, path: str = "") -> Iterator[tuple[str, list[Json]]]:
    """Every command of a tree that can be run, with its options."""
    path = f"{path} {command['name']}".strip()
    options = command.get("options") or []
    if any(option["type"] <= OptionType.SUBCOMMAND_GROUP for option in options):
        for option in options:
            yield from leaves(option, path)
    else:
        yield path, options


def commands_of(local_discord: LocalDiscord) -> dict[str, list[Json]]:
    """What the bot has told Discord of its slash commands."""
    synced = [one for one in local_discord.world.commands[None] if one["type"] == CommandType.CHAT]
    return dict(leaf for command in synced for leaf in leaves(command))


async def settled(local_discord: LocalDiscord, interaction: Interaction) -> Message | None:
    """What a command or press shows; None for a dialog, and where it deletes its message."""
    if await interaction.acknowledged() in (CallbackKind.MODAL, CallbackKind.AUTOCOMPLETE):
        return None
    if interaction.name.split(":")[2:3] == [Action.DELETE]:  # acknowledged like this only where it is allowed
        source = interaction.source
        assert source is not None
        if interaction.callback is CallbackKind.DEFERRED_UPDATE:
            await local_discord.until(lambda: local_discord.current(source) is None, waiting_for="the deletion")
            return None
    return await interaction.answer()


async def try_everything_below(
    local_discord: LocalDiscord, message: Message, user: Person, tried: set[str], *, depth: int = 2
) -> None:
    """Press the buttons of a message, pick from its menus, and go on with what comes.

    Args:
        local_discord: Where.
        message: Whose buttons.
        user: Who presses.
        tried: What was tried already, so that each kind is tried once; more is noted there.
        depth: How far to go on.
    """
    for component in list(walk(message.components)):
        custom_id = component.get("custom_id", "")
        kind = "".join(re.findall(r"[a-z_]+:", custom_id + ":"))
        current = local_discord.current(message)
        if not custom_id or kind in tried or current is None:
            continue
        if custom_id not in {one.get("custom_id") for one in walk(current.components)}:
            continue  # the press before has changed the message
        tried.add(kind)
        if component["type"] in SELECTS:
            first = component["options"][0]["value"]
            interaction = await local_discord.choose(message, first, menu=custom_id, user=user)
        else:
            interaction = await local_discord.press(message, custom_id, user=user)
        shown = await settled(local_discord, interaction)
        if shown is not None and depth:
            await try_everything_below(local_discord, shown, user, tried, depth=depth - 1)


async def try_every_command(local_discord: LocalDiscord, secrets: Secrets, channel: Channel, user: Person) -> None:
    """Run every command, type into every option that is suggested, and try what is below the replies."""
    for path, options in commands_of(local_discord).items():
        tried: set[str] = set()
        for option in options:
            if not option.get("autocomplete"):
                continue
            for typed in ("", "quob", "server", "the q", "how", secrets.generation[:3]):
                try:
                    await local_discord.autocomplete(path, option["name"], typed, user=user, channel=channel)
                except CommandHiddenError:
                    break
        for values in TRIES[path]:
            filled = {name: secrets.fill(value) for name, value in values.items()}
            try:
                interaction = await local_discord.slash(path, user=user, channel=channel, options=filled)
            except CommandHiddenError:
                break
            await try_everything_below(local_discord, await interaction.answer(), user, tried)
    for menu in MENUS:
        said = await local_discord.say(QUOBBLER_QUESTION, channel=channel, user=user)
        answer = await (await local_discord.context_menu(menu, said, user=user)).answer()
        await try_everything_below(local_discord, answer, user, set())


async def press_forged(
    local_discord: LocalDiscord, secrets: Secrets, custom_ids: list[str], channel: Channel, user: Person
) -> None:
    """Press buttons that carry what is the first server's, as Discord would never let anybody."""
    for custom_id in custom_ids:
        picked = next((value for action, value in PICKED.items() if f":{action}:" in custom_id), None)
        item: Json = {"custom_id": custom_id, "type": int(ComponentType.BUTTON), "style": 1, "label": "?"}
        if picked is not None:
            options = [{"label": "?", "value": secrets.fill(picked)}]
            item = {"custom_id": custom_id, "type": int(ComponentType.STRING_SELECT), "options": options}
        body = {"content": "?", "components": [{"type": int(ComponentType.ACTION_ROW), "components": [item]}]}
        message = local_discord.world.post(channel, local_discord.bot, body, [Upload("gardens.md", NOTES)])
        pressed = (
            await local_discord.press(message, custom_id, user=user)
            if picked is None
            else await local_discord.choose(message, "?", user=user)
        )
        await settled(local_discord, pressed)


def forged(secrets: Secrets, user: Person) -> Iterator[str]:
    """The ids of every button there is, of moderators' ones as if `user` had used the command."""
    for action, arguments in ARGUMENTS.items():
        for argument in arguments:
            yield f"library:{action}:{user.id}:{secrets.fill(argument)}"
    yield Button(Action.FORGET_ME, "").custom_id
    for answer_action in set(Action) - {Action.FORGET_ME}:
        argument = secrets.key if answer_action is Action.TOPIC else "1"
        yield f"answer:{secrets.answer_id}:{answer_action}:{argument}"


def sent_since(local_discord: LocalDiscord, first: int) -> str:
    """Everything that the bot has sent to Discord, files included, but for what was typed."""
    parts = []
    for request in local_discord.requests[first:]:
        parts.append(json.dumps(request.body, default=str, ensure_ascii=False))
        parts += [upload.filename + upload.data.decode(errors="replace") for upload in request.files]
    return " ".join(parts).casefold().replace(QUOBBLER_QUESTION.casefold(), "")


async def test_nothing_is_left_out_of_the_buttons():
    assert set(ARGUMENTS) == set(LibraryAction)


async def test_nothing_is_left_out_of_the_commands(local_discord: LocalDiscord, bot: DissentBot):
    commands = commands_of(local_discord)
    menus = {one["name"] for one in local_discord.world.commands[None] if one["type"] != CommandType.CHAT}

    assert set(TRIES) == set(commands)
    assert menus == MENUS
    for path, options in commands.items():
        tried = {name for values in TRIES[path] for name in values}
        assert {option["name"] for option in options if option.get("autocomplete")} <= tried, path


async def test_the_server_itself_is_shown_it_all(local_discord: LocalDiscord, bot: DissentBot, secrets: Secrets):
    """Otherwise the tests below could not fail."""
    before = len(local_discord.requests)
    user, channel = local_discord.moderator, local_discord.general
    for path in ("manage review", "ask", "corpus list", "manage audit", "manage history", "manage export"):
        for values in TRIES[path]:
            filled = {name: secrets.fill(value) for name, value in values.items()}
            await (await local_discord.slash(path, user=user, channel=channel, options=filled)).answer()

    sent = sent_since(local_discord, before)
    assert [word for word in secrets.words if word not in sent] == []


async def check_that_nothing_was_changed(local_discord: LocalDiscord, bot: DissentBot, secrets: Secrets) -> None:
    guild_id = local_discord.guild.id
    assert "server/quobblers" in {entry.id for entry in await bot.service.documents(guild_id)}
    assert (await bot.service.status(guild_id)).generation == secrets.generation
    assert ZORBIUM in {item.question for item in await bot.state.unserved(guild_id, count=9)}
    assert [one.question for one in await bot.state.golden(guild_id)] == [ZORBIUM]
    assert await bot.state.shown(secrets.answer_id) is not None


def place_of(local_discord: LocalDiscord, place: str) -> Channel:
    """A channel in which somebody tries, and how the bot came there."""
    local_discord.brought_along = place.startswith("brought")
    here = {
        "a direct message": local_discord.world.dm_channel(local_discord.moderator),
        "brought along": local_discord.quiet,
    }
    return here.get(place, local_discord.other_general)


@pytest.mark.parametrize("place", ["another server", "a direct message", "brought to another server", "brought along"])
async def test_no_command_shows_any_of_it_elsewhere(
    local_discord: LocalDiscord, bot: DissentBot, secrets: Secrets, place: str
):
    before = len(local_discord.requests)

    await try_every_command(local_discord, secrets, place_of(local_discord, place), local_discord.moderator)

    sent = sent_since(local_discord, before)
    assert [word for word in secrets.words if word in sent] == []
    assert "6 documents" in sent
    await check_that_nothing_was_changed(local_discord, bot, secrets)


@pytest.mark.parametrize("place", ["another server", "a direct message", "brought to another server", "brought along"])
async def test_no_button_shows_any_of_it_elsewhere(
    local_discord: LocalDiscord, bot: DissentBot, secrets: Secrets, place: str
):
    before, channel, user = len(local_discord.requests), place_of(local_discord, place), local_discord.moderator
    ids = [one for one in forged(secrets, user) if place != "brought along" or one.startswith("library:")]

    await press_forged(local_discord, secrets, ids, channel, user)

    sent = sent_since(local_discord, before)
    assert [word for word in secrets.words if word in sent] == []
    await check_that_nothing_was_changed(local_discord, bot, secrets)


async def test_a_mention_is_answered_from_the_servers_own_documents_in_that_server_alone(
    local_discord: LocalDiscord, bot: DissentBot
):
    for channel in (local_discord.general, local_discord.other_general):
        await local_discord.say(f"{local_discord.bot.mention} {QUOBBLER_QUESTION}", channel=channel)
        await local_discord.next_message(channel=channel)

    here, there = (
        said_by_the_bot(local_discord, channel)[0].text
        for channel in (local_discord.general, local_discord.other_general)
    )
    assert "hollow dunes" in here
    assert "hollow dunes" not in there


async def test_buttons_of_a_servers_answer_show_it_to_nobody_who_brought_the_bot_along(
    local_discord: LocalDiscord, bot: DissentBot
):
    answer = await (await local_discord.slash("ask", options=QUESTION)).answer()
    own = await (await local_discord.press(answer, "Source")).answer()
    local_discord.brought_along = True

    source = await (await local_discord.press(answer, "Source")).answer()
    more = await (await local_discord.press(answer, "More")).answer()

    assert [file["filename"] for file in own.attachments] == ["quobblers.md"]
    assert source.attachments == []
    assert "hollow dunes" not in more.text


async def test_the_shared_corpus_answers_in_a_server_with_documents_too(local_discord: LocalDiscord, bot: DissentBot):
    answer = await (await local_discord.slash("ask", question="When was the lighthouse built?")).answer()

    assert BEST_SENTENCE.split(".")[0][:40] in answer.text.replace("*", "")

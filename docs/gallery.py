"""Make the pictures of `docs/gallery.md`: real messages of the bot, drawn as Discord shows them.

    python -m docs.gallery [--html FOLDER]

The bot runs with its model and the bundled corpus on the local Discord of `tests/wire`; what it sends there is drawn by
`docs/discord_look.py` and photographed by Chromium (Debian: `apt install chromium`; elsewhere name it in `CHROMIUM`).
With `--html` the pages are written and nothing is photographed, which needs no Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import logging
import mimetypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import cast

from PIL import Image, ImageChops

from bot.client import DissentBot
from bot.settings import default_corpus
from bot.turns import Turns
from docs.components_v2 import send_as_v2
from docs.discord_look import Names, Said, page
from index import Library, SentenceTransformerEmbedder
from tests.wire.bots import dissent_bot, remembered
from tests.wire.clients import pointed_at
from tests.wire.gateway import Intent
from tests.wire.interactions import Interaction
from tests.wire.moderating import ended
from tests.wire.server import LocalDiscord
from tests.wire.world import Json, Message

ANSWERED_WITHIN_S = 30.0
RELOADED_WITHIN_S = 300.0

FOLDER = Path(__file__).parent / "gallery"
WIDTHS = {"phone": 390, "desktop": 760}
LOOKS = ("dark", "light")
SCALE = 1.5
TALLEST = 3000
FREQUENT_COLOURS = 14
RARE_COLOURS = 16
"""Enough for text and flat colour, and a third of the bytes."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
NO_BROWSER = (
    "Chromium is needed to make the pictures and was not found: `apt install chromium`, or name it in CHROMIUM. "
    "`--html FOLDER` writes the pages without it."
)


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked; which is answered how depends on the documents."""

    answered: str = "What was the Blood telegram?"
    follow_up: str = "and who signed it?"
    uncertain: str = "Which ambassador resigned over Vietnam?"
    not_covered: str = "What is the best sourdough recipe?"
    not_covered_either: str = "Which sourdough recipe is the best?"
    topic: str = "who may use the Dissent Channel"
    dated: str = "the Blood telegram"
    document: str = "messages/blood-telegram-1971"
    compared: tuple[str, str] = ("reference/faq", "rules/who-may-use-it")


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture in each look and width."""

    name: str
    conversation: tuple[Said, ...]
    widths: tuple[str, ...] = tuple(WIDTHS)


async def scenes(
    discord: LocalDiscord, library: Library, data: Path, questions: Questions
) -> tuple[list[Scene], Names]:
    """Ask a bot on the local Discord, and give what it said, with the names to show for ids.

    Args:
        discord: Where discord.py is pointed at.
        library: What it answers from; files of its corpus are changed.
        data: An empty folder for its state.
        questions: What to ask it.
    """
    discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
    async with dissent_bot(discord, library, data, message_content=True) as bot:
        found = [
            *await _conversation(discord, bot, questions),
            *await _reading_on(discord, bot, questions),
            *await _summaries(discord, questions),
            *await _commands(discord, bot, questions),
            *await _reviewing(discord, bot, questions),
            *await _reloading(discord, library),
            await _busy(discord, bot, questions),
        ]
    names = Names(
        {person.id: _name(person.payload()) for person in discord.world.people.values()},
        {channel.id: channel.name for channel in discord.world.channels.values()},
        {role.id: role.name for guild in discord.world.guilds.values() for role in guild.roles},
    )
    return found, names


async def _on_a_local_discord(library: Library, data: Path) -> tuple[list[Scene], Names]:
    async with LocalDiscord() as discord:
        with pointed_at(discord):
            return await scenes(discord, library, data, Questions())


async def _conversation(discord: LocalDiscord, bot: DissentBot, questions: Questions) -> list[Scene]:
    """An answer in a channel, and the question that its asker has next."""
    first = await discord.say(f"{discord.bot.mention} {questions.answered}")
    answer = await remembered(bot, await discord.next_message(reply_to=first))
    next_one = await discord.say(questions.follow_up, reply_to=answer)
    follow_up = await discord.next_message(reply_to=next_one)
    return [Scene("follow-up", (_said(next_one, answer), _said(follow_up, next_one)))]


async def _reading_on(discord: LocalDiscord, bot: DissentBot, questions: Questions) -> list[Scene]:
    """Answers to a command, and what their buttons show."""
    asked = await discord.slash("ask", question=questions.answered)
    answer = await asked.answer(timeout_s=ANSWERED_WITHIN_S)
    private = await discord.slash("ask", question=questions.answered, private=True)
    uncertain = await discord.slash("ask", question=questions.uncertain)
    ana = discord.world.add_person("ana", locale="es-ES")
    discord.guild.members[ana.id] = (ana, ())
    in_spanish = await discord.slash("ask", user=ana, question=questions.answered, private=True)
    found = [
        Scene("answered", (await _answer(discord, asked),)),
        await _as_v2(bot, discord, "answered", asked),
        Scene("private", (await _answer(discord, private),)),
        Scene("spanish", (replace(await _answer(discord, in_spanish), language="es"),)),
    ]
    for label in ("Context", "Source"):
        pressed = await discord.press(answer, label)
        found.append(Scene(label.lower(), (await _answer(discord, pressed, above=answer),)))
    return [
        *found,
        Scene("uncertain", (await _answer(discord, uncertain),)),
        await _as_v2(bot, discord, "uncertain", uncertain),
    ]


async def _as_v2(bot: DissentBot, discord: LocalDiscord, name: str, asked: Interaction) -> Scene:
    """The answer to a command once more, as Components V2 on a phone."""
    message = await send_as_v2(bot, asked, await asked.answer(timeout_s=ANSWERED_WITHIN_S))
    said = replace(await _answer(discord, asked), message=message.payload)
    return Scene(f"{name}-v2", (said,), widths=("phone",))


async def _summaries(discord: LocalDiscord, questions: Questions) -> list[Scene]:
    """Summaries of a document and of a topic, a timeline with its picture, and two documents side by side."""
    left, right = questions.compared
    asked = {
        "summary-document": await discord.slash("summary document", user=discord.bob, name=questions.document),
        "summary-topic": await discord.slash("summary topic", text=questions.topic),
        "timeline": await discord.slash("timeline", user=discord.moderator, topic=questions.dated),
        "compare": await discord.slash("compare", user=discord.bob, a=left, b=right, length="short"),
    }
    return [Scene(name, (await _answer(discord, interaction),)) for name, interaction in asked.items()]


async def _commands(discord: LocalDiscord, bot: DissentBot, questions: Questions) -> list[Scene]:
    """What moderators see and set, a refusal, and what the bot says of itself."""
    moderator, channels = discord.moderator, {"channel": discord.quiet, "mode": "thread"}
    setup = await discord.slash("setup", user=moderator)
    found = [Scene("setup", (await _answer(discord, setup),))]
    await (await discord.slash("settings answers", user=moderator, options=channels)).answer()
    people = {"ask_channel": discord.general, "ask_role": discord.moderators}
    await (await discord.slash("settings people", user=moderator, options=people)).answer()
    await (await discord.slash("settings privacy", user=moderator, note_questions=True)).answer()
    settings = await discord.slash("settings show", user=moderator)
    found.append(Scene("settings", (await _answer(discord, settings),)))
    refused = await discord.slash("ask", question=questions.not_covered)
    found += [
        Scene("not-covered", (await _answer(discord, refused),)),
        await _as_v2(bot, discord, "not-covered", refused),
    ]
    for name in ("about", "help"):
        found.append(Scene(name, (await _answer(discord, await discord.slash(name)),)))
    return found


async def _reviewing(discord: LocalDiscord, bot: DissentBot, questions: Questions) -> list[Scene]:
    """What moderators are shown of questions that were not answered, or not well."""
    again = await discord.slash("ask", user=discord.bob, question=questions.not_covered_either)
    await again.answer(timeout_s=ANSWERED_WITHIN_S)
    doubted = await discord.slash("ask", user=discord.bob, question=questions.uncertain)
    answer = await remembered(bot, await doubted.answer(timeout_s=ANSWERED_WITHIN_S))
    await (await discord.press(answer, "Not helpful", user=discord.bob)).answer()
    review = await discord.slash("manage review", user=discord.moderator)
    return [Scene("review", (await _answer(discord, review),))]


async def _reloading(discord: LocalDiscord, library: Library) -> list[Scene]:
    """A reload that waits for a moderator's yes, and one that has nothing to ask."""
    texts = {path: path.read_bytes() for path in sorted(library.corpus.rglob("*.md")) if path.name != "README.md"}
    first, *others = texts
    for path in others[: len(texts) // 3 + 1]:
        path.unlink()
    waits = await _reloaded(discord, says="waits for your yes")
    await (await discord.press(waits, "Discard", user=discord.moderator)).answer(until=lambda now: not now.buttons)
    for path, text in texts.items():
        path.write_bytes(text)
    first.write_bytes(texts[first] + b"\nThis is the last sentence.\n")
    (library.corpus / "news.md").write_bytes(b"# News\n\nOf news there is none yet.\n")
    finished = await _reloaded(discord, says="is current now")
    return [Scene("reload-waits", (Said(waits.payload),)), Scene("reload", (Said(finished.payload),))]


async def _reloaded(discord: LocalDiscord, *, says: str) -> Message:
    """The public message of a reload, once it says how it ended."""
    await (await discord.slash("manage reload", user=discord.moderator)).answer()
    return await ended(discord, await discord.next_message(), says=says, timeout_s=RELOADED_WITHIN_S)


async def _busy(discord: LocalDiscord, bot: DissentBot, questions: Questions) -> Scene:
    """What is said where too many ask."""
    bot.service.turns = Turns(limit=0)
    return Scene("busy", (await _answer(discord, await discord.slash("ask", question=questions.answered)),))


async def _answer(discord: LocalDiscord, interaction: Interaction, *, above: Message | None = None) -> Said:
    """What an interaction was answered with, below the command, or the message whose button was pressed."""
    message = await interaction.answer(timeout_s=ANSWERED_WITHIN_S)
    attached = [_with_data(discord, file) for file in message.attachments]
    payload = message.payload | {"attachments": attached}
    if above is not None:
        return replace(_said(message, above), message=payload)
    return Said(payload, (_name(interaction.person.payload()), interaction.name), is_command=True)


def _with_data(discord: LocalDiscord, file: Json) -> Json:
    """An attachment whose address is all of it, so that a page shows it without the local Discord.

    What it is, Discord sees for itself: discord.py does not say.
    """
    [upload] = [upload for path, upload in discord.world.files.items() if path in file["url"]]
    kind = mimetypes.guess_type(file["filename"])[0] or file["content_type"]
    return file | {"content_type": kind, "url": f"data:{kind};base64,{base64.b64encode(upload.data).decode()}"}


def _said(message: Message, above: Message) -> Said:
    preview = re.sub(r"^> |\*\*|\\", "", above.content.split("\n")[0])
    return Said(message.payload, (_name(above.payload["author"]), preview))


def _name(person: Json) -> str:
    return "Dissent Bot" if person["bot"] else str(person["global_name"])


def write_pages(found: Sequence[Scene], names: Names, folder: Path) -> list[Path]:
    """Write each scene in every look and width."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for scene, look in product(found, LOOKS):
        for device in scene.widths:
            path = folder / f"{scene.name}-{device}-{look}.html"
            html = page(scene.conversation, names, is_light=look == "light", width=WIDTHS[device])
            path.write_text(html, encoding="utf-8")
            written.append(path)
    return written


def find_browser() -> str | None:
    """The command that starts Chromium; None where there is none."""
    named = os.environ.get("CHROMIUM", "")
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), None)


def photograph(browser: str, html: Path, picture: Path) -> None:
    """Make a small PNG of a page, cut below its last message.

    Args:
        browser: What starts Chromium.
        html: The page.
        picture: Where it goes.
    """
    device = html.stem.split("-")[-2]
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        command = [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={folder}",
            f"--force-device-scale-factor={SCALE}",
            f"--window-size={WIDTHS[device]},{TALLEST}",
            f"--screenshot={shot}",
            html.resolve().as_uri(),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not shot.exists():
            raise RuntimeError(f"Chromium made no picture:\n{done.stderr[-2000:]}")
        with Image.open(shot) as image:
            whole = image.convert("RGB")
    blank = Image.new("RGB", whole.size, whole.getpixel((0, whole.height - 1)))
    [_, _, _, bottom] = ImageChops.difference(whole, blank).getbbox() or (0, 0, 0, whole.height)
    room = round(12 * SCALE)
    cut = whole.crop((0, 0, whole.width, min(bottom + room, whole.height)))
    cut.quantize(palette=_palette(cut), dither=Image.Dither.NONE).save(picture, optimize=True)


def _palette(image: Image.Image) -> Image.Image:
    """The most frequent colours of a picture as they are, and a few for what is small, such as emoji."""
    frequent = [colour for _, colour in sorted(_counted(image), reverse=True)[:FREQUENT_COLOURS]]
    rare = image.quantize(RARE_COLOURS, method=Image.Quantize.MAXCOVERAGE).convert("RGB")
    found = dict.fromkeys([*frequent, *(colour for _, colour in _counted(rare))])
    palette = Image.new("P", (1, 1))
    palette.putpalette([channel for colour in found for channel in colour])
    return palette


def _counted(image: Image.Image) -> list[tuple[int, tuple[int, ...]]]:
    """How many pixels have each colour."""
    return cast(list[tuple[int, tuple[int, ...]]], image.getcolors(image.width * image.height) or [])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--html", type=Path, metavar="FOLDER", help="write the pages here and make no pictures")
    wanted: Path | None = parser.parse_args().html
    browser = find_browser()
    if wanted is None and browser is None:
        sys.exit(NO_BROWSER)
    logging.disable(logging.CRITICAL)  # that the bot is busy is meant
    with tempfile.TemporaryDirectory() as folder:
        corpus = shutil.copytree(default_corpus(), Path(folder) / "corpus")
        library = Library(corpus=corpus, data=Path(folder) / "data", embedder=SentenceTransformerEmbedder())
        library.reload()
        found, names = asyncio.run(_on_a_local_discord(library, Path(folder) / "bot"))
        pages = write_pages(found, names, wanted or Path(folder) / "pages")
        if wanted is None and browser is not None:
            FOLDER.mkdir(exist_ok=True)
            for path in pages:
                photograph(browser, path, FOLDER / f"{path.stem}.png")
    print(f"{len(pages)} {'pages' if wanted else 'pictures'} in {wanted or FOLDER}")


if __name__ == "__main__":
    main()

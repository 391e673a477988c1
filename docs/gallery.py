"""Make the pictures of `docs/gallery.md`: real messages of the bot, drawn as Discord shows them.

    python -m docs.gallery [--html FOLDER]

The bot runs with its model and the bundled corpus on the local Discord of `tests/wire`; what it sends there is drawn by
`docs/discord_look.py` and photographed by Chromium (Debian: `apt install chromium`; elsewhere name it in `CHROMIUM`).
With `--html` the pages are written and nothing is photographed, which needs no Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import cast

from PIL import Image, ImageChops

from bot.client import DissentBot
from bot.settings import default_corpus
from bot.turns import Turns
from docs.discord_look import Names, Said, page
from index import Library, SentenceTransformerEmbedder
from tests.wire.bots import dissent_bot, remembered
from tests.wire.clients import pointed_at
from tests.wire.gateway import Intent
from tests.wire.interactions import Interaction
from tests.wire.server import LocalDiscord
from tests.wire.world import Json, Message

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


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture."""

    name: str
    conversation: tuple[Said, ...]


async def scenes(library: Library, data: Path, questions: Questions) -> tuple[list[Scene], Names]:
    """Ask a bot on the local Discord, and give what it said, with the names to show for ids.

    Args:
        library: What it answers from.
        data: An empty folder for its state.
        questions: What to ask it.
    """
    async with LocalDiscord() as discord:
        with pointed_at(discord):
            discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
            async with dissent_bot(discord, library, data, message_content=True) as bot:
                found = [
                    *await _conversation(discord, bot, questions),
                    *await _reading_on(discord, questions),
                    *await _commands(discord, bot, questions),
                ]
        names = Names(
            {person.id: _name(person.payload()) for person in discord.world.people.values()},
            {channel.id: channel.name for channel in discord.world.channels.values()},
            {role.id: role.name for guild in discord.world.guilds.values() for role in guild.roles},
        )
    return found, names


async def _conversation(discord: LocalDiscord, bot: DissentBot, questions: Questions) -> list[Scene]:
    """An answer in a channel, and the question that its asker has next."""
    first = await discord.say(f"{discord.bot.mention} {questions.answered}")
    answer = await remembered(bot, await discord.next_message(reply_to=first))
    next_one = await discord.say(questions.follow_up, reply_to=answer)
    follow_up = await discord.next_message(reply_to=next_one)
    return [Scene("follow-up", (_said(next_one, answer), _said(follow_up, next_one)))]


async def _reading_on(discord: LocalDiscord, questions: Questions) -> list[Scene]:
    """An answer to a command, and what its buttons show."""
    asked = await discord.slash("ask", question=questions.answered)
    answer = await asked.answer(timeout_s=30)
    private = await discord.slash("ask", question=questions.answered, private=True)
    uncertain = await discord.slash("ask", question=questions.uncertain)
    found = [Scene("answered", (await _answer(asked),)), Scene("private", (await _answer(private),))]
    for label in ("Context", "Source"):
        pressed = await discord.press(answer, label)
        found.append(Scene(label.lower(), (await _answer(pressed, above=answer),)))
    return [*found, Scene("uncertain", (await _answer(uncertain),))]


async def _commands(discord: LocalDiscord, bot: DissentBot, questions: Questions) -> list[Scene]:
    """What moderators see and set, a refusal, and what is said where too many ask."""
    moderator, channels = discord.moderator, {"channel": discord.quiet, "mode": "thread"}
    await (await discord.slash("settings answers", user=moderator, options=channels)).answer()
    people = {"ask_channel": discord.general, "ask_role": discord.moderators}
    await (await discord.slash("settings people", user=moderator, options=people)).answer()
    settings = await discord.slash("settings show", user=moderator)
    found = [Scene("settings", (await _answer(settings),))]
    refused = await discord.slash("ask", question=questions.not_covered)
    found.append(Scene("not-covered", (await _answer(refused),)))
    found.append(Scene("about", (await _answer(await discord.slash("about")),)))
    bot.service.turns = Turns(limit=0)
    busy = await discord.slash("ask", question=questions.answered)
    return [*found, Scene("busy", (await _answer(busy),))]


async def _answer(interaction: Interaction, *, above: Message | None = None) -> Said:
    """What an interaction was answered with, below the command, or the message whose button was pressed."""
    message = await interaction.answer(timeout_s=30)
    if above is not None:
        return _said(message, above)
    return Said(message.payload, (_name(interaction.person.payload()), interaction.name), is_command=True)


def _said(message: Message, above: Message) -> Said:
    preview = re.sub(r"^> |\*\*|\\", "", above.content.split("\n")[0])
    return Said(message.payload, (_name(above.payload["author"]), preview))


def _name(person: Json) -> str:
    return "Dissent Bot" if person["bot"] else str(person["global_name"])


def write_pages(found: Sequence[Scene], names: Names, folder: Path) -> list[Path]:
    """Write each scene in every look and width."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for scene, look, (device, width) in product(found, LOOKS, WIDTHS.items()):
        path = folder / f"{scene.name}-{device}-{look}.html"
        path.write_text(page(scene.conversation, names, is_light=look == "light", width=width), encoding="utf-8")
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
        library = Library(corpus=default_corpus(), data=Path(folder), embedder=SentenceTransformerEmbedder())
        library.reload()
        found, names = asyncio.run(scenes(library, Path(folder) / "bot", Questions()))
        pages = write_pages(found, names, wanted or Path(folder) / "pages")
        if wanted is None and browser is not None:
            FOLDER.mkdir(exist_ok=True)
            for path in pages:
                photograph(browser, path, FOLDER / f"{path.stem}.png")
    print(f"{len(pages)} {'pages' if wanted else 'pictures'} in {wanted or FOLDER}")


if __name__ == "__main__":
    main()

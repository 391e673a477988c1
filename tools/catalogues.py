"""Bring the catalogues in `bot/locales` up to what the code says: `python -m tools.catalogues [NEW_LANGUAGE ...]`.

What people read is in three places: calls of `_`, `ngettext` and `N_`, the texts of errors for people, and what Discord
shows of the commands (descriptions, options, choices, menus), which discord.py takes from docstrings and decorators.
"""

from __future__ import annotations

import ast
import asyncio
import io
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import discord
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from discord import app_commands

from bot.client import EXTENSIONS, DissentBot
from bot.localisation import CATALOGUES
from bot.service import AnswerService
from bot.settings import Settings, default_corpus
from bot.state import State
from bot.tree import is_typed
from index import Libraries, Library, SentenceTransformerEmbedder

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
CHANGES_EACH_TIME = ("POT-Creation-Date", "PO-Revision-Date", "Generated-By")


def template() -> Catalog:
    """Every message that people can read, untranslated."""
    catalogue = Catalog(project="dissent-bot", charset="utf-8")
    for path, _, message, _, _ in extract_from_dir(ROOT / "bot", [("**.py", "python")], keywords=KEYWORDS):
        catalogue.add(message, locations=[(f"bot/{path}", 0)])
    for folder in ("bot", "index"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for message in user_messages(file.read_text(encoding="utf-8")):
                if _has_words(message):
                    catalogue.add(message, locations=[(file.relative_to(ROOT).as_posix(), 0)])
    for message in sorted(asyncio.run(command_texts())):
        catalogue.add(message, auto_comments=["shown by Discord with the commands: at most 100 characters"])
    return catalogue


def user_messages(source: str) -> Iterator[str]:
    """The templates that a module gives its errors as `user_message`, and the reasons why files cannot be read.

    Raises:
        ValueError: One is put together at run time, so that it cannot be translated.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and any(getattr(to, "id", "") == "user_message" for to in node.targets):
            yield _literal(node.value)
        elif isinstance(node, ast.Call):
            yield from (_literal(given.value) for given in node.keywords if given.arg == "user_message")
            if getattr(node.func, "id", "") == "DocumentError":
                yield _literal(node.args[0])


def _literal(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name():  # a constant, marked where it is made
            return ""
    raise ValueError(f"a user message must be a template, not {ast.unparse(node)}")


async def command_texts() -> set[str]:
    """What Discord shows of the commands, but for the names that people type."""
    texts: set[str] = set()

    class Recorder(app_commands.Translator):
        async def translate(
            self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
        ) -> None:
            if not is_typed(context) and _has_words(string.message):
                texts.add(string.message)

    with tempfile.TemporaryDirectory() as folder:
        library = Library(corpus=default_corpus(), data=Path(folder), embedder=SentenceTransformerEmbedder(""))
        state = State(Path(folder) / "bot.sqlite3")
        service = AnswerService(Libraries(library, Path(folder)))
        async with DissentBot(Settings(corpus_dir=library.corpus), service, state) as bot:
            for extension in EXTENSIONS:
                await bot.load_extension(extension)
            for command in bot.tree.get_commands():
                await command.get_translated_payload(bot.tree, Recorder())
        state.close()
    return texts


def read(language: str) -> Catalog:
    """A language's catalogue; an empty one where there is none."""
    path = CATALOGUES / language / "LC_MESSAGES" / "bot.po"
    with path.open("rb") if path.is_file() else io.BytesIO() as file:
        return read_po(file, locale=language)


def written(catalogue: Catalog) -> str:
    """A catalogue as a file that is the same whoever writes it, sorted, so that branches can be merged."""
    file = io.BytesIO()
    write_po(file, catalogue, width=118, sort_output=True, ignore_obsolete=True, include_lineno=False)
    lines = file.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(tuple(f'"{name}' for name in CHANGES_EACH_TIME)))


def main(new_languages: list[str]) -> None:
    """Write every catalogue anew, and say what is left to translate."""
    messages = template()
    for language in sorted({*new_languages, *(folder.name for folder in CATALOGUES.iterdir() if folder.is_dir())}):
        catalogue = read(language)
        catalogue.fuzzy = False  # a catalogue as a whole never is, only messages are
        catalogue.update(messages, no_fuzzy_matching=True, update_header_comment=False)
        path = CATALOGUES / language / "LC_MESSAGES" / "bot.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(catalogue), encoding="utf-8", newline="\n")
        missing = [message.id for message in catalogue if message.id and not is_complete(message.string)]
        print(f"{language}: {len(catalogue)} messages, {len(missing)} to translate")
        for message in missing:
            print(f"  {message}")


def is_complete(translation: str | list[str] | tuple[str, ...] | None) -> bool:
    """Whether every form of a message is translated."""
    return all(translation) if isinstance(translation, list | tuple) else bool(translation)


def _has_words(text: str) -> bool:
    """Whether there is anything to translate beside named places."""
    return re.search(r"[A-Za-z]", re.sub(r"\{\w+\}", "", text)) is not None


if __name__ == "__main__":
    main(sys.argv[1:])

"""Documents as options of a command: suggested while a person types, and found by what was picked or typed."""

from __future__ import annotations

from collections.abc import Sequence

from discord import app_commands

from bot.localisation import N_
from bot.render.limits import CHOICE_TEXT, CHOICES, shorten
from bot.service import AnswerService
from index import DocumentEntry, UnknownDocumentError

NO_DOCUMENT = N_("There is no such document. Pick one from the list that shows while you type.")


PATIENCE_S = 1.5
"""How long a command waits for the documents before it is acknowledged: Discord gives it 3 s in all."""


async def document_choices(service: AnswerService, typed: str, guild_id: int | None) -> list[app_commands.Choice[str]]:
    """Documents that a server sees whose title has what is typed, by title."""
    return choices_among(await service.documents(guild_id), typed)


def choices_among(documents: Sequence[DocumentEntry], typed: str) -> list[app_commands.Choice[str]]:
    """Those of some documents whose title has what is typed, by title."""
    wanted = typed.casefold().strip()
    found = [entry for entry in documents if wanted in entry.title.casefold()]
    return [
        app_commands.Choice(name=shorten(" ".join(entry.title.split()), CHOICE_TEXT) or entry.id, value=entry.key)
        for entry in sorted(found, key=lambda entry: (entry.title.casefold(), entry.id))
    ][:CHOICES]


async def named_document(service: AnswerService, named: str, guild_id: int | None) -> DocumentEntry:
    """The document that an option names, among those that a server sees; while they load, it is waited for a little.

    Raises:
        UnknownDocumentError: There is none.
        RetrievalError: The documents are not there yet, or cannot be.
    """
    await service.until_ready(patience_s=PATIENCE_S)
    entry = await service.find_document(named, guild_id)
    if entry is None:
        raise UnknownDocumentError("an option names no document", user_message=NO_DOCUMENT)
    return entry

"""What Discord suggests while an option is typed."""

from __future__ import annotations

from collections.abc import Sequence

from discord import app_commands

from bot.localisation import N_
from bot.render.limits import CHOICE_TEXT, CHOICES, shorten
from index import DocumentEntry

NO_DOCUMENT = N_("There is no such document. Pick one from the list that shows while you type.")


def document_choices(documents: Sequence[DocumentEntry], typed: str) -> list[app_commands.Choice[str]]:
    """Documents by title."""
    wanted = typed.casefold().strip()
    found = [entry for entry in documents if wanted in entry.title.casefold()]
    return [
        app_commands.Choice(name=shorten(" ".join(entry.title.split()), CHOICE_TEXT) or entry.id, value=entry.key)
        for entry in sorted(found, key=lambda entry: (entry.title.casefold(), entry.id))
    ][:CHOICES]

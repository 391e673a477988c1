"""Who changed documents, as it is noted beside them, and as people are told."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.localisation import _

BY_BOT = "the bot"
"""Who it was, in the history, where nobody asked for it."""

_MODERATOR = re.compile(r"person (\d+) of server (\d+)")


def by_moderator(person_id: int, guild_id: int) -> str:
    """A moderator, as the history of a library notes them: no name, which could change, and is theirs to forget."""
    return f"person {person_id} of server {guild_id}"


def who_in_words(by: str, guild_id: int | None) -> str:
    """Who did something, told in a server: who moderates another one is nobody's business there."""
    match = _MODERATOR.fullmatch(by)
    if match is not None:
        return f"<@{match[1]}>" if int(match[2]) == guild_id else _("a moderator of another server")
    if by == BY_BOT:
        return _("me")
    return _("whoever runs me") if by else _("somebody")


def moment(iso: str, style: str = "R") -> str:
    """A moment that each reader's Discord shows in their own time."""
    at = datetime.fromisoformat(iso)
    return f"<t:{int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())}:{style}>"

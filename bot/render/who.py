"""Who changed documents, as people are told."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.localisation import _
from bot.records import BY_BOT, MODERATOR


def who_in_words(by: str, guild_id: int | None) -> str:
    """Who did something, told in a server: who moderates another one is nobody's business there."""
    match = MODERATOR.fullmatch(by)
    if match is not None:
        return f"<@{match[1]}>" if int(match[2]) == guild_id else _("a moderator of another server")
    if by == BY_BOT:
        return _("me")
    return _("whoever runs me") if by else _("somebody")


def moment(iso: str, style: str = "R") -> str:
    """A moment that each reader's Discord shows in their own time."""
    at = datetime.fromisoformat(iso)
    return f"<t:{int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())}:{style}>"

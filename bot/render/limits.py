"""Discord's limits on messages, and texts cut to fit them.

https://discord.com/developers/docs/resources/message and .../interactions/application-commands. Discord counts UTF-16
code units in some places and code points in others; the stricter count is used everywhere.
"""

from __future__ import annotations

CONTENT = 2000
EMBED_DESCRIPTION = 4096
EMBED_FIELD_VALUE = 1024
EMBED_FOOTER = 2048
EMBED_TOTAL = 6000
ACTION_ROWS = 5
BUTTONS_IN_A_ROW = 5
BUTTON_LABEL = 80
CUSTOM_ID = 100
THREAD_NAME = 100
MODAL_TITLE = 45
PLACEHOLDER = 150
TEXT_INPUT_LABEL = 45
LABEL_DESCRIPTION = 100
ALTERNATIVE_TEXT = 1024
"""Of a picture."""

CHOICES = 25
CHOICE_TEXT = 100
FILES_TOGETHER = 24 * 1024 * 1024
"""Bytes: a request may have 25 MiB, and the message itself is in it, too."""
QUESTION = 1000
"""Our own: no question needs more."""
ELLIPSIS = "\u2026"


def length(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shorten(text: str, limit: int) -> str:
    """Cut a text at a word so that it fits a limit, with an ellipsis in place of the rest."""
    if length(text) <= limit:
        return text
    kept = text
    while kept and length(kept) > limit - 1:
        kept = kept[: min(len(kept) - 1, limit - 1)]
    at_word = kept.rsplit(maxsplit=1)[0] if len(kept.split()) > 1 and not text[len(kept)].isspace() else kept
    return at_word.rstrip() + ELLIPSIS

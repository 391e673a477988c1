"""What a message is made of before discord.py sees it: plain values, so that rendering stays pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import discord

from bot.render.limits import BUTTON_LABEL, BUTTONS_IN_A_ROW, shorten

COLOUR = discord.Colour(0x2F5D8C)


class Action(StrEnum):
    """What a button does; its value stands in custom ids, so it never changes."""

    MORE = "more"
    CONTEXT = "context"
    SOURCE = "source"
    FOLLOW_UP = "follow"
    HELPFUL = "helpful"
    NOT_HELPFUL = "unhelpful"
    SHARE = "share"
    DELETE = "delete"
    TOPIC = "topic"
    ASK_PERSON = "person"
    FORGET_ME = "forget"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Button:
    """A button. All that it needs stands in its id and in the bot's state, so it outlasts a restart."""

    action: Action
    label: str
    answer_id: int = 0
    """0 where it belongs to no answer."""
    argument: str = ""
    """Which quote, page or document, where there are several."""
    emoji: str = ""
    """Beside the words, never instead of them."""

    @property
    def custom_id(self) -> str:
        """Read again by `bot.cogs.buttons`."""
        return f"answer:{self.answer_id}:{self.action}:{self.argument}"


class LibraryAction(StrEnum):
    """What a button of `/corpus` or `/manage` does; its value stands in custom ids, so it never changes."""

    LIST = "list"
    MAKE_CURRENT = "current"
    DISCARD = "discard"
    REPLACE = "replace"
    REMOVE = "remove"
    FORGET_DOCUMENTS = "forget_documents"
    FORGET_SERVER = "forget_server"
    AUDIT = "audit"
    REVIEW = "review"
    DONE = "done"
    MAKE_GOLDEN = "golden"
    EXPECT = "expect"
    EXPECT_OTHER = "expect_other"
    GOLDEN_QUESTIONS = "goldens"
    DROP_GOLDEN = "drop"


@dataclass(frozen=True, slots=True)
class LibraryButton:
    """A button of a command about the documents. Like `Button`, it outlasts a restart."""

    action: LibraryAction
    label: str
    asker_id: int = 0
    """Who used the command; 0 where everybody may press it."""
    argument: str = ""
    """Which page, document or generation."""
    emoji: str = ""

    @property
    def custom_id(self) -> str:
        """Read again by `bot.presses`."""
        return f"library:{self.action}:{self.asker_id}:{self.argument}"


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to pick from a menu."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu to pick one thing from; it takes a row of its own."""

    button: Button | LibraryButton
    """What picking does: the label invites to it. What is picked completes the id of a `Button`, so that it is pressed
    for it; of a `LibraryButton` it stands beside the argument."""
    choices: tuple[Choice, ...]

    @property
    def custom_id(self) -> str:
        """The button's."""
        return self.button.custom_id


@dataclass(frozen=True, slots=True)
class File:
    """A file to attach."""

    name: str
    data: bytes
    description: str | None = None
    """Of a picture, for those who do not see it."""


AnyButton = Button | LibraryButton
Rows = tuple[tuple[AnyButton | Menu, ...], ...]


@dataclass(frozen=True, slots=True)
class Body:
    """A message to send: within Discord's limits, whatever it was made from."""

    content: str
    embed: discord.Embed | None = None
    buttons: Rows = ()
    files: tuple[File, ...] = ()


def label(text: str) -> str:
    """A text as a button's label; Discord shows labels without markup, so nothing is escaped."""
    return shorten(" ".join(text.split()), BUTTON_LABEL) or "\u2026"


def in_rows(*buttons: AnyButton) -> Rows:
    """Buttons in rows as wide as Discord allows."""
    return tuple(buttons[first : first + BUTTONS_IN_A_ROW] for first in range(0, len(buttons), BUTTONS_IN_A_ROW))

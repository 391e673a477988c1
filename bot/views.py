"""Buttons and dialogs as discord.py sends them.

discord.py is to send them, and never to keep them: it would forget all buttons of a kind when one ephemeral message's
view times out after 15 minutes, only logs what goes wrong in a `DynamicItem`, and knows no dialogs from before a
restart. So each view is stopped before it is sent, and `bot.cogs.buttons` hears of every press by itself.
"""

from __future__ import annotations

import discord

from bot.localisation import _
from bot.render.body import Action, LibraryAction, Menu, Rows
from bot.render.limits import (
    CHOICE_TEXT,
    CHOICES,
    LABEL_DESCRIPTION,
    MODAL_TITLE,
    PLACEHOLDER,
    QUESTION,
    TEXT_INPUT_LABEL,
    shorten,
)

STYLES: dict[Action | LibraryAction, discord.ButtonStyle] = {
    Action.SHARE: discord.ButtonStyle.primary,
    Action.FOLLOW_UP: discord.ButtonStyle.primary,
    Action.ASK_PERSON: discord.ButtonStyle.primary,
    Action.DELETE: discord.ButtonStyle.danger,
    Action.FORGET_ME: discord.ButtonStyle.danger,
    LibraryAction.MAKE_CURRENT: discord.ButtonStyle.primary,
    LibraryAction.REPLACE: discord.ButtonStyle.danger,
    LibraryAction.REMOVE: discord.ButtonStyle.danger,
    LibraryAction.FORGET_DOCUMENTS: discord.ButtonStyle.danger,
    LibraryAction.FORGET_SERVER: discord.ButtonStyle.danger,
}
QUESTION_FIELD = "question"


def view_of(rows: Rows) -> discord.ui.View | None:
    """Rows of buttons; None where there are none."""
    if not rows:
        return None
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(rows):
        for button in row:
            if isinstance(button, Menu):
                view.add_item(_select_of(button, row=number))
                continue
            view.add_item(
                discord.ui.Button(
                    style=STYLES.get(button.action, discord.ButtonStyle.secondary),
                    label=button.label,
                    emoji=button.emoji or None,
                    custom_id=button.custom_id,
                    row=number,
                )
            )
    view.stop()
    return view


def _select_of(menu: Menu, *, row: int) -> discord.ui.Select[discord.ui.View]:
    options = [
        discord.SelectOption(label=shorten(" ".join(choice.label.split()), CHOICE_TEXT) or "\u2026", value=choice.value)
        for choice in menu.choices[:CHOICES]
    ]
    placeholder = shorten(menu.button.label, PLACEHOLDER)
    return discord.ui.Select(custom_id=menu.custom_id, placeholder=placeholder, options=options, row=row)


def document_modal(custom_id: str) -> discord.ui.Modal:
    """The dialog in which a document is named, where the menu does not have it.

    Args:
        custom_id: Of what is done with the document.
    """
    modal = discord.ui.Modal(title=shorten(_("Which document?"), MODAL_TITLE), custom_id=custom_id, timeout=None)
    field: discord.ui.TextInput[discord.ui.View] = discord.ui.TextInput(
        custom_id=QUESTION_FIELD, max_length=CHOICE_TEXT
    )
    modal.add_item(discord.ui.Label(text=shorten(_("Its title or its name"), TEXT_INPUT_LABEL), component=field))
    modal.stop()
    return modal


def follow_up_modal(custom_id: str, *, earlier: str) -> discord.ui.Modal:
    """The dialog in which a follow-up is typed.

    Args:
        custom_id: Of the button that opens it.
        earlier: The question before it, shown as a reminder; empty where it is not kept, which is said.
    """
    modal = discord.ui.Modal(title=_("Follow up"), custom_id=custom_id, timeout=None)
    field: discord.ui.TextInput[discord.ui.View] = discord.ui.TextInput(
        custom_id=QUESTION_FIELD,
        style=discord.TextStyle.paragraph,
        placeholder=shorten(" ".join(earlier.split()), 100) or None,
        max_length=QUESTION,
    )
    hint = "" if earlier else _("The earlier question is not kept, so please write yours in full.")
    label = shorten(_("Your next question"), TEXT_INPUT_LABEL)
    modal.add_item(discord.ui.Label(text=label, component=field, description=shorten(hint, LABEL_DESCRIPTION) or None))
    modal.stop()
    return modal

"""Buttons and dialogs as discord.py sends them.

discord.py is to send them, and never to keep them: it would forget all buttons of a kind when one ephemeral message's
view times out after 15 minutes, only logs what goes wrong in a `DynamicItem`, and knows no dialogs from before a
restart. So each view is stopped before it is sent, and `bot.cogs.buttons` hears of every press by itself.
"""

from __future__ import annotations

import discord

from bot.localisation import _
from bot.render.body import Action, LibraryAction, Rows
from bot.render.limits import MODAL_TITLE, QUESTION, shorten

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


def follow_up_modal(custom_id: str, *, earlier: str) -> discord.ui.Modal:
    """The dialog in which a follow-up is typed.

    Args:
        custom_id: Of the button that opens it.
        earlier: The question before it, shown as a reminder.
    """
    modal = discord.ui.Modal(title=_("Follow up"), custom_id=custom_id, timeout=None)
    field: discord.ui.TextInput[discord.ui.View] = discord.ui.TextInput(
        custom_id=QUESTION_FIELD,
        style=discord.TextStyle.paragraph,
        placeholder=shorten(" ".join(earlier.split()), 100) or None,
        max_length=QUESTION,
    )
    modal.add_item(discord.ui.Label(text=shorten(_("Your next question"), MODAL_TITLE), component=field))
    modal.stop()
    return modal

"""Presses on the buttons of `/corpus` and `/manage`. They work after a restart, on old messages too.

Discord guards commands, not buttons: a button that changes something, or shows what moderators see, works for who used
its command and for whoever has Manage Server, and only in a server that has the bot installed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord.ext import commands

from bot.answers import guild_id_of
from bot.client import DissentBot
from bot.localisation import N_, _, speak
from bot.render.body import Body, LibraryAction
from bot.replies import fill
from bot.tree import tell
from bot.views import QUESTION_FIELD

CUSTOM_ID = re.compile(r"library:([a-z_]+):(\d+):(.*)")
"""What `bot.render.body.LibraryButton` writes."""

FOR_EVERYONE = frozenset({LibraryAction.LIST})

NOT_YOURS = N_("Only who used the command, or somebody with *Manage Server*, can do that.")

Interaction = discord.Interaction[DissentBot]


@dataclass(frozen=True, slots=True)
class Press:
    """What was pressed, and what stands in its id."""

    action: LibraryAction
    asker_id: int
    argument: str
    value: str = ""
    """What was picked from a menu, or typed into a dialog."""

    @property
    def page(self) -> int:
        """The argument of a button that turns pages."""
        return int(self.argument) if self.argument.isdecimal() else 0


Handler = Callable[[Interaction, Press], Awaitable[None]]


class PressCog(commands.Cog):
    """A cog that has buttons."""

    def handlers(self) -> Mapping[LibraryAction, Handler]:
        """What each of its buttons does."""
        return {}

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Carry out a press, if whoever pressed may."""
        if interaction.type not in (discord.InteractionType.component, discord.InteractionType.modal_submit):
            return
        data: Any = interaction.data or {}
        match = CUSTOM_ID.fullmatch(data.get("custom_id", ""))
        if match is None or match[1] not in self.handlers():
            return
        speak(interaction.locale)
        press = Press(LibraryAction(match[1]), int(match[2]), match[3], value_in(data))
        try:
            if may_press(interaction, press):
                await self.handlers()[press.action](interaction, press)
            else:
                await fill(interaction, Body(_(NOT_YOURS)))
        except Exception as error:  # the tree's handler, for presses
            await tell(interaction, error, f"button {press.action}")


def value_in(data: Any) -> str:
    """What was picked from a menu, or typed into a dialog's one field, wherever in its layout that stands."""
    if data.get("values"):
        return str(data["values"][0])

    def fields(node: Any) -> list[str]:
        if isinstance(node, list):
            return [text for child in node for text in fields(child)]
        if node.get("custom_id") == QUESTION_FIELD:
            return [str(node.get("value", ""))]
        return fields([child for key in ("components", "component") if (child := node.get(key))])

    return "".join(fields(data.get("components", [])))


def may_press(interaction: Interaction, press: Press) -> bool:
    """Whether a button works for whoever presses it now."""
    if press.action in FOR_EVERYONE:
        return True
    is_theirs = interaction.user.id == press.asker_id or interaction.permissions.manage_guild
    return guild_id_of(interaction) is not None and is_theirs

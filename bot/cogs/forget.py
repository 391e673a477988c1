"""`/forget me`: a person has the bot delete what it keeps of them."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import DissentBot
from bot.localisation import speak
from bot.render.body import Action, Button
from bot.render.forget import ask_body, forgotten_body
from bot.replies import fill, think
from bot.tree import tell

CONFIRMS = Button(Action.FORGET_ME, "").custom_id


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
class Forget(commands.GroupCog, group_name="forget", group_description="What I keep of you"):
    """Asks first, and deletes when the button is pressed."""

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot

    @app_commands.command()
    async def me(self, interaction: discord.Interaction[DissentBot]) -> None:
        """Delete what I keep of you: your questions, what answers showed, your votes."""
        await think(interaction, ephemeral=True)
        await fill(interaction, ask_body())

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[DissentBot]) -> None:
        """Delete, when the button is pressed."""
        data: Any = interaction.data or {}
        if interaction.type is not discord.InteractionType.component or data.get("custom_id") != CONFIRMS:
            return
        speak(interaction.locale)
        try:
            await think(interaction, ephemeral=True)
            await fill(interaction, forgotten_body(await self.bot.state.forget_person(interaction.user.id)))
        except Exception as error:  # the tree's handler, for presses
            await tell(interaction, error, f"button {Action.FORGET_ME}")


async def setup(bot: DissentBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Forget(bot))

"""The command tree: which commands Discord shows, and the one place where a command's error becomes a reply."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.localisation import _, speak, translated
from bot.render.body import Body
from bot.replies import ALREADY_ANSWERED, SENDING_ERRORS, fill, say_beside
from index import DocumentError, RetrievalError

if TYPE_CHECKING:
    from bot.client import DissentBot
    from bot.state import State

log = logging.getLogger(__name__)

UNKNOWN_INTERACTION = 10062


_NAMES = (
    app_commands.TranslationContextLocation.command_name,
    app_commands.TranslationContextLocation.group_name,
    app_commands.TranslationContextLocation.parameter_name,
)


class CommandTranslator(app_commands.Translator):
    """What Discord shows of the commands, in each language."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """The text in that language; None leaves the English one."""
        return None if is_typed(context) else translated(string.message, locale)


def is_typed(context: app_commands.TranslationContextTypes) -> bool:
    """Whether people type it, `/ask` and `document:`; that stays the same for all, as they tell each other of it."""
    return context.location in _NAMES and not isinstance(context.data, app_commands.ContextMenu)


class Tree(app_commands.CommandTree["DissentBot"]):
    """Commands of the bot."""

    async def interaction_check(self, interaction: discord.Interaction[DissentBot]) -> bool:
        """Speak the language of whoever uses a command, until something is said to everybody; refuse nobody."""
        speak(interaction.locale)
        return True

    async def on_error(self, interaction: discord.Interaction[DissentBot], error: app_commands.AppCommandError) -> None:
        """Answer the person whatever went wrong; discord.py calls this last, and once more if it raises."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await tell(interaction, cause, interaction.command.qualified_name if interaction.command else "?")

    async def sync_where_changed(self, state: State, guild_ids: Sequence[int]) -> None:
        """Send the commands to Discord if they differ from what was sent last.

        With servers named they go to those at once, else to everybody; the other scope is emptied, so that no
        command shows twice.
        """
        translator = CommandTranslator()
        commands = [await command.get_translated_payload(self, translator) for command in self.get_commands()]
        digest = _digest(self.client.application_id, commands)
        nothing = _digest(self.client.application_id, [])
        wanted = {str(guild_id): digest for guild_id in guild_ids} or {"global": digest}
        known = await state.synced_commands()
        emptied = dict.fromkeys({"global", *known} - set(wanted), nothing)
        for scope, target in sorted((wanted | emptied).items()):
            if known.get(scope) == target:
                continue
            guild = None if scope == "global" else discord.Object(int(scope))
            try:
                await self._send(guild, commands if target == digest else [])
            except discord.Forbidden:
                log.warning("server=%s lets me add no commands: invite me with the scope applications.commands", scope)
                continue
            except discord.NotFound:
                log.warning("server=%s is not known to Discord, or I am not in it", scope)
                continue
            await state.remember_synced(scope, target)
            log.info("synced commands scope=%s count=%d", scope, len(commands) if target == digest else 0)

    async def _send(self, guild: discord.abc.Snowflake | None, commands: list[dict[str, Any]]) -> None:
        http, application = self.client.http, self.client.application_id
        if application is None:
            raise RuntimeError("not logged in")
        if guild is None:
            await http.bulk_upsert_global_commands(application, payload=commands)
        else:
            await http.bulk_upsert_guild_commands(application, guild.id, payload=commands)


async def tell(interaction: discord.Interaction[DissentBot], error: Exception, name: str) -> None:
    """Tell whoever started an interaction what went wrong: the one error handler of commands, buttons and dialogs.

    Args:
        interaction: Acknowledged or not.
        error: What went wrong.
        name: The command or button, for the log.
    """
    if isinstance(error, discord.HTTPException) and error.code in (ALREADY_ANSWERED, UNKNOWN_INTERACTION):
        # Discord took an answer whose receipt was lost, or gave up on us: an apology would be a second answer
        log.warning("command=%s could not be acknowledged: code=%s", name, error.code)
        await interaction.client.state.remove_acknowledged(interaction.id)
        return
    if interaction.client.answers.is_closing:
        return  # what was being answered is left to the next process
    text = error_text(error, name)
    if interaction.type is discord.InteractionType.autocomplete:
        return  # there is nowhere to say it; the person goes on typing
    try:
        await (say_beside if interaction.extras.get("keeps_message") else fill)(interaction, Body(text))
    except SENDING_ERRORS as failure:
        interaction.client.answers.give_up(interaction.id, interaction.channel_id or 0, failure)
    # told or lost: the next process has nothing to add
    await interaction.client.state.remove_acknowledged(interaction.id)


def error_text(error: BaseException, command: str) -> str:
    """What a person is told, and the log line that explains it."""
    if isinstance(error, RetrievalError):
        log.warning("command=%s failed: %s", command, error)
        values = dict(error.user_values)
        if isinstance(error, DocumentError):
            values["reason"] = error
        return _(error.user_template).format(**{name: _in_words(value) for name, value in values.items()})
    if isinstance(error, app_commands.MissingPermissions):
        return _("You need the permission Manage Server for that.")
    if isinstance(error, app_commands.CheckFailure):
        return _("You cannot use that here.")
    if isinstance(error, app_commands.TransformerError):
        return _("I could not read one of the command's options. Check it and try again.")
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return _("That command has changed since Discord last asked me. Restart Discord, or try again in an hour.")
    incident = secrets.token_hex(4)
    log.error("command=%s incident=%s", command, incident, exc_info=error)
    text = _("Something went wrong on my side. If it happens again, tell whoever runs me: incident {incident}.")
    return text.format(incident=incident)


def _in_words(value: object) -> object:
    """A value of an error's text, translated where it is a reason why a file cannot be read."""
    return _(value.reason).format(**value.values) if isinstance(value, DocumentError) else value


def _digest(application_id: int | None, commands: list[dict[str, Any]]) -> str:
    content = json.dumps([application_id, commands], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()

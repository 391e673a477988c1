"""What the parts of `/manage` share: whose server it is, and who did what."""

from __future__ import annotations

from bot.answers import guild_id_of
from bot.client import DissentBot
from bot.localisation import N_
from bot.presses import Interaction, PressCog
from bot.records import Deed, Record, by_moderator

ONLY_OWNER = N_("Only whoever runs me may change the shared corpus. Your server's own documents are yours to change.")


class Moderating(PressCog):
    """A part of `/manage`."""

    bot: DissentBot

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Only in a server that has the bot installed: a person who brought it along has nothing to moderate."""
        return guild_id_of(interaction) is not None

    async def note(
        self,
        interaction: Interaction,
        deed: Deed,
        *,
        before: str | None = "",
        after: str = "",
        document: str = "",
        digest: str = "",
    ) -> None:
        """Write a line of the server's audit log."""
        guild_id, person_id = guild_of(interaction), interaction.user.id
        await self.bot.state.note_deed(Record(guild_id, person_id, deed, before or "", after, document, digest))


def guild_of(interaction: Interaction) -> int:
    """The server that is moderated."""
    guild_id = guild_id_of(interaction)
    if guild_id is None:
        raise RuntimeError("checked before")
    return guild_id


def by(interaction: Interaction) -> str:
    """Whoever moderates, for the history of a library."""
    return by_moderator(interaction.user.id, guild_of(interaction))


async def may_change_shared(interaction: Interaction) -> bool:
    """Whether whoever moderates may change the shared corpus, too."""
    bot = interaction.client
    return bot.settings.shared_reload == "moderators" or await bot.is_owner(interaction.user)

"""`/manage review`: questions that were not answered, or not well, and those that test the documents."""

from __future__ import annotations

from collections.abc import Mapping

from discord import app_commands

from bot.documents import named_document
from bot.localisation import N_, _
from bot.moderating import GoneError, Moderating, guild_of, noting
from bot.presses import Handler, Interaction, Press
from bot.records import Deed, Unserved
from bot.render.body import LibraryAction
from bot.render.review import expect_body, fares_text, golden_body, golden_made, review_body
from bot.replies import fill, think, update
from bot.views import document_modal
from index import DocumentEntry

REVIEWED_AT_MOST = 200
"""Questions of each kind that are grouped at once: each costs some milliseconds, the first time."""

GOLDEN_AT_MOST = 50
"""A server's golden questions: all are asked whenever they are shown."""

GONE = N_("Somebody was faster: that question is done already.")
TOO_MANY = N_("There are {count} golden questions, and no more are kept. Drop one first.")


class Reviewing(Moderating):
    """Questions that want a look, in groups that ask the same; nothing but the page is kept of a review."""

    def handlers(self) -> Mapping[LibraryAction, Handler]:
        """See `bot.presses`."""
        own: dict[LibraryAction, Handler] = {
            LibraryAction.REVIEW: self._turn_review,
            LibraryAction.DONE: self._done,
            LibraryAction.MAKE_GOLDEN: self._ask_what_is_expected,
            LibraryAction.EXPECT_OTHER: self._open_dialog,
            LibraryAction.EXPECT: self._make_golden,
            LibraryAction.GOLDEN_QUESTIONS: self._turn_golden,
            LibraryAction.DROP_GOLDEN: self._drop_golden,
        }
        return {**super().handlers(), **own}

    @app_commands.command()
    async def review(self, interaction: Interaction) -> None:
        """Go through questions that were not answered, or not well, and see how golden questions fare."""
        await think(interaction, ephemeral=True)
        await self._show_review(interaction, 0)

    async def _turn_review(self, interaction: Interaction, press: Press) -> None:
        await update(interaction)
        await self._show_review(interaction, press.page)

    async def _show_review(self, interaction: Interaction, page: int, *, note: str = "") -> None:
        groups = await self._groups(interaction)
        page = max(0, min(page, len(groups) - 1))
        golden = await self.golden(guild_of(interaction))
        fares = fares_text(sum(1 for _one, finds in golden if finds), len(golden))
        group = groups[page] if groups else []
        body = review_body(group, page, len(groups), asker_id=interaction.user.id, fares=fares, note=note)
        await fill(interaction, body)

    async def _groups(self, interaction: Interaction) -> list[list[Unserved]]:
        items = await self.bot.state.unserved(guild_of(interaction), count=REVIEWED_AT_MOST)
        places = await self.bot.service.grouped([item.question for item in items])
        return [[items[place] for place in group] for group in places]

    async def _group_of(self, interaction: Interaction, ref: str) -> tuple[int, list[Unserved]]:
        """The page of the group that a question is in, and the group from that question on; empty where somebody is
        done with it. Before it stand those that have come since it was shown, and that nobody has seen.
        """
        for page, group in enumerate(await self._groups(interaction)):
            for place, item in enumerate(group):
                if item.ref == ref:
                    return page, group[place:]
        return 0, []

    async def _done(self, interaction: Interaction, press: Press) -> None:
        await update(interaction)
        page, group = await self._group_of(interaction, press.argument)
        await self.bot.state.note_reviewed(guild_of(interaction), [item.ref for item in group])
        await self._show_review(interaction, page, note="" if group else _(GONE))

    # ---- golden questions

    async def _ask_what_is_expected(self, interaction: Interaction, press: Press) -> None:
        await update(interaction)
        _page, group = await self._group_of(interaction, press.argument)
        if not group:
            await self._show_review(interaction, 0, note=_(GONE))
            return
        documents = await self._nearest(interaction, group[0].question)
        await fill(interaction, expect_body(group[0], documents, asker_id=interaction.user.id))

    async def _nearest(self, interaction: Interaction, question: str) -> list[DocumentEntry]:
        """The documents, those first that have the nearest passages."""
        guild_id = guild_of(interaction)
        answer = await self.bot.service.quotes(question, guild_id=guild_id)
        ranks = {name: rank for rank, name in enumerate(dict.fromkeys(one.citation.document for one in answer.quotes))}
        documents = await self.bot.service.documents(guild_id)
        return sorted(documents, key=lambda entry: (ranks.get(entry.id, len(ranks)), entry.title.casefold(), entry.id))

    async def _open_dialog(self, interaction: Interaction, press: Press) -> None:
        custom_id = f"library:{LibraryAction.EXPECT}:{press.asker_id}:{press.argument}"
        await interaction.response.send_modal(document_modal(custom_id))

    async def _make_golden(self, interaction: Interaction, press: Press) -> None:
        await update(interaction)
        guild_id = guild_of(interaction)
        page, group = await self._group_of(interaction, press.argument)
        entry = await named_document(self.bot.service, press.value, guild_id)
        if not group:
            await self._show_review(interaction, 0, note=_(GONE))
            return
        question = group[0].question
        known = await self.bot.state.golden(guild_id)
        if len(known) >= GOLDEN_AT_MOST and question not in {one.question for one in known}:
            await self._show_review(interaction, page, note=_(TOO_MANY).format(count=GOLDEN_AT_MOST))
            return
        async with noting(interaction, Deed.MAKE_GOLDEN, document=entry.id):
            if not await self.bot.state.add_golden(guild_id, question, entry.id, entry.title):
                raise GoneError("whoever asked a question had it forgotten meanwhile", user_message=GONE)
            await self.bot.state.note_reviewed(guild_id, [item.ref for item in group])
        finds = await self.bot.service.finds(question, entry.id, guild_id)
        await self._show_review(interaction, page, note=golden_made(entry.title, finds=finds))

    async def _turn_golden(self, interaction: Interaction, press: Press) -> None:
        await update(interaction)
        await self._show_golden(interaction, press.page)

    async def _show_golden(self, interaction: Interaction, page: int) -> None:
        await fill(
            interaction, golden_body(await self.golden(guild_of(interaction)), page, asker_id=interaction.user.id)
        )

    async def _drop_golden(self, interaction: Interaction, press: Press) -> None:
        await update(interaction)
        guild_id, golden_id = guild_of(interaction), int(press.value)
        dropped = [one for one in await self.bot.state.golden(guild_id) if one.id == golden_id]
        for one in dropped:
            async with noting(interaction, Deed.DROP_GOLDEN, document=one.document):
                await self.bot.state.drop_golden(guild_id, one.id)
        await self._show_golden(interaction, press.page)

"""Who changed what: the audit log of a server."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.localisation import N_, _, ngettext
from bot.records import Deed, Record
from bot.render.body import COLOUR, Body, LibraryAction
from bot.render.corpus import code, pages
from bot.render.limits import shorten

PAGE = 10

DEEDS = {
    Deed.RELOAD_SHARED: N_("reloaded the shared corpus"),
    Deed.RELOAD_OWN: N_("reloaded this server's own documents"),
    Deed.PREPARE_SHARED: N_("reloaded the shared corpus, which waited for a yes"),
    Deed.PREPARE_OWN: N_("reloaded this server's own documents, which waited for a yes"),
    Deed.MAKE_CURRENT_SHARED: N_("made what waited current, of the shared corpus"),
    Deed.MAKE_CURRENT_OWN: N_("made what waited current, of this server's own documents"),
    Deed.DISCARD_SHARED: N_("discarded what waited, of the shared corpus"),
    Deed.DISCARD_OWN: N_("discarded what waited, of this server's own documents"),
    Deed.ADD: N_("added {document}"),
    Deed.REPLACE: N_("replaced {document}"),
    Deed.REMOVE: N_("removed {document}"),
    Deed.ROLL_BACK_SHARED: N_("went back to an earlier generation of the shared corpus"),
    Deed.ROLL_BACK_OWN: N_("went back to an earlier generation of this server's own documents"),
    Deed.FORGET_DOCUMENTS: N_("had this server's own documents deleted"),
    Deed.FORGET_SERVER: N_("had everything of this server deleted"),
    Deed.MAKE_GOLDEN: N_("made a golden question that expects {document}"),
    Deed.DROP_GOLDEN: N_("dropped a golden question that expected {document}"),
    Deed.CHANGE_SETTINGS: N_("changed the settings: {command}"),
    Deed.EXPORT: N_("exported this server's own documents"),
}

CHANGE_NOTHING = (Deed.PREPARE_SHARED, Deed.PREPARE_OWN, Deed.DISCARD_SHARED, Deed.DISCARD_OWN)
"""What is current stays so: the generation that they name only waits, or has waited."""

UNDER_WAY = N_("(still under way)")
CUT_OFF = N_("(cut off before its end)")
CUT_OFF_LEAVING = N_("(cut off before its end; generation {generation} was current afterwards)")
NOTHING = N_("Nobody has changed anything from Discord yet.")


def audit_body(records: Sequence[Record], page: int, total: int, *, asker_id: int) -> Body:
    """A page of the audit log, the latest first.

    Args:
        records: Of that page.
        page: Which, from 0.
        total: How many records there are.
        asker_id: Who asked for it.
    """
    if not total:
        return Body(_(NOTHING))
    head = ngettext(
        "The audit log has {count} entry, the latest first. Each is kept for a year.",
        "The audit log has {count} entries, the latest first. Each is kept for a year.",
        total,
    ).format(count=total)
    embed = discord.Embed(description="\n".join(map(_line, records)) or None, colour=COLOUR)
    return Body(head, embed, pages(LibraryAction.AUDIT, page, -(-total // PAGE), asker_id=asker_id))


def _line(record: Record) -> str:
    deed = _(DEEDS[record.deed]).format(document=code(record.document, 60), command=shorten(record.detail, 200))
    line = f"- <t:{int(record.at)}:f> <@{record.person_id}> {deed}"
    if record.detail and record.deed is not Deed.CHANGE_SETTINGS:
        line += f" \u00b7 {code(record.detail, 80)}"
    if record.digest:
        line += f" \u00b7 SHA-256 {code(record.digest[:16])}"
    if not record.is_done:
        return f"{line} {_unended(record)}"
    if record.after and (record.after == record.before or record.deed in CHANGE_NOTHING):
        line += f" \u00b7 {code(record.after)}"
    elif record.after:
        before = code(record.before) if record.before else "\u2013"
        line += f" \u00b7 {before} \u2192 {code(record.after)}"
    return line


def _unended(record: Record) -> str:
    if not record.is_cut_off:
        return _(UNDER_WAY)
    return _(CUT_OFF_LEAVING).format(generation=code(record.after)) if record.after else _(CUT_OFF)

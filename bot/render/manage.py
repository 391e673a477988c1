"""What `/manage` says of changes to the documents."""

from __future__ import annotations

from collections.abc import Sequence

from bot.localisation import N_, _, decimal, ngettext
from bot.render.body import Body, File, LibraryAction, LibraryButton, in_rows
from bot.render.corpus import code, failure_line, one_line
from bot.render.limits import CONTENT, length, shorten
from bot.render.who import moment, who_in_words
from bot.render.wording import risks_in_words
from index import Added, DocumentEntry, HistoryEntry, ReloadReport, Running

NAMES_SHOWN = 8
FAILURES_SHOWN = 5
OUTCOME_ROOM = 400
"""Kept free below a report, for what is decided later."""

SHARED = N_("The shared corpus")
OWN = N_("This server's own documents")

STARTING = N_("Reloading. Questions are answered as before meanwhile.")
WAITS = N_("**It waits for your yes**: {risks}. Until then, everything is answered as before.")
NOW_CURRENT = N_("**It is current now**, since {who} agreed.")
DISCARDED = N_("**Discarded** by {who}. Everything is answered as before.")
NOTHING_TO_DO = N_("Nothing has changed: generation {generation} stays current.")


def library_name(guild_id: int | None) -> str:
    """A library as it is called in a server: the shared one, or that server's."""
    return _(SHARED if guild_id is None else OWN)


def progress_body(running: Running | None, library: int | None, guild_id: int, by: str) -> Body:
    """How far a reload is.

    Args:
        running: As the library tells it; None before it has begun.
        library: Whose library; None for the shared one.
        guild_id: Where it is told.
        by: Who reloads.
    """
    head = f"**{library_name(library)}**"
    who = _("Asked for by {who}.").format(who=who_in_words(running.by if running else by, guild_id))
    lines = [head, f"{_(STARTING)} {who}"]
    if running is not None and running.total:
        text = _("{done} of about {total} passages are embedded.")
        lines.append(text.format(done=running.done, total=running.total))
    return Body("\n".join(lines))


def report_body(report: ReloadReport, library: int | None, *, asker_id: int, fares: str = "") -> Body:
    """What a reload found and did; with buttons where it waits for a yes.

    Args:
        report: Of the reload.
        library: Whose library; None for the shared one.
        asker_id: Who reloads.
        fares: How the server's golden questions fare since, in words; empty where that is not known.
    """
    lines = _difference(report, library, room=CONTENT - OUTCOME_ROOM)
    if report.made_current:
        lines += [fares] if fares else []
        text = (
            _(NOTHING_TO_DO)
            if report.generation == report.previous
            else _("**Generation {generation} is current now**: answers come from it.")
        )
        return Body("\n".join([*lines, text.format(generation=code(report.generation))]))
    scope = "shared" if library is None else "own"
    argument = f"{scope}.{report.generation}"
    return Body(
        "\n".join([*lines, _(WAITS).format(risks=risks_in_words(report))]),
        buttons=in_rows(
            LibraryButton(LibraryAction.MAKE_CURRENT, _("Make current"), asker_id, argument),
            LibraryButton(LibraryAction.DISCARD, _("Discard"), asker_id, argument),
        ),
    )


def dry_run_body(reports: Sequence[tuple[int | None, ReloadReport]]) -> Body:
    """What reloads would change, of each library."""
    room = CONTENT // max(1, len(reports)) - OUTCOME_ROOM // 2
    parts = []
    for library, report in reports:
        lines = _difference(report, library, room=room, is_dry_run=True)
        if report.risks:
            lines.append(_("It would wait for your yes: {risks}.").format(risks=risks_in_words(report)))
        parts.append("\n".join(lines))
    note = _("Nothing was changed. Passages and golden questions are known only after a reload.")
    return Body("\n\n".join([*parts, note]))


def _difference(report: ReloadReport, library: int | None, *, room: int, is_dry_run: bool = False) -> list[str]:
    lines = [f"**{library_name(library)}**", *_changes(report)]
    is_news = report.generation != report.previous
    if not report.has_changes and (is_news or is_dry_run):
        lines.append(_("No document has changed."))
    if report.failed:
        count = len(report.failed)
        head = ngettext("{count} file cannot be read:", "{count} files cannot be read:", count)
        lines += [head.format(count=count), *map(failure_line, report.failed[:FAILURES_SHOWN])]
    lines += _twins(report)
    if is_news and not is_dry_run:
        lines += _figures(report)
    while length("\n".join(lines)) > room and len(lines) > 1:
        lines.remove(max(lines[1:], key=length))
    return lines


def _changes(report: ReloadReport) -> list[str]:
    kinds = (
        (N_("Added: {names}."), report.added),
        (N_("Changed: {names}."), report.changed),
        (N_("Removed: {names}."), report.removed),
    )
    return [_(text).format(names=_names(names)) for text, names in kinds if names]


def _beside(report: ReloadReport, document: str) -> list[str]:
    """What else changed when one document did: what was cut off before, or is lost."""
    beside = report.beside(document)
    return (
        [_("Other files had changed as well, which is taken in now, too:"), *_changes(beside)]
        if beside.has_changes
        else []
    )


def _figures(report: ReloadReport) -> list[str]:
    text = ngettext(
        "{passages} passages, of which {embedded} had to be embedded, in {seconds} second.",
        "{passages} passages, of which {embedded} had to be embedded, in {seconds} seconds.",
        round(report.elapsed_s),
    )
    lines = [
        text.format(passages=report.passages, embedded=report.embedded, seconds=decimal(report.elapsed_s, 1)),
    ]
    if report.golden is not None:
        golden = report.golden
        text = _("Of {asked} golden questions, quotes answered {before} before and {after} now.")
        lines.append(text.format(asked=golden.asked, before=golden.before, after=golden.after))
    return lines


def _twins(report: ReloadReport) -> list[str]:
    """New documents that say what another one says."""
    lines = []
    for twin in report.twins[:FAILURES_SHOWN]:
        text = (
            _("{document} says the same as {other}.")
            if twin.is_same
            else _("{document} says nearly what {other} says.")
        )
        lines.append("- " + text.format(document=code(twin.document, 60), other=code(twin.other, 60)))
    return lines


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(code(name, 60) for name in names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    if more <= 0:
        return shown
    return ngettext("{names} and {count} more", "{names} and {count} more", more).format(names=shown, count=more)


def decided_body(content: str, outcome: str) -> Body:
    """A report with what became of it in place of its last line, which said that it waits, and of its buttons."""
    return Body(shorten("\n".join([*content.split("\n")[:-1], outcome]), CONTENT))


# ---- a server's own documents


def added_body(added: Added, *, url: str = "") -> Body:
    """A document that was added or replaced, fetched from an address maybe."""
    head = _("Replaced {document}.") if added.replaced else _("Added {document}.")
    text = ngettext(
        "It is searched from now on, in this server alone: {count} passage is new.",
        "It is searched from now on, in this server alone: {count} passages are new.",
        added.report.embedded,
    ).format(count=added.report.embedded)
    source = [_("Fetched from {address}.").format(address=code(url, 500))] if url else []
    lines = [
        head.format(document=code(added.document)),
        text,
        *_beside(added.report, added.document),
        *_twins(added.report),
        *source,
        _digest(added.digest),
    ]
    failed = [failure for failure in added.report.failed if failure.path in added.report.failed_anew]
    return Body(shorten("\n".join([*lines, *map(failure_line, failed[:FAILURES_SHOWN])]), CONTENT))


def taken_body(text: str, file: File | None, *, asker_id: int, key: str) -> Body:
    """Another document has the name: its file hangs below, for *Replace* to take it from there.

    Args:
        text: What stands against it.
        file: What was to be added; None where it cannot be attached.
        asker_id: Who adds it.
        key: Of the document that would be replaced.
    """
    if file is None:
        return Body(text + " " + _("With `replace:True`, the command replaces it."))
    button = LibraryButton(LibraryAction.REPLACE, _("Replace"), asker_id, key)
    return Body(text, buttons=in_rows(button), files=(file,))


def remove_body(entry: DocumentEntry, *, asker_id: int) -> Body:
    """What removing a document means, with a button that does it."""
    text = _(
        "Delete **{title}** ({document})? It is not searched from then on. Its file and its text are kept with "
        "earlier generations, which `/manage rollback` can go back to, until newer ones take their place; "
        "`/manage forget` deletes everything."
    ).format(title=one_line(entry.title, 200), document=code(entry.id))
    return Body(text, buttons=in_rows(LibraryButton(LibraryAction.REMOVE, _("Delete"), asker_id, entry.key)))


def removed_body(entry: DocumentEntry, report: ReloadReport) -> Body:
    """A document that was removed."""
    text = _("Deleted **{title}** ({document}). It is not searched any more.")
    head = text.format(title=one_line(entry.title, 200), document=code(entry.id))
    return Body(shorten("\n".join([head, *_beside(report, entry.id)]), CONTENT))


def history_body(entries: Sequence[HistoryEntry], library: int | None, guild_id: int) -> Body:
    """The generations that can be gone back to, the latest first.

    Args:
        entries: The library's.
        library: Whose library; None for the shared one.
        guild_id: Where it is told.
    """
    lines = [f"**{library_name(library)}**"]
    for entry in entries:
        documents = ngettext("{count} document", "{count} documents", entry.documents).format(count=entry.documents)
        text = _("- {generation}: {documents}, made current {moment} by {who}")
        line = text.format(
            generation=code(entry.generation),
            documents=documents,
            moment=moment(entry.since, "f"),
            who=who_in_words(entry.by, guild_id),
        )
        lines.append(line + " " + _("**(current)**") if entry.is_current else line)
    if not entries:
        lines.append(_("Nothing was current yet."))
    elif all(entry.is_current for entry in entries):
        lines.append(_("There is none yet to go back to."))
    else:
        lines.append(_("`/manage rollback` goes to one of them."))
    return Body(shorten("\n".join(lines), CONTENT))


def rolled_back_body(generation: str, library: int | None) -> Body:
    """A generation that is current again."""
    if library is None:
        text = _(
            "Generation {generation} is current again. It stays until somebody reloads; neither a restart nor a "
            "changed file undoes it."
        )
    else:
        text = _(
            "Generation {generation} is current again, with the files that it was made from. What came later is not "
            "lost: `/manage rollback` can go there, too, as long as `/manage history` shows it."
        )
    return Body(f"**{library_name(library)}**\n{text.format(generation=code(generation))}")


def export_body(name: str, data: bytes, *, limit_bytes: int, guild_id: int) -> Body:
    """An archive of a server's originals, or why it is not attached.

    Args:
        name: Its file name.
        data: The archive.
        limit_bytes: What Discord takes there; 0 where the bot may attach nothing.
        guild_id: The server.
    """
    if len(data) <= limit_bytes:
        return Body(_("The files of this server's own documents, as they were added:"), files=(File(name, data),))
    if not limit_bytes:
        return Body(_("I may not attach files here. Let me (*Attach Files*), or use the command in another channel."))
    text = _(
        "The archive has {size} MB, and Discord lets me attach {limit} MB here. Whoever runs me can write it to a file "
        "for you: `dissent-bot corpus export documents.zip --server {server}`."
    )
    sizes = {"size": decimal(len(data) / 1e6, 1), "limit": decimal(limit_bytes / 1e6, 1)}
    return Body(text.format(**sizes, server=guild_id))


def forget_body(count: int, *, asker_id: int) -> Body:
    """What forgetting means, with the buttons that do it.

    Args:
        count: How many documents the server has.
        asker_id: Who asks.
    """
    has = ngettext(
        "This server has {count} document of its own.", "This server has {count} documents of its own.", count
    )
    lines = [
        has.format(count=count),
        _(
            "- *Delete the documents*: their files, their texts, every earlier generation of them, and what answers "
            "showed of them. Buttons below those answers stop working."
        ),
        _(
            "- *Delete everything*: the documents, and all that I remember of this server: settings, answer channels, "
            "what answers showed, noted and golden questions, and the audit log, but for the line that says who had it "
            "deleted. Buttons below old answers stop working."
        ),
        _("Neither can be undone; `/manage export` gives you the files first."),
    ]
    documents = LibraryButton(LibraryAction.FORGET_DOCUMENTS, _("Delete the documents"), asker_id)
    everything = LibraryButton(LibraryAction.FORGET_SERVER, _("Delete everything"), asker_id)
    return Body("\n".join(lines), buttons=in_rows(*([documents] if count else []), everything))


def _digest(digest: str) -> str:
    return _("SHA-256 of the file: {digest}.").format(digest=code(digest))

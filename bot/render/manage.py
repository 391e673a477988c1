"""What `/manage` says of changes to the documents."""

from __future__ import annotations

from collections.abc import Sequence

from bot.localisation import N_, _, decimal, ngettext
from bot.render.body import Body, LibraryAction, LibraryButton, in_rows
from bot.render.corpus import code, one_line
from bot.render.limits import CONTENT, length, shorten
from bot.render.who import who_in_words
from bot.render.wording import risks_in_words
from index import Failure, ReloadReport, Running

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


def report_body(report: ReloadReport, library: int | None, *, asker_id: int) -> Body:
    """What a reload found and did; with buttons where it waits for a yes."""
    lines = _difference(report, library, room=CONTENT - OUTCOME_ROOM)
    if report.made_current:
        text = (
            _(NOTHING_TO_DO)
            if report.generation == report.previous
            else _("**Generation {generation} is current now.** Nothing in it needed a moderator's yes.")
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
    lines = [f"**{library_name(library)}**"]
    for text, names in (
        (N_("Added: {names}."), report.added),
        (N_("Changed: {names}."), report.changed),
        (N_("Removed: {names}."), report.removed),
    ):
        if names:
            lines.append(_(text).format(names=_names(names)))
    if not report.has_changes:
        lines.append(_("No document has changed."))
    if report.failed:
        count = len(report.failed)
        head = ngettext("{count} file cannot be read:", "{count} files cannot be read:", count)
        lines += [head.format(count=count), *map(_failure, report.failed[:FAILURES_SHOWN])]
    if not is_dry_run:
        lines += _figures(report)
    while length("\n".join(lines)) > room and len(lines) > 1:
        lines.remove(max(lines[1:], key=length))
    return lines


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


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(code(name, 60) for name in names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    if more <= 0:
        return shown
    return ngettext("{names} and {count} more", "{names} and {count} more", more).format(names=shown, count=more)


def _failure(failure: Failure) -> str:
    """A file that cannot be read. Reasons are what `index` says, in English: they name the line and the cause."""
    line = f"- {code(failure.path, 60)}: {one_line(failure.reason, 100)}"
    return line + (f" ({_('its last good version stays')})" if failure.kept else "")


def decided_body(content: str, outcome: str) -> Body:
    """A report with what became of it in place of its buttons."""
    return Body(shorten(f"{content}\n{outcome}", CONTENT))

"""What `/corpus` shows: the documents, one of them, and how fresh they are."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.localisation import N_, _, ngettext
from bot.render.body import COLOUR, Body, LibraryAction, LibraryButton, Rows, in_rows
from bot.render.limits import CONTENT, EMBED_DESCRIPTION, EMBED_FIELD_VALUE, shorten
from bot.render.text import escape
from bot.render.who import moment, who_in_words
from index import SERVER_PREFIX, Document, DocumentEntry, Failure, LibraryStatus, Running

FAILURES_SHOWN = 2
"""Of a library, in its status: a field of an embed has 1,024 characters."""

PAGE = 10
"""Documents on a page of the list: as many as fit whatever they are called."""

NO_DOCUMENTS = N_("I have no documents yet, or am still reading them.")
NONE_OF_ITS_OWN = N_("This server has no documents of its own. Moderators can add some with `/manage add`.")


def list_body(documents: Sequence[DocumentEntry], page: int) -> Body:
    """A page of the documents, by title; a page that is no longer there is the last one."""
    if not documents:
        return Body(_(NO_DOCUMENTS))
    ordered = sorted(documents, key=lambda entry: (not is_own(entry), entry.title.casefold(), entry.id))
    page = max(0, min(page, (len(ordered) - 1) // PAGE))
    own = sum(1 for entry in ordered if is_own(entry))
    lines = [ngettext("{count} document.", "{count} documents.", len(ordered)).format(count=len(ordered))]
    if own:
        text = ngettext("{count} of them is this server's own.", "{count} of them are this server's own.", own)
        lines.append(text.format(count=own))
    shown = ordered[page * PAGE : (page + 1) * PAGE]
    embed = discord.Embed(description="\n".join(map(_line, shown)), colour=COLOUR)
    return Body(" ".join(lines), embed, pages(LibraryAction.LIST, page, -(-len(ordered) // PAGE)))


def is_own(entry: DocumentEntry) -> bool:
    """Whether a document is a server's own, and not of the shared corpus."""
    return entry.id.startswith(SERVER_PREFIX)


def pages(action: LibraryAction, page: int, count: int, *, asker_id: int = 0) -> Rows:
    """The buttons that turn pages; none where there is one page.

    Args:
        action: What shows a page.
        page: The one that is shown, from 0.
        count: How many there are.
        asker_id: Who used the command, where not everybody may turn them.
    """
    if count < 2:
        return ()
    back = [LibraryButton(action, _("Back"), asker_id, str(page - 1))] if page else []
    more = [LibraryButton(action, _("Next"), asker_id, str(page + 1))] if page + 1 < count else []
    return in_rows(*back, *more)


def one_line(text: str, room: int) -> str:
    """A text of a document in one line, as Discord is to show it."""
    return escape(shorten(" ".join(text.split()), room))


def code(text: str, room: int = 100) -> str:
    """A name as code, so that it can be copied."""
    return f"`{shorten(' '.join(text.split()).replace('`', ' '), room)}`"


def _line(entry: DocumentEntry) -> str:
    size = ngettext("{count} passage", "{count} passages", entry.passages).format(count=entry.passages)
    own = " \u00b7 " + _("this server's own") if is_own(entry) else ""
    return f"- **{one_line(entry.title, 100)}** {code(entry.id, 60)} \u00b7 {size}{own}"


def show_body(entry: DocumentEntry, document: Document | None) -> Body:
    """One document: what its front matter says, and what became of it in the index."""
    size = ngettext(
        "{characters} characters in {count} passage.", "{characters} characters in {count} passages.", entry.passages
    ).format(characters=entry.characters, count=entry.passages)
    metadata = dict(document.metadata) if document else {}
    metadata.pop("title", None)
    summary = str(metadata.pop("summary", "") or "")
    lines = [f"**{one_line(name, 40)}**: {one_line(_value(value), 200)}" for name, value in sorted(metadata.items())]
    facts = [
        _("**Name**: {name}").format(name=code(entry.id)),
        _("**File**: {name}").format(name=code(entry.path)),
        _("**SHA-256**: {digest}").format(digest=code(entry.digest[:16])),
        size,
        _("This server's own: no other server sees it.") if is_own(entry) else _("Of the shared corpus."),
    ]
    embed = discord.Embed(description=shorten("\n".join([*facts, *lines]), EMBED_DESCRIPTION), colour=COLOUR)
    head = f"**{one_line(entry.title, 200)}**"
    return Body(shorten(f"{head}\n{one_line(summary, 800)}" if summary else head, CONTENT), embed)


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def status_body(shared: LibraryStatus, own: LibraryStatus | None, guild_id: int | None) -> Body:
    """What is current, how fresh it is, and who is changing it.

    Args:
        shared: The shared corpus.
        own: The server's own documents; None where no server asks.
        guild_id: Where it is told.
    """
    embed = discord.Embed(colour=COLOUR)
    fields = [(_("The shared corpus"), _status(shared, guild_id))]
    if own is not None:
        has_any = own.documents or own.running or own.prepared or own.failed
        lines = [*(_status(own, guild_id) if has_any else [_(NONE_OF_ITS_OWN)]), *_quota(own)]
        fields.append((_("This server's own documents"), lines))
    for name, lines in fields:
        embed.add_field(name=name, value=shorten("\n".join(lines), EMBED_FIELD_VALUE), inline=False)
    return Body(_("What I answer from:"), embed)


def _status(status: LibraryStatus, guild_id: int | None) -> list[str]:
    lines = []
    if status.generation and status.built:
        text = _("Generation {generation}, built {moment}.")
        lines.append(text.format(generation=code(status.generation), moment=moment(status.built)))
    else:
        lines.append(_("There is no index yet."))
    documents = ngettext("{count} document", "{count} documents", status.documents).format(count=status.documents)
    passages = ngettext("{count} passage", "{count} passages", status.passages).format(count=status.passages)
    lines.append(_("{documents}, {passages}.").format(documents=documents, passages=passages))
    if status.is_held:
        lines.append(_("Somebody went back to this generation: it stays until somebody reloads."))
    if status.files_changed:
        lines.append(_("Files have changed since; a reload takes them in."))
    else:
        lines.append(_("No file has changed since."))
    if status.prepared:
        lines.append(_("A reload waits for a moderator's yes."))
    if status.running:
        lines.append(running_text(status.running, guild_id))
    if status.failed:
        count = len(status.failed)
        text = ngettext("{count} file cannot be read:", "{count} files cannot be read:", count)
        lines += [text.format(count=count), *map(failure_line, status.failed[:FAILURES_SHOWN])]
    return lines


def _quota(status: LibraryStatus) -> list[str]:
    """How much there may be, in words."""
    if status.quota is None:
        return []
    text = _("A server can have {documents} documents, with {megabytes} MB and {millions} million characters together.")
    return [
        text.format(
            documents=status.quota.documents,
            megabytes=round(status.quota.bytes / 1e6),
            millions=round(status.quota.characters / 1e6),
        )
    ]


def failure_line(failure: Failure) -> str:
    """A file that cannot be read, why, and whether what it held before is still quoted."""
    reason = _(failure.template).format(**failure.values) if failure.template else failure.reason
    line = f"- {code(failure.path, 60)}: {one_line(reason, 120)}"
    outcome = _("(its last good version stays)") if failure.kept else _("(it is left out)")
    return f"{line} {outcome}"


def running_text(running: Running, guild_id: int | None) -> str:
    """A reload that is under way: whose, since when, how far."""
    who, since = who_in_words(running.by, guild_id), moment(running.since)
    if not running.total:
        return _("A reload is under way, started by {who} {since}.").format(who=who, since=since)
    text = _("A reload is under way, started by {who} {since}: {done} of about {total} passages are embedded.")
    return text.format(who=who, since=since, done=running.done, total=running.total)

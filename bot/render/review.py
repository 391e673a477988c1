"""What moderators see of questions that were not answered, or not well, and of those that test the documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.localisation import N_, _, ngettext
from bot.records import Golden, Unserved
from bot.render.body import Body, Choice, LibraryAction, LibraryButton, Menu, Rows, in_rows
from bot.render.corpus import one_line, pages
from bot.render.limits import CHOICES, CONTENT, shorten
from index import DocumentEntry

ALIKE_SHOWN = 5
GOLDEN_PAGE = 10

NOTHING_TO_REVIEW = N_(
    "No question wants a look. Here stand questions whose answers were voted not helpful and, where "
    "`/settings privacy` lets me note them, those that the documents do not cover."
)
NO_GOLDEN = N_("There are no golden questions yet: *Make golden* below a question makes one.")
WHAT_GOLDEN_IS = N_(
    "A golden question names the document that is to answer it, among the first three quotes. It tests the documents; "
    "how I search is never fitted to it."
)


def review_body(group: Sequence[Unserved], page: int, count: int, *, asker_id: int, fares: str, note: str = "") -> Body:
    """A group of questions that ask the same.

    Args:
        group: The latest first; it names the others.
        page: Which group, from 0.
        count: How many there are.
        asker_id: Who reviews.
        fares: How the golden questions fare, in words; empty where there are none.
        note: What to say first.
    """
    golden = LibraryButton(LibraryAction.GOLDEN_QUESTIONS, _("Golden questions"), asker_id, "0")
    said = [note] if note else []
    if not group:
        return Body("\n\n".join([*said, _(NOTHING_TO_REVIEW), *([fares] if fares else [])]), buttons=in_rows(golden))
    first, *others = group
    lines = [
        *said,
        _("**Question {number} of {count}** that wants a look:").format(number=page + 1, count=count),
        f"> {one_line(first.question, 500)}",
    ]
    if others:
        alike = ngettext("Also asked in {count} other way:", "Also asked in {count} other ways:", len(others))
        lines += [
            alike.format(count=len(others)),
            *(f"> {one_line(item.question, 120)}" for item in others[:ALIKE_SHOWN]),
        ]
    lines += _why(group)
    if fares:
        lines += ["", fares]
    turns = pages(LibraryAction.REVIEW, page, count, asker_id=asker_id)
    decide = (  # rows that fit a phone
        LibraryButton(LibraryAction.DONE, _("Done"), asker_id, first.ref),
        LibraryButton(LibraryAction.MAKE_GOLDEN, _("Make golden"), asker_id, first.ref),
    )
    look = (golden, *(button for row in turns for button in row))
    return Body(shorten("\n".join(lines), CONTENT), buttons=(decide, look))


def _why(group: Sequence[Unserved]) -> list[str]:
    uncovered = sum(item.times for item in group if not item.down_votes)
    down_votes = sum(item.down_votes for item in group)
    words = list(dict.fromkeys(word for item in group for word in item.missing_words))
    lines = []
    if uncovered:
        text = ngettext("Not covered, {count} time.", "Not covered, {count} times.", uncovered).format(count=uncovered)
        if words:
            missing = _("The documents have no form of {words}.").format(words=one_line(", ".join(words), 200))
            text = f"{text} {missing}"
        lines.append(text)
    if down_votes:
        text = ngettext("Voted not helpful {count} time.", "Voted not helpful {count} times.", down_votes)
        lines.append(text.format(count=down_votes))
    return lines


def expect_body(item: Unserved, documents: Sequence[DocumentEntry], *, asker_id: int) -> Body:
    """Which document is to answer a question.

    Args:
        item: The question.
        documents: The nearest first.
        asker_id: Who reviews.
    """
    text = "\n".join([f"> {one_line(item.question, 500)}", _(WHAT_GOLDEN_IS), _("Which document is to answer it?")])
    choices = tuple(Choice(entry.title, entry.key) for entry in documents[:CHOICES])
    expect = LibraryButton(LibraryAction.EXPECT, _("Nearest documents first"), asker_id, item.ref)
    menu: Rows = ((Menu(expect, choices),),) if choices else ()
    other = LibraryButton(LibraryAction.EXPECT_OTHER, _("Another document"), asker_id, item.ref)
    back = LibraryButton(LibraryAction.REVIEW, _("Back"), asker_id, "0")
    return Body(text, buttons=(*menu, *in_rows(other, back)))


def golden_made(title: str, *, finds: bool) -> str:
    """What is said once a question is golden."""
    text = (
        _("A golden question now. It expects {title}, and finds it.")
        if finds
        else _("A golden question now. It expects {title}, and does not find it yet.")
    )
    return text.format(title=f"**{one_line(title, 150)}**")


def fares_text(found: int, count: int) -> str:
    """How golden questions fare; empty where there are none."""
    text = ngettext(
        "{found} of {count} golden question finds its document now.",
        "{found} of {count} golden questions find their document now.",
        count,
    )
    return text.format(found=found, count=count) if count else ""


def fares_change_text(before: Mapping[int, bool], after: Mapping[int, bool]) -> str:
    """How golden questions fared before a reload, and fare now; empty where none can be compared.

    Args:
        before: Whether each found its document, by its number.
        after: Whether it does now.
    """
    both = before.keys() & after.keys()
    text = ngettext(
        "Of {count} golden question of this server, {before} found its document before, and {after} does now.",
        "Of {count} golden questions of this server, {before} found their document before, and {after} do now.",
        len(both),
    )
    found = {"before": sum(before[one] for one in both), "after": sum(after[one] for one in both)}
    return text.format(count=len(both), **found) if both else ""


def golden_body(golden: Sequence[tuple[Golden, bool]], page: int, *, asker_id: int) -> Body:
    """A page of the golden questions and how each fares now.

    Args:
        golden: All of them, each with whether it finds its document.
        page: Which, from 0; one that is no longer there is the last one.
        asker_id: Who reviews.
    """
    back = LibraryButton(LibraryAction.REVIEW, _("Back to the review"), asker_id, "0")
    if not golden:
        return Body(_(NO_GOLDEN), buttons=in_rows(back))
    count = -(-len(golden) // GOLDEN_PAGE)
    page = max(0, min(page, count - 1))
    shown = golden[page * GOLDEN_PAGE : (page + 1) * GOLDEN_PAGE]
    lines = [fares_text(sum(1 for _one, finds in golden if finds), len(golden))]
    for item, finds in shown:
        text = _("- finds {title}: {question}") if finds else _("- **does not find** {title}: {question}")
        lines.append(text.format(title=one_line(item.title, 50), question=one_line(item.question, 80)))
    choices = tuple(Choice(item.question, str(item.id)) for item, _finds in shown)
    menu = Menu(LibraryButton(LibraryAction.DROP_GOLDEN, _("Drop one of them"), asker_id, str(page)), choices)
    turns = pages(LibraryAction.GOLDEN_QUESTIONS, page, count, asker_id=asker_id)
    return Body(shorten("\n".join(lines), CONTENT), buttons=((menu,), *turns, *in_rows(back)))

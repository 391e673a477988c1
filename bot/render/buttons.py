"""Which buttons stand below which answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.localisation import _
from bot.render.body import Action, Button, Rows, label
from bot.render.limits import BUTTONS_IN_A_ROW


class Topic(NamedTuple):
    """A document that is offered as a topic."""

    key: str
    title: str


A_SUMMARY = "summary"
"""What *Share* says below a summary that has no further page; below others it names that page."""


def answer_buttons(answer_id: int, *, is_private: bool, has_question: bool) -> Rows:
    """The buttons of an answer with quotes.

    Args:
        answer_id: Its number in the bot's state.
        is_private: Whether its asker alone sees it: they can share it; Discord itself lets them dismiss it.
        has_question: Whether its question is kept, without which there is nothing to look for more quotes with.
    """
    reading = [Button(Action.MORE, _("More"), answer_id)] if has_question else []
    reading += [Button(Action.CONTEXT, _("Context"), answer_id), Button(Action.SOURCE, _("Source"), answer_id)]
    return (  # rows that fit a phone, which breaks longer ones in two
        tuple(reading),
        (
            Button(Action.HELPFUL, _("Helpful"), answer_id, emoji="\N{THUMBS UP SIGN}"),
            Button(Action.NOT_HELPFUL, _("Not helpful"), answer_id, emoji="\N{THUMBS DOWN SIGN}"),
        ),
        (Button(Action.FOLLOW_UP, _("Follow up"), answer_id), _share_or_delete(answer_id, is_private)),
    )


def refusal_buttons(answer_id: int, topics: Sequence[Topic], *, is_private: bool, has_person_to_ask: bool) -> Rows:
    """The buttons of an answer without quotes: the nearest topics, and a person if there is one to ask."""
    nearest = tuple(
        Button(Action.TOPIC, label(topic.title), answer_id, argument=topic.key) for topic in topics[:BUTTONS_IN_A_ROW]
    )
    person = [Button(Action.ASK_PERSON, _("Ask a person"), answer_id)] if has_person_to_ask else []
    others = (Button(Action.FOLLOW_UP, _("Follow up"), answer_id), *person, _share_or_delete(answer_id, is_private))
    return (nearest, others) if nearest else (others,)


def summary_buttons(
    answer_id: int,
    *,
    is_private: bool | None = None,
    next_page: str | None = None,
    has_quotes: bool = True,
    first: int = 1,
) -> Rows:
    """The buttons of a summary, or of a further page of one.

    Args:
        answer_id: Its number in the bot's state.
        is_private: Whether its asker alone sees it; None for a further page, which goes away by itself.
        next_page: Which page comes next, if one does.
        has_quotes: Whether there is something to look closer at.
        first: The number of the page's first quote, which is the one that *Context* begins with.
    """
    buttons = [Button(Action.PAGE, _("More"), answer_id, next_page)] if next_page else []
    if has_quotes:
        number = str(first) if first > 1 else ""
        buttons += [Button(Action.CONTEXT, _("Context"), answer_id, number)]
        buttons += [Button(Action.SOURCE, _("Source"), answer_id)]
    if is_private is not None:
        buttons.append(_share_or_delete(answer_id, is_private, next_page or A_SUMMARY))
    return (tuple(buttons),) if buttons else ()


def shared_summary_buttons(answer_id: int, argument: str, *, has_quotes: bool) -> Rows:
    """The buttons of a summary that is shared, given what its *Share* button said of it."""
    next_page = argument if argument != A_SUMMARY else None
    return summary_buttons(answer_id, is_private=False, next_page=next_page, has_quotes=has_quotes)


def _share_or_delete(answer_id: int, is_private: bool, argument: str = "") -> Button:
    if is_private:
        return Button(Action.SHARE, _("Share"), answer_id, argument)
    return Button(Action.DELETE, _("Delete"), answer_id)

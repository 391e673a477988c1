"""What `/forget me` says."""

from __future__ import annotations

from bot.localisation import N_, _
from bot.render.body import Action, Body, Button, in_rows
from bot.state import Forgotten

WHAT_GOES_AND_STAYS = (
    N_("**I delete what I keep of you**, in every server and in direct messages:"),
    N_(
        "- what my answers to you, or to your messages, showed, with your questions: the buttons below those answers "
        "stop working"
    ),
    N_("- your votes"),
    N_("- your questions that still wait for an answer"),
    N_("- your questions that are noted for moderators, and golden questions that they have made of yours"),
    N_("**I do not delete**"),
    N_("- messages: remove them first, with *Delete* below an answer or from their own menu"),
    N_(
        "- whether moderators have blocked you, and the lines of their log that say so: a year later those are deleted "
        "by themselves"
    ),
    N_("- what you changed as a moderator: a year later it is deleted by itself"),
    N_("This cannot be undone."),
)
NOTHING = N_("I keep nothing of you.")
DELETED = N_(
    "Deleted. Answers: {answers}. Votes: {votes}. Waiting questions: {waiting}. Noted questions: {noted}. "
    "Golden questions: {golden}."
)


def ask_body() -> Body:
    """What would be deleted and what not, with a button that does it."""
    text = "\n".join(_(line) for line in WHAT_GOES_AND_STAYS)
    return Body(text, buttons=in_rows(Button(Action.FORGET_ME, _("Delete what you keep of me"))))


def forgotten_body(forgotten: Forgotten) -> Body:
    """What was deleted."""
    return Body(_(DELETED).format(**forgotten._asdict()) if any(forgotten) else _(NOTHING))

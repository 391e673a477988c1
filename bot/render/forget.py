"""What `/forget me` says."""

from __future__ import annotations

from bot.render.body import Action, Body, Button, in_rows
from bot.state import Forgotten

WHAT_GOES_AND_STAYS = """\
**I delete what I keep of you**, in every server and in direct messages:
- what my answers to you showed, with your questions: the buttons below those answers stop working
- your votes
- your questions that still wait for an answer
**I do not delete**
- messages: remove them first, with *Delete* below an answer or from their own menu
- questions that moderators had me note, because I note them without who asked
- whether moderators have blocked you
This cannot be undone."""
NOTHING = "I keep nothing of you."


def ask_body() -> Body:
    """What would be deleted and what not, with a button that does it."""
    return Body(WHAT_GOES_AND_STAYS, buttons=in_rows(Button(Action.FORGET_ME, "Delete what you keep of me")))


def forgotten_body(forgotten: Forgotten) -> Body:
    """What was deleted."""
    if not any(forgotten):
        return Body(NOTHING)
    return Body(
        f"Deleted. Answers: {forgotten.answers}. Votes: {forgotten.votes}. Waiting questions: {forgotten.waiting}."
    )

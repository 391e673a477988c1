"""Words that Discord and the terminal share."""

from __future__ import annotations

from index import Answer, Verdict

UNCERTAIN = "I am not sure that the documents answer this. The closest passages:"
NOT_COVERED = "The documents that I quote from do not cover that."


def confidence_in_words(answer: Answer) -> str:
    """How sure the bot is, for people who do not read probabilities."""
    if answer.verdict is Verdict.NOT_COVERED:
        return "not covered"
    if answer.verdict is Verdict.UNCERTAIN:
        return "may not answer"
    return "very likely" if answer.confidence >= 0.8 else "likely"

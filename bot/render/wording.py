"""Words that Discord and the terminal share."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from bot.localisation import N_, _, decimal, language_name, languages, listed, ngettext, speaking, spoken
from bot.records import MODERATOR
from bot.render.limits import shorten
from index import Answer, Diagnosis, Fault, Place, ReloadReport, Risk, Running, Summary, Theme, Verdict

UNCERTAIN = N_("I am not sure that the documents answer this. The closest passages:")
SOURCES = N_("Sources named there")
OLD_FROM_YEARS = 2
NOT_COVERED = N_("The documents that I quote from do not cover that.")
UNCERTAIN_TOPIC = N_("I am not sure that the documents cover this topic. The closest sentences:")
NO_DATES = N_("The documents cover that, but I can read no date in what they say on it.")
NO_SENTENCES = N_("This document has no whole sentences that could be quoted.")
SAME_POINTS = N_("On the same points")
TITLES_SHOWN = 3
TITLE_ROOM = 55
"""Of a theme with several documents."""
NO_SAME_POINTS = N_("I found no point that both documents speak of.")


def refusal_in_words(answer: Answer | Summary) -> str:
    """Why there is no answer: the documents do not cover it, or they are in another language.

    That is said in the question's language, where the interface speaks it.
    """
    gap = answer.language_gap
    if gap is None:
        return _(NOT_COVERED)
    with speaking(gap.asked if gap.asked in languages() else spoken()):
        names = [language_name(code) for code in gap.spoken]
        text = _("The documents are in {spoken}; I cannot search them in {asked}. Ask in {choice}, please.")
        return text.format(spoken=listed(names), asked=language_name(gap.asked), choice=listed(names, style="or"))


def confidence_in_words(answer: Answer) -> str:
    """How sure the bot is, for people who do not read probabilities."""
    if answer.verdict is Verdict.NOT_COVERED:
        return _("not covered")
    if answer.verdict is Verdict.UNCERTAIN:
        return _("may not answer it")
    return _("very likely answers it") if answer.confidence >= 0.8 else _("likely answers it")


def coverage_in_words(summary: Summary) -> str:
    """How sure the bot is that the documents cover a topic."""
    if summary.verdict is Verdict.NOT_COVERED:
        return _("not covered")
    if summary.verdict is Verdict.UNCERTAIN:
        return _("may not be covered")
    return _("very likely covered") if (summary.confidence or 0) >= 0.8 else _("likely covered")


def age_in_words(dated: str, today: date) -> str:
    """How old a document is, where it is old enough to be said; "" where not, or where its date is none."""
    match = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", dated.strip())
    if match is None:
        return ""
    year, month, day = (int(part or 1) for part in match.groups())
    years = today.year - year - ((today.month, today.day) < (month, day))
    if years < OLD_FROM_YEARS:
        return ""
    return ngettext("{years} year old", "{years} years old", years).format(years=years)


def corrections_in_words(answer: Answer | Summary, *, show: Callable[[str], str] = str) -> str:
    """Which words of the question were read as others.

    Args:
        answer: One with corrections.
        show: How a word is written.
    """
    reading = _("{typed} as {read_as}")
    readings = [reading.format(typed=show(item.typed), read_as=show(item.read_as)) for item in answer.corrections]
    return _("I read {readings}.").format(readings=", ".join(readings))


def theme_in_words(theme: Theme) -> str:
    """Which documents have something in common: the first titles, and how many more they are."""
    if len(theme.titles) == 1:
        return theme.titles[0]
    titles = " \u00b7 ".join(shorten(title, TITLE_ROOM) for title in theme.titles[:TITLES_SHOWN])
    more = len(theme.titles) - TITLES_SHOWN
    if more < 1:
        return titles
    return ngettext("{titles} and {count} more document", "{titles} and {count} more documents", more).format(
        titles=titles, count=more
    )


def diagnosis_in_words(diagnosis: Diagnosis) -> str:
    """What may be wrong with an answer, and what a moderator can do about it."""
    place, words = diagnosis.place and _place_in_words(diagnosis.place), ", ".join(diagnosis.words)
    short_by = decimal(abs(diagnosis.short_by), 3)
    if diagnosis.fault is Fault.STRICTNESS:
        text = _(
            "A matter of strictness: {place} came nearest, {short_by} short of the confidence of an answer. "
            "STRICTNESS={setting} would answer it."
        )
    elif diagnosis.fault is Fault.RANKING and diagnosis.short_by < 0:
        text = _(
            "A matter of ranking, if the answer is not in the quotes: {place} scores {short_by} more than one of them, "
            "but had no room beside the others. If it answers, shorten the sentence that says so."
        )
    elif diagnosis.fault is Fault.RANKING:
        text = _(
            "A matter of ranking, if the answer is not in the quotes: {place} came next, {short_by} behind the last of "
            "them. If it answers, let one of its sentences say so in the question's words."
        )
    elif diagnosis.place is None:
        text = _(
            "A gap in the corpus: it has no form of {words}, and no word near. If the question is about that, a "
            "document is missing; if not, ask without it."
        )
    elif diagnosis.words:
        text = _(
            "Probably a gap in the corpus: of {words} it has only near words, and no strictness would answer. {place} "
            "came nearest, {short_by} short of the confidence of an answer. If it does answer, let one of its "
            "sentences say so in the question's words; if not, a document is missing."
        )
    else:
        text = _(
            "Probably a gap in the corpus: it has every word, but no strictness would answer. {place} came nearest, "
            "{short_by} short of the confidence of an answer. If it does answer, let one of its sentences say so in "
            "the question's words; if not, a document is missing."
        )
    return text.format(place=place, words=words, short_by=short_by, setting=diagnosis.answered_at)


def _place_in_words(place: Place) -> str:
    name = " \u203a ".join(filter(None, (place.title, place.section)))
    return f"\u201c{name}\u201d"


def risks_in_words(report: ReloadReport) -> str:
    """Why somebody has to agree before a generation becomes current; empty without a risk."""
    return "; ".join(_risk_in_words(risk, report) for risk in report.risks)


def _risk_in_words(risk: Risk, report: ReloadReport) -> str:
    if risk is Risk.LARGE_REMOVAL:
        return _("{removed} of {documents} documents would go away").format(
            removed=len(report.removed), documents=report.documents_before
        )
    if risk is Risk.GOLDEN_WORSE and report.golden:
        golden = report.golden
        return _("{after} of {asked} golden questions would be answered, {before} are now").format(
            after=golden.after, asked=golden.asked, before=golden.before
        )
    count = len(report.failed_anew)
    return ngettext("{count} more file cannot be read", "{count} more files cannot be read", count).format(count=count)


def actor_in_words(by: str) -> str:
    """Who changed a library, for whoever runs the bot and may want to look them up; a name could change."""
    match = MODERATOR.fullmatch(by)
    if match is None:
        return by
    return _("Discord user {person} in server {server}").format(person=match[1], server=match[2])


def running_in_words(running: Running) -> str:
    """Who reloads, since when, and how far it is."""
    who = actor_in_words(running.by) or _("somebody")
    if not running.total:
        return _("under way, started by {who} at {since}").format(who=who, since=running.since)
    return _("under way, started by {who} at {since}: {done} of about {total} passages embedded").format(
        who=who, since=running.since, done=running.done, total=running.total
    )

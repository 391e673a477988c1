"""Dates in English sentences, each with its place: a small grammar.

It knows days (`4 November 1971`, `November 4, 1971`, `1971-11-04`), months, seasons, years from 1000 to 2099 and
decades, and gives a day without a year, or a month that is named together with another date, the year of that. What it
does not know it leaves out: better no date than a wrong one, so a bare number is a year only where the words around it
say so.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from index.keywords import terms
from index.values import Span

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}

_YEAR = r"(?P<year>1\d{3}|20\d\d)(?![\d%]|[.,]\d|-(?:0\d|1[0-2]|\d)\b)"
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?\b"
_DAY_OR_MONTH = rf"(?:(?:[12]\d|3[01]|0?[1-9])\s+)?(?:{'|'.join(_MONTHS)})\b"
_OTHER_DAYS = r"(?:(?:\s*[-\u2013]\s*|\s+(?:and|or|to)\s+)(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?\b)?"
_FORMS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![\d-])(?P<year>1\d{3}|20\d\d)-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12]\d|3[01]))?(?![\d-])",
        rf"(?<![\d.,]){_DAY}{_OTHER_DAYS}\s+(?:of\s+)?{_MONTH}(?:,?\s+{_YEAR})?",
        rf"\b{_MONTH}\s+{_DAY}(?!\s*(?:,\s*)?\d{{4}}\d){_OTHER_DAYS}(?:,?\s+{_YEAR})?",
        rf"\b{_MONTH},?\s+(?:of\s+)?{_YEAR}",
        rf"\b{_MONTH}(?=\s*[-\u2013]\s*{_DAY_OR_MONTH}|\s+(?:and|or|to|until|through)\s+(?:(?:on|in)\s+)?{_DAY_OR_MONTH})",
        rf"\b(?P<season>{'|'.join(_SEASONS)})\s+(?:of\s+)?{_YEAR}",
        r"(?<!\d)(?P<decade>1\d\d0|20\d0)['\u2019]?s\b",
    )
]
_BARE_YEAR = re.compile(
    r"(?:\b(?:in|of|since|by|from|until|till|to|through|and|or|before|after|during|around|about|between|late|early|mid|"
    rf"the|a|year|circa|fy)[\s-]+|\(|^\W*){_YEAR}",
    re.IGNORECASE,
)
_SURE_OF_EARLY_YEARS = re.compile(
    r"(?:\b(?:in|since|by|until|till|before|after|during|between|late|early|year|circa)\s+|\(|^\W*)$", re.IGNORECASE
)
"""What stands before one of 1000 to 1499, which is more often a count."""
_COUNTED = re.compile(
    r"\s+(?:people|persons|employees|officers|officials|members|staff|signers|signatures|names|men|women|children|soldiers|"
    r"troops|dollars|euros|pounds|miles|feet|metres|meters|kilometres|kilometers|km|words|characters|pages|copies|times|"
    r"years|days|hours|votes|documents|messages|recommendations|degrees|kilograms|tons|tonnes|percent|per)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+(?:[-/&.]\w+)*")
_REPORTED = re.compile(
    r"\b(?:said|says|wrote|writes|written|reported|report|reports|according to|argued|told|article|articles|account|"
    r"accounts|history|letter to|interview|post|brief|counted|noted|described|found|explained)\b[^.,;:\d]{0,40}$",
    re.IGNORECASE,
)


LISTED = 3
"""So many dates, equally exact, are a list."""


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date where it stands in a text; the parts that it does not give are None."""

    span: Span
    year: int
    month: int | None = None
    day: int | None = None
    is_decade: bool = False
    is_season: bool = False
    """Then the month is the one in which it begins."""

    @property
    def iso(self) -> str:
        """As exact as it is given: `1971-11-04`, `1971-11`, `1971`; `1970s` for a decade, the year for a season."""
        if self.is_decade:
            return f"{self.year}s"
        month = None if self.is_season else self.month
        parts = [f"{self.year:04}", *(f"{part:02}" for part in (month, self.day) if part is not None)]
        return "-".join(parts)

    @property
    def order(self) -> tuple[int, int, int]:
        """Earlier dates sort first; a year before its months, a month before its days."""
        return self.year, self.month or 0, self.day or 0


def find_dates(text: str) -> list[DateMention]:
    """The dates of a sentence, in order of their places; they do not overlap."""
    found: list[DateMention] = []
    unfinished: list[DateMention] = []
    taken: list[Span] = []
    for match in (match for form in _FORMS for match in form.finditer(text)):
        span = Span(*match.span())
        if _overlaps(span, taken):
            continue
        taken.append(span)
        date = _date_of(match)
        if date is not None:
            (found if date.year else unfinished).append(date)
    for date in _bare_years(text):
        if not _overlaps(date.span, taken):
            found.append(date)
    return sorted([*found, *_with_years(unfinished, found)], key=lambda date: date.span)


def main_date(text: str, about: Collection[str] = ()) -> DateMention | None:
    """The date of what a sentence tells: the most exact one, of equals the one nearest to what it is about.

    Of two that no word tells apart it is the first. When somebody said or wrote it counts only where there is no other.
    None where a sentence lists dates and nothing tells which of them counts.

    Args:
        text: The sentence.
        about: Terms of what is asked about (`index.keywords.terms`).
    """
    dates = find_dates(text)
    told = [date for date in dates if not _REPORTED.search(text[: date.span.start])] or dates
    exactness = [(date.month is not None) + (date.day is not None) - date.is_decade for date in told]
    best = [date for date, exact in zip(told, exactness, strict=True) if exact == max(exactness)]
    if len(best) < 2:
        return best[0] if best else None
    places = [match.span() for match in _WORD.finditer(text) if not set(about).isdisjoint(terms(match[0]))]
    if not places:
        return best[0] if len(best) < LISTED else None
    return min(best, key=lambda date: (min(_distance(date.span, Span(*place)) for place in places), date.span.start))


def _distance(a: Span, b: Span) -> int:
    """How many characters lie between two places."""
    return max(a.start - b.end, b.start - a.end, 0)


def _date_of(match: re.Match[str]) -> DateMention | None:
    """What a form found, its year 0 where it has none; None where there is no such day."""
    parts = match.groupdict()
    span = Span(match.start(), match.start() + len(match[0].rstrip(".")))  # one at the end is the sentence's
    if parts.get("decade"):
        return DateMention(span, int(parts["decade"]), is_decade=True)
    year = int(parts.get("year") or 0)
    if parts.get("season"):
        return DateMention(span, year, _SEASONS[parts["season"].lower()], is_season=True)
    name = parts["month"]
    if not (name.isdigit() or name[0].isupper()):
        return None  # "may" and "march" are words, too
    month = int(name) if name.isdigit() else _MONTHS[name.lower()]
    day = int(parts["day"]) if parts.get("day") else None
    try:
        datetime.date(year or 2000, month, day or 1)
    except ValueError:
        return None
    return DateMention(span, year, month, day)


def _bare_years(text: str) -> Iterator[DateMention]:
    position = 0
    while (match := _BARE_YEAR.search(text, position)) is not None:
        position = match.end()
        is_early = int(match["year"]) < 1500
        if is_early and not _SURE_OF_EARLY_YEARS.search(text, 0, match.start("year")):
            continue
        if not _COUNTED.match(text, match.end()):
            yield DateMention(Span(*match.span("year")), int(match["year"]))


def _with_years(unfinished: list[DateMention], found: list[DateMention]) -> Iterator[DateMention]:
    """Dates without a year, with that of the nearest date that has one; none where the sentence names no year."""
    years = [date for date in found if not date.is_decade]
    for date in unfinished:
        if years:
            nearest = min(years, key=lambda other: (abs(other.span.start - date.span.start), other.span))
            yield replace(date, year=nearest.year)


def _overlaps(span: Span, taken: list[Span]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in taken)

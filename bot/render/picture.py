"""A timeline as a picture: a line on which each date has its place, and beside it what happened.

Distances on the line are those in time, except that dots keep apart; what happened stands in order, as far apart as it
needs, and a stroke leads from one to the other. matplotlib draws it, and is imported when the first picture is made. It
draws on a figure of ours and keeps nothing between pictures, but it is to be used by one thread at a time.
"""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bot.localisation import _, dated
from bot.render.answer import one_line
from bot.render.limits import ALTERNATIVE_TEXT, ELLIPSIS, length, shorten
from bot.render.text import plain
from index import Summary

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

EVENTS_AT_LEAST = 2
"""One date alone makes no line."""

WIDTH = 800
"""In pixels: twice what a phone shows, so that it is sharp there."""

MARGIN = 32
LINE_X, LABEL_X = 44, 104
LABEL_WIDTH = WIDTH - LABEL_X - MARGIN
TEXT_SIZE, TITLE_SIZE = 26, 30
"""Half of it is what a phone shows."""

LINE_HEIGHT = 34
TITLE_LINE_HEIGHT = 40
GAP = 22
TITLE_LINES = 2
DOT, DOT_DISTANCE = 13, 18
DRAWABLE_SHARE = 0.9
"""Where the fonts have fewer of the letters, the picture would say something else."""

FONTS = ("DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Emoji")
"""The first comes with matplotlib; the others serve for letters that it lacks, where they are installed."""


class Look(StrEnum):
    """A picture's colours. Nothing tells a bot which theme its reader has set, so each has its own background."""

    DARK = "dark"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class Colours:
    """Of one look."""

    background: str
    text: str
    date: str
    line: str


COLOURS = {
    Look.DARK: Colours(background="#2b2d31", text="#f2f3f5", date="#9ec3ee", line="#7d838c"),
    Look.LIGHT: Colours(background="#ffffff", text="#1f2329", date="#24507d", line="#8a919c"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, and when."""

    iso: str
    """A year, a month or a day, as in ISO 8601."""
    text: str


@dataclass(frozen=True, slots=True)
class Label:
    """An event as it is drawn; places are in pixels from the top left."""

    date: str
    lines: tuple[str, ...]
    top: float
    dot_y: float

    @property
    def bottom(self) -> float:
        return self.top + LINE_HEIGHT * (1 + len(self.lines))

    @property
    def date_y(self) -> float:
        """The middle of the line that says the date."""
        return self.top + LINE_HEIGHT / 2


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole picture, before it is drawn."""

    title: tuple[str, ...]
    labels: tuple[Label, ...]
    height: float


Measure = Callable[[str, float, bool], float]
"""The width of a text in pixels, given its size and whether it is bold."""


def events_of(summary: Summary) -> list[Event]:
    """What a timeline says happened when, earliest first."""
    return [
        Event(iso, one_line(plain(quote)))
        for iso, quote in zip(summary.dates, summary.quotes, strict=bool(summary.dates))
    ]


def alternative_text(title: str, events: Sequence[Event]) -> str:
    """What the picture says, for those who do not see it: every date, and of what happened as much as there is room."""
    lead = _("Timeline: {topic}.").format(topic=shorten(one_line(title), 200))
    for room in range(300, 15, -5):
        lines = [f"{dated(event.iso)}: {shorten(event.text, room)}" for event in events]
        text = "\n".join([lead, *lines])
        if length(text) <= ALTERNATIVE_TEXT:
            return text
    ends = _("It has {count} dates, from {first} to {last}.").format(
        count=len(events), first=dated(events[0].iso), last=dated(events[-1].iso)
    )
    return f"{lead} {ends}"


def picture(title: str, events: Sequence[Event], look: Look) -> bytes | None:
    """Draw a timeline as a PNG; the same events give the same bytes.

    Args:
        title: What it is about.
        events: Earliest first, at least one.
        look: Its colours.

    Returns:
        None where the fonts lack what it is written in.
    """
    drawable = [Event(event.iso, _drawable(event.text)) for event in events]
    if sum(len(event.text) for event in drawable) < DRAWABLE_SHARE * sum(len(event.text) for event in events):
        return None
    png = _drawn(layout(_drawable(title), drawable, _measure), look)
    gc.collect(1)  # matplotlib's objects hold each other; left to Python, hundreds of pictures pile up before they go
    return png


def _drawn(plan: Layout, look: Look) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.transforms import IdentityTransform

    colours, dpi = COLOURS[look], 100
    figure = Figure(figsize=(WIDTH / dpi, plan.height / dpi), dpi=dpi, facecolor=colours.background)
    pixels: Any = IdentityTransform()

    def stroke(xs: Sequence[float], ys: Sequence[float], **style: Any) -> None:
        figure.add_artist(Line2D(list(xs), [plan.height - y for y in ys], transform=pixels, **style))

    def write(x: float, y: float, text: str, size: float, colour: str, *, bold: bool = False) -> None:
        font = _font(size, bold)
        figure.text(
            x,
            plan.height - y,
            text,
            fontproperties=font,
            color=colour,
            va="center_baseline",
            transform=pixels,
            parse_math=False,
        )

    for number, line in enumerate(plan.title):
        y = MARGIN + TITLE_LINE_HEIGHT * (number + 0.5)
        write(MARGIN, y, line, TITLE_SIZE, colours.text, bold=True)
    dots = [label.dot_y for label in plan.labels]
    stroke([LINE_X, LINE_X], [dots[0], dots[-1]], color=colours.line, linewidth=3)
    for label in plan.labels:
        stroke(
            [LINE_X, LABEL_X - 30, LABEL_X - 12],
            [label.dot_y, label.date_y, label.date_y],
            color=colours.line,
            linewidth=1.2,
        )
    stroke([LINE_X] * len(dots), dots, color=colours.date, linestyle="", marker="o", markersize=DOT * 72 / dpi)
    for label in plan.labels:
        write(LABEL_X, label.date_y, label.date, TEXT_SIZE, colours.date, bold=True)
        for number, line in enumerate(label.lines, start=1):
            write(LABEL_X, label.date_y + LINE_HEIGHT * number, line, TEXT_SIZE, colours.text)
    file = io.BytesIO()
    FigureCanvasAgg(figure).print_png(file)
    return file.getvalue()


def layout(title: str, events: Sequence[Event], measure: Measure) -> Layout:
    """Say where everything stands: labels below each other, dots where they are in time."""
    title_lines = wrapped(title, WIDTH - 2 * MARGIN, TITLE_LINES, TITLE_SIZE, measure, is_bold=True)
    top = MARGIN + TITLE_LINE_HEIGHT * len(title_lines) + GAP
    most_lines = 3 if len(events) <= 6 else 2 if len(events) <= 12 else 1
    placed: list[tuple[str, tuple[str, ...], float]] = []
    for event in events:
        lines = wrapped(event.text, LABEL_WIDTH, most_lines, TEXT_SIZE, measure)
        placed.append((dated(event.iso), lines, top))
        top += LINE_HEIGHT * (1 + len(lines)) + GAP
    first_y, last_y = placed[0][2] + LINE_HEIGHT / 2, placed[-1][2] + LINE_HEIGHT / 2
    times = [_years(event.iso) for event in events]
    span = times[-1] - times[0]
    dots = [first_y + (time - times[0]) / (span or 1) * (last_y - first_y) for time in times]
    labels = [
        Label(date, lines, y, dot) for (date, lines, y), dot in zip(placed, _kept_apart(dots, times), strict=True)
    ]
    return Layout(title_lines, tuple(labels), top - GAP + MARGIN)


def _kept_apart(dots: Sequence[float], times: Sequence[float]) -> list[float]:
    """Move dots of different times so far that none hides another, and no further."""
    apart = [DOT_DISTANCE * (later > earlier) for earlier, later in pairwise(times)]
    placed = list(dots)
    for number, distance in enumerate(apart, start=1):
        placed[number] = max(placed[number], placed[number - 1] + distance)
    placed[-1] = dots[-1]
    for number, distance in reversed(list(enumerate(apart))):
        placed[number] = min(placed[number], placed[number + 1] - distance)
    return placed


def wrapped(
    text: str, width: float, most_lines: int, size: float, measure: Measure, *, is_bold: bool = False
) -> tuple[str, ...]:
    """A text in lines that fit, with an ellipsis where it needs more of them than it may have."""
    lines: list[str] = []
    rest = one_line(text)
    while rest:
        is_last = len(lines) == most_lines - 1
        line = _fitting(rest, width - (measure(ELLIPSIS, size, is_bold) if is_last else 0), size, measure, is_bold)
        if is_last and measure(rest, size, is_bold) <= width:
            line = rest
        rest = rest[len(line) :].lstrip()
        lines.append(line.rstrip() + (ELLIPSIS if is_last and rest else ""))
        if is_last:
            break
    return tuple(lines)


def _fitting(text: str, width: float, size: float, measure: Measure, is_bold: bool) -> str:
    """As many of a text's words as fit, of a word that is wider than a line as many letters."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle], size, is_bold) <= width else (low, middle - 1)
    if low == len(text) or text[low].isspace():
        return text[:low]
    words = text[:low].rsplit(maxsplit=1)
    return words[0] if len(words) > 1 and " " in text[:low].strip() else text[:low]


def _years(iso: str) -> float:
    """A date as a number of years; one without a day or a month stands at its beginning."""
    year, month, day = (int(part) for part in [*iso.rstrip("s").split("-"), "1", "1"][:3])
    return year + (month - 1) / 12 + (day - 1) / 372


@cache
def _families() -> list[str]:
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return [name for name in FONTS if name in installed]


@cache
def _font(size: float, is_bold: bool) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=_families(), weight="bold" if is_bold else "normal", size=size * 72 / 100)


@cache
def _letters() -> frozenset[int]:
    """What the fonts can draw."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(
        code for name in _families() for code in get_font(findfont(FontProperties(family=[name]))).get_charmap()
    )


def _drawable(text: str) -> str:
    """A text without the signs that no font has: they would be empty boxes."""
    return "".join(sign for sign in text if ord(sign) in _letters() or sign.isspace())


def _measure(text: str, size: float, is_bold: bool) -> float:
    from matplotlib.textpath import TextToPath

    width, _height, _descent = TextToPath().get_text_width_height_descent(text, _font(size, is_bold), ismath=False)
    return float(width) * 100 / 72

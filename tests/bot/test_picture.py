"""A timeline as a picture: everything has its place, fits, can be read, and is said in words, too."""

from __future__ import annotations

import gc
import io
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.localisation import speaking
from bot.render.limits import ALTERNATIVE_TEXT, ELLIPSIS, length
from bot.render.picture import (
    COLOURS,
    DOT,
    LABEL_WIDTH,
    TEXT_SIZE,
    WIDTH,
    Event,
    Layout,
    Look,
    alternative_text,
    events_of,
    layout,
    picture,
    wrapped,
)
from tests.bot.quotes import lines, quote_of
from tests.bot.test_summary import summary_of

FOUNDED = Event("1971-02-05", "The Dissent Channel was founded so that officers could disagree in writing.")
RESIGNED = Event("1992-08", "An officer resigned over the policy on Bosnia.")
SIGNED = Event("2016", "51 officers signed a memorandum on Syria.")
EVENTS = [FOUNDED, RESIGNED, SIGNED]

isos = st.one_of(
    st.integers(1000, 2100).map("{:04}".format),
    st.integers(1900, 2090).map("{}s".format),
    st.dates().map(lambda date: date.strftime("%Y-%m").zfill(7)),
    st.dates().map(lambda date: date.isoformat()),
)


def measure(text: str, size: float, is_bold: bool) -> float:
    """As if all letters were of one width."""
    return len(text) * size * (0.7 if is_bold else 0.6)


def size_of(png: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(png)).size


def assert_in_place(plan: Layout) -> None:
    """Nothing overlaps, all is inside, and dots stand in the order of their labels."""
    for above, below in pairwise(plan.labels):
        assert above.bottom < below.top
        assert above.dot_y <= below.dot_y
    assert plan.labels[-1].bottom < plan.height
    first, last = plan.labels[0], plan.labels[-1]
    for label in plan.labels:
        assert first.date_y <= label.dot_y <= last.date_y
        assert all(measure(line, TEXT_SIZE, False) <= LABEL_WIDTH for line in label.lines)


@given(lines, st.lists(st.builds(Event, isos, lines), min_size=1, max_size=40))
def test_nothing_overlaps_and_all_of_it_is_inside(title: str, events: list[Event]):
    assert_in_place(layout(title, sorted(events, key=lambda event: event.iso.rstrip("s")), measure))


def test_distances_on_the_line_are_those_in_time():
    plan = layout("Years", [Event(iso, "Something happened.") for iso in ("1970", "1980", "2010")], measure)

    first, second, third = (label.dot_y for label in plan.labels)
    assert (second - first) / (third - first) == pytest.approx(0.25, abs=0.001)


def test_dots_of_different_times_do_not_hide_each_other():
    isos = ("1971", "2017-01-27", "2017-01-30", "2017-01-31", "2017-02")

    plan = layout("Days", [Event(iso, "Something happened.") for iso in isos], measure)

    assert_in_place(plan)
    assert all(below.dot_y - above.dot_y >= DOT for above, below in pairwise(plan.labels))


@pytest.mark.parametrize(("iso", "share"), [("2000-07", 0.5), ("2000-01-01", 0), ("2000s", 0)])
def test_months_days_and_decades_have_their_places(iso: str, share: float):
    plan = layout("", [Event("2000", "a"), Event(iso, "b"), Event("2001", "c")], measure)

    first, second, third = (label.dot_y for label in plan.labels)
    assert (second - first) / (third - first) == pytest.approx(share, abs=0.001)


def test_events_of_one_date_are_told_apart():
    plan = layout("A day", [Event("1992-08-05", "One."), Event("1992-08-05", "Another.")], measure)

    assert_in_place(plan)
    assert [label.lines for label in plan.labels] == [("One.",), ("Another.",)]


@given(lines, st.integers(1, 3))
def test_a_long_sentence_is_cut_and_says_so(text: str, most_lines: int):
    shown = wrapped(text, 400, most_lines, TEXT_SIZE, measure)

    assert len(shown) <= most_lines
    assert all(measure(line, TEXT_SIZE, False) <= 400 for line in shown)
    whole = "".join(text.split())
    kept = "".join("".join(shown).split())
    assert kept == whole or (kept.endswith(ELLIPSIS) and whole.startswith(kept.removesuffix(ELLIPSIS)))


@pytest.mark.parametrize("look", Look)
def test_it_is_the_same_each_time_and_as_wide_as_two_phones(look: Look):
    png = picture("Dissent", EVENTS, look)

    assert png is not None
    assert png == picture("Dissent", EVENTS, look)
    assert size_of(png)[0] == WIDTH
    background = Image.open(io.BytesIO(png)).convert("RGB").getpixel((2, 2))
    assert background == tuple(bytes.fromhex(COLOURS[look].background[1:]))


def test_what_is_drawn_stays_away_from_the_edges():
    long = [Event(str(1960 + number), "Wide Words With Many Letters " * 20) for number in range(30)]

    png = picture("W" * 300, long, Look.LIGHT)

    assert png is not None
    image = Image.open(io.BytesIO(png)).convert("L").point(lambda value: 255 if value < 250 else 0)
    left, top, right, bottom = image.getbbox() or (0, 0, 0, 0)
    assert left >= 20
    assert top >= 20
    assert right <= WIDTH - 20
    assert bottom <= image.size[1] - 20


@pytest.mark.parametrize("look", Look)
def test_it_can_be_read(look: Look):
    colours = COLOURS[look]

    for colour in (colours.text, colours.date):
        assert _contrast(colour, colours.background) >= 4.5  # WCAG 2.2, 1.4.3
    assert _contrast(colours.line, colours.background) >= 3  # 1.4.11


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in bytes.fromhex(colour[1:])]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_dollars_are_no_formula_and_signs_without_a_font_leave_no_boxes():
    prices = [Event("1970", "It cost $5 and $x_2$."), Event("1980", "It cost \U0001f9ff $6.")]
    bare = [prices[0], Event("1980", "It cost  $6.")]

    assert picture("Prices", prices, Look.DARK) == picture("Prices", bare, Look.DARK)


def test_what_the_fonts_cannot_write_has_no_picture():
    unknown = "\U00012000\U00012001\U00012002" * 10  # cuneiform

    assert picture("", [Event("1970", unknown), Event("1980", unknown)], Look.DARK) is None


def test_the_words_for_it_say_dates_and_events():
    text = alternative_text("Dissent", EVENTS)

    assert text.split("\n") == [
        "Timeline: Dissent.",
        f"February 5, 1971: {FOUNDED.text}",
        f"August 1992: {RESIGNED.text}",
        f"2016: {SIGNED.text}",
    ]
    with speaking("es"):
        assert "5 de febrero de 1971" in alternative_text("Dissent", EVENTS)


@settings(max_examples=30)
@given(lines, st.lists(st.builds(Event, isos, lines), min_size=2, max_size=60))
def test_the_words_for_it_fit(title: str, events: list[Event]):
    assert 0 < length(alternative_text(title, events)) <= ALTERNATIVE_TEXT


def test_of_too_many_dates_the_words_say_how_many():
    text = alternative_text("Dissent", [Event(f"{1900 + number}-01-01", "Words. " * 9) for number in range(60)])

    assert "60 dates, from January 1, 1900 to January 1, 1959" in text


def test_events_are_the_plain_sentences_of_a_timeline():
    timeline = summary_of(quote_of("It was **1904**\nthen."), dates=("1904",), confidence=0.9)

    assert events_of(timeline) == [Event("1904", "It was **1904** then.")]
    assert events_of(summary_of(quote_of("Not dated."))) == []


def test_matplotlib_is_loaded_with_the_first_picture_and_without_pyplot():
    code = (
        "import sys; import bot.summaries; assert 'matplotlib' not in sys.modules;"
        "from bot.render.picture import *; picture('a', [Event('1970', 'b'), Event('1980', 'c')], Look.DARK);"
        "print('matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["True", "False"]


def test_a_picture_leaves_no_garbage_to_wait_for():
    from matplotlib.figure import Figure

    gc.collect()
    gc.disable()  # a collection in the middle of a drawing would keep it until the next full one
    try:
        for _ in range(5):
            picture("Dissent", EVENTS, Look.DARK)
        left = [found for found in gc.get_objects() if type(found) is Figure]
    finally:
        gc.enable()

    assert not left

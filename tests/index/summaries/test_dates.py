"""Dates are found where they stand, as exact as they are given, and nothing else is taken for one."""

from __future__ import annotations

import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.summaries.dates import find_dates, main_date


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("It was announced on 4 November 1971.", [("1971-11-04", "4 November 1971")]),
        ("On November 4, 1971, it was announced.", [("1971-11-04", "November 4, 1971")]),
        ("Built 1971-11-04, mended 1972-03.", [("1971-11-04", "1971-11-04"), ("1972-03", "1972-03")]),
        ("Since Sept. 11, 2001, much has changed.", [("2001-09-11", "Sept. 11, 2001")]),
        ("The 2nd of May 1994 was a Monday.", [("1994-05-02", "2nd of May 1994")]),
        ("News broke on 16 and 17 June 2016.", [("2016-06-16", "16 and 17 June 2016")]),
        ("In early March 2025 they signed.", [("2025-03", "March 2025")]),
        ("A cable of spring 2003 on Iraq.", [("2003", "spring 2003")]),
        ("After the purges of the 1950s.", [("1950s", "1950s")]),
        ("In 1975 and again in 2023.", [("1975", "1975"), ("2023", "2023")]),
        ("The 1984 dissent (1985) won.", [("1984", "1984"), ("1985", "1985")]),
        ("On 3 November or 2 November 2023.", [("2023-11-03", "3 November"), ("2023-11-02", "2 November 2023")]),
        ("4 November\n1971: a telegram.", [("1971-11-04", "4 November\n1971")]),
        ("It ended on 31 August 2021.", [("2021-08-31", "31 August 2021")]),
        ("In 1066, the duke landed.", [("1066", "1066")]),
        ("The battle (1071) was lost after 1070.", [("1071", "1071"), ("1070", "1070")]),
        ("It fell on 14 October 1066.", [("1066-10-14", "14 October 1066")]),
        ("One served in the 1050s.", [("1050s", "1050s")]),
        ("Between August and October 1944 it burned.", [("1944-08", "August"), ("1944-10", "October 1944")]),
        ("In August and on 3 October 1944.", [("1944-08", "August"), ("1944-10-03", "3 October 1944")]),
        ("From May\u2013June 1940 on.", [("1940-05", "May"), ("1940-06", "June 1940")]),
        ("It was cut in FY 2017.", [("2017", "2017")]),
        ("In 1971-72 it began.", [("1971", "1971")]),
    ],
)  # fmt: skip
def test_a_date_is_found_with_its_place(text: str, dates: list[tuple[str, str]]):
    assert [(date.iso, text[date.span.start : date.span.end]) for date in find_dates(text)] == dates


@pytest.mark.parametrize(
    "text",
    [
        "The power comes from 22 U.S.C. 2656 and 22 U.S.C. 2651a.",
        "About 1,971 people and 2000 employees signed.",
        "In 2000 messages nobody said so.",
        "A room of 1400 and the 1200 of them.",
        "Between March and the end nothing happened.",
        "It costs $1999 or 1999.50.",
        "They may march 30 miles.",
        "On 31 February 1990 nothing happened.",
        "On 4 November nothing happened.",
        "Section 2 FAM 071.1 and room 1843.",
        "",
    ],
)
def test_what_is_no_date_or_lacks_a_year_is_left_out(text: str):
    assert find_dates(text) == []


def test_the_most_exact_date_is_the_main_one():
    date = main_date("In 1975 the committee voted on 21 October 1975.")

    assert date is not None
    assert date.iso == "1975-10-21"


def test_when_somebody_wrote_it_counts_only_where_there_is_no_other_date():
    with_other = main_date("The paper wrote in November 2023 that it began in 1971.")
    alone = main_date("The paper wrote in November 2023 that it began.")

    assert with_other is not None
    assert alone is not None
    assert (with_other.iso, alone.iso) == ("1971", "2023-11")


@pytest.mark.parametrize(
    ("about", "iso"), [(("travel", "ban"), "2017"), (("bosnia",), "1993"), (("attack",), "2021"), (("gaza",), None)]
)
def test_of_dates_in_a_list_the_one_beside_what_is_asked_about_counts(about: tuple[str, ...], iso: str | None):
    date = main_date(
        "Those on Bosnia (1993), Syria (2016), the travel ban (2017) and the attack (2021) got out.", about
    )

    assert (date and date.iso) == iso


def test_of_two_dates_that_nothing_tells_apart_the_first_counts():
    date = main_date("It was tried in 1975 and again in 2023.", ("storm",))

    assert date is not None
    assert date.iso == "1975"


def test_dates_are_put_in_order_of_time():
    dates = [
        date
        for text in ("In 1972.", "In 1971.", "In November 1971.", "On 4 November 1971.")
        for date in find_dates(text)
    ]

    in_order = sorted(dates, key=lambda date: date.order)

    assert [date.iso for date in in_order] == ["1971", "1971-11", "1971-11-04", "1972"]


@given(st.dates(min_value=datetime.date(1000, 1, 1), max_value=datetime.date(2099, 12, 31)))
def test_every_day_is_read_back_in_each_of_its_forms(day: datetime.date):
    forms = [
        f"{day.day} {day:%B} {day.year}",
        f"{day:%B} {day.day}, {day.year}",
        f"{day.day} {day:%b} {day.year}",
        day.isoformat(),
    ]

    for form in forms:
        assert [date.iso for date in find_dates(f"On {form} it was.")] == [day.isoformat()], form


@given(st.text(alphabet="0123456789 -,./()'sMaymarchJanOtber\n", max_size=60))
def test_places_never_overlap_and_lie_in_the_text(text: str):
    spans = [date.span for date in find_dates(text)]

    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))

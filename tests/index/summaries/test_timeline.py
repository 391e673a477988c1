"""What happened when, in order, each date where it stands."""

from __future__ import annotations

from pathlib import Path

from index import Length, Verdict
from tests.index.documents import library_of

STORMS = """\
# Storms at the lighthouse

The storm of 3 March 1904 broke a window of the lighthouse. In 1894 a storm cut the lighthouse off for nine weeks.
Storms wear the lighthouse down. A storm of November 1901 took the boat of the lighthouse.

## Again

In 1894 a storm cut the lighthouse off for nine weeks, too. The lighthouse stood the storm of spring 1895.
"""
BREAD = "# Bread\n\nBread rises overnight in a bowl.\n"


def test_dated_sentences_come_in_order_of_their_dates(tmp_path: Path):
    summary = library_of(tmp_path, storms=STORMS, bread=BREAD).timeline("storm at the lighthouse", length=Length.LONG)

    assert summary.dates == ("1894", "1895", "1901-11", "1904-03-03")


def test_the_place_of_each_date_is_highlighted(tmp_path: Path):
    library = library_of(tmp_path, storms=STORMS, bread=BREAD)

    summary = library.timeline("storm at the lighthouse", length=Length.LONG)

    document = library.document("storms")
    places = [document.text[start:end] for quote in summary.quotes for start, end in quote.highlights]
    assert places == ["1894", "spring 1895", "November 1901", "3 March 1904"]
    assert all(quote.text == document.text[slice(*quote.citation.span)] for quote in summary.quotes)


def test_the_dates_of_json_are_those_of_its_quotes(tmp_path: Path):
    summary = library_of(tmp_path, storms=STORMS, bread=BREAD).timeline("storm at the lighthouse", length=Length.SHORT)

    assert [quote["date"] for quote in summary.as_dict()["quotes"]] == list(summary.dates)
    assert len(summary.dates) == 3


def test_what_is_covered_without_a_date_has_no_lines(tmp_path: Path):
    summary = library_of(
        tmp_path, bread=BREAD, owls="# Owls\n\nOwls hunt mice at night. Owls sleep by day.\n"
    ).timeline("owls hunt mice")

    assert summary.verdict is not Verdict.NOT_COVERED
    assert (summary.quotes, summary.dates) == ((), ())


def test_what_another_document_tells_of_the_same_event_is_left_out(tmp_path: Path):
    mine = (
        "# Prizes\n\nThe keeper Ada Lund won the Beacon Prize for the lighthouse in 1905, with the mayor presiding.\n"
    )
    other = (
        "# People\n\nThe town gave Ada Lund its Beacon Prize for the lighthouse on 3 May 1905; the mayor presided.\n"
    )
    later = "# Later\n\nThe keeper Ada Lund won the Beacon Prize for the lighthouse again in 1911.\n"

    summary = library_of(tmp_path, mine=mine, other=other, later=later).timeline("lighthouse prize", length=Length.LONG)

    assert len(summary.dates) == 2
    assert summary.dates[0].startswith("1905")
    assert summary.dates[1] == "1911"

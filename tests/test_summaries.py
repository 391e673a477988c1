"""Summaries of the bundled corpus with the real model: exact, free of repeats, in order, each sentence readable alone.

How good they are beside people's, `python -m benchmarks.summaries` says.
"""

from __future__ import annotations

import json
import re
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.summaries import judged_pairs_table
from index import Length, Library, Quote, SentenceTransformerEmbedder, Verdict
from tests.test_answers import OFF_TOPIC

pytestmark = pytest.mark.model

ROOT = Path(__file__).resolve().parent.parent
SHARED_SETS = ROOT.parent / "shared" / "eval"
WITH_PRONOUNS = ("paragraphs/corpus/normans.md", "excerpts/corpus/state_of_the_union.md")
NEAREST = 0.86
"""The highest cosine of two lines that are embedded each by itself; two that tell the same come to 0.9 and more."""
LEANING = set("he she they him them his her their its these those then however nor".split())
TOPICS = [
    item["topic"]
    for item in map(json.loads, (ROOT / "benchmarks" / "summaries" / "references.jsonl").read_text().splitlines())
    if item["kind"] == "topic"
]


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = Library(
        corpus=ROOT / "corpus", data=tmp_path_factory.mktemp("data"), embedder=SentenceTransformerEmbedder()
    )
    library.reload()
    return library


def assert_well_quoted(library: Library, quotes: tuple[Quote, ...], length: Length) -> None:
    """Each line is its source's characters and can be read alone; together they fit the length and repeat nothing."""
    assert 1 <= len(quotes) <= length.sentences
    vectors = []
    for quote in quotes:
        document = library.document(quote.citation.document)
        start, end = quote.citation.span
        assert document.text[start:end] == quote.text
        assert document.plain(quote.citation.span).casefold().split()[0].strip(",") not in LEANING
        assert not quote.text.startswith("#")
        vectors.append(library.embedder.embed_query(document.plain(quote.citation.span)).vector)
    cosines = np.array(vectors) @ np.array(vectors).T - np.eye(len(vectors))
    assert cosines.max(initial=0) < NEAREST
    assert len({quote.text for quote in quotes}) == len(quotes)


@pytest.mark.parametrize("length", Length)
def test_every_document_is_summed_up_by_its_own_sentences_in_order(bundled: Library, length: Length):
    for entry in bundled.documents():
        summary = bundled.summarize_document(entry.id, length=length)

        starts = [quote.citation.span.start for quote in summary.quotes]
        assert starts == sorted(starts)
        assert_well_quoted(bundled, summary.quotes, length)


@pytest.mark.skipif(not SHARED_SETS.is_dir(), reason="left out: the question sets of ../shared/eval are not here")
def test_documents_with_pronouns_have_as_many_lines_and_none_twice(tmp_path: Path):
    (tmp_path / "corpus").mkdir()
    for path in WITH_PRONOUNS:
        shutil.copy(SHARED_SETS / path, tmp_path / "corpus")
    library = Library(corpus=tmp_path / "corpus", data=tmp_path / "data", embedder=SentenceTransformerEmbedder())
    library.reload()

    for length in Length:
        for entry in library.documents():
            quotes = library.summarize_document(entry.id, length=length).quotes
            assert len(quotes) >= 0.75 * length.sentences
            assert_well_quoted(library, quotes, length)
        for topic in ("inflation", "taxes", "Robert Guiscard", "Normans in England"):
            assert_well_quoted(library, library.summarize_topic(topic, length=length).quotes, length)


def test_the_shortest_summary_of_each_document_says_how_it_begins(bundled: Library):
    for entry in bundled.documents():
        first = bundled.summarize_document(entry.id, length=Length.SHORT).quotes[0]

        text = bundled.document(entry.id).text[: first.citation.span.start]
        assert not re.search(r"[.!][ \n]", re.sub(r"(?m)^#.*", "", text).replace("\n- ", "")), (entry.id, first.text)


@pytest.mark.parametrize("length", Length)
def test_every_topic_is_summed_up_and_most_from_several_documents(bundled: Library, length: Length):
    documents = []
    for topic in TOPICS:
        summary = bundled.summarize_topic(topic, length=length)

        assert_well_quoted(bundled, summary.quotes, length)
        documents.append(len({quote.citation.document for quote in summary.quotes}))
    assert sum(count > 1 for count in documents) > len(TOPICS) / 2


def test_the_corpus_is_summed_up_by_how_its_documents_begin(bundled: Library):
    for length in Length:
        assert_well_quoted(bundled, bundled.summarize_corpus(length=length).quotes, length)


@pytest.mark.parametrize("topic", TOPICS)
def test_dates_of_a_timeline_stand_where_they_are_highlighted_and_in_order(bundled: Library, topic: str):
    summary = bundled.timeline(topic, length=Length.LONG)

    years = [int(date[:4]) for date in summary.dates]
    assert len(years) >= 3
    assert years == sorted(years)
    for date, quote in zip(summary.dates, summary.quotes, strict=True):
        [(start, end)] = quote.highlights
        text = bundled.document(quote.citation.document).text
        assert quote.citation.span.start <= start < end <= quote.citation.span.end
        assert quote.text == text[slice(*quote.citation.span)]
        assert date[:4] in quote.text
        assert text[start:end].strip() == text[start:end]


def test_two_documents_on_one_matter_have_points_in_common(bundled: Library):
    comparison = bundled.compare("messages/gaza-2023", "messages/november-2023-cables")

    both = [(pair.a.text, pair.b.text) for pair in comparison.pairs if pair.a and pair.b]
    assert len(both) >= 2
    assert any("At least three" in a and "At least three" in b for a, b in both)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("history/origins", "debate/critics"),
        ("messages/blood-telegram-1971", "messages/cyprus-1974"),
        ("messages/child-soldiers-2017", "messages/iraq-2003-and-darfur"),
    ],
)
def test_two_documents_on_two_matters_have_none(bundled: Library, a: str, b: str):
    pairs = bundled.compare(a, b).pairs

    assert not any(pair.a and pair.b for pair in pairs)
    assert {bool(pair.a) for pair in pairs} == {True, False}


def test_what_stands_on_the_same_points_is_what_a_person_would_put_there(bundled: Library):
    _head, judge, _develop = judged_pairs_table(bundled)
    _part, _comparisons, shown, judged, same, _precision, found = judge

    assert int(judged) >= 0.9 * int(shown)
    assert int(same) >= 0.9 * int(judged)
    assert float(found) >= 0.6


@pytest.mark.parametrize("length", Length)
def test_each_side_of_a_comparison_equals_its_source(bundled: Library, length: Length):
    ids = [entry.id for entry in bundled.documents()]
    for a, b in pairwise(ids):
        pairs = bundled.compare(a, b, length=length).pairs

        assert 1 <= len(pairs) <= length.sentences
        for quote, name in ((quote, name) for pair in pairs for quote, name in ((pair.a, a), (pair.b, b)) if quote):
            assert quote.citation.document == name
            assert quote.text == bundled.document(name).text[slice(*quote.citation.span)]


def test_of_bare_topics_those_that_are_covered_are_summed_up_and_nearly_all_others_refused(bundled: Library):
    lines = (ROOT / "benchmarks" / "summaries" / "topics.jsonl").read_text(encoding="utf-8").splitlines()
    verdicts: dict[bool, list[Verdict]] = {True: [], False: []}
    for item in map(json.loads, lines):
        verdicts[item["is_covered"]].append(bundled.summarize_topic(item["topic"], length=Length.SHORT).verdict)

    assert verdicts[True].count(Verdict.NOT_COVERED) == 0
    assert verdicts[True].count(Verdict.ANSWERED) >= 0.95 * len(verdicts[True])
    assert verdicts[False].count(Verdict.NOT_COVERED) >= 0.9 * len(verdicts[False])


@pytest.mark.parametrize("topic", OFF_TOPIC)
def test_an_off_topic_summary_or_timeline_is_refused(bundled: Library, topic: str):
    assert bundled.summarize_topic(topic).verdict is Verdict.NOT_COVERED
    assert bundled.timeline(topic).verdict is Verdict.NOT_COVERED

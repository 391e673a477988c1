"""What a person may be about to ask."""

from __future__ import annotations

from pathlib import Path

from index import Library
from index.suggesting import Suggestions

GOLDEN = """\
{"id": "a", "question": "When was the lighthouse built?", "kind": "answerable",\
 "evidence": [{"document": "sea/lighthouse", "text": "Its lamp burned whale oil until 1904"}]}
{"id": "b", "question": "who lit the lamp", "kind": "paraphrase",\
 "evidence": [{"document": "sea/lighthouse", "text": "Its lamp"}]}
{"id": "c", "question": "When do buses run?", "kind": "off_topic"}
"""


def suggestions(library: Library) -> Suggestions:
    (library.corpus / "questions.jsonl").write_text(GOLDEN)
    return Suggestions.of(library.corpus, map(library.document, (entry.id for entry in library.documents())))


def test_golden_questions_that_have_an_answer_come_before_headings(library: Library):
    found = suggestions(library).matching("", count=100)

    assert found[:2] == ["When was the lighthouse built?", "who lit the lamp"]
    assert "When do buses run?" not in found
    assert "Keeping bees" in found


def test_a_short_heading_says_what_it_is_about(library: Library):
    assert suggestions(library).matching("feeding", count=5) == ["Feeding: Keeping bees"]


def test_each_typed_word_begins_a_word(library: Library):
    known = suggestions(library)

    assert known.matching("LIGHT whe", count=5) == ["When was the lighthouse built?"]
    assert known.matching("when w", count=1) == ["When was the lighthouse built?"]
    assert known.matching("house", count=5) == []


def test_without_golden_questions_there_are_headings(tmp_path: Path, library: Library):
    documents = [library.document("garden/bees")]

    assert Suggestions.of(tmp_path, documents).matching("bees", count=5) == ["Keeping bees", "Feeding: Keeping bees"]
    (tmp_path / "questions.jsonl").write_text('"damaged')
    assert Suggestions.of(tmp_path, documents).matching("bees", count=1) == ["Keeping bees"]

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from index import QuestionsError, Span
from index.evidence import Evidence
from index.questions import (
    EvaluationQuestion,
    QuestionKind,
    read_golden_questions,
    read_off_topic,
    read_question_set,
)

TEXTS = {"a": "The lamp burned oil. It was moved.", "b": "Bees dance."}


def lines_in(path: Path, *items: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(item if isinstance(item, str) else json.dumps(item) for item in items), encoding="utf-8")
    return path


def golden(identity: str, kind: str = "answerable", **more: Any) -> dict[str, Any]:
    evidence = [{"document": "a", "text": "burned oil"}] if kind in ("answerable", "paraphrase") else []
    return {"id": identity, "question": "What burned?", "kind": kind, "evidence": evidence} | more


def test_golden_evidence_is_found_in_its_document(tmp_path: Path):
    path = lines_in(tmp_path / "q.jsonl", golden("1"), "", golden("2", "off_topic"))

    questions, problems = read_golden_questions(path, TEXTS)

    assert problems == []
    assert questions == [
        EvaluationQuestion("1", "What burned?", QuestionKind.ANSWERABLE, (Evidence("a", Span(9, 19)),)),
        EvaluationQuestion("2", "What burned?", QuestionKind.OFF_TOPIC),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "line 1 is no golden question"),
        ("[]", "line 1 is no golden question"),
        ({"id": "1", "question": "?"}, "line 1 is no golden question"),
        (golden("1", "trick"), "line 1 is no golden question"),
        (golden("1", question=7), "line 1 (1) has a question that is no text"),
        (golden("1", evidence=[]), "line 1 (1) is answerable and has no evidence"),
        (golden("1", "near_topic", evidence=[{"document": "a", "text": "oil"}]), "is near_topic and has some evidence"),
        (golden("1", evidence=[{"document": "c", "text": "oil"}]), "line 1 (1) names c, which is no document"),
        (golden("1", evidence=[{"document": "a", "text": "gas"}]), "line 1 (1) quotes what a does not say: 'gas'"),
        (golden("1", evidence=[{"document": "a", "text": ""}]), "line 1 (1) quotes what a does not say: ''"),
    ],
)
def test_a_wrong_line_is_named_and_left_out(tmp_path: Path, line: Any, problem: str):
    questions, problems = read_golden_questions(lines_in(tmp_path / "q.jsonl", line), TEXTS)

    assert questions == []
    assert len(problems) == 1
    assert problem in problems[0]


def test_an_id_that_comes_again_is_named(tmp_path: Path):
    _, problems = read_golden_questions(lines_in(tmp_path / "q.jsonl", golden("1"), golden("1")), TEXTS)

    assert problems == ["line 2 has the id 1 of an earlier line"]


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path):
    with pytest.raises(QuestionsError, match="cannot be read"):
        read_golden_questions(tmp_path / "none.jsonl", TEXTS)


def set_in(folder: Path, text: str, *questions: Any) -> Path:
    (folder / "corpus").mkdir(parents=True)
    (folder / "corpus" / "a.md").write_text(text, encoding="utf-8", newline="")
    lines_in(folder / "questions.jsonl", *questions)
    return folder


def marked(*spans: list[int], answerable: bool = True) -> dict[str, Any]:
    return {"id": "1", "question": "What?", "document": "a", "answerable": answerable, "evidence": list(spans)}


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("One oil lamp.", "One oil lamp."),
        ("One\r\n\r\noil lamp.", "One\n\noil lamp."),
        ("---\ntitle: Lamps\n---\nOne\noil lamp.", "One\noil lamp."),
        ("---\r\ntitle: Lamps\r\n---\r\nOne\r\noil lamp.", "One\noil lamp."),
    ],
)
def test_spans_of_a_set_count_in_the_file_and_are_moved_to_the_documents_text(tmp_path: Path, stored: str, text: str):
    start = stored.index("oil")
    folder = set_in(tmp_path / "set", stored, marked([start, start + 3]))

    [question] = read_question_set(folder)

    [piece] = question.evidence
    assert text[piece.span.start : piece.span.end] == "oil"


def test_questions_of_a_set_that_have_no_answer_are_near_the_topic(tmp_path: Path):
    folder = set_in(tmp_path / "set", "One oil lamp.", marked([4, 7], answerable=False))

    [question] = read_question_set(folder)

    assert (question.kind, question.evidence) == (QuestionKind.NEAR_TOPIC, ())


@pytest.mark.parametrize(
    "line", ["{", '"text"', {"question": "?"}, marked([1]), {**marked([1, 2]), "document": "missing"}]
)
def test_a_line_that_is_not_of_a_set_is_named(tmp_path: Path, line: Any):
    folder = set_in(tmp_path / "set", "One oil lamp.", marked([4, 7]), line)

    with pytest.raises(QuestionsError, match="line 2 is not of a question set"):
        read_question_set(folder)


def test_an_empty_set_says_so(tmp_path: Path):
    with pytest.raises(QuestionsError, match="holds no question"):
        read_question_set(set_in(tmp_path / "set", "One oil lamp."))


def test_off_topic_questions_need_only_a_question(tmp_path: Path):
    path = lines_in(tmp_path / "off.jsonl", {"question": "Best pizza?"}, {"id": "x", "question": "Hi\u2028there"})

    assert read_off_topic(path) == [
        EvaluationQuestion("off-topic 1", "Best pizza?", QuestionKind.OFF_TOPIC),
        EvaluationQuestion("x", "Hi\u2028there", QuestionKind.OFF_TOPIC),
    ]


@pytest.mark.parametrize("line", ["{", "[]", "{}"])
def test_an_off_topic_line_without_a_question_is_named(tmp_path: Path, line: str):
    with pytest.raises(QuestionsError, match="line 1 has no question"):
        read_off_topic(lines_in(tmp_path / "off.jsonl", line))

"""Questions whose evidence is known: a corpus's own golden questions, and question sets with marked spans."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from index.errors import QuestionsError
from index.evidence import Evidence
from index.reading import decode, split_front_matter
from index.values import Span

GOLDEN_QUESTIONS = "questions.jsonl"
"""Lies in the corpus folder, beside the documents."""


class QuestionKind(StrEnum):
    """What a corpus should make of a question."""

    ANSWERABLE = "answerable"
    PARAPHRASE = "paraphrase"
    """Answerable, in other words than the document's."""
    NEAR_TOPIC = "near_topic"
    """On the corpus's subject, but not covered."""
    OFF_TOPIC = "off_topic"


@dataclass(frozen=True, slots=True)
class EvaluationQuestion:
    """A question and what answers it; `evidence` is empty where the corpus holds no answer."""

    id: str
    text: str
    kind: QuestionKind
    evidence: tuple[Evidence, ...] = ()

    @property
    def is_answerable(self) -> bool:
        return bool(self.evidence)


def read_golden_questions(path: Path, texts: Mapping[str, str]) -> tuple[list[EvaluationQuestion], list[str]]:
    """Read a corpus's golden questions.

    Args:
        path: One JSON object a line, `{"id", "question", "kind", "evidence": [{"document", "text"}, ...]}`.
        texts: The text of each document by its id; evidence is found in it.

    Returns:
        The questions, and what is wrong with lines or single pieces of evidence, which are left out.

    Raises:
        QuestionsError: The file cannot be read.
    """
    questions: list[EvaluationQuestion] = []
    problems: list[str] = []
    known: set[str] = set()
    for number, line in _lines(path):
        try:
            content = json.loads(line)
            identity, text, kind = str(content["id"]), content["question"], QuestionKind(content["kind"])
            pieces = [(str(piece["document"]), str(piece["text"])) for piece in content.get("evidence", ())]
        except (ValueError, KeyError, TypeError) as error:
            problems.append(f"line {number} is no golden question: {type(error).__name__} {error}")
            continue
        if not isinstance(text, str):
            problems.append(f"line {number} ({identity}) has a question that is no text")
            continue
        if identity in known:
            problems.append(f"line {number} has the id {identity} of an earlier line")
        known.add(identity)
        evidence: list[Evidence] = []
        for document, quoted in pieces:
            start = texts.get(document, "").find(quoted) if quoted else -1
            if document not in texts:
                problems.append(f"line {number} ({identity}) names {document}, which is no document")
            elif start < 0:
                problems.append(f"line {number} ({identity}) quotes what {document} does not say: {quoted[:60]!r}")
            else:
                evidence.append(Evidence(document, Span(start, start + len(quoted))))
        should_have = kind in (QuestionKind.ANSWERABLE, QuestionKind.PARAPHRASE)
        if should_have != bool(pieces):
            problems.append(f"line {number} ({identity}) is {kind} and has {'no' if should_have else 'some'} evidence")
        elif bool(evidence) or not should_have:
            questions.append(EvaluationQuestion(identity, text, kind, tuple(evidence)))
    return questions, problems


def read_question_set(folder: Path) -> list[EvaluationQuestion]:
    """Read a question set: documents below `corpus/`, and `questions.jsonl` with evidence as spans.

    A line is `{"id", "question", "document", "answerable", "evidence": [[start, end], ...]}`; offsets count code
    points of the document's file, so where a file has front matter or foreign line ends they are moved to those of
    `document.text`.

    Raises:
        QuestionsError: The file cannot be read, or a line is none of this form; the message names it.
    """
    path = folder / GOLDEN_QUESTIONS
    questions: list[EvaluationQuestion] = []
    moves: dict[str, _Move] = {}
    for number, line in _lines(path):
        try:
            content = json.loads(line)
            document = str(content["document"])
            if document not in moves:
                moves[document] = _Move.of(folder / "corpus", document)
            evidence = tuple(Evidence(document, moves[document].apply(*span)) for span in content["evidence"])
            is_answerable = bool(content["answerable"]) and bool(evidence)
            kind = QuestionKind.ANSWERABLE if is_answerable else QuestionKind.NEAR_TOPIC
            identity = str(content.get("id", number))
            questions.append(
                EvaluationQuestion(identity, str(content["question"]), kind, evidence if is_answerable else ())
            )
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise QuestionsError(f"{path}, line {number} is not of a question set: {error!r}") from error
    if not questions:
        raise QuestionsError(f"{path} holds no question")
    return questions


def read_off_topic(path: Path) -> list[EvaluationQuestion]:
    """Read questions that no corpus covers: each line's `question`.

    Raises:
        QuestionsError: The file cannot be read, or a line has no question; the message names it.
    """
    questions: list[EvaluationQuestion] = []
    for number, line in _lines(path):
        try:
            content: dict[str, Any] = json.loads(line)
            identity = str(content.get("id", f"off-topic {number}"))
            questions.append(EvaluationQuestion(identity, str(content["question"]), QuestionKind.OFF_TOPIC))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise QuestionsError(f"{path}, line {number} has no question: {error!r}") from error
    return questions


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file that are not blank, counted from 1."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise QuestionsError(f"{path} cannot be read: there is no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionsError(f"{path} cannot be read: {error}") from error
    # not splitlines: a question may hold characters that it takes for line ends
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


@dataclass(frozen=True, slots=True)
class _Move:
    """From offsets of a file to those of `document.text`."""

    stored: str
    front: int
    """Characters of the front matter, line ends normalised."""

    @classmethod
    def of(cls, corpus: Path, document: str) -> _Move:
        path = corpus / f"{document}.md"
        data = (path if path.is_file() else path.with_suffix(".txt")).read_bytes()
        _, text = split_front_matter(decode(data))
        stored = data.decode()
        return cls(stored if "\r" in stored else "", len(decode(data)) - len(text))

    def apply(self, start: int, end: int) -> Span:
        if self.stored:
            start, end = (len(self.stored[:offset].replace("\r\n", "\n")) for offset in (start, end))
        return Span(start - self.front, end - self.front)

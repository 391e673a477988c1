"""Whether a corpus still answers its own golden questions, and the floors that it must not fall below."""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

from index.answer_spans import Reader
from index.calibration import cross_fitted, try_questions
from index.confidence import Strictness, shipped_calibration
from index.embedding import Embedder
from index.errors import QuestionsError
from index.evaluation import Evaluation, Progress, ask_with_all_rooms, figures_of
from index.generation import Generation
from index.questions import GOLDEN_QUESTIONS, EvaluationQuestion, read_golden_questions
from index.reranking import Reranker

FLOORS = "floors.json"
"""Lies in the corpus folder: `{"at_least": {figure: number}, "at_most": {figure: number}}`."""

FAQ_TAG = "faq"
"""Documents with this tag repeat the others in the words of questions, which makes golden questions easy."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A figure of the golden evaluation beside the number that it must keep to."""

    figure: str
    """Its path in the JSON figures, parted by dots."""
    limit: float
    value: float | None
    is_ceiling: bool = False

    @property
    def is_met(self) -> bool:
        if self.value is None:
            return False
        return self.value <= self.limit if self.is_ceiling else self.value >= self.limit


@dataclass(frozen=True, slots=True)
class GoldenEvaluation:
    """Figures of a corpus's golden questions: with all documents, and without those that are tagged `faq`."""

    all_documents: Evaluation
    without_faq: Evaluation | None
    floors: tuple[Floor, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON values."""
        figures = self.all_documents.as_dict()
        if self.without_faq is not None:
            figures["without_faq"] = self.without_faq.as_dict()
        figures["floors"] = [
            {
                "figure": floor.figure,
                "at_most" if floor.is_ceiling else "at_least": floor.limit,
                "value": floor.value,
                "is_met": floor.is_met,
            }
            for floor in self.floors
        ]
        return figures


def evaluate_golden(
    generation: Generation,
    corpus: Path,
    embedder: Embedder,
    *,
    reranker: Reranker | None = None,
    reader: Reader | None = None,
    strictness: Strictness = "normal",
    on_progress: Progress = lambda done, total: None,
) -> GoldenEvaluation:
    """Ask a corpus its golden questions and hold the figures against its floors.

    A question is answered with the confidence fitted to those of the other half.

    Args:
        generation: The corpus, built.
        corpus: Its folder, with the questions and, if it has any, the floors.
        embedder: The model that the generation was built with.
        reranker: As in `index.answering.ask`.
        reader: As in `index.answering.ask`.
        strictness: How sure an answer must be.
        on_progress: Told after each question.

    Raises:
        QuestionsError: There are no golden questions, one of them is wrong, or the floors cannot be read.
    """
    texts = {segment.document.id: segment.document.text for segment in generation.segments}
    path = corpus / GOLDEN_QUESTIONS
    if not path.is_file():
        raise QuestionsError(f"There are no golden questions: {path} is not there.")
    questions, problems = read_golden_questions(path, texts)
    if problems:
        raise QuestionsError(f"{path}: {problems[0]}. `corpus check` names all that is wrong.")
    if not questions:
        raise QuestionsError(f"{path} holds no question.")
    faq = frozenset(segment.document.id for segment in generation.segments if FAQ_TAG in segment.document.tags)
    is_divided = bool(faq) and len(faq) < len(generation.segments)
    left = _without_evidence_in(questions, faq) if is_divided else []

    def ask(generation: Generation, questions: list[EvaluationQuestion], before: int) -> Evaluation:
        calibrations = cross_fitted(shipped_calibration(), list(try_questions(generation, embedder, questions)))
        asked = []
        for number, question in enumerate(questions, 1):
            asked.append(
                ask_with_all_rooms(
                    generation.calibrated(calibrations[question.id]),
                    embedder,
                    question,
                    reranker=reranker,
                    reader=reader,
                    strictness=strictness,
                )
            )
            on_progress(before + number, total)
        return figures_of(generation, asked)

    total = len(questions) + len(left)
    everything = ask(generation, questions, 0)
    without = ask(generation.without(faq), left, len(questions)) if left else None
    evaluation = GoldenEvaluation(everything, without)
    return replace(evaluation, floors=read_floors(corpus / FLOORS, evaluation.as_dict()))


def _without_evidence_in(questions: list[EvaluationQuestion], documents: frozenset[str]) -> list[EvaluationQuestion]:
    """The questions whose evidence lies elsewhere too, with only that."""
    left = []
    for question in questions:
        evidence = tuple(piece for piece in question.evidence if piece.document not in documents)
        if evidence or not question.is_answerable:
            left.append(replace(question, evidence=evidence))
    return left


def read_floors(path: Path, figures: Mapping[str, Any]) -> tuple[Floor, ...]:
    """Read the floors of a corpus and look each figure up; without a file there are none.

    Raises:
        QuestionsError: The file is not of the form of `FLOORS`, or names a figure that there is not.
    """
    if not path.is_file():
        return ()
    try:
        content = json.loads(path.read_bytes())
        limits = [
            (str(figure), float(limit), is_ceiling)
            for key, is_ceiling in (("at_least", False), ("at_most", True))
            for figure, limit in content.get(key, {}).items()
        ]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise QuestionsError(f"{path} cannot be read as floors: {error}") from error
    floors = []
    for figure, limit, is_ceiling in limits:
        try:
            value = reduce(operator.getitem, figure.split("."), figures)
        except (KeyError, TypeError) as error:
            raise QuestionsError(f"{path}: there is no figure {figure}") from error
        if not isinstance(value, int | float | None):
            raise QuestionsError(f"{path}: {figure} is not one figure")
        floors.append(Floor(figure, limit, value, is_ceiling))
    return tuple(floors)

"""From questions whose answers are known to the numbers of the confidence.

Each question is asked as it is, and, where it has evidence, again with the passages that hold evidence masked: a true
"not covered" that is close to the subject. A corpus's golden questions stretch and move the shipped log odds (Platt
1999, "Probabilistic Outputs for Support Vector Machines"). The lower limit is set by conformal risk control
(Angelopoulos et al. 2024, "Conformal Risk Control"): of answerable questions like these, at most a known share is
expected to be refused, whatever the probabilities are worth.

That holds where the scores that the limit is set on were not fitted to the same questions. Stretching and moving keeps
their order, and only the order says who is refused: a limit set on fitted log odds lies between the same two questions
as one set before. So no questions are held back for the limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from index.answer_spans import Reader
from index.answering import DEFAULT_LIMIT, DEFAULT_ROOM, choose_quotes, quote, read_quotes, with_answer
from index.confidence import Calibration
from index.embedding import Embedder
from index.evaluation import CLUSTERS_AT_LEAST, Progress
from index.evidence import Evidence, holds, shared_characters
from index.generation import Generation
from index.query import read_query
from index.questions import EvaluationQuestion
from index.retrieval import retrieve
from index.values import Signs

REFUSED_AT_MOST = 0.02
"""The share of answerable questions that may be expected to be refused."""

QUESTIONS_AT_LEAST = math.ceil(1 / REFUSED_AT_MOST) - 1
"""With fewer answerable questions, conformal risk control can promise nothing and the shipped numbers stay."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What asking a question once showed."""

    question: EvaluationQuestion
    is_masked: bool
    signs: Signs
    is_hit: bool
    """Whether one of the first three quotes holds an evidence span whole."""

    @property
    def is_answerable(self) -> bool:
        return self.question.is_answerable and not self.is_masked


def try_questions(
    generation: Generation,
    embedder: Embedder,
    questions: Sequence[EvaluationQuestion],
    *,
    reader: Reader | None = None,
    on_progress: Progress = lambda done, total: None,
) -> Iterator[Trial]:
    """Ask each question as it is, and masked where it has evidence.

    Args:
        generation: What to ask; its own calibration is not used.
        embedder: The model that the generation was built with.
        questions: Whose evidence is known.
        reader: Where its word is to be learned, too.
        on_progress: Told after each question.
    """
    for number, question in enumerate(questions, 1):
        query = read_query(question.text, generation, embedder)
        masked = _unmasked(generation, question) if question.is_answerable else np.empty(0, dtype=np.int64)
        for only in (None, masked) if len(masked) else (None,):
            found = retrieve(generation, query, only)
            runs = choose_quotes(generation, found, room=DEFAULT_ROOM, limit=DEFAULT_LIMIT)
            signs = found.signs
            if reader is not None:
                signs = with_answer(signs, read_quotes(generation, query, found, runs, reader))
            quotes = quote(generation, query, found, runs, room=DEFAULT_ROOM)
            is_hit = any(holds(one, question.evidence) for one in quotes[:3])
            yield Trial(question, only is not None, signs, is_hit)
        on_progress(number, len(questions))


def _unmasked(generation: Generation, question: EvaluationQuestion) -> NDArray[np.int64]:
    """All passages but those that hold evidence."""
    kept = [
        number
        for number, (owner, passage) in enumerate(generation.passages)
        if not shared_characters([Evidence(generation.segments[owner].document.id, passage.span)], question.evidence)
    ]
    return np.array(kept, dtype=np.int64)


def recalibrated(calibration: Calibration, trials: Sequence[Trial]) -> Calibration:
    """Fit a calibration to a corpus: Platt scaling of its log odds, and a lower limit by conformal risk control.

    Returns:
        The same calibration where there are fewer than `QUESTIONS_AT_LEAST` answerable questions, or where the trials
        do not tell hits from misses.
    """
    truths = np.array([trial.is_hit for trial in trials], dtype=bool)
    answerable = np.array([trial.is_answerable for trial in trials], dtype=bool)
    if answerable.sum() < QUESTIONS_AT_LEAST or truths.min() == truths.max():
        return calibration
    from sklearn.linear_model import LogisticRegression  # scipy behind it would slow every start of the bot down

    logits = np.array([[calibration.logit(trial.signs)] for trial in trials])
    model = LogisticRegression(C=1000.0).fit(logits, truths)
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope <= 0:
        return calibration
    fitted = replace(
        calibration,
        intercept=slope * calibration.intercept + intercept,
        best_score=slope * calibration.best_score,
        standout=slope * calibration.standout,
        sentence_cosine=slope * calibration.sentence_cosine,
        answer=slope * calibration.answer,
        golden_questions=len({trial.question.id for trial in trials}),
    )
    limit = refusal_limit([fitted.probability(trial.signs) for trial in trials if trial.is_answerable])
    return replace(fitted, not_covered_below=limit)


def cross_fitted(calibration: Calibration, trials: Sequence[Trial]) -> dict[str, Calibration]:
    """For each question, by its id, the calibration fitted to the other half of the questions.

    The halves are by document, where there are many; questions without one are dealt out in turn.
    """
    questions = list({trial.question.id: trial.question for trial in trials}.values())
    documents = sorted({question.evidence[0].document for question in questions if question.is_answerable})
    half_of_document = {document: number % 2 for number, document in enumerate(documents)}
    are_many = len(documents) >= CLUSTERS_AT_LEAST
    half = {
        question.id: half_of_document[question.evidence[0].document]
        if question.is_answerable and are_many
        else number % 2
        for number, question in enumerate(questions)
    }
    fits = [
        recalibrated(calibration, [trial for trial in trials if half[trial.question.id] != which]) for which in (0, 1)
    ]
    return {question.id: fits[half[question.id]] for question in questions}


def refusal_limit(probabilities: Sequence[float]) -> float:
    """The highest probability below which answerable questions may be refused, three decimals, rounded down.

    With `n` answerable questions of which `k` lie below the limit, the expected share of refusals among further ones
    is at most `(k + 1) / (n + 1)`; the limit is the largest that keeps this to `REFUSED_AT_MOST`.
    """
    may_refuse = math.floor(REFUSED_AT_MOST * (len(probabilities) + 1)) - 1
    if may_refuse < 0:
        return 0.0
    return math.floor(1000 * sorted(probabilities)[may_refuse]) / 1000

"""How a corpus's golden questions set the numbers of the confidence."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import Library
from index.calibration import (
    QUESTIONS_AT_LEAST,
    REFUSED_AT_MOST,
    Trial,
    cross_fitted,
    recalibrated,
    refusal_limit,
    try_questions,
)
from index.confidence import shipped_calibration
from index.evidence import Evidence
from index.questions import EvaluationQuestion, QuestionKind, read_golden_questions
from index.values import Signs, Span, Verdict
from tests.fakes import WordEmbedder

SHIPPED = shipped_calibration()
ANIMALS = 60


def trials_where(hit_rate: float, *, count: int = 200, strength: float = 0.7, documents: int = 10) -> list[Trial]:
    """Trials that all look alike, of which a share are hits, and as many of weak ones that all miss."""
    trials = []
    for number in range(count):
        question = EvaluationQuestion(
            str(number), "?", QuestionKind.ANSWERABLE, (Evidence(f"d{number % documents}", Span(0, 1)),)
        )
        weak = 0.2 + 0.1 * (number % 7) / 7
        trials.append(Trial(question, False, Signs(strength, strength / 2, strength), number < hit_rate * count))
        trials.append(Trial(question, True, Signs(weak, weak / 2, weak), False))
    return trials


@given(st.lists(st.floats(0, 1), min_size=QUESTIONS_AT_LEAST, max_size=400))
def test_the_limit_refuses_as_few_as_conformal_risk_control_allows(probabilities: list[float]) -> None:
    limit = refusal_limit(probabilities)

    refused = sum(probability < limit for probability in probabilities)
    assert (refused + 1) / (len(probabilities) + 1) <= REFUSED_AT_MOST
    raised = sum(probability < limit + 0.001 for probability in probabilities)
    assert (raised + 1) / (len(probabilities) + 1) > REFUSED_AT_MOST


def test_of_further_questions_no_more_are_refused_than_promised_on_average() -> None:
    generator = np.random.default_rng(0)
    shares = []
    for _ in range(2000):
        known, further = generator.beta(5, 2, (2, 120)).tolist()
        limit = refusal_limit(known)
        shares.append(np.mean([probability < limit for probability in further]))

    assert REFUSED_AT_MOST / 2 < np.mean(shares) <= REFUSED_AT_MOST


def test_too_few_questions_promise_nothing_and_change_nothing() -> None:
    assert refusal_limit([0.5] * (QUESTIONS_AT_LEAST - 1)) == 0
    assert recalibrated(SHIPPED, trials_where(0.5, count=QUESTIONS_AT_LEAST - 1)) == SHIPPED


def test_just_enough_questions_set_a_limit() -> None:
    assert refusal_limit([0.5] * QUESTIONS_AT_LEAST) == 0.5
    assert recalibrated(SHIPPED, trials_where(0.5, count=QUESTIONS_AT_LEAST)) != SHIPPED


@given(st.lists(st.booleans(), min_size=120, max_size=120).filter(lambda hits: sum(hits) > 20))
def test_who_is_refused_hangs_on_the_order_of_questions_and_not_on_what_is_fitted_to_them(hits: list[bool]) -> None:
    trials = trials_where(1, count=120)
    strengths = (0.4, 0.5, *np.linspace(0.6, 1, 118).tolist())
    answerable = [
        replace(trial, signs=Signs(strength, strength / 2, strength), is_hit=is_hit)
        for trial, strength, is_hit in zip(trials[::2], strengths, hits, strict=True)
    ]

    fitted = recalibrated(SHIPPED, answerable + trials[1::2])

    verdicts = [fitted.verdict(fitted.probability(trial.signs)) for trial in answerable]
    assert fitted != SHIPPED
    assert [verdict is Verdict.NOT_COVERED for verdict in verdicts] == [True] + [False] * 119


@pytest.mark.parametrize("hit_rate", [0, 1])
def test_trials_that_do_not_tell_hits_from_misses_change_nothing(hit_rate: float) -> None:
    answerable = [trial for trial in trials_where(hit_rate) if trial.is_answerable]

    assert recalibrated(SHIPPED, answerable) == SHIPPED


@pytest.mark.parametrize("hit_rate", [0.3, 0.6, 0.9])
def test_the_probability_becomes_the_share_of_hits(hit_rate: float) -> None:
    trials = trials_where(hit_rate)

    fitted = recalibrated(SHIPPED, trials)

    assert fitted.probability(trials[0].signs) == pytest.approx(hit_rate, abs=0.03)
    assert fitted.golden_questions == 200


def test_what_was_surer_stays_surer() -> None:
    fitted = recalibrated(SHIPPED, trials_where(0.6))
    signs = [Signs(share, share / 2, share) for share in np.linspace(0, 1, 50).tolist()]

    probabilities = [fitted.probability(one) for one in signs]

    assert probabilities == sorted(probabilities)


@pytest.mark.parametrize("documents", [10, 3])
def test_a_question_has_no_part_in_the_numbers_that_it_is_judged_by(documents: int) -> None:
    trials = trials_where(0.6, documents=documents)
    judged = trials[0].question.id
    changed = [replace(trial, is_hit=False) if trial.question.id == judged else trial for trial in trials]
    other = trials[2].question.id  # of another document, and an odd one out in turn

    before, after = cross_fitted(SHIPPED, trials), cross_fitted(SHIPPED, changed)

    assert before[judged] == after[judged]
    assert before[other] != after[other]


@pytest.fixture
def zoo(tmp_path: Path) -> Library:
    """A corpus with a golden question for each of its documents."""
    corpus = tmp_path / "zoo"
    corpus.mkdir()
    lines = []
    for number in range(ANIMALS):
        fact = f"The animal{number} of the north eats leaf{number} and sleeps in den{number}."
        (corpus / f"a{number}.md").write_text(f"# Animal {number}\n\n{fact}\n")
        evidence = [{"document": f"a{number}", "text": fact}]
        question = f"What does the animal{number} eat in den{number}?"
        lines.append({"id": str(number), "question": question, "kind": "answerable", "evidence": evidence})
    (corpus / "questions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Library(corpus=corpus, data=tmp_path / "data", embedder=WordEmbedder())


def test_each_question_is_tried_as_it_is_and_without_what_answers_it(zoo: Library) -> None:
    generation = zoo.draft()
    texts = {segment.document.id: segment.document.text for segment in generation.segments}
    questions, _ = read_golden_questions(zoo.corpus / "questions.jsonl", texts)

    trials = list(try_questions(generation, zoo.embedder, questions))

    assert [trial.is_masked for trial in trials] == [False, True] * ANIMALS
    assert all(trial.is_hit != trial.is_masked for trial in trials)


def test_a_reload_fits_the_confidence_to_the_golden_questions_and_a_start_keeps_it(zoo: Library) -> None:
    report = zoo.reload()

    again = Library(corpus=zoo.corpus, data=zoo.folder.parent.parent, embedder=WordEmbedder())
    assert again.open() is None
    assert report.golden_questions == zoo.generation.calibration.golden_questions == ANIMALS
    assert again.generation.calibration == zoo.generation.calibration != SHIPPED


def test_changed_golden_questions_are_a_change_of_the_corpus(zoo: Library) -> None:
    before = zoo.reload()
    path = zoo.corpus / "questions.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))

    assert zoo.files_changed()
    after = zoo.reload()
    assert after.generation != before.generation
    assert (after.golden_questions, after.embedded) == (ANIMALS - 1, 0)
    assert not zoo.files_changed()


def test_golden_questions_that_cannot_be_read_leave_the_shipped_numbers_and_say_so(
    zoo: Library, caplog: pytest.LogCaptureFixture
) -> None:
    (zoo.corpus / "questions.jsonl").write_bytes(b"\xff\xfe\xff")

    with caplog.at_level(logging.WARNING):
        report = zoo.reload()

    assert report.made_current
    assert zoo.generation.calibration == SHIPPED
    assert "not calibrated" in caplog.text

"""Learn the numbers of `index/confidence.json` from questions whose answers are known.

    python -m benchmarks.calibrate FOLDER [--reader MODEL] [--write]

The folder holds question sets in the layout of `benchmarks/README.md`, which says where public ones come from; the
bundled corpus's golden questions take part too. Only the learned numbers are kept.

Every question is asked of its own corpus, where the label is whether one of the first three quotes holds the evidence;
of its own corpus with the evidence's passages masked, which makes a true "not covered" close to the topic; and of the
other corpora, which makes one far from it. Figures are cross-fitted: learned on some documents, measured on others;
once with the shipped numbers, and once fitted to the corpus's own questions, as a reload does where a corpus has golden
questions. The diagram in `docs/confidence.png` shows the latter.

With a reader, all that is learned is how much its word counts beside the other numbers, which stay as they are.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import GroupKFold

from benchmarks.results import Table, write_results
from bot.settings import default_corpus
from index import Library, QuestionAnsweringReader, SentenceTransformerEmbedder
from index.calibration import Trial, cross_fitted, refusal_limit, try_questions
from index.confidence import Calibration, shipped_calibration
from index.questions import (
    GOLDEN_QUESTIONS,
    EvaluationQuestion,
    QuestionKind,
    read_golden_questions,
    read_question_set,
)

ROOT = Path(__file__).resolve().parent.parent
CONFIDENCE = ROOT / "index" / "confidence.json"
DIAGRAM = ROOT / "docs" / "confidence.png"
COMMAND = "python -m benchmarks.calibrate FOLDER"
QUESTIONS_A_SET = 300
READER_WEIGHTS = np.linspace(0, 5, 101)
ANSWERED_FROM = 0.5
KINDS = ("answerable", "near-topic", "off-topic", "masked")
BINS = 10

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """What asking a question of a corpus showed: one row of the training data."""

    corpus: str
    kind: str
    trial: Trial
    is_own: bool = True
    """Whether it is one of the corpus's own questions."""

    @property
    def group(self) -> str:
        """What must not be both learned from and measured on: a document; questions without one by their id's end."""
        evidence = self.trial.question.evidence
        return evidence[0].document if evidence else self.trial.question.id[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, help="folder of question sets")
    parser.add_argument("--reader", metavar="MODEL", help="learn what this reader's word counts, and nothing else")
    parser.add_argument("--write", action="store_true", help="put the numbers into index/confidence.json")
    arguments = parser.parse_args()
    folders = {folder.name: folder / "corpus" for folder in sorted(arguments.sets.iterdir()) if folder.is_dir()}
    embedder = SentenceTransformerEmbedder()
    reader = QuestionAnsweringReader(arguments.reader) if arguments.reader else None
    with tempfile.TemporaryDirectory() as data:
        libraries: dict[str, Library] = {}
        for name, corpus in (folders | {"golden": default_corpus()}).items():
            libraries[name] = Library(corpus=corpus, data=Path(data), embedder=embedder, reader=reader)
            libraries[name].reload()
        asked = list(_ask_all(libraries, folders))
    numbers = _learn(asked) if reader is None else _learn_reader(asked)
    content = json.loads(CONFIDENCE.read_text(encoding="utf-8"))
    content["model"] |= {key: round(value, 4) for key, value in numbers.items()}
    content["reader"] = arguments.reader or content["reader"]
    print(json.dumps(content, indent=2))
    if arguments.write:
        CONFIDENCE.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _ask_all(libraries: dict[str, Library], folders: dict[str, Path]) -> Iterator[Asked]:
    questions = {
        name: _golden(library) if name == "golden" else _marked(folders[name].parent)
        for name, library in libraries.items()
    }
    for name, library in libraries.items():
        for trial in _try(library, questions[name]):
            kind = str(trial.question.kind).replace("_", "-").replace("paraphrase", "answerable")
            yield Asked(name, "masked" if trial.is_masked else kind, trial)
        for other in libraries.keys() - {name}:
            foreign = [replace(question, evidence=(), kind=QuestionKind.OFF_TOPIC) for question in questions[other]]
            originals = {question.id: question for question in questions[other]}
            for trial in _try(library, foreign):
                # the question keeps its evidence, so that all that is known of it stays in one group
                trial = replace(trial, question=originals[trial.question.id], is_masked=True)
                yield Asked(name, "off-topic", trial, is_own=False)


def _try(library: Library, questions: Sequence[EvaluationQuestion]) -> Iterator[Trial]:
    yield from try_questions(library.generation, library.embedder, questions, reader=library.reader)


def _marked(folder: Path) -> list[EvaluationQuestion]:
    questions = [question for question in read_question_set(folder) if question.is_answerable]
    return random.Random(7).sample(questions, min(QUESTIONS_A_SET, len(questions)))


def _golden(library: Library) -> list[EvaluationQuestion]:
    texts = {segment.document.id: segment.document.text for segment in library.generation.segments}
    questions, problems = read_golden_questions(library.corpus / GOLDEN_QUESTIONS, texts)
    if problems:
        raise ValueError(problems[0])
    return questions


def _learn(asked: list[Asked]) -> dict[str, float]:
    """Learn all numbers but a reader's, and write the page of results."""
    names = ["best_score", "standout", "sentence_cosine"]
    features = np.array([[getattr(item.trial.signs, name) for name in names] for item in asked])
    truth = np.array([item.trial.is_hit for item in asked])
    groups = [item.group for item in asked]

    def fitted(part: NDArray[np.bool_] | NDArray[np.int64]) -> Calibration:
        model = LogisticRegression(C=1000.0).fit(features[part], truth[part])
        weights = dict(zip(names, model.coef_[0].tolist(), strict=True))
        return replace(shipped_calibration(), intercept=float(model.intercept_[0]), **weights)

    shipped = np.zeros(len(asked))
    for train, test in GroupKFold(n_splits=5).split(features, truth, groups):
        shipped[test] = _probabilities(fitted(train), [asked[number] for number in test])
    answerable = [probability for item, probability in zip(asked, shipped, strict=True) if item.kind == "answerable"]
    limit = refusal_limit(answerable)
    limits = np.full(len(asked), limit)

    own, own_limits = np.zeros(len(asked)), np.zeros(len(asked))
    corpora = sorted({item.corpus for item in asked})
    for corpus in corpora:
        here = np.array([item.corpus == corpus for item in asked])
        base = fitted(~here)
        calibrations = cross_fitted(base, [item.trial for item in asked if item.corpus == corpus and item.is_own])
        any_of_them = next(iter(calibrations.values()))
        for number in np.flatnonzero(here):
            # questions from elsewhere have no part in the fit: either half's numbers are fair to them
            calibration = calibrations.get(asked[number].trial.question.id, any_of_them)
            own[number] = calibration.probability(asked[number].trial.signs)
            own_limits[number] = calibration.not_covered_below
    notes = "\n\n".join(
        f"{name}: " + "; ".join(_trust(asked, predicted, corpus) for corpus in (None, *corpora)) + "."
        for name, predicted in (("Shipped numbers", shipped), ("Fitted to each corpus's own questions", own))
    )
    write_results(
        "confidence",
        "Confidence and refusal",
        COMMAND,
        _verdicts(asked, own, own_limits),
        notes,
        {
            "With the shipped numbers, for a corpus without golden questions": _verdicts(asked, shipped, limits),
            "Risk and coverage": _risks(asked, own),
        },
    )
    _draw(asked, own)
    final = asdict(fitted(np.ones(len(asked), dtype=bool)))
    numbers = {name: float(final[name]) for name in ("intercept", *names)}
    return numbers | {"answered_from": ANSWERED_FROM, "not_covered_below": limit}


def _probabilities(calibration: Calibration, asked: Sequence[Asked]) -> list[float]:
    return [calibration.probability(item.trial.signs) for item in asked]


def _trust(asked: Sequence[Asked], predicted: Values, corpus: str | None) -> str:
    """How far the confidence can be trusted on one corpus, or on all together."""
    part = np.array([corpus in (None, item.corpus) for item in asked])
    is_near = part & np.array([item.kind != "off-topic" for item in asked])
    truth = np.array([item.trial.is_hit for item in asked])
    return (
        f"{corpus or 'all'} Brier score {brier_score_loss(truth[part], predicted[part]):.3f} (base rate's "
        f"{np.var(truth[part]):.3f}), area under the curve {roc_auc_score(truth[part], predicted[part]):.3f}, without "
        f"off-topic questions {roc_auc_score(truth[is_near], predicted[is_near]):.3f}"
    )


def _verdicts(asked: Sequence[Asked], predicted: Values, limits: Values) -> Table:
    """The shares of the three verdicts, by corpus and kind of question."""
    rows = [["corpus", "questions", "asked", "answered", "uncertain", "not covered"]]
    for corpus in sorted({item.corpus for item in asked}):
        for kind in KINDS:
            part = np.array([(item.corpus, item.kind) == (corpus, kind) for item in asked])
            if part.any():
                answered, refused = predicted[part] >= ANSWERED_FROM, predicted[part] < limits[part]
                shares = (answered, ~answered & ~refused, refused)
                rows.append([corpus, kind, str(part.sum()), *(f"{np.mean(share):.3f}" for share in shares)])
    return rows


def _asked_at_home(asked: Sequence[Asked], corpus: str) -> NDArray[np.bool_]:
    """Questions as people ask them, nothing masked."""
    return np.array([item.corpus == corpus and item.kind != "masked" for item in asked])


def _risks(asked: Sequence[Asked], predicted: Values) -> Table:
    """The share of wrong answers among the surest questions (El-Yaniv and Wiener 2010)."""
    corpora = sorted({item.corpus for item in asked})
    rows = [["coverage", *corpora]]
    curves = {corpus: _risk_curve(asked, predicted, corpus) for corpus in corpora}
    for tenth in range(1, 11):
        cells = [curves[corpus][round(tenth / 10 * len(curves[corpus])) - 1] for corpus in corpora]
        rows.append([f"{tenth / 10:.1f}", *(f"{risk:.3f}" for risk in cells)])
    return rows


def _risk_curve(asked: Sequence[Asked], predicted: Values, corpus: str) -> Values:
    part = np.flatnonzero(_asked_at_home(asked, corpus))
    order = part[np.argsort(-predicted[part], kind="stable")]
    misses = np.array([not asked[number].trial.is_hit for number in order])
    return np.asarray(np.cumsum(misses) / np.arange(1, len(misses) + 1))


def _draw(asked: Sequence[Asked], predicted: Values) -> None:
    """A reliability diagram (DeGroot and Fienberg 1983) and the risk-coverage curves, side by side."""
    figure, (reliability, risk) = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
    reliability.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfectly calibrated")
    for corpus, marker in zip(sorted({item.corpus for item in asked}), "os^Dv", strict=False):
        here = np.array([item.corpus == corpus for item in asked])
        hits = np.array([item.trial.is_hit for item in asked])[here]
        bins = np.minimum((predicted[here] * BINS).astype(int), BINS - 1)
        used = [number for number in range(BINS) if (bins == number).sum() >= BINS]
        means = [predicted[here][bins == number].mean() for number in used]
        shares = [hits[bins == number].mean() for number in used]
        reliability.plot(means, shares, marker=marker, label=corpus)
        curve = _risk_curve(asked, predicted, corpus)
        risk.plot(np.arange(1, len(curve) + 1) / len(curve), curve, label=corpus)
    reliability.set(xlabel="confidence", ylabel="share whose quotes hold the answer", title="Reliability")
    risk.set(xlabel="share of questions answered, the surest first", ylabel="share answered wrongly", title="Risk")
    for axes in (reliability, risk):
        axes.legend()
        axes.grid(alpha=0.3)
        axes.set(xlim=(0, 1), ylim=(0, 1))
    figure.savefig(DIAGRAM, dpi=110, metadata={"Software": ""})


def _learn_reader(asked: Sequence[Asked]) -> dict[str, float]:
    """Learn the number of a reader's sign: that with the least log loss beside the others."""
    truth = np.array([item.trial.is_hit for item in asked])
    alone = np.array([shipped_calibration().probability(replace(item.trial.signs, answer=None)) for item in asked])
    logits = np.log(alone / (1 - alone))
    answers = np.array([item.trial.signs.answer or 0.0 for item in asked])

    def predicted(weight: float) -> Values:
        return np.asarray(1 / (1 + np.exp(-(logits + weight * answers))))

    def best(part: NDArray[np.int64]) -> float:
        losses = [log_loss(truth[part], predicted(weight)[part], labels=[False, True]) for weight in READER_WEIGHTS]
        return float(READER_WEIGHTS[int(np.argmin(losses))])

    with_reader = np.zeros(len(asked))
    for train, test in GroupKFold(n_splits=5).split(logits, truth, [item.group for item in asked]):
        with_reader[test] = predicted(best(train))[test]
    print(
        f"Brier score with the reader {brier_score_loss(truth, with_reader):.3f}, without it "
        f"{brier_score_loss(truth, alone):.3f}; area under the curve {roc_auc_score(truth, with_reader):.3f} and "
        f"{roc_auc_score(truth, alone):.3f}."
    )
    return {"answer": best(np.arange(len(asked)))}


if __name__ == "__main__":
    main()

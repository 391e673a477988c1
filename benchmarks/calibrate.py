"""Learn the numbers of `index/confidence.json` from questions whose answers are known.

    python -m benchmarks.calibrate FOLDER [--reader MODEL] [--write]

The folder holds question sets in the layout of `benchmarks/README.md`, which says where public ones come from; the
bundled corpus's golden questions take part too. Only the learned numbers are kept.

Every question is asked of its own corpus, where the label is whether one of the first three quotes holds the evidence;
of its own corpus with the evidence's passages masked, which makes a true "not covered" close to the topic; and of the
other corpora, which makes one far from it. A set's look-alikes, questions that their paragraph does not answer though
it seems to, are measured and not learned from: nobody has looked whether another paragraph does.

Figures are cross-fitted, the limits as well: learned on some documents, measured on others; once with the shipped
numbers, and once fitted to the corpus's own questions, as a reload does where a corpus has golden questions. The
diagram in `docs/confidence.png` shows the latter. As a confidence is calibrated only for a mix of questions, trust in
it is measured on two: the corpus's own questions as people ask them, and all that it is learned from.

With a reader, all that is learned is how much its word counts beside the other numbers, which stay as they are.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
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
from index.calibration import REFUSED_AT_MOST, Trial, cross_fitted, refusal_limit, try_questions
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
KINDS = ("answerable", "near-topic", "look-alike", "off-topic", "masked")
BINS = 10

Values = NDArray[np.float64]
Part = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Asked:
    """What asking a question of a corpus showed: one row of the training data."""

    corpus: str
    kind: str
    trial: Trial
    is_own: bool = True
    """Whether it is one of the corpus's own questions."""

    @property
    def is_learned_from(self) -> bool:
        return self.kind != "look-alike"

    @property
    def group(self) -> str:
        """What must not be both learned from and measured on: a document; questions without one by their id's end."""
        evidence = self.trial.question.evidence
        return evidence[0].document if evidence else self.trial.question.id[-1]


MIXES: dict[str, Callable[[Asked], bool]] = {
    "own": lambda item: item.is_own and item.kind != "masked",
    "mixed": lambda item: item.is_learned_from,
}
"""Which questions a figure of trust is of; the page of results explains the names."""


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
    numbers = _learn(asked) if reader is None else _learn_reader([item for item in asked if item.is_learned_from])
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
        if name in folders:
            for trial in _try(library, _look_alikes(folders[name].parent)):
                yield Asked(name, "look-alike", trial)
        for other in [other for other in libraries if other != name]:
            foreign = [replace(question, evidence=(), kind=QuestionKind.OFF_TOPIC) for question in questions[other]]
            originals = {question.id: question for question in questions[other]}
            for trial in _try(library, foreign):
                # the question keeps its evidence, so that all that is known of it stays in one group
                trial = replace(trial, question=originals[trial.question.id], is_masked=True)
                yield Asked(name, "off-topic", trial, is_own=False)


def _try(library: Library, questions: Sequence[EvaluationQuestion]) -> Iterator[Trial]:
    yield from try_questions(library.generation, library.embedder, questions, reader=library.reader)


def _marked(folder: Path) -> list[EvaluationQuestion]:
    return _sample([question for question in read_question_set(folder) if question.is_answerable])


def _look_alikes(folder: Path) -> list[EvaluationQuestion]:
    return _sample([question for question in read_question_set(folder) if not question.is_answerable])


def _sample(questions: Sequence[EvaluationQuestion]) -> list[EvaluationQuestion]:
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
    is_answerable = np.array([item.kind == "answerable" for item in asked])
    learned = np.flatnonzero([item.is_learned_from for item in asked])

    def fitted(part: NDArray[np.int64]) -> Calibration:
        model = LogisticRegression(C=1000.0).fit(features[part], truth[part])
        weights = dict(zip(names, model.coef_[0].tolist(), strict=True))
        return replace(shipped_calibration(), intercept=float(model.intercept_[0]), **weights)

    final = fitted(learned)
    shipped = _probabilities(final, asked)
    splits = GroupKFold(n_splits=5).split(learned, groups=[asked[number].group for number in learned])
    folds = [(learned[train], learned[test]) for train, test in splits]
    for train, test in folds:
        shipped[test] = _probabilities(fitted(train), [asked[number] for number in test])
    limit = refusal_limit(shipped[is_answerable].tolist())
    limits = np.full(len(asked), limit)
    for train, test in folds:
        limits[test] = refusal_limit(shipped[train][is_answerable[train]].tolist())

    own, own_limits = np.zeros(len(asked)), np.zeros(len(asked))
    for corpus in _corpora(asked):
        here = np.array([item.corpus == corpus for item in asked])
        base = fitted(learned[~here[learned]])
        trials = [item.trial for item in asked if item.corpus == corpus and item.is_own and item.is_learned_from]
        calibrations = cross_fitted(base, trials)
        any_of_them = next(iter(calibrations.values()))
        for number in np.flatnonzero(here):
            # other questions have no part in the fit: either half's numbers are fair to them
            calibration = calibrations.get(asked[number].trial.question.id, any_of_them)
            own[number] = calibration.probability(asked[number].trial.signs)
            own_limits[number] = calibration.not_covered_below
    write_results(
        "confidence",
        "Confidence and refusal",
        COMMAND,
        verdicts(asked, own, own_limits),
        f"At most {REFUSED_AT_MOST:.0%} of answerable questions are to be refused. Fitted to each corpus's own "
        f"questions, {refusals(asked, own, own_limits)} are; with the shipped numbers, "
        f"{refusals(asked, shipped, limits)}. The share is promised for questions like those that set the limit; here "
        "the limits are set on other documents, whose questions need not be like these.\n\n"
        "Below, *own* questions are those that belong to a corpus, as people ask them: answerable, near-topic and "
        "look-alike ones, and the golden set's off-topic ones. *Mixed* are those that the confidence is learned from: "
        "all rows above but the look-alikes, so mostly questions that the corpus cannot answer. Only for the mixed "
        "ones can it be called calibrated.",
        {
            "With the shipped numbers, for a corpus without golden questions": verdicts(asked, shipped, limits),
            "The confidence as a prediction of whether the first three quotes hold the answer": (
                _trust(asked, own, shipped)
            ),
            "Area under the curve: the chance that an answerable question whose quotes hold the answer has a higher "
            "confidence than another kind of question": areas(asked, own, shipped),
            "Risk and coverage: the share of wrong answers among the surest questions": _risks(asked, own),
        },
    )
    _draw(asked, own)
    numbers = {name: float(asdict(final)[name]) for name in ("intercept", *names)}
    return numbers | {"answered_from": ANSWERED_FROM, "not_covered_below": limit}


def _probabilities(calibration: Calibration, asked: Sequence[Asked]) -> Values:
    return np.array([calibration.probability(item.trial.signs) for item in asked])


def _corpora(asked: Sequence[Asked]) -> list[str]:
    return sorted({item.corpus for item in asked})


def part_of(asked: Sequence[Asked], corpus: str, mix: str) -> Part:
    return np.array([item.corpus == corpus and MIXES[mix](item) for item in asked])


def _kind(asked: Sequence[Asked], corpus: str, kind: str) -> Part:
    return np.array([(item.corpus, item.kind) == (corpus, kind) for item in asked])


def _hits(asked: Sequence[Asked]) -> Part:
    return np.array([item.trial.is_hit for item in asked])


def verdicts(asked: Sequence[Asked], predicted: Values, limits: Values) -> Table:
    """The shares of the three verdicts, by corpus and kind of question."""
    told = predicted.round(3)
    answered, refused = told >= ANSWERED_FROM, told < limits
    rows = [["corpus", "questions", "asked", "answered", "uncertain", "not covered"]]
    for corpus in _corpora(asked):
        for kind in KINDS:
            part = _kind(asked, corpus, kind)
            if part.any():
                shares = (answered, ~answered & ~refused, refused)
                rows.append([corpus, kind, str(part.sum()), *(f"{share[part].mean():.3f}" for share in shares)])
    return rows


def refusals(asked: Sequence[Asked], predicted: Values, limits: Values) -> str:
    """Which share of answerable questions is refused, of all and of each corpus."""
    refused = predicted.round(3) < limits
    parts = {corpus: _kind(asked, corpus, "answerable") for corpus in _corpora(asked)}
    shares = ", ".join(f"{corpus} {refused[part].mean():.1%}" for corpus, part in parts.items())
    return f"{refused[np.any(list(parts.values()), axis=0)].mean():.1%} ({shares})"


def _trust(asked: Sequence[Asked], own: Values, shipped: Values) -> Table:
    """The Brier score beside the base rate's, and the area under the curve, by corpus and mix of questions."""
    hits, predictions = _hits(asked), (own, shipped)
    is_masked = np.array([item.kind == "masked" for item in asked])
    is_foreign = np.array([not item.is_own for item in asked])
    rows = [["corpus", "questions", "asked", "masked", "of other corpora", "quotes hold the answer"]]
    rows[0] += [
        "Brier score, base rate's",
        "fitted",
        "shipped numbers'",
        "area under the curve, fitted",
        "shipped numbers'",
    ]
    for corpus in _corpora(asked):
        for mix in MIXES:
            part = part_of(asked, corpus, mix)
            counts = (part, part & is_masked, part & is_foreign)
            figures = [hits[part].mean(), hits[part].var()]
            figures += [brier_score_loss(hits[part], predicted[part]) for predicted in predictions]
            figures += [roc_auc_score(hits[part], predicted[part]) for predicted in predictions]
            rows.append([corpus, mix, *(str(count.sum()) for count in counts), *(f"{one:.3f}" for one in figures)])
    return rows


def areas(asked: Sequence[Asked], own: Values, shipped: Values) -> Table:
    """How well each kind that is not covered is told from answerable questions whose quotes hold the answer."""
    hits = _hits(asked)
    rows = [["corpus", "answered by the quotes", "against", "asked", "fitted", "shipped"]]
    for corpus in _corpora(asked):
        answered = _kind(asked, corpus, "answerable") & hits
        for kind in KINDS[1:]:
            against = _kind(asked, corpus, kind)
            if against.any():
                part = answered | against
                figures = (f"{roc_auc_score(answered[part], predicted[part]):.3f}" for predicted in (own, shipped))
                rows.append([corpus, str(answered.sum()), kind, str(against.sum()), *figures])
    return rows


def _risks(asked: Sequence[Asked], predicted: Values) -> Table:
    """The share of wrong answers among the surest questions (El-Yaniv and Wiener 2010)."""
    curves = {
        f"{corpus}, {mix}": risk_curve(asked, predicted, part_of(asked, corpus, mix))
        for mix in MIXES
        for corpus in _corpora(asked)
    }
    rows = [["coverage", *curves]]
    for tenth in range(1, 11):
        risks = (curve[round(tenth / 10 * len(curve)) - 1] for curve in curves.values())
        rows.append([f"{tenth / 10:.1f}", *(f"{risk:.3f}" for risk in risks)])
    return rows


def risk_curve(asked: Sequence[Asked], predicted: Values, part: Part) -> Values:
    order = np.argsort(-predicted[part], kind="stable")
    misses = ~_hits(asked)[part][order]
    return np.asarray(np.cumsum(misses) / np.arange(1, len(misses) + 1))


def _draw(asked: Sequence[Asked], predicted: Values) -> None:
    """A reliability diagram (DeGroot and Fienberg 1983) and the risk-coverage curves, for each mix of questions."""
    titles = {"own": "the corpus's own questions", "mixed": "own, masked, other corpora's"}
    figure, rows = plt.subplots(len(MIXES), 2, figsize=(10, 9), layout="constrained")
    for mix, (reliability, risk) in zip(MIXES, rows, strict=True):
        reliability.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfectly calibrated")
        for corpus, marker in zip(_corpora(asked), "os^Dv", strict=False):
            part = part_of(asked, corpus, mix)
            confidence, hits = predicted[part], _hits(asked)[part]
            bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
            used = [number for number in range(BINS) if (bins == number).sum() >= BINS]
            means = [confidence[bins == number].mean() for number in used]
            shares = [hits[bins == number].mean() for number in used]
            reliability.plot(means, shares, marker=marker, label=corpus)
            curve = risk_curve(asked, predicted, part)
            risk.plot(np.arange(1, len(curve) + 1) / len(curve), curve, label=corpus)
        reliability.set(xlabel="confidence", ylabel="share whose quotes hold the answer")
        reliability.set_title(f"Reliability: {titles[mix]}")
        risk.set(xlabel="share of questions answered, the surest first", ylabel="share answered wrongly")
        risk.set_title(f"Risk: {titles[mix]}")
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

"""How well a generation answers questions whose evidence is known.

Figures count characters and words of the documents, so they mean the same for quotes of any length: *evidence recall*
and *hit* at a number of characters shown, Chroma's recall, precision and IoU (Smith and Troynikov 2024, "Evaluating
Chunking Strategies for Retrieval"), hit@k and MRR by ir-measures, and how far the confidence can be trusted (Brier
1950; El-Yaniv and Wiener 2010 for the risk-coverage curve).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.answer_spans import Reader
from index.answering import DEFAULT_LIMIT, DEFAULT_ROOM, ask
from index.confidence import Strictness
from index.embedding import Embedder, Embedding
from index.evidence import (
    Evidence,
    characters_read,
    evidence_recall,
    holds,
    is_shown_whole,
    length,
    overlap_measures,
    places_of,
    shared_characters,
    touches,
)
from index.generation import Generation
from index.questions import EvaluationQuestion, QuestionKind
from index.ranking import HIGHLIGHT_CHARACTERS
from index.reranking import Reranker
from index.values import Answer, Quote, Span, Verdict

ROOMS = (600, 1200)
"""Characters shown for evidence recall and hit."""

CHROMA_LIMIT, CHROMA_ROOM = 5, 100_000
WORST_COUNT = 10
CURVE_STEPS = 20
BOOTSTRAPS = 1000
CLUSTERS_AT_LEAST = 8
"""With fewer documents, what goes by documents goes by questions: half of them say little of the other half."""

Progress = Callable[[int, int], None]
"""Told how many questions are asked, of how many."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with what the bot made of it."""

    question: EvaluationQuestion
    answer: Answer
    """With quotes also where it is not covered."""
    shown: Mapping[int, tuple[Quote, ...]] = field(default_factory=dict)
    """Quotes that fill each of `ROOMS`; none where the question has no evidence."""
    chroma: tuple[Quote, ...] = ()

    @property
    def product(self) -> tuple[Quote, ...]:
        """The quotes that a person sees."""
        return () if self.answer.verdict is Verdict.NOT_COVERED else self.answer.quotes

    @property
    def is_hit(self) -> bool:
        """Whether one of the first three quotes holds an evidence span whole: what the confidence predicts."""
        return any(holds(quote, self.question.evidence) for quote in self.answer.quotes[:3])


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one question set on one generation; shares lie between 0 and 1, None where nothing could be counted.

    `retrieval` and `product` are means over the questions that have evidence, `intervals` their 95% intervals.
    """

    generation: str
    documents: int
    counts: Mapping[str, int]
    """Questions of each kind."""
    retrieval: Mapping[str, float | None]
    product: Mapping[str, float | None]
    chroma: Mapping[str, float | None]
    highlights: Mapping[str, float | None]
    refusal: Mapping[str, Mapping[str, float]]
    """Shares of the verdicts, by kind of question."""
    confidence: Mapping[str, Any]
    elapsed_ms: Mapping[str, float]
    hits: Mapping[str, float]
    """hit@3 by kind of question."""
    intervals: Mapping[str, tuple[float, float]]
    worst: Sequence[Mapping[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON values, rounded to three decimals."""
        return {
            "generation": self.generation,
            "documents": self.documents,
            "questions": dict(self.counts),
            "retrieval": _rounded(self.retrieval),
            "hit@3": _rounded(self.hits),
            "product": _rounded(self.product),
            "chroma": _rounded(self.chroma),
            "highlights": _rounded(self.highlights),
            "refusal": _rounded(self.refusal),
            "confidence": _rounded(self.confidence),
            "elapsed_ms": _rounded(self.elapsed_ms),
            "intervals": _rounded(self.intervals),
            "worst": _rounded(self.worst),
        }


def evaluate(
    generation: Generation,
    embedder: Embedder,
    questions: Sequence[EvaluationQuestion],
    *,
    reranker: Reranker | None = None,
    reader: Reader | None = None,
    strictness: Strictness = "normal",
    on_progress: Progress = lambda done, total: None,
) -> Evaluation:
    """Ask every question and compute the figures.

    Args:
        generation: What to ask.
        embedder: The model that the generation was built with.
        questions: At least one.
        reranker: As in `ask`.
        reader: As in `ask`.
        strictness: How sure an answer must be.
        on_progress: Told after each question.
    """
    asked = []
    for number, question in enumerate(questions, 1):
        asked.append(
            ask_with_all_rooms(generation, embedder, question, reranker=reranker, reader=reader, strictness=strictness)
        )
        on_progress(number, len(questions))
    return figures_of(generation, asked)


def figures_of(generation: Generation, asked: Sequence[Asked]) -> Evaluation:
    """Compute the figures of questions that were asked of a generation; at least one."""
    answerable = [item for item in asked if item.question.is_answerable]
    by_question = _figures_by_question(answerable)
    kinds = [kind for kind in QuestionKind if any(item.question.kind is kind for item in asked)]
    return Evaluation(
        generation=generation.id,
        documents=len(generation.segments),
        counts={str(kind): sum(item.question.kind is kind for item in asked) for kind in kinds},
        retrieval={name: _mean(by_question[name]) for name in _RETRIEVAL},
        product=_product(answerable, by_question),
        chroma={name: _mean(by_question[f"chroma {name}"]) for name in _CHROMA},
        highlights=_highlights(generation, answerable),
        refusal={str(kind): _verdicts(item for item in asked if item.question.kind is kind) for kind in kinds},
        confidence=_confidence(asked),
        elapsed_ms=_percentiles([item.answer.elapsed_ms for item in asked]),
        hits={
            str(kind): float(np.mean([item.is_hit for item in answerable if item.question.kind is kind]))
            for kind in kinds
            if any(item.question.kind is kind for item in answerable)
        },
        intervals=bootstrap_intervals(
            {name: by_question[name] for name in (*_RETRIEVAL, "product recall", "product hit")},
            [item.question.evidence[0].document for item in answerable],
        ),
        worst=_worst(asked, by_question),
    )


def ask_with_all_rooms(
    generation: Generation,
    embedder: Embedder,
    question: EvaluationQuestion,
    *,
    reranker: Reranker | None = None,
    reader: Reader | None = None,
    strictness: Strictness = "normal",
) -> Asked:
    """Ask as the bot does, and again with other rooms, for which models need not run again.

    A reader changes nothing in which quotes fill a room.
    """
    embedder = _RememberingEmbedder(embedder)
    reranker = _RememberingReranker(reranker) if reranker is not None else None

    def again(*, room: int = DEFAULT_ROOM, limit: int = DEFAULT_LIMIT, reader: Reader | None = None) -> Answer:
        return ask(
            generation,
            embedder,
            question.text,
            reranker=reranker,
            reader=reader,
            room=room,
            limit=limit,
            nearest=True,
            strictness=strictness,
        )

    answer = again(reader=reader)
    if not question.is_answerable:
        return Asked(question, answer)
    return Asked(
        question,
        answer,
        shown={room: again(room=room, limit=0).quotes for room in ROOMS},
        chroma=again(room=CHROMA_ROOM, limit=CHROMA_LIMIT).quotes,
    )


class _RememberingEmbedder:
    """Another embedder that embeds one question only once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._query: Embedding | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed_query(self, question: str) -> Embedding:
        if self._query is None:
            self._query = self._embedder.embed_query(question)
        return self._query


class _RememberingReranker:
    """Another reranker that reads the passages of one question only once: they are the same for any room."""

    def __init__(self, reranker: Reranker) -> None:
        self.name = reranker.name
        self._reranker = reranker
        self._relevance: NDArray[np.float32] | None = None

    def load(self) -> None:
        self._reranker.load()

    def relevance(self, question: str, passages: Sequence[tuple[str, Sequence[Span]]]) -> NDArray[np.float32]:
        if self._relevance is None:
            self._relevance = self._reranker.relevance(question, passages)
        return self._relevance


# -------------------------------------------------------------------- figures

_RETRIEVAL = (
    *(f"recall@{room}" for room in ROOMS),
    *(f"hit@{room}" for room in ROOMS),
    "hit@1",
    "hit@3",
    "mrr",
)
_CHROMA = ("recall", "precision", "iou")


def _figures_by_question(asked: Sequence[Asked]) -> dict[str, list[float]]:
    """Each figure that is a mean, as one number a question with evidence."""
    figures: dict[str, list[float]] = {name: [] for name in _RETRIEVAL}
    figures |= {f"chroma {name}": [] for name in _CHROMA} | {"product recall": [], "product hit": []}
    for item in asked:
        evidence = item.question.evidence
        for room, quotes in item.shown.items():
            figures[f"recall@{room}"].append(evidence_recall(places_of(quotes), evidence))
            figures[f"hit@{room}"].append(is_shown_whole(places_of(quotes), evidence))
        figures["product recall"].append(evidence_recall(places_of(item.product), evidence))
        figures["product hit"].append(is_shown_whole(places_of(item.product), evidence))
        for name, figure in overlap_measures(places_of(item.chroma), evidence).items():
            figures[f"chroma {name}"].append(figure)
    figures |= _ranked(asked)
    return figures


def _ranked(asked: Sequence[Asked]) -> dict[str, list[float]]:
    """hit@k and the reciprocal rank by ir-measures: a quote that holds evidence has grade 2, one that touches it 1."""
    import ir_measures  # scipy behind it would slow every start of the bot down

    grades: dict[str, dict[str, int]] = {}
    run: dict[str, dict[str, float]] = {}
    for number, item in enumerate(asked):
        evidence, quotes = item.question.evidence, item.answer.quotes
        grades[str(number)] = {
            str(rank): 2 if holds(quote, evidence) else int(touches(quote, evidence))
            for rank, quote in enumerate(quotes)
        } or {"none": 0}
        run[str(number)] = {str(rank): float(-rank) for rank in range(len(quotes))}
    measures = {
        "hit@1": ir_measures.Success(rel=2) @ 1,
        "hit@3": ir_measures.Success(rel=2) @ 3,
        "mrr": ir_measures.RR,
    }
    names = {measure: name for name, measure in measures.items()}
    figures = {name: [0.0] * len(asked) for name in measures}
    if asked:
        for metric in ir_measures.iter_calc(list(measures.values()), grades, run):
            figures[names[metric.measure]][int(metric.query_id)] = float(metric.value)
    return figures


def _product(asked: Sequence[Asked], by_question: Mapping[str, list[float]]) -> dict[str, float | None]:
    """What a person sees at the shipped defaults, where a question that is not covered counts 0."""
    read = [characters_read(item.product, item.question.evidence) for item in asked]
    median = float(np.median(read)) if read else None
    return {
        "recall": _mean(by_question["product recall"]),
        "hit": _mean(by_question["product hit"]),
        "characters_shown": _mean([float(length(places_of(item.product))) for item in asked]),
        "characters_read": None if median is None or np.isinf(median) else median,
    }


def _highlights(generation: Generation, asked: Sequence[Asked]) -> dict[str, float | None]:
    """Word precision, recall and F1 of the highlights over all questions together, and their share of the quotes.

    `first_holds` is the share of questions of which the first quote's highlights hold an evidence span whole, in no
    more characters than can be read at a glance.
    """
    words: dict[str, list[tuple[int, int]]] = {}
    hit = shown = wanted = 0
    shares: list[float] = []
    for item in asked:
        marked = [Evidence(quote.citation.document, span) for quote in item.product for span in quote.highlights]
        ours = _words(generation, marked, words)
        theirs = _words(generation, item.question.evidence, words)
        hit, shown, wanted = hit + len(ours & theirs), shown + len(ours), wanted + len(theirs)
        shares += [length(Evidence("", span) for span in quote.highlights) / len(quote.text) for quote in item.product]
    return {
        "precision": hit / shown if shown else None,
        "recall": hit / wanted if wanted else None,
        "f1": 2 * hit / (shown + wanted) if shown + wanted else None,
        "share": _mean(shares),
        "first_holds": _mean([float(_first_holds(item)) for item in asked]),
    }


def _first_holds(asked: Asked) -> bool:
    marked = [Evidence(quote.citation.document, span) for quote in asked.product[:1] for span in quote.highlights]
    is_held = any(shared_characters(marked, [piece]) == length([piece]) for piece in asked.question.evidence)
    return is_held and length(marked) <= HIGHLIGHT_CHARACTERS


def _words(
    generation: Generation, spans: Iterable[Evidence], known: dict[str, list[tuple[int, int]]]
) -> set[tuple[str, int]]:
    """The words that share a character with the spans, each by its document and its number there."""
    found: set[tuple[str, int]] = set()
    for document, span in ((piece.document, piece.span) for piece in spans):
        if document not in known:
            known[document] = list(_word_spans(generation.segment(document).document.text))
        places = known[document]
        number = bisect_left(places, span.start, key=lambda place: place[1] - 1)
        while number < len(places) and places[number][0] < span.end:
            found.add((document, number))
            number += 1
    return found


def _word_spans(text: str) -> Iterator[tuple[int, int]]:
    position = 0
    for word in text.split():
        position = text.index(word, position)
        yield position, position + len(word)
        position += len(word)


def _verdicts(asked: Iterable[Asked]) -> dict[str, float]:
    verdicts = [item.answer.verdict for item in asked]
    return {str(verdict): verdicts.count(verdict) / len(verdicts) for verdict in Verdict}


def _confidence(asked: Sequence[Asked]) -> dict[str, Any]:
    """How far the confidence can be trusted, as a prediction of hit@3, over questions of all kinds."""
    predicted = np.array([item.answer.confidence for item in asked])
    truth = np.array([item.is_hit for item in asked], dtype=float)
    base = float(truth.mean())
    order = np.argsort(-predicted, kind="stable")
    risks = 1 - np.cumsum(truth[order]) / np.arange(1, len(order) + 1)
    steps = np.unique(np.ceil(np.linspace(0, 1, CURVE_STEPS + 1)[1:] * len(order)).astype(int))
    return {
        "brier": float(np.mean((predicted - truth) ** 2)),
        "brier_of_base_rate": base * (1 - base),
        "auc": _area_under_curve(predicted, truth),
        "risk_coverage": [[float(step / len(order)), float(risks[step - 1])] for step in steps],
    }


def _area_under_curve(predicted: NDArray[np.float64], truth: NDArray[np.float64]) -> float | None:
    """The chance that a hit has a higher confidence than a miss; None without both."""
    if truth.min() == truth.max():
        return None
    from sklearn.metrics import roc_auc_score  # scipy behind it would slow every start of the bot down

    return float(roc_auc_score(truth, predicted))


def bootstrap_intervals(
    figures: Mapping[str, Sequence[float]], documents: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """95% intervals of means, by a bootstrap over documents, or over questions where documents are few.

    Args:
        figures: By name, one number a question; for two systems' difference, that of the question's two numbers.
        documents: The document of each question.
    """
    if not documents:
        return {}
    number = {document: position for position, document in enumerate(sorted(set(documents)))}
    if len(number) >= CLUSTERS_AT_LEAST:
        cluster = np.array([number[document] for document in documents])
    else:
        cluster = np.arange(len(documents))
    count = int(cluster.max()) + 1
    draws = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=BOOTSTRAPS)[:, cluster]
    intervals = {}
    for name, values in figures.items():
        means = draws @ np.array(values) / draws.sum(axis=1)
        low, high = np.quantile(means, (0.025, 0.975))
        intervals[name] = (float(low), float(high))
    return intervals


def _worst(asked: Sequence[Asked], by_question: Mapping[str, list[float]]) -> list[dict[str, Any]]:
    """Where a person was served worst: answers from nothing and evidence not shown, the surest ones first."""
    hits = iter(by_question["product hit"])
    served = [next(hits) if item.question.is_answerable else _served(item.answer.verdict) for item in asked]
    errors = [abs(item.answer.confidence - item.is_hit) for item in asked]
    order = sorted(range(len(asked)), key=lambda number: (served[number], -errors[number], number))
    return [
        {
            "id": item.question.id,
            "kind": str(item.question.kind),
            "question": item.question.text,
            "verdict": str(item.answer.verdict),
            "confidence": item.answer.confidence,
            "quoted": [quote.citation.document for quote in item.product],
            "evidence": sorted({piece.document for piece in item.question.evidence}),
        }
        for item in (asked[number] for number in order[:WORST_COUNT])
    ]


def _served(verdict: Verdict) -> float:
    """How well a verdict serves the asker of what is not covered."""
    return {Verdict.ANSWERED: 0.0, Verdict.UNCERTAIN: 0.5, Verdict.NOT_COVERED: 1.0}[verdict]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    return {"p50": float(np.percentile(values, 50)), "p99": float(np.percentile(values, 99))}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, Mapping):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value

"""A question to scored candidates: passages from FAISS and BM25, and all of their sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.generation import Generation
from index.keywords import NearTerms
from index.query import Query
from index.ranking import (
    PERFECT_SCORE,
    Scores,
    Surroundings,
    add_relevance,
    background,
    best_first,
    best_score,
    ranges,
    score_passages,
    score_sentences,
)
from index.reranking import Reranker
from index.tokens import best_matches
from index.values import Signs
from index.vectors import in_32_bits

CANDIDATE_PASSAGES = 100
"""Taken from each of the two retrievers."""

SCORED_PASSAGES = 40
"""Kept of both together, whose tokens and sentences are compared: that is most of an answer's time. With all, nothing
is found better on corpora of usual size, and on 100,000 passages the first three quotes are as good
(`docs/decisions.md`)."""

RERANKED_PASSAGES = 30
"""The best of them, which a reranker reads."""

Row = TypeVar("Row", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the scores of candidates are summed from: one a passage, then one a sentence.

    A sentence's score has its passage's keyword share in it; the other two of a passage only rank passages.
    """

    cosines: Scores
    keyword_shares: Scores
    token_matches: Scores
    sentence_cosines: Scores
    sentence_keyword_shares: Scores
    sentence_token_matches: Scores
    surroundings_cosines: Scores
    surroundings_token_matches: Scores
    relevance: Scores | None = None
    """By a reranker, one a passage; not a number for those that it did not read."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The passages that may hold the answer and their sentences, all in text order, with their scores."""

    passages: NDArray[np.int64]
    passage_scores: Scores
    sentences: NDArray[np.int64]
    """Headings left out: they are never quoted."""
    sentence_scores: Scores
    """See `score_sentences`; with a reranker, its passage's relevance is added."""
    parts: Parts
    signs: Signs


def retrieve(generation: Generation, query: Query, only: NDArray[np.int64] | None = None) -> Candidates:
    """Find candidate passages with FAISS and with BM25, and score them and their sentences by all that is known.

    Args:
        generation: What to search.
        query: The question as read for this generation.
        only: The only passages that may be found.
    """
    found: list[Candidates] = []
    passages = sentences = 0
    for part, near in zip(generation.parts, query.near_in_parts, strict=True):
        own = None
        if only is not None:
            own = only[(only >= passages) & (only < passages + len(part.passages))] - passages
        if own is None or len(own):
            candidates = _retrieve(part, query, near, own, statistics=generation.parts[0])
            found.append(_moved(candidates, passages, sentences))
        passages += len(part.passages)
        sentences += len(part.sentences)
    return found[0] if len(found) == 1 else _joined(found)


def _moved(found: Candidates, passages: int, sentences: int) -> Candidates:
    """Candidates of a part that comes behind so many passages and sentences."""
    return replace(found, passages=found.passages + passages, sentences=found.sentences + sentences)


def _joined(found: Sequence[Candidates]) -> Candidates:
    """The candidates of several parts; the signs are those of all together."""

    def joined(name: str, of: Sequence[object]) -> NDArray[Any]:
        return np.concatenate([getattr(one, name) for one in of])

    scores = joined("sentence_scores", found)
    names = [field.name for field in fields(Parts) if field.name != "relevance"]
    parts = Parts(*(joined(name, [one.parts for one in found]) for name in names))
    return Candidates(
        passages=joined("passages", found),
        passage_scores=joined("passage_scores", found),
        sentences=joined("sentences", found),
        sentence_scores=scores,
        parts=parts,
        signs=_signs(scores, parts.sentence_cosines, background(scores)),
    )


def _signs(sentence_scores: Scores, sentence_cosines: Scores, usual: float) -> Signs:
    """The signs of some sentences, standing out of the usual score of the subject."""
    best = best_score(sentence_scores)
    return Signs(
        best_score=best / PERFECT_SCORE,
        standout=(best - usual) / PERFECT_SCORE,
        sentence_cosine=float(sentence_cosines.max(initial=0.0)),
    )


def _retrieve(
    generation: Generation, query: Query, near: NearTerms, only: NDArray[np.int64] | None, *, statistics: Generation
) -> Candidates:
    """The candidates of one part; how rare words are is counted in another, so that scores are on one scale."""
    passages, cosines, shares = _candidate_passages(generation, query, near, only, statistics)
    firsts, ends = generation.first_sentence[passages], generation.first_sentence[passages + 1]
    sizes = ends - firsts
    sentences = ranges(firsts, ends)
    by_token = _token_matches(generation, query, passages, sentences)
    around = Surroundings.of(sentences, np.repeat(generation.heading_of_passage[passages], sizes))
    passage_matches = query.token_weights @ np.maximum.reduceat(by_token, np.cumsum(sizes) - sizes, axis=1)
    vectors = in_32_bits(_stretches(generation.sentence_vectors, firsts, ends))
    sentence_shares = generation.sentence_keywords.scores(
        query.terms, near, of=sentences, statistics=statistics.sentence_keywords
    )
    own = (
        vectors @ query.vector,
        sentence_shares,
        query.token_weights @ by_token,
        _mean_cosines(query, around, vectors, generation.token_counts[sentences]),
        query.token_weights @ around.best(by_token),
    )
    scores = score_sentences(*own, np.repeat(shares, sizes))

    quotable = ~generation.is_heading[sentences]
    parts = Parts(cosines, shares, passage_matches, *(part[quotable] for part in own))
    return Candidates(
        passages=passages,
        passage_scores=score_passages(cosines, shares, passage_matches),
        sentences=sentences[quotable],
        sentence_scores=scores[quotable],
        parts=parts,
        signs=_signs(scores[quotable], parts.sentence_cosines, background(scores[quotable])),
    )


def _mean_cosines(query: Query, around: Surroundings, vectors: Scores, token_counts: NDArray[np.int64]) -> Scores:
    """The cosine of the question and all tokens of each sentence and of those around it, pooled as one text's."""
    # a model without token vectors counts none
    sums = around.sums(vectors * np.maximum(token_counts, 1).astype(np.float32)[:, np.newaxis])
    lengths = np.sqrt(np.einsum("ij,ij->i", sums, sums))
    cosines: Scores = (sums @ query.vector) / np.maximum(lengths, np.float32(1e-6))
    return cosines


def _stretches(rows: NDArray[Row], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[Row]:
    """The rows of some half-open ranges, one range after the other; twice as quick as picking each row."""
    if not len(starts):
        return rows[:0]
    return np.concatenate([rows[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)])


def _token_matches(
    generation: Generation, query: Query, passages: NDArray[np.int64], sentences: NDArray[np.int64]
) -> Scores:
    """For each token of the question, its best match in each sentence of the passages, `(q, sentences)`.

    What stands above a sentence is its context: it need not say again what the title and the heading say.
    """
    headings = generation.heading_of_passage[passages]
    starts, ends = generation.first_heading_token[headings], generation.first_heading_token[headings + 1]
    firsts, behind = generation.first_sentence[passages], generation.first_sentence[passages + 1]
    tokens = (
        _stretches(generation.heading_tokens, starts, ends),
        _stretches(generation.tokens, generation.first_token[firsts], generation.first_token[behind]),
    )
    counts = (ends - starts, generation.token_counts[sentences])
    matches = best_matches(query.tokens, np.concatenate(tokens), np.concatenate(counts))
    above, own = np.split(matches, [len(passages)], axis=1)
    return np.maximum(own, np.repeat(above, behind - firsts, axis=1))


def _candidate_passages(
    generation: Generation,
    query: Query,
    near: NearTerms,
    only: NDArray[np.int64] | None,
    statistics: Generation,
) -> tuple[NDArray[np.int64], Scores, Scores]:
    """Passages in text order, with their cosines and BM25 shares: the best of the two retrievers together."""
    _, dense = generation.vectors.search(query.vector, CANDIDATE_PASSAGES, generation.passage_vectors, within=only)
    shares = generation.passage_keywords.scores(query.terms, near, statistics=statistics.passage_keywords)
    sharing = np.flatnonzero(shares > 0) if only is None else only[shares[only] > 0]
    found = np.union1d(dense, sharing[best_first(shares[sharing], CANDIDATE_PASSAGES)])
    cosines = in_32_bits(generation.passage_vectors[found]) @ query.vector
    order = best_first(score_passages(cosines, shares[found], np.zeros_like(cosines)))
    kept = np.sort(order[:SCORED_PASSAGES])
    return found[kept], cosines[kept], shares[found[kept]]


def with_background(found: Candidates, whole: Candidates) -> Candidates:
    """Candidates from a part of a generation, standing out of what the whole of it has on the subject.

    Else a small part would have little to stand out of, and whatever is best in it would look like the answer.
    """
    usual = background(whole.sentence_scores)
    return replace(found, signs=_signs(found.sentence_scores, found.parts.sentence_cosines, usual))


def rerank(generation: Generation, query: Query, found: Candidates, reranker: Reranker) -> Candidates:
    """Score candidates anew by what a reranker makes of the best passages.

    The signs stay those of the search alone: from them it was learned how sure to be.
    """
    best = best_first(found.passage_scores)[:RERANKED_PASSAGES]
    relevance = np.full(len(found.passages), np.nan, dtype=np.float32)
    readings = [generation.reading(int(passage)) for passage in found.passages[best]]
    relevance[best] = reranker.relevance(query.text, readings)
    scores = add_relevance(found.passage_scores, relevance)
    rows = np.searchsorted(found.passages, generation.passage_of_sentence[found.sentences])
    gained = (scores - found.passage_scores)[rows]
    return replace(
        found,
        passage_scores=scores,
        sentence_scores=np.round(found.sentence_scores + gained, 6).astype(np.float32),
        parts=replace(found.parts, relevance=relevance),
    )

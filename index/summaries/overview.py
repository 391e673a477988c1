"""What is in a corpus, by theme: documents that lie near each other, and how the most central of them begin."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.embedding import Vectors
from index.generation import Generation
from index.ranking import best_first
from index.summaries.extracting import RETOLD_COSINE, centrality
from index.summaries.standing import Unit
from index.summaries.summarizing import DEFAULT_ROOM, Sentences
from index.values import Quote, Summary, Theme, Verdict

THEMES_AT_MOST = 6
CLUSTERED_AT_MOST = 1000
"""Of a larger corpus, so many documents make the themes, evenly taken; the others join the nearest."""


def summarize_corpus(generation: Generation, *, room: int = DEFAULT_ROOM, base_url: str = "") -> Summary:
    """Say what the corpus holds, the largest theme first.

    Themes are found by Ward's method (Ward 1963) on the mean vectors of the documents. Each is shown by its titles, the
    most central first, and by how those documents begin, unless another one has said so.
    """
    started = time.perf_counter()
    sentences = Sentences(generation)
    openings = [_opening_of(sentences, segment.document.id) for segment in generation.segments]
    vectors = _document_vectors(generation)
    count = min(THEMES_AT_MOST, room, len(vectors))
    theme_of = _themes(vectors, count)
    members = [np.flatnonzero(theme_of == theme) for theme in range(count)]
    members.sort(key=lambda documents: (-len(documents), documents.tolist()))
    themes: list[Theme] = []
    quotes: list[Quote] = []
    told: list[Unit] = []
    for documents in members:
        shares = centrality(vectors[documents])
        order = best_first(shares)
        in_order = documents[order].tolist()
        ranked = zip(in_order, shares[order].tolist(), strict=True)
        opened = [(unit, share) for number, share in ranked if (unit := openings[number]) is not None]
        chosen = _told_once(sentences, [unit for unit, _ in opened], told, room // count)
        units, scores = [opened[position][0] for position in chosen], [opened[position][1] for position in chosen]
        told += units
        quotes += sentences.quotes_of(units, scores, base_url)
        titles = tuple(generation.segments[number].document.title for number in in_order)
        themes.append(Theme(titles, len(units)))
    return Summary(
        subject="",
        verdict=Verdict.ANSWERED if quotes else Verdict.NOT_COVERED,
        quotes=tuple(quotes),
        generation=generation.id,
        elapsed_ms=(time.perf_counter() - started) * 1000,
        themes=tuple(themes),
    )


def _opening_of(sentences: Sentences, document_id: str) -> Unit | None:
    """The first sentence of a document that can be read alone."""
    for number in sentences.numbers_of(document_id).tolist():
        if sentences.units_of([number]) == [Unit(number, number)]:
            return Unit(number, number)
    return None


def _document_vectors(generation: Generation) -> Vectors:
    """The mean direction of each document's passages, `(documents, dim)`."""
    means = np.stack([segment.passage_vectors.astype(np.float32).mean(axis=0) for segment in generation.segments])
    vectors: Vectors = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    return vectors


def _themes(vectors: Vectors, count: int) -> NDArray[np.int64]:
    """The theme of each document, from 0 on."""
    if count < 2:
        return np.zeros(len(vectors), dtype=np.int64)
    sample = np.unique(np.linspace(0, len(vectors) - 1, min(len(vectors), CLUSTERED_AT_MOST)).astype(np.int64))
    from sklearn.cluster import AgglomerativeClustering  # scipy behind it would slow every start of the bot down

    labels = AgglomerativeClustering(n_clusters=count).fit_predict(vectors[sample])
    if len(sample) == len(vectors):
        return np.asarray(labels, dtype=np.int64)
    middles = np.stack([vectors[sample][labels == label].mean(axis=0) for label in range(count)])
    return np.asarray(np.argmax(vectors @ middles.T - (middles**2).sum(axis=1) / 2, axis=1), dtype=np.int64)


def _told_once(sentences: Sentences, candidates: Sequence[Unit], told: Sequence[Unit], count: int) -> list[int]:
    """Positions of the first candidates that tell what nothing before them has told; the first one at any rate."""
    vectors = sentences.vectors_of(candidates)
    said = sentences.vectors_of(told)
    chosen: list[int] = []
    for position, vector in enumerate(vectors):
        if len(chosen) == count:
            break
        if (np.concatenate([said, vectors[chosen]]) @ vector).max(initial=0) < RETOLD_COSINE:
            chosen.append(position)
    return chosen or list(range(len(candidates)))[:1]

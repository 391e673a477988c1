"""What is in a corpus, by theme: documents that lie near each other, and how the most central of them begin."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.embedding import Vectors
from index.generation import Generation
from index.keywords import terms
from index.ranking import best_first
from index.summaries.extracting import centrality
from index.summaries.standing import Unit
from index.summaries.summarizing import DEFAULT_ROOM, Sentences
from index.values import Document, Quote, Summary, Theme, Verdict

THEMES_AT_MOST = 6
CLUSTERED_AT_MOST = 1000
"""Of a larger corpus, so many documents make the themes, evenly taken; the others join the nearest."""

THEME_WORDS = 3


def summarize_corpus(generation: Generation, *, room: int = DEFAULT_ROOM, base_url: str = "") -> Summary:
    """Say what the corpus holds, the largest theme first.

    Themes are found by Ward's method (Ward 1963) on the mean vectors of the documents. Each is shown by the first
    sentences of the documents nearest to its middle.
    """
    started = time.perf_counter()
    sentences = Sentences(generation)
    openings = [_opening_of(sentences, segment.document.id) for segment in generation.segments]
    vectors = _document_vectors(generation)
    count = min(THEMES_AT_MOST, room, len(vectors))
    theme_of = _themes(vectors, count)
    members = [np.flatnonzero(theme_of == theme) for theme in range(count)]
    members.sort(key=lambda documents: (-len(documents), documents.tolist()))
    names = _names([[generation.segments[number].document for number in documents] for documents in members])
    themes: list[Theme] = []
    quotes: list[Quote] = []
    for words, documents in zip(names, members, strict=True):
        shown = _most_central(vectors, documents, openings, room // count)
        quotes += sentences.quotes_of([unit for unit, _ in shown], [score for _, score in shown], base_url)
        titles = tuple(generation.segments[number].document.title for number in documents)
        themes.append(Theme(words, titles, len(shown)))
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


def _names(groups: Sequence[Sequence[Document]]) -> list[tuple[str, ...]]:
    """For each group of documents, words of titles, tags and headings that more of them have than of the others."""
    found = [[_words_of(document) for document in group] for group in groups]
    counts = [Counter(stem for words in group for stem in words) for group in found]
    total = sum(counts, Counter())
    written: dict[str, Counter[str]] = {}
    for words in (words for group in found for words in group):
        for stem, word in words.items():
            written.setdefault(stem, Counter())[word] += 1
    others = sum(map(len, groups))
    names: list[tuple[str, ...]] = []
    for group, count in zip(groups, counts, strict=True):
        rest = max(1, others - len(group))
        lead = {stem: number / len(group) - (total[stem] - number) / rest for stem, number in count.items()}
        shared = [stem for stem in lead if count[stem] > 1 and lead[stem] > 0]
        best = sorted(shared, key=lambda stem: (-round(lead[stem], 6), stem))[:THEME_WORDS]
        names.append(tuple(min(written[stem].items(), key=lambda item: (-item[1], item[0]))[0] for stem in best))
    return names


def _words_of(document: Document) -> dict[str, str]:
    """The stems of a document's title, tags and headings, each with a word of it as it is written there."""
    words: dict[str, str] = {}
    headings = (heading for path in document.sections for heading in path[-1:])
    for word in " ".join((document.title.replace("_", " "), *document.tags, *headings)).split():
        bare = word.strip(".,;:!?()[]\"'\u201c\u201d\u2019")
        stems = terms(bare)
        if stems and not any(character.isdigit() for character in bare):
            words.setdefault(stems[0], bare)
    return words


def _most_central(
    vectors: Vectors, documents: NDArray[np.int64], openings: Sequence[Unit | None], count: int
) -> list[tuple[Unit, float]]:
    """The openings of the most central of some documents, best first."""
    shares = centrality(vectors[documents])
    found: list[tuple[Unit, float]] = []
    for position in best_first(shares).tolist():
        opening = openings[documents[position]]
        if opening is not None and len(found) < count:
            found.append((opening, float(shares[position])))
    return found

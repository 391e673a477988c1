"""Where quotes and evidence meet: pure functions over spans of documents, counted in characters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.values import Quote, Span, merge_spans


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """A span that answers a question."""

    document: str
    span: Span


def holds(quote: Quote, evidence: Iterable[Evidence]) -> bool:
    """Whether a quote holds one piece of evidence whole."""
    span = quote.citation.span
    return any(
        piece.document == quote.citation.document and span.start <= piece.span.start and piece.span.end <= span.end
        for piece in evidence
    )


def touches(quote: Quote, evidence: Iterable[Evidence]) -> bool:
    """Whether a quote shares a character with a piece of evidence."""
    return shared_characters([Evidence(quote.citation.document, quote.citation.span)], evidence) > 0


def shared_characters(first: Iterable[Evidence], second: Iterable[Evidence]) -> int:
    """How many characters two sets of spans share; one that several spans cover counts once."""
    left, right = _by_document(first), _by_document(second)
    return sum(
        max(0, min(one.end, other.end) - max(one.start, other.start))
        for document in left.keys() & right.keys()
        for one in left[document]
        for other in right[document]
    )


def _by_document(spans: Iterable[Evidence]) -> dict[str, tuple[Span, ...]]:
    collected: defaultdict[str, list[Span]] = defaultdict(list)
    for piece in spans:
        collected[piece.document].append(piece.span)
    return {document: merge_spans(parts) for document, parts in collected.items()}


def length(spans: Iterable[Evidence]) -> int:
    """How many characters some spans cover; one that several cover counts once."""
    return sum(span.end - span.start for parts in _by_document(spans).values() for span in parts)


def places_of(quotes: Iterable[Quote]) -> list[Evidence]:
    """Where quotes stand."""
    return [Evidence(quote.citation.document, quote.citation.span) for quote in quotes]


def evidence_recall(shown: Iterable[Evidence], evidence: Sequence[Evidence]) -> float:
    """The share of the evidence's characters that is shown."""
    return shared_characters(shown, evidence) / length(evidence)


def is_shown_whole(shown: Sequence[Evidence], evidence: Sequence[Evidence]) -> bool:
    """Whether one piece of evidence is shown whole, be it by two quotes that meet."""
    return any(shared_characters(shown, [piece]) == length([piece]) for piece in evidence)


def overlap_measures(shown: Sequence[Evidence], evidence: Sequence[Evidence]) -> dict[str, float]:
    """Recall, precision and intersection over union, in characters."""
    covered = shared_characters(shown, evidence)
    shown_count, wanted_count = length(shown), length(evidence)
    return {
        "recall": covered / wanted_count,
        "precision": covered / shown_count if shown_count else 0.0,
        "iou": covered / (shown_count + wanted_count - covered),
    }


def characters_read(quotes: Sequence[Quote], evidence: Sequence[Evidence]) -> float:
    """Characters that are read, best quote first, before the evidence begins; without end where it is not shown."""
    read = 0
    for quote in quotes:
        span = quote.citation.span
        starts = [
            max(piece.span.start, span.start)
            for piece in evidence
            if piece.document == quote.citation.document and piece.span.start < span.end and piece.span.end > span.start
        ]
        if starts:
            return read + min(starts) - span.start
        read += span.end - span.start
    return float("inf")

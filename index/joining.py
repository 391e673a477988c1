"""Two generations searched as one: the shared corpus and what a server has added to it.

Nothing is copied: passages and sentences of the second are numbered behind those of the first. All that a score is
made of is on the first one's scale (see `index.retrieval`), so what a server adds changes no score of the shared
corpus, and how sure to be is the shared corpus's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from index.generation import Generation
from index.segment import Segment

Item = TypeVar("Item")

SERVER_PREFIX = "server/"
"""Before the names of a server's own documents; no shared document has an id that begins so."""


class JoinedGeneration(Generation):
    """The shared generation and a server's own, for as long as both are current."""

    def __init__(self, shared: Generation, own: Generation) -> None:
        self._parts = (shared, own)
        self.manifest = replace(
            shared.manifest,
            id=f"{shared.id}+{own.id}",
            documents=shared.manifest.documents + own.manifest.documents,
        )
        count = len(shared.segments)
        self.segments = cast(tuple[Segment, ...], _Both(shared.segments, own.segments))
        behind = [(count + owner, passage) for owner, passage in own.passages]
        self.passages = cast(Any, _Both(shared.passages, behind))
        self.sentences = cast(Any, _Both(shared.sentences, own.sentences))
        self.sentence_spans = _rows(shared.sentence_spans, own.sentence_spans)
        self.sentence_vectors = _rows(shared.sentence_vectors, own.sentence_vectors)
        self.passage_of_sentence = _rows(
            shared.passage_of_sentence, own.passage_of_sentence, shift=len(shared.passages)
        )
        self.heading_of_passage = _rows(
            shared.heading_of_passage, own.heading_of_passage, shift=len(shared.first_heading_token) - 1
        )
        self.first_sentence = _rows(shared.first_sentence[:-1], own.first_sentence, shift=len(shared.sentences))

    @property
    def parts(self) -> tuple[Generation, ...]:
        return self._parts

    def segment(self, document_id: str) -> Segment:
        return self._part_of(document_id).segment(document_id)

    def passages_of(self, document_id: str) -> NDArray[np.int64]:
        part = self._part_of(document_id)
        before = 0 if part is self._parts[0] else len(self._parts[0].passages)
        return part.passages_of(document_id) + before

    def _part_of(self, document_id: str) -> Generation:
        shared, own = self._parts
        return own if document_id.startswith(SERVER_PREFIX) else shared


class _Both(Sequence[Item]):
    """One sequence behind another."""

    def __init__(self, first: Sequence[Item], second: Sequence[Item]) -> None:
        self._first, self._second = first, second

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    def __getitem__(self, number: Any) -> Any:
        count = len(self._first)
        return self._first[number] if number < count else self._second[number - count]

    def __iter__(self) -> Iterator[Item]:
        yield from self._first
        yield from self._second


class _BothRows:
    """The rows of one array behind those of another, for picking some of them."""

    def __init__(self, first: NDArray[Any], second: NDArray[Any], shift: int) -> None:
        self._first, self._second, self._shift = first, second, shift
        self.shape = (len(first) + len(second), *first.shape[1:])

    def __getitem__(self, numbers: Any) -> Any:
        numbers = np.asarray(numbers)
        is_behind = numbers >= len(self._first)
        rows = np.asarray(self._first[np.where(is_behind, 0, numbers)])
        if is_behind.any():
            rows[is_behind] = self._second[numbers[is_behind] - len(self._first)] + self._second.dtype.type(self._shift)
        return rows if rows.ndim else rows[()]


def _rows(first: NDArray[Any], second: NDArray[Any], shift: int = 0) -> NDArray[Any]:
    return cast(NDArray[Any], _BothRows(first, second, shift))

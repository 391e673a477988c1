"""Which questions ask the same: by the likeness of their vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.embedding import Embedder

ALIKE = 0.75
"""Cosine from which two questions count as alike. Of the bundled corpus's golden questions, which are all about one
subject, one in 880 pairs with different evidence is as like as that."""


def group_alike(questions: Sequence[str], embedder: Embedder, *, alike: float = ALIKE) -> tuple[tuple[int, ...], ...]:
    """Group questions with the first one that they are like.

    Args:
        questions: The most important first.
        embedder: The model.
        alike: Cosine from which two are alike.

    Returns:
        Places in `questions`, each in one group; groups in the order of their first one, which the others are like.
    """
    groups: list[list[int]] = []
    leaders: list[np.ndarray] = []
    for place, question in enumerate(questions):
        vector = embedder.embed_query(question).vector
        likeness = np.array([vector @ leader for leader in leaders])
        if len(likeness) and likeness.max() >= alike:
            groups[int(likeness.argmax())].append(place)
        else:
            groups.append([place])
            leaders.append(vector)
    return tuple(map(tuple, groups))

"""Documents that say the same, found by sketches of their words.

A sketch is the smallest hashes of all runs of words (bottom-k, Broder 1997): the share that two sketches have in common
estimates the share that the documents have in common, at the same small cost for documents of any length.
"""

from __future__ import annotations

import hashlib
import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping

from index.values import Document, Twin

SHINGLE_WORDS = 5
SKETCH_SIZE = 64
TWIN_SHARE = 0.7
"""From this share of common runs of words on, two documents are told to be nearly the same."""
SKETCH_AT_LEAST = 16
"""Of shorter documents too little is known; they are twins only if their texts are the same."""
HOLDERS_AT_MOST = 20
"""A run of words that more documents have in common tells nothing, and would cost too much."""
CANDIDATES = 5
"""So many that share the most are looked at closely."""


def sketch_of(text: str) -> tuple[int, ...]:
    """The smallest hashes of a text's runs of words, in order; the same text gives the same on every machine."""
    words = re.findall(r"\w+", text.casefold())
    shingles = {
        " ".join(words[start : start + SHINGLE_WORDS]) for start in range(max(1, len(words) - SHINGLE_WORDS + 1))
    }
    hashes = {
        int.from_bytes(hashlib.blake2b(shingle.encode(), digest_size=6).digest(), "big")
        for shingle in shingles
        if shingle
    }
    return tuple(heapq.nsmallest(SKETCH_SIZE, hashes))


def likeness(one: Collection[int], other: Collection[int]) -> float:
    """The estimated share of their runs of words that two documents have in common."""
    first, second = set(one), set(other)
    smallest = heapq.nsmallest(SKETCH_SIZE, first | second)
    return sum(1 for value in smallest if value in first and value in second) / len(smallest) if smallest else 0.0


def find_twins(documents: Mapping[str, Document], fresh: Collection[str]) -> Iterator[Twin]:
    """Which of some documents say what another one says.

    Args:
        documents: All of them, by id.
        fresh: Ids of those that are looked at.

    Yields:
        For each the one that is most like it, in order of id; two fresh ones are told of once.
    """
    wanted = {value for name in fresh for value in documents[name].sketch}
    holders: defaultdict[int, list[str]] = defaultdict(list)
    for name in sorted(documents):
        for value in wanted.intersection(documents[name].sketch):
            if len(holders[value]) < HOLDERS_AT_MOST:
                holders[value].append(name)
    told: set[str] = set()
    for name in sorted(fresh):
        shared = Counter(other for value in documents[name].sketch for other in holders[value] if other != name)
        alike = {other: _likeness(documents[name], documents[other]) for other, _ in shared.most_common(CANDIDATES)}
        best = max(alike, key=lambda other: (alike[other], other), default=None)
        if best is None or alike[best] < TWIN_SHARE or name in told:
            continue
        told |= {best} & set(fresh)
        yield Twin(name, best, is_same=documents[name].text == documents[best].text)


def _likeness(one: Document, other: Document) -> float:
    if min(len(one.sketch), len(other.sketch)) < SKETCH_AT_LEAST:
        return float(one.text == other.text)
    return likeness(one.sketch, other.sketch)

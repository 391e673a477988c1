"""BM25 over plain texts, and what counts as a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import Stemmer
from numpy.typing import NDArray

K1 = 1.2
B = 0.75

_WORD = re.compile(r"\w+(?:-\w+)*")
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_INITIALS = re.compile(r"\b(?:\w[./&]){1,}\w?(?![\w])")
_STOP_WORDS = frozenset(
    """a about all also am an and any are as at be because been being but by can could did do does doing done for from
    get got had has have having he her here him his how i if in into is it its just like may me might more most much my
    no not of off on one or our out over please shall she should so some such tell than that the their them then there
    these they this those to too up upon was we were what when where whether which while who whom whose why will
    with would you your
    arent cant couldnt didnt doesnt dont hadnt hasnt havent hows im isnt ive shouldnt thats theres theyre wasnt werent
    weve whats whens wheres whos whys wont wouldnt youre""".split()
)
"""Contractions stand as they are read: without their apostrophe, which few people type on a phone."""

_DECADES = {
    spelling: f"19{tens}0s"
    for tens, name in enumerate("twenties thirties forties fifties sixties seventies eighties nineties".split(), 2)
    for spelling in (name, f"{tens}0s")
}
"""Decades as people say them, who mostly mean the last century."""

_stem = Stemmer.Stemmer("english")

NearTerms = Mapping[str, Sequence[tuple[str, float]]]
"""For a term, others that may stand for it, with weights up to 1."""


def terms(text: str) -> list[str]:
    """The words of a text as BM25 counts them: folded, without function words, stemmed (Snowball English).

    Initials become one word ("U.S." and "US", "S/P" and "SP"); a hyphenated word counts in parts and joined, so that
    "cease-fire" and "ceasefire" meet; a decade is one word however it is written ("the sixties", "the '60s").
    """
    folded = _FOREIGN.sub(_without_accents, unicodedata.normalize("NFKD", text.casefold()))
    folded = folded.replace("\u2019", "'").replace("'s", " ").replace("'", "")
    folded = _INITIALS.sub(lambda match: re.sub(r"\W", "", match[0]), folded)
    words: list[str] = []
    for match in _WORD.finditer(folded):
        parts = match[0].split("-")
        words += parts if len(parts) == 1 else [*parts, "".join(parts)]
    kept = [_DECADES.get(word, word) for word in words if word not in _STOP_WORDS]
    return list(_stem.stemWords(kept))


def _without_accents(match: re.Match[str]) -> str:
    return "".join(character for character in match[0] if not unicodedata.combining(character))


class KeywordIndex:
    """BM25 (Robertson and Zaragoza 2009, Lucene's variant) over a list of texts."""

    def __init__(self, model: bm25s.BM25, count: int) -> None:
        self._model = model
        self._count = count
        column_starts = np.asarray(model.scores["indptr"])
        self._columns = model.vocab_dict
        self._column_starts = column_starts
        self._texts: NDArray[np.signedinteger[Any]] = model.scores["indices"]
        self._scores: NDArray[np.float32] = model.scores["data"]
        frequencies = np.append(np.diff(column_starts), 0)
        self._weights: NDArray[np.float64] = np.log1p((count - frequencies + 0.5) / (frequencies + 0.5))
        """Of each column's word, and behind them that of a word that no text has."""

    @classmethod
    def build(cls, texts: Sequence[Sequence[str]]) -> KeywordIndex:
        """Index texts that are given as their terms."""
        model = bm25s.BM25(k1=K1, b=B, method="lucene")
        # bm25s cannot index a corpus without any word; the blank keeps it from failing on one
        model.index([list(text) or [""] for text in texts], show_progress=False)
        return cls(model, len(texts))

    def scores(
        self,
        query: Sequence[str],
        near: NearTerms | None = None,
        of: NDArray[np.signedinteger[Any]] | None = None,
        *,
        statistics: KeywordIndex | None = None,
    ) -> NDArray[np.float32]:
        """Score texts against a query's terms.

        Args:
            query: Terms.
            near: For a term, others that may stand for it, with weights up to 1. The best of them counts, and never
                for more than the term itself could.
            of: The numbers of the texts to score; by default all.
            statistics: The index in which it is counted how rare words are; by default this one.

        Returns:
            One a text, between 0 and 1: BM25 as a share of what a text could reach that held each of the terms
            countless times. Words that no text has count in full, so the score does not depend on the other texts'
            scores and is comparable between indexes.
        """
        statistics = statistics or self
        distinct = list(dict.fromkeys(query))
        if of is not None:
            of = of.astype(self._texts.dtype)  # NumPy would make the whole of each column 64 bits wide for another type
        total = np.zeros(self._count if of is None else len(of), dtype=np.float32)
        best = np.zeros_like(total)
        for term in distinct:
            own = statistics.weight(term)
            others = [
                (other, weight * min(1.0, own / statistics.weight(other)))
                for other, weight in (near or {}).get(term, ())
            ]
            for other, weight in ((term, 1.0), *others):
                texts, scores = self._column(other, of)
                if not len(texts):
                    continue
                if statistics is not self:
                    weight *= statistics.weight(other) / self.weight(other)
                best[texts] = np.maximum(best[texts], np.float32(weight) * scores)
            total += best
            best.fill(0)
        total /= np.float32(max(sum(statistics.weight(term) for term in distinct), 1e-6))
        return total

    def _column(
        self, term: str, of: NDArray[np.signedinteger[Any]] | None
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """The texts that hold a term and their scores for it; of some texts only, as positions among those."""
        number = self._columns.get(term)
        if number is None:
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.float32)
        start, end = self._column_starts[number : number + 2].tolist()
        texts, scores = self._texts[start:end], self._scores[start:end]
        if of is None:
            return texts.astype(np.intp), scores
        places = texts.searchsorted(of)  # a column's texts are in order
        held = np.flatnonzero(texts.take(places, mode="clip") == of)
        return held, scores[places[held]]

    def weight(self, term: str) -> float:
        """Inverse document frequency; a word that no text has weighs most."""
        return float(self._weights[self._columns.get(term, -1)])

    def has(self, term: str) -> bool:
        return term in self._model.vocab_dict

    def save(self, folder: Path) -> None:
        self._model.save(str(folder), show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> KeywordIndex:
        model = bm25s.BM25.load(str(folder), show_progress=False)
        return cls(model, int(model.scores["num_docs"]))

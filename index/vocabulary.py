"""The words of a corpus: what a misspelled or abbreviated one was meant to be, and which lie near another."""

from __future__ import annotations

import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from index.abbreviations import names_by_abbreviation
from index.embedding import Embedder, Vectors
from index.errors import StaleGenerationError
from index.keywords import terms
from index.vectors import EXACT_AT_MOST, FaissIndex

VECTORS_AT_MOST = 30_000
"""The most frequent words have vectors; the rest of a large vocabulary is names and slips."""

NEAR_COUNT = 5
NEAR_COSINE = 0.5
"""Words nearer to each other than this stand in for each other, the less the farther they are."""
NEAR_WEIGHT = 0.9

REMEMBERED_WORDS = 10_000

TYPO_LETTERS = 5
"""Shorter words are each other's neighbours by chance."""
LONG_WORD_LETTERS = 8
"""From this length on, two edits still mean the same word."""

WORDS_FILE = "words.json"
NAMES_FILE = "names.json"
VECTORS_FILE = "words.npy"
NEIGHBOURS_FILE = "words.faiss"
"""Only of a vocabulary that is too large to compare a question's words with all of its own."""

NEAR_FILE = "near.npy"

NEAR_CANDIDATES = 25

WORDS_AT_ONCE = 512

_WORD = re.compile(r"[^\W\d_]{3,}")


class Vocabulary:
    """The words that a corpus's documents hold, by falling frequency, with vectors of the most frequent ones."""

    def __init__(
        self,
        words: Sequence[str],
        vectors: Vectors,
        near: NDArray[np.int32],
        neighbours: FaissIndex | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Take words and the unit vectors, `(n, dim)`, of the first n different stems among them.

        Args:
            words: By falling frequency.
            vectors: In memory.
            near: As from `near_words`.
            neighbours: An index of many vectors; without it, a foreign word is compared with all.
            names: As from `names_by_abbreviation`.
        """
        self._words = list(words)
        self._stems: dict[str, str] = {}
        """Stem to its most frequent word, in order of frequency."""
        for word in self._words:
            for stem in terms(word)[:1]:
                self._stems.setdefault(stem, word)
        self._vectors = vectors
        self._near = near
        self._neighbours = neighbours
        self._names = dict(names or {})
        self._vector_stems = list(self._stems)[: len(vectors)]
        self._number = {stem: number for number, stem in enumerate(self._vector_stems)}
        self._near_foreign: dict[str, tuple[tuple[str, float], ...]] = {}
        """What was found for other words of questions: people use the same ones."""
        self._by_letter: defaultdict[str, list[str]] = defaultdict(list)
        for word in self._words:
            self._by_letter[word[0]].append(word)

    @classmethod
    def build(cls, texts: Iterable[str], embedder: Embedder, *, known: Vocabulary | None = None) -> Vocabulary:
        """Collect the words of plain texts.

        Args:
            texts: All that the corpus says.
            embedder: Embeds the words that `known` has no vector of.
            known: A vocabulary of the same model.
        """
        texts = list(texts)
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(_WORD.findall(text.casefold()))
        words = [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
        nothing = np.empty((0, 0), dtype=np.float32)
        bare = cls(words, nothing, near_words(nothing))
        wanted = list(bare._stems.items())[:VECTORS_AT_MOST]
        vectors: dict[str, Vectors] = {}
        if known is not None:
            vectors = {
                word: known._vectors[known._number[stem]]
                for stem, word in wanted
                if stem in known._number and known._stems[stem] == word
            }
        missing = [word for _, word in wanted if word not in vectors]
        if missing:
            # 16 bits hold them well enough, and make them the same whichever words they were embedded with
            embedded = embedder.embed_words(missing).astype(np.float16).astype(np.float32)
            vectors |= dict(zip(missing, embedded, strict=True))
        rows = np.stack([vectors[word] for _, word in wanted]) if wanted else nothing
        neighbours = FaissIndex.build(rows) if len(rows) > EXACT_AT_MOST else None
        return cls(words, rows, near_words(rows), neighbours, names_by_abbreviation(texts))

    def near(self, word: str, embedder: Embedder) -> tuple[tuple[str, float], ...]:
        """The stems of words that may stand for one of a question (Zuccon et al. 2015, "Integrating and Evaluating
        Neural Word Embeddings in Information Retrieval").

        Args:
            word: As the question has it, one term.
            embedder: Embeds it where the corpus does not have it; alone, so that its numbers are always the same.

        Returns:
            Stems with weights between 0 and 1, nearest first.
        """
        (stem,) = terms(word)
        if self.has_vector(stem):
            return self._weighed(self._near[self._number[stem]])
        word = word.casefold()
        if word not in self._near_foreign:
            if len(self._near_foreign) >= REMEMBERED_WORDS:
                self._near_foreign.clear()
            self._near_foreign[word] = self._find_near(word, embedder)
        return self._near_foreign[word]

    def word(self, stem: str) -> str | None:
        """The most frequent word with a stem; None where there is none."""
        return self._stems.get(stem)

    def has_vector(self, stem: str) -> bool:
        """Whether the word with this stem is found without embedding it."""
        return stem in self._number

    def _find_near(self, word: str, embedder: Embedder) -> tuple[tuple[str, float], ...]:
        if not len(self._vectors):
            return ()
        vector = embedder.embed_words([word])[0]
        if self._neighbours is None:
            cosines, numbers = self._vectors @ vector, np.arange(len(self._vectors))
        else:
            cosines, numbers = self._neighbours.search(vector, NEAR_CANDIDATES, self._vectors)
        return self._weighed(_nearest(cosines[np.newaxis], numbers)[0])

    def _weighed(self, near: NDArray[np.int32]) -> tuple[tuple[str, float], ...]:
        """The stems of a word's row of `near_words`, with their weights."""
        return tuple(
            (self._vector_stems[number], NEAR_WEIGHT * hundredths / 100)
            for number, hundredths in near.tolist()
            if hundredths
        )

    def correction(self, word: str) -> str | None:
        """The word of the corpus that a misspelled one was probably meant to be, or None.

        One edit away (Damerau-Levenshtein), or two where the word is long; the most frequent of the nearest.
        Only words with the same first letter are compared.
        """
        word = word.casefold()
        if len(word) < TYPO_LETTERS:
            return None
        furthest = 1 if len(word) < LONG_WORD_LETTERS else 2
        candidates = self._by_letter.get(word[0], [])  # in order of frequency, which decides between equals
        found = process.extractOne(word, candidates, scorer=DamerauLevenshtein.distance, score_cutoff=furthest)
        return None if found is None else str(found[0])

    def name(self, abbreviation: str) -> str | None:
        """The name that is probably meant by an abbreviation, also of several ("FSOs"); None where there is none."""
        letters = abbreviation.casefold()
        return self._names.get(letters) or self._names.get(letters.removesuffix("s"))

    def save(self, folder: Path) -> None:
        """Write the words, their vectors and the names into a folder."""
        (folder / WORDS_FILE).write_text(json.dumps(self._words), encoding="utf-8")
        (folder / NAMES_FILE).write_text(json.dumps(self._names), encoding="utf-8")
        np.save(folder / VECTORS_FILE, self._vectors.astype(np.float16), allow_pickle=False)
        np.save(folder / NEAR_FILE, self._near, allow_pickle=False)
        if self._neighbours is not None:
            self._neighbours.save(folder / NEIGHBOURS_FILE)

    @classmethod
    def load(cls, folder: Path) -> Vocabulary:
        """Read what `save` wrote.

        Raises:
            StaleGenerationError: It is not of this form.
        """
        words, names = (json.loads((folder / name).read_bytes()) for name in (WORDS_FILE, NAMES_FILE))
        vectors, near = (
            np.load(io.BytesIO((folder / name).read_bytes()), allow_pickle=False) for name in (VECTORS_FILE, NEAR_FILE)
        )
        if (
            not isinstance(words, list)
            or not isinstance(names, dict)
            or vectors.ndim != 2
            or near.shape != (len(vectors), NEAR_COUNT, 2)
        ):
            raise StaleGenerationError(f"the vocabulary in {folder} is damaged")
        neighbours = folder / NEIGHBOURS_FILE
        index = FaissIndex.load(neighbours) if neighbours.is_file() else None
        return cls(words, vectors.astype(np.float32), near, index, names)


def near_words(vectors: Vectors) -> NDArray[np.int32]:
    """The words nearest to each in meaning, found once, so that no question has to.

    Args:
        vectors: Of the words by falling frequency, unit vectors, `(n, dim)`.

    Returns:
        Shape `(n, NEAR_COUNT, 2)`: of each word the numbers of others with their cosines in hundredths, nearest first,
        equally near ones by frequency; zeros where there are fewer.
    """
    near = np.zeros((len(vectors), NEAR_COUNT, 2), dtype=np.int32)
    numbers = np.arange(len(vectors))
    for start in range(0, len(vectors), WORDS_AT_ONCE):
        cosines = vectors[start : start + WORDS_AT_ONCE] @ vectors.T
        own = numbers[start : start + WORDS_AT_ONCE]
        cosines[own - start, own] = 0.0
        near[own] = _nearest(cosines, numbers)
    return near


def _nearest(cosines: NDArray[np.float32], numbers: NDArray[np.int64]) -> NDArray[np.int32]:
    """Of each row of cosines with numbered words the best, as `near_words` gives them."""
    near = np.zeros((len(cosines), NEAR_COUNT, 2), dtype=np.int32)
    rows, columns = np.divmod(np.flatnonzero(cosines > NEAR_COSINE - 0.01), len(numbers))
    hundredths = np.rint(100 * cosines[rows, columns]).astype(np.int32)
    order = np.lexsort((numbers[columns], -hundredths, rows))
    ranks = np.arange(len(rows)) - np.searchsorted(rows, rows)  # within the row; they stay in order of rows
    kept = (ranks < NEAR_COUNT) & (hundredths[order] >= 100 * NEAR_COSINE)
    order, ranks = order[kept], ranks[kept]
    near[rows[order], ranks] = np.stack([numbers[columns[order]], hundredths[order]], axis=1)
    return near

"""Measure a reload after one document of many has changed: time, memory, and which share is embedding.

    python -m benchmarks.reload

The documents are made up of the bundled corpus's sentences, and so are as long and as varied as these. Their first
index is built with made-up vectors, which take as much room as others and no time; then one document is changed, and a
process of its own opens that index and reloads it with the real model.
"""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.results import write_results
from bot.settings import default_corpus
from index import Library, SentenceTransformerEmbedder, Span
from index import library as library_module
from index.embedding import Embedding, Vectors
from index.generation import Generation
from index.keywords import KeywordIndex
from index.vectors import FaissIndex
from index.vocabulary import Vocabulary

DOCUMENTS = 10_000
SENTENCES = 16
"""Of a document: about 300 words."""
CHANGED = "d04242"

COMMAND = "python -m benchmarks.reload"

PARTS = {
    "finding what has changed": (library_module, "plan_reload"),
    "embedding passages": (SentenceTransformerEmbedder, "embed_passages"),
    "embedding words": (SentenceTransformerEmbedder, "embed_words"),
    "the vocabulary": (Vocabulary, "build"),
    "BM25": (KeywordIndex, "build"),
    "FAISS": (FaissIndex, "build"),
    "the rest of the generation": (Generation, "build"),
    "writing it": (library_module, "write_generation"),
    "opening it": (library_module, "open_generation"),
    "deleting old ones": (Library, "_prune"),
}
"""What the time is told of, each without the others inside it."""


class MadeUpEmbedder(SentenceTransformerEmbedder):
    """Vectors of the right shape, which take no time."""

    _made_up_rows = np.random.default_rng(0).standard_normal((100_000, 384), dtype=np.float32)
    _made_up_rows /= np.linalg.norm(_made_up_rows, axis=1, keepdims=True)
    _place = 0

    def embed_passages(self, passages: Sequence[tuple[str, Sequence[Span]]]) -> list[Embedding]:
        return [self._made_up(text, sentences) for text, sentences in passages]

    def embed_words(self, words: Sequence[str]) -> Vectors:
        return self._units(len(words))

    def _made_up(self, text: str, sentences: Sequence[Span]) -> Embedding:
        words = [(place, place + 4) for place in range(0, max(4, len(text)), 5)]
        tokens = self._units(len(words))
        return Embedding(self._units(1 + len(sentences)), tokens, np.array(words, dtype=np.int64))

    def _units(self, count: int) -> Vectors:
        self._place = (self._place + 7919) % (len(self._made_up_rows) - count)
        return self._made_up_rows[self._place : self._place + count]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        corpus, data = Path(folder, "corpus"), Path(folder, "data")
        write_documents(corpus)
        print(f"building {DOCUMENTS:,} documents", flush=True)
        Library(corpus=corpus, data=data, embedder=MadeUpEmbedder()).reload()
        change(corpus / f"{CHANGED}.md")
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            costs = process.submit(reloaded, corpus, data).result()
    write_results("reload", "Reload of one changed document", COMMAND, costs)


def write_documents(folder: Path) -> None:
    """Documents of sentences that follow no order, always the same ones."""
    folder.mkdir()
    with tempfile.TemporaryDirectory() as data:
        generation = Library(corpus=default_corpus(), data=Path(data), embedder=MadeUpEmbedder()).draft()
    sentences = [
        segment.document.plain(sentence.span)
        for segment in generation.segments
        for passage in segment.passages
        for sentence in passage.sentences
        if not sentence.is_heading
    ]
    generator = np.random.default_rng(0)
    for number in range(DOCUMENTS):
        chosen = [sentences[place] for place in generator.integers(len(sentences), size=SENTENCES)]
        half = SENTENCES // 2
        text = f"# Document {number}\n\n{' '.join(chosen[:half])}\n\n## Its second part\n\n{' '.join(chosen[half:])}\n"
        (folder / f"d{number:05}.md").write_text(text, encoding="utf-8")


def change(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "\nA new sentence about quobblers.\n", encoding="utf-8")


def reloaded(corpus: Path, data: Path) -> list[list[str]]:
    """What opening and reloading costs a process, as a table."""
    embedder = SentenceTransformerEmbedder()
    embedder.load()
    embedder.embed_query("warming")
    library = Library(corpus=corpus, data=data, embedder=embedder)
    before = _memory()
    started = time.perf_counter()
    library.open()
    opening_s, held = time.perf_counter() - started, _memory() - before
    with timed() as taken_s:
        started = time.perf_counter()
        report = library.reload()
        elapsed_s = time.perf_counter() - started
    assert report.changed == (CHANGED,)
    started = time.perf_counter()
    library.reload()
    unchanged_s = time.perf_counter() - started
    embedding_s = taken_s["embedding passages"] + taken_s["embedding words"]
    rows = [
        ["of a reload", "figure"],
        ["documents", f"{DOCUMENTS:,}"],
        ["passages", f"{report.passages:,}"],
        ["passages embedded", f"{report.embedded:,}"],
        ["time", f"{elapsed_s:.1f} s"],
        ["of which embedding", f"{100 * embedding_s / elapsed_s:.1f}%"],
        ["memory of the open index", f"{held / 2**20:,.0f} MiB"],
        ["memory at most, with the model", f"{_peak_memory() / 2**20:,.0f} MiB"],
        ["opening the index before", f"{opening_s:.1f} s"],
        ["a reload with nothing changed", f"{unchanged_s:.1f} s"],
    ]
    rows += [[f"time of {name}", f"{taken_s[name]:.2f} s"] for name in PARTS]
    return rows


@contextmanager
def timed() -> Iterator[dict[str, float]]:
    """How long each of `PARTS` takes within the block, what it calls of the others left out."""
    taken_s: defaultdict[str, float] = defaultdict(float)
    inner_s = [0.0]

    def watch(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            inner_s.append(0.0)
            started = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                elapsed_s = time.perf_counter() - started
                taken_s[name] += elapsed_s - inner_s.pop()
                inner_s[-1] += elapsed_s

        return watched

    patches: list[Any] = []
    for name, (owner, attribute) in PARTS.items():
        raw = vars(owner)[attribute]
        is_of_class = isinstance(raw, classmethod)
        watched: Any = watch(name, raw.__func__ if is_of_class else raw)
        patches.append(patch.object(owner, attribute, classmethod(watched) if is_of_class else watched))
    for one in patches:
        one.start()
    try:
        yield taken_s
    finally:
        for one in patches:
            one.stop()


def _memory() -> int:
    """Bytes of memory that the process holds, on Linux."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()

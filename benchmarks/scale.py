"""Measure what a large corpus costs, and what much other text and very little text do to the answers.

    python -m benchmarks.scale FOLDER

The folder holds question sets in the layout of `benchmarks/README.md`. Their documents, embedded as any, are the other
text; where they do not suffice, varied copies of them follow. In a copy half of the words are others of the same
length, some made up, so that the vocabulary grows as that of real text does; its vectors lie between those of the
original and of some other passage, off both by noise; a third of its tokens are others'. Copies stand closer together
than real documents do, so figures beyond the sets' own size are an estimate.

Times are those of golden questions, each asked for the first time, beside the same question's embedding. The large
index is written to disk and opened by a process of its own, whose memory the system tells.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import re
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.results import write_results
from bot.settings import default_corpus
from index import Evaluation, Library, SentenceTransformerEmbedder, evaluate, read_question_set
from index.answering import ask
from index.embedding import Embedder
from index.evidence import Evidence
from index.generation import Generation, manifest_of, open_generation, texts_of, write_generation
from index.questions import GOLDEN_QUESTIONS, EvaluationQuestion, QuestionKind, read_golden_questions
from index.retrieval import CANDIDATE_PASSAGES
from index.segment import Segment, Words, segment_key, write_segment
from index.values import Passage, Sentence, Span
from index.vectors import FaissIndex
from index.vocabulary import Vocabulary

TIMES_AS_MUCH = (10, 100)
"""Other text beside the bundled corpus, in tokens."""
LARGE = 100_000
"""Passages."""
FEW_DOCUMENTS = 3

OTHER_WORDS = 0.5
MADE_UP_WORDS = 0.04
OTHER_TOKENS = 0.3
OTHER_DIRECTION = 0.6
NOISE = 0.3
"""How long the other passage's vector and the noise are that are added to a vector of length 1."""

WARMING_QUESTIONS = 5

COMMAND = "python -m benchmarks.scale FOLDER"

_WORD = re.compile(r"[^\W\d_]{3,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, help="folder of question sets")
    folders = sorted(folder for folder in parser.parse_args().sets.iterdir() if (folder / "questions.jsonl").is_file())
    embedder = SentenceTransformerEmbedder()
    embedder.load()
    with tempfile.TemporaryDirectory() as data:
        own, *sets = (
            Library(corpus=corpus, data=Path(data), embedder=embedder).draft()
            for corpus in (default_corpus(), *(folder / "corpus" for folder in folders))
        )
        questions = _golden(own)
        other = OtherText([segment for draft in sets for segment in draft.segments])
        rows = [["corpus", "passages", "questions", "hit@3", "recall, 1,200", "off-topic: not covered"]]
        rows.append(row("bundled", evaluate(own, embedder, questions), own))
        generation = own
        for times in TIMES_AS_MUCH:
            generation = _generation([*own.segments, *other.tokens(times * len(own.tokens))], embedder, generation)
            name = f"bundled, {times} times as much other text"
            rows.append(row(name, evaluate(generation, embedder, questions), generation))
        generation = _generation([*own.segments, *other.passages(LARGE - len(own.passages))], embedder, generation)
        rows.append(row("bundled, in a large one", evaluate(generation, embedder, questions), generation))
        few, asked = few_documents(own, questions)
        rows.append(row("three documents of it alone", evaluate(few, embedder, asked), few))
        for folder, draft in zip(folders, sets, strict=True):
            if len(draft.segments) == FEW_DOCUMENTS:
                marked = [question for question in read_question_set(folder) if question.is_answerable]
                rows.append(row(f"`{folder.name}`, three documents", evaluate(draft, embedder, marked), draft))
        write_results("other-text", "Much other text, and little text", COMMAND, rows)

        texts = [question.text for question in questions]
        costs = [["of a large corpus", "figure"], ["passages", f"{len(generation.passages):,}"]]
        costs += recall(generation, embedder, texts)
        large = Path(data) / "large"
        costs += write(generation, large)
        name = generation.id
        del generation
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            costs += process.submit(opened, large, name, texts).result()
    write_results("scale", "Scale", COMMAND, costs)


class OtherText:
    """Documents, and varied copies of them without end; always the same ones."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._tokens = np.concatenate([segment.tokens for segment in segments])
        self._vectors = np.concatenate([segment.passage_vectors for segment in segments]).astype(np.float32)
        self._words: defaultdict[int, list[str]] = defaultdict(list)
        """All that the documents say, by the length of the word."""
        for text in texts_of(segments):
            for word in _WORD.findall(text.casefold()):
                self._words[len(word)].append(word)

    def tokens(self, wanted: int) -> list[Segment]:
        """Documents that have so many tokens together, less than one document more."""
        return list(self._until(wanted, lambda segment: len(segment.tokens)))

    def passages(self, wanted: int) -> list[Segment]:
        """Documents that have so many passages together, less than one document more."""
        return list(self._until(wanted, lambda segment: len(segment.passages)))

    def _until(self, wanted: int, size: Callable[[Segment], int]) -> Iterator[Segment]:
        for number in count():
            for segment in self._segments:
                if wanted <= 0:
                    return
                yield self._copy(segment, number) if number else segment
                wanted -= size(segment)

    def _copy(self, segment: Segment, number: int) -> Segment:
        """A segment like another; every span stands where it stood."""
        document = segment.document
        name = f"{document.id}-{number}"
        generator = np.random.default_rng([number, len(document.text), len(segment.tokens)])
        text = self._reworded(document.text, generator)
        directions = OTHER_DIRECTION * self._vectors[generator.integers(len(self._vectors), size=len(segment.passages))]
        sizes = [len(passage.sentences) for passage in segment.passages]
        is_other = generator.random(len(segment.tokens)) < OTHER_TOKENS
        tokens = segment.tokens.copy()
        tokens[is_other] = self._tokens[generator.integers(len(self._tokens), size=is_other.sum())]
        reworded = replace(document, id=name, path=f"{name}.md", title=f"{document.title} {number}", text=text)
        return replace(
            segment,
            document=reworded,
            words=Words.of(reworded, segment.passages),
            # objects of its own, as those of a document that was read have
            passages=tuple(
                Passage(
                    passage.section, tuple(Sentence(Span(*s.span), s.is_heading, s.sources) for s in passage.sentences)
                )
                for passage in segment.passages
            ),
            passage_vectors=_moved(segment.passage_vectors, directions, generator),
            sentence_vectors=_moved(segment.sentence_vectors, np.repeat(directions, sizes, axis=0), generator),
            tokens=tokens,
        )

    def _reworded(self, text: str, generator: np.random.Generator) -> str:
        chances = iter(generator.random(len(text)).tolist())

        def word_for(match: re.Match[str]) -> str:
            chance = next(chances)
            words = self._words[len(match[0])]
            if chance >= OTHER_WORDS or not words:
                return match[0]
            word = words[int(next(chances) * len(words))]
            if chance >= MADE_UP_WORDS:
                return word
            half = len(word) // 2
            return word[:half] + words[int(next(chances) * len(words))][half:]

        return _WORD.sub(word_for, text)


def _moved(
    vectors: NDArray[np.float16], directions: NDArray[np.float32], generator: np.random.Generator
) -> NDArray[np.float16]:
    noise = generator.standard_normal(vectors.shape, dtype=np.float32) * (NOISE / np.sqrt(vectors.shape[1]))
    moved = vectors + directions + noise
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=np.float16)


def _generation(segments: Iterable[Segment], embedder: Embedder, known: Generation) -> Generation:
    ordered = sorted(segments, key=lambda segment: segment.document.id)
    documents = [segment.document for segment in ordered]
    keys = {document.id: segment_key(document.path, document.id, embedder) for document in documents}
    vocabulary = Vocabulary.build(texts_of(ordered), embedder, known=known.vocabulary)
    return Generation.build(manifest_of(ordered, keys, embedder=embedder), ordered, vocabulary, known.projection)


def _golden(generation: Generation) -> list[EvaluationQuestion]:
    texts = {segment.document.id: segment.document.text for segment in generation.segments}
    questions, problems = read_golden_questions(default_corpus() / GOLDEN_QUESTIONS, texts)
    if problems:
        raise ValueError(problems[0])
    return questions


def few_documents(
    generation: Generation, questions: Sequence[EvaluationQuestion]
) -> tuple[Generation, list[EvaluationQuestion]]:
    """The documents with most evidence as a corpus, with the questions that they answer and the off-topic ones."""
    holders: defaultdict[str, int] = defaultdict(int)
    for question in questions:
        for document in {piece.document for piece in question.evidence}:
            holders[document] += 1
    kept = sorted(holders, key=lambda document: (-holders[document], document))[:FEW_DOCUMENTS]
    others = [segment.document.id for segment in generation.segments if segment.document.id not in kept]

    def left(question: EvaluationQuestion) -> tuple[Evidence, ...]:
        return tuple(piece for piece in question.evidence if piece.document in kept)

    asked = [replace(question, evidence=left(question)) for question in questions]
    return generation.without(others), [
        question for question in asked if question.evidence or question.kind is QuestionKind.OFF_TOPIC
    ]


def row(name: str, evaluation: Evaluation, generation: Generation) -> list[str]:
    answerable = sum(evaluation.counts.get(kind, 0) for kind in ("answerable", "paraphrase"))
    off_topic = evaluation.refusal.get("off_topic")
    figures = (evaluation.retrieval["hit@3"], evaluation.retrieval["recall@1200"])
    return [
        name,
        f"{len(generation.passages):,}",
        f"{answerable:,}",
        *(f"{figure:.3f}" for figure in figures),
        f"{off_topic['not_covered']:.3f}" if off_topic else "",
    ]


def recall(generation: Generation, embedder: Embedder, questions: Sequence[str]) -> list[list[str]]:
    """How many of the nearest passages FAISS finds without comparing them all, and how long both take."""
    vectors = generation.passage_vectors
    queries = [embedder.embed_query(question).vector for question in questions]
    exact = FaissIndex.flat(vectors)
    shares, quick, slow = [], [], []
    for query in queries:
        started = time.perf_counter()
        _, found = generation.vectors.search(query, CANDIDATE_PASSAGES, vectors)
        quick.append(time.perf_counter() - started)
        started = time.perf_counter()
        _, nearest = exact.search(query, CANDIDATE_PASSAGES, vectors)
        slow.append(time.perf_counter() - started)
        shares.append(len(np.intersect1d(found, nearest)) / len(nearest))
    return [
        [f"recall@{CANDIDATE_PASSAGES} of the nearest passages, mean", f"{np.mean(shares):.4f}"],
        ["the same in the worst question", f"{min(shares):.2f}"],
        ["finding them", f"{statistics.median(quick) * 1000:.1f} ms"],
        ["finding them by comparing all", f"{statistics.median(slow) * 1000:.1f} ms"],
    ]


def write(generation: Generation, folder: Path) -> list[list[str]]:
    (folder / "segments").mkdir(parents=True)
    (folder / "generations").mkdir()
    for segment in generation.segments:
        write_segment(segment, folder / "segments", generation.manifest.segments[segment.document.id])
    write_generation(folder, generation)
    sizes = {
        name: sum(path.stat().st_size for path in (folder / name).rglob("*") if path.is_file())
        for name in ("segments", "generations")
    }
    return [
        ["on disk, a passage", f"{sum(sizes.values()) / len(generation.passages):,.0f} bytes"],
        ["of which what a generation adds", f"{sizes['generations'] / len(generation.passages):,.0f} bytes"],
    ]


def opened(folder: Path, name: str, questions: Sequence[str]) -> list[list[str]]:
    """What an index on disk costs a process that opens it and asks it questions for the first time."""
    embedder = SentenceTransformerEmbedder()
    embedder.load()
    embedder.embed_query(questions[0])
    before = held_memory()
    started = time.perf_counter()
    generation = open_generation(folder, name, embedder=embedder)
    opening = time.perf_counter() - started
    gc.collect()
    held, peak = ((memory() - before) / len(generation.passages) for memory in (held_memory, peak_memory))
    arrays = (generation.passage_vectors, generation.sentence_vectors, generation.tokens)
    answering: list[float] = []
    embedding: list[float] = []
    for question in questions:
        started = time.perf_counter()
        embedder.embed_query(question)
        embedding.append(time.perf_counter() - started)
        started = time.perf_counter()
        ask(generation, embedder, question)
        answering.append(time.perf_counter() - started)
    embedded = statistics.median(embedding[WARMING_QUESTIONS:]) * 1000
    answered = np.quantile(answering[WARMING_QUESTIONS:], (0.5, 0.95)) * 1000
    return [
        ["in memory, a passage", f"{held:,.0f} bytes"],
        [
            "of which vectors and tokens",
            f"{sum(array.nbytes for array in arrays) / len(generation.passages):,.0f} bytes",
        ],
        ["in memory while opening, a passage", f"{peak:,.0f} bytes"],
        ["opening it", f"{opening:.0f} s"],
        ["a question's own embedding", f"{embedded:.1f} ms"],
        ["an answer, median", f"{answered[0]:.1f} ms"],
        ["an answer, 95th percentile", f"{answered[1]:.1f} ms"],
        ["an answer in embeddings, median", f"{answered[0] / embedded:.2f}"],
    ]


def held_memory() -> int:
    """Bytes of memory that the process holds, on Linux."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def peak_memory() -> int:
    """Bytes of memory that the process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()

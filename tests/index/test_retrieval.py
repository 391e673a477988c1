from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index import Document, Library
from index.query import read_query
from index.retrieval import SCORED_PASSAGES, Candidates, retrieve
from tests.conftest import write_corpus
from tests.fakes import WordEmbedder


def candidates_of(library: Library, question: str) -> Candidates:
    return retrieve(library.generation, read_query(question, library.generation, library.embedder))


def best_sentence(library: Library, question: str) -> str:
    generation, found = library.generation, candidates_of(library, question)
    number = int(found.sentences[np.argmax(found.sentence_scores)])
    owner, _ = generation.passages[generation.passage_of_sentence[number]]
    document: Document = generation.segments[owner].document
    return document.plain(generation.sentences[number].span)


@pytest.fixture
def islands(tmp_path: Path, embedder: WordEmbedder) -> Library:
    """Sections that say the same of different islands, and name them only in their headings."""
    text = "# Lights\n\n## Skerry\n\nThe lamp burned oil.\n\n## Foula\n\nThe lamp burned gas.\n"
    files = {"lights.md": text, "mull_of_kintyre.txt": "The lamp burned wax.\n"}
    library = Library(corpus=write_corpus(tmp_path / "corpus", files), data=tmp_path / "data", embedder=embedder)
    library.reload()
    return library


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("What did the lamp burn at Skerry?", "The lamp burned oil."),
        ("What did the lamp burn at Foula?", "The lamp burned gas."),
        ("What did the lamp burn at Kintyre?", "The lamp burned wax."),
    ],
)
def test_the_title_and_the_heading_speak_for_the_sentences_below(islands: Library, question: str, sentence: str):
    assert best_sentence(islands, question) == sentence


def keepers(name: str) -> str:
    """A text of two passages; the second begins with a sentence that needs the one before it."""
    filler = "Gales, rocks, gulls, boats, ropes and barrels fill the rest of these pages one after another."
    return f"{' '.join([filler] * 5)} {name} kept the lamp for years. She burned oil. {' '.join([filler] * 5)}\n"


def test_a_sentence_is_understood_from_the_one_before_it_even_where_that_ends_another_passage(
    tmp_path: Path, embedder: WordEmbedder
):
    files = {"a.txt": keepers("Rosa Clark"), "b.txt": keepers("Anna Bruce"), "c.txt": keepers("Mary Stone")}
    library = Library(corpus=write_corpus(tmp_path / "corpus", files), data=tmp_path / "data", embedder=embedder)
    library.reload()

    generation, found = library.generation, candidates_of(library, "What did Anna Bruce burn?")
    scores = dict(zip(found.sentences.tolist(), found.sentence_scores.tolist(), strict=True))
    oil = [number for number in scores if np.ptp(generation.sentence_spans[number]) == len("She burned oil.")]
    owners = [generation.passages[generation.passage_of_sentence[number]][0] for number in oil]

    assert all(number == generation.first_sentence[generation.passage_of_sentence[number]] for number in oil)
    assert owners == [0, 1, 2]
    rosa, anna, mary = (scores[number] for number in oil)
    assert anna > max(rosa, mary) + 0.5


def test_a_sentence_and_those_around_it_count_by_their_words_in_what_they_say_together(
    tmp_path: Path, embedder: WordEmbedder
):
    sentences = ["Gulls cry.", "The keeper of the old lamp burned oil of whales all winter.", "Boats land at noon."]
    files = {"a.txt": " ".join(sentences) + "\n"}
    library = Library(corpus=write_corpus(tmp_path / "corpus", files), data=tmp_path / "data", embedder=embedder)
    library.reload()
    question = "What did the lamp burn?"

    cosines = candidates_of(library, question).parts.surroundings_cosines

    asked, *vectors = (embedder.embed_query(text).vector for text in (question, *sentences))
    weighed = [len(text.split()) * vector for text, vector in zip(sentences, vectors, strict=True)]
    together = [sum(weighed[:2]), sum(weighed), sum(weighed[1:])]
    assert cosines == pytest.approx([asked @ pooled / np.linalg.norm(pooled) for pooled in together], abs=1e-3)


def test_candidates_stand_in_text_order_with_a_score_each(library: Library):
    found = candidates_of(library, "bees in the lighthouse")

    assert found.passages.tolist() == sorted(set(found.passages.tolist()))
    assert found.sentences.tolist() == sorted(set(found.sentences.tolist()))
    assert len(found.passages) == len(found.passage_scores) == len(found.parts.cosines) <= SCORED_PASSAGES
    assert len(found.sentences) == len(found.sentence_scores) == len(found.parts.surroundings_cosines)
    assert not library.generation.is_heading[found.sentences].any()


def test_only_the_allowed_passages_are_found(library: Library):
    only = library.generation.passages_of("garden/bees")
    query = read_query("the lighthouse", library.generation, library.embedder)

    assert set(retrieve(library.generation, query, only).passages) <= set(only)


def test_the_signs_are_stronger_where_the_answer_is(library: Library):
    covered = candidates_of(library, "How many bees does a healthy hive hold in June?").signs
    strange = candidates_of(library, "Who won the chess championship of Iceland in 1972?").signs

    assert covered.best_score > strange.best_score
    assert covered.standout > strange.standout
    assert covered.sentence_cosine > strange.sentence_cosine
    assert 0 <= strange.standout <= strange.best_score <= 1

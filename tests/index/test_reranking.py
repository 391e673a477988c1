"""The cross-encoder, with tiny models made here, and what it does to an order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import CrossEncoderReranker, Library, ModelError, Span
from index.models import BATCH_SIZE
from index.reranking import windows
from tests.conftest import CORPUS
from tests.fakes import WordEmbedder, WordReranker
from tests.index.model_hub import model_hub
from tests.index.tiny_models import config_of, make_cross_encoder, make_reader, save_tokenizer

PROJECT = Path(__file__).parents[2]
TEXTS = ("The lighthouse was built from granite.", "Its lamp burned whale oil.", "Bees need sugar in winter?")
QUESTION = "Was the lighthouse built?"


def whole(*texts: str) -> list[tuple[str, list[Span]]]:
    """Texts as passages of one sentence."""
    return [(text, [Span(0, len(text))]) for text in texts]


def sentence_spans(text: str) -> list[Span]:
    return [Span(*match.span()) for match in re.finditer(r"[^.\s][^.]*\.?", text)]


# ---- windows

sentence_texts = st.lists(st.lists(st.sampled_from(("a", "bee", "honeycomb")), min_size=1, max_size=9), min_size=1)
texts = sentence_texts.map(lambda sentences: " ".join(" ".join(words) + "." for words in sentences))


@given(texts, st.integers(min_value=12, max_value=60))
def test_windows_fit_hold_every_word_and_begin_and_end_with_whole_pieces(text: str, limit: int):
    found = windows(text, sentence_spans(text), lambda part: len(part) <= limit)

    assert all(0 < end - start <= limit for start, end in found)
    covered = {offset for start, end in found for offset in range(start, end)}
    assert {offset for offset, character in enumerate(text) if not character.isspace()} <= covered
    assert found == sorted(set(found))
    if all(end - start <= limit for start, end in sentence_spans(text)):
        starts, ends = zip(*sentence_spans(text), strict=True)
        assert all(start in starts and end in ends for start, end in found)


def test_neighbouring_windows_share_sentences_where_there_is_room():
    text = "One. Two. Six. Ten. Odd. End."

    found = windows(text, sentence_spans(text), lambda part: len(part) <= 14)

    assert [text[start:end] for start, end in found] == ["One. Two. Six.", "Six. Ten. Odd.", "Odd. End."]


def test_a_text_that_fits_is_one_window():
    assert windows("One. Two.", sentence_spans("One. Two."), lambda part: True) == [Span(0, 9)]


# ---- the model


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a cross-encoder that looks for "granite"."""

    def make(**options: int) -> Path:
        return make_cross_encoder(tmp_path_factory.mktemp("tiny"), [*TEXTS, QUESTION], "granite", **options)

    return make


@pytest.fixture(scope="module")
def reranker(tiny: Callable[..., Path]) -> CrossEncoderReranker:
    return CrossEncoderReranker(str(tiny(window=24)))


@pytest.mark.model
def test_relevance_is_high_where_the_model_finds_what_it_looks_for(reranker: CrossEncoderReranker):
    relevance = reranker.relevance(QUESTION, whole(*TEXTS))

    assert relevance.dtype == np.float32
    assert relevance.shape == (3,)
    assert relevance[0] > 0.9
    assert relevance[1:].max() < 0.1
    assert reranker.relevance(QUESTION, []).shape == (0,)


@pytest.mark.model
def test_the_question_is_read_beside_the_passage(reranker: CrossEncoderReranker):
    assert reranker.relevance("Granite?", whole(TEXTS[1]))[0] > 0.9


@pytest.mark.model
@pytest.mark.parametrize("place", [0, 7, 14])
def test_a_passage_that_is_longer_than_the_model_reads_counts_by_its_best_window(
    reranker: CrossEncoderReranker, place: int
):
    sentences = [TEXTS[1]] * 15
    sentences[place] = TEXTS[0]
    text = " ".join(sentences)

    with_granite, without = reranker.relevance(
        QUESTION, [(text, sentence_spans(text)), *whole(" ".join(TEXTS[1:] * 9))]
    )

    assert with_granite > 0.9
    assert without < 0.1


@pytest.mark.model
def test_a_sentence_that_is_longer_than_the_model_reads_is_read_to_its_end(reranker: CrossEncoderReranker):
    assert reranker.relevance(QUESTION, whole("lamp " * 60 + "granite"))[0] > 0.9


@pytest.mark.model
def test_a_question_that_is_longer_than_the_model_reads_leaves_room_for_the_passage(reranker: CrossEncoderReranker):
    assert reranker.relevance("was the lamp " * 90, whole("bees " * 12 + "granite"))[0] > 0.9


@pytest.mark.model
def test_passages_of_any_length_together_score_as_alone(reranker: CrossEncoderReranker):
    texts = [" ".join(TEXTS[: 1 + number % 3][::-1]) + " winter" * (number % 5) for number in range(2 * BATCH_SIZE + 3)]

    together = reranker.relevance(QUESTION, whole(*texts))
    alone = [reranker.relevance(QUESTION, whole(text))[0] for text in texts]

    assert np.allclose(together, alone, atol=1e-5)
    assert np.array_equal(together, reranker.relevance(QUESTION, whole(*texts)))


@pytest.mark.model
def test_a_model_that_leaves_its_logit_as_it_is_gives_the_same_relevance(tiny: Callable[..., Path], tmp_path: Path):
    import torch
    from sentence_transformers import CrossEncoder

    folder = tiny()
    CrossEncoder(str(folder), activation_fn=torch.nn.Identity()).save_pretrained(str(tmp_path / "identity"))

    by_itself = CrossEncoderReranker(str(folder)).relevance(QUESTION, whole(*TEXTS))
    as_saved = CrossEncoderReranker(str(tmp_path / "identity")).relevance(QUESTION, whole(*TEXTS))

    assert CrossEncoder(str(tmp_path / "identity")).predict([(QUESTION, TEXTS[0])])[0] > 1
    assert np.allclose(by_itself, as_saved)


# ---- what is no such model


@pytest.mark.model
@pytest.mark.parametrize("labels", [2, 3])
def test_a_model_with_several_labels_is_refused(tiny: Callable[..., Path], labels: int):
    with pytest.raises(ModelError, match=f"gives {labels} labels") as caught:
        CrossEncoderReranker(str(tiny(labels=labels))).load()

    assert "RERANKER_MODEL" in caught.value.user_message
    assert "one label" in caught.value.user_message


@pytest.mark.model
def test_a_model_of_another_kind_is_refused_instead_of_scoring_at_random(tmp_path: Path):
    from transformers import BertModel

    vocabulary = save_tokenizer(tmp_path / "plain", TEXTS, 64)
    BertModel(config_of(vocabulary, 64)).save_pretrained(tmp_path / "plain")
    make_reader(tmp_path / "reader", TEXTS, "whale", "oil")

    for name in ("plain", "reader"):
        with pytest.raises(ModelError, match="without a layer that scores pairs") as caught:
            CrossEncoderReranker(str(tmp_path / name)).load()
        assert "not trained as a cross-encoder. Check RERANKER_MODEL." in caught.value.user_message


def test_a_missing_folder_is_an_error_that_names_it_and_the_setting():
    with pytest.raises(ModelError, match="there is no model folder") as caught:
        CrossEncoderReranker("./no-such-folder")

    assert "./no-such-folder" in caught.value.user_message
    assert "RERANKER_MODEL" in caught.value.user_message


@pytest.mark.model
def test_a_folder_without_a_model_is_an_error_that_names_it_and_the_setting(tmp_path: Path):
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        CrossEncoderReranker(str(tmp_path)).relevance(QUESTION, whole(*TEXTS))

    assert f"The model {tmp_path} cannot be loaded. Check RERANKER_MODEL." == caught.value.user_message


USE = """
import sys
from index import CrossEncoderReranker, ModelError
print("torch" in sys.modules)
for name in sys.argv[1:]:
    try:
        print(CrossEncoderReranker(name)._folder.name)
    except ModelError as error:
        print("refused:", error.user_message)
print("torch" in sys.modules)
"""


@pytest.mark.model
def test_a_models_name_is_fetched_from_the_hub_by_default_from_that_of_cross_encoders(
    tiny: Callable[..., Path], tmp_path: Path
):
    with model_hub("cross-encoder/tiny", tiny()) as address:
        environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0", "HF_ENDPOINT": address}
        command = [sys.executable, "-c", USE, "tiny", "somebody/other"]
        done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)

    refusal = "refused: The model somebody/other cannot be fetched. Check RERANKER_MODEL and the network."
    assert done.stdout.splitlines() == ["False", "a" * 40, refusal, "False"]


# ---- the order of an answer


def library_with(corpus: Path, data: Path, reranker: WordReranker | CrossEncoderReranker | None) -> Library:
    library = Library(corpus=corpus, data=data, embedder=WordEmbedder(), reranker=reranker)
    library.reload()
    return library


LAMP = "Which lamp burned oil beside the honey and the bees?"


def test_what_the_reranker_finds_relevant_comes_first(corpus_folder: Path, tmp_path: Path):
    plain = library_with(corpus_folder, tmp_path, None).ask(LAMP, nearest=True)
    reranked = library_with(corpus_folder, tmp_path, WordReranker("sugar")).ask(LAMP, nearest=True)

    assert plain.quotes[0].citation.document == "sea/lighthouse"
    assert "sugar syrup" in reranked.quotes[0].text
    assert reranked.quotes[0].score > plain.quotes[0].score


@pytest.mark.model
def test_a_cross_encoder_reorders_an_answer(corpus_folder: Path, tmp_path: Path):
    model = make_cross_encoder(tmp_path / "model", [LAMP, *CORPUS.values()], "sugar")
    library = library_with(corpus_folder, tmp_path, CrossEncoderReranker(str(model)))

    answers = [library.ask(LAMP, nearest=True, explain=True) for _ in range(2)]

    assert "sugar syrup" in answers[0].quotes[0].text
    assert answers[0].quotes == answers[1].quotes
    assert answers[0].trace == answers[1].trace


def test_a_reranker_changes_nothing_in_how_sure_the_search_was(corpus_folder: Path, tmp_path: Path):
    plain = library_with(corpus_folder, tmp_path, None).ask(LAMP)
    reranked = library_with(corpus_folder, tmp_path, WordReranker("sugar")).ask(LAMP)

    assert (plain.signs, plain.confidence) == (reranked.signs, reranked.confidence)


def test_the_trace_shows_what_the_reranker_made_of_each_passage_that_it_read(
    corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("index.retrieval.RERANKED_PASSAGES", 1)
    plain = library_with(corpus_folder, tmp_path, None).ask(LAMP, explain=True)
    reranked = library_with(corpus_folder, tmp_path, WordReranker("burned")).ask(LAMP, explain=True)

    assert plain.trace is not None
    assert reranked.trace is not None
    assert {sentence.passage_relevance for sentence in plain.trace.sentences} == {None}
    assert {sentence.passage_relevance for sentence in reranked.trace.sentences} == {1.0, None}
    gains = {
        (sentence.score - before.score, sentence.passage_relevance)
        for sentence in reranked.trace.sentences
        for before in plain.trace.sentences
        if before.text == sentence.text
    }
    assert {(round(gain, 4), relevance) for gain, relevance in gains} == {(2.0, 1.0), (0.0, None)}


def test_the_reranker_reads_the_best_passages_as_they_are_embedded(corpus_folder: Path, tmp_path: Path):
    reranker = WordReranker("sugar")

    library_with(corpus_folder, tmp_path, reranker).ask("How does the lens with prisms turn?")

    [(question, passages)] = reranker.read
    assert question == "How does the lens with prisms turn?"
    first, spans = passages[0]
    assert "The lens has 36 prisms and floats on a bath of mercury." in [first[start:end] for start, end in spans]
    assert not any("[^" in text or "*" in text for text, _ in passages)

"""The real embedder: with the bundled model, and with tiny ones made here."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index import DEFAULT_MODEL, Library, ModelError, SentenceTransformerEmbedder, Span, Verdict, embedding
from tests.fakes import WordEmbedder
from tests.index.model_hub import model_hub

PROJECT = Path(__file__).parents[2]
SENTENCES = (
    "The lighthouse on the rock was built from granite.",
    "Its lamp burned whale oil for forty years.",
    "A colony of bees needs sugar syrup to survive the winter.",
)
WORDS = ("lighthouse", "lamp", "was", "built", "from", "granite", "bees", "need", "sugar", "in", "winter", "boat")


def passage_of(sentences: tuple[str, ...]) -> tuple[str, list[Span]]:
    text, spans = "", []
    for sentence in sentences:
        text += " " if text else ""
        spans.append(Span(len(text), len(text) + len(sentence)))
        text += sentence
    return text, spans


def is_unit(vectors: np.ndarray) -> bool:
    return vectors.dtype == np.float32 and bool(np.allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-5))


# ---------------------------------------------------------- the embedder of tests


def test_the_word_embedder_puts_texts_that_share_words_close() -> None:
    embedder = WordEmbedder()
    text, spans = passage_of(SENTENCES)

    (embedding,) = embedder.embed_passages([(text, spans)])
    vectors = embedding.vectors
    query = embedder.embed_query("Which lighthouse was built on a rock?").vector

    assert vectors.shape == (4, 256)
    assert is_unit(vectors)
    assert int(np.argmax(vectors[1:] @ query)) == 0
    assert embedder.embedded_passages == 1
    assert np.array_equal(query, WordEmbedder().embed_query("Which lighthouse was built on a rock?").vector)


# ------------------------------------------------------------- the bundled model


@pytest.fixture(scope="module")
def bundled() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder()


@pytest.mark.model
def test_the_bundled_model_gives_each_token_of_a_text_with_its_place(bundled: SentenceTransformerEmbedder) -> None:
    embedding = bundled.embed_query("Who kept diplmats?")

    assert embedding.tokens.shape == (len(embedding.token_spans), 384)
    assert is_unit(embedding.tokens)
    assert embedding.token_spans[[0, 1, -1]].tolist() == [[0, 3], [4, 8], [17, 18]]


@pytest.mark.model
def test_a_question_gets_the_same_numbers_however_many_threads_there_are(bundled: SentenceTransformerEmbedder) -> None:
    import torch

    questions = [" ".join(WORDS[:count]) for count in range(1, len(WORDS) + 1)]
    before = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            found.append([bundled.embed_query(question) for question in questions])
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(before)

    for one, *others in zip(*found, strict=True):
        assert all(np.array_equal(one.vectors, other.vectors) for other in others)
        assert all(np.array_equal(one.tokens, other.tokens) for other in others)


@pytest.mark.model
def test_the_bundled_model_embeds_words_by_their_meaning(bundled: SentenceTransformerEmbedder) -> None:
    vectors = bundled.embed_words(["resigned", "quit", "lighthouse"])

    assert vectors.shape == (3, 384)
    assert is_unit(vectors)
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]
    assert bundled.embed_words([]).shape == (0, 384)


@pytest.mark.model
def test_the_bundled_model_knows_words_and_no_slips(bundled: SentenceTransformerEmbedder) -> None:
    assert bundled.knows_word("Diplomats")
    assert not bundled.knows_word("diplmats")


@pytest.mark.model
def test_the_bundled_model_gives_unit_vectors_of_its_dimension(bundled: SentenceTransformerEmbedder) -> None:
    text, spans = passage_of(SENTENCES)

    first, second = (
        embedding.vectors
        for embedding in bundled.embed_passages([(text, spans), (SENTENCES[0], [Span(0, len(SENTENCES[0]))])])
    )
    query = bundled.embed_query("Who built the lighthouse?").vector

    assert (first.shape, second.shape, query.shape) == ((4, 384), (2, 384), (384,))
    assert is_unit(first)
    assert is_unit(second)
    assert is_unit(query)
    assert bundled.embed_passages([]) == []


@pytest.mark.model
def test_the_same_question_gives_the_same_numbers(bundled: SentenceTransformerEmbedder) -> None:
    first = bundled.embed_query("Who built the lighthouse?").vector

    bundled.embed_passages([passage_of(SENTENCES)] * 3)

    assert np.array_equal(bundled.embed_query("Who built the lighthouse?").vector, first)


@pytest.mark.model
def test_a_passages_vector_is_that_of_its_text(bundled: SentenceTransformerEmbedder) -> None:
    text, spans = passage_of(SENTENCES)

    (embedding,) = bundled.embed_passages([(text, spans)])
    vectors = embedding.vectors

    assert vectors[0] @ bundled.embed_query(text).vector > 0.9999


@pytest.mark.model
def test_a_sentence_in_its_passage_lies_close_to_the_same_sentence_alone(bundled: SentenceTransformerEmbedder) -> None:
    text, spans = passage_of(SENTENCES)

    (embedding,) = bundled.embed_passages([(text, spans)])
    vectors = embedding.vectors
    alone = np.stack([bundled.embed_query(sentence).vector for sentence in SENTENCES])

    cosines = vectors[1:] @ alone.T
    assert cosines.argmax(axis=1).tolist() == [0, 1, 2]
    assert cosines.diagonal().min() > 0.6


@pytest.mark.model
def test_a_passage_of_one_sentence_has_the_sentences_vector(bundled: SentenceTransformerEmbedder) -> None:
    (embedding,) = bundled.embed_passages([(SENTENCES[0], [Span(0, len(SENTENCES[0]))])])
    whole, sentence = embedding.vectors

    assert whole @ sentence > 0.9  # the passage's mean counts the special tokens too


@pytest.mark.model
def test_passages_of_any_length_together_get_the_vectors_they_get_alone(bundled: SentenceTransformerEmbedder) -> None:
    passages = [passage_of(SENTENCES[:count]) for count in (1, 3, 2)] * 7

    together = [embedding.vectors for embedding in bundled.embed_passages(passages)]
    alone = [bundled.embed_passages([passage])[0].vectors for passage in passages[:3]]

    for number, vectors in enumerate(together):
        assert np.allclose(vectors, alone[number % 3], atol=1e-5)


@pytest.mark.model
@pytest.mark.parametrize("text", ["\u200b", "한국어 " * 3, "😀😀", "a" * 300, "\u0301", "[UNK]"])
def test_odd_text_has_finite_unit_vectors(bundled: SentenceTransformerEmbedder, text: str) -> None:
    (embedding,) = bundled.embed_passages([(text, [Span(0, len(text))])])
    vectors = embedding.vectors

    assert is_unit(vectors)
    assert is_unit(bundled.embed_query(text).vector)


@pytest.mark.model
@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", True),
        ("word " * 200, True),
        ("word " * 300, False),
        ("안녕하세요 " * 40, False),
        ("7 " * 254, True),
        ("7 " * 255, False),
    ],
    ids=["nothing", "short", "long", "Korean", "just", "just not"],
)
def test_a_text_fits_when_the_model_reads_all_its_tokens(
    bundled: SentenceTransformerEmbedder, text: str, fits: bool
) -> None:
    assert bundled.fits(text) is fits


@pytest.mark.model
def test_the_bundled_model_answers_across_different_words(
    bundled: SentenceTransformerEmbedder, corpus_folder: Path, tmp_path: Path
) -> None:
    library = Library(corpus=corpus_folder, data=tmp_path / "data", embedder=bundled)
    library.reload()

    answer = library.ask("What is the lighthouse made of?")

    assert answer.verdict is not Verdict.NOT_COVERED
    assert "built from granite" in answer.quotes[0].text


def test_a_changed_weight_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.find_spec(embedding.DEFAULT_WEIGHTS_PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    package = tmp_path / embedding.DEFAULT_WEIGHTS_PACKAGE
    shutil.copytree(Path(spec.origin).parent, package)
    with (package / "model" / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, os.SEEK_END)
        last = weights.read(1)[0]
        weights.seek(-1, os.SEEK_END)
        weights.write(bytes([last ^ 1]))
    changed = importlib.util.spec_from_file_location("changed", package / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: changed)

    with pytest.raises(ModelError, match="not the published") as caught:
        SentenceTransformerEmbedder()

    assert "damaged or not the published" in caught.value.user_message


def test_weights_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "DEFAULT_WEIGHTS_PACKAGE", "no_such_package_of_weights")

    with pytest.raises(ModelError, match="no_such_package_of_weights") as caught:
        SentenceTransformerEmbedder()

    assert "not installed" in caught.value.user_message


def test_the_default_model_has_one_name_and_one_digest() -> None:
    assert SentenceTransformerEmbedder().name == SentenceTransformerEmbedder(DEFAULT_MODEL).name == DEFAULT_MODEL
    assert SentenceTransformerEmbedder().digest == SentenceTransformerEmbedder(DEFAULT_MODEL).digest


def test_making_an_embedder_loads_no_model() -> None:
    code = "import sys; from index import SentenceTransformerEmbedder as E; E(); print('torch' in sys.modules)"

    result = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)

    assert result.stdout == "False\n"


# ----------------------------------------------------------------- tiny models


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a BERT of two layers with random weights that knows a few words; pools as asked."""

    def make(pooling: str) -> Path:
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers import models as modules
        from transformers import BertConfig, BertModel, BertTokenizerFast  # type: ignore[attr-defined]

        folder = tmp_path_factory.mktemp(f"tiny-{pooling}")
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", *WORDS]
        (folder / "vocab.txt").write_text("\n".join(vocabulary))
        torch.manual_seed(0)
        BertModel(
            BertConfig(
                vocab_size=len(vocabulary),
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=64,
                max_position_embeddings=64,
            )
        ).save_pretrained(folder / "bert")
        BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder / "bert")
        transformer = modules.Transformer(str(folder / "bert"), max_seq_length=64)
        SentenceTransformer(modules=[transformer, modules.Pooling(32, pooling_mode=pooling)]).save(
            str(folder / "model")
        )
        return folder / "model"

    return make


def random_passages(seed: int) -> list[tuple[str, list[Span]]]:
    chosen = random.Random(seed)
    return [
        passage_of(tuple(" ".join(chosen.choices(WORDS, k=chosen.randint(1, 6))) + "." for _ in range(count)))
        for count in (1, 3, 2)
    ]


@pytest.mark.model
def test_a_model_that_does_not_pool_by_the_mean_embeds_each_sentence_by_itself(
    tiny_model: Callable[[str], Path],
) -> None:
    embedder = SentenceTransformerEmbedder(str(tiny_model("cls")))
    passages = random_passages(1)

    embedded = [embedding.vectors for embedding in embedder.embed_passages(passages)]

    for (text, spans), vectors in zip(passages, embedded, strict=True):
        parts = [text, *(text[start:end] for start, end in spans)]
        assert vectors.shape == (len(parts), 32)
        assert is_unit(vectors)
        assert np.allclose(vectors, np.stack([embedder.embed_query(part).vector for part in parts]), atol=1e-5)


@pytest.mark.model
def test_a_model_that_pools_by_the_mean_reads_a_passage_once(tiny_model: Callable[[str], Path]) -> None:
    embedder = SentenceTransformerEmbedder(str(tiny_model("mean")))
    passages = random_passages(2)

    embedded = [embedding.vectors for embedding in embedder.embed_passages(passages)]

    for (text, spans), vectors in zip(passages, embedded, strict=True):
        alone = np.stack([embedder.embed_query(text[start:end]).vector for start, end in spans])
        assert vectors.shape == (1 + len(spans), 32)
        assert is_unit(vectors)
        assert np.allclose(vectors[0], embedder.embed_query(text).vector, atol=1e-5)
        assert not np.allclose(vectors[1:], alone, atol=1e-3)  # sentences know their neighbours


@pytest.mark.model
def test_models_that_differ_in_one_file_have_different_digests(tiny_model: Callable[[str], Path]) -> None:
    folder = tiny_model("mean")
    before = SentenceTransformerEmbedder(str(folder)).digest

    assert SentenceTransformerEmbedder(str(folder)).digest == before

    (folder / "config_sentence_transformers.json").write_text("{}")

    assert SentenceTransformerEmbedder(str(folder)).digest != before


@pytest.mark.parametrize("model", ["./no-such-folder", "/no/such/folder", "~/no-such-folder", "..\\models"])
def test_a_missing_folder_is_an_error_that_names_it(model: str) -> None:
    with pytest.raises(ModelError, match="there is no model folder") as caught:
        SentenceTransformerEmbedder(model)

    assert model in caught.value.user_message
    assert "EMBEDDING_MODEL" in caught.value.user_message


@pytest.mark.model
def test_a_folder_without_a_model_is_an_error_that_names_it(tmp_path: Path) -> None:
    embedder = SentenceTransformerEmbedder(str(tmp_path))

    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        embedder.embed_query("Who?")

    assert str(tmp_path) in caught.value.user_message
    assert "EMBEDDING_MODEL" in caught.value.user_message


# --------------------------------------------------------------- the model hub

USE = """
import sys
from index import ModelError, SentenceTransformerEmbedder
for name in sys.argv[1:]:
    try:
        print(SentenceTransformerEmbedder(name).digest)
    except ModelError as error:
        print("refused:", error.user_message)
"""


def find_models(*names: str, **settings: str) -> list[str]:
    """Look for models in a process of its own, which reads the hub's settings afresh; give digests or refusals."""
    result = subprocess.run(
        [sys.executable, "-c", USE, *names],
        cwd=PROJECT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.splitlines()


@pytest.mark.model
def test_a_models_name_is_fetched_from_the_hub_once_and_then_works_offline(
    tiny_model: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tiny_model("cls")
    refusal = "refused: The model {} cannot be fetched. Check EMBEDDING_MODEL and the network."

    with model_hub("somebody/tiny", folder) as address:
        online = find_models(
            "somebody/tiny", "somebody/other", HF_HOME=str(tmp_path), HF_HUB_OFFLINE="0", HF_ENDPOINT=address
        )
    offline = find_models("somebody/tiny", "somebody/other", HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1")

    digest = SentenceTransformerEmbedder(str(folder)).digest
    assert online == offline == [digest, refusal.format("somebody/other")]

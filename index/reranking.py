"""A question and a passage, read together: the `Reranker` seam, and a cross-encoder behind it.

A cross-encoder (Nogueira and Cho 2019, "Passage Re-ranking with BERT") sees every word of the question beside every
word of the passage, which no vector made ahead can; it is too slow for all passages, so it reads the best ones.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelError
from index.models import BATCH_SIZE, find_model, loading, shortened
from index.splitting import Fits, fitting
from index.values import Span

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

log = logging.getLogger(__name__)

SETTING = "RERANKER_MODEL"
KIND = "reranker"


class Reranker(Protocol):
    """Says how well passages answer a question."""

    @property
    def name(self) -> str:
        """The model, as people know it."""

    def load(self) -> None:
        """Load what is loaded with the first question otherwise; doing it twice does nothing."""

    def relevance(self, question: str, passages: Sequence[tuple[str, Sequence[Span]]]) -> NDArray[np.float32]:
        """How well each passage answers, from 0 to 1, `(passages,)`.

        Args:
            question: What is asked.
            passages: Plain texts, each with the spans of its sentences in that text.
        """


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder; making one is cheap, the weights are loaded with the first question.

    Of a passage that is longer than the model reads, the best of its `windows` counts. Models differ in what they make
    of their logit (those trained on MS MARCO leave it as it is, others say nothing); here it is always its sigmoid.
    """

    def __init__(self, model: str) -> None:
        """Find the model's files.

        Args:
            model: A folder, or a name on the model hub.

        Raises:
            ModelError: There is no such model.
        """
        self.name = model
        self._folder = find_model(model, setting=SETTING, organisation="cross-encoder")
        self._loading = threading.Lock()

    def load(self) -> None:
        with self._loading:
            _ = self._model

    def relevance(self, question: str, passages: Sequence[tuple[str, Sequence[Span]]]) -> NDArray[np.float32]:
        self.load()
        best = np.zeros(len(passages), dtype=np.float32)
        if not passages:
            return best
        from torch.nn import Sigmoid

        question = shortened(question, self._model.tokenizer, self._window)
        read = [windows(text, sentences, lambda part: self._fits(question, part)) for text, sentences in passages]
        pairs = [
            (question, text[start:end]) for (text, _), spans in zip(passages, read, strict=True) for start, end in spans
        ]
        scores = self._model.predict(pairs, batch_size=BATCH_SIZE, activation_fn=Sigmoid(), show_progress_bar=False)
        np.maximum.at(best, np.repeat(np.arange(len(passages)), [len(spans) for spans in read]), scores)
        return best

    def _fits(self, question: str, text: str) -> bool:
        return len(self._model.tokenizer(question, text, truncation=False, verbose=False)["input_ids"]) <= self._window

    @cached_property
    def _window(self) -> int:
        return self._model.max_seq_length or 512

    @cached_property
    def _model(self) -> CrossEncoder:
        with loading(KIND, self.name, self._folder, setting=SETTING):
            from sentence_transformers import CrossEncoder

            model = CrossEncoder(str(self._folder), local_files_only=True)
        architecture = (getattr(model.config, "architectures", None) or [""])[0]
        if len(model) == 1 and not architecture.endswith("ForSequenceClassification"):
            # the library would give such a model a last layer of random numbers
            raise ModelError(
                f"{self._folder} holds {architecture or 'a model'} without a layer that scores pairs",
                user_message="{name} was not trained as a cross-encoder. Check {setting}.",
                name=self.name,
                setting=SETTING,
            )
        if model.num_labels != 1:
            raise ModelError(
                f"the reranker in {self._folder} gives {model.num_labels} labels, not 1",
                user_message="{name} sorts into {count} classes instead of giving one score. "
                "Set {setting} to a cross-encoder with one label.",
                name=self.name,
                count=model.num_labels,
                setting=SETTING,
            )
        log.info("loaded reranker=%s window=%s device=%s", self.name, model.max_seq_length, model.device)
        return model


def windows(text: str, sentences: Sequence[Span], fits: Fits) -> list[Span]:
    """Windows of whole sentences that a model reads whole; together they hold the text, and neighbours overlap.

    Each begins in the middle of the one before, or later where the next sentence would not fit otherwise. A sentence
    that does not fit by itself is cut at white space.

    Args:
        text: A passage's plain text.
        sentences: The spans of its sentences, at least one.
        fits: Whether the model reads a part of the text whole.
    """
    if fits(text):
        return [Span(0, len(text))]
    pieces = [Span(*piece) for start, end in sentences for piece in fitting(text, start, end, fits)]

    def fit(first: int, last: int) -> bool:
        return fits(text[pieces[first].start : pieces[last].end])

    found: list[Span] = []
    first = last = 0
    while True:
        while last + 1 < len(pieces) and fit(first, last + 1):
            last += 1
        found.append(Span(pieces[first].start, pieces[last].end))
        if last + 1 == len(pieces):
            return found
        first = (first + last) // 2 + 1
        last += 1
        while first < last and not fit(first, last):
            first += 1

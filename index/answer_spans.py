"""The words of a passage that answer a question: the `Reader` seam, and extractive question answering behind it.

A model as trained on SQuAD 2.0 (Rajpurkar et al. 2018, "Know What You Don't Know") scores each token as the answer's
first and as its last one; where there is no answer, both are its classification token (Devlin et al. 2019, "BERT").
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelError
from index.models import BATCH_SIZE, find_model, loading, shortened
from index.values import Span

log = logging.getLogger(__name__)

SETTING = "READER_MODEL"
KIND = "reader"

WINDOW = 384
"""Tokens that are read at once, question included: what such models are trained with (Devlin et al. 2019)."""

ANSWER_TOKENS = 30
"""The longest answer; the same source."""


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """The words of a text that answer best."""

    span: Span
    probability: float
    """Against there being no answer: the sigmoid of how far the span's score lies above that of none; six decimals."""

    @property
    def is_answer(self) -> bool:
        """Whether the span scores higher than none."""
        return self.probability > 0.5


class Reader(Protocol):
    """Finds the words that answer a question, or that there are none."""

    @property
    def name(self) -> str:
        """The model, as people know it."""

    def load(self) -> None:
        """Load what is loaded with the first question otherwise; doing it twice does nothing."""

    def read(self, question: str, texts: Sequence[tuple[str, Span]]) -> list[AnswerSpan | None]:
        """The best answer in each text; None where the model knows no word of it.

        Args:
            question: What is asked.
            texts: Each with the part in which the answer must lie; what stands around it helps to understand it.
        """


@dataclass(frozen=True, slots=True)
class _Window:
    """Question and part of a text as the model reads them."""

    text: int
    """Which text."""
    inputs: dict[str, list[int]]
    offsets: NDArray[np.int64]
    """Where each token stands in its text, `(tokens, 2)`."""
    may_answer: NDArray[np.bool_]
    """Which tokens lie whole in the part that may answer, `(tokens,)`."""
    none: int
    """The classification token, whose scores say that there is no answer."""


class QuestionAnsweringReader:
    """A transformers question-answering model; making one is cheap, the weights are loaded with the first question.

    A text that is longer than the model reads is read in overlapping windows, of which that counts in which an answer
    is surest.
    """

    def __init__(self, model: str) -> None:
        """Find the model's files.

        Args:
            model: A folder, or a name on the model hub.

        Raises:
            ModelError: There is no such model.
        """
        self.name = model
        self._folder = find_model(model, setting=SETTING)
        self._loading = threading.Lock()

    def load(self) -> None:
        with self._loading:
            _ = self._model

    def read(self, question: str, texts: Sequence[tuple[str, Span]]) -> list[AnswerSpan | None]:
        self.load()
        best: list[AnswerSpan | None] = [None] * len(texts)
        windows = list(self._windows(question, texts))
        for first in range(0, len(windows), BATCH_SIZE):
            batch = windows[first : first + BATCH_SIZE]
            for window, starts, ends in zip(batch, *self._scores(batch), strict=True):
                answer = _best_span(window, starts, ends)
                known = best[window.text]
                if known is None or answer.probability > known.probability:
                    best[window.text] = answer
        return best

    def _windows(self, question: str, texts: Sequence[tuple[str, Span]]) -> Iterator[_Window]:
        """All windows with a token that may answer."""
        if not texts:
            return
        question = shortened(question, self._tokenizer, self._window)
        room = self._window - len(self._tokenizer(question, "", verbose=False)["input_ids"])
        encoded = self._tokenizer(
            [question] * len(texts),
            [text for text, _ in texts],
            truncation="only_second",
            max_length=self._window,
            stride=max(0, room // 3),
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            verbose=False,
        )
        for number, text in enumerate(encoded["overflow_to_sample_mapping"]):
            plain, within = texts[text]
            # some tokenizers count the blank before a word as its own
            offsets = np.array(
                [(end - len(plain[start:end].lstrip()), end) for start, end in encoded["offset_mapping"][number]],
                dtype=np.int64,
            )
            is_text = np.array([sequence == 1 for sequence in encoded.sequence_ids(number)])
            is_within = (offsets[:, 0] >= within.start) & (offsets[:, 1] <= within.end)
            may_answer = is_text & is_within & (offsets[:, 1] > offsets[:, 0])
            if may_answer.any():
                inputs = {name: encoded[name][number] for name in self._tokenizer.model_input_names if name in encoded}
                none = inputs["input_ids"].index(self._tokenizer.cls_token_id)
                yield _Window(text, inputs, offsets, may_answer, none)

    def _scores(self, windows: Sequence[_Window]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores of each window's tokens as the answer's first and last one, each `(windows, tokens)`."""
        import torch

        # padding is behind the tokens, so their positions stay
        inputs = self._tokenizer.pad([window.inputs for window in windows], padding_side="right", return_tensors="pt")
        with torch.inference_mode():
            output = self._model(**inputs.to(self._model.device))
        return output.start_logits.float().cpu().numpy(), output.end_logits.float().cpu().numpy()

    @cached_property
    def _model(self) -> Any:
        with loading(KIND, self.name, self._folder, setting=SETTING):
            import torch
            from sentence_transformers.util import get_device_name
            from transformers import AutoModelForQuestionAnswering

            model, report = AutoModelForQuestionAnswering.from_pretrained(
                self._folder, local_files_only=True, dtype=torch.float32, output_loading_info=True
            )
        if report["missing_keys"]:
            # the library would fill them with random numbers
            raise ModelError(
                f"{self._folder} lacks {', '.join(sorted(report['missing_keys']))}",
                user_message="{name} was not trained to answer questions. Check {setting}.",
                name=self.name,
                setting=SETTING,
            )
        if not (self._tokenizer.is_fast and self._tokenizer.cls_token):
            raise ModelError(
                f"the tokenizer in {self._folder} gives no offsets, or has no token for texts without an answer",
                user_message="{name} cannot say where an answer stands, or that there is none. Check {setting}.",
                name=self.name,
                setting=SETTING,
            )
        model = model.to(get_device_name()).eval()
        log.info("loaded reader=%s device=%s", self.name, model.device)
        return model

    @cached_property
    def _tokenizer(self) -> Any:
        with loading(KIND, self.name, self._folder, setting=SETTING):
            from transformers import AutoTokenizer

            return AutoTokenizer.from_pretrained(self._folder, local_files_only=True)

    @cached_property
    def _window(self) -> int:
        positions = getattr(self._model.config, "max_position_embeddings", None) or WINDOW
        return int(min(WINDOW, positions, self._tokenizer.model_max_length))


def _best_span(window: _Window, starts: NDArray[np.float32], ends: NDArray[np.float32]) -> AnswerSpan:
    """The best answer in a window: its first token's score and its last one's together are highest."""
    count = len(window.offsets)
    scores = np.add.outer(starts[:count].astype(np.float64), ends[:count].astype(np.float64))
    none = scores[window.none, window.none]
    is_span = np.tri(count, k=ANSWER_TOKENS - 1, dtype=bool) & ~np.tri(count, k=-1, dtype=bool)
    allowed = is_span & np.logical_and.outer(window.may_answer, window.may_answer)
    first, last = np.unravel_index(np.argmax(np.where(allowed, scores, -np.inf)), scores.shape)
    lead = float(np.clip(scores[first, last] - none, -30, 30))
    span = Span(int(window.offsets[first, 0]), int(window.offsets[last, 1]))
    return AnswerSpan(span, round(float(1 / (1 + np.exp(-lead))), 6))

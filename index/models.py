"""Finding the files of models, and loading them: shared by all that run one."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from index.errors import ModelError

BATCH_SIZE = 16
"""Texts in one forward pass. Small, so that a reload lets waiting questions through between batches."""

QUESTION_SHARE = 4
"""Beside a text, a question takes at most this part of what a model reads: a quarter."""


def find_model(model: str, *, setting: str, organisation: str = "") -> Path:
    """The folder of a model's files.

    Args:
        model: A folder, or a name on the model hub, from which it is fetched unless it was before.
        setting: Where people set it, for messages.
        organisation: Of the hub, for names that give none.

    Raises:
        ModelError: There is no such model.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    if model.startswith((".", "/", "~")) or "\\" in model:
        raise ModelError(
            f"there is no model folder at {model}",
            user_message="There is no model folder at {folder}. Set {setting} to a folder or a model's name.",
            folder=model,
            setting=setting,
        )
    repository = model if "/" in model or not organisation else f"{organisation}/{model}"
    return _from_hub(repository, setting)


def _from_hub(repository: str, setting: str) -> Path:
    """Fetch a model from the hub, or take it from the local cache."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = ["*.json", "*.txt", "*.safetensors", "*.model"]
    try:
        return Path(snapshot_download(repository, allow_patterns=patterns, ignore_patterns=["onnx/*", "openvino/*"]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(
            f"{repository} cannot be fetched from the model hub: {error}",
            user_message="The model {name} cannot be fetched. Check {setting} and the network.",
            name=repository,
            setting=setting,
        ) from error


@contextmanager
def loading(kind: str, name: str, folder: Path, *, setting: str) -> Iterator[None]:
    """Load a model inside: libraries are imported, and what goes wrong becomes a `ModelError` that names the setting.

    Args:
        kind: What the model is, for messages.
        name: As people know it.
        folder: Where its files are.
        setting: Where people set it.
    """
    # OpenMP reads it once, when PyTorch is imported: its threads sleep while they wait for each other. Where another
    # process has the other core, spinning takes longer than all the work (`docs/decisions.md`)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        with _collector_paused():
            import sentence_transformers  # noqa: F401
            from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        yield
    except (ImportError, OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelError(
            f"the {kind} in {folder} cannot be loaded: {error}",
            user_message="The model {name} cannot be loaded. Check {setting}.",
            name=name,
            setting=setting,
        ) from error


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the garbage collector: importing PyTorch makes objects by the hundred thousand and frees hardly any, and
    each search for garbage among them is time lost (`benchmarks/speed.py` shows it)."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def shortened(question: str, tokenizer: Callable[..., Any], window: int) -> str:
    """A question's beginning that leaves a model room for a text beside it.

    Args:
        question: Hardly ever longer than that.
        tokenizer: The model's own, a fast one.
        window: How many tokens the model reads.
    """
    spans = tokenizer(question, add_special_tokens=False, return_offsets_mapping=True, verbose=False)["offset_mapping"]
    limit = max(1, window // QUESTION_SHARE)
    return question if len(spans) <= limit else question[: spans[limit - 1][1]]

"""Models of a few thousand weights, set by hand so that they look for one word: made by tests, saved in a folder.

Each token's embedding is a direction of its own, so that what a layer says of a token can be written down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def save_tokenizer(folder: Path, texts: Iterable[str], window: int) -> list[str]:
    """Save a tokenizer that knows the words of some texts; give its vocabulary."""
    from transformers import BertTokenizerFast  # type: ignore[attr-defined]

    words = {word for text in texts for word in re.findall(r"\w+|[^\w\s]", text.lower())}
    vocabulary = [*SPECIAL, *sorted(words)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=window).save_pretrained(folder)
    return vocabulary


def config_of(vocabulary: list[str], window: int, **options: Any) -> Any:
    from transformers import BertConfig

    size = len(vocabulary)
    options = {"num_hidden_layers": 1, "intermediate_size": 4} | options
    return BertConfig(
        vocab_size=size, hidden_size=size, num_attention_heads=1, max_position_embeddings=window, **options
    )


def _clear(model: Any) -> None:
    """Set all weights to zero but each word's direction and the scales of norms."""
    import torch

    for name, weights in model.named_parameters():
        if not name.endswith("LayerNorm.weight"):
            weights.zero_()
    model.bert.embeddings.word_embeddings.weight.copy_(torch.eye(model.config.vocab_size))


def make_cross_encoder(folder: Path, texts: Iterable[str], wanted: str, *, window: int = 64, labels: int = 1) -> Path:
    """A cross-encoder whose relevance is high where a word stands anywhere in what it reads, and low elsewhere.

    Every token attends to that word alone where it is there, to all tokens alike where it is not; the last layer reads
    how much of the word's direction has arrived at the classification token.
    """
    import torch
    from transformers import BertForSequenceClassification

    vocabulary = save_tokenizer(folder, texts, window)
    word = vocabulary.index(wanted)
    with torch.no_grad():
        model: Any = BertForSequenceClassification(config_of(vocabulary, window, num_labels=labels))
        _clear(model)
        attention = model.bert.encoder.layer[0].attention
        attention.self.query.bias[0] = 30.0
        attention.self.key.weight[0, word] = 10.0
        attention.self.value.weight[word, word] = 1.0
        attention.output.dense.weight.copy_(torch.eye(len(vocabulary)))
        model.bert.pooler.dense.weight[0, word] = 1.0
        model.classifier.weight[:, 0] = 8.0
        model.classifier.bias[:] = -4.0
    model.save_pretrained(folder)
    return folder


def make_reader(folder: Path, texts: Iterable[str], first: str, last: str, *, window: int = 64) -> Path:
    """A reader for which an answer begins with one word and ends with another; where they are not, there is none."""
    import torch
    from transformers import BertForQuestionAnswering

    vocabulary = save_tokenizer(folder, texts, window)
    with torch.no_grad():
        model: Any = BertForQuestionAnswering(config_of(vocabulary, window, num_hidden_layers=0))
        _clear(model)
        for row, word in enumerate((first, last)):
            model.qa_outputs.weight[row, vocabulary.index(word)] = 1.0
            model.qa_outputs.weight[row, vocabulary.index("[CLS]")] = 0.7
    model.save_pretrained(folder)
    return folder

"""Builds a library in a second process and stops in the middle, for `test_library.py`.

    python -m tests.index.holding CORPUS DATA

Prints "building" when the lock is held and the first passages are about to be embedded; goes on when a line comes in.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from index import Library, Span
from index.embedding import Embedding
from tests.fakes import WordEmbedder


class WaitingEmbedder(WordEmbedder):
    """Waits for a line on standard input before it embeds."""

    def embed_passages(self, passages: Sequence[tuple[str, Sequence[Span]]]) -> list[Embedding]:
        if not self.embedded_passages:
            print("building", flush=True)
            sys.stdin.readline()
        return super().embed_passages(passages)


if __name__ == "__main__":
    print(Library(corpus=Path(sys.argv[1]), data=Path(sys.argv[2]), embedder=WaitingEmbedder()).reload().generation)

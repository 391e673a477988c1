"""An embedder that waits for the test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from index import Span
from index.embedding import Embedding
from tests.fakes import WordEmbedder

PATIENCE_S = 10.0


class HeldEmbedder(WordEmbedder):
    """A `WordEmbedder` that embeds passages only when it may."""

    def __init__(self, *, is_held: bool = False) -> None:
        super().__init__()
        self._may_go_on = threading.Event()
        self._has_begun = threading.Event()
        if not is_held:
            self.let_go()

    def hold(self) -> None:
        """Let the next passages wait."""
        self._may_go_on.clear()
        self._has_begun.clear()

    def let_go(self) -> None:
        """Let them be embedded."""
        self._may_go_on.set()

    async def held_up(self) -> None:
        """Wait until somebody waits."""
        assert await asyncio.to_thread(self._has_begun.wait, PATIENCE_S)

    def embed_passages(self, passages: Sequence[tuple[str, Sequence[Span]]]) -> list[Embedding]:
        self._has_begun.set()
        assert self._may_go_on.wait(PATIENCE_S)
        return super().embed_passages(passages)

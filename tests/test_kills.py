"""Whatever moment a process is killed at (SIGKILL), the next one starts, answers, and has lost no document.

Reloads, rollbacks, additions and removals, of the shared library and of a server's own, one after the other in one data
folder. `CHAOS_KILLS` says how many (`make chaos` makes 200), `CHAOS_FIRST` is the seed.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from pathlib import Path

from bot.service import AnswerService
from index import Library
from index.line import read_line
from tests.conftest import CORPUS, write_corpus
from tests.killing import DONE_WITHIN_S, Change, killed, libraries_at

KILLS = int(os.environ.get("CHAOS_KILLS", "20"))
SEED = int(os.environ.get("CHAOS_FIRST", "1"))

SERVER = 7
BEYOND = 1.4
"""How far past the usual end of a change it may be killed: often enough it is still under way then."""
FACT = "# Fact {0}\n\nThe quobbler{0} sleeps in den{0} until the moon rises over it.\n"
QUESTION = "When was the lighthouse on Grey Skerry built from granite?"


class World:
    """One data folder through many kills, and what must be true of it."""

    def __init__(self, corpus: Path, data: Path, seed: int) -> None:
        self.corpus, self.data = corpus, data
        self.random = random.Random(seed)
        self.taken_s: dict[str, float] = {}
        """How long each kind of change took when it was last left alone."""
        self.interrupted = 0
        self.moved = 0
        """How many changes were killed when they had become visible already."""
        self.originals: dict[str, bytes] = {}
        """What the server's moderators were told is stored, and what was found to be."""
        self._facts = 0

    def library(self, server_id: int | None) -> Library:
        libraries = libraries_at(self.corpus, self.data)
        return libraries.shared if server_id is None else libraries.server(server_id)

    def next_change(self) -> Change:
        """Something that changes what is current."""
        steps: list[Callable[[], Change | None]] = [
            self._reload,
            self._add,
            self._add,
            self._replace,
            self._remove,
            lambda: self._rollback(None),
            lambda: self._rollback(SERVER),
        ]
        while (change := self.random.choice(steps)()) is None:
            pass
        return change

    def _reload(self) -> Change:
        extra = sorted(self.corpus.glob("extra-*.md"))
        if len(extra) > 3:
            self.random.choice(extra).unlink()
        write_corpus(self.corpus, {f"extra-{self.random.randrange(6)}.md": self._fact()})
        return Change("reload")

    def _add(self) -> Change:
        return Change("add", SERVER, f"new-{self._facts}.md", self._fact().encode())

    def _replace(self) -> Change | None:
        name = self._any_original()
        return Change("add", SERVER, name, self._fact().encode()) if name else None

    def _remove(self) -> Change | None:
        name = self._any_original()
        return Change("remove", SERVER, f"server/{Path(name).stem}") if name else None

    def _rollback(self, server_id: int | None) -> Change | None:
        can = read_line(self.library(server_id).folder).before_current() is not None
        return Change("rollback", server_id) if can else None

    def _any_original(self) -> str:
        return self.random.choice(sorted(self.originals)) if self.originals else ""

    def _fact(self) -> str:
        self._facts += 1
        return FACT.format(self._facts)

    def suffer(self, change: Change) -> None:
        """Make a change, kill it at a random moment, and check what is left."""
        kind = f"{change.what} {'shared' if change.server_id is None else 'server'}"
        before = read_line(self.library(change.server_id).folder)
        other = SERVER if change.server_id is None else None
        untouched = read_line(self.library(other).folder)
        # a kind's first change is not killed: it tells how long it takes
        after_s = self.random.random() * BEYOND * self.taken_s[kind] if kind in self.taken_s else DONE_WITHIN_S

        taken_s = killed(change, self.corpus, self.data, after_s=after_s)

        if taken_s is not None:
            self.taken_s[kind] = taken_s
        self.interrupted += taken_s is None
        self._check_originals(change, is_done=taken_s is not None)
        self._check_line(change, before.current, before.before_current(), is_done=taken_s is not None)
        assert read_line(self.library(other).folder) == untouched

    def _check_originals(self, change: Change, *, is_done: bool) -> None:
        """Each document is there, whole, as it was or as it was to become."""
        library = self.library(SERVER)
        found = {file.path: (library.corpus / file.path).read_bytes() for file in library.originals.files()}
        wanted = dict(self.originals)
        if change.what == "add":
            wanted[change.name] = change.data
        elif change.what == "remove":
            del wanted[f"{change.name.removeprefix('server/')}.md"]
        assert found == wanted or (found == self.originals and not is_done), change
        self.originals = found

    def _check_line(self, change: Change, old: str | None, one_back: str | None, *, is_done: bool) -> None:
        """What is current is what was, or what was to be, and it opens."""
        library = self.library(change.server_id)
        current = read_line(library.folder).current
        if change.what == "rollback":
            new = one_back
        else:
            library.open()
            new = library.difference().generation
        assert current == new or (current == old and not is_done), change
        assert library.open() is None or old is None, change
        self.moved += not is_done and current == new != old

    async def restart(self) -> None:
        """Start as the bot does, let it take in what is left to be, and ask."""
        service = AnswerService(libraries_at(self.corpus, self.data))
        service.start()
        try:
            answer = await service.ask(QUESTION)
            assert "built from granite in 1862" in answer.quotes[0].text
            await self._settled(service)
            for name, data in self.originals.items():
                if not service.libraries.server(SERVER).status().is_held:
                    document = await service.document(f"server/{Path(name).stem}", SERVER)
                    assert document is not None, name
                    assert document.text == data.decode()
        finally:
            await service.close()

    async def _settled(self, service: AnswerService) -> None:
        """Wait until other threads have taken in what was left."""
        for library in (service.library, service.libraries.server(SERVER)):
            async with asyncio.timeout(30):
                while await asyncio.to_thread(library.may_reload_itself) or library.running():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)


def test_killed_at_any_moment_it_starts_answers_and_has_lost_nothing(tmp_path: Path) -> None:
    world = World(write_corpus(tmp_path / "corpus", CORPUS), tmp_path / "data", SEED)
    world.library(None).reload()

    for _ in range(KILLS):
        world.suffer(world.next_change())
        asyncio.run(world.restart())

    print(f"{KILLS} changes, {world.interrupted} killed in the middle, {world.moved} of these when they showed already")
    assert world.interrupted >= KILLS / 5
    world.library(None).reload(yes=True)
    world.library(SERVER).add("last.md", FACT.format("last").encode())
    assert [path.name for path in world.data.rglob(".*") if not path.name.endswith(".tmp")] == []

"""Whatever moment a process is killed at (SIGKILL), the next one starts, answers, and has lost no document.

Reloads, rollbacks, additions and removals, of the shared library and of a server's own, one after the other in one data
folder. Half of the moments are times; the others are between two changes of the disk, and half of these when another
generation is current already. `CHAOS_KILLS` says how many (`make chaos` makes 200), `CHAOS_FIRST` is the seed.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from pathlib import Path

from bot.service import AnswerService
from index import Library
from index.joining import SERVER_PREFIX
from index.line import EMPTY, Line, read_line
from tests.conftest import CORPUS, write_corpus
from tests.killing import Change, Done, killed, libraries_at

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
        self.done: dict[str, Done] = {}
        """What each kind of change was like when it was last left alone."""
        self.interrupted = 0
        self.moved = 0
        """How many changes were killed when they had become visible already."""
        self.made_of: dict[str | None, dict[str, bytes]] = {None: {}, EMPTY: {}}
        """The files of each generation of the server, by name; only those of the current one are to be there."""
        self._facts = 0

    @property
    def originals(self) -> dict[str, bytes]:
        """The server's files as they are to be."""
        return self.made_of[self.line(SERVER).current]

    def library(self, server_id: int | None) -> Library:
        libraries = libraries_at(self.corpus, self.data)
        return libraries.shared if server_id is None else libraries.server(server_id)

    def line(self, server_id: int | None) -> Line:
        return read_line(self.library(server_id).folder)

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
        return Change("remove", SERVER, f"{SERVER_PREFIX}{Path(name).stem}") if name else None

    def _rollback(self, server_id: int | None) -> Change | None:
        """By one or more, or to what was gone back from."""
        line = self.line(server_id)
        others = [step.generation for step in line.steps if step.generation != line.current]
        return Change("rollback", server_id, self.random.choice(others)) if others else None

    def _any_original(self) -> str:
        return self.random.choice(sorted(self.originals)) if self.originals else ""

    def _fact(self) -> str:
        self._facts += 1
        return FACT.format(self._facts)

    def suffer(self, change: Change) -> None:
        """Make a change, kill it at a random moment, start anew, and check what is left."""
        other = SERVER if change.server_id is None else None
        old, untouched, files = self.line(change.server_id).current, self.line(other), self.originals

        done = self._kill(change)

        is_done = done is not None
        self.interrupted += not is_done
        self._check_line(change, old, is_done=is_done)
        assert self.line(other) == untouched
        held = self.line(None)
        asyncio.run(self.restart())
        if held.is_held:
            assert self.line(None) == held, "a rollback holds"
        self._check_files(change, old, files, is_done=is_done)

    def _kill(self, change: Change) -> Done | None:
        kind = f"{change.what} {'shared' if change.server_id is None else 'server'}"
        known = self.done.get(kind)
        if known is None:  # a kind's first change is not killed: it tells how long it takes
            done = killed(change, self.corpus, self.data)
        elif self.random.random() < 0.5:
            after_s = self.random.random() * BEYOND * known.taken_s
            done = killed(change, self.corpus, self.data, after_s=after_s)
        else:
            first = self.random.choice([0, known.shown_at])
            done = killed(change, self.corpus, self.data, at_step=self.random.randint(first + 1, known.steps))
        if done is not None:
            self.done[kind] = done
        return done

    def _check_line(self, change: Change, old: str | None, *, is_done: bool) -> None:
        """What is current is what was, or what was to be, and it opens."""
        library = self.library(change.server_id)
        current = read_line(library.folder).current
        if change.what == "rollback":
            new: str | None = change.name
        else:
            library.open()
            new = library.difference().generation
        assert current == new or (current == old and not is_done), change
        assert library.open() is None or old is None, change
        self.moved += not is_done and current == new != old

    def _check_files(self, change: Change, old: str | None, files: dict[str, bytes], *, is_done: bool) -> None:
        """The server's files are exactly those that were, or those that were to be, as is what is current."""
        current, found = self.line(SERVER).current, self._found()
        if change.server_id is None:
            assert found == files
            return
        if change.what == "rollback":
            wanted = self.made_of[change.name]
        elif change.what == "add":
            wanted = {**files, change.name: change.data}
        else:
            gone = f"{change.name.removeprefix(SERVER_PREFIX)}.md"
            wanted = {name: data for name, data in files.items() if name != gone}
        assert found == (files if current == old and not is_done else wanted), change
        assert self.made_of.setdefault(current, found) == found

    def _found(self) -> dict[str, bytes]:
        library = self.library(SERVER)
        return {file.path: (library.corpus / file.path).read_bytes() for file in library.originals.files()}

    async def restart(self) -> None:
        """Start as the bot does, let it take in what is left to be, and ask."""
        service = AnswerService(libraries_at(self.corpus, self.data))
        service.start()
        try:
            answer = await service.ask(QUESTION)
            assert "built from granite in 1862" in answer.quotes[0].text
            await self._settled(service)
            own = [entry for entry in await service.documents(SERVER) if entry.id.startswith(SERVER_PREFIX)]
            documents = {entry.path: await service.document(entry.id, SERVER) for entry in own}
            texts = {path: document.text.encode() for path, document in documents.items() if document}
            assert texts == self._found()
        finally:
            await service.close()

    async def _settled(self, service: AnswerService) -> None:
        """Wait until other threads have taken in what was left."""
        for library in (service.library, service.libraries.server(SERVER)):
            async with asyncio.timeout(30):
                while await asyncio.to_thread(library.may_reload_itself) or library.running():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    def go_everywhere(self) -> None:
        """Each generation of the server that can be gone to has its files."""
        library = self.library(SERVER)
        for entry in library.history():
            library.rollback(entry.generation)
            assert self._found() == self.made_of[entry.generation]


def test_killed_at_any_moment_it_starts_answers_and_has_lost_nothing(tmp_path: Path) -> None:
    world = World(write_corpus(tmp_path / "corpus", CORPUS), tmp_path / "data", SEED)
    world.library(None).reload()

    for _ in range(KILLS):
        world.suffer(world.next_change())

    print(f"{KILLS} changes, {world.interrupted} killed in the middle, {world.moved} of these when they showed already")
    assert world.interrupted >= KILLS / 5
    assert world.moved >= KILLS / 20
    world.go_everywhere()
    world.library(None).reload(yes=True)
    world.library(SERVER).add("last.md", FACT.format("last").encode())
    assert [path.name for path in world.data.rglob(".*") if not path.name.endswith(".tmp")] == []

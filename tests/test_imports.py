"""Who may import whom, and that importing does nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import index

ROOT = Path(__file__).resolve().parent.parent
BOT = sorted((ROOT / "bot").rglob("*.py"))
INDEX = sorted((ROOT / "index").rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, str | None]]:
    """The modules that a file imports, each with the name taken from it, where one is."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield from ((node.module or "", alias.name) for alias in node.names)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", INDEX, ids=name_of)
def test_index_knows_nothing_of_discord_or_the_bot(path: Path):
    roots = {module.split(".")[0] for module, _ in imports(path)}

    assert not roots & {"bot", "discord", "typer", "rich"}


@pytest.mark.parametrize("path", BOT, ids=name_of)
def test_the_bot_uses_only_public_names_of_index(path: Path):
    used = [(module, name) for module, name in imports(path) if module.split(".")[0] == "index"]

    assert all(module == "index" and name in index.__all__ for module, name in used), used


def test_every_public_name_of_index_is_there():
    assert [name for name in index.__all__ if not hasattr(index, name)] == []


def test_importing_every_module_loads_no_model_and_needs_no_token():
    modules = [name_of(path)[:-3].replace("/", ".").removesuffix(".__init__") for path in (*INDEX, *BOT)]
    modules.remove("bot.__main__")
    code = f"import importlib, sys; [importlib.import_module(m) for m in {modules}]; print('torch' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "False", "")


def test_the_terminal_starts_without_what_only_some_commands_need():
    slow = ["aiohttp", "babel", "discord", "lxml", "py3langid", "scipy.stats", "sklearn", "torch", "trafilatura"]
    code = f"import sys, bot.cli; print([name for name in {slow} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"

"""The pages say what is: examples print what they show, figures stand in result files, no command is missing."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from bot.cli import app
from bot.client import PERMISSIONS
from bot.settings import NAMES
from tests.wire.test_bot_servers import TRIES

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "corpus" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}

EXAMPLES = [
    (page, command, output)
    for page, text in TEXTS.items()
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]
FIGURES = [
    (page, source, table.strip())
    for page, text in TEXTS.items()
    for source, table in re.findall(r"<!-- from (\S+) -->\n(.*?)<!-- end -->", text, re.DOTALL)
]


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One index for all examples."""
    return tmp_path_factory.mktemp("data")


@pytest.mark.model
@pytest.mark.parametrize(("page", "command", "output"), EXAMPLES, ids=[f"{page}: {line}" for page, line, _ in EXAMPLES])
def test_an_example_prints_what_the_page_shows(page: str, command: str, output: str, data_folder: Path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "DATA_DIR": str(data_folder), "HF_HUB_OFFLINE": "1", "COLUMNS": "100"}

    done = subprocess.run(command, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    shown = output.replace("<BLANKLINE>", "")
    is_same = doctest.OutputChecker().check_output(shown, done.stdout, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert is_same, f"{command} printed:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize(("page", "source", "table"), FIGURES, ids=[f"{page}: {source}" for page, source, _ in FIGURES])
def test_figures_are_those_of_the_result_file(page: str, source: str, table: str):
    assert table
    assert table in (ROOT / source).read_text(encoding="utf-8")


def test_there_are_examples_and_figures_to_check():
    assert len(EXAMPLES) >= 2
    assert len(FIGURES) >= 4


def test_every_command_is_in_the_readme():
    group = typer.main.get_group(app)
    commands = []
    for name, command in group.commands.items():
        names = getattr(command, "commands", None)  # of a group
        commands += [f"dissent-bot {name} {inner}" for inner in names] if names else [f"dissent-bot {name}"]

    assert [command for command in commands if command not in TEXTS["README.md"]] == []


def test_every_command_of_discord_is_in_the_readme():
    table = "".join(re.findall(r"^\| .*`/.*$", TEXTS["README.md"], re.MULTILINE))

    for path in TRIES:
        command, *rest = path.split()
        assert f"`/{command}" in table, path
        assert all(f"{name}`" in table for name in rest), path


def test_every_setting_is_in_the_example_file():
    text = (ROOT / ".env.example").read_text(encoding="utf-8")

    assert re.findall(r"^([A-Z_]+)=", text, re.MULTILINE) == list(NAMES)


def test_the_invitation_asks_for_the_permissions_that_the_bot_needs():
    assert re.findall(r"permissions=(\d+)", TEXTS["README.md"]) == [str(PERMISSIONS.value)]


@pytest.mark.parametrize("page", TEXTS)
def test_links_between_pages_lead_somewhere(page: str):
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", TEXTS[page], flags=re.M | re.S)

    targets = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text)

    assert [target for target in targets if not (ROOT / page).parent.joinpath(target).exists()] == []

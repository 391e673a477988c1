"""Put the tables of the result files into the pages that quote them.

    python -m benchmarks.pages

A page says where a table goes by a pair of comments: `from`, with the result file's path, and `end`. Of a file with
several tables it is the one before the first section.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", ROOT / "docs" / "decisions.md")
BLOCK = re.compile(r"(<!-- from (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(BLOCK.sub(_filled, text), encoding="utf-8")


def _filled(match: re.Match[str]) -> str:
    lines = (ROOT / match[2]).read_text(encoding="utf-8").split("\n## ")[0].splitlines()
    table = "\n".join(line for line in lines if line.startswith("|"))
    return f"{match[1]}\n{table}\n\n{match[3]}"


if __name__ == "__main__":
    main()

"""Compare libraries that find sentence boundaries, on sentences like ours.

    python -m benchmarks.sentences

The peers are installed into a folder of their own, which is removed at the end. A case counts as right when every
boundary in it is right; speed is in kilobytes a second on the same text, repeated.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import nupunkt

from benchmarks.results import write_results

PEERS = ("pysbd==0.3.4", "blingfire==0.1.8", "sentencex==1.0.32")
CASES: tuple[tuple[str, ...], ...] = (
    ("U.S. officials met Mr. Blinken on Oct. 7.", "They spoke."),
    ("The rules are in 2 FAM 071.1 and 2 FAM 070.", "S/P runs it."),
    ("Secretary William P. Rogers signed it.", "He was from New York."),
    ("It was sent to the U.S. Senate on Jan. 30.", "No. 34 is a bulletin."),
    ("See vol. XI, doc. 20, p. 25.", "The rest is lost."),
    ("Gen. Haig, Sen. Kennedy and Rep. Pike met at 3 p.m. on Tuesday.", "Nothing came of it."),
    ("Did it work?", "No!", "Officials disagree."),
    ('He asked, "Who will apologize?"', "Nobody answered."),
    ("About $4.5 billion was cut.", "The U.N. objected."),
    ("E. Wayne Merry wrote it.", "U. Alexis Johnson met them."),
    ("The memo (see Fig. 2) was short.", "It said so."),
    ("The agency (i.e. USAID) signed, e.g. in 2025.", "Staff left."),
    ("He served in the U.S. Foreign Service for 20 years.", "She did not."),
    ("Washington, D.C., is the capital.", "The department is at Foggy Bottom, D.C.", "It is large."),
    ("Ph.D. holders signed.", "So did J.D. holders."),
    ("The cable was dated 22 Oct. 1975 (GMT).", "Kissinger et al. replied."),
    ("Version 2.0 was released.", "Then 3.1 came."),
    ("Ask info@state.gov or see www.state.gov.", "Do it now."),
    ("The U.S. Department of State (D.O.S.) is old.", "It began in 1789."),
    ("In Jan. 1969 Rogers took office.", "In Sept. he repeated it."),
    ("The vote was 8-5.", "21 Oct. was the date."),
    ('"I was wrong."', '"So was I."'),
    ('He said "stop." and left.', "Then peace."),
    ("Approx. 1,000 signed.", "Lt. Col. Smith did not."),
    ("Sec. 105(b)(2)(A) of the Act applies.", "Art. II does not."),
)

Splitter = Callable[[str], list[str]]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, *PEERS]
        subprocess.run(command, check=True)
        sys.path.insert(0, folder)
        rows = [["library", f"right, of {len(CASES)}", "kB/s", "gives offsets"]]
        for name, offsets, splitter in _splitters():
            right = sum(splitter(" ".join(case)) == list(case) for case in CASES)
            rows.append([name, str(right), f"{1000 * _speed(splitter):,.0f}", offsets])
    write_results("sentences", "Sentence boundaries", "python -m benchmarks.sentences", rows)


def _splitters() -> list[tuple[str, str, Splitter]]:
    pysbd: Any = importlib.import_module("pysbd")
    blingfire: Any = importlib.import_module("blingfire")
    sentencex: Any = importlib.import_module("sentencex")
    segmenter = pysbd.Segmenter(language="en", clean=False)
    return [
        (f"nupunkt {nupunkt.__version__}", "yes", lambda text: _stripped(nupunkt.sent_tokenize(text))),
        (PEERS[0].replace("==", " "), "yes", lambda text: _stripped(segmenter.segment(text))),
        (PEERS[1].replace("==", " "), "yes", lambda text: _stripped(blingfire.text_to_sentences(text).split("\n"))),
        (PEERS[2].replace("==", " "), "no", lambda text: _stripped(sentencex.segment("en", text))),
    ]


def _stripped(sentences: list[str]) -> list[str]:
    return [sentence.strip() for sentence in sentences if sentence.strip()]


def _speed(splitter: Splitter) -> float:
    text = "\n\n".join(" ".join(case) for case in CASES) * 10
    started = time.perf_counter()
    splitter(text)
    return len(text) / 1e6 / (time.perf_counter() - started)


if __name__ == "__main__":
    main()

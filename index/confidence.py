"""How sure we are that the quotes hold the answer: a calibrated probability, and the verdict that follows.

A logistic regression (Platt 1999) over a few signs of the search, trained on questions whose answer is in the corpus
and on questions from elsewhere (Kamath et al. 2020, "Selective Question Answering under Domain Shift"). The shipped
numbers are in `confidence.json` beside this module, with the name of the reader that the number of its sign was
learned for, if any; `benchmarks/calibrate.py` makes them. A corpus with golden questions gets numbers of its own from
them: see `index.calibration`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from index.values import Signs, Verdict

Strictness = Literal["low", "normal", "high"]

STRICTNESS_ODDS = 1.5
"""A high strictness asks for odds so many times as high as the normal one, a low one for as many times lower ones."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The numbers from signs to a probability, and from that to a verdict."""

    intercept: float
    best_score: float
    standout: float
    sentence_cosine: float
    answer: float
    """What a reader says is added to what was learned without one: from a certain yes to a certain no it moves the log
    odds by this number up or down. The number that comes with this project, 1, was not learned, as no reader comes with
    it; it is cautious, for a reader errs, too: it multiplies or divides the odds by at most e, which decides near the
    limits and nowhere else. `benchmarks/calibrate.py --reader` learns it for one model."""
    answered_from: float
    not_covered_below: float
    golden_questions: int = 0
    """How many golden questions of the corpus it was fitted to; 0 for the shipped numbers."""

    def probability(self, signs: Signs) -> float:
        """The probability that the first three quotes hold the answer."""
        logit = self.logit(signs)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

    def logit(self, signs: Signs) -> float:
        """The logarithm of the odds of the same."""
        known = {sign.name: value for sign in fields(signs) if (value := getattr(signs, sign.name)) is not None}
        return float(self.intercept + sum(getattr(self, name) * value for name, value in known.items()))

    def limits(self, strictness: Strictness = "normal") -> tuple[float, float]:
        """The probability from which on a question is answered, and that below which it is not covered.

        Three decimals, as probabilities are told.
        """
        times = {"low": 1 / STRICTNESS_ODDS, "normal": 1.0, "high": STRICTNESS_ODDS}[strictness]

        def moved(probability: float) -> float:
            return round(times * probability / (times * probability + 1 - probability), 3)

        return moved(self.answered_from), moved(self.not_covered_below)

    def verdict(self, probability: float, strictness: Strictness = "normal") -> Verdict:
        """What to tell people: two limits, and the band between them is uncertain."""
        answered_from, not_covered_below = self.limits(strictness)
        if round(probability, 3) >= answered_from:
            return Verdict.ANSWERED
        if round(probability, 3) < not_covered_below:
            return Verdict.NOT_COVERED
        return Verdict.UNCERTAIN

    def as_dict(self) -> dict[str, float]:
        """As plain JSON values, from which `from_dict` makes the same again."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Calibration:
        """Read what `as_dict` gave.

        Raises:
            TypeError: A number is missing, or there is one too many.
        """
        return cls(**content)


@cache
def shipped_calibration() -> Calibration:
    """The numbers that hold for any corpus."""
    content = json.loads((files("index") / "confidence.json").read_text(encoding="utf-8"))
    return Calibration.from_dict(content["model"])

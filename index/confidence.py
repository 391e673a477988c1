"""How sure we are that the quotes hold the answer: a calibrated probability, and the verdict that follows.

A logistic regression (Platt 1999) over a few signs of the search, trained on questions whose answer is in the corpus
and on questions from elsewhere (Kamath et al. 2020, "Selective Question Answering under Domain Shift"). The numbers
are in `confidence.json` beside this module, with the name of the reader that the number of its sign was learned for, if
any; `benchmarks/calibrate.py` makes them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Literal

from index.values import Signs, Verdict

Strictness = Literal["low", "normal", "high"]


def confidence(signs: Signs) -> float:
    """The probability that the first three quotes hold the answer.

    What a reader says is added to what was learned without one: from a certain yes to a certain no it moves the log
    odds by its number up or down. The number that comes with this project, 1, was not learned, as no reader comes with
    it; it is cautious, for a reader errs, too: it multiplies or divides the odds by at most e, which decides near the
    limits and nowhere else. `benchmarks/calibrate.py --reader` learns it for one model.
    """
    model = _model()
    known = {name: value for name, value in asdict(signs).items() if value is not None}
    logit = model["intercept"] + sum(model[name] * value for name, value in known.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def limits(strictness: Strictness = "normal") -> tuple[float, float]:
    """The probability from which on a question is answered, and that below which it is not covered."""
    model = _model()
    shift = {"low": -model["strictness_step"], "normal": 0.0, "high": model["strictness_step"]}[strictness]
    return model["answered_from"] + shift, model["not_covered_below"] + shift


def verdict(probability: float, strictness: Strictness = "normal") -> Verdict:
    """What to tell people: two limits, and the band between them is uncertain."""
    answered_from, not_covered_below = limits(strictness)
    if round(probability, 3) >= answered_from:
        return Verdict.ANSWERED
    if round(probability, 3) < not_covered_below:
        return Verdict.NOT_COVERED
    return Verdict.UNCERTAIN


@cache
def _model() -> Mapping[str, float]:
    content: dict[str, float] = json.loads((files("index") / "confidence.json").read_text(encoding="utf-8"))["model"]
    return content

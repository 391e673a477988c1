"""What holds whatever the model's numbers are; how well it is calibrated, the benchmarks measure."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.confidence import Calibration, Strictness, shipped_calibration
from index.values import Signs, Verdict

shares = st.floats(0, 1)
read = st.none() | st.floats(-1, 1)
all_signs = st.builds(Signs, **{field.name: shares for field in fields(Signs)} | {"answer": read})
STRICTNESS: tuple[Strictness, ...] = ("low", "normal", "high")
CALIBRATION = shipped_calibration()
ORDER = (Verdict.NOT_COVERED, Verdict.UNCERTAIN, Verdict.ANSWERED)


@given(all_signs)
def test_confidence_is_a_probability_and_the_same_each_time(signs: Signs) -> None:
    probability = CALIBRATION.probability(signs)

    assert 0 <= probability <= 1
    assert CALIBRATION.probability(signs) == probability


@given(all_signs, st.sampled_from([field.name for field in fields(Signs)]), shares)
def test_a_stronger_sign_never_makes_less_sure(signs: Signs, name: str, share: float) -> None:
    weaker, stronger = sorted((getattr(signs, name) or 0.0, share))

    one, other = (replace(signs, **{name: value}) for value in (weaker, stronger))
    assert CALIBRATION.probability(one) <= CALIBRATION.probability(other)


def test_the_strongest_signs_answer_and_the_weakest_do_not() -> None:
    strongest = Signs(**{field.name: 1.0 for field in fields(Signs)})
    weakest = Signs(**{field.name: 0.0 for field in fields(Signs)} | {"answer": -1.0})

    assert CALIBRATION.verdict(CALIBRATION.probability(strongest)) is Verdict.ANSWERED
    assert CALIBRATION.verdict(CALIBRATION.probability(weakest)) is Verdict.NOT_COVERED


@given(shares, shares, st.sampled_from(STRICTNESS))
def test_a_higher_probability_never_gets_a_lower_verdict(one: float, other: float, strictness: Strictness) -> None:
    lower, higher = sorted((one, other))

    ranks = [ORDER.index(CALIBRATION.verdict(probability, strictness)) for probability in (lower, higher)]

    assert ranks == sorted(ranks)


@given(shares)
def test_a_stricter_setting_never_gives_a_higher_verdict(probability: float) -> None:
    ranks = [ORDER.index(CALIBRATION.verdict(probability, strictness)) for strictness in STRICTNESS]

    assert ranks == sorted(ranks, reverse=True)


@pytest.mark.parametrize("strictness", STRICTNESS)
def test_every_verdict_can_be_reached(strictness: Strictness) -> None:
    verdicts = {CALIBRATION.verdict(thousandth / 1000, strictness) for thousandth in range(1001)}

    assert verdicts == set(Verdict)


def test_a_calibration_survives_being_stored() -> None:
    assert Calibration.from_dict(json.loads(json.dumps(CALIBRATION.as_dict()))) == CALIBRATION


def test_strictness_moves_the_odds_of_both_limits_by_a_half() -> None:
    calibration = replace(CALIBRATION, answered_from=0.5, not_covered_below=0.1)

    limits = [calibration.limits(strictness) for strictness in STRICTNESS]

    assert limits == [(0.4, 0.069), (0.5, 0.1), (0.6, 0.143)]


def test_strictness_has_a_say_in_answers_where_nothing_is_refused() -> None:
    calibration = replace(CALIBRATION, answered_from=0.5, not_covered_below=0.0)

    assert [calibration.limits(strictness) for strictness in STRICTNESS] == [(0.4, 0.0), (0.5, 0.0), (0.6, 0.0)]

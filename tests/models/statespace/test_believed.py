"""How far an event is believed."""

from __future__ import annotations

import numpy as np
import pytest

from swope.models.statespace.believed import visit_gains
from swope.pipeline.lightcurve import FloatArray, IntArray

ROWS = 400


def believed_ratio(residual: FloatArray, effect: FloatArray, first: int, last: int, visit: IntArray) -> float:
    return float(visit_gains(residual, effect, first, last, visit).sum())


def test_in_gaussian_noise_of_one_row_a_visit_they_are_those_of_least_squares() -> None:
    z = np.random.default_rng(1).normal(size=ROWS)
    weight = np.zeros(ROWS)
    weight[100:106] = [1.0, 2.0, 3.0, 3.0, 2.0, 1.0]
    z += weight
    ratio = believed_ratio(z, weight, 100, 105, np.arange(ROWS))
    assert ratio == pytest.approx(float(z @ z - (z - weight) @ (z - weight)), rel=0.15)


def test_rotten_nights_here_and_there_make_two_in_a_row_worth_little() -> None:
    rng = np.random.default_rng(2)
    calm = rng.normal(size=ROWS)
    rotten = np.where(np.arange(ROWS) % 20 == 7, 9.0 * rng.choice([-1.0, 1.0], ROWS), calm)
    ratio = {}
    for name, z in (("calm", calm.copy()), ("rotten", rotten.copy())):
        z[200:202] = 8.0
        weight = np.where((np.arange(ROWS) >= 200) & (np.arange(ROWS) < 202), 8.0, 0.0)
        ratio[name] = believed_ratio(z, weight, 200, 201, np.arange(ROWS))
    assert ratio["calm"] > 80
    assert ratio["rotten"] < 25


def test_exposures_of_one_visit_count_once_where_whole_nights_are_off() -> None:
    rng = np.random.default_rng(3)
    visit = np.repeat(np.arange(100), 4)
    z = rng.normal(size=ROWS) + 3.0 * np.repeat(rng.standard_t(4, size=100), 4)
    rows = slice(4 * 50, 4 * 51)
    z[rows] = 8.0
    weight = np.zeros(ROWS)
    weight[rows] = 8.0
    assert believed_ratio(z, weight, 200, 203, visit) < 0.1 * float(np.sum(weight[rows] ** 2))


def test_a_greater_event_elsewhere_makes_no_tail() -> None:
    z = np.random.default_rng(4).normal(size=ROWS)
    weight = np.zeros(ROWS)
    weight[100:104] = 7.5
    z[100:104] += 7.5
    alone = believed_ratio(z, weight, 100, 103, np.arange(ROWS))
    z[300:330] -= 100.0
    assert believed_ratio(z, weight, 100, 103, np.arange(ROWS)) > 0.8 * alone


def test_visits_that_agree_tell_more_than_as_many_that_are_off_by_anything() -> None:
    calm = np.random.default_rng(6).standard_t(3, size=ROWS)
    gains = {}
    for name, there in (("agree", [6.0, 6.0, 6.0, 6.0]), ("differ", [14.0, 1.0, 8.0, 1.0])):
        z = calm.copy()
        z[100:104] = there
        effect = np.where((np.arange(ROWS) >= 100) & (np.arange(ROWS) < 104), 6.0, 0.0)
        gains[name] = believed_ratio(z, effect, 100, 103, np.arange(ROWS))
    assert gains["agree"] > 2.0 * gains["differ"]


def test_each_visit_of_the_event_has_its_gain() -> None:
    z = np.random.default_rng(7).normal(size=ROWS)
    effect = np.zeros(ROWS)
    effect[200:212] = 2.0
    z[200:204] += 2.0
    each = visit_gains(z, effect, 200, 211, np.repeat(np.arange(100), 4))
    assert len(each) == 3
    assert each[0] > each[1:].max()

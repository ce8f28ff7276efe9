"""How far an event is believed."""

from __future__ import annotations

import numpy as np
import pytest

from swope.models.statespace.believed import believed_ratio

ROWS = 400


def test_in_gaussian_noise_of_one_row_a_visit_it_is_the_matched_filters() -> None:
    z = np.random.default_rng(1).normal(size=ROWS)
    weight = np.zeros(ROWS)
    weight[100:106] = [1.0, 2.0, 3.0, 3.0, 2.0, 1.0]
    z += weight
    ratio = believed_ratio(z, weight, 100, 105, np.arange(ROWS))
    assert ratio == pytest.approx(float(weight @ z) ** 2 / float(weight @ weight), rel=0.15)


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

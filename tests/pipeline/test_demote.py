from __future__ import annotations

import numpy as np
import pytest

from swope.pipeline.demote import (
    FLAGS,
    LEAST_POINTS,
    NOT_BEFORE,
    blended,
    bulk_power,
    confirmed,
    demoted,
    doubtful_period,
    few_points,
    first_flag,
    least_of,
    placed,
    wanders,
    with_all_events,
)
from swope.pipeline.rank import false_discovery_rate

NAN = np.nan


def test_few_points():
    assert few_points(np.array([1.0, LEAST_POINTS - 1, LEAST_POINTS, NAN])).tolist() == [True, True, False, False]


def test_the_period_of_a_strictly_periodic_star_may_be_wrong_and_others_need_none():
    kind = ["EA", "EW", "EB", "RRAB", "ACV", "RCB", "M", "SRB", "RV", None, "EA", "no type"]
    fap = np.array([1e-9, 0.5, NAN, 0.9, 1.0, 0.9, NAN, 0.9, 0.9, NAN, 1e-9, 1.0])
    flag = [None, None, "few_cycles", None, "alias", None, "few_cycles", None, None, None, "alias", "alias"]
    expected = [False, True, True, True, True, False, False, False, False, False, True, False]
    assert doubtful_period(kind, fap, flag).tolist() == expected


def sky(*stars):
    """Right ascension, declination (arc seconds from a place), period, false-alarm probability and brightness."""
    east, north, period, fap, bright = np.array(stars, dtype=float).T
    dec = -60.0 + north / 3600.0
    return 359.999 + east / 3600.0 / np.cos(np.radians(dec)), dec, period, fap, bright


@pytest.mark.parametrize("ratio", [1.0, 2.0, 0.5, 1.0003])
def test_the_fainter_of_two_neighbours_with_one_period_is_a_blend(ratio):
    one, other = (0, 0, 0.6173, 1e-20, -11.0), (40, 20, 0.6173 * ratio, 1e-20, -13.0)
    assert blended(*sky(one, other)).tolist() == [False, True]
    assert blended(*sky(other, one)).tolist() == [True, False]


@pytest.mark.parametrize(
    "other",
    [
        (40, 20, 0.6273, 1e-20, -13.0),
        (40, 20, 0.6173 * 1.5, 1e-20, -13.0),
        (40, 20, 0.6173 * 4.0, 1e-20, -13.0),
        (400, 20, 0.6173, 1e-20, -13.0),
        (1, 1, 0.6173, 1e-20, -13.0),
        (40, 20, 0.6173, 0.5, -13.0),
        (40, 20, 0.6173, NAN, -13.0),
        (40, 20, NAN, NAN, -13.0),
        (40, 20, 0.6173, 1e-20, NAN),
        (40, 20, 0.6173, 1e-20, -11.0),
    ],
)
def test_other_neighbours_are_none(other):
    assert not blended(*sky((0, 0, 0.6173, 1e-20, -11.0), other)).any()


def test_blends_without_places_or_stars():
    nothing = np.full(3, NAN)
    assert not blended(nothing, nothing, np.ones(3), np.zeros(3), np.arange(3.0)).any()
    assert blended(*np.empty((5, 0))).size == 0


def test_all_events_of_a_star():
    star = np.array([0, 0, 1, 1, 3, -1])
    marked = np.array([True, True, True, False, True, True])
    assert with_all_events(star, marked, 5).tolist() == [True, False, False, True, False]
    assert with_all_events(star[:0], marked[:0], 2).tolist() == [False, False]


def test_the_first_flag_that_holds_is_said():
    holds = {name: np.zeros(3, dtype=bool) for name in FLAGS}
    holds["blend"][[0, 1]] = True
    holds["few_points"][1] = True
    assert first_flag(holds) == ["blend", "few_points", None]


def test_a_flag_keeps_a_star_from_the_first_places_and_no_further():
    pvalue = np.array([1e-6, 1e-6, 0.3, NAN, 0.9])
    found = demoted(pvalue, [None, "blend", "blend", "blend", None])
    np.testing.assert_array_equal(found, [1e-6, NOT_BEFORE, 0.3, NAN, 0.9])


def test_a_star_stands_where_it_would_without_lone_points():
    pvalue, own = np.array([0.01, 0.01, 0.01, 0.5, NAN]), np.array([0.02, 0.02, 0.02, 0.2, NAN])
    without = np.array([0.2, 0.01, NAN, 0.9, 0.5])
    np.testing.assert_allclose(confirmed(pvalue, own, without), [0.1, 0.01, 0.01, 1.0, NAN])


def test_a_star_that_walks_has_no_period_to_be_wrong():
    tau = np.array([100.0, 100.0, 10.0, 100.0, NAN])
    sigma, amplitude = np.array([0.3, 0.1, 0.3, 0.3, NAN]), np.array([1.0, 1.0, 1.0, 0.0, 1.0])
    assert wanders(tau, sigma, amplitude, np.full(5, 5.0)).tolist() == [True, False, False, True, False]


def test_the_power_of_the_bulk_does_not_ask_how_many_are_strange():
    rng = np.random.default_rng(4)
    for power in (0.7, 1.0, 1.4):
        pvalue = np.concatenate([rng.uniform(size=20_000) ** (1.0 / power), 10.0 ** -rng.uniform(2, 9, 3000), [NAN]])
        assert bulk_power(pvalue) == pytest.approx(power, abs=0.1)
    assert bulk_power(rng.uniform(size=80)) == 1.0
    assert bulk_power(np.full(500, 0.06)) == 1.0


def test_the_share_of_ordinary_stars_in_a_list_is_right_where_their_p_values_are_not_uniform():
    rng = np.random.default_rng(8)
    for power in (0.9, 1.3):
        wrong = listed = 0
        for _ in range(20):
            ordinary = rng.uniform(size=4000) ** (1.0 / power)
            pvalue = np.concatenate([ordinary, 10.0 ** -rng.uniform(1.5, 4, 120)])
            inside = false_discovery_rate(placed(pvalue, [None] * len(pvalue))) <= 0.4
            wrong += inside[:4000].sum()
            listed += inside.sum()
        assert wrong / listed == pytest.approx(0.4, rel=0.25)


def test_the_least_p_value_of_each_star():
    star = np.array([2, 0, 2, -1, 1], dtype=np.int64)
    found = least_of(star, np.array([0.1, 0.5, 0.01, 1e-9, NAN]), 4)
    np.testing.assert_array_equal(found, [0.5, NAN, 0.01, NAN])


def test_the_share_of_ordinary_stars_in_a_list_takes_the_flags_into_account():
    """Of ordinary stars with small p-values two thirds have a flag; 40 strange ones have none."""
    rng = np.random.default_rng(6)
    wrong = listed = 0
    for _ in range(20):
        pvalue = np.concatenate([rng.uniform(1e-9, 1.0, 4000), 10.0 ** -rng.uniform(3, 8, 40)])
        flagged = np.concatenate([rng.uniform(size=4000) < 2 / 3, np.zeros(40, dtype=bool)])
        flag = ["lone_points" if one else None for one in flagged]
        inside = false_discovery_rate(placed(pvalue, flag)) <= 0.2
        wrong += inside[:4000].sum()
        listed += inside.sum()
        assert (demoted(pvalue, flag)[inside] < NOT_BEFORE).all()
    assert wrong / listed == pytest.approx(0.2, rel=0.2)


def test_few_stars_do_not_say_how_many_keep_their_places():
    pvalue = np.array([0.001, 0.02, 0.03, 0.2, NAN])
    flag = [None, "blend", "blend", None, None]
    np.testing.assert_array_equal(placed(pvalue, flag), demoted(pvalue, flag))

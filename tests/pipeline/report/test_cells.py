from __future__ import annotations

import numpy as np

from swope.pipeline.period.result import PeriodResult
from swope.pipeline.report.card import card
from swope.pipeline.report.cells import COLUMNS, by_main_motion, over_time, picture_of
from swope.pipeline.report.detail import StarDetail
from swope.pipeline.report.figures import cells_figure
from tests.pipeline.catalog.rows import DETECTORS
from tests.pipeline.report.made import make_curve, make_forecast


def test_units_that_move_alike_become_neighbours() -> None:
    rng = np.random.default_rng(0)
    motion = np.sin(np.arange(300) / 20.0)
    sign = rng.permutation([1.0] * 5 + [-1.0] * 3 + [0.0])
    states = 7.0 + motion[:, None] * sign * rng.uniform(0.1, 5.0, 9) + 1e-3 * rng.standard_normal((300, 9)) * sign
    shown = by_main_motion(states)
    found = np.sign((shown * motion[:, None]).sum(axis=0))
    assert found.tolist() == [1.0] * 5 + [0.0] + [-1.0] * 3 or found.tolist() == [-1.0] * 3 + [0.0] + [1.0] * 5
    np.testing.assert_allclose(shown.std(axis=0)[found != 0], 1.0)


def test_states_are_held_until_the_next_row_but_not_over_a_gap() -> None:
    time = np.array([0.0, 1.0, 2.0, 3.0, 3.1, 39.0, 40.0])
    shown = over_time(time, np.arange(7.0)[:, None], 80)[:, 0]
    np.testing.assert_array_equal(shown[[0, 1, 2, 3, 79]], [0, 0, 1, 1, 6])
    # rows 3 and 4 share a column
    assert shown[6] == 3.5
    assert np.isnan(shown[7:77]).all()
    assert np.isfinite(shown[78:]).all()


def test_one_row_or_rows_at_one_time_can_be_shown() -> None:
    for time in (np.array([5.0]), np.full(3, 5.0)):
        assert np.isfinite(over_time(time, np.ones((len(time), 2)), 4)).all()


def test_a_picture_begins_and_ends_with_the_rows() -> None:
    time = np.array([3.0, 4.0, 5.5, 7.0])
    states = np.column_stack([np.arange(4.0), -np.arange(4.0)])
    shown = picture_of(time, states)
    assert (shown.start, shown.end) == (3.0, 7.0)
    assert shown.states.shape == (COLUMNS, 2)
    np.testing.assert_allclose(shown.states[[0, -1]], by_main_motion(states)[[0, -1]])


def star_of_the_report(units: int = 0) -> StarDetail:
    """A star, and so many units' states."""
    curve = make_curve("a")
    row = {"object_id": "a", "anomaly_rank": 1, "status": "ok"}
    time = curve.good.time
    cells = picture_of(time, np.random.default_rng(1).standard_normal((len(time), units))) if units else None
    return StarDetail(curve, PeriodResult(period=0.7, t0=2455000.5), [make_forecast(curve)], [], row, cells=cells)


def test_the_states_share_the_time_axis_of_the_light_curve() -> None:
    star = star_of_the_report(6)
    figure = cells_figure(star)
    assert figure is not None
    above, states, _ = figure.axes
    assert above.get_xlim() == states.get_xlim()
    left, right, *_ = states.images[0].get_extent()
    good = star.curve.good.time - 2450000
    assert (left, right) == (good.min(), good.max())
    assert states.get_ylabel() == "6 units"
    assert cells_figure(star_of_the_report()) is None


def test_the_card_shows_the_states_of_a_star_that_has_them() -> None:
    assert "neural forecaster keeps in mind" in str(card(star_of_the_report(6), DETECTORS, 1, 10))
    assert "neural forecaster keeps in mind" not in str(card(star_of_the_report(), DETECTORS, 1, 10))

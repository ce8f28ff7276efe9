"""Even grids: nothing is invented, everything is counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.resample import MAX_STEPS, resample


@given(
    st.lists(st.tuples(st.floats(0, 1000), st.floats(-5, 5)), min_size=1, max_size=60),
    st.floats(0.05, 50.0),
)
def test_nothing_is_invented_and_nothing_is_lost(points: list[tuple[float, float]], step: float) -> None:
    time, value = (np.array(column) for column in zip(*points, strict=True))
    grid = resample(LightCurve.of("any", time, value), step)
    assert grid.coverage.sum() == len(time)
    assert (np.isfinite(grid.value) == grid.observed).all()
    assert (grid.observed == (grid.coverage > 0)).all()
    assert np.nansum(grid.value * grid.coverage) == pytest.approx(value.sum(), abs=1e-6)
    assert np.nanmin(grid.value) >= value.min() - 1e-9
    assert np.nanmax(grid.value) <= value.max() + 1e-9


def test_a_long_gap_stays_a_gap() -> None:
    time = np.concatenate([np.arange(10.0), np.arange(100.0, 110.0)])
    grid = resample(LightCurve.of("gap", time, np.ones(20), np.full(20, 0.1)))
    assert grid.step == 1.0
    assert not grid.observed[10:100].any()
    assert np.isnan(grid.value[10:100]).all()
    assert np.isnan(grid.sigma[10:100]).all()


def test_an_even_cadence_is_kept_as_it_is() -> None:
    time = 2_458_000.0 + np.arange(50) * 0.5
    value = np.arange(50.0)
    grid = resample(LightCurve.of("even", time, value, np.full(50, 0.1)))
    assert grid.time == pytest.approx(time)
    assert grid.value == pytest.approx(value)
    assert (grid.coverage == 1).all()
    assert grid.sigma == pytest.approx(0.1)


def test_weights_and_sigma_are_those_of_the_errors() -> None:
    grid = resample(LightCurve.of("pair", [0.0, 0.1, 5.0], [1.0, 2.0, 3.0], [0.1, 0.2, 0.1]), step=1.0)
    assert grid.value[0] == pytest.approx((1.0 / 0.01 + 2.0 / 0.04) / (1 / 0.01 + 1 / 0.04))
    assert grid.sigma[0] == pytest.approx((1 / 0.01 + 1 / 0.04) ** -0.5)


def test_the_band_with_most_rows_is_taken_or_the_one_asked_for() -> None:
    curve = LightCurve.of("two", np.arange(5.0), np.arange(5.0), None, ["r", "g", "r", "g", "r"])
    assert resample(curve).band == "r"
    assert resample(curve, band="g").coverage.sum() == 2
    with pytest.raises(KeyError, match="no band 'z'"):
        resample(curve, band="z")


@pytest.mark.parametrize("step", [0.0, -1.0, np.nan])
def test_a_bad_step_is_told(step: float) -> None:
    with pytest.raises(ValueError, match="positive number of days"):
        resample(LightCurve.of("a", [0.0, 1.0], [0.0, 1.0]), step)


def test_memory_is_bounded() -> None:
    grid = resample(LightCurve.of("long", [0.0, 1e-6, 1e6], [0.0, 1.0, 2.0]))
    assert len(grid.time) <= MAX_STEPS


def test_no_rows_make_an_empty_grid() -> None:
    assert len(resample(LightCurve.of("none", [], [])).time) == 0

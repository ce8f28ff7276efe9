"""The grid follows from the data and the user's limits."""

import numpy as np
import pytest

from swope.pipeline.period import PeriodOptions
from swope.pipeline.period.grid import SHORTEST, cadence_of, grid_for


def test_blind_limits_on_the_ground() -> None:
    time = np.sort(np.random.default_rng(0).uniform(0, 1000, 300))
    grid = grid_for(time, PeriodOptions())
    span = time[-1] - time[0]
    assert 1 / grid.highest == pytest.approx(SHORTEST, rel=1e-3)
    assert 1 / grid.lowest == pytest.approx(span, rel=1e-9)
    assert grid.step == pytest.approx(0.2 / span)
    assert len(grid.frequency) == grid.size
    assert grid.frequency[-1] == pytest.approx(grid.highest)


def test_nyquist_in_space() -> None:
    time = np.arange(4000) * 0.0204
    grid = grid_for(time, PeriodOptions())
    assert 1 / grid.highest == pytest.approx(2 * 0.0204, rel=1e-2)
    assert cadence_of(time) == (pytest.approx(0.0204), True)


def test_user_limits_and_refusals() -> None:
    time = np.linspace(0, 100, 200)
    grid = grid_for(time, PeriodOptions(min_period=2.0, max_period=5.0))
    assert 0.2 <= grid.lowest <= grid.highest <= 0.5
    # a period longer than the span cannot be seen
    assert 1 / grid_for(time, PeriodOptions(max_period=1000.0)).lowest <= 100.0 + 1e-9
    with pytest.raises(ValueError, match="span of 100 d"):
        grid_for(time, PeriodOptions(min_period=150.0))
    with pytest.raises(ValueError, match="one time"):
        grid_for(np.zeros(20), PeriodOptions())


def test_memory_is_bounded() -> None:
    grid = grid_for(np.sort(np.random.default_rng(1).uniform(0, 40000, 300)), PeriodOptions(max_frequencies=1000))
    assert grid.size == 1000


@pytest.mark.parametrize(
    "wrong", [{"min_period": -1.0}, {"max_period": float("nan")}, {"min_period": 2.0, "max_period": 1.0}]
)
def test_bad_options_are_told(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="period"):
        PeriodOptions(**wrong)

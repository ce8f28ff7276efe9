"""What a series works out once belongs to it alone."""

from __future__ import annotations

import numpy as np
import pytest

from swope.models.statespace import Level, Regressors, Series


def test_each_series_has_the_columns_of_its_own_regressors() -> None:
    time = np.arange(5.0)
    series = Series.of(time, time)
    series.columns(Level())
    first, second = series.with_regressors(time[:, None]), series.with_regressors(-time[:, None])
    for one, other in ((first, second), (second, first)):
        assert one.columns(Regressors()) == pytest.approx(one.regressors)
        assert other.columns(Regressors()) == pytest.approx(other.regressors)
    assert first.rows((Level(), Regressors()))[:, 1] == pytest.approx(time)
    assert second.rows((Level(), Regressors()))[:, 1] == pytest.approx(-time)
    assert series.columns(Regressors()).shape == (5, 0)
    assert first.distrusting(np.full(5, 2.0)).columns(Regressors()) == pytest.approx(time[:, None])


def test_another_noise_keeps_what_was_worked_out() -> None:
    series = Series.of(np.arange(5.0), np.arange(5.0))
    rows = series.rows((Level(),))
    assert series.distrusting(np.full(5, 2.0)).rows((Level(),)) is rows

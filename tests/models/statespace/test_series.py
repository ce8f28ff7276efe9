"""What a series works out once belongs to it alone."""

from __future__ import annotations

import numpy as np
import pytest

from swope.models.statespace import DampedWalk, Level, Noise, Regressors, Series


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


@pytest.mark.parametrize("widths", [(0, 1, 3), (2, 0, 1), (1, 1)])
def test_a_layout_is_as_of_fresh_rows_whatever_other_columns_were_tried_before(widths: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    time, value, error = np.sort(rng.uniform(0, 50, 30)), rng.normal(size=30), rng.uniform(0.1, 1.0, 30)
    model = Level() + Regressors() + DampedWalk() + Noise()
    series = Series.of(time, value, error)
    model.layout(series)
    for width in widths:
        columns, inflate = rng.normal(size=(30, width)), rng.uniform(1.0, 2.0, 30)
        series = series.with_regressors(columns).distrusting(inflate)
        found = model.layout(series)
        fresh = model.layout(Series.of(time, value, error, regressors=columns, inflate=inflate))
        assert found.columns == fresh.columns == ("level", *["regressor"] * width)
        assert found.names == fresh.names
        for name, one, other in zip(found.problem._fields, found.problem, fresh.problem, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=name)

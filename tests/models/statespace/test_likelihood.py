"""The likelihood against statsmodels, a dense Gaussian process and celerite2."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.models.statespace import (
    DampedWalk,
    Level,
    Model,
    Noise,
    Oscillator,
    Regressors,
    Seasonal,
    Series,
    Steps,
    Trend,
)
from tests.bench.statespace_oracles import against_celerite, against_dense, against_statsmodels, dense


@pytest.mark.parametrize(("case", "difference"), against_dense().items())
def test_equals_a_dense_gaussian_process(case: str, difference: float) -> None:
    assert difference < 1e-8, case


def test_equals_celerite2() -> None:
    pytest.importorskip("celerite2")
    assert max(against_celerite().values()) < 1e-8


@pytest.mark.filterwarnings("ignore")
def test_equals_statsmodels_on_even_grids() -> None:
    pytest.importorskip("statsmodels")
    assert max(against_statsmodels().values()) < 1e-6


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    tau=st.floats(0.01, 1e4),
    period=st.floats(0.5, 300.0),
    quality=st.floats(0.1, 50.0),
    level=st.floats(0.0, 1.0),
)
def test_any_parameters_equal_the_dense_solution(
    seed: int, tau: float, period: float, quality: float, level: float
) -> None:
    rng = np.random.default_rng(seed)
    time = np.sort(np.round(rng.uniform(0, 300, 60), 1))
    series = Series.of(time, rng.normal(size=60), rng.uniform(0.1, 1.0, 60))
    model = Level(level) + DampedWalk(1.0, tau) + Oscillator(0.7, period, quality)
    assert model.loglike(series) == pytest.approx(dense(model, series), rel=1e-8)


def test_a_jitter_is_a_larger_error() -> None:
    rng = np.random.default_rng(0)
    time, value = np.arange(50.0), rng.normal(size=50)
    with_jitter = (Level(0.2) + Noise(2.0, (0.3,))).loglike(Series.of(time, value, np.full(50, 0.2)))
    with_error = Model((Level(0.2),)).loglike(Series.of(time, value, np.full(50, 0.5)))
    assert with_jitter == pytest.approx(with_error, rel=1e-12)


def test_an_unobserved_row_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    time, value = np.sort(rng.uniform(0, 100, 40)), rng.normal(size=40)
    error = np.full(40, 0.3)
    model = Trend(0.1, 0.01) + DampedWalk(1.0, 9.0)
    keep = np.arange(40) % 3 > 0
    keep[0] = True
    gappy = Series.of(time, np.where(keep, value, np.nan), np.where(keep, error, np.inf))
    without = Series.of(time[keep], value[keep], error[keep])
    assert model.loglike(gappy) == pytest.approx(model.loglike(without), rel=1e-12)


def test_bands_have_their_own_level_and_amplitude() -> None:
    rng = np.random.default_rng(2)
    time, band = np.arange(60.0), np.arange(60) % 2
    value = rng.normal(size=60)
    model = Level() + DampedWalk(1.0, 10.0, (1.0, 0.5))
    one = model.loglike(Series.of(time, value, band=band))
    shifted = model.loglike(Series.of(time, value + 7.0 * band - 2.0, band=band))
    assert one == pytest.approx(shifted, rel=1e-9)
    scaled = model.loglike(Series.of(time, value, band=1 - band))
    assert scaled != pytest.approx(one, rel=1e-6)


def test_regressors_and_steps_are_columns() -> None:
    time = np.arange(40.0)
    airmass = np.random.default_rng(3).uniform(1, 2, (40, 1))
    value = 3.0 + 0.5 * airmass[:, 0] + 2.0 * (time >= 17.0)
    from swope.models.statespace import fit

    fitted = fit(Level() + Regressors() + Steps((17.0,)) + Noise(1.0, ()), Series.of(time, value, regressors=airmass))
    np.testing.assert_allclose(fitted.coefficient, [3.0, 0.5, 2.0], atol=1e-8)


def test_unset_parameters_are_named() -> None:
    with pytest.raises(ValueError, match=r"walk\.sigma, walk\.tau"):
        Model((DampedWalk(),)).loglike(Series.of(np.arange(9.0), np.zeros(9)))


def test_series_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="ascend"):
        Series.of(np.array([1.0, 0.0]), np.zeros(2))
    with pytest.raises(ValueError, match="positive"):
        Series.of(np.arange(2.0), np.zeros(2), np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="length"):
        Series.of(np.arange(3.0), np.zeros(2))


def test_degenerate_columns_have_no_likelihood() -> None:
    series = Series.of(np.arange(20.0), np.random.default_rng(4).normal(size=20))
    assert (Level() + Seasonal(1.0, 1)).loglike(series) == -np.inf

"""The derivatives of the likelihood against differences of it, and the quick pass against the general one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.models.statespace import DampedWalk, Level, Model, Noise, Seasonal, Series, Steps
from swope.models.statespace.kernels.likelihood import loglike
from swope.models.statespace.kernels.slopes import is_scalar, scalar_slopes
from swope.models.statespace.layout import Layout
from swope.models.statespace.terms import Oscillator


def _rows(seed: int, bands: int = 2, gaps: bool = True) -> Series:
    """Rows of a few bands, some at one time, some that are only to be forecast, some that are not to be trusted."""
    rng = np.random.default_rng(seed)
    time = np.sort(np.round(rng.uniform(0, 90, 70), 0))
    error = rng.uniform(0.1, 1.0, 70)
    if gaps:
        error[rng.random(70) < 0.2] = np.inf
    inflate = np.where(rng.random(70) < 0.1, 7.0, 1.0)
    return Series.of(time, rng.normal(size=70), error, rng.integers(0, bands, 70).astype(np.int32), inflate=inflate)


def _bare(model: Model, series: Series) -> Layout:
    """The model without its columns."""
    layout = model.layout(series, restricted=False)
    rows = np.ascontiguousarray(layout.problem.rows[:, -1:])
    return Layout(**{**vars(layout), "problem": layout.problem._replace(rows=rows), "columns": ()})


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    move=st.lists(st.floats(-2.0, 2.0), min_size=5, max_size=5),
    walking=st.booleans(),
    fixed=st.booleans(),
    bands=st.integers(1, 2),
)
def test_slopes_are_those_of_the_likelihood(
    seed: int, move: list[float], walking: bool, fixed: bool, bands: int
) -> None:
    model = Level() + Noise(scale=None)
    if walking:
        model = model + DampedWalk(tau=9.0 if fixed else None, amplitude=(1.0, 0.4)[:bands])
    layout = _bare(model, _rows(seed, bands))
    theta = layout.start + np.array(move)[: len(layout.start)]
    slope = np.empty(len(theta))
    assert is_scalar(layout.problem)
    value = scalar_slopes(theta, layout.problem, slope)
    general = Model((*model.with_values(layout.names, theta).terms, DampedWalk(0.0, 1.0)))
    bare = _bare(general, _rows(seed, bands)).problem
    assert value == pytest.approx(loglike(np.empty(0), bare), rel=1e-10)
    for i in range(len(theta)):
        step = np.zeros(len(theta))
        step[i] = 1e-5
        difference = (loglike(theta + step, layout.problem) - loglike(theta - step, layout.problem)) / 2e-5
        assert slope[i] == pytest.approx(difference, rel=1e-5, abs=1e-5)


def test_other_models_have_no_such_slopes() -> None:
    series = _rows(0)
    assert not is_scalar((Level() + Noise(scale=None)).layout(series).problem)
    assert not is_scalar(_bare(Level() + Noise() + Oscillator(), series).problem)
    assert not is_scalar(_bare(Level(0.1) + Noise() + DampedWalk(), series).problem)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), tau=st.floats(0.01, 1e4), sigma=st.floats(0.0, 3.0), gaps=st.booleans())
def test_the_quick_pass_is_the_general_one(seed: int, tau: float, sigma: float, gaps: bool) -> None:
    """A second walk that never moves makes the same likelihood, by the pass that knows any blocks."""
    series = _rows(seed, gaps=gaps)
    quick = Level() + Noise(1.2, (0.1, 0.3)) + Seasonal(7.7, 3) + Steps((40.5,)) + DampedWalk(sigma, tau)
    general = quick + DampedWalk(0.0, 1.0)
    for restricted in (True, False):
        assert quick.loglike(series, restricted) == pytest.approx(general.loglike(series, restricted), rel=1e-10)

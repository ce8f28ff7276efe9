"""A row's input knows nothing of the row itself or of later ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from swope.models.forecaster.steps import FAMILIES, N_INPUTS, WARM_UP, steps_of
from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.star import Star

CAUSAL = ("inputs", "mean", "variance", "noise", "log_weight", "centre", "unit")


def _star(seed: int, n: int, bands: int, period: PeriodResult) -> Star:
    rng = np.random.default_rng(seed)
    time = 2450000 + np.sort(rng.uniform(0, 900, n))
    value = 15 + 0.4 * np.cos(2 * np.pi * time / 0.6) + 0.05 * rng.standard_normal(n)
    names = np.array(["u", "g", "r"])[rng.integers(0, bands, n)]
    return Star(clean(LightCurve.of("s", time, value, rng.uniform(0.02, 0.08, n), names)), period)


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("period", [PeriodResult(period=0.6, t0=2450000.1), PeriodResult(reason="none")])
def test_a_changed_row_changes_only_later_steps(bands: int, period: PeriodResult) -> None:
    star = _star(1, 90, bands, period)
    value = star.curve.value.copy()
    value[60] += 1.0
    one, two = steps_of(star), steps_of(Star(replace(star.curve, value=value), period))
    assert one is not None
    assert two is not None
    for name in CAUSAL:
        np.testing.assert_array_equal(getattr(one, name)[:61], getattr(two, name)[:61], err_msg=name)
    assert not np.array_equal(one.inputs[61], two.inputs[61])


@pytest.mark.parametrize("bands", [1, 3])
def test_later_rows_change_nothing_earlier(bands: int) -> None:
    star = _star(2, 90, bands, PeriodResult(period=0.6))
    begun = Star(star.curve.where(np.arange(50)), star.period)
    one, two = steps_of(star), steps_of(begun)
    assert one is not None
    assert two is not None
    for name in CAUSAL:
        np.testing.assert_allclose(getattr(one, name)[:50], getattr(two, name), rtol=1e-6, atol=1e-7, err_msg=name)


def test_shapes_and_range() -> None:
    steps = steps_of(_star(3, 70, 2, PeriodResult(period=0.6)))
    assert steps is not None
    assert steps.inputs.shape == (70, N_INPUTS)
    assert steps.mean.shape == (70, len(FAMILIES))
    assert np.isfinite(steps.inputs).all()
    assert (steps.variance > 0).all()
    assert not steps.ready[:WARM_UP].any()


@pytest.mark.parametrize(
    "period",
    [PeriodResult(period=0.6, fap=0.5), PeriodResult(period=0.6, flag="few_cycles"), PeriodResult(period=-1.0)],
)
def test_a_doubtful_period_is_not_used(period: PeriodResult) -> None:
    with_it, without = steps_of(_star(4, 60, 1, period)), steps_of(_star(4, 60, 1, PeriodResult(reason="none")))
    assert with_it is not None
    assert without is not None
    np.testing.assert_array_equal(with_it.inputs, without.inputs)


def test_too_short() -> None:
    assert steps_of(_star(5, WARM_UP, 1, PeriodResult(reason="none"))) is None

"""Further periods after prewhitening."""

from dataclasses import replace

import numpy as np
import pytest

from swope.pipeline.period import PeriodResult, find_period, secondary_periods
from tests.pipeline.period.curves import star


def test_two_modes_are_both_found() -> None:
    curve = star("sine", 0.4713, 500, 0.02)
    both = replace(curve, value=curve.value + 0.15 * np.cos(2 * np.pi * curve.time / 0.3527))
    first = find_period(both)
    assert first.period == pytest.approx(0.4713, rel=1e-3)
    further = secondary_periods(both, first)
    assert further[0].period == pytest.approx(0.3527, rel=1e-3)


def test_one_period_is_not_found_twice() -> None:
    curve = star("saw", 0.6173, 400, 0.02)
    assert secondary_periods(curve, find_period(curve)) == ()


def test_nothing_without_a_first_period() -> None:
    assert secondary_periods(star("noise", 1.0), PeriodResult(reason="none")) == ()

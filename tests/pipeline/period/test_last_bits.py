"""A star's published periods do not depend on where in memory its rows lie."""

from dataclasses import replace

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodOptions, find_period


def moved(values: np.ndarray, offset: int) -> np.ndarray:
    """The same values so many numbers further on in memory."""
    room = np.empty(len(values) + offset, dtype=values.dtype)
    room[offset:] = values
    return room[offset:]


@pytest.mark.parametrize("n", [9, 11, 12, 30, 60])
def test_no_last_bit_of_a_period_depends_on_where_in_memory_its_star_lies(n: int) -> None:
    # a short span: its peaks are wide, and flat to a float's last bits
    rng = np.random.default_rng(n)
    for star in range(24):
        time = 58000.0 + np.sort(rng.uniform(0, 60, n))
        value = 14.0 + 0.3 * np.sin(2 * np.pi * time / (0.4 + 0.037 * star)) + 0.02 * rng.normal(size=n)
        curve = clean(LightCurve.of("s", time, value, np.full(n, 0.02)))
        found = set()
        for offset in range(4):
            there = {name: moved(getattr(curve, name), offset) for name in ("time", "value", "error")}
            kept = [np.empty(7919 * offset) for _ in range(offset)]
            found.add(repr(find_period(replace(curve, **there), PeriodOptions()).rounded()))
            del kept
        assert len(found) == 1

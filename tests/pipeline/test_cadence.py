"""How a survey looks at its stars."""

from __future__ import annotations

import numpy as np
import pytest

from swope.pipeline.cadence import cadence
from swope.pipeline.lightcurve import FloatArray

RNG = np.random.default_rng(1)
NIGHTS = np.sort(RNG.choice(2000, 150, replace=False)).astype(float)


@pytest.mark.parametrize("step", [0.0014, 0.0204, 0.2])
def test_what_looks_day_and_night_is_in_orbit(step: float) -> None:
    time = np.arange(0.0, 27.0, step)
    assert cadence(time, np.zeros(len(time), dtype=np.int32)) == "unbroken"
    halves = time[(time < 13.0) | (time > 15.0)]
    assert cadence(halves, np.zeros(len(halves), dtype=np.int32)) == "unbroken"


@pytest.mark.parametrize(("exposures", "wanted"), [(1, "single"), (2, "repeated"), (4, "repeated")])
def test_exposures_of_a_night(exposures: int, wanted: str) -> None:
    time = (NIGHTS[:, None] + 0.007 * np.arange(exposures)).ravel()
    assert cadence(time, np.zeros(len(time), dtype=np.int32)) == wanted


def test_two_bands_at_once_are_one_exposure_each() -> None:
    time = np.repeat(NIGHTS, 2)
    assert cadence(time, np.tile([0, 1], len(NIGHTS)).astype(np.int32)) == "single"


def test_a_whole_night_of_exposures_is_from_the_ground() -> None:
    time = (np.arange(20.0)[:, None] + 0.002 * np.arange(150)).ravel()
    assert cadence(time, np.zeros(len(time), dtype=np.int32)) != "unbroken"


@pytest.mark.parametrize("time", [np.zeros(0), np.zeros(1), np.zeros(5)])
def test_hardly_any_rows_say_something(time: FloatArray) -> None:
    assert cadence(time, np.zeros(len(time), dtype=np.int32)) in ("single", "repeated")

import numpy as np
import pytest

from swope.pipeline.ingest.parts import IngestOptions, UnusableError
from swope.pipeline.ingest.stars import star
from swope.pipeline.lightcurve import Clock


def read(time: np.ndarray) -> np.ndarray:
    curve = star("a", time, np.full(len(time), 12.0), None, options=IngestOptions(), source="a.csv", clock=Clock())
    return curve.time


@pytest.mark.parametrize("zero", [-1e6, 0.0, 5e4, 2.45e6])
def test_dates_by_any_zero_point_are_days(zero: float) -> None:
    np.testing.assert_array_equal(read(zero + np.arange(20.0)), zero + np.arange(20.0))


@pytest.mark.parametrize("zero", [5e4, 2.45e6])
def test_dates_in_seconds_are_refused(zero: float) -> None:
    with pytest.raises(UnusableError, match=r"cannot be days.*are they seconds"):
        read(86400.0 * (zero + np.arange(20.0)))


def test_one_wild_time_takes_no_star_along() -> None:
    time = np.append(np.arange(20.0), 1e12)
    np.testing.assert_array_equal(read(time), time)

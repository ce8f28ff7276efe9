"""What the bench of weak events lays on stars, and what could be seen of it."""

from __future__ import annotations

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.star import Star
from tests.bench.forecast_events_data import Quiet, integrated, quiet
from tests.bench.hidden import dip
from tests.bench.statespace_data import NO_PERIOD

SIGMA = 0.02


def steady(seed: int = 1, rows: int = 300) -> Quiet:
    """A constant star seen every night with white noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(float(rows)) + rng.uniform(-0.1, 0.1, rows)
    curve = clean(LightCurve.of("steady", time, 14.0 + rng.normal(0.0, SIGMA, rows), np.full(rows, SIGMA)))
    one = quiet("simulated", Star(curve, NO_PERIOD))
    assert one is not None
    return one


def test_the_integrated_signal_to_noise_is_that_of_the_white_errors() -> None:
    one = steady()
    change = 0.1 * dip((one.star.curve.time - 150.0) / 10.0)
    # of ten rows and some on the flanks, each five sigmas
    assert integrated(one, change) == pytest.approx(float(np.sqrt(np.sum((change / SIGMA) ** 2))), rel=0.15)

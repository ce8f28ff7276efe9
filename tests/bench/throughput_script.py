"""The script that a user would write today: a star after the other through the packages that are there."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from swope.models.inputs import inputs_of
from swope.models.registry import Models
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period import PeriodOptions, PeriodResult
from swope.pipeline.period.grid import grid_for
from swope.pipeline.star import Star
from tests.bench.throughput_kernels import network_calls

#: Stars that the script draws at its end.
DRAWN = 20


def period_of(curve: LightCurve) -> float:
    """The highest peak of astropy's periodogram, on the grid that Swope searches."""
    from astropy.timeseries import LombScargle

    grid = grid_for(curve.time, PeriodOptions())
    frequency = np.linspace(grid.lowest, grid.highest, grid.size)
    power = LombScargle(curve.time, curve.value, curve.error).power(
        frequency, method="fast", assume_regular_frequency=True
    )
    return float(1.0 / frequency[np.argmax(power)])


def innovations(curve: LightCurve) -> FloatArray:
    """What a local level fitted by statsmodels did not foresee, row by row."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    model = UnobservedComponents(curve.value, "local level")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(model.fit(disp=0).filter_results.standardized_forecasts_error[0])


def draw(curve: LightCurve, period: float, path: Path) -> None:
    """The light curve and its fold, by Matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4))
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    left.errorbar(curve.time, curve.value, curve.error, fmt=".")
    right.errorbar((curve.time / period) % 1.0, curve.value, curve.error, fmt=".")
    figure.savefig(path)


def script_seconds(curves: Sequence[LightCurve], models: Models, folder: Path) -> dict[str, float]:
    """Seconds a star of each part of the script, by the clock, and of a picture.

    Parameters
    ----------
    curves : a sample of the stars, cleaned. What makes the networks' inputs is not counted.
    folder : where the pictures go.
    """
    good = [curve.good for curve in curves]
    period_of(good[0]), innovations(good[0]), draw(good[0], 1.0, folder / "first.png")
    taken: dict[str, float] = {}
    begin = time.perf_counter()
    periods = [period_of(curve) for curve in good]
    taken["periodogram"] = (time.perf_counter() - begin) / len(good)
    begin = time.perf_counter()
    for curve in good:
        innovations(curve)
    taken["state space"] = (time.perf_counter() - begin) / len(good)
    inputs = inputs_of([Star(curve, PeriodResult(period=p, fap=0.0)) for curve, p in zip(curves, periods, strict=True)])
    calls = network_calls(inputs, models, 1)
    for call in dict(calls).values():
        call()
    begin = time.perf_counter()
    for _, call in calls:
        call()
    taken["keras"] = (time.perf_counter() - begin) / len(good)
    few = list(zip(good, periods, strict=True))[:DRAWN]
    begin = time.perf_counter()
    for curve, period in few:
        draw(curve, period, folder / "star.png")
    taken["picture"] = (time.perf_counter() - begin) / len(few)
    return taken

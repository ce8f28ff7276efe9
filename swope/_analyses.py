"""One star, or many, analysed in Python."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from swope._curves import curve_of
from swope.flows.runtime import one_thread, one_thread_here, quiet
from swope.models.analysis import Analysis, AnalysisOptions, analyze_surely
from swope.models.registry import load_models
from swope.pipeline.events import EventOptions
from swope.pipeline.lightcurve import Kind, LightCurve
from swope.pipeline.period import PeriodOptions, PeriodResult
from swope.pipeline.period import find_period as search

#: Stars of a batch, and fewer stars than this are not worth a process that loads the models first.
_BATCH, _FEW = 64, 200


def find_period(
    lc: Any,
    min_period: float | None = None,
    max_period: float | None = None,
    kind: Kind | None = None,
) -> PeriodResult:
    """The astronomer's period of a star, with its error, false-alarm probability, flag and runners-up.

    Parameters
    ----------
    lc : a star, as for `analyze`.
    min_period, max_period : days; None for what the data allow.
    kind : "mag" or "flux"; needed for plain arrays.

    Raises
    ------
    ValueError
        When `lc` holds no star or several, or the limits cannot be meant.

    Examples
    --------
    >>> import numpy as np, swope
    >>> time = np.sort(np.random.default_rng(1).uniform(0, 200, 150))
    >>> found = swope.find_period((time, np.sin(2 * np.pi * time / 3.7)), kind="mag")
    >>> round(found.period, 2)
    3.7
    """
    with one_thread_here():
        return search(curve_of(lc, kind), PeriodOptions(min_period=min_period, max_period=max_period)).rounded()


def analyze(
    lc: Any,
    models: str | None = None,
    min_period: float | None = None,
    max_period: float | None = None,
    event_pvalue: float = EventOptions.pvalue,
    kind: Kind | None = None,
) -> Analysis:
    """All that Swope says of one star. The first call loads the models (some seconds), the next ones do not.

    Parameters
    ----------
    lc : a star: a light curve of `swope.read` or of lightkurve, an astropy `TimeSeries`, a pandas `DataFrame` with a
        time and a mag or flux column, or arrays ``(time, value)`` or ``(time, value, error)``; times in days.
    models : folder of models that `swope train` wrote; None for those that come with Swope.
    min_period, max_period : days; None for what the data allow.
    event_pvalue : an event is reported when an ordinary star shows one as strong with at most this probability.
    kind : "mag" or "flux"; needed for plain arrays, which do not say.

    Raises
    ------
    ValueError
        When `lc` holds no star, several, or no usable row, or a setting cannot be meant.

    Examples
    --------
    >>> import numpy as np, swope
    >>> time = np.sort(np.random.default_rng(1).uniform(0, 200, 150))
    >>> star = swope.analyze((time, 12 + np.sin(2 * np.pi * time / 3.7), np.full(150, 0.02)), kind="mag")
    >>> star.row["status"], round(star.period.period, 2)
    ('ok', 3.7)
    """
    curve = curve_of(lc, kind)
    if not len(curve.good):
        raise ValueError(f"{curve.object_id or 'the star'}: none of its {len(curve)} rows can be used")
    return analyzed([curve], models, options_of(min_period, max_period, event_pvalue))[0]


def analyze_many(
    lcs: Iterable[Any],
    models: str | None = None,
    min_period: float | None = None,
    max_period: float | None = None,
    event_pvalue: float = EventOptions.pvalue,
    kind: Kind | None = None,
    workers: int | None = None,
) -> list[Analysis]:
    """Analyse many stars; with a progress bar on a terminal, and in several processes where it pays.

    A star that cannot be analysed stays in its place; its ``row`` has a status and a reason. (In a script that starts
    processes, call it below ``if __name__ == "__main__":``.)

    Parameters
    ----------
    lcs : stars, each as for `analyze`.
    workers : processes; None for one a core where there are more than some 200 stars, 1 to stay in this one.

    Raises
    ------
    ValueError
        When one of `lcs` is not one star, or a setting cannot be meant.

    Examples
    --------
    >>> import numpy as np, swope
    >>> time = np.arange(60.0)
    >>> stars = swope.analyze_many([(time, 10 + np.sin(time)), (time, np.full(60, np.nan))], kind="mag")
    >>> [star.row["status"] for star in stars]
    ['ok', 'rejected']
    """
    from tqdm import tqdm

    curves = [curve_of(lc, kind) for lc in lcs]
    options = options_of(min_period, max_period, event_pvalue)
    batches = [curves[i : i + _BATCH] for i in range(0, len(curves), _BATCH)]
    n = min(workers or (os.cpu_count() or 1), len(batches)) if workers or len(curves) > _FEW else 1
    found: list[Analysis] = []
    with tqdm(total=len(curves), unit="star", disable=None, file=sys.stderr) as bar:
        for some in _in_order(batches, models, options, n):
            found += some
            bar.update(len(some))
    return found


def _in_order(
    batches: Sequence[Sequence[LightCurve]], models: str | None, options: AnalysisOptions, workers: int
) -> Iterator[list[Analysis]]:
    """The analyses of each batch, in their order."""
    if workers <= 1:
        yield from (analyzed(batch, models, options) for batch in batches)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start) as pool:
        waiting = [pool.submit(analyzed, batch, models, options) for batch in batches]
        yield from (future.result() for future in waiting)


def _start() -> None:
    quiet()
    one_thread()


def analyzed(
    curves: Sequence[LightCurve],
    models: str | None,
    options: AnalysisOptions,
    at: Callable[[int | None], AbstractContextManager[object]] = nullcontext,
) -> list[Analysis]:
    """The analyses of some curves, in this process; `at` as of `analyze_surely`."""
    loaded = load_models(models)
    with one_thread_here():
        return analyze_surely(curves, loaded, options, at)


def options_of(min_period: float | None, max_period: float | None, event_pvalue: float) -> AnalysisOptions:
    return AnalysisOptions(PeriodOptions(min_period=min_period, max_period=max_period), EventOptions(event_pvalue))

"""Events: runs of failed forecasts become intervals with a direction, a peak and a p-value.

Whatever made the forecasts (an LSTM, a state-space model) is read alike, through `pipeline.forecast.Forecast`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.forecast import Forecast
from pipeline.lightcurve import FloatArray

Direction = Literal["fade", "brighten"]
EventFlag = Literal["gap_edge", "segment_start"]


@dataclass(frozen=True)
class Event:
    """An interval in which one band of a star did not do what was forecast.

    Attributes
    ----------
    object_id, detector, band : whose, by whose forecasts, in which band.
    t_start, t_peak, t_end : times of the first, the most extreme and the last failed forecast.
    direction : "fade" or "brighten".
    peak_sigma : largest standardised innovation in the run, always positive.
    pvalue : probability that an ordinary star of as many points shows such a run anywhere.
    n_points : observations in the run.
    flag : None, or why the event may be the instrument's: "segment_start" (it begins with the first points after a
        long gap or of the curve), "gap_edge" (it ends at a long gap).
    """

    object_id: str
    detector: str
    band: str
    t_start: float
    t_peak: float
    t_end: float
    direction: Direction
    peak_sigma: float
    pvalue: float
    n_points: int
    flag: EventFlag | None = None


@dataclass(frozen=True)
class EventOptions:
    """What counts as an event.

    Attributes
    ----------
    pvalue : runs less significant than this (a star) are not reported.
    max_run : longest run, in observations, that is looked at as one.
    gap : a step of this many median steps is a gap.
    edge_points : an event that begins or ends within so many points of a gap is flagged.
    """

    pvalue: float = 1e-3
    max_run: int = 64
    gap: float = 20.0
    edge_points: int = 3

    def __post_init__(self) -> None:
        if not 0 < self.pvalue <= 1:
            raise ValueError(f"pvalue must be in (0, 1], not {self.pvalue!r}")
        if self.max_run < 1:
            raise ValueError(f"max_run must be at least 1, not {self.max_run!r}")


def find_events(forecast: Forecast, options: EventOptions = EventOptions()) -> list[Event]:  # noqa: B008
    """Find the runs of failed forecasts of one star.

    Each innovation becomes a tail probability under a Student distribution whose degrees of freedom are the star's own
    (from its kurtosis of ordinary points), back in Gaussian sigmas; runs of 1, 2, 4, ... consecutive points of a band
    are summed to a z-score each; the p-value of the best is multiplied by the number of runs tried in the star.

    Returns
    -------
    Events with p-value at most `options.pvalue`, in order of time; of overlapping runs in a band the most significant.
    """
    per_band = []
    tries = 0
    widths = [w for w in (2**i for i in range(20)) if w <= options.max_run]
    finite = np.isfinite(forecast.innovation)
    sigma = gaussian_scores(forecast.innovation[finite])
    rows = np.flatnonzero(finite)
    for band in range(len(forecast.bands)):
        inside = forecast.band[rows] == band
        z = sigma[inside]
        if len(z):
            per_band.append((band, rows[inside], z))
            tries += 2 * sum(1 + (len(z) - w) // max(1, w // 2) for w in widths if w <= len(z))
    found = []
    for band, index, z in per_band:
        found += _in_band(forecast, band, index, z, widths, tries, options)
    return sorted(found, key=lambda e: (e.t_start, e.band))


def gaussian_scores(innovation: FloatArray) -> FloatArray:
    """Innovations of one star, with their heavy tails taken out: sigmas of the same probability.

    Parameters
    ----------
    innovation : (n,) standardised, finite.

    Returns
    -------
    (n,) Student-t quantiles as Gaussian ones. The degrees of freedom follow from how much wider the star's outer
    quantiles are than a Gaussian's, relative to its inner ones; a few extreme points cannot change them.
    """
    from scipy.stats import norm, t

    if len(innovation) < 20:
        return innovation
    size = np.abs(innovation)
    inner, outer = np.quantile(size, [0.5, 0.9])
    if not inner > 0:
        return innovation
    degrees = np.array([3.0, 4.0, 5.0, 7.0, 10.0, 20.0, 100.0])
    ratios = t.ppf(0.95, degrees) / t.ppf(0.75, degrees)
    nu = degrees[int(np.argmin(np.abs(ratios - outer / inner)))]
    scale = max(inner / float(t.ppf(0.75, nu)), 0.5)
    log_tail = t.logsf(size / scale, nu)
    return np.sign(innovation) * np.where(log_tail > -700, norm.isf(np.exp(np.maximum(log_tail, -700))), 37.0)


def _in_band(
    forecast: Forecast,
    band: int,
    index: NDArray[np.intp],
    z: FloatArray,
    widths: list[int],
    tries: int,
    options: EventOptions,
) -> list[Event]:
    from scipy.special import log_ndtr

    cumulative = np.concatenate([[0.0], np.cumsum(z)])
    candidates = []
    for width in widths:
        if width > len(z):
            break
        total = (cumulative[width:] - cumulative[:-width]) / math.sqrt(width)
        log_p = log_ndtr(-np.abs(total)) + math.log(tries)
        for i in np.flatnonzero(log_p <= math.log(options.pvalue)):
            candidates.append((float(log_p[i]), int(i), width, float(total[i])))
    taken = np.zeros(len(z), dtype=bool)
    segment, last = _edges(forecast.time[index], options)
    events = []
    for log_p, i, width, total in sorted(candidates):
        if taken[i : i + width].any():
            continue
        taken[max(0, i - 1) : i + width + 1] = True
        direction = math.copysign(1.0, total)
        run = direction * z[i : i + width]
        inside = np.flatnonzero(run > 1.0)
        if not len(inside):
            continue
        lo, hi = i + inside[0], i + inside[-1]
        flag: EventFlag | None = None
        if segment[lo]:
            flag = "segment_start"
        elif last[hi]:
            flag = "gap_edge"
        peak = i + int(np.argmax(run))
        events.append(
            Event(
                object_id=forecast.object_id,
                detector=forecast.detector,
                band=forecast.bands[band],
                t_start=float(forecast.time[index[lo]]),
                t_peak=float(forecast.time[index[peak]]),
                t_end=float(forecast.time[index[hi]]),
                direction="brighten" if direction > 0 else "fade",
                peak_sigma=float(abs(forecast.innovation[index[peak]])),
                pvalue=min(1.0, math.exp(max(log_p, -700.0))),
                n_points=int(hi - lo + 1),
                flag=flag,
            )
        )
    return events


def _edges(time: FloatArray, options: EventOptions) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(n,) whether each point is among the first after, and among the last before, a long gap."""
    n = len(time)
    steps = np.diff(time)
    typical = float(np.median(steps[steps > 0])) if np.any(steps > 0) else 1.0
    starts = np.concatenate([[0], np.flatnonzero(steps > options.gap * typical) + 1, [n]])
    after, before = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    for lo, hi in zip(starts[:-1], starts[1:], strict=True):
        after[lo : min(hi, lo + options.edge_points)] = True
        if hi < n:
            before[max(lo, hi - options.edge_points) : hi] = True
    return after, before

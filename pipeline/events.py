"""Events: runs of failed forecasts become intervals with a direction, a peak and a p-value.

Whatever made the forecasts (an LSTM, a state-space model) is read alike, through `swope.pipeline.forecast.Forecast`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, Protocol

import numpy as np

from swope.pipeline.event_profiles import Shape
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import BoolArray, FloatArray, IntArray
from swope.pipeline.median import median
from swope.pipeline.tails import gaussian_scores

Direction = Literal["fade", "brighten"]
EventKind = Literal["run", "pulse", "shift", "trend", "period"]
EventFlag = Literal["gap_edge", "segment_start", "single_point", "single_visit", "many_stars"]

#: Flags of events that say little of a star, however unlikely they are: an exposure may be off by anything.
UNCONFIRMED: tuple[EventFlag, ...] = ("single_point", "single_visit", "many_stars")

#: In a run of several points none counts for more sigmas than this: one rotten point is not a run.
_MOST_IN_RUN = 4.0

#: Stands for all bands of a star together, where a band's index is asked for.
TOGETHER = -1

#: Rows closer than this share of a star's mean step are exposures of one visit.
_VISIT = 0.01

#: A star that was out of sight for more than this share of an event, and for more than so many mean steps between
#: visits, may have been quiet meanwhile.
_OUT_OF_SIGHT, _LONG_STEPS = 0.5, 2.0

#: What begins this share of an event's length after its end begins right after it.
_RIGHT_AFTER = 0.1

#: A run is only looked for where the star has this many times its length.
_RUNS_IN_STAR = 8


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
    kind : "run" of failed forecasts; or what a whole curve shows: a "pulse" with beginning and end, a level "shift", a
        "trend" (both to the end of the curve), or a changed "period" (whose direction means nothing).
    flag : None, or why the event may be the instrument's: "segment_start" (it begins with the first points after a
        long gap or of the curve), "gap_edge" (it ends at a long gap), "single_point" (one observation, that no other
        confirms), "single_visit" (several of one visit, that no other visit confirms), "many_stars" (it happened to
        many stars of the run at the same moment).
    detectors : all that saw it, such as "forecaster+statespace"; None where one was asked.
    depth, depth_err : how far the star strayed at most, positive, with one sigma: magnitudes, or a share of its flux.
        These and what follows are None where they could not be measured (`swope.pipeline.happenings`).
    duration, duration_err : days, full width at half the depth.
    asymmetry : from -1, all of it before the peak, to 1, all after it.
    snr : integrated signal-to-noise.
    shape, shape_prob : the likeliest profile, and its probability among those that were tried.
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
    kind: EventKind = "run"
    flag: EventFlag | None = None
    detectors: str | None = None
    depth: float | None = None
    depth_err: float | None = None
    duration: float | None = None
    duration_err: float | None = None
    asymmetry: float | None = None
    snr: float | None = None
    shape: Shape | None = None
    shape_prob: float | None = None


@dataclass(frozen=True)
class EventOptions:
    """What counts as an event.

    Attributes
    ----------
    pvalue : runs less significant than this (a star) are not reported.
    max_run : longest run, in observations, that is looked at as one.
    gap : a step of this many mean steps is a gap.
    edge_points : an event that begins or ends within so many points of a gap is flagged.
    """

    pvalue: float = 2e-3
    max_run: int = 64
    gap: float = 20.0
    edge_points: int = 3

    def __post_init__(self) -> None:
        if not 0 < self.pvalue <= 1:
            raise ValueError(f"pvalue must be in (0, 1], not {self.pvalue!r}")
        if self.max_run < 1:
            raise ValueError(f"max_run must be at least 1, not {self.max_run!r}")


class EventNull(Protocol):
    """How significant the strangest events of ordinary stars look."""

    def decades(self, significance: FloatArray) -> FloatArray:
        """(n,) minus the decimal logarithm of the share of ordinary stars as significant, from decades (n,)."""
        ...


#: Share of ordinary stars beyond the bulk of `PointNull`, as minus its decimal logarithm.
_BULK = math.log10(5.0)


@dataclass(frozen=True)
class PointNull:
    """How significant the strangest single points of ordinary stars look, in decades: minus the logarithm of a p-value.

    With perfect photometry a fifth of the stars lie beyond 0.7, and ten times fewer for each decade more. Real
    photometry has rotten points, some of them at any distance: no point alone tells one from the star. It has few
    rotten runs, so that these are taken at their word.

    Attributes
    ----------
    bulk : decades that a fifth of the ordinary stars exceed.
    scale : decades further on that a fiftieth exceed.
    reach : decades further on that ten times fewer exceed, and so on.
    """

    bulk: float = _BULK
    scale: float = 1.0
    reach: float = 1.0

    @classmethod
    def learn(cls, forecasts: Iterable[Forecast]) -> PointNull:
        """From the forecasts of ordinary stars; the ideal one where they are fewer than 20.

        With fewer than 500 the last step is as long as the one before.
        """
        return cls.of([best_runs(forecast)[0] for forecast in forecasts])

    @classmethod
    def of(cls, best: Sequence[float]) -> PointNull:
        """The same from the decades of the strangest thing of each ordinary star."""
        if len(best) < 20:
            return cls()
        bulk, far, farthest = np.quantile(best, [0.8, 0.98, 0.998])
        scale = max(1.0, float(far - bulk))
        return cls(max(_BULK, float(bulk)), scale, max(scale, float(farthest - far)) if len(best) >= 500 else scale)

    def decades(self, significance: FloatArray) -> FloatArray:
        """Minus the decimal logarithm of the share of ordinary stars with a point at least as significant.

        Parameters
        ----------
        significance : (n,) decades, as computed from the forecasts alone.
        """
        far = self.bulk + self.scale
        decades: FloatArray = np.where(
            significance < self.bulk,
            significance * (_BULK / self.bulk),
            np.where(
                significance < far,
                _BULK + (significance - self.bulk) / self.scale,
                _BULK + 1.0 + (significance - far) / self.reach,
            ),
        )
        return decades


@dataclass(frozen=True, eq=False)
class Runs:
    """All runs of one length in one band of a star.

    Attributes
    ----------
    band : index of the band, or `TOGETHER`.
    row : (n,) the band's rows in the forecast.
    width : points in a run.
    total : (n - width + 1,) what each run amounts to, in Gaussian sigmas; positive where brighter than forecast.
    """

    band: int
    row: np.ndarray
    width: int
    total: FloatArray


def find_events(
    forecast: Forecast,
    options: EventOptions = EventOptions(),
    null: EventNull = PointNull(),
    pair: EventNull = PointNull(),
    longer: EventNull = PointNull(),
) -> list[Event]:
    """Find the runs of failed forecasts of one star.

    Each innovation becomes a tail probability under a Student distribution whose degrees of freedom are the star's own,
    and that again a number of Gaussian sigmas (`gaussian_scores`). Runs of 1, 2, 4, ... consecutive points of a band
    are added up (Stouffer); the p-value of a run is multiplied by the number of runs tried in the star, and that of a
    single point, or of one visit alone, is held against the strangest points of ordinary stars.

    Parameters
    ----------
    forecast : of one star by one detector.
    options : what counts as an event.
    null, pair, longer : what the strangest points, two points in succession, and longer runs of ordinary stars look
        like to that detector.

    Returns
    -------
    Events with p-value at most `options.pvalue`, in order of time; of overlapping runs in a band the most significant.
    Points in succession that are none for what ordinary stars have are among them: they may hide others.
    """
    from scipy.special import log_ndtr, ndtri_exp

    runs = all_runs(forecast, options)
    tries = math.log(max(1.0, count_tries(runs)))
    least = math.log(options.pvalue)
    # below so many sigma a run is no more than what one of so many comes to by chance: its p-value is 1
    chance = float(-ndtri_exp(-tries)) if least < 0.0 else -math.inf
    candidates = []
    for run in runs:
        far = np.flatnonzero(np.abs(run.total) > chance)
        if not len(far):
            continue
        decades = np.maximum(0.0, -(log_ndtr(-np.abs(run.total[far])) + tries) / math.log(10.0))
        visit = visits(forecast.time[run.row])
        alone = visit[far] == visit[far + run.width - 1]
        apparent = np.where(alone, null.decades(decades), decades)
        log_p = -math.log(10.0) * np.where(alone, apparent, (pair if run.width == 2 else longer).decades(decades))
        kept = -math.log(10.0) * apparent <= least
        candidates += [(p, run, i) for p, i in zip(log_p[kept].tolist(), far[kept].tolist(), strict=True)]
    return pick(forecast, runs, candidates, options)


def significant(events: Iterable[Event], pvalue: float) -> list[Event]:
    """What is an event at a p-value (a star), of what appears to be one."""
    return [event for event in events if event.pvalue <= pvalue]


def least_pvalue(events: Iterable[Event]) -> float:
    """The p-value of the likeliest of a star's events that counts for its rank; NaN where it has none."""
    return min((event.pvalue for event in events if event.flag not in UNCONFIRMED), default=math.nan)


def pick(
    forecast: Forecast, runs: Sequence[Runs], candidates: Sequence[tuple[float, Runs, int]], options: EventOptions
) -> list[Event]:
    """Make events of the most significant runs, none of which overlaps another of its band.

    Parameters
    ----------
    forecast : of one star.
    runs : all its runs.
    candidates : natural logarithm of the p-value, a group of runs, and which of it.
    options : what a gap is.

    Returns
    -------
    Events in order of time.
    """
    taken: dict[int, BoolArray] = {}
    gaps = {run.band: _edges(forecast, run, options) for run in runs} if candidates else {}
    found = []
    for chance, run, i in sorted(candidates, key=lambda c: (c[0], c[1].band, c[1].width, c[2])):
        used = taken.setdefault(run.band, np.zeros(len(run.row), dtype=bool))
        if used[i : i + run.width].any():
            continue
        used[max(0, i - 1) : i + run.width + 1] = True
        found.append(_event(forecast, run, i, chance, *gaps[run.band]))
    return sorted(found, key=lambda e: (e.t_start, e.band))


def _edges(forecast: Forecast, run: Runs, options: EventOptions) -> tuple[BoolArray, BoolArray]:
    """`edges` of the rows of a band that were forecast; those between them that were not leave no gap."""
    mine = np.flatnonzero((forecast.band == run.band) | (run.band == TOGETHER))
    mine = mine[mine >= run.row[0]]
    at = np.searchsorted(mine, run.row)
    after, before = edges(forecast.time[mine], options)
    return after[at], before[at]


def best_run(forecast: Forecast, options: EventOptions = EventOptions()) -> float:
    """How strange the strangest run of a star is: minus the decimal logarithm of its p-value, never below 0."""
    return max(best_runs(forecast, options))


def best_runs(forecast: Forecast, options: EventOptions = EventOptions()) -> tuple[float, float, float]:
    """The same of its strangest single point, of two in succession, and of its strangest longer run."""
    from scipy.special import log_ndtr

    runs = all_runs(forecast, options)
    if not runs:
        return 0.0, 0.0, 0.0
    tries = math.log(count_tries(runs))
    largest = [0.0, 0.0, 0.0]
    for run in runs:
        place = min(run.width.bit_length(), 3) - 1
        largest[place] = max(largest[place], float(np.max(np.abs(run.total))))
    single, pair, longer = (max(0.0, -(float(log_ndtr(-x)) + tries) / math.log(10.0)) for x in largest)
    return single, pair, longer


def all_runs(forecast: Forecast, options: EventOptions) -> tuple[Runs, ...]:
    """Every run of every length in every band of a star that has forecasts; see `find_events`."""
    return _runs_up_to(forecast, options.max_run)


# score and events of a star both ask for them
@lru_cache(maxsize=1)
def _runs_up_to(forecast: Forecast, most: int) -> tuple[Runs, ...]:
    innovation = forecast.innovation
    rows = np.flatnonzero(np.isfinite(innovation))
    score = gaussian_scores(innovation[rows])
    runs = []
    present = np.unique(forecast.band[rows])
    # what happens in all bands at once is looked for in all rows together
    together = [TOGETHER] if len(present) > 1 else []
    for band in [*present.tolist(), *together]:
        inside = (forecast.band[rows] == band) | (band == TOGETHER)
        z = score[inside]
        limited = np.concatenate([[0.0], np.cumsum(np.clip(z, -_MOST_IN_RUN, _MOST_IN_RUN))])
        width = 1 if band != TOGETHER else 2
        alone = np.where(_contradicted(z, visits(forecast.time[rows[inside]])), 0.0, z)
        while width <= most and len(z) >= (_RUNS_IN_STAR * width if width > 1 else 1):
            total = alone if width == 1 else (limited[width:] - limited[:-width]) / math.sqrt(width)
            # what the model leaves correlated widens long sums: they are held against the star's own scatter of them
            spread = 1.4826 * median(np.abs(total)) if width > 1 else 1.0
            runs.append(Runs(band, rows[inside], width, total / max(1.0, spread)))
            width *= 2
    return tuple(runs)


def count_tries(runs: Sequence[Runs]) -> float:
    """Number of independent runs tried, in both directions: neighbouring runs of a length overlap by all but one."""
    return 2.0 * sum(max(1.0, 2.0 * len(run.total) / run.width if run.width > 1 else len(run.total)) for run in runs)


def _event(forecast: Forecast, run: Runs, i: int, log_p: float, after: BoolArray, before: BoolArray) -> Event:
    """The event of one run: trimmed to the points that take part in it, and flagged at the edges of gaps."""
    bright = bool(run.total[i] > 0)
    innovation = forecast.innovation[run.row[i : i + run.width]] * (1.0 if bright else -1.0)
    part = np.flatnonzero(innovation > 1.0)
    lo, hi = (i + part[0], i + part[-1]) if len(part) else (i, i + run.width - 1)
    rows = run.row[lo : hi + 1]
    visit = visits(forecast.time[run.row])
    flag: EventFlag | None = None
    if after[lo]:
        flag = "segment_start"
    elif before[hi]:
        flag = "gap_edge"
    elif lo == hi:
        flag = "single_point"
    elif visit[lo] == visit[hi]:
        flag = "single_visit"
    band = "+".join(forecast.bands) if run.band == TOGETHER else forecast.bands[run.band]
    return event_of(forecast, rows, bright, math.exp(max(log_p, -700.0)), band, "run", flag)


def event_of(
    forecast: Forecast,
    rows: IntArray,
    bright: bool,
    pvalue: float,
    band: str,
    kind: EventKind,
    flag: EventFlag | None,
) -> Event:
    """The event of some rows (n,) of a forecast, in order of time; its peak is the row that strays furthest."""
    innovation = np.nan_to_num(forecast.innovation[rows]) * (1.0 if bright else -1.0)
    peak = int(np.argmax(innovation))
    return Event(
        object_id=forecast.object_id,
        detector=forecast.detector,
        band=band,
        t_start=float(forecast.time[rows[0]]),
        t_peak=float(forecast.time[rows[peak]]),
        t_end=float(forecast.time[rows[-1]]),
        direction="brighten" if bright else "fade",
        peak_sigma=max(0.0, float(innovation[peak])),
        pvalue=min(1.0, pvalue),
        n_points=len(rows),
        kind=kind,
        flag=flag,
    )


def without_repeats(events: Iterable[Event]) -> list[Event]:
    """The events in order of time, less those that a more significant one of the same detector tells already.

    Two tell the same where they share more than half of the time that they take together, and the direction; and where
    forecasts only come back from what they had learned of an event.
    """
    kept: list[Event] = []
    for event in sorted(events, key=lambda e: (e.pvalue, e.t_start, e.band)):
        if not any(_same(event, other) or _comes_back(event, other) for other in kept):
            kept.append(event)
    return sorted(kept, key=lambda e: (e.t_start, e.detector, e.band))


def _same(one: Event, other: Event) -> bool:
    if (one.detector, one.direction) != (other.detector, other.direction):
        return False
    if one.band != other.band and one.kind == other.kind == "run":
        return False
    shared = min(one.t_end, other.t_end) - max(one.t_start, other.t_start)
    return shared > 0 and shared > 0.5 * (max(one.t_end, other.t_end) - min(one.t_start, other.t_start))


def _comes_back(event: Event, other: Event) -> bool:
    """Whether forecasts fail the other way in, or right after, a pulse that they had begun to follow."""
    if event.detector != other.detector or (event.kind, other.kind) != ("run", "pulse"):
        return False
    latest = other.t_end + _RIGHT_AFTER * (other.t_end - other.t_start)
    return event.direction != other.direction and other.t_start <= event.t_start <= latest


def visits(time: FloatArray) -> IntArray:
    """(n,) a number for each row's visit: rows much closer than a mean step are exposures of one and the same."""
    n = len(time)
    typical = float(time[-1] - time[0]) / (n - 1) if n > 1 else 0.0
    visit: IntArray = np.concatenate([[0], np.cumsum(np.diff(time) > _VISIT * typical)])[:n].astype(np.int32)
    return visit


def in_sight(time: FloatArray, visit: IntArray, first: int, last: int) -> list[tuple[int, int]]:
    """First and last rows of the parts of an event between which its star was out of sight for most of the time.

    Parameters
    ----------
    time, visit : (n,) of all rows.
    first, last : row of the event.
    """
    steps = np.diff(time[first : last + 1])
    if not len(steps):
        return [(first, last)]
    widest = int(np.argmax(steps))
    usual = float(time[-1] - time[0]) / max(1, int(visit[-1]))
    if steps[widest] <= max(_OUT_OF_SIGHT * float(time[last] - time[first]), _LONG_STEPS * usual):
        return [(first, last)]
    cut = first + widest
    return in_sight(time, visit, first, cut) + in_sight(time, visit, cut + 1, last)


def _contradicted(score: FloatArray, visit: IntArray) -> BoolArray:
    """(n,) which rows most of the other exposures of their visit know nothing of: a bad exposure, and no event."""
    out = np.zeros(len(score), dtype=bool)
    bounds = np.append(np.flatnonzero(np.diff(visit, prepend=-1)), len(score))
    for several in np.flatnonzero(np.diff(bounds) >= 3):
        rows = slice(bounds[several], bounds[several + 1])
        out[rows] = np.sign(score[rows]) * median(score[rows]) < 1.0
    return out


def edges(time: FloatArray, options: EventOptions) -> tuple[BoolArray, BoolArray]:
    """(n,) whether each point is among the first after, and among the last before, a long gap."""
    n = len(time)
    steps = np.diff(time)
    # the mean: several exposures a night do not make every night a segment
    typical = float(time[-1] - time[0]) / (n - 1) if n > 1 and time[-1] > time[0] else 1.0
    starts = [0, *(np.flatnonzero(steps > options.gap * typical) + 1).tolist(), n]
    after, before = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    for lo, hi in pairwise(starts):
        after[lo : min(hi, lo + options.edge_points)] = True
        if hi < n:
            before[max(lo, hi - options.edge_points) : hi] = True
    return after, before

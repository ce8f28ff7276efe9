"""Stars to judge events on: ordinary ones at real cadences, real ones with something laid on them, and known cases."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from swope.models.statespace import Seasonal
from swope.models.statespace.star import StarFit, fit_star, still_residual
from swope.models.statespace.terms import Regressors
from swope.pipeline.clean import clean
from swope.pipeline.ingest import IngestOptions, plan, read
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period import find_period
from swope.pipeline.simulate.bursts import burst_shape, flare_shape
from swope.pipeline.split import held_out, share
from swope.pipeline.star import Star
from tests.bench.statespace_data import NO_PERIOD, damped_walk, kepler_spans
from tests.bench.training_set import stars_of
from tests.real_data import REAL_DATA

#: Kinds of simulated ordinary stars; the walks' names end in their memory in days.
ORDINARY = ("white", "walk 5", "walk 20", "walk 100", "periodic")

#: What is laid on real stars.
INJECTED = ("flare", "dip", "microlensing", "outburst", "level shift", "slow fading", "period change")

#: Integrated signal-to-noise of what is laid on.
SNR = (5.0, 8.0, 10.0, 15.0, 25.0, 50.0)

#: A star whose class says that it erupts, or wanders without end, is no quiet background.
STRANGE = {"M", "SR", "L", "LPV", "RCB", "AGN", "QSO", "UG", "SN", "UV", "SDOR", "CTTS", "TTS", "GCAS", "BE", "INA"}

#: A walk of fewer memories in the curve is no ordinary wandering but one slow change.
_LEAST_MEMORIES = 8.0

#: Largest effect of a changed period, in units of the folded curve's range.
_SMALL = 0.3

#: Rows that an injected event must reach with a tenth of its height: what one row shows no other confirms.
_LEAST_ROWS = 3


@dataclass(frozen=True, eq=False)
class Quiet:
    """A real star that behaves: its survey, the star with Swope's own period, and its total errors (n good rows).

    The total error is the quoted one times the robust scatter, in those errors and by band, of the residuals from the
    star's levels and folded curve: an integrated S/N counts all else that the star does as noise.
    """

    survey: str
    star: Star
    error: FloatArray
    fitted: StarFit


def quiet(survey: str, star: Star) -> Quiet | None:
    """The star with its total errors; None where nothing can be fitted, or it has fewer than 40 good rows."""
    good = star.curve.good
    if len(good) < 40:
        return None
    star = Star(good, star.period)
    try:
        fitted = fit_star(star)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError):
        return None
    if isinstance(fitted, str):
        return None
    ours = fitted.prepared
    left = still_residual(fitted) * ours.scale
    error = ours.series.error * ours.scale
    for b in range(len(ours.bands)):
        rows = ours.series.band == b
        ratio = np.abs(left[rows] / error[rows])
        error[rows] *= 1.4826 * float(np.nanmedian(ratio))
    return Quiet(survey, star, error, fitted) if np.all(error > 0) else None


def quiet_stars(cache: Path, most: int, wanted: Callable[[str], bool] = held_out) -> list[Quiet]:
    """Real stars of each survey that behave, at most so many, always the same ones.

    Of the sets with labels those `wanted`; the small sets without training labels whole. Where a set has labels, stars
    of strange classes are left out; CRTS is represented by its constant standards; Kepler by spans of thirty days.

    Parameters
    ----------
    cache : made by `tests.bench.training_set`.
    """
    surveys: dict[str, list[Star]] = {}
    for name in ("asas_acvs", "eros", "s82_rrlyrae"):
        known = [one for one in stars_of(cache, name) if one.label not in STRANGE]
        surveys[name] = [one.star for one in known if wanted(one.star.curve.object_id)]
    surveys["crts"] = [one.star for one in stars_of(cache, "standards")]
    surveys["ogle"] = [one.star for one in stars_of(cache, "ogle_cepheids")] + plain_stars("ogle/some_stars")
    surveys["kepler"] = list(kepler_spans(days=30.0))
    found = []
    for survey, stars in surveys.items():
        ordered = sorted(stars, key=lambda star: share(star.curve.object_id, "bench"))
        ours = (one for star in ordered if (one := quiet(survey, star)) is not None)
        found += [one for one, _ in zip(ours, range(most), strict=False)]
    return found


def plain_stars(name: str) -> list[Star]:
    """The cleaned stars of a real set with the periods that the pipeline finds."""
    return [Star(curve, find_period(curve)) for curve in read_curves(REAL_DATA / name)]


def read_curves(path: Path) -> list[LightCurve]:
    """The cleaned curves of files, in the order of their names."""
    options = IngestOptions()
    with TemporaryDirectory() as scratch:
        parts = plan([str(path)], options, Path(scratch)).parts
        found = [clean(curve) for part in parts for curve in read(part, options).chunk]
    return sorted((curve for curve in found if len(curve.good)), key=lambda curve: curve.object_id)


def ordinary(kind: str, stars: Sequence[Quiet], count: int) -> Iterator[Star]:
    """So many simulated ordinary stars of a kind, at the times and with the total errors of real ones in turn."""
    rng = np.random.default_rng(int(share(kind, "ordinary") * 2**53))
    if kind == "periodic":
        stars = [one for one in stars if _season(one.fitted) is not None]
    elif kind.startswith("walk"):
        stars = [one for one in stars if np.ptp(one.star.curve.time) > _LEAST_MEMORIES * float(kind.split()[1])]
    for i in range(count):
        one = stars[i % len(stars)]
        good = one.star.curve
        noise = one.error * rng.standard_normal(len(good))
        period = NO_PERIOD
        level = np.array([np.median(good.value[good.band == b]) for b in range(len(good.bands))])[good.band]
        if kind.startswith("walk"):
            height = float(np.median(one.error)) * 10 ** rng.uniform(0.0, 1.0)
            level = level + height * damped_walk(good.time, float(kind.split()[1]), rng)
        elif kind == "periodic":
            season = _season(one.fitted)
            assert season is not None
            level = level + good.sign * season
            period = replace(one.star.period, fap=1e-9)
        curve = replace(good, object_id=f"{kind} {i}", value=level + noise, error=one.error)
        yield Star(curve, period)


def _season(fitted: StarFit) -> FloatArray | None:
    """(n,) the folded curve of a fitted star, brighter up, in its unit; None for a star without one."""
    term = next((t for t in fitted.plain.model.terms if isinstance(t, Seasonal)), None)
    if term is None:
        return None
    series = fitted.prepared.series
    mine = fitted.plain.coefficient[np.array(fitted.plain.columns) == "seasonal"]
    season: FloatArray = series.columns(term) @ mine * fitted.prepared.scale
    return season


@dataclass(frozen=True, eq=False)
class Laid:
    """A real star with something laid on it: kind, integrated S/N, and the rows (n,) that it changes by a tenth of its
    largest change or more.
    """

    quiet: Quiet
    kind: str
    snr: float
    star: Star
    touched: FloatArray


def injected(one: Quiet, kind: str, snr: float) -> Laid | None:
    """The star with an event of this integrated S/N, the same event at each S/N; None where there is no room for it.

    The integrated S/N is that of `integrated`. Flares last 3 to 6
    median steps at half height, dips 3 to 30 d, lens crossing times are 25 d times a log-normal 0.6, outbursts last 20
    to 80 d (at most a 30th, a 30th and a 15th of the span), and all touch three rows at least; shifts and the beginning
    of a fading lie in the middle three fifths; the period changes once, in the middle fifth, by what no constant period
    takes up; to first order, and so only where that is small against the folded curve.
    """
    good = one.star.curve
    rng = np.random.default_rng(int(share(f"{good.object_id} {kind}", "injected") * 2**53))
    for _ in range(30):
        shape = _shape(one, kind, rng)
        if shape is None:
            return None
        touched = np.abs(shape) > 0.1 * np.abs(shape).max()
        if touched.sum() >= _LEAST_ROWS and np.ptp(shape) > 0:
            break
    else:
        return None
    unit = integrated(one, shape)
    if not unit > 0:
        return None
    size = snr / unit
    season = _season(one.fitted)
    if kind == "period change" and (season is None or size > _SMALL * float(np.ptp(season))):
        return None
    value = good.value + good.sign * size * shape
    star = Star(replace(good, object_id=f"{good.object_id} {kind} {snr:g}", value=value), one.star.period)
    return Laid(one, kind, snr, star, touched)


def integrated(one: Quiet, change: FloatArray) -> float:
    """Integrated S/N of a change (n,) of a star's brightness, in the curve's unit.

    sqrt(sum((change / error)^2)), where the error is the star's own robust scatter about its model and what the model's
    levels and folded curve would take up of the change is left out of it. Where the star's residuals are correlated
    (neighbours of a wandering star, the bands of one moment) the rows are whitened by the star's own fitted walk first:
    many rows that err together count as few (Pont, Zucker & Queloz 2006, MNRAS 373, 231).
    """
    from swope.models.statespace.kernels.likelihood import evidence

    fitted = one.fitted
    series = fitted.prepared.series.distrusting(np.ones(len(change)))
    # the error of the height of a further column, whatever walks or oscillates beside it
    beside = (fitted.plain.model + Regressors()).layout(
        series.with_regressors((change / fitted.prepared.scale)[:, None])
    )
    said = evidence(np.empty(0), beside.problem)
    power = 1.0 / float(said.covariance[-1, -1]) if math.isfinite(said.loglike) else 0.0
    scatter = 1.4826 * float(np.nanmedian(np.abs(fitted.innovation)))
    return math.sqrt(max(power, 0.0)) / scatter


def _shape(one: Quiet, kind: str, rng: np.random.Generator) -> FloatArray | None:
    """(n,) an event's change of brightness, brighter up, of height 1; None where the star cannot have it."""
    time = one.star.curve.time
    span = float(np.ptp(time))
    steps = np.diff(time)
    step = float(np.median(steps[steps > 0]))
    # where there are observations: a time of a random row
    row = int(rng.integers(int(0.15 * len(time)), int(0.85 * len(time))))
    at = float(time[row]) + rng.uniform(-0.5, 0.5) * step
    if kind == "flare":
        shape = flare_shape((time - at) / (rng.uniform(3, 6) * step))
    elif kind == "dip":
        wide = min(rng.uniform(3, 30), span / 30)
        shape = -np.exp(-0.5 * ((time - at) / (0.4 * wide)) ** 4)
    elif kind == "microlensing":
        wide = min(float(np.exp(rng.normal(math.log(25), 0.6))), span / 30)
        u2 = rng.uniform(0.05, 0.4) ** 2 + ((time - at) / wide) ** 2
        shape = (u2 + 2) / np.sqrt(u2 * (u2 + 4)) - 1
    elif kind == "outburst":
        wide = min(rng.uniform(20, 80), span / 15)
        shape = burst_shape((time - at) / wide)
    elif kind == "level shift":
        row = int(rng.integers(int(0.2 * len(time)), int(0.8 * len(time))))
        shape = rng.choice([-1.0, 1.0]) * (time >= time[row])
    elif kind == "slow fading":
        begin = time[0] + rng.uniform(0.0, 0.5) * span
        shape = -np.maximum(time - begin, 0.0) / span
    else:
        return _late(one, rng)
    return shape.astype(float)


def _late(one: Quiet, rng: np.random.Generator) -> FloatArray | None:
    """(n,) what a changed period adds to first order: the folded curve's slope times how late it runs."""
    season = _season(one.fitted)
    if season is None:
        return None
    time = one.star.curve.time
    period, step = one.star.period.period, 1e-3
    term = next(t for t in one.fitted.plain.model.terms if isinstance(t, Seasonal))
    series = one.fitted.prepared.series
    mine = one.fitted.plain.coefficient[np.array(one.fitted.plain.columns) == "seasonal"]
    later = replace(series, time=series.time + step * period)
    vars(later).pop("_columns", None)
    slope = (term.columns(later) - series.columns(term)) @ mine / step
    knot = time[0] + rng.uniform(0.4, 0.6) * np.ptp(time)
    late = np.abs(time - knot)
    weight = np.abs(slope) + 1e-12
    late = late - np.polyval(np.polyfit(time - time[0], late, 1, w=weight), time - time[0])
    shape: FloatArray = slope * late / np.abs(slope * late).max()
    return shape


@dataclass(frozen=True, eq=False)
class Case:
    """A real star with what is known to happen to it.

    Attributes
    ----------
    name : of the case.
    star : cleaned, with the period that the pipeline finds.
    spans : times, in the star's own clock, in which something is known to happen, each (start, end).
    direction : "brighten" or "fade"; None for either.
    close : spans of close views.
    drawn : whether it is to be looked at.
    """

    name: str
    star: Star
    spans: tuple[tuple[float, float], ...]
    direction: str | None
    close: tuple[tuple[float, float], ...] = ()
    drawn: bool = True


#: Barycentric Julian date of Kepler's zero.
_BKJD = 2454833.0

#: Mid-transit of Kepler-90 g and h (Cabrera et al. 2014, ApJ 781, 18), BKJD, and how long they last, days.
_TRANSITS = {"Kepler-90 g": (357.5, 0.5), "Kepler-90 h": (472.2, 0.6)}


def cases(cache: Path) -> list[Case]:
    """The known cases: transits, flares, microlensing, outbursts of cataclysmic variables."""
    kepler = {star.curve.object_id: star for star in plain_stars("kepler")}
    found = []
    for name, (middle, lasting) in _TRANSITS.items():
        at = _BKJD + middle
        span = (at - lasting / 2, at + lasting / 2)
        found.append(Case(name, kepler["KIC 11442793"], (span,), "fade", ((at - 3, at + 3),)))
    tess = "tess/tess2018206045859-s0001-0000000358108509-0120-s_lc.fits"
    for name, star in (("GJ 1243", kepler["KIC 9726699"]), ("TIC 358108509", plain_stars(tess)[0])):
        flares = flares_of(star)
        start = star.curve.good.time[0]
        close = ((start + 5, start + 10), (start + 15, start + 18))
        found.append(Case(f"{name}, flares", star, flares, "brighten", close))
    for i, star in enumerate(plain_stars("microlensing")):
        span = brightest(star)
        wide = span[1] - span[0]
        name = f"lens {i + 1} {star.curve.object_id}"
        found.append(Case(name, star, (span,), "brighten", ((span[0] - 2 * wide, span[1] + 2 * wide),)))
    for one in stars_of(cache, "crts"):
        if one.label == "CV" and (spans := outbursts_of(one.star)):
            found.append(Case(f"CV {one.star.curve.object_id}", one.star, spans, "brighten", drawn=len(found) < 20))
    return found


def flares_of(star: Star, window: float = 0.25, peak: float = 5.0) -> tuple[tuple[float, float], ...]:
    """Flares as an eye marks them: two rows or more three robust sigmas above a running median, one above `peak`.

    The star's folded curve, its spots, is taken away first. None for a star that cannot be fitted.
    """
    from scipy.ndimage import median_filter

    fitted = fit_star(star)
    if isinstance(fitted, str):
        return ()
    good = star.curve.good
    steps = np.diff(good.time)
    rows = max(5, int(window / float(np.median(steps[steps > 0]))) | 1)
    left = still_residual(fitted)
    left -= median_filter(left, rows, mode="nearest")
    z = left / (1.4826 * float(np.median(np.abs(left))))
    high = np.concatenate([[False], z > 3.0, [False]])
    starts, stops = np.flatnonzero(high[1:] & ~high[:-1]), np.flatnonzero(~high[1:] & high[:-1])
    return tuple(
        (float(good.time[lo]), float(good.time[hi - 1]))
        for lo, hi in zip(starts, stops, strict=True)
        if hi - lo >= 2 and z[lo:hi].max() > peak and good.time[hi - 1] - good.time[lo] < window
    )


def brightest(star: Star, rows: int = 7) -> tuple[float, float]:
    """The time of the highest running median of so many rows: where a lens passes."""
    good = star.curve.good
    value = good.sign * good.value
    middle = [float(np.median(value[i : i + rows])) for i in range(len(value) - rows + 1)]
    at = int(np.argmax(middle))
    return float(good.time[at]), float(good.time[at + rows - 1])


def outbursts_of(star: Star, high: float = 1.0, apart: float = 15.0) -> tuple[tuple[float, float], ...]:
    """Outbursts as an eye marks them: two rows or more within days, a magnitude and five errors above the star's quiet.

    None of a star with fewer than 20 rows, or that is up for more than a third of them: it has no quiet to judge by.
    """
    good = star.curve.good
    if len(good) < 20:
        return ()
    quiet = float(np.median(good.value))
    scatter = 1.4826 * float(np.median(np.abs(good.value - quiet)))
    error = np.hypot(np.where(np.isfinite(good.error), good.error, 0.0), scatter)
    rows = np.flatnonzero((quiet - good.value > high) & (quiet - good.value > 5 * error))
    if len(rows) < 2 or len(rows) > len(good) / 3:
        return ()
    groups = np.split(rows, np.flatnonzero(np.diff(good.time[rows]) > apart) + 1)
    return tuple((float(good.time[g[0]]), float(good.time[g[-1]])) for g in groups if len(g) >= 2)

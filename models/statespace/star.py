"""One star: from its cleaned curve to a fitted model, chosen among a few structures."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from swope.models.statespace.columns import COLUMNS
from swope.models.statespace.fit import Fit, Record, contradictions, fit, shift_scores, start, update
from swope.models.statespace.layout import Model, Term
from swope.models.statespace.series import Series
from swope.models.statespace.terms import DampedWalk, Level, Noise, Oscillator, Seasonal, harmonic_columns
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.median import median
from swope.pipeline.photometry import errors_or, typical_error
from swope.pipeline.star import Star

#: A folded curve has no harmonic with more cycles than this in its widest gap: there it would do as it likes, and its
#: columns would be all but dependent.
MOST_IN_GAP = 2.0

#: Nor one with which it goes so many times further than the values, at any of so many phases.
WILDEST, CYCLE = 1.5, 64

#: A band with fewer rows, or with less than a fifth of the fullest band's, has no shape of its own.
MIN_SHAPE = 12

#: Rows of neighbouring phase that tell where a folded curve does not fit.
_NEIGHBOURS = 15

#: Forecasts of a band begin after so many of its rows.
HISTORY = 2


@dataclass(frozen=True)
class StarOptions:
    """What may be set about the fit of a star.

    Attributes
    ----------
    min_points : stars with fewer good points get a reason instead of a fit.
    max_harmonics : the seasonal part has at most this many.
    period_fap : a period with a false-alarm probability above this is not used.
    min_cycles : nor is one with fewer cycles in the span.
    plainly_periodic : where the period explains more than this share of the variance, models without it are not tried.
    smooth_memory : where a walk leaves neighbours more correlated than this, an oscillator is tried in its place.
    outlier : rows this many sigma from what all other rows say of them count less in the fit.
    limit : innovations beyond this many sigma teach the filter less the further out they are.
    """

    min_points: int = 8
    max_harmonics: int = 12
    period_fap: float = 1e-3
    min_cycles: float = 2.5
    plainly_periodic: float = 0.7
    smooth_memory: float = 0.15
    outlier: float = 2.5
    limit: float = 4.0


@dataclass(frozen=True, eq=False)
class Prepared:
    """A star's good rows in the model's own units: brighter is up, each band's median 0, robust scatter 1.

    Attributes
    ----------
    series : the rows; times in days from `epoch`.
    epoch : the curve's time that is 0 in the series.
    centre : (bands,) subtracted from sign * value.
    scale : then divided by.
    typical : (bands,) the usual error of a band in the curve's unit: what a row without an error is given.
    bands : names of the bands that have rows; `series.band` counts them.
    """

    series: Series
    epoch: float
    centre: FloatArray
    scale: float
    typical: FloatArray
    bands: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class StarFit:
    """What the baseline knows of one star.

    Attributes
    ----------
    curve, prepared : what was fitted. (The star itself is not kept: fits are held for as long as their star lives.)
    structure, template : the chosen one, such as "seasonal+walk", and its model with nothing estimated yet.
    plain, fit : its fits in the prepared units, by the likelihood and by the diffuse likelihood.
    walk : the fit with a damped random walk where that was preferred to white noise; `fit` itself unless an oscillator
        did better still; None where there is no walk.
    record, after : the filter before the first row, and after the last.
    mean, sigma : (n,) one-step-ahead forecasts in the prepared units; NaN where there was too little history.
    """

    curve: LightCurve
    prepared: Prepared
    structure: str
    template: Model
    plain: Fit
    fit: Fit
    walk: Fit | None
    record: Record
    after: Record
    mean: FloatArray
    sigma: FloatArray

    @property
    def innovation(self) -> FloatArray:
        """(n,) standardised innovations, positive where brighter than forecast; NaN where there was no forecast."""
        return (self.prepared.series.value - self.mean) / self.sigma

    @property
    def forecast(self) -> Forecast:
        """One-step-ahead forecasts of the curve's good rows, in its own unit."""
        prepared, good = self.prepared, self.curve.good
        centre = prepared.centre[prepared.series.band]
        return Forecast(
            object_id=self.curve.object_id,
            detector=COLUMNS.name,
            time=good.time,
            band=prepared.series.band,
            bands=prepared.bands,
            value=good.value,
            mean=self.curve.sign * (self.mean * prepared.scale + centre),
            sigma=self.sigma * prepared.scale,
            sign=self.curve.sign,
        )

    @property
    def season(self) -> Seasonal | None:
        """The folded curve's term; None for a star without one."""
        return _season_of(self.plain)

    @cached_property
    def still(self) -> FloatArray:
        """(n,) what levels and folded curve leave of the star, less the median of each band; no walk is taken away."""
        return without_medians(still_residual(self), self.prepared.series)

    @cached_property
    def shift(self) -> FloatArray:
        """(n,) standardised size of a level shift that begins at each row; 0 where there is none to be had."""
        score: FloatArray = np.nan_to_num(shift_scores(self.plain))
        return score


def prepare(curve: LightCurve, min_points: int) -> Prepared | str:
    """The good rows of a cleaned curve in the model's units, or the reason why there is nothing to fit."""
    good = curve.good
    present = [b for b in range(len(good.bands)) if np.any(good.band == b)]
    if len(good) < min_points:
        return f"{len(good)} good points; {min_points} are needed"
    if not np.ptp(good.time) > 0:
        return "all points are at one time"
    index = np.searchsorted(present, good.band).astype(np.int32)
    value = good.sign * good.value
    centre = np.array([median(value[index == b]) for b in range(len(present))])
    value = value - centre[index]
    scale = 1.4826 * median(np.abs(value))
    if not scale > 0:
        scale = float(np.std(value))
    if not scale > 1e-12 * float(np.max(np.abs(centre)) + 1e-300):
        return "constant: the values do not vary at all"
    typical = np.array([_typical(good.error[index == b], value[index == b]) for b in range(len(present))])
    error = errors_of(good.error, typical[index])
    return Prepared(
        Series.of(good.time - good.time[0], value / scale, error / scale, index, bands=len(present)),
        float(good.time[0]),
        centre,
        scale,
        typical,
        tuple(good.bands[b] for b in present),
    )


def _typical(error: FloatArray, value: FloatArray) -> float:
    """The usual error of a band's rows (n,); never zero."""
    return typical_error(error, value) or 0.1 * float(np.std(value)) or 1.0


def errors_of(error: FloatArray, typical: FloatArray) -> FloatArray:
    """(n,) the quoted errors; the typical one (n,) where there is none, and none far below it."""
    return errors_or(error, typical, 0.2 * typical)


def fit_star(star: Star, options: StarOptions = StarOptions(), near: StarFit | None = None) -> StarFit | str:
    """Fit the structures a star may have, choose one by its information criterion, and follow the star with it.

    The richest structure is fitted first; rows that stand apart from all others under it get more noise, so that no
    structure is chosen for the sake of a few rotten rows. Where a damped random walk is too rough for the star, an
    oscillator, whose path is smooth, is tried in its place.

    Parameters
    ----------
    star : with a cleaned curve.
    options : how it is fitted.
    near : a fit of nearly the same rows, near which the searches may begin.

    Returns
    -------
    The fit, or the reason why there is none.
    """
    prepared = prepare(star.curve, options.min_points)
    if isinstance(prepared, str):
        return prepared
    structures = _structures(star, prepared.series, options)
    if not structures:
        return f"{len(prepared.series)} good points are too few for {prepared.series.bands} bands"
    richest = list(structures)[-1]
    known = near.plain if near is not None else None
    first = fit(structures[richest], prepared.series, near=known)
    series = distrust(first, prepared.series, options)
    fits = {
        name: fit(model, series, warm=first if name == richest else None, near=known or first)
        for name, model in structures.items()
    }
    name = min(fits, key=lambda n: fits[n].bic)
    template, plain = structures[name], fits[name]
    final = fit(template, series, warm=plain, restricted=True)
    walk = final if "walk" in name else None
    record, after, mean, sigma = _follow(final, prepared.series, options)
    if walk is not None and _memory((series.value - mean) / sigma) > options.smooth_memory:
        smoother = Model(tuple(Oscillator() if isinstance(t, DampedWalk) else t for t in template.terms))
        other = fit(smoother, series)
        if other.bic < plain.bic:
            # rows that a rough walk could follow may stand apart from a smooth path
            series = distrust(other, prepared.series, options)
            name, template = name.replace("walk", "oscillator"), smoother
            plain = fit(template, series, warm=other)
            final = fit(template, series, warm=plain, restricted=True)
            record, after, mean, sigma = _follow(final, prepared.series, options)
    return StarFit(
        star.curve, replace(prepared, series=series), name, template, plain, final, walk, record, after, mean, sigma
    )


def _memory(innovation: FloatArray) -> float:
    """Correlation of neighbouring innovations, none of which counts for more than 3 sigma."""
    z = np.clip(innovation[np.isfinite(innovation)], -3, 3)
    return float(np.sum(z[1:] * z[:-1]) / max(np.sum(z**2), 1e-300))


def _structures(star: Star, series: Series, options: StarOptions) -> dict[str, Model]:
    """The models to choose from by name, poorest first; those with too many numbers for the rows are left out."""
    base: tuple[Term, ...] = (Level(), Noise(scale=None))
    season = _season(star, series, options)
    out = {"constant": Model(base), "walk": Model((*base, DampedWalk()))}
    if season is not None:
        term, explained = season
        periodic = {"seasonal": Model((*base, term)), "seasonal+walk": Model((*base, term, DampedWalk()))}
        plainly = explained > options.plainly_periodic and len(series) > 2 * _size(periodic["seasonal"], series)
        out = periodic if plainly else out | periodic
    return {name: model for name, model in out.items() if len(series) > 2 * _size(model, series)}


def _size(model: Model, series: Series) -> int:
    """Numbers that a fit of the model has to find."""
    free = sum(p.value is None for term in model.terms for p in term.parameters(series))
    return int(free + sum(series.columns(term).shape[1] for term in model.terms))


def still_residual(fitted: StarFit) -> FloatArray:
    """(n,) what levels and folded curve leave of a star, in the prepared units: no walk is taken away."""
    series = fitted.prepared.series
    columns = np.hstack([series.columns(term) for term in fitted.plain.model.terms])
    left: FloatArray = series.value - columns @ fitted.plain.coefficient
    return left


def without_medians(value: FloatArray, series: Series) -> FloatArray:
    """(n,) the values less the median of their band."""
    less: FloatArray = value - np.array([median(value[series.band == b]) for b in range(series.bands)])[series.band]
    return less


def fold_misfit(fitted: StarFit, left: FloatArray, least: float) -> FloatArray:
    """(n,) how many times larger what is left of a star is at the phase of a row than elsewhere.

    So it is in eclipses too narrow for the folded curve, and in those that change from cycle to cycle.

    Parameters
    ----------
    left : (n,) in the prepared units; 0 where nothing is known.
    least : what is not so many times larger counts as 1.
    """
    from scipy.ndimage import median_filter

    series = fitted.prepared.series
    season = fitted.season
    known = np.flatnonzero(left)
    worse = np.ones(len(series))
    if season is None or len(known) < 4 * _NEIGHBOURS:
        return worse
    order = known[np.argsort(np.mod(series.time[known] / season.period, 1.0), kind="stable")]
    size = np.abs(left[order]) / series.error[order]
    ratio = median_filter(size, _NEIGHBOURS, mode="wrap") / median(size)
    worse[order] = np.where(ratio > least, ratio, 1.0)
    return worse


def distrust(fitted: Fit, series: Series, options: StarOptions) -> Series:
    """The series with more noise on the rows that all others contradict (redescending M-estimation)."""
    alone = np.nan_to_num(contradictions(fitted.theta, fitted.layout.problem._replace(inflate=series.inflate))[0])
    return series.distrusting(np.maximum(1.0, (alone / options.outlier) ** 2))


def _season(star: Star, series: Series, options: StarOptions) -> tuple[Seasonal, float] | None:
    """The seasonal part and the share of the variance it explains; None where there is no period to trust."""
    period = star.period
    if not period.found or not period.fap <= options.period_fap or series.span < options.min_cycles * period.period:
        return None
    shape_of = _shapes(series)
    harmonics, explained = _harmonics(series, shape_of, period.period, options.max_harmonics)
    return (Seasonal(period.period, harmonics, shape_of=shape_of), explained) if harmonics else None


def _season_of(fitted: Fit) -> Seasonal | None:
    return next((t for t in fitted.model.terms if isinstance(t, Seasonal)), None)


def _shapes(series: Series) -> tuple[int, ...]:
    """For each band the band whose shape it has: its own, or where it has too few rows that of the fullest band."""
    counts = np.bincount(series.band, minlength=series.bands)
    fullest = int(np.argmax(counts))
    return tuple(b if counts[b] >= max(MIN_SHAPE, 0.2 * counts[fullest]) else fullest for b in range(series.bands))


def _widest_gap(cycle: FloatArray) -> float:
    """The widest gap between the phases of times in cycles."""
    phase = np.sort(np.mod(cycle, 1.0))
    return float(np.max(np.diff(phase, append=phase[0] + 1.0)))


def _harmonics(series: Series, shape_of: tuple[int, ...], period: float, most: int) -> tuple[int, float]:
    """Number of harmonics, and the share of the variance they explain, over the bands with a shape of their own.

    By the information criterion of a weighted least-squares fit, clipped once.
    """
    from swope.models.statespace.kernels.least_squares import orthogonalise

    bands = sorted(set(shape_of))
    mine = [np.flatnonzero(series.band == b) for b in bands]
    n = sum(len(rows) for rows in mine)
    most = min(most, (min(len(rows) for rows in mine) - 2) // 4)
    if most < 1:
        return 0, 0.0
    widest = max(_widest_gap(series.time[rows] / period) for rows in mine)
    most = max(1, min(most, int(MOST_IN_GAP / widest)))
    weight = np.ones(len(series))
    residual = np.zeros(len(series))
    waves = np.empty((1 + 2 * most, len(series)))
    waves[0], waves[1:] = 1.0, harmonic_columns(series.time, period, most).T
    # new memory is dear where it is much: the columns of one band are not copied, and all are weighed in one place
    own = [waves] if n == len(series) and len(bands) == 1 else [waves[:, rows] for rows in mine]
    room = np.empty(waves.size)
    cycle = np.hstack([np.ones((CYCLE, 1)), harmonic_columns(np.arange(CYCLE) * period / CYCLE, period, most)])
    best, explained = 0, 0.0
    for _ in range(2):
        squares, tame = np.zeros(most + 1), most
        for rows, columns in zip(mine, own, strict=True):
            w, y = weight[rows], series.value[rows]
            triangle, part, left = np.empty((len(waves), len(waves))), np.empty(len(waves)), np.empty(len(rows))
            weighed = np.multiply(columns, w, out=room[: columns.size].reshape(columns.shape))
            orthogonalise(weighed, y * w, 2 * (best or most) + 1, triangle, part, left)
            tame = min(tame, _tame(triangle, part, cycle, WILDEST * float(np.ptp(y))))
            squares += np.maximum(np.sum((y * w) ** 2) - np.cumsum(part**2), 1e-12)[::2]
            residual[rows] = left / w
        free = len(bands) * (1 + 2 * np.arange(most + 1))
        best = int(np.argmin((n * np.log(squares / n) + free * math.log(n))[: tame + 1]))
        explained = 1.0 - float(squares[best] / squares[0])
        spread = 1.4826 * median(np.abs(np.concatenate([residual[rows] for rows in mine])))
        if not spread > 0:
            break
        weight = 1 / np.maximum(1.0, np.abs(residual) / (3 * spread))
    return best, explained


def _tame(triangle: FloatArray, part: FloatArray, cycle: FloatArray, reach: float) -> int:
    """The largest number of harmonics whose curve goes no further than `reach` over the cycle.

    Parameters
    ----------
    triangle, part : (k, k), (k,) the least-squares fit of a constant and the harmonics, R x = Q' y.
    cycle : (phases, k) constant and harmonics over the cycle.
    """
    for harmonics in range(len(part) // 2, 1, -1):
        some = slice(2 * harmonics + 1)
        diagonal = np.abs(np.diag(triangle)[some])
        if diagonal.min() <= 1e-9 * diagonal.max():
            continue
        if np.ptp(cycle[:, some] @ np.linalg.solve(triangle[some, some], part[some])) <= reach:
            return harmonics
    return 1


def _follow(chosen: Fit, series: Series, options: StarOptions) -> tuple[Record, Record, FloatArray, FloatArray]:
    """The filter before and after all rows, and their one-step forecasts; NaN for a band's first ones."""
    record = start(chosen.model, series, _prior(chosen, series), limit=options.limit)
    after, mean, sigma = update(record, series)
    for b in range(series.bands):
        mean[np.flatnonzero(series.band == b)[:HISTORY]] = np.nan
    return record, after, mean, sigma


def _prior(chosen: Fit, series: Series) -> FloatArray:
    """(k,) what is assumed of each column's coefficient before the first row: a standard deviation about zero.

    Amplitudes of a seasonal fall off as a power of the harmonic, whose size and slope are the star's own; a vaguer
    prior makes the first forecasts needlessly unsure of high harmonics. None is larger than half the range of the
    values, however large the fit had to make it to lead through a gap in phase.
    """
    columns = np.array(chosen.columns)
    prior = np.full(len(columns), 5.0)
    term = _season_of(chosen)
    if term is not None:
        seasonal = np.flatnonzero(columns == "seasonal")
        pairs = chosen.coefficient[seasonal].reshape(-1, term.harmonics, 2)
        size = np.sqrt(np.mean(pairs**2, axis=(0, 2)))
        harmonic = np.arange(1, len(size) + 1)
        fall = 0.0
        if len(size) > 2:
            fall = min(0.0, float(np.polyfit(np.log(harmonic), np.log(size + 1e-6), 1, w=np.sqrt(size))[0]))
        law = harmonic**fall
        law *= 1.5 * math.sqrt(float(np.mean(size**2) / np.mean(law**2)))
        law = np.minimum(law, 0.5 * float(np.ptp(series.value)))
        prior[seasonal] = np.tile(np.repeat(law, 2), len(pairs))
    return prior

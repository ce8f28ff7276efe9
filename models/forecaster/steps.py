"""What the network is given: for every row of a star, what was known before it, and what simple forecasters say of it.

Everything here is causal. A row's input holds nothing of the row's own value or of later rows, save the star's period,
which is found once from the whole curve (as a survey would know it from the year before). So the forecasts of the rows
that there are do not change when new rows come. A row that is asked for some rows ahead is forecast as if the rows
between had not been taken: the forecast of one step in the curve without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.forecaster.bank import linear_bank
from swope.models.forecaster.filters import average, causal_noise, fourier, neighbours
from swope.models.forecaster.sequence import Questions, Sequence
from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.median import median
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.star import Star

#: Rows at a star's start that are never forecast, and earlier rows of its own band that a forecast row must have.
WARM_UP, BAND_WARM_UP = 5, 2

#: The simple forecasters: a level that wanders, or glides; smooth and sharp folded curves; a sharp one at twice the
#: period; means of the phase's near and nearest neighbours. Without a period only the first two speak.
FAMILIES = ("level", "glide", "smooth", "sharp", "double", "near", "nearest")
_UNFOLDED = 2

#: A star whose curve has more bands than this shares no states between them beyond the level.
_MOST_BANDS = 8

#: Columns (two a harmonic) in which the bands' folded curves may differ.
_OWN = 6

#: A period with a larger false-alarm probability is not used: found in the whole curve, it would foretell its noise.
_MOST_FAP = 1e-3

#: Half-widths in phase, and how many rows back, of the neighbour means.
_WIDTHS = (0.05, 0.012)
_REACH = 1500

#: Prior variances of the signal, in units of the rows' noise variance.
_POWERS = (3.0, 100.0, 3000.0)

#: Those of the level that wanders, which is all that a star without a period has; and its memory, days.
_WANDERS = (1.0, 6.0, 36.0, 216.0, 1300.0, 8000.0)
_MEMORIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)

#: Memory of the level that glides, days.
_GLIDES = (1.0, 10.0, 40.0, 160.0)

_SILENT = -20.0


@dataclass(frozen=True, eq=False)
class Steps:
    """The steps of one star: n good rows, and rows asked for ahead of time, in their `Sequence`; f families.

    Attributes
    ----------
    inputs : (n, N_INPUTS) float32, of order one.
    target : (n,) the row's value above the averaged forecast, brighter up, in units of `unit`.
    mean : (n, f) each family's forecast, likewise.
    variance : (n, f) its model's part, in units of `unit` squared.
    noise : (n,) the row's own squared error, likewise.
    log_weight : (n, f) evidence for each family from the rows before.
    centre, unit : (n,) what zero and one are, in the curve's own unit (brighter up).
    ready : (n,) whether enough was known to forecast the row.
    learnt : (n,) whether the row is the next one, and learnt from; the others are only asked for.
    reach : (n,) how far ahead the row was, in mean steps between the rows before.
    """

    inputs: NDArray[np.float32]
    target: FloatArray
    mean: FloatArray
    variance: FloatArray
    noise: FloatArray
    log_weight: FloatArray
    centre: FloatArray
    unit: FloatArray
    ready: BoolArray
    learnt: BoolArray
    reach: FloatArray

    @property
    def next(self) -> BoolArray:
        """(n,) the rows forecast one step ahead."""
        return self.ready & self.learnt

    @property
    def ahead(self) -> BoolArray:
        """(n,) the rows forecast that were asked for ahead of time."""
        return self.ready & ~self.learnt


@dataclass(frozen=True)
class _Design:
    """States of one family of filters: bands' means, harmonics of the phase, the bands' own levels, the common level.

    Attributes
    ----------
    multiple : of the period, at which the curve is folded; 0 for not at all.
    harmonics : of that period.
    slope : the harmonics' prior variances fall off with this power.
    gliding : whether the level is smooth.
    forget : how much of the evidence for each filter is left a row later; what a level is like changes slowly.
    """

    multiple: int = 0
    harmonics: int = 0
    slope: float = 0.0
    gliding: bool = False
    forget: float = 0.99


_DESIGNS = {
    "level": _Design(forget=0.995),
    "glide": _Design(gliding=True),
    "smooth": _Design(1, 4, 3.0),
    "sharp": _Design(1, 12, 1.2),
    "double": _Design(2, 16, 1.0),
}


def steps_of(star: Star, questions: Questions | None = None) -> Steps | None:
    """The steps of a star; None where it has no more good rows than `WARM_UP`.

    Parameters
    ----------
    questions : what to forecast ahead of time, beside each row from those before it.
    """
    curve = star.curve.good
    if len(curve) <= WARM_UP:
        return None
    rows = Sequence.of(curve, questions)
    bands = int(rows.band.max()) + 1
    first = np.array([np.argmax(rows.learnt & (rows.band == b)) for b in range(bands)])
    offset = rows.value[first][rows.band]
    value = rows.value - offset
    # a copy, since some stars' errors are not to be written to: else it is compiled for these as well
    noise = causal_noise(value, rows.error.copy(), rows.band, WARM_UP, rows.learnt)
    period = _trusted_period(star.period)

    reference = median(noise[rows.learnt][: WARM_UP + 1])
    parts: list[tuple[FloatArray, FloatArray, FloatArray]] = []
    for name in list(_DESIGNS) if np.isfinite(period) else FAMILIES[:_UNFOLDED]:
        form = _DESIGNS[name]
        design, prior, decay = _bank(form, rows, bands, period, reference)
        gliding = design.shape[1] - 2 if form.gliding else -1
        bank = linear_bank(rows.time, value, noise, design, prior, decay, gliding, rows.learnt)
        parts.append(average(*bank, rows.learnt, _log_prior(form), form.forget))
    if np.isfinite(period):
        phase = np.mod(rows.time / period, 1.0)
        near = neighbours(phase, value, noise, rows.band, np.array(_WIDTHS), _REACH, rows.learnt)
        parts += list(zip(*near, strict=True))
    return _assemble(star, rows, value, offset, noise, period, parts)


def _trusted_period(found: PeriodResult) -> float:
    """The period to fold at, or NaN: none, or one that may be an accident of the very rows that are to be forecast."""
    doubtful = found.fap > _MOST_FAP or found.flag == "few_cycles"
    return found.period if found.found and found.period > 0 and not doubtful else np.nan


def _bank(
    form: _Design, rows: Sequence, bands: int, period: float, reference: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Design, prior variances and decay rates of one family's filters."""
    columns = [np.ones((len(rows), 1)) if bands == 1 else np.eye(bands)[rows.band]]
    if form.harmonics:
        waves = fourier(np.mod(rows.time / (form.multiple * period), 1.0), form.harmonics)
        columns.append(waves)
        if _own_waves(form, bands):
            columns += [waves[:, :_OWN] * (rows.band == b)[:, None] for b in range(bands)]
    if _own_levels(form, bands):
        columns.append(columns[0])
    columns.append(np.ones((len(rows), 1)))
    if form.gliding:
        columns.append(np.zeros((len(rows), 1)))
    prior, decay, wander = _tables(form, bands)
    if form.harmonics:
        decay = decay + wander / max(15.0 * period, 100.0)
    return np.concatenate(columns, axis=1), reference * prior, decay


def _own_waves(form: _Design, bands: int) -> bool:
    """Whether the bands' folded curves may differ in shape, and not in level alone."""
    return 1 < bands <= _MOST_BANDS and form.multiple == 1


def _own_levels(form: _Design, bands: int) -> bool:
    """Whether the bands' levels may wander apart."""
    return 1 < bands <= _MOST_BANDS and not form.harmonics


@cache
def _tables(form: _Design, bands: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Prior variances in units of the noise's, decay rates, and which states change with the folded curve; (m, d)."""
    shape = np.arange(1, form.harmonics + 1) ** -form.slope
    shape = 0.5 * np.repeat(shape / shape.sum(), 2) if form.harmonics else shape
    if _own_waves(form, bands):
        shape = np.concatenate([shape, *[0.1 * shape[:_OWN]] * bands])
    members = np.array(_members(form))
    power, share, memory, drift = (members[:, i : i + 1] for i in range(4))
    own = bands if _own_levels(form, bands) else 0
    waves = len(shape)
    # the bands' means, the waves, the bands' own levels, the common level and perhaps its slope
    parts = [np.repeat(100.0 + 30.0 * power, bands, axis=1), power * (1.0 - share) * shape]
    parts += [np.repeat(0.1 * power, own, axis=1), power * share, np.zeros((len(members), int(form.gliding)))]
    prior = np.concatenate(parts, axis=1)
    decay = np.zeros_like(prior)
    decay[:, bands + waves : bands + waves + own + 1] = 1.0 / memory
    wander = np.zeros_like(prior)
    wander[:, bands : bands + waves] = drift
    return prior, decay, wander


@cache
def _log_prior(form: _Design) -> FloatArray:
    """(m,) log weights of the filters before the first row: levels neither very fast, nor slow, nor strong are likely.

    Log-normal about a memory of 45 days and ten times the noise's variance, a factor of ten wide: a weak opinion, but
    without it a star's first rows pay for all that they might have been.
    """
    members = np.array(_members(form))
    if form.gliding or form.harmonics:
        return np.zeros(len(members))
    power, memory = np.log10(np.maximum(members[:, 0], 1e-30)), np.log10(members[:, 2])
    likely = -0.5 * (memory - 1.65) ** 2 - 0.5 * ((power - 1.0) / 1.1) ** 2
    # the first of them does not move at all
    return np.where(members[:, 0] > 0, likely, 0.0)


def _members(form: _Design) -> list[tuple[float, float, float, float]]:
    """(signal power, the level's share of it, the level's memory, whether the waves change) of each filter."""
    if form.gliding:
        return [(power, 1.0, memory, 0.0) for memory in _GLIDES for power in _POWERS]
    if not form.harmonics:
        return [(0.0, 1.0, 1.0, 0.0)] + [(power, 1.0, memory, 0.0) for memory in _MEMORIES for power in _WANDERS]
    plain = [(power, 0.0, 1.0, 0.0) for power in _POWERS]
    if form.multiple > 1:
        return plain[:2]
    drifting = [(power, 0.1, 100.0, 0.0) for power in _POWERS]
    if form.harmonics > 4:
        return [plain[0], plain[1], drifting[1], drifting[2]]
    return plain + drifting + [(power, 0.1, 100.0, 1.0) for power in _POWERS]


def _assemble(
    star: Star,
    rows: Sequence,
    value: FloatArray,
    offset: FloatArray,
    noise: FloatArray,
    period: float,
    parts: list[tuple[FloatArray, FloatArray, FloatArray]],
) -> Steps:
    """Put the families' forecasts and the rows' circumstances into the network's units."""
    f = len(FAMILIES)
    speaking = len(parts)
    parts = parts + [parts[0]] * (f - speaking)
    mean, variance, log_density = (np.stack([part[i] for part in parts]) for i in range(3))
    evidence = _evidence(log_density, rows)
    evidence[speaking:] = _SILENT
    evidence = np.maximum(evidence - evidence.max(axis=0), _SILENT)
    weight = np.exp(evidence)
    weight /= weight.sum(axis=0)
    centre = np.sum(weight * mean, axis=0)
    unit = np.sqrt(np.sum(weight * (variance + (mean - centre) ** 2), axis=0))

    own_noise = np.where(np.isfinite(rows.error), rows.error**2, 0.0)
    own_noise = np.minimum(own_noise, 0.95 * variance.min(axis=0))
    target = (value - centre) / unit
    scaled_mean = (mean - centre) / unit
    scaled_variance = variance / unit**2

    inputs: list[Any] = [np.arcsinh(scaled_mean), 0.5 * np.log(scaled_variance), evidence / 10.0]
    missed = np.arcsinh((value - mean) / np.sqrt(variance))
    missed = np.concatenate([np.arcsinh(target)[None], missed])
    log_unit = np.log(unit)
    grown = np.where(rows.before >= 0, log_unit - log_unit[rows.before], 0.0)
    inputs += [rows.earlier(missed), rows.earlier(np.abs(missed[:1])), -grown[None]]
    inputs.append(_circumstances(star, rows, value, noise, period, centre, unit))
    return Steps(
        inputs=np.clip(np.concatenate(inputs), -8.0, 8.0).T.astype(np.float32),
        target=target,
        mean=scaled_mean.T,
        variance=(scaled_variance - own_noise / unit**2).T,
        noise=own_noise / unit**2,
        log_weight=evidence.T,
        centre=centre + offset,
        unit=unit,
        ready=(rows.known >= WARM_UP) & (rows.known_in_band >= BAND_WARM_UP),
        learnt=rows.learnt,
        reach=rows.reach,
    )


def _evidence(log_density: FloatArray, rows: Sequence) -> FloatArray:
    """(m, n) forgetting sum of the log densities of the rows before, for each of the m families."""
    from swope.models.forecaster.filters import forgetting_sums

    total = np.zeros_like(log_density)
    total[:, rows.learnt] = forgetting_sums(np.ascontiguousarray(log_density[:, rows.learnt]), 0.99)
    return rows.earlier(total)


def _circumstances(
    star: Star,
    rows: Sequence,
    value: FloatArray,
    noise: FloatArray,
    period: float,
    centre: FloatArray,
    unit: FloatArray,
) -> FloatArray:
    """When, in which band, at which phase and how well the row was measured."""
    n = len(rows)
    last, before = rows.before_in_band, np.maximum(rows.before, 0)
    columns = [
        np.log10(rows.gap + 1e-3),
        np.log10(rows.time - rows.time[last] + 1e-3),
        (rows.band[before] == rows.band).astype(float),
        np.where(last < np.arange(n), np.arcsinh((value[last] - centre) / unit), 0.0),
        np.log(np.sqrt(noise) / unit),
        np.log1p(rows.known) / 3.0 - 1.0,
        np.log1p(rows.known_in_band) / 3.0 - 1.0,
    ]
    if np.isfinite(period):
        t0 = star.period.t0
        angle = 2 * np.pi * np.mod((rows.time + star.curve.good.time[0] - t0) / period, 1.0)
        columns += [np.ones(n), np.full(n, np.log10(period)), np.log10((rows.gap + 1e-3) / period)]
        columns += [wave(k * angle) if np.isfinite(t0) else np.zeros(n) for k in (1, 2) for wave in (np.cos, np.sin)]
    else:
        columns += [np.zeros(n)] * 7
    return np.stack(columns)


#: Length of a step's input: three numbers a family, what was missed last time, and the circumstances.
N_INPUTS = 3 * len(FAMILIES) + (len(FAMILIES) + 1) + 1 + 1 + 14

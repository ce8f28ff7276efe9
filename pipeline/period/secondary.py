"""Further periods of a star: blends, and pulsators with several modes, after what is known is subtracted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period.options import PeriodOptions
from swope.pipeline.period.refine import refine
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.period.search import search
from swope.pipeline.period.significance import false_alarm

#: A further period must be less likely than this to be noise.
LARGEST_FAP = 1e-3

#: Fourier terms that are subtracted: at least these, since what remains of a sharp shape looks like a harmonic.
LEAST_TERMS = 4
MOST_TERMS = 10

#: Multiples and fractions of a known period up to this one are no news.
SAME_UP_TO = 6


def secondary_periods(
    curve: LightCurve,
    first: PeriodResult,
    most: int = 2,
    options: PeriodOptions = PeriodOptions(),  # noqa: B008
) -> tuple[PeriodResult, ...]:
    """Periods of what remains when the known ones are subtracted (prewhitening), strongest first.

    All known periods are fitted and subtracted together, each band by itself; a period that is a simple multiple or
    fraction of a known one, or its alias by a day, ends the search, as does one that noise may have made.

    Parameters
    ----------
    curve : a cleaned light curve.
    first : the answer of `find_period` for it.
    most : number of further periods at most.
    options : limits of the search.

    Returns
    -------
    The further periods; empty where `first` has none, or is a transit (see `swope.pipeline.period.transit`).
    """
    if not first.found or first.terms == 0:
        return ()
    good = curve.good
    known = [first]
    for _ in range(most):
        answer = _next(replace(good, value=residuals(good, known)), options)
        if answer is None:
            break
        span = float(np.ptp(good.time))
        if any(_related(answer.period, old.period, span) for old in known):
            break
        known.append(answer)
    return tuple(known[1:])


def _next(rest: LightCurve, options: PeriodOptions) -> PeriodResult | None:
    """The period of the best sinusoid in what remains, or None where noise may have made it.

    What remains is small, and shapes tell little of it: twice the period of a sinusoid is not considered.
    """
    found = search(rest, options)
    if isinstance(found, str):
        return None
    chance = false_alarm(found.sample, found.spectrum, found.grid, found.candidates)
    fap = chance.slow
    if not fap < LARGEST_FAP:
        return None
    frequency = float(found.candidates.frequency[int(np.argmax(found.candidates.evidence[:, 0]))])
    best = refine(found.sample, frequency, found.grid.lowest)
    return PeriodResult(
        period=1.0 / best.frequency, period_err=best.frequency_err / best.frequency**2, fap=fap, terms=best.terms
    )


def residuals(good: LightCurve, known: list[PeriodResult]) -> FloatArray:
    """(n,) values less the Fourier models of the known periods, each band's mean kept.

    Parameters
    ----------
    good : n good rows.
    known : periods with their numbers of terms.
    """
    value = good.value.copy()
    for band in range(len(good.bands)):
        rows = np.flatnonzero(good.band == band)
        wanted = [min(MOST_TERMS, max(LEAST_TERMS, answer.terms)) for answer in known]
        while sum(wanted) > 1 and 2 * sum(wanted) + 1 > len(rows) // 3:
            wanted = [max(1, terms - 1) for terms in wanted]
            if all(terms == 1 for terms in wanted):
                break
        if len(rows) < 2 * sum(wanted) + 2:
            continue
        time = good.time[rows] - good.time[0]
        columns = [np.ones(len(rows))]
        for answer, terms in zip(known, wanted, strict=True):
            for k in range(1, terms + 1):
                angle = 2.0 * np.pi * ((k * time / answer.period) % 1.0)
                columns += [np.cos(angle), np.sin(angle)]
        basis = np.stack(columns, axis=1)
        error = good.error[rows]
        root = np.where(np.isfinite(error), 1.0 / error, 1.0) if np.isfinite(error).all() else np.ones(len(rows))
        solved = np.linalg.lstsq(basis * root[:, None], value[rows] * root, rcond=1e-8)[0]
        value[rows] -= basis[:, 1:] @ solved[1:]
    return value


def _related(period: float, old: float, span: float) -> bool:
    """Whether a period is a simple multiple or fraction of a known one, or its alias by one or two days."""
    near = 1.0 / span
    new, known = 1.0 / period, 1.0 / old
    for shift in (0.0, 1.0, -1.0, 2.0, -2.0):
        f = abs(new + shift)
        for k in range(1, SAME_UP_TO + 1):
            if abs(f - k * known) < near or abs(k * f - known) < near:
                return True
    return False

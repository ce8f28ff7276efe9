"""The answer of a search at a multiple of its period, where something else has shown that to be the true one."""

from __future__ import annotations

import math
from dataclasses import replace

from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period.refine import epoch, refine
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.period.sample import Sample, prepare
from swope.pipeline.period.significance import FEW_CYCLES, few_cycles
from swope.pipeline.period.transit import deepest

#: Two periods within this share of each other, or half of 1/span in frequency, are the same.
SAME = 0.01


def multiplied(curve: LightCurve, found: PeriodResult, factor: float) -> PeriodResult:
    """What the search would have answered had it chosen this multiple of its period.

    The period is multiplied exactly, and its error with it; number of terms and epoch are those of the fold at the
    new period. What the flag said of half and double is settled, while an alias may still be one, and the cycles are
    counted anew. The old period becomes the first of the runners-up, and none of the others is one of the two.

    Parameters
    ----------
    curve : the cleaned light curve that was searched.
    found : the answer of `find_period` for it.
    factor : what to multiply the period by.

    Returns
    -------
    The new answer; the old one where it has no period, or the light curve does not vary.
    """
    sample = prepare(curve.good)
    if not found.found or sample is None:
        return found
    period = factor * found.period
    known = (period, found.period)
    others = [other for other in found.others if not any(_same(other, one, sample.span) for one in known)]
    new = replace(
        found,
        period=period,
        period_err=factor * found.period_err,
        flag="alias" if found.flag == "alias" else None,
        others=(found.period, *others[:3]),
    )
    if found.terms == 0:
        few = sample.span < FEW_CYCLES * period
        new = replace(new, t0=_transit_epoch(curve, sample, found, period))
    else:
        best = refine(sample, 1.0 / period, rounds=0)
        few = few_cycles(sample, best)
        new = replace(new, t0=epoch(best, sample), terms=best.terms)
    return replace(new, fap=math.nan, flag="few_cycles") if few else new


def _same(period: float, other: float, span: float) -> bool:
    """Whether two periods are the same, or cannot be told apart in so many days."""
    return abs(period / other - 1.0) < SAME or abs(1.0 / period - 1.0 / other) < 0.5 / span


def _transit_epoch(curve: LightCurve, sample: Sample, found: PeriodResult, period: float) -> float:
    """The first transit at or after the first point: of every other one of a doubled period, the deeper."""
    epochs = [found.t0 + k * found.period for k in range(max(1, round(period / found.period)))]
    chosen = deepest(curve, period, epochs)
    return sample.reference + (chosen - sample.reference) % period

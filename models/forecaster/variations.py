"""The same star, observed less well: what a training adds to the stars it is given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.star import Star

#: A varied curve keeps at least so many rows.
_LEAST = 20

#: Chances of each variation, and the bounds of: the share of rows kept, the length of a gap in spans, the errors'
#: growth in powers of ten.
_THINNED, _KEPT = 0.5, (0.15, 0.7)
_GAPPED, _GAP = 0.5, (0.02, 0.25)
_NOISY, _GROWTH = 0.4, (0.1, 0.7)


def varied(star: Star, rng: np.random.Generator) -> Star:
    """A star with rows taken out (at random, or all in a gap) and noise added, each by chance.

    Shifts of time and changes of unit are left out: the steps do not depend on either.
    """
    curve = star.curve.good
    if rng.random() < _THINNED:
        curve = _where(curve, rng.random(len(curve)) < rng.uniform(*_KEPT))
    if rng.random() < _GAPPED and len(curve):
        span = float(curve.time[-1] - curve.time[0])
        begin = curve.time[0] + span * rng.uniform(0.1, 0.9)
        curve = _where(curve, (curve.time < begin) | (curve.time > begin + span * rng.uniform(*_GAP)))
    if rng.random() < _NOISY and bool(np.isfinite(curve.error).all()):
        growth = 10.0 ** rng.uniform(*_GROWTH)
        added = np.sqrt(growth**2 - 1.0) * curve.error * rng.standard_normal(len(curve))
        curve = replace(curve, value=curve.value + added, error=growth * curve.error)
    return Star(curve, star.period)


def _where(curve: LightCurve, keep: np.ndarray) -> LightCurve:
    return curve.where(keep) if keep.sum() >= _LEAST else curve

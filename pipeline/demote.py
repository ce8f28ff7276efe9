"""What keeps a star out of the first places of a ranking, though its detectors call it strange; p-values stay."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.vsx import TYPES, ancestors

#: What the column ``anomaly_flag`` may say, and what it adds to the star's reason; the first that holds is said.
FLAGS = {
    "few_points": "It has few points.",
    "lone_points": "Without a few points that stand alone it would be ordinary.",
    "many_stars": "All that it did, many stars of the run did at the same time.",
    "blend": "A brighter star beside it has the same period.",
    "wrong_period": "Its period is in doubt, and at a wrong one every fold is strange.",
}

#: A star with fewer points has no place among the first.
LEAST_POINTS = 40

#: No star with a flag stands before one whose p-value is below this and that has none. Of what tuning stars allow (from
#: 0.05 to 0.2 there is little between them) it keeps flags from the first hundred of 2,000 stars, and no further.
NOT_BEFORE = 0.1

#: How many ordinary stars keep their places is seen on those with p-values from here to `NOT_BEFORE`, where few others
#: are; not on fewer stars than the second.
SEEN_FROM, LEAST_SEEN = 0.01, 15

#: With what power of the p-value the ordinary stars of a catalog become fewer is seen on those from here to there: most
#: of the others are below. Not on fewer than the third, and not followed below the last.
BULK_FROM, BULK_TO, LEAST_BULK, FOLLOWED = 0.05, 0.5, 100, 0.01

#: Powers between which that of a catalog is looked for.
POWERS = 0.25, 4.0

#: A star's changes are its own where a damped random walk makes this share of its variance, and lasts longer than so
#: many mean steps between its points.
OF_VARIANCE, STEPS = 0.5, 3.0

#: The range of a normal distribution from the 5th to the 95th percentile, in sigmas.
_RANGE = 3.29

#: Types that keep their periods.
_PERIODIC = frozenset(
    name
    for name, one in TYPES.items()
    if one.group in ("eclipsing", "rotating", "pulsating") and not {"LPV", "ACYG", "RV"} & {name, *ancestors(name)}
)

#: A period with a larger false-alarm probability is in doubt.
LARGEST_FAP = 1e-3

#: The light of a star spills so far (degrees), and two places nearer than the second number are one star.
SPILL, SAME = 90.0 / 3600.0, 3.0 / 3600.0

#: Two periods within this share of each other, or of twice each other, are the same.
SAME_PERIOD = 1e-3


def few_points(count: FloatArray) -> BoolArray:
    """(n,) which stars have too few points."""
    few: BoolArray = count < LEAST_POINTS
    return few


def doubtful_period(kind: Sequence[str | None], fap: FloatArray, flag: Sequence[str | None]) -> BoolArray:
    """(n,) which stars look strictly periodic at a period that may be an accident, or an alias.

    Eclipsing, rotating and pulsating stars are that, but for slow pulsators. Others may have no period to be wrong.

    Parameters
    ----------
    kind, fap, flag : n classes, false-alarm probabilities (NaN for none) and flags of the periods.
    """
    periodic = np.array([name is not None and name in _PERIODIC for name in kind], dtype=np.bool_)
    alias = np.array([one == "alias" for one in flag], dtype=np.bool_)
    doubtful: BoolArray = periodic & (~(fap <= LARGEST_FAP) | alias)
    return doubtful


def wanders(tau: FloatArray, sigma: FloatArray, amplitude: FloatArray, step: FloatArray) -> BoolArray:
    """(n,) which stars change slowly and by themselves, so that no fold at any period is what makes them strange.

    Parameters
    ----------
    tau, sigma : (n,) of the damped random walk: days, and its long-term deviation; NaN where there is none.
    amplitude : (n,) the star's range, from the 5th to the 95th percentile, in the unit of sigma.
    step : (n,) mean days between its points.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        own: BoolArray = ((_RANGE * sigma / amplitude) ** 2 >= OF_VARIANCE) & (tau > STEPS * step)
    return own


def blended(ra: FloatArray, dec: FloatArray, period: FloatArray, fap: FloatArray, brightness: FloatArray) -> BoolArray:
    """(n,) which stars have the period of a brighter star beside them, or half or twice that.

    Parameters
    ----------
    ra, dec : (n,) degrees; NaN where unknown.
    period, fap : (n,) days, and false-alarm probabilities; NaN where there is none.
    brightness : (n,) larger is brighter, on one scale; NaN where unknown.
    """
    rows = np.flatnonzero(np.isfinite(ra + dec + brightness) & (period > 0) & (fap <= LARGEST_FAP))
    marked = np.zeros(len(ra), dtype=bool)
    if len(rows) < 2:
        return marked
    # many surveys have no places, and need not wait for it
    from scipy.spatial import cKDTree

    right, up = np.radians(ra[rows]), np.radians(dec[rows])
    place = np.stack([np.cos(up) * np.cos(right), np.cos(up) * np.sin(right), np.sin(up)], axis=1)
    first, second = cKDTree(place).query_pairs(np.radians(SPILL), output_type="ndarray").T
    apart = np.linalg.norm(place[first] - place[second], axis=1) > np.radians(SAME)
    ratio = np.log2(period[rows[first]] / period[rows[second]])
    alike = (np.abs(ratio - np.rint(ratio)) < SAME_PERIOD / np.log(2.0)) & (np.abs(ratio) < 1.5)
    first, second = rows[first[apart & alike]], rows[second[apart & alike]]
    fainter = np.where(brightness[first] < brightness[second], first, second)
    marked[fainter[brightness[first] != brightness[second]]] = True
    return marked


def with_all_events(star: NDArray[np.int64], marked: BoolArray, stars: int) -> BoolArray:
    """(stars,) which stars have events, and every one of them is marked.

    Parameters
    ----------
    star : (m,) the star of each event; negative for none.
    marked : (m,) which events are.
    """
    known = star >= 0
    count = np.bincount(star[known], minlength=stars)
    every: BoolArray = (count > 0) & (np.bincount(star[known & marked], minlength=stars) == count)
    return every


def least_of(star: NDArray[np.int64], pvalue: FloatArray, stars: int) -> FloatArray:
    """(stars,) the least p-value of each star's events; NaN for a star without any.

    Parameters
    ----------
    star, pvalue : (m,) the star of each event, negative for none; and its p-value.
    """
    least = np.full(stars, np.inf)
    known = (star >= 0) & np.isfinite(pvalue)
    np.minimum.at(least, star[known], pvalue[known])
    return np.where(np.isfinite(least), least, np.nan)


def first_flag(holds: dict[str, BoolArray]) -> list[str | None]:
    """The first of `FLAGS` that holds for each star; None where none does."""
    found: list[str | None] = [None] * len(next(iter(holds.values())))
    for name in reversed(FLAGS):
        for row in np.flatnonzero(holds[name]):
            found[row] = name
    return found


def confirmed(pvalue: FloatArray, own: FloatArray, without: FloatArray) -> FloatArray:
    """(n,) the p-values to rank by, larger by as much as a star's own is without the points that stand alone.

    Parameters
    ----------
    pvalue : (n,) NaN for none.
    own, without : (n,) combined p-values with and without these points; NaN where that was not asked.
    """
    times = np.maximum(np.nan_to_num(without / own, nan=1.0), 1.0)
    return np.minimum(pvalue * times, 1.0)


def demoted(pvalue: FloatArray, flag: Sequence[str | None]) -> FloatArray:
    """(n,) the p-values to rank by: not below `NOT_BEFORE` for a star with a flag."""
    return np.where(_flagged(flag), np.maximum(pvalue, NOT_BEFORE), pvalue)


def placed(pvalue: FloatArray, flag: Sequence[str | None]) -> FloatArray:
    """(n,) how probable it is that an ordinary star of the catalog is given a place as high as each star's.

    That is its p-value, times the share of ordinary stars with such p-values that no flag keeps from the first places,
    as far as p-values are uniform on the ordinary stars of the catalog. They need not be, on a survey of its own and
    without lone points: as Efron (2004, J. Am. Stat. Assoc. 99, 96) takes the null of many tests from the bulk of them,
    the share of ordinary stars below a p-value is that to a power, which the bulk of the catalog tells (`bulk_power`).

    Parameters
    ----------
    pvalue : (n,) before stars with flags are set back (`demoted`); NaN for none.
    flag : n.
    """
    flagged = _flagged(flag)
    seen = (pvalue >= SEEN_FROM) & (pvalue < NOT_BEFORE)
    kept = (1.0 + (seen & ~flagged).sum()) / (1.0 + seen.sum()) if seen.sum() >= LEAST_SEEN else 1.0
    behind = demoted(pvalue, flag)
    behind = np.where(behind < NOT_BEFORE, kept * behind, behind) * np.maximum(behind, FOLLOWED) ** (
        bulk_power(pvalue) - 1.0
    )
    return np.minimum(behind, 1.0)


def bulk_power(pvalue: FloatArray) -> float:
    """The power of most likelihood, by whose p-values are distributed within the bulk of a catalog; 1: uniformly.

    Parameters
    ----------
    pvalue : (n,) of all stars of a catalog; NaN for none.
    """
    inside = np.log(pvalue[(pvalue > BULK_FROM) & (pvalue <= BULK_TO)])
    if len(inside) < LEAST_BULK:
        return 1.0
    low, high = math.log(BULK_FROM), math.log(BULK_TO)

    def slope(power: float) -> float:
        """How the mean log-likelihood of the logarithms between both ends grows with the power."""
        ends = math.exp(power * low), math.exp(power * high)
        return 1.0 / power + float(inside.mean()) - (high * ends[1] - low * ends[0]) / (ends[1] - ends[0])

    less, more = POWERS
    if not slope(less) > 0 > slope(more):
        return 1.0
    # it falls all the way; by halves, for SciPy's root finders take a third of a second to import
    for _ in range(50):
        middle = 0.5 * (less + more)
        less, more = (middle, more) if slope(middle) > 0 else (less, middle)
    return 0.5 * (less + more)


def _flagged(flag: Sequence[str | None]) -> BoolArray:
    return np.array([one is not None for one in flag], dtype=bool)

"""What share of the laid events was found, against their depth, duration and signal-to-noise; and false alarms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from swope.pipeline.inject.shapes import SHAPES
from swope.pipeline.lightcurve import BoolArray, FloatArray

#: Edges of the signal-to-noise, the same for every survey, so that surveys can be compared.
SNR_EDGES = (0.0, 3.0, 5.0, 8.0, 10.0, 15.0, 25.0, 50.0, 100.0, math.inf)

#: Bins of depth and of duration between their limits.
_BINS = 8

#: What completeness is measured against, with its unit.
AXES = {"snr": "", "depth": "mag", "duration": "d"}

#: Stands for all shapes together.
ALL = "all"

#: Outcomes that say whether an event is found.
JUDGED = ("recovered", "missed")


@dataclass(frozen=True)
class Share:
    """A share with the 95 % interval that is central for Jeffreys' prior (Brown, Cai & DasGupta 2001, eq. 6).

    Attributes
    ----------
    n, of : counted, and out of how many.
    low, high : limits of the share; 0 and 1 where none, or all, were counted. NaN out of none.
    """

    n: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share; NaN out of none."""
        return self.n / self.of if self.of else math.nan

    @classmethod
    def counted(cls, n: int, of: int, level: float = 0.95) -> Share:
        """The share of n out of so many.

        Raises
        ------
        ValueError
            When n is more than that.

        Examples
        --------
        >>> found = Share.counted(9, 10)
        >>> found.value, round(found.low, 2), round(found.high, 2)
        (0.9, 0.62, 0.99)
        """
        from scipy.special import betaincinv

        if not 0 <= n <= of:
            raise ValueError(f"{n} out of {of} is no share")
        if not of:
            return cls(0, 0, math.nan, math.nan)
        half = (1.0 - level) / 2.0
        low = 0.0 if n == 0 else float(betaincinv(n + 0.5, of - n + 0.5, half))
        high = 1.0 if n == of else float(betaincinv(n + 0.5, of - n + 0.5, 1.0 - half))
        return cls(n, of, low, high)


def completeness_table(trials: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Completeness by shape, against each of `AXES`.

    Parameters
    ----------
    trials : each with shape, outcome, snr, depth and duration; those that say nothing (`JUDGED`) are left out.

    Returns
    -------
    A row a shape (or `ALL`), axis and bin with a trial: shape, axis, unit, low, high, n, n_recovered, completeness,
    ci_low, ci_high (95 %).
    """
    judged = [trial for trial in trials if trial["outcome"] in JUDGED]
    rows = []
    for shape in (ALL, *SHAPES):
        mine = [trial for trial in judged if shape in (ALL, trial["shape"])]
        found = np.array([trial["outcome"] == "recovered" for trial in mine], dtype=bool)
        for axis, unit in AXES.items():
            value = np.array([trial[axis] for trial in mine], dtype=float)
            every = np.array([trial[axis] for trial in judged], dtype=float)
            rows += [
                {"shape": shape, "axis": axis, "unit": unit, **one}
                for one in _binned(value, found, _edges(axis, every))
            ]
    return pa.Table.from_pylist(rows, schema=_schema())


def _edges(axis: str, value: FloatArray) -> FloatArray:
    known = value[np.isfinite(value) & (value > 0)]
    if axis == "snr":
        return np.array(SNR_EDGES)
    if not len(known):
        return np.zeros(0)
    edges = np.geomspace(known.min(), known.max(), _BINS + 1)
    # the largest belongs to the last bin
    edges[-1] = np.nextafter(known.max(), math.inf)
    edges[0] = known.min()
    return edges


def _binned(value: FloatArray, found: BoolArray, edges: FloatArray) -> Iterable[dict[str, Any]]:
    for low, high in pairwise(edges.tolist()):
        inside = (value >= low) & (value < high)
        if inside.any():
            share = Share.counted(int(found[inside].sum()), int(inside.sum()))
            yield {
                "low": low,
                "high": high,
                "n": share.of,
                "n_recovered": share.n,
                "completeness": share.value,
                "ci_low": share.low,
                "ci_high": share.high,
            }


def _schema() -> pa.Schema:
    texts = [pa.field(name, pa.string()) for name in ("shape", "axis", "unit")]
    counts = [pa.field(name, pa.int32()) for name in ("n", "n_recovered")]
    shares = [pa.field(name, pa.float64()) for name in ("completeness", "ci_low", "ci_high")]
    return pa.schema([*texts, pa.field("low", pa.float64()), pa.field("high", pa.float64()), *counts, *shares])


def reached(table: pa.Table, share: float, shape: str = ALL) -> float:
    """Signal-to-noise at which completeness reaches a share, between the middles of the bins.

    Parameters
    ----------
    table : of `completeness_table`. What falls from one bin to the next is averaged first, weighted by the number of
        trials, until completeness never falls (isotonic regression).

    Returns
    -------
    NaN where it does not, or where the first bin has it already.
    """
    from scipy.optimize import isotonic_regression

    every = [row for row in table.to_pylist() if row["shape"] == shape and row["axis"] == "snr"]
    rows = [row for row in every if row["low"] > 0 and row["high"] < math.inf]
    if not rows:
        return math.nan
    middle = [math.log(row["low"] * row["high"]) / 2.0 for row in rows]
    value = isotonic_regression([row["completeness"] for row in rows], weights=[row["n"] for row in rows]).x
    if not value[0] < share <= value[-1]:
        return math.nan
    i = int(np.searchsorted(value, share))
    return float(np.exp(np.interp(share, value[i - 1 : i + 1], middle[i - 1 : i + 1])))


#: Curves that false alarms are counted in, and what they are.
NULLS = {
    "scrambled": "what the folded curve leaves, in another order within each season",
    "inverted": "upside down; events that the star has upright at that time are left out",
    "untouched": "as they came: events of the stars' own, no false alarms",
}


def false_alarm_table(stars: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Stars with an event, per 1,000, in each kind of curve.

    Parameters
    ----------
    stars : each with the number of events by kind of curve (`NULLS`), in all ("scrambled") and by direction
        ("scrambled_fade", "scrambled_brighten"); None where the curve could not be judged.

    Returns
    -------
    A row a kind and direction (any, fade, brighten): curve, direction, n_stars, n_alarms, per_1000, ci_low, ci_high.
    """
    rows = []
    for kind in NULLS:
        for direction in ("any", "fade", "brighten"):
            column = kind if direction == "any" else f"{kind}_{direction}"
            known = [star[column] for star in stars if star[column] is not None]
            share = Share.counted(sum(count > 0 for count in known), len(known))
            rates = {"per_1000": share.value, "ci_low": share.low, "ci_high": share.high}
            rows.append(
                {
                    "curve": kind,
                    "direction": direction,
                    "n_stars": share.of,
                    "n_alarms": share.n,
                    **{name: None if math.isnan(rate) else 1000.0 * rate for name, rate in rates.items()},
                }
            )
    counts = [pa.field(name, pa.int32()) for name in ("n_stars", "n_alarms")]
    texts = [pa.field(name, pa.string()) for name in ("curve", "direction")]
    shares = [pa.field(name, pa.float64()) for name in ("per_1000", "ci_low", "ci_high")]
    return pa.Table.from_pylist(rows, schema=pa.schema([*texts, *counts, *shares]))

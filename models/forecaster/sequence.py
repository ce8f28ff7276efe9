"""The rows of a star in the order in which they become known, and between them the questions asked on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import BoolArray, FloatArray, LightCurve

Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Questions:
    """Observations that are to be forecast from an earlier moment than just before them.

    Attributes
    ----------
    origin : (q,) ascending; index of the last good row that is known.
    time : (q,) days, in the curve's time, not before the origin's.
    band : (q,) index into the curve's bands.
    error : (q,) one-sigma error of the observation; NaN for one such as the star's others.
    value : (q,) what was observed; NaN where nothing was yet.
    """

    origin: Index
    time: FloatArray
    band: Index
    error: FloatArray
    value: FloatArray

    def __len__(self) -> int:
        return len(self.origin)

    @classmethod
    def of_rows(cls, curve: LightCurve, origin: Index, row: Index) -> Questions:
        """Rows that the curve holds.

        Parameters
        ----------
        curve : good rows only.
        origin, row : (q,) indices of the last known and of the asked row, the first ascending.
        """
        return cls(origin, curve.time[row], curve.band[row].astype(np.int64), curve.error[row], curve.value[row])


def ahead_of(n: int, horizons: tuple[int, ...], every: int) -> tuple[Index, Index]:
    """(q,) origins and rows so many further on, from every so manyth of n rows."""
    origin = np.repeat(np.arange(every - 1, n, every), len(horizons))
    row = origin + np.tile(np.array(horizons, dtype=np.int64), len(origin) // max(len(horizons), 1))
    return origin[row < n], row[row < n]


def drawn_ahead(n: int, share: float, furthest: int, rng: np.random.Generator) -> tuple[Index, Index]:
    """(q,) origins, a random share of n rows, and a row a random way (evenly in its logarithm) after each."""
    origin = np.flatnonzero(rng.random(n) < share)
    far = 2.0 ** rng.uniform(1.0, np.log2(furthest + 1), len(origin))
    row = origin + far.astype(np.int64)
    return origin[row < n], row[row < n]


@dataclass(frozen=True, eq=False)
class Sequence:
    """n rows, those that are learnt from and those that are only asked for, each after the last row known to it.

    Attributes
    ----------
    time, value, error : (n,) days from the first row; brighter up; NaN where not given.
    band : (n,) index among the bands that the star has.
    learnt : (n,) whether the row is learnt from; the others are asked for.
    before : (n,) index in the sequence of the last row that is learnt from before the row; -1 for none.
    """

    time: FloatArray
    value: FloatArray
    error: FloatArray
    band: Index
    learnt: BoolArray
    before: Index

    def __len__(self) -> int:
        return len(self.time)

    @classmethod
    def of(cls, curve: LightCurve, questions: Questions | None = None) -> Sequence:
        """The sequence of a star's good rows.

        Parameters
        ----------
        curve : good rows only.
        questions : in bands of which the curve has a row.
        """
        present, band = np.unique(curve.band, return_inverse=True)
        time, value, error = curve.time, curve.sign * curve.value, curve.error
        learnt = np.ones(len(curve), dtype=bool)
        if questions is not None:
            order = np.argsort(np.concatenate([np.arange(len(curve)), questions.origin + 0.5]), kind="stable")
            asked = np.zeros(len(questions), dtype=bool)
            time = np.concatenate([time, questions.time])[order]
            value = np.concatenate([value, curve.sign * questions.value])[order]
            error = np.concatenate([error, questions.error])[order]
            band = np.concatenate([band, np.searchsorted(present, questions.band)])[order]
            learnt = np.concatenate([learnt, asked])[order]
        last = np.maximum.accumulate(np.where(learnt, np.arange(len(time)), -1))
        before = np.concatenate([[-1], last[:-1]])
        return cls(time - time[0], value, error, band.astype(np.int64), learnt, before)

    @property
    def known(self) -> Index:
        """(n,) how many rows are known before each."""
        return np.cumsum(self.learnt) - self.learnt

    @property
    def known_in_band(self) -> Index:
        """(n,) how many rows of its own band are known before each."""
        count = np.empty(len(self), dtype=np.int64)
        for b in np.unique(self.band):
            rows = np.flatnonzero(self.band == b)
            count[rows] = np.cumsum(self.learnt[rows]) - self.learnt[rows]
        return count

    @property
    def before_in_band(self) -> Index:
        """(n,) index of the last known row of its own band before each; the row itself where there is none."""
        last = np.arange(len(self))
        for b in np.unique(self.band):
            rows = np.flatnonzero(self.band == b)
            latest = np.maximum.accumulate(np.where(self.learnt[rows], rows, -1))[:-1]
            last[rows[1:]] = np.where(latest >= 0, latest, rows[1:])
        return last

    @property
    def gap(self) -> FloatArray:
        """(n,) days since the last known row; 0 for the first."""
        gap: FloatArray = np.where(self.before >= 0, self.time - self.time[self.before], 0.0)
        return gap

    @property
    def reach(self) -> FloatArray:
        """(n,) `gap` in units of the mean step between the rows known before: how far ahead a row is."""
        mean = self.time[self.before] / np.maximum(self.known - 1, 1)
        reach: FloatArray = np.divide(self.gap, mean, out=np.zeros(len(self)), where=(self.before > 0) & (mean > 0))
        return reach

    def earlier(self, rows: FloatArray) -> FloatArray:
        """(m, n) numbers of the last known row before each; zero where there is none."""
        taken: FloatArray = np.where(self.before >= 0, rows[:, self.before], 0.0)
        return taken

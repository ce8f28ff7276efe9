"""The rows that a model is set upon."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from swope.pipeline.lightcurve import FloatArray, IntArray
from swope.pipeline.median import median


class Columns(Protocol):
    """What has columns over the rows of a series, and can be looked up: a term of a model."""

    def columns(self, series: Series) -> FloatArray:
        """(n, k) the columns."""


@dataclass(frozen=True, eq=False)
class Series:
    """The rows a model is set upon: n observations in time order.

    Attributes
    ----------
    time : (n,) days, ascending; repeats are allowed.
    value : (n,) brighter is up or not, as one likes; ignored where `error` is infinite.
    error : (n,) quoted errors, positive; infinite for a row that is to be forecast and not to be learned from.
    band : (n,) index of each row's band, from 0.
    bands : number of bands.
    regressors : (n, r) further columns, r = 0 for none.
    inflate : (n,) factor on each row's noise variance: 1, or more for a row that is not to be trusted.
    origin : the time from which slopes and phases count.
    """

    time: FloatArray
    value: FloatArray
    error: FloatArray
    band: IntArray
    bands: int
    regressors: FloatArray
    inflate: FloatArray
    origin: float

    @classmethod
    def of(
        cls,
        time: FloatArray,
        value: FloatArray,
        error: FloatArray | None = None,
        band: IntArray | None = None,
        regressors: FloatArray | None = None,
        inflate: FloatArray | None = None,
        bands: int | None = None,
        origin: float | None = None,
    ) -> Series:
        """Make a series; not given means: errors of 1, one band, no regressors, nothing inflated, the first row's time.

        Raises
        ------
        ValueError
            When columns differ in length, times do not ascend, or an error is not positive.
        """
        n = len(time)
        times = np.ascontiguousarray(time, dtype=float)
        errors = np.ones(n) if error is None else np.ascontiguousarray(error, dtype=float)
        index = np.zeros(n, dtype=np.int32) if band is None else np.ascontiguousarray(band, dtype=np.int32)
        extra = np.empty((n, 0)) if regressors is None else np.asarray(regressors, dtype=float).reshape(n, -1)
        factor = np.ones(n) if inflate is None else np.ascontiguousarray(inflate, dtype=float)
        if not len(value) == len(errors) == len(index) == len(factor) == n:
            raise ValueError("time, value, error, band and inflate differ in length")
        if n and not np.all(np.diff(times) >= 0):
            raise ValueError("times must ascend: sort the rows first")
        if n and not np.all(errors > 0):
            raise ValueError("errors must be positive: leave out, or give a large error to, the rows without one")
        count = int(index.max(initial=0)) + 1 if bands is None else bands
        zero = (float(times[0]) if n else 0.0) if origin is None else origin
        return cls(times, np.asarray(value, dtype=float), errors, index, count, extra, factor, zero)

    def __len__(self) -> int:
        return len(self.time)

    def distrusting(self, inflate: FloatArray) -> Series:
        """The same rows with other factors (n,) on their noise variances."""
        return self._keeping(replace(self, inflate=inflate))

    def with_regressors(self, regressors: FloatArray) -> Series:
        """The same rows with other further columns (n, r)."""
        other = self._keeping(replace(self, regressors=regressors))
        others = {term: columns for term, columns in self._columns.items() if columns is not self.regressors}
        vars(other).update(_columns=others, _rows={})
        return other

    def _keeping(self, other: Series) -> Series:
        """Another series of the same time, value, error and band, with all that has been worked out of these."""
        vars(other).update(vars(self) | vars(other))
        return other

    def columns(self, term: Columns) -> FloatArray:
        """(n, k) the columns of a term over these rows, worked out once."""
        known = self._columns.get(term)
        if known is None:
            known = self._columns[term] = term.columns(self)
        return known

    def rows(self, terms: tuple[Columns, ...]) -> FloatArray:
        """(n, k + 1) the columns of some terms, one after the other, and the values, worked out once."""
        known = self._rows.get(terms)
        if known is None:
            shown = np.where(self.observed, self.value, 0.0)[:, None]
            known = self._rows[terms] = np.hstack([*map(self.columns, terms), shown])
        return known

    @cached_property
    def laid(self) -> dict[Any, Any]:
        """The layouts of models over these rows, whatever their columns are (`Model.layout`), by model."""
        return {}

    @cached_property
    def _columns(self) -> dict[Columns, FloatArray]:
        return {}

    @cached_property
    def _rows(self) -> dict[tuple[Columns, ...], FloatArray]:
        return {}

    @cached_property
    def step(self) -> FloatArray:
        """(n,) days since the row before; 0 for the first."""
        return np.diff(self.time, prepend=self.time[:1])

    @cached_property
    def error2(self) -> FloatArray:
        """(n,) squares of the quoted errors."""
        return self.error**2

    @cached_property
    def observed(self) -> Any:
        """(n,) which rows carry an observation."""
        return np.isfinite(self.error)

    @cached_property
    def scale(self) -> float:
        """Robust standard deviation of the values about their band's median; the largest where that is zero."""
        values = self.value[self.observed].copy()
        bands = self.band[self.observed]
        for b in range(self.bands):
            if np.any(bands == b):
                values[bands == b] -= median(values[bands == b])
        if not len(values):
            return 1.0
        spread = 1.4826 * median(np.abs(values))
        return spread or float(np.std(values)) or 1.0

    @cached_property
    def span(self) -> float:
        """Days from the first to the last observation; 1 where there is none."""
        times = self.time[self.observed]
        return float(times[-1] - times[0]) or 1.0 if len(times) else 1.0

    @cached_property
    def spacing(self) -> float:
        """Median of the positive steps, in days."""
        steps = np.diff(self.time[self.observed])
        steps = steps[steps > 0]
        return median(steps) if len(steps) else 1.0

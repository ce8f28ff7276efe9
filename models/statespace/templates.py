"""What a star's whole curve is held against: templates of the events that `swope.models.statespace.slow` looks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from swope.models.statespace.series import Series
from swope.pipeline.lightcurve import BoolArray, FloatArray, IntArray

SlowKind = Literal["pulse", "shift", "trend", "period"]

#: Rows of the shortest pulse.
SHORTEST = 3

#: Rows with more than this share of a bump's height take part in it.
_TAKES_PART = 0.2

#: Bumps are compared with each other over so many widths of the box on either side: there the wings of the widest are a
#: 400th of its height.
_REACH = 20.0

#: Where in the rows a fading, or another period, may begin.
_KNOTS = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8)

#: Shapes of bumps: bells, with wings as a lens gives them, and sudden ones that decay.
_SHAPES = 3


@dataclass(frozen=True, eq=False)
class Template:
    """What is looked for: its kind, its first and last row, and the column (n,) that it adds."""

    kind: SlowKind
    first: int
    last: int
    column: FloatArray


@dataclass(frozen=True, eq=False)
class Ramps:
    """Fadings (or the reverse), and changes of the period, from each knot to the end.

    Attributes
    ----------
    kind : (t,) "trend" or "period".
    first : (t,) rows that they begin with.
    columns : (n, t) what they add.
    """

    kind: NDArray[np.str_]
    first: IntArray
    columns: FloatArray

    @classmethod
    def over(cls, series: Series, drift: FloatArray | None) -> Ramps:
        """Those of a series; no changes of the period where there is no drift (n,), what a late clock adds."""
        first = (np.array(_KNOTS) * len(series)).astype(np.int32)
        ramps = np.maximum(series.time[:, None] - series.time[first], 0.0) / series.span
        if drift is None:
            return cls(np.full(len(first), "trend"), first, ramps)
        later = first > 0
        kind = np.concatenate([np.full(len(first), "trend"), np.full(np.count_nonzero(later), "period")])
        columns = np.hstack([ramps, drift[:, None] * ramps[:, later]])
        return cls(kind, np.concatenate([first, first[later]]), columns)

    def template(self, place: int) -> Template:
        """One of them."""
        kind = cast(SlowKind, str(self.kind[place]))
        return Template(kind, int(self.first[place]), len(self.columns) - 1, self.columns[:, place])


@dataclass(frozen=True, eq=False)
class Bumps:
    """Bumps about the place of a box.

    Attributes
    ----------
    time : (n,) of all rows, days.
    shape, centre, scale : (t,) which shape they have, their place and width, days.
    first, last : (t,) rows that they begin and end with.
    begin : the row that the columns begin with.
    columns : (m, t) what they add to the rows from there on; they add next to nothing to others.
    """

    time: FloatArray
    shape: IntArray
    centre: FloatArray
    scale: FloatArray
    first: IntArray
    last: IntArray
    begin: int
    columns: FloatArray

    @classmethod
    def about(cls, time: FloatArray, first: int, last: int) -> Bumps:
        """Those about a box of rows of a series, as far as they have enough rows and no more than half of all."""
        width = max(float(time[last] - time[first]), 1e-9)
        begin, end = np.searchsorted(time, [time[first] - _REACH * width, time[last] + _REACH * width]).tolist()
        centre = np.repeat(time[first] + width * np.array([0.0, 0.25, 0.5, 0.75, 1.0]), 4)
        scale = np.tile(width * np.array([0.2, 0.35, 0.6, 1.0]), 5)
        columns = np.moveaxis(_bumps(time[begin:end], centre, scale), 0, 1).reshape(end - begin, -1)
        inside = columns > _TAKES_PART
        rows = inside.sum(axis=0)
        kept = np.flatnonzero((rows >= SHORTEST) & (rows <= len(time) // 2))
        begins, ends = inside.argmax(axis=0)[kept], end - begin - 1 - inside[::-1].argmax(axis=0)[kept]
        shape, place = np.divmod(kept, len(centre))
        return cls(
            time,
            shape.astype(np.int32),
            centre[place],
            scale[place],
            (begin + begins).astype(np.int32),
            (begin + ends).astype(np.int32),
            begin,
            columns[:, kept],
        )

    def template(self, place: int) -> Template:
        """One of them, over all rows."""
        one = slice(place, place + 1)
        column = _bumps(self.time, self.centre[one], self.scale[one])[self.shape[place], :, 0]
        return Template("pulse", int(self.first[place]), int(self.last[place]), column)


def _bumps(time: FloatArray, centre: FloatArray, scale: FloatArray) -> FloatArray:
    """(3, n, t) bumps of each shape about centres (t,), with scales (t,), all in days."""
    from swope.models.statespace.kernels.gains import decay

    x = ((time[:, None] - centre) / scale).ravel()
    square, after = x * x, np.maximum(x, 0.0)
    columns = np.empty((_SHAPES, x.size))
    decay(square, -0.5, columns[0])
    np.divide(1.0, 1.0 + square, out=columns[1])
    decay(after, -1.0, columns[2])
    columns[2] *= x >= -0.2
    return columns.reshape(_SHAPES, len(time), len(centre))


def beside(inner: FloatArray, whole: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """How each template does alone beside a model's own columns, whose coefficients are estimated along.

    Parameters
    ----------
    inner, whole : (k + 1, k + 1 + t) and (t,) as `swope.models.statespace.kernels.templates.products` gives them: the
        inner products of the k columns and the series with these and the templates, and of each template with itself.

    Returns
    -------
    (t,) scores, (t,) what is left of each template's square, and (t,) whether it is not all but among the columns.
    """
    k = len(inner) - 1
    own = inner[:k, :k] + 1e-9 * np.diag(np.diag(inner)[:k])
    across = inner[:k, k + 1 :]
    solved = np.linalg.solve(own, inner[:k, k:])
    score: FloatArray = inner[k, k + 1 :] - solved[:, 0] @ across
    norm: FloatArray = whole - np.sum(across * solved[:, 1:], axis=0)
    return score, norm, np.asarray(norm > 1e-4 * np.maximum(whole, 1e-300))

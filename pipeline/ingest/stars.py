"""The last step of every reader: plain columns become a light curve, or a reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swope.pipeline.ingest.columns import filler, kind_of
from swope.pipeline.ingest.parts import IngestOptions, UnusableError
from swope.pipeline.lightcurve import EXCLUDED, Clock, Kind, LightCurve, Mask

#: The unit that goes without saying.
UNIT = {"mag": "mag", "flux": ""}

#: No date in days is later than this, by whatever zero point: Julian dates of our time are 2.4 million.
LATEST = 1e7


def star(
    object_id: str,
    time: ArrayLike,
    value: ArrayLike,
    error: ArrayLike | None,
    *,
    options: IngestOptions,
    source: str,
    clock: Clock,
    kind: Kind | None = None,
    unit: str | None = None,
    band: Sequence[str] | NDArray[Any] | str = "",
    mask: NDArray[np.int32] | None = None,
    ra: float = float("nan"),
    dec: float = float("nan"),
    kind_from: str = "",
    read_as: str = "",
    caution: str = "",
) -> LightCurve:
    """Make a star of what a reader read.

    Times become Julian dates where the clock's format is known. Filler magnitudes (99.999, -99, 999) are marked
    `Mask.NOT_FINITE`, filler errors `Mask.BAD_ERROR`; the rows stay. Errors that are zero throughout mean that the
    source gives none, and become NaN.

    Parameters
    ----------
    time, value, error : (n,) as the source gives them; error None where it gives none.
    kind, unit : None where the source does not say: then `options.kind`, `columns.kind_of`, and the usual unit.
    mask : (n,) the source's own marks.
    kind_from, read_as, caution : as in `LightCurve`.

    Raises
    ------
    UnusableError
        When there is no row with a finite time and value, or times are too large to be days.
    """
    times = np.asarray(time, dtype=np.float64) + clock.zero
    values = np.asarray(value, dtype=np.float64)
    errors = np.full(len(times), np.nan) if error is None else np.asarray(error, dtype=np.float64)
    if len(times) == 0:
        raise UnusableError("no rows")
    known: Kind = kind or options.kind or kind_of(values)
    marks = np.zeros(len(times), dtype=np.int32) if mask is None else mask.astype(np.int32)
    marks[~np.isfinite(times) | ~np.isfinite(values) | filler(values, known)] |= int(Mask.NOT_FINITE)
    if np.all((errors == 0) | np.isnan(errors)):
        errors = np.full(len(times), np.nan)
    marks[filler(errors, known)] |= int(Mask.BAD_ERROR)
    if not np.any((marks & int(EXCLUDED)) == 0):
        raise UnusableError(_why_none(times, values, marks))
    usual = float(np.median(np.abs(times[(marks & int(EXCLUDED)) == 0])))
    if usual > LATEST:
        raise UnusableError(f"times of {usual:.3g} cannot be days: Julian dates are 2.4e6; are they seconds?")
    curve = LightCurve.of(
        object_id,
        times,
        values,
        errors,
        band,
        kind=known,
        unit=UNIT[known] if unit is None else unit,
        clock=clock,
        mask=marks,
        ra=ra,
        dec=dec,
        source=source,
        kind_from=kind_from,
        read_as=read_as,
        caution=caution,
    )
    return in_bjd(curve) if options.to_bjd else curve


def in_bjd(curve: LightCurve) -> LightCurve:
    """The light curve with its times in BJD_TDB, or unchanged where clock or position are not known."""
    from swope.pipeline.ingest.clocks import convertible, to_bjd_tdb

    if not convertible(curve.clock, curve.ra, curve.dec):
        return curve
    clock = Clock(curve.clock.format, "tdb", "barycentric")
    return replace(curve, time=to_bjd_tdb(curve.time, curve.clock, curve.ra, curve.dec), clock=clock)


def _why_none(time: NDArray[np.float64], value: NDArray[np.float64], mask: NDArray[np.int32]) -> str:
    if not np.isfinite(value).any():
        return f"no finite value in {len(value)} rows"
    if not np.isfinite(time).any():
        return f"no finite time in {len(time)} rows"
    flagged = int(np.count_nonzero(mask & int(Mask.QUALITY)))
    bad = int(np.count_nonzero(mask & int(Mask.NOT_FINITE)))
    return f"no usable row in {len(value)}: {flagged} flagged by the source, {bad} without a time or a value"

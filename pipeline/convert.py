"""To and from `lightkurve.LightCurve`, `astropy.timeseries.TimeSeries` and `pandas.DataFrame`, without loss.

What the other side has no place for (bands' order, kind, clock, position, source) travels in its metadata under the key
``swope``, in plain JSON types; an object without it, made by others, is read by what it states itself.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import ZERO_POINTS, Clock, FloatArray, Kind, LightCurve, Mask
from swope.pipeline.units import ratio

if TYPE_CHECKING:
    import lightkurve
    import pandas
    from astropy.timeseries import TimeSeries

#: Where in the metadata of the other side Swope's own attributes stand.
META = "swope"

#: Column with the times that astropy cannot hold (NaN, infinite), and 0 for all others.
NO_TIME = "time_not_finite"

#: Time formats of astropy and lightkurve that are Swope's too; the others go over as Julian dates.
_FORMATS = ("jd", "mjd", "bkjd", "btjd")

#: Time scales that astropy knows; an unknown one is written as TDB there, and `META` keeps that it is unknown.
_SCALES = ("tdb", "utc", "tt", "tai", "tcb", "tcg", "ut1")


def to_pandas(curve: LightCurve) -> pandas.DataFrame:
    """A row an observation: time, value, error, band (its name), mask; the rest in ``attrs["swope"]``."""
    import pandas as pd

    frame = pd.DataFrame(
        {
            "time": curve.time,
            "value": curve.value,
            "error": curve.error,
            "band": pd.Categorical(_named_bands(curve).tolist(), categories=list(curve.bands)),
            "mask": curve.mask,
        }
    )
    frame.attrs[META] = _described(curve)
    return frame


def from_pandas(frame: pandas.DataFrame, object_id: str | None = None) -> LightCurve:
    """Make a light curve of a frame that `to_pandas` made, or of any with a time and a value, mag or flux column.

    Parameters
    ----------
    frame : columns found by name as the readers of text tables do.
    object_id : the star's name, where the frame's own metadata has none.

    Raises
    ------
    ValueError
        When the time or the value column is missing or unclear, naming the columns there are.
    """
    own = frame.attrs.get(META)
    if own is not None:
        return LightCurve(
            time=frame["time"].to_numpy(np.float64),
            value=frame["value"].to_numpy(np.float64),
            error=frame["error"].to_numpy(np.float64),
            band=_codes([str(name) for name in frame["band"]], own["bands"]),
            mask=frame["mask"].to_numpy(np.int32),
            **_attributes(own, object_id),
        )
    from swope.pipeline.ingest.decide import decide
    from swope.pipeline.ingest.parts import IngestOptions, Refused
    from swope.pipeline.ingest.rows import rows_of, stars_of
    from swope.pipeline.ingest.table import table_of

    names = [str(name) for name in frame.columns]
    table = table_of(names, [frame.iloc[:, i].to_numpy() for i in range(len(names))])
    one_star = IngestOptions(columns=(("id", "none"),))
    reading = decide(table, one_star)
    made = next(stars_of(rows_of(table, reading), reading, object_id or "", "", one_star))
    if isinstance(made, Refused):
        raise ValueError(made.reason)
    return made


def to_timeseries(curve: LightCurve) -> TimeSeries:
    """A `TimeSeries` with columns ``value``, ``error`` (quantities), ``band`` and ``mask``.

    Astropy holds finite times only: a row without one stands at the zero of the clock's format, and what it was is kept
    in a column ``time_not_finite``, for the way back.
    """
    from astropy.timeseries import TimeSeries

    series = TimeSeries(_columns(curve, "value", "error"), time=_time(curve))
    series.meta[META] = _described(curve)
    return series


def from_timeseries(series: TimeSeries, object_id: str | None = None) -> LightCurve:
    """Make a light curve of a `TimeSeries` that `to_timeseries` made, or of any with a value, mag or flux column.

    Raises
    ------
    ValueError
        When there is no value column, naming the columns there are.
    """
    own = _own(series)
    if own is not None:
        return _from_table(series, own, "value", "error", object_id)
    from swope.pipeline.ingest.columns import kind_of, roles

    names = list(series.colnames)
    role = roles(names)
    value, unit = _quantity(series[names[role.value]])
    kind = "mag" if unit == "mag" else role.kind or kind_of(value)
    time, clock = _julian(series["time"])
    return LightCurve.of(
        object_id or str(series.meta.get("OBJECT", "")),
        time,
        value,
        None if role.error is None else _errors(series[names[role.error]], unit),
        "" if role.band is None else [str(name) for name in series[names[role.band]]],
        kind=kind,
        unit=unit or ("mag" if kind == "mag" else ""),
        clock=clock,
    )


def to_lightkurve(curve: LightCurve) -> lightkurve.LightCurve:
    """A `lightkurve.LightCurve`: columns ``flux``, ``flux_err`` (magnitudes too, with unit mag), ``band``, ``mask``.

    Rows without a finite time are treated as in `to_timeseries`.
    """
    lightkurve = _lightkurve()
    made = lightkurve.LightCurve({"time": _time(curve), **_columns(curve, "flux", "flux_err")})
    made.meta.update(
        {META: _described(curve), "LABEL": curve.object_id, "OBJECT": curve.object_id, "RA": curve.ra, "DEC": curve.dec}
    )
    return made


def _lightkurve() -> Any:
    """The module lightkurve.

    Raises
    ------
    ImportError
        When it is not installed, and how to install it.
    """
    try:
        import lightkurve
    except ImportError as error:
        raise ImportError("this needs lightkurve: pip install 'swope[archive]'") from error
    return lightkurve


def from_lightkurve(made: lightkurve.LightCurve, object_id: str | None = None) -> LightCurve:
    """Make a light curve of one that `to_lightkurve` made, or of any of lightkurve's own.

    Of lightkurve's own, ``quality`` that is not zero becomes `Mask.QUALITY`, and times BKJD or BTJD are barycentric.
    """
    own = _own(made)
    if own is not None:
        return _from_table(made, own, "flux", "flux_err", object_id)
    value, unit = _quantity(made["flux"])
    time, clock = _julian(made.time)
    mask = np.zeros(len(value), dtype=np.int32)
    if "quality" in made.colnames:
        mask[np.asarray(made["quality"]) != 0] |= int(Mask.QUALITY)
    kind: Kind = "mag" if unit == "mag" else "flux"
    meta = made.meta
    return LightCurve.of(
        object_id or str(meta.get("LABEL") or meta.get("OBJECT") or ""),
        time,
        value,
        _errors(made["flux_err"], unit),
        str(meta.get("MISSION") or meta.get("TELESCOP") or ""),
        kind=kind,
        unit=unit,
        clock=clock,
        mask=mask,
        ra=_number(meta.get("RA")),
        dec=_number(meta.get("DEC")),
        source=str(meta.get("FILENAME") or ""),
    )


def _described(curve: LightCurve) -> dict[str, Any]:
    """The attributes that are not columns, in plain JSON types."""
    return {
        "object_id": curve.object_id,
        "bands": list(curve.bands),
        "kind": curve.kind,
        "unit": curve.unit,
        "clock": [curve.clock.format, curve.clock.scale, curve.clock.frame],
        "ra": None if np.isnan(curve.ra) else curve.ra,
        "dec": None if np.isnan(curve.dec) else curve.dec,
        "source": curve.source,
        "kind_from": curve.kind_from,
        "read_as": curve.read_as,
        "caution": curve.caution,
    }


def _attributes(own: dict[str, Any], object_id: str | None) -> dict[str, Any]:
    return {
        **own,
        "object_id": object_id or own["object_id"],
        "bands": tuple(own["bands"]),
        "clock": Clock(*own["clock"]),
        "ra": _number(own["ra"]),
        "dec": _number(own["dec"]),
    }


def _own(table: Any) -> dict[str, Any] | None:
    """Swope's attributes of a table that it made, unless its rows have been merged since (binned, say)."""
    own: dict[str, Any] | None = table.meta.get(META)
    return own if {"band", "mask"} <= set(table.colnames) else None


def _from_table(table: Any, own: dict[str, Any], value: str, error: str, object_id: str | None) -> LightCurve:
    time, _ = _julian(table["time"])
    if NO_TIME in table.colnames:
        missing = np.asarray(table[NO_TIME], dtype=np.float64)
        time = np.where(missing == 0, time, missing)
    values, unit = _quantity(table[value])
    if unit != str(_unit(own["unit"])):
        # it was converted or normalised since
        own = {**own, "unit": unit}
    return LightCurve(
        time=time,
        value=values,
        error=_errors(table[error], unit),
        band=_codes([str(name) for name in table["band"]], own["bands"]),
        mask=np.asarray(table["mask"], dtype=np.int32),
        **_attributes(own, object_id),
    )


def _named_bands(curve: LightCurve) -> NDArray[np.str_]:
    return np.array(curve.bands or ("",), dtype=str)[curve.band]


def _codes(names: list[str], bands: list[str]) -> Any:
    index = {name: i for i, name in enumerate(bands)}
    return np.array([index[name] for name in names], dtype=np.int32)


def _unit(unit: str) -> Any:
    from astropy import units as u

    return u.dimensionless_unscaled if not unit else u.mag if unit == "mag" else u.Unit(unit, parse_strict="silent")


def _quantity(column: Any) -> tuple[FloatArray, str]:
    """A column's numbers, masked ones NaN, and its unit in words; magnitudes of any kind and size in "mag"."""
    unit = getattr(column, "unit", None)
    plain = getattr(column, "value", column)
    values = np.ma.filled(np.ma.asarray(getattr(plain, "unmasked", plain), dtype=np.float64), np.nan)
    masked = getattr(column, "mask", None)
    if masked is not None:
        values = np.where(np.asarray(masked), np.nan, values)
    own = "" if unit is None else str(getattr(unit, "function_unit", unit))
    mags = ratio(own, "mag")
    return np.asarray(values, dtype=np.float64) * mags, "mag" if mags != 1.0 else own


def _errors(column: Any, unit: str) -> FloatArray:
    """A column's numbers in the unit of the values."""
    errors, own = _quantity(column)
    return errors * ratio(own, unit)


def _columns(curve: LightCurve, value: str, error: str) -> dict[str, Any]:
    """The columns beside the time; `NO_TIME` only where a time is not finite, which astropy does not allow."""
    unit = _unit(curve.unit)
    columns: dict[str, Any] = {
        value: curve.value * unit,
        error: curve.error * unit,
        "band": _named_bands(curve),
        "mask": curve.mask,
    }
    finite = np.isfinite(curve.time)
    return columns if finite.all() else {**columns, NO_TIME: np.where(finite, 0.0, curve.time)}


def _time(curve: LightCurve) -> Any:
    """Times as astropy has them, in the clock's own format where astropy has it; rows without one at the format's zero.

    Julian dates come back as they were, to the last bit: astropy splits each into two numbers whose sum it is.
    """
    from astropy.time import Time

    if curve.clock.format in ("bkjd", "btjd") and find_spec("lightkurve") is not None:
        # it registers these formats with astropy
        _lightkurve()
    days = np.where(np.isfinite(curve.time), curve.time, curve.clock.zero)
    time = Time(days, format="jd", scale=curve.clock.scale if curve.clock.scale in _SCALES else "tdb")
    if curve.clock.format in _FORMATS and curve.clock.format in time.FORMATS:
        time.format = curve.clock.format
    return time


def _julian(time: Any) -> tuple[FloatArray, Clock]:
    """Julian dates and the clock of an astropy `Time` that others made."""
    days = np.ma.filled(np.ma.asarray(time.jd, dtype=np.float64), np.nan)
    format_ = time.format if time.format in ZERO_POINTS else "jd"
    frame = "barycentric" if format_ in ("bkjd", "btjd") else "unknown"
    return np.asarray(days, dtype=np.float64), Clock(format_, time.scale, frame)


def _number(value: Any) -> float:
    try:
        return float("nan") if value is None else float(value)
    except (TypeError, ValueError):
        return float("nan")

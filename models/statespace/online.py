"""From night to night: a small record of each star, brought up to date by the new rows alone."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from swope.models.statespace.fit import Record, forecast, update
from swope.models.statespace.layout import Model
from swope.models.statespace.series import Series
from swope.models.statespace.star import HISTORY, StarFit, errors_of
from swope.models.statespace.terms import TERMS
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import FloatArray, LightCurve


@dataclass(frozen=True, eq=False)
class StarRecord:
    """All that is kept of a fitted star from one night to the next; it does not grow with the star's rows.

    Attributes
    ----------
    object_id : whose.
    sign : +1 for flux, -1 for magnitudes.
    epoch, centre, scale, typical, bands : as in `swope.models.statespace.star.Prepared`.
    seen : for each band, how many of its rows the filter knows, at most those it needs before it forecasts.
    record : the filter, in the prepared units.
    """

    object_id: str
    sign: float
    epoch: float
    centre: tuple[float, ...]
    scale: float
    typical: tuple[float, ...]
    bands: tuple[str, ...]
    seen: tuple[int, ...]
    record: Record


def record_before(fitted: StarFit) -> StarRecord:
    """The record of a star none of whose rows have been seen yet: only its model is known."""
    return _record(fitted, fitted.record, (0,) * len(fitted.prepared.bands))


def record_after(fitted: StarFit) -> StarRecord:
    """The record of a star after all the rows that it was fitted to."""
    series = fitted.prepared.series
    rows = np.bincount(series.band, minlength=series.bands)
    return _record(fitted, fitted.after, tuple(np.minimum(rows, HISTORY).tolist()))


def _record(fitted: StarFit, record: Record, seen: tuple[int, ...]) -> StarRecord:
    prepared = fitted.prepared
    return StarRecord(
        object_id=fitted.curve.object_id,
        sign=fitted.curve.sign,
        epoch=prepared.epoch,
        centre=tuple(prepared.centre.tolist()),
        scale=prepared.scale,
        typical=tuple(prepared.typical.tolist()),
        bands=prepared.bands,
        seen=seen,
        record=record,
    )


def follow(star: StarRecord, curve: LightCurve) -> tuple[StarRecord, Forecast]:
    """Bring a star's record up to date: forecast each new row from all before it, then learn from it. O(1) a row.

    Parameters
    ----------
    curve : the new rows, cleaned; only the good ones count. None earlier than the last that the record knows.

    Returns
    -------
    The new record, and the forecasts of the new rows: the very numbers that a pass over all rows gives.

    Raises
    ------
    ValueError
        When the curve is another star's or of another kind, has a band that the fit did not know, or a row earlier than
        the last one.
    """
    good = curve.good
    if curve.object_id != star.object_id or curve.sign != star.sign:
        raise ValueError(f"{curve.object_id} ({curve.kind}) does not go on from the record of {star.object_id}")
    ours = {int(b): _band(star, good.bands[b]) for b in np.unique(good.band)}
    index = np.array([ours.get(b, 0) for b in range(len(good.bands))], dtype=np.int32)[good.band]
    centre = np.array(star.centre)[index]
    series = Series.of(
        good.time - star.epoch,
        (good.sign * good.value - centre) / star.scale,
        errors_of(good.error, np.array(star.typical)[index]) / star.scale,
        index,
        bands=len(star.bands),
    )
    record, mean, sigma = update(star.record, series)
    seen = list(star.seen)
    for b in range(len(seen)):
        rows = np.flatnonzero(index == b)
        mean[rows[: HISTORY - seen[b]]] = np.nan
        seen[b] = min(HISTORY, seen[b] + len(rows))
    forecasts = Forecast(
        object_id=star.object_id,
        detector="statespace",
        time=good.time,
        band=index,
        bands=star.bands,
        value=good.value,
        mean=star.sign * (mean * star.scale + centre),
        sigma=sigma * star.scale,
        sign=star.sign,
    )
    return replace(star, seen=tuple(seen), record=record), forecasts


def predict(star: StarRecord, time: FloatArray, band: str = "") -> tuple[FloatArray, FloatArray]:
    """Forecast a star at any later times, in the curve's own time and unit.

    Parameters
    ----------
    time : (n,) days, ascending, none earlier than the last row that the record knows.
    band : which; may be left out where the star has but one.

    Returns
    -------
    (n,) means and (n,) standard deviations of the star itself; add an observation's own noise in quadrature.

    Raises
    ------
    ValueError
        When the star has no such band, or a time is too early.
    """
    b = 0 if not band and len(star.bands) == 1 else _band(star, band)
    mean, sigma = forecast(star.record, np.asarray(time, dtype=float) - star.epoch, b)
    return star.sign * (mean * star.scale + star.centre[b]), sigma * star.scale


def _band(star: StarRecord, name: str) -> int:
    if name not in star.bands:
        known = ", ".join(repr(b) for b in star.bands)
        raise ValueError(f"{star.object_id}: band {name!r} is not among those fitted, {known}; fit the star again")
    return star.bands.index(name)


def record_json(star: StarRecord) -> str:
    """A star's record as JSON, to be kept until the next night; `record_of` reads it back without loss."""
    record = star.record
    numbers = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(record).items()}
    numbers["model"] = [{"term": type(t).__name__, **asdict(t)} for t in record.model.terms]
    # JSON has neither NaN (no row yet) nor infinity (no limit)
    numbers["time"] = None if math.isnan(record.time) else record.time
    numbers["limit"] = None if math.isinf(record.limit) else record.limit
    return json.dumps({**vars(star), "record": numbers}, allow_nan=False)


def record_of(text: str) -> StarRecord:
    """Read a record that `record_json` wrote.

    Raises
    ------
    ValueError
        When the text is no such record.
    """
    try:
        stored = json.loads(text)
        lists = {name: tuple(stored[name]) for name in ("centre", "typical", "bands", "seen")}
        return StarRecord(**{**stored, **lists, "record": _filter(stored["record"])})
    except (KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"not a record of the state-space model: {problem!r}") from None


def _filter(stored: dict[str, Any]) -> Record:
    terms = []
    for entry in stored["model"]:
        settings = {name: tuple(v) if isinstance(v, list) else v for name, v in entry.items() if name != "term"}
        terms.append(TERMS[entry["term"]](**settings))
    coefficient = np.array(stored["coefficient"], dtype=float)
    k, m = len(coefficient), len(stored["spread"])
    return Record(
        model=Model(tuple(terms)),
        origin=stored["origin"],
        time=math.nan if stored["time"] is None else stored["time"],
        bands=stored["bands"],
        state=np.array(stored["state"], dtype=float).reshape(m, k + 1),
        spread=np.array(stored["spread"], dtype=float).reshape(m, m),
        coefficient=coefficient,
        covariance=np.array(stored["covariance"], dtype=float).reshape(k, k),
        limit=math.inf if stored["limit"] is None else stored["limit"],
    )

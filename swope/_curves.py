"""Light curves from anywhere: files, and the objects of other libraries."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from swope.pipeline.clean import clean
from swope.pipeline.ingest import IngestOptions, Refused, SourceError, read_all
from swope.pipeline.lightcurve import Clock, Kind, LightCurve


def read(source: Any, clock: str | None = None, kind: Kind | None = None) -> list[LightCurve]:
    r"""Read light curves: all stars of some files, cleaned; or the star that an object of another library holds.

    Parameters
    ----------
    source : a file, folder, glob or archive query such as "mast:KIC 8462852"; or several of them; or one star as
        `analyze` takes it: a lightkurve `LightCurve`, a `TimeSeries`, a `DataFrame`, arrays.
    clock : what the times are where a source does not say: "BJD_TDB", "HJD_UTC", "HJD-2450000", ...
    kind : what the values are where a source does not say: "mag" or "flux".

    Returns
    -------
    The stars, in the order of their files' names. What could not be read is told in a warning.

    Raises
    ------
    ValueError
        When nothing could be read, and why; when a clock is given for what is no file.
    TypeError
        When the source is none of these.

    Examples
    --------
    >>> import swope, tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "star.csv"
    >>> _ = file.write_text("mjd,mag,magerr\n" + "".join(f"{55000 + i},{12 + i % 2},0.01\n" for i in range(30)))
    >>> (lc,) = swope.read(file)
    >>> lc.object_id, len(lc), lc.kind
    ('star', 30, 'mag')
    """
    files = [source] if isinstance(source, str | Path) else source
    if not isinstance(files, list | tuple) or not all(isinstance(one, str | Path) for one in files):
        if clock is not None:
            raise ValueError(f"clock={clock!r} is for files: a {type(source).__name__} says itself what its times are")
        return [curve_of(source, kind)]
    sources = [str(one) for one in files]
    options = IngestOptions(clock=Clock.parse(clock) if clock else None, kind=kind)
    found = read_all(sources, options)
    if not found.curves:
        raise SourceError(f"no light curve in {', '.join(sources)}: {_told(found.refused)}")
    if found.refused:
        n = len(found.refused)
        warnings.warn(f"{n} of {n + len(found.curves)} not read: {_told(found.refused)}", stacklevel=2)
    return [clean(curve) for curve in found.curves]


def _told(refused: Sequence[Refused]) -> str:
    said = "; ".join(f"{one.source}: {one.reason}" for one in refused[:3])
    return said + (f"; and {len(refused) - 3} more" if len(refused) > 3 else "")


def curve_of(star: Any, kind: Kind | None = None, object_id: str | None = None) -> LightCurve:
    """The cleaned light curve of whatever holds one star.

    Parameters
    ----------
    star : a `LightCurve` of Swope or of lightkurve, an astropy `TimeSeries`, a pandas `DataFrame` with columns that
        are named as in files, arrays ``(time, value)`` or ``(time, value, error)``, or what `read` gave of one star.
    kind : "mag" or "flux"; needed for arrays, which do not say.
    object_id : the star's name, where it has none of its own.

    Raises
    ------
    ValueError
        When it holds no star or several, or does not say what its values are.
    TypeError
        When it is none of these.
    """
    if isinstance(star, LightCurve):
        return clean(star)
    if isinstance(star, list) and all(isinstance(one, LightCurve) for one in star):
        if len(star) != 1:
            raise ValueError(f"{len(star)} stars where one is wanted; give one of them, or call analyze_many")
        return clean(star[0])
    where = type(star).__module__.partition(".")[0]
    if where == "lightkurve":
        from swope.pipeline.convert import from_lightkurve

        return clean(from_lightkurve(star, object_id))
    if where == "astropy":
        from swope.pipeline.convert import from_timeseries

        return clean(from_timeseries(star, object_id))
    if where == "pandas":
        from swope.pipeline.convert import from_pandas

        return clean(from_pandas(star, object_id))
    if isinstance(star, tuple | list) or where == "numpy":
        return clean(_of_arrays(star, kind, object_id))
    raise TypeError(
        f"{type(star).__name__} holds no light curve that Swope knows; give a lightkurve.LightCurve, a TimeSeries, a "
        "DataFrame, arrays (time, value, error), or what swope.read gives"
    )


def _of_arrays(columns: Any, kind: Kind | None, object_id: str | None) -> LightCurve:
    if len(columns) not in (2, 3):
        raise ValueError(f"arrays of a star are (time, value) or (time, value, error), not {len(columns)} of them")
    if kind is None:
        raise ValueError('arrays do not say what their values are: give kind="mag" or kind="flux"')
    time, value, *error = (np.asarray(column, dtype=np.float64) for column in columns)
    unit = "mag" if kind == "mag" else ""
    return LightCurve.of(object_id or "star", time, value, error[0] if error else None, kind=kind, unit=unit)

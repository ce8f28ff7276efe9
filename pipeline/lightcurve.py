"""The data model: one light curve, and a ragged chunk of them in Arrow lists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import IntFlag
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]
BoolArray = NDArray[np.bool_]
Kind = Literal["mag", "flux"]

#: Julian date of the zero of each time format that archives write; the others are "unknown".
ZERO_POINTS: dict[str, float] = {
    "jd": 0.0,
    "mjd": 2400000.5,
    "bkjd": 2454833.0,
    "btjd": 2457000.0,
    "jd-2400000": 2400000.0,
    "jd-2440000": 2440000.0,
    "jd-2450000": 2450000.0,
}


@dataclass(frozen=True)
class Clock:
    """What the times of a source mean, as the source states it; never guessed.

    Attributes
    ----------
    format : the source's numbers: a key of `ZERO_POINTS`, or "unknown".
    scale : "tdb", "utc", ..., or "unknown".
    frame : where the clock stands: "barycentric", "heliocentric", "geocentric", or "unknown".
    """

    format: str = "unknown"
    scale: str = "unknown"
    frame: str = "unknown"

    def __post_init__(self) -> None:
        if self.format != "unknown" and self.format not in ZERO_POINTS:
            raise ValueError(f"unknown time format {self.format!r}; known: {', '.join(ZERO_POINTS)}")

    @property
    def zero(self) -> float:
        """Julian date of the source's zero, in days; 0 where the format is unknown (times stay as they came)."""
        return ZERO_POINTS.get(self.format, 0.0)

    @property
    def name(self) -> str:
        """The catalog's word for it: ``BJD_TDB``, ``HJD_UTC``, ``JD_unknown``, or ``unknown``.

        The name is that of the times inside Swope, which are Julian dates wherever the format is known.
        """
        if self.format == "unknown":
            return "unknown"
        letter = {"barycentric": "B", "heliocentric": "H"}.get(self.frame, "")
        return f"{letter}JD_{self.scale if self.scale == 'unknown' else self.scale.upper()}"

    @classmethod
    def parse(cls, text: str) -> Clock:
        """Read a clock that a user wrote: ``BJD_TDB``, ``MJD_UTC``, ``BKJD``, ``HJD-2450000``, ``unknown``.

        Raises
        ------
        ValueError
            With the known forms, when the text is none of them.
        """
        word, _, scale = text.strip().lower().partition("_")
        if word == "unknown":
            return cls()
        if word in ("bkjd", "btjd"):
            return cls(word, "tdb", "barycentric")
        frame = {"b": "barycentric", "h": "heliocentric"}.get(word[:1], "unknown")
        format_ = word[1:] if frame != "unknown" else word
        if format_ not in ZERO_POINTS or scale not in ("", "tdb", "utc", "tt", "tai", "tcb", "unknown"):
            raise ValueError(
                f"clock {text!r} is not understood; write for example BJD_TDB, HJD_UTC, MJD_UTC, BKJD, BTJD, "
                "HJD-2450000, JD_UTC or unknown"
            )
        return cls(format_, scale or "unknown", frame)


class Mask(IntFlag):
    """Why a row is not used (all but `IMPULSIVE`), or deserves a second look (`IMPULSIVE`). Zero is a good row."""

    NOT_FINITE = 1
    QUALITY = 2
    DUPLICATE = 4
    BAD_ERROR = 8
    IMPULSIVE = 16
    LIMIT = 32


#: A row with one of these is left out of every computation; IMPULSIVE may be the flare one looks for, so it stays.
EXCLUDED = Mask.NOT_FINITE | Mask.QUALITY | Mask.DUPLICATE | Mask.BAD_ERROR | Mask.LIMIT


@dataclass(frozen=True, eq=False)
class LightCurve:
    """One star's light curve: n rows, any number of bands.

    Attributes
    ----------
    object_id : the source's name of the star.
    time : (n,) days; Julian dates in the clock's scale and frame wherever its format is known.
    value : (n,) magnitudes or fluxes, as `kind` says, in `unit`.
    error : (n,) one-sigma errors in `unit`; NaN where the source gives none.
    band : (n,) index of each row's band in `bands`.
    bands : names of the bands.
    mask : (n,) bits of `Mask`; 0 for a good row.
    kind : "mag" or "flux".
    unit : "mag", "electron / s", ... as astropy writes it; "" for relative flux.
    clock : the source's clock.
    ra, dec : degrees, ICRS; NaN where unknown.
    source : the file the star came from, as the user would recognise it.
    kind_from : what decided `kind`: "name", "unit", "survey", "file", "user", or "" where that is not kept.
    read_as : which columns were taken for what, and which were passed over, in a line.
    caution : what makes the reading uncertain, for the row's reason; "" where nothing does.
    """

    object_id: str
    time: FloatArray
    value: FloatArray
    error: FloatArray
    band: IntArray
    bands: tuple[str, ...]
    mask: IntArray
    kind: Kind = "mag"
    unit: str = "mag"
    clock: Clock = field(default_factory=Clock)
    ra: float = float("nan")
    dec: float = float("nan")
    source: str = ""
    kind_from: str = ""
    read_as: str = ""
    caution: str = ""

    def __post_init__(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in ("time", "value", "error", "band", "mask")}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"{self.object_id}: columns differ in length: {lengths}")
        for name in lengths:
            # frozen through and through: what was computed from the rows must not part from them
            rows = getattr(self, name).view()
            rows.flags.writeable = False
            object.__setattr__(self, name, rows)

    @classmethod
    def of(
        cls,
        object_id: str,
        time: ArrayLike,
        value: ArrayLike,
        error: ArrayLike | None = None,
        band: Sequence[str] | NDArray[Any] | str = "",
        **described: Any,
    ) -> LightCurve:
        """Make a light curve from plain columns.

        Parameters
        ----------
        time, value : (n,) days; magnitudes or fluxes.
        error : (n,) or None when the source gives none (NaN inside).
        band : one name for all rows, or (n,) names.
        described : any further attribute of `LightCurve`: kind, unit, clock, ra, dec, source, mask, caution, ...

        Raises
        ------
        ValueError
            When the columns differ in length.
        """
        times = np.asarray(time, dtype=np.float64)
        if isinstance(band, str):
            bands: tuple[str, ...] = (band,)
            index = np.zeros(len(times), dtype=np.int32)
        else:
            names, inverse = np.unique(np.asarray(band, dtype=str), return_inverse=True)
            bands = tuple(str(name) for name in names)
            index = inverse.astype(np.int32)
        errors = np.full(len(times), np.nan) if error is None else np.asarray(error, dtype=np.float64)
        described.setdefault("mask", np.zeros(len(times), dtype=np.int32))
        return cls(
            object_id=object_id,
            time=times,
            value=np.asarray(value, dtype=np.float64),
            error=errors,
            band=index,
            bands=bands,
            **described,
        )

    def __len__(self) -> int:
        return len(self.time)

    @property
    def sign(self) -> float:
        """+1 for flux, -1 for magnitudes: `sign * value` grows when the star brightens."""
        return 1.0 if self.kind == "flux" else -1.0

    @cached_property
    def usable(self) -> BoolArray:
        """(n,) True where the row may be computed with."""
        usable: BoolArray = np.equal(self.mask & int(EXCLUDED), 0)
        return usable

    def where(self, keep: NDArray[Any]) -> LightCurve:
        """The rows that `keep` (a boolean mask or an index array) selects, in its order."""
        return replace(
            self,
            time=self.time[keep],
            value=self.value[keep],
            error=self.error[keep],
            band=self.band[keep],
            mask=self.mask[keep],
        )

    @cached_property
    def good(self) -> LightCurve:
        """Only the usable rows."""
        return self if bool(self.usable.all()) else self.where(self.usable)

    def in_band(self, name: str) -> LightCurve:
        """Only the rows of one band, by name.

        Raises
        ------
        KeyError
            When the star has no such band.
        """
        if name not in self.bands:
            raise KeyError(f"{self.object_id} has no band {name!r}; it has {', '.join(self.bands)}")
        return self.where(self.band == self.bands.index(name))


#: A chunk's columns: a row a star. `kind` and `unit` may differ between the stars of a chunk.
CHUNK_SCHEMA = pa.schema(
    [
        pa.field("object_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("ra", pa.float64()),
        pa.field("dec", pa.float64()),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("unit", pa.string(), nullable=False),
        pa.field("clock", pa.string(), nullable=False),
        pa.field("kind_from", pa.string(), nullable=False),
        pa.field("read_as", pa.string(), nullable=False),
        pa.field("caution", pa.string(), nullable=False),
        pa.field("bands", pa.list_(pa.string()), nullable=False),
        pa.field("time", pa.list_(pa.float64()), nullable=False),
        pa.field("value", pa.list_(pa.float64()), nullable=False),
        pa.field("error", pa.list_(pa.float64()), nullable=False),
        pa.field("band", pa.list_(pa.int32()), nullable=False),
        pa.field("mask", pa.list_(pa.int32()), nullable=False),
    ]
)


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some hundreds to thousands of light curves in one Arrow table of `CHUNK_SCHEMA`: the unit of work.

    ``chunk[i]`` is a `LightCurve` whose arrays are views of the chunk's buffers, not copies.
    """

    table: pa.Table

    def __post_init__(self) -> None:
        if not self.table.schema.equals(CHUNK_SCHEMA):
            raise ValueError(f"not a chunk of light curves: {self.table.schema.names}")

    @classmethod
    def of(cls, curves: Sequence[LightCurve]) -> Chunk:
        """Gather light curves into a chunk, in their order."""
        columns: dict[str, Any] = {
            "object_id": [c.object_id for c in curves],
            "source": [c.source for c in curves],
            "ra": pa.array([c.ra for c in curves], pa.float64(), from_pandas=True),
            "dec": pa.array([c.dec for c in curves], pa.float64(), from_pandas=True),
            "kind": [c.kind for c in curves],
            "unit": [c.unit for c in curves],
            "clock": [_clock_text(c.clock) for c in curves],
            "kind_from": [c.kind_from for c in curves],
            "read_as": [c.read_as for c in curves],
            "caution": [c.caution for c in curves],
            "bands": [list(c.bands) for c in curves],
        }
        offsets = np.concatenate([[0], np.cumsum([len(c) for c in curves])]).astype(np.int32)
        for name, dtype in (
            ("time", float),
            ("value", float),
            ("error", float),
            ("band", np.int32),
            ("mask", np.int32),
        ):
            flat = np.concatenate([getattr(c, name) for c in curves]) if curves else np.empty(0)
            columns[name] = pa.ListArray.from_arrays(offsets, pa.array(flat.astype(dtype)))
        return cls(pa.table(columns, schema=CHUNK_SCHEMA))

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __iter__(self) -> Iterator[LightCurve]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, i: int) -> LightCurve:
        if not 0 <= i < len(self):
            raise IndexError(f"star {i} of a chunk of {len(self)}")
        plain, ragged = self._columns
        offsets, flat = ragged
        lo, hi = offsets[i], offsets[i + 1]
        return LightCurve(
            object_id=plain["object_id"][i],
            time=flat["time"][lo:hi],
            value=flat["value"][lo:hi],
            error=flat["error"][lo:hi],
            band=flat["band"][lo:hi],
            bands=tuple(plain["bands"][i]),
            mask=flat["mask"][lo:hi],
            kind=plain["kind"][i],
            unit=plain["unit"][i],
            clock=_clock_of(plain["clock"][i]),
            ra=_number(plain["ra"][i]),
            dec=_number(plain["dec"][i]),
            source=plain["source"][i],
            kind_from=plain["kind_from"][i],
            read_as=plain["read_as"][i],
            caution=plain["caution"][i],
        )

    def select(self, rows: Sequence[int] | NDArray[Any]) -> Chunk:
        """The stars at these rows, in this order."""
        return Chunk(self.table.take(pa.array(np.asarray(rows, dtype=np.int64))))

    @cached_property
    def _columns(self) -> tuple[dict[str, list[Any]], tuple[NDArray[np.int64], dict[str, NDArray[Any]]]]:
        """Plain columns as lists, and the list columns as one offset array and flat, zero-copy arrays."""
        table = self.table.combine_chunks()
        plain = {
            field.name: table[field.name].to_pylist()
            for field in CHUNK_SCHEMA
            if field.name == "bands" or not pa.types.is_list(field.type)
        }
        flat: dict[str, NDArray[Any]] = {}
        offsets = np.zeros(1, dtype=np.int64)
        for name in ("time", "value", "error", "band", "mask"):
            column = table[name].combine_chunks()
            array = column.chunk(0) if isinstance(column, pa.ChunkedArray) and column.num_chunks else column
            if len(array) == 0:
                flat[name] = np.empty(0)
                continue
            own = np.asarray(array.offsets, dtype=np.int64)
            flat[name] = array.values.to_numpy(zero_copy_only=False)
            if name == "time":
                offsets = own
            elif not np.array_equal(own, offsets):
                raise ValueError(f"columns time and {name} differ in length within a star")
        return plain, (offsets, flat)


def _clock_text(clock: Clock) -> str:
    return json.dumps([clock.format, clock.scale, clock.frame])


def _clock_of(text: str) -> Clock:
    return Clock(*json.loads(text))


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)

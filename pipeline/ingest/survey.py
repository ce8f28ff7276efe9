"""How a survey's table is described: its columns, clock, unit, quality rules and names of stars. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from swope.pipeline.ingest.time_names import TimeMeaning
from swope.pipeline.lightcurve import Kind


@dataclass(frozen=True)
class FlagRule:
    """When a row is to be left out.

    Attributes
    ----------
    column : plain name.
    rule : "nonzero" (also true), "bits" (any of `bits`), "not" (none of the `words`), "words" (one of them), "below"
        and "above" (less and more than `limit`), "zero", "capital" (a capital letter stands among the letters).
    """

    column: str
    rule: Literal["nonzero", "bits", "not", "words", "below", "above", "zero", "capital"] = "nonzero"
    bits: int = 0
    words: tuple[str, ...] = ()
    limit: float = 0.0


@dataclass(frozen=True)
class Values:
    """Where the brightness of one band stands, by plain names.

    Attributes
    ----------
    value, error : the brightness, and its errors tried in order.
    band : "" where rows say it.
    time, snr, flags : as of `reading.ValueColumns`.
    """

    value: str
    error: tuple[str, ...] = ()
    band: str = ""
    time: str = ""
    snr: str = ""
    flags: tuple[FlagRule, ...] = ()


@dataclass(frozen=True)
class Survey:
    """One survey's table.

    Attributes
    ----------
    name : for the catalog.
    has : plain names of columns that are all there.
    lacks : plain names of which none is there.
    times : the time columns in the order in which they are preferred, with what they mean; None as their name says.
    values : one a band, or one for all; empty where the names of the columns say it.
    kind, unit : of the values.
    bands : what the band column's words mean.
    band : plain name of the band column.
    ids : plain names of the columns that name the star.
    flags : which rows are to be left out.
    limits : rules of the rows that are upper limits.
    sign : plain name of the column with the sign of a difference image's magnitude.
    reference : plain name of the magnitude of the star in the reference image.
    first_value : whether the first of several columns that may be the brightness is the survey's own choice.
    cameras, other_cameras : the band that each camera sees, where no column says it, and that of all others.
    zero_point : plain name of the column with the magnitude of flux 1, where it may differ from row to row.
    per_band_id : whether an id is that of a star in one filter, so that a star has several.
    source : where its columns are described.
    """

    name: str
    has: tuple[str, ...]
    lacks: tuple[str, ...] = ()
    times: tuple[tuple[str, TimeMeaning | None], ...] = ()
    values: tuple[Values, ...] = ()
    kind: Kind | None = None
    unit: str = ""
    bands: dict[str, str] = field(default_factory=dict)
    band: str = ""
    ids: tuple[str, ...] = ()
    flags: tuple[FlagRule, ...] = ()
    limits: tuple[FlagRule, ...] = ()
    sign: str = ""
    reference: str = ""
    first_value: bool = False
    cameras: dict[str, str] = field(default_factory=dict)
    other_cameras: str = ""
    zero_point: str = ""
    per_band_id: bool = False
    source: str = ""

"""How a table is to be read: which column plays which part, and what is said of it. Data only; `decide` makes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from swope.pipeline.ingest.other_errors import Spread
from swope.pipeline.ingest.survey import FlagRule
from swope.pipeline.ingest.time_names import TimeMeaning
from swope.pipeline.lightcurve import Clock, Kind


@dataclass(frozen=True)
class TimeColumns:
    """Where the times stand: one column, or two that are added (a day and its fraction, a date and a time of day).

    Attributes
    ----------
    columns : indices.
    meaning : zero point, unit and clock.
    calendar : whether the cells are dates in words (``2001-09-11T12:34:56``).
    clock : the clock that the star gets: `meaning`'s, unless the numbers contradict it.
    """

    columns: tuple[int, ...]
    meaning: TimeMeaning
    calendar: bool
    clock: Clock


@dataclass(frozen=True)
class ValueColumns:
    """Where one band's brightness stands: indices of columns, None where there is none.

    Attributes
    ----------
    value, error : the brightness and its errors.
    below : its errors below, where `error` are those above.
    spread : what `error` holds.
    band : the band's name where the columns say it, not the rows.
    time : the band's own times, where each band has such.
    snr : signal over noise, from which errors follow where no column holds them.
    flags : columns and rules of the rows to leave out in this band alone.
    """

    value: int
    error: int | None
    band: str = ""
    time: int | None = None
    snr: int | None = None
    flags: tuple[tuple[int, FlagRule], ...] = ()
    below: int | None = None
    spread: Spread = "deviation"

    @property
    def columns(self) -> frozenset[int]:
        """Indices of all of them."""
        found = (self.value, self.error, self.below, self.time, self.snr, *(i for i, _ in self.flags))
        return frozenset(index for index in found if index is not None)


@dataclass(frozen=True)
class Reading:
    """What a table was taken for.

    Attributes
    ----------
    survey : name of the survey whose table it is, or "".
    time : where the times stand.
    values : one a band where each has a column, else one.
    kind, unit : of the values.
    kind_from : what decided the kind: "name", "unit", "survey", "file", "user".
    band : index of the band column, or None; `bands` what its words mean.
    object_id : index of the column that names the star, or None where the file does.
    ra, dec : indices or None.
    flags, limits : columns and rules of rows to leave out, and of upper limits.
    sign, reference : columns of a difference image's sign and of the reference's magnitude, or None.
    zero_point : column with the magnitude of flux 1 a row, or None.
    fillers : numbers among the values that mean "no value".
    per_band_id : whether an id is that of a star in one filter.
    chosen : what was chosen, in words.
    passed : what was passed over and why.
    caution : what makes the answer uncertain; a star with one is partial.
    """

    survey: str
    time: TimeColumns
    values: tuple[ValueColumns, ...]
    kind: Kind
    unit: str
    kind_from: str
    band: int | None = None
    bands: dict[str, str] = field(default_factory=dict)
    object_id: int | None = None
    ra: int | None = None
    dec: int | None = None
    flags: tuple[tuple[int, FlagRule], ...] = ()
    limits: tuple[tuple[int, FlagRule], ...] = ()
    sign: int | None = None
    reference: int | None = None
    zero_point: int | None = None
    fillers: tuple[float, ...] = ()
    per_band_id: bool = False
    chosen: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    caution: tuple[str, ...] = ()

    @property
    def columns(self) -> frozenset[int]:
        """Indices of all columns that play a part."""
        found = [*self.time.columns, self.band, self.object_id, self.ra, self.dec]
        found += [self.sign, self.reference, self.zero_point, *(i for i, _ in (*self.flags, *self.limits))]
        found += [index for value in self.values for index in value.columns]
        return frozenset(index for index in found if index is not None)

    @property
    def said(self) -> str:
        """One line for the catalog."""
        over = f"; passed over {'; '.join(self.passed)}" if self.passed else ""
        return f"{', '.join(self.chosen)}{over}"

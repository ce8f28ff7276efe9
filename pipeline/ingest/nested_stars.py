"""Read tables with a row a star: the lists of many stars are laid end to end and read as one flat table.

So the rules of names, clocks, flags, bands and fillers are those of flat tables, and hold for every layout.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.pipeline.ingest.columns import merged
from swope.pipeline.ingest.decide import decide
from swope.pipeline.ingest.join import RADIUS
from swope.pipeline.ingest.lists import Field, Lists, lists_at
from swope.pipeline.ingest.nested import CLOCK_KEY, ReadBy, read_rows
from swope.pipeline.ingest.nested_layout import Layout, Series, layout_of
from swope.pipeline.ingest.parts import IngestOptions, Part, Refused, UnusableError
from swope.pipeline.ingest.reading import Reading
from swope.pipeline.ingest.rows import Rows, rows_of, stars_of
from swope.pipeline.ingest.table import Column, Table, column_of
from swope.pipeline.lightcurve import BoolArray, Clock, LightCurve

#: Rows and points of a table's beginning by which it is decided how the table is to be read.
JUDGED_STARS, JUDGED_POINTS = 256, 100_000

#: Times stored in single precision may be this coarse, in days: that of a modified Julian date is not, a Julian one is.
COARSEST = 0.1


@dataclass(frozen=True)
class _Way:
    """One series and how it is to be read; `names` of its columns: the star's own, then the lists."""

    series: Series
    reading: Reading
    star: tuple[Field, ...]

    @property
    def lists(self) -> list[Field]:
        """The lists that the reading uses, times first."""
        reading = self.reading
        used = [*reading.time.columns, *(i for v in reading.values for i in sorted(v.columns))]
        used += [
            i
            for i in (reading.band, reading.sign, reading.reference, reading.zero_point, reading.ra, reading.dec)
            if i is not None
        ]
        used += [i for i, _ in (*reading.flags, *reading.limits)]
        own = len(self.star)
        return [self.series.fields[i - own] for i in dict.fromkeys(used) if i >= own]

    @property
    def object_id(self) -> Field:
        """The column that names the star."""
        assert self.reading.object_id is not None
        return self.star[self.reading.object_id]


class _Stars:
    """Some rows of a nested table, its lists found once.

    Parameters
    ----------
    table : the rows.
    numbers : (rows,) of them in the whole table, from 0.
    """

    def __init__(self, table: pa.Table, numbers: Sequence[int] | range = ()) -> None:
        self.table = table
        self.numbers = numbers or range(len(table))
        self._lists: dict[Field, Lists] = {}

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def plain(self, field: Field) -> pa.ChunkedArray:
        """A plain column, however deep it lies."""
        column = self.table[field.path[0]]
        for name in field.path[1:]:
            column = pc.struct_field(column, name)
        return column

    def lists(self, field: Field) -> Lists:
        """A column of lists."""
        if field not in self._lists:
            self._lists[field] = lists_at(self.table[field.path[0]], field.path[1:])
        return self._lists[field]

    def lengths(self, field: Field) -> NDArray[np.int64]:
        """(rows,) how many elements each list has."""
        lists = self.lists(field)
        return lists.stops - lists.starts

    def flat(self, series: Series, star: Sequence[Field], rows: NDArray[np.int64], wanted: Sequence[Field]) -> Table:
        """The lists of some rows end to end, beside them the star's own columns; those not wanted are empty."""
        lengths = np.max([self.lengths(field)[rows] for field in wanted], axis=0)
        owner = np.repeat(rows, lengths)
        inside = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        columns = [column_of(field.name, self.plain(field).take(pa.array(owner))) for field in star]
        for field, name in zip(series.fields, series.names, strict=True):
            if field not in wanted:
                columns.append(Column(name, np.empty(0)))
                continue
            lists = self.lists(field)
            place = lists.starts[owner] + inside
            columns.append(column_of(name, lists.flat.take(pa.array(place, mask=place >= lists.stops[owner]))))
        return Table(tuple(columns), header={"filter": series.band} if series.band else {})


def read_nested(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    """Read a part of a nested Parquet table, a star a row, in the table's order."""
    path, source = part.paths[0], part.sources[0]
    schema = pq.read_schema(path)
    layout = layout_of(schema)
    if layout is None:
        raise UnusableError("no lists of times and values")
    table = read_rows(path, part.start, part.stop, layout.columns)
    picked = range(len(table)) if part.picked is None else part.picked
    if part.picked is not None:
        table = table.take(pa.array(part.picked, pa.int64()))
    stars = _Stars(table, [part.start + row for row in picked])
    clocks = _clocks(layout, stars, (schema.metadata or {}).get(CLOCK_KEY))
    made: dict[int, LightCurve | Refused] = {}
    for clock in dict.fromkeys(clocks):
        rows = np.array([i for i, said in enumerate(clocks) if said == clock], dtype=np.int64)
        own = options if clock is None else replace(options, clock=merged(clock, options.clock))
        made |= _read_all(judge(path, own), layout, stars, rows, source, own)
    yield from (made[i] for i in range(len(stars)))


def judge(path: str, options: IngestOptions) -> tuple[_Way, ...]:
    """How a nested table is to be read, by its beginning: one way a series, of the likeliest series.

    Raises
    ------
    UnusableError
        When times, values or the star's name are missing or unclear.
    """
    stamp = os.stat(path)
    return _judged(path, stamp.st_mtime_ns, stamp.st_size, options)


@lru_cache(maxsize=1024)
def _judged(path: str, _: int, __: int, options: IngestOptions) -> tuple[_Way, ...]:
    layout = layout_of(pq.read_schema(path))
    if layout is None:
        raise UnusableError("no lists of times and values")
    return _decided(layout, _Stars(_beginning(path, layout)), options)


def by_row_alone(path: str, options: IngestOptions) -> ReadBy | None:
    """How the rows of a table are read, in words, where a star follows from its row and these words alone.

    It does where all that is used of a row, but for names and bands, are numbers as they stand: what text means is
    judged in company, and clocks that stars state for themselves are each judged anew.
    """
    schema = pq.read_schema(path)
    layout = layout_of(schema)
    if layout is None or layout.clock is not None or layout.said:
        return None
    clock = _shared_clock((schema.metadata or {}).get(CLOCK_KEY))
    own = options if clock is None else replace(options, clock=merged(clock, options.clock))
    ways = judge(path, own)
    for way in ways:
        fields, reading = (*way.star, *way.series.fields), way.reading
        used = [fields[i] for i in reading.columns - {reading.object_id, reading.band}]
        if not all(pa.types.is_integer(one.type) or pa.types.is_floating(one.type) for one in used):
            return None
    # how a table is divided changes none of its stars
    return repr((ways, layout.unit, replace(own, chunk_size=1))), ways[0].reading.said


def needs_company(outcome: LightCurve | Refused, read_as: str) -> bool:
    """Whether what became of a row may depend on the rows that it was read with.

    Parameters
    ----------
    read_as : what a star says of its reading that follows from its row alone.
    """
    return outcome.read_as != read_as if isinstance(outcome, LightCurve) else _says_nothing(outcome)


def in_several_rows(path: str, options: IngestOptions) -> float | None:
    """How the rows of a table that are one star's are to be brought together; None where each row is a star.

    Returns
    -------
    Arcseconds: `join.RADIUS` where an id is that of a star in one filter, 0 where a name stands in several rows.
    """
    layout = layout_of(pq.read_schema(path))
    if layout is None or layout.said:
        return None  # a store of ours: its stars are told apart by their sources, too
    way = judge(path, options)[0]
    if way.reading.per_band_id:
        return RADIUS
    field = way.object_id
    seen: set[bytes] = set()
    rows = 0
    with pq.ParquetFile(path, memory_map=True) as file:
        for batch in file.iter_batches(65536, columns=[".".join(field.path)], use_threads=False):
            named = [word for cell in _plain_cells(batch, field) if (word := _name(cell))]
            rows += len(named)
            seen.update(
                hashlib.blake2b(word.encode("utf-8", "surrogateescape"), digest_size=8).digest() for word in named
            )
    return 0.0 if len(seen) < rows else None


def _plain_cells(batch: pa.RecordBatch, field: Field) -> list[object]:
    """The cells of a plain column, however deep it lies."""
    cells: list[object] = _Stars(pa.Table.from_batches([batch])).plain(field).to_pylist()
    return cells


def _beginning(path: str, layout: Layout) -> pa.Table:
    """The first stars of a table: enough for a judgement, however large its row groups are."""
    held: list[pa.RecordBatch] = []
    stars = points = 0
    with pq.ParquetFile(path, memory_map=True) as file:
        schema = file.schema_arrow
        for group in range(file.num_row_groups):
            for batch in file.iter_batches(32, row_groups=[group], columns=layout.columns, use_threads=False):
                held.append(batch)
                stars, points = stars + len(batch), points + batch.nbytes // 32
                if stars >= JUDGED_STARS or points >= JUDGED_POINTS:
                    return pa.Table.from_batches(held)
    if not held:
        return schema.empty_table()
    return pa.Table.from_batches(held)


def _decided(layout: Layout, stars: _Stars, options: IngestOptions) -> tuple[_Way, ...]:
    why: UnusableError | None = None
    for way in layout.series:
        try:
            return tuple(_way(layout, series, stars, options) for series in way)
        except UnusableError as error:
            why = why or error
    raise why or UnusableError("no lists of times and values")


def _way(layout: Layout, series: Series, stars: _Stars, options: IngestOptions) -> _Way:
    rows = np.arange(len(stars), dtype=np.int64)
    whole = [field for field in series.fields if np.any(stars.lengths(field))]
    if not whole:
        raise UnusableError("no rows")
    reading = decide(stars.flat(series, layout.star, rows, whole), options)
    if reading.object_id is None or reading.object_id >= len(layout.star):
        shown = ", ".join(repr(str(field)) for field in (*layout.star, *series.fields)[:12])
        raise UnusableError(f"no object_id column; the columns are {shown}")
    way = _Way(series, reading, layout.star)
    for index in reading.time.columns:
        _fine_enough(series.fields[index - len(layout.star)], stars, reading)
    return way


def _fine_enough(field: Field, stars: _Stars, reading: Reading) -> None:
    """Refuse times whose type is too coarse for them: Julian dates in single precision are a quarter of a day apart."""
    if not (pa.types.is_float32(field.type) or pa.types.is_float16(field.type)):
        return
    typical = column_of("", stars.lists(field).flat).numbers
    spacing = np.spacing(np.nanmedian(np.abs(typical)).astype(field.type.to_pandas_dtype()))
    step = float(spacing) * reading.time.meaning.unit
    if step > COARSEST:
        raise UnusableError(f"the times of {field} are stored as {field.type}, in steps of {step:.2g} d: too coarse")


def _clocks(layout: Layout, stars: _Stars, shared: bytes | None) -> list[Clock | None]:
    """The clock that each star states, else the one that the table states for all, else None."""
    words = [None] * len(stars) if layout.clock is None else stars.plain(layout.clock).to_pylist()
    common = _shared_clock(shared)
    return [_clock(word) or common for word in words]


def _shared_clock(said: bytes | None) -> Clock | None:
    """The clock that a table states for all of its stars."""
    return _clock(said.decode("utf-8", errors="replace")) if said else None


def _clock(word: object) -> Clock | None:
    try:
        return Clock.parse(str(word)) if word is not None and str(word).strip() else None
    except ValueError:
        return None


def _read_all(
    ways: tuple[_Way, ...],
    layout: Layout,
    stars: _Stars,
    rows: NDArray[np.int64],
    source: str,
    options: IngestOptions,
) -> dict[int, LightCurve | Refused]:
    """Stars and refusals by row. Stars without a value where the others have theirs are judged by themselves."""
    made = _read_some(ways, layout, stars, rows, source, options)
    empty = np.array([i for i in rows if i in made and _says_nothing(made[i])], dtype=np.int64)
    if len(empty):
        part = _Stars(stars.table.take(pa.array(empty)))
        try:
            other = _decided(layout, part, options)
        except UnusableError:
            return made
        again = _read_some(other, layout, part, np.arange(len(empty)), source, options)
        made |= {int(empty[i]): outcome for i, outcome in again.items()}
    return made


def _says_nothing(outcome: LightCurve | Refused) -> bool:
    return isinstance(outcome, Refused) and outcome.reason.startswith("no finite value")


def _read_some(
    ways: tuple[_Way, ...],
    layout: Layout,
    stars: _Stars,
    rows: NDArray[np.int64],
    source: str,
    options: IngestOptions,
) -> dict[int, LightCurve | Refused]:
    names = [_name(cell) for cell in stars.plain(ways[0].object_id).to_pylist()]
    made: dict[int, LightCurve | Refused] = {}
    points = np.zeros(len(stars), dtype=np.int64)
    for i in rows.tolist():
        no = f"row {stars.numbers[i] + 1}"
        if not names[i]:
            made[i] = Refused(no, source, f"{no} has no {ways[0].object_id}")
    for way in ways:
        lengths = {field: stars.lengths(field) for field in way.lists}
        longest = np.max(list(lengths.values()), axis=0)
        points += longest
        whole = np.all([_fits(length, longest, i == 0) for i, length in enumerate(lengths.values())], axis=0)
        for i in rows[~whole[rows]].tolist():
            told = ", ".join(f"{field} {length[i]}" for field, length in lengths.items())
            made.setdefault(i, Refused(names[i], source, f"lists differ in length: {told}"))
    for i in rows[points[rows] == 0].tolist():
        made.setdefault(i, Refused(names[i], source, "no rows"))
    left = np.array([i for i in rows.tolist() if i not in made], dtype=np.int64)
    if not len(left):
        return made
    joined = _joined([_rows(way, stars, left) for way in ways])
    kinds = {way.reading.kind for way in ways}
    if len(kinds) > 1:
        raise UnusableError("some bands are in magnitudes, others in fluxes")
    units = [None] * len(stars) if layout.unit is None else stars.plain(layout.unit).to_pylist()
    said = {name: stars.plain(field).to_pylist() for name, field in layout.said.items()}
    apart = replace(ways[0].reading, per_band_id=False)  # rows are joined once all of them are known (`regroup`)
    for outcome in stars_of(joined, apart, "", source, options):
        i = int(outcome.object_id)
        named = replace(outcome, object_id=names[i])
        if isinstance(named, LightCurve) and named.kind == "flux" and units[i] is not None:
            named = replace(named, unit=str(units[i]))
        if isinstance(named, LightCurve) and said:
            named = replace(
                named,
                source=said["source"][i] or source,
                read_as="; ".join(filter(None, (named.read_as, said["read_as"][i]))),
                caution="; ".join(filter(None, (named.caution, said["caution"][i]))),
            )
        made[i] = named
    for i in left.tolist():
        made.setdefault(i, Refused(names[i], source, "no rows with a value"))
    return made


def _fits(length: NDArray[np.int64], longest: NDArray[np.int64], time: bool) -> BoolArray:
    """Which rows' lists go together: all are of one length, or, times excepted, absent."""
    fits: BoolArray = length == longest if time else (length == longest) | (length == 0)
    return fits


def _name(cell: object) -> str:
    """A star's name; a whole number that pandas made a float of, for the sake of a gap elsewhere, is whole again."""
    if cell is None or cell != cell:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _rows(way: _Way, stars: _Stars, rows: NDArray[np.int64]) -> Rows:
    """The observations of some stars, each star named by its row, so that the order of the table is kept."""
    table = stars.flat(way.series, way.star, rows, way.lists)
    lengths = np.max([stars.lengths(field)[rows] for field in way.lists], axis=0)
    numbers = np.array([f"{i:012d}" for i in rows], dtype=object)
    columns = list(table.columns)
    assert way.reading.object_id is not None
    columns[way.reading.object_id] = Column("object_id", pa.array(np.repeat(numbers, lengths), pa.string()))
    return rows_of(replace(table, columns=tuple(columns)), way.reading)


def _joined(pieces: Sequence[Rows]) -> Rows:
    """The observations of several bands as one."""
    if len(pieces) == 1:
        return pieces[0]
    stars = tuple(sorted({name for piece in pieces for name in piece.stars}))
    bands = tuple(sorted({name for piece in pieces for name in piece.bands}))
    star = [np.array([stars.index(name) for name in p.stars], dtype=np.int64)[p.star] for p in pieces if len(p.star)]
    band = [np.array([bands.index(name) for name in p.bands], dtype=np.int32)[p.band] for p in pieces if len(p.band)]

    def all_of(column: str) -> NDArray[np.float64]:
        whole: NDArray[np.float64] = np.concatenate([getattr(piece, column) for piece in pieces])
        return whole

    return Rows(
        star=np.concatenate(star),
        stars=stars,
        time=all_of("time"),
        value=all_of("value"),
        error=all_of("error"),
        band=np.concatenate(band),
        bands=bands,
        mask=np.concatenate([piece.mask for piece in pieces]),
        ra=all_of("ra"),
        dec=all_of("dec"),
    )

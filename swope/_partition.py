"""A partition of an LSDB catalog, analysed: what `catalog.map_partitions` hands to its workers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swope.pipeline.catalog.schema import events_schema, events_table, objects_table
from swope.pipeline.clean import clean
from swope.pipeline.events import EventOptions
from swope.pipeline.ingest import IngestOptions, Part, Refused
from swope.pipeline.ingest.said import parse_columns
from swope.pipeline.lightcurve import Clock, Kind, LightCurve

if TYPE_CHECKING:
    import pyarrow as pa
    from nested_pandas import NestedFrame

    from swope.flows.stages import Lost
    from swope.models.analysis import AnalysisOptions

#: Stars that are held as light curves at a time, and rows of a row group of the table that is read.
_BATCH = 256

#: What of an event its row already says.
_OF_STAR = ("object_id", "source")


def analyze_partition(
    frame: NestedFrame,
    models: str | None = None,
    clock: str | None = None,
    kind: Kind | None = None,
    columns: str | None = None,
    source: str = "",
    min_period: float | None = None,
    max_period: float | None = None,
    event_pvalue: float = EventOptions.pvalue,
) -> NestedFrame:
    """Analyse the stars of a nested frame: ``catalog.map_partitions(swope.analyze_partition)`` of LSDB does a survey.

    Column names, clocks, units and flags are taken as from a nested Parquet file. Give every worker one thread
    (``Client(threads_per_worker=1)``): one star's analysis uses one. On a worker of Dask the stars are analysed in a
    process beside it, so that one that ends its process gets a row that says so, and the worker stays.

    Parameters
    ----------
    frame : a row a star, with its name, and its light curve in a nested column or in columns of lists.
    models : folder of models that `swope train` wrote; None for those that come with Swope.
    clock : what the times are where the frame does not say: "BJD_TDB", "MJD_UTC", ...
    kind : "mag" or "flux", where the columns' names do not say.
    columns : which column is what, as ``--columns`` of the command line: "time=hmjd,mag=mag,id=ps1_objid".
    source : name of the survey, for the catalog's column.
    min_period, max_period : days; None for what the data allow.
    event_pvalue : an event is reported when an ordinary star shows one as strong with at most this probability.

    Returns
    -------
    A row a star in the frame's order and with its index: the columns of a run's objects.parquet (ranks, which need the
    whole catalog, are null), and the star's events in a nested column ``events``. A star that cannot be read has its
    status and reason. An empty frame has the same columns.

    Raises
    ------
    ImportError
        When nested-pandas is not installed: ``pip install 'swope[lsdb]'``.
    swope.pipeline.ingest.parts.UnusableError
        When the frame has no column of times or values, or no name for its stars.
    """
    from swope._analyses import options_of
    from swope.flows.rows import refused_row
    from swope.flows.survive import in_pieces
    from swope.flows.workers import call_twice
    from swope.models.registry import detector_columns

    types = call_twice(_types, models)
    work = partial(_answers, models=models, options=options_of(min_period, max_period, event_pvalue))
    reading = IngestOptions(
        clock=Clock.parse(clock) if clock else None, kind=kind, columns=parse_columns(columns) if columns else ()
    )
    rows: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for outcomes in _read(frame, source, reading):
        curves = [clean(one) for one in outcomes if isinstance(one, LightCurve)]
        made = iter([one for some, answers in in_pieces(work, curves) for one in _told(some, answers)])
        for one in outcomes:
            if isinstance(one, Refused):
                rows.append(refused_row(one).columns)
            else:
                row, own = next(made)
                rows.append(row)
                events += [{**event, "source": source, "row": len(rows) - 1} for event in own]
    names = dict.fromkeys(name for row in rows for name in row)
    table = objects_table({name: [row.get(name) for row in rows] for name in names}, detector_columns(), types)
    return _frame(table, events, frame.index)


#: A star's row, and those of its events.
_Answer = tuple[dict[str, Any], list[dict[str, Any]]]


def _answers(curves: Sequence[LightCurve], folder: Path, models: str | None, options: AnalysisOptions) -> list[_Answer]:
    """What is said of some stars, with a mark in the folder of which one is at work."""
    from swope._analyses import analyzed
    from swope.flows.chunk import Mark, marked

    only = 0 if len(curves) == 1 else None
    found = analyzed(
        curves, models, options, at=lambda star: marked(folder, Mark("analysis", only if star is None else star))
    )
    return [(dict(one.row), [vars(event) for event in one.events]) for one in found]


def _types(models: str | None) -> tuple[str, ...]:
    """The types that the classifier tells apart."""
    from swope.models.registry import load_models

    return tuple(load_models(models).classifier.types)


def _told(curves: Sequence[LightCurve], answers: list[_Answer] | Lost) -> list[_Answer]:
    """The answers; for a star that ended its process, a row that says so."""
    from swope.flows.stages import Lost
    from swope.models.analysis import lost_row
    from swope.pipeline.period import PeriodResult
    from swope.pipeline.star import Star

    if not isinstance(answers, Lost):
        return answers
    nothing = PeriodResult(reason=answers.reason, fault=True)
    return [(lost_row(Star(curve, nothing), answers.reason), []) for curve in curves]


def _read(frame: NestedFrame, source: str, options: IngestOptions) -> Iterator[list[LightCurve | Refused]]:
    """What each row of the frame holds, some rows at a time; read from a file, by the rules of files."""
    from swope.pipeline.ingest.registry import reader_named

    if not len(frame):
        return
    parquet = reader_named("parquet")
    with tempfile.TemporaryDirectory(prefix="swope-") as folder:
        path = str(Path(folder) / "partition.parquet")
        frame.reset_index(drop=True).to_parquet(path, row_group_size=_BATCH)
        for start in range(0, len(frame), _BATCH):
            stop = min(start + _BATCH, len(frame))
            yield list(parquet.read(Part("parquet", (path,), (source,), "", start, stop), options))


def _frame(objects: pa.Table, events: list[dict[str, Any]], index: Any) -> NestedFrame:
    """A row a star, with its events."""
    import pandas as pd
    from nested_pandas import NestedFrame

    own = [name for name in events_schema().names if name not in _OF_STAR]
    table = events_table({name: [event[name] for event in events] for name in (*_OF_STAR, *own)}).select(own)
    nested = table.to_pandas(types_mapper=pd.ArrowDtype)
    nested.index = pd.Index([event["row"] for event in events], dtype="int64")
    made: NestedFrame = NestedFrame(objects.to_pandas(types_mapper=pd.ArrowDtype)).join_nested(nested, "events")
    made.index = index
    return made

"""The pages of a finished run, of what the run left behind."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from swope.flows.cards import drawn_pictures
from swope.flows.manifest import undamaged
from swope.flows.pieces import pieces_of, tables
from swope.flows.record import RunRecord
from swope.flows.stages import EVENTS, KEPT, OBJECTS, STARS, digest_of
from swope.flows.thumbnails import Name, first_rows, thumbnails
from swope.flows.workers import call_twice
from swope.models.analysis import analyze
from swope.pipeline.catalog import Selected, write_parquet
from swope.pipeline.lightcurve import Chunk, LightCurve
from swope.pipeline.report.changes import REMEMBERED
from swope.pipeline.report.detail import StarDetail
from swope.pipeline.report.kept import KEPT_SCHEMA, KeptStar, kept_of, kept_table
from swope.pipeline.report.make import make_report, ranking

#: What the report of a run has drawn, to be drawn again without a model.
DRAWN = "drawn.parquet"

#: What the last report showed of every star, and what the one of the run before did.
SHOWN, BEFORE = "shown.parquet", "shown_before.parquet"


def write_report(run_dir: Path, top: int, stars: Sequence[str] = (), injected: Path | None = None) -> Path:
    """Write DIR/report/index.html, with some stars in detail: those asked for, and the `top` most anomalous ones.

    Where an analyst has said something of some stars, these are the first by `verdict_rank`. Where there are worker
    processes, they do it.

    Parameters
    ----------
    run_dir : folder of a finished run.
    top : how many of the most anomalous stars.
    stars : object ids of others, whatever their rank; they stand first.
    injected : folder in which `swope inject` left its tables; None: DIR/inject, where there is one.

    Raises
    ------
    ValueError
        When the folder holds no finished run, or a star asked for is unknown or has no light curve.
    """
    record = RunRecord.read(run_dir)
    objects = pq.read_table(run_dir / OBJECTS)
    asked = asked_rows(objects, stars)
    rank = ranking(run_dir)
    strangest = objects.filter(pc.less_equal(objects[rank], top)).sort_by(rank).to_pylist()
    first = {_name(row) for row in asked}
    others = [row for row in strangest if _name(row) not in first]
    full = [*asked, *others]
    # a second process, where there may be one, is for what several cards will need it for
    with ThreadPoolExecutor(2 if len(full) > 1 else 1) as threads:
        found = threads.submit(call_twice, star_details, run_dir, record, full)
        pictures = threads.submit(call_twice, thumbnails, run_dir, record.chunks, first_rows(objects, rank))
        before = remember(run_dir, record, objects)
        details = found.result()
    shown = (details[len(asked) :], details[: len(asked)])
    return make_report(run_dir, *shown, pictures.result(), before, injected, draw=partial(drawn_pictures, run_dir))


def remember(run_dir: Path, record: RunRecord, objects: pa.Table) -> pa.Table | None:
    """What the report of the run before showed of every star; None where there was none. Keeps what this one shows."""
    path, before = run_dir / SHOWN, run_dir / BEFORE
    last = undamaged(path)
    if last is not None and (last.schema.metadata or {}).get(_STAMP) != record.stamp.encode():
        path.replace(before)
    table = objects.select(list(REMEMBERED)).replace_schema_metadata({_STAMP: record.stamp.encode()})
    write_parquet(table, path)
    kept = undamaged(before)
    return kept if kept is not None and set(REMEMBERED) <= set(kept.column_names) else None


#: Says of a table which run it was made of.
_STAMP = b"swope.run"


def asked_rows(objects: pa.Table, stars: Sequence[str]) -> list[dict[str, Any]]:
    """The catalog rows of these stars, in the order asked; all of a star that came from several sources.

    Raises
    ------
    ValueError
        When a star is unknown, and what the nearest names are; or when none of its rows has a light curve, and why.
    """
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys(stars):
        found = objects.filter(pc.equal(objects["object_id"], name)).to_pylist()
        if not found:
            known = pc.unique(objects["object_id"]).to_pylist()
            near = get_close_matches(name, known) or known[:3]
            raise ValueError(f"no star is called {name!r}; the nearest of {len(known):,}: {', '.join(near)}")
        read = [row for row in found if row["status"] in ("ok", "partial")]
        if not read:
            raise ValueError(f"nothing to show of {name}, {found[0]['status']}: {found[0]['reason']}")
        rows += read
    return rows


def star_details(run_dir: Path, record: RunRecord, rows: Sequence[dict[str, Any]]) -> list[StarDetail]:
    """What the report shows of the stars of some catalog rows.

    It was kept of those that were drawn before. Of the others the run kept what the strangest of each chunk need, and
    only what their pages show beyond their analysis is computed; a star that is not among them is analysed again.
    """
    if not rows:
        return []
    curves = dict(zip(map(_name, rows), curves_of(run_dir, record.chunks, rows), strict=True))
    keys = {_name(row): _made_from(curves[_name(row)], row, record) for row in rows}
    drawn = _drawn_before(run_dir / DRAWN, keys)
    missing = [row for row in rows if _name(row) not in drawn]
    if missing:
        new = _drawn_now(run_dir, record, missing, curves)
        drawn |= {_name(row): star for row, star in zip(missing, new, strict=True)}
        table = kept_table([drawn[_name(row)].detail(row, ()) for row in rows])
        write_parquet(table.append_column(_MADE_FROM, [[keys[_name(row)] for row in rows]]), run_dir / DRAWN)
    events = _events_of(run_dir, rows)
    return [drawn[_name(row)].detail(row, events.get(_name(row), [])) for row in rows]


def _drawn_now(
    run_dir: Path, record: RunRecord, rows: Sequence[dict[str, Any]], curves: Mapping[Name, LightCurve]
) -> list[KeptStar]:
    """What the report shows of stars that it has not drawn before, of these light curves."""
    from swope.models.drawing import drawn
    from swope.models.registry import load_models

    kept: dict[Name, KeptStar] = {}
    wanted = {_name(row) for row in rows}
    for part in tables(pieces_of(run_dir / chunk for chunk in record.chunks), KEPT):
        kept |= _kept_in(part, wanted)
    options = record.options
    models = load_models(options.models)
    if changed := [kind for kind, model_id in models.ids.items() if record.models.get(kind) != model_id]:
        whose = options.models or "this version of Swope"
        print(
            f"{run_dir}: what is drawn anew is drawn with the {', '.join(changed)} of {whose}, which did not make this "
            "run; run it again to have all from one",
            file=sys.stderr,
        )
    details = {_name(row): kept[_name(row)].detail(row, ()) for row in rows if _name(row) in kept}
    others = [row for row in rows if _name(row) not in kept]
    analysed = analyze([curves[_name(row)] for row in others], models, options.analysis)
    details |= {_name(row): one.detail for row, one in zip(others, analysed, strict=True)}
    table = kept_table(drawn([details[_name(row)] for row in rows], models))
    return kept_of(table)


def curves_of(run_dir: Path, chunks: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[LightCurve]:
    """The light curves of some catalog rows, found by name and source in the run's chunks."""
    names = [_name(row) for row in rows]
    found = {(curve.object_id, curve.source): curve for curve in _curves_in(run_dir, chunks, set(names))}
    return [found[name] for name in names]


def _curves_in(run_dir: Path, chunks: Sequence[str], wanted: Collection[Name]) -> Iterator[LightCurve]:
    """The wanted light curves that are in the run's chunks, of which one is held at a time."""
    for part in tables(pieces_of(run_dir / chunk for chunk in chunks), STARS) if wanted else ():
        names = part.read(["object_id", "source"]).to_pylist()
        if here := [i for i, name in enumerate(names) if _name(name) in wanted]:
            yield from Chunk(part.those(here).read())


#: Column of what is drawn: all that it follows from.
_MADE_FROM = "made_from"


def _made_from(curve: LightCurve, row: Mapping[str, Any], record: RunRecord) -> str:
    """Changes when anything does that the report of a star shows beyond its rows of the catalog."""
    made = [record.versions, record.config, record.models, digest_of(curve), row["class"]]
    return hashlib.sha256(repr(made).encode()).hexdigest()


def _drawn_before(path: Path, keys: Mapping[Name, str]) -> dict[Name, KeptStar]:
    """What an earlier report has drawn of some stars, of those that are as they were; none where a disk damaged it."""
    try:
        if not path.exists() or pq.read_schema(path).names != [*KEPT_SCHEMA.names, _MADE_FROM]:
            return {}
        table = Selected(path).read()
    except (pa.ArrowException, OSError):
        return {}
    same = table.filter(pc.is_in(table[_MADE_FROM], pa.array(keys.values(), pa.string())))
    return {(one.curve.object_id, one.curve.source): one for one in kept_of(same.drop_columns(_MADE_FROM))}


def _kept_in(part: Selected, wanted: set[Name]) -> dict[Name, KeptStar]:
    """The wanted stars that a chunk kept; none where it has none, or is of an earlier version."""
    if not part.path.exists() or not part.schema.equals(KEPT_SCHEMA):
        return {}
    names = part.read(["object_id", "source"]).to_pylist()
    here = [i for i, name in enumerate(names) if _name(name) in wanted]
    if not here:
        return {}
    return {(one.curve.object_id, one.curve.source): one for one in kept_of(part.those(here).read())}


def _events_of(run_dir: Path, rows: Sequence[dict[str, Any]]) -> dict[Name, list[dict[str, Any]]]:
    """The events of some catalog rows, by star."""
    import pyarrow.dataset as ds

    named = pc.field("object_id").isin([row["object_id"] for row in rows])
    found: dict[Name, list[dict[str, Any]]] = {}
    for event in ds.dataset(run_dir / EVENTS).to_table(filter=named).to_pylist():
        found.setdefault(_name(event), []).append(event)
    return found


def _name(row: dict[str, Any]) -> Name:
    return (row["object_id"], row["source"])

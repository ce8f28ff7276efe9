"""The pictures of a report's stars: those that an earlier report drew of the same star, as it is, are taken.

Words are made anew each time: a star that did not change has another rank, and other company, where others did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa

from swope.flows.makers import versions
from swope.flows.manifest import undamaged
from swope.flows.workers import call_twice
from swope.pipeline.catalog import write_parquet
from swope.pipeline.report.card import Pictures
from swope.pipeline.report.detail import StarDetail
from swope.pipeline.report.kept import kept_table
from swope.pipeline.report.make import pictures_of
from swope.pipeline.report.markup import Html

#: The pictures of the last report of a run.
CARDS = "cards.parquet"

#: Worker processes that draw a report's stars, at most.
_HANDS = 2

_SCHEMA = pa.schema([("key", pa.string()), ("pictures", pa.map_(pa.string(), pa.string()))])


def drawn_pictures(run_dir: Path, details: Mapping[int, StarDetail]) -> dict[int, Pictures]:
    """The pictures of some stars of a run, by their place on the page; those that are not known are drawn, and kept.

    Parameters
    ----------
    details : as of `swope.pipeline.report.make.pictures_of`.
    """
    said = [versions(), version("matplotlib")]
    keys = {place: _key(said, detail) for place, detail in details.items()}
    known = _known(run_dir / CARDS)
    drawn = {place: known[key] for place, key in keys.items() if key in known}
    new = _side_by_side({place: detail for place, detail in details.items() if place not in drawn})
    if new:
        drawn |= new
        table = {"key": list(keys.values()), "pictures": [list(drawn[place].items()) for place in keys]}
        write_parquet(pa.table(table, _SCHEMA), run_dir / CARDS)
    return drawn


def _key(said: object, detail: StarDetail) -> str:
    """Changes when anything does that the pictures show (`swope.pipeline.report.card.pictures`)."""
    sink = pa.BufferOutputStream()
    table = kept_table([detail])
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    digest = hashlib.sha256(sink.getvalue())
    pvalues = {name: value for name, value in detail.row.items() if name.endswith("_pvalue")}
    digest.update(repr([said, pvalues, [dict(one) for one in detail.events]]).encode())
    return digest.hexdigest()


def _known(path: Path) -> dict[str, Pictures]:
    """The pictures of the report before, by the keys of their stars."""
    table = undamaged(path)
    if table is None or not table.schema.equals(_SCHEMA):
        return {}
    drawn = ({name: Html(one) for name, one in pairs} for pairs in table["pictures"].to_pylist())
    return dict(zip(table["key"].to_pylist(), drawn, strict=True))


def _side_by_side(details: Mapping[int, StarDetail]) -> dict[int, Pictures]:
    """Draw stars in as many worker processes at a time as it pays to have load what draws."""
    places = sorted(details)
    # no process is started for nothing: a run of one star has one card
    parts = [{place: details[place] for place in places[hand::_HANDS]} for hand in range(min(_HANDS, len(places)))]
    with ThreadPoolExecutor(_HANDS) as threads:
        drawn = list(threads.map(lambda part: call_twice(pictures_of, part), parts))
    return {place: one for part in drawn for place, one in part.items()}

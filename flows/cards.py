"""The cards of a report's stars: one that an earlier report drew of the same star, and of nothing else, is taken."""

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
from swope.pipeline.report.detail import StarDetail
from swope.pipeline.report.kept import kept_table
from swope.pipeline.report.make import cards
from swope.pipeline.report.markup import Html

#: The cards of the last report of a run.
CARDS = "cards.parquet"

#: Worker processes that draw a report's stars, at most.
_HANDS = 2


def drawn_cards(run_dir: Path, details: Mapping[int, StarDetail], n_ranked: int) -> dict[int, Html]:
    """The cards of some stars of a run, by their place on the page; those that are not known are drawn, and kept.

    Parameters
    ----------
    run_dir, details, n_ranked : as of `swope.pipeline.report.make.cards`.
    """
    said = [versions(), version("matplotlib"), n_ranked]
    keys = {place: _key(said, place, detail) for place, detail in details.items()}
    known = _known(run_dir / CARDS)
    drawn = {place: known[key] for place, key in keys.items() if key in known}
    new = _side_by_side(run_dir, {place: detail for place, detail in details.items() if place not in drawn}, n_ranked)
    if new:
        drawn |= new
        table = {"key": list(keys.values()), "card": [str(drawn[place]) for place in keys]}
        write_parquet(pa.table(table, pa.schema([("key", pa.string()), ("card", pa.string())])), run_dir / CARDS)
    return drawn


def _key(said: object, place: int, detail: StarDetail) -> str:
    """Changes when anything does that a card shows."""
    sink = pa.BufferOutputStream()
    table = kept_table([detail])
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    digest = hashlib.sha256(sink.getvalue())
    digest.update(repr([said, place, dict(detail.row), [dict(one) for one in detail.events]]).encode())
    return digest.hexdigest()


def _known(path: Path) -> dict[str, Html]:
    """The cards of the report before, by their keys."""
    table = undamaged(path)
    if table is None:
        return {}
    return dict(zip(table["key"].to_pylist(), map(Html, table["card"].to_pylist()), strict=True))


def _side_by_side(run_dir: Path, details: Mapping[int, StarDetail], n_ranked: int) -> dict[int, Html]:
    """Draw cards in as many worker processes at a time as it pays to have load what draws."""
    places = sorted(details)
    # no process is started for nothing: a run of one star has one card
    parts = [{place: details[place] for place in places[hand::_HANDS]} for hand in range(min(_HANDS, len(places)))]
    with ThreadPoolExecutor(_HANDS) as threads:
        drawn = list(threads.map(lambda part: call_twice(cards, run_dir, part, n_ranked), parts))
    return {place: card for part in drawn for place, card in part.items()}

"""The gallery of the report: all stars of a run, packed into the page for its scripts to find, sort and show."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from swope.pipeline.catalog.schema import STATUSES
from swope.pipeline.catalog.selected import stars_of
from swope.pipeline.column import DetectorColumns
from swope.pipeline.report.archives import ARCHIVES
from swope.pipeline.report.markup import Html, join, tag
from swope.pipeline.verdicts import WORDS

#: A star's name and source: together they say which star it is.
Name = tuple[str, str]

#: Of so many stars, the first by rank, the page holds the reason too; the tables hold it for all.
REASONS = 20_000

#: Numbers of the gallery: name, column of objects.parquet, significant digits.
_NUMBERS = (
    ("rank", "", 9),
    ("novelty", "novelty_rank", 9),
    ("prob", "class_prob", 3),
    ("period", "period", 8),
    ("fap", "period_fap", 2),
    ("amplitude", "amplitude", 4),
    ("n", "n_obs", 9),
    ("p", "anomaly_pvalue", 3),
    ("n_events", "n_events", 9),
    ("ra", "ra", 9),
    ("dec", "dec", 9),
)

#: Texts of the gallery: name, column of objects.parquet.
_TEXTS = (
    ("id", "object_id"),
    ("source", "source"),
    ("status", "status"),
    ("class", "class"),
    ("flag", "period_flag"),
    ("unit", "unit"),
    ("kind", "value_kind"),
    ("verdict", "verdict"),
)

_SORTS = (
    ("rank", "rank"),
    ("novelty", "novelty rank"),
    ("class", "class"),
    ("period", "period"),
    ("amplitude", "amplitude"),
    ("p", "p-value"),
    ("n_events", "number of events"),
    ("n", "number of points"),
    ("verdict", "verdict"),
    ("id", "name"),
)


def object_names(there: Sequence[str], detectors: Sequence[DetectorColumns], rank: str) -> list[str]:
    """Columns of objects.parquet that the gallery needs, of those that are there: an earlier version had fewer."""
    own = [column for _, column, _ in _NUMBERS if column] + [column for _, column in _TEXTS]
    wanted = dict.fromkeys([*own, rank, "anomaly_reason", "reason", *(one.pvalue for one in detectors)])
    return [name for name in wanted if name in there]


def gallery_data(
    objects: pa.Table,
    events: pa.Table,
    detectors: Sequence[DetectorColumns],
    rank: str,
    cards: Mapping[Name, int],
    thumbnails: Mapping[Name, str],
) -> dict[str, Any]:
    """What the scripts are given: every star of the run, the first by rank first.

    Parameters
    ----------
    objects : with the columns `object_names`.
    events : with object_id, source, kind, and shape where they have one.
    detectors : those at work.
    rank : the column that the run is read by.
    cards : place on the page of the stars that it shows in full.
    thumbnails : small light curves of some of them (`thumbnail.thumbnail`).
    """
    order = [(rank, "ascending"), ("object_id", "ascending"), ("source", "ascending")]
    objects = objects.take(pc.sort_indices(objects, order))
    names = stars_of(objects)
    kinds, seen = _event_kinds(events, names)
    said = pc.coalesce(objects["anomaly_reason"], objects["reason"]).to_pylist()
    not_ok = objects["reason"].to_pylist()
    reasons = [
        None if one is None else one if other is None or other == one else f"{one} {other}"
        for one, other in zip(said[:REASONS], not_ok, strict=False)
    ]
    there = objects.column_names
    columns: dict[str, Any] = {
        name: _rounded(objects[column or rank], n) for name, column, n in _NUMBERS if (column or rank) in there
    }
    columns |= {name: _numbered(objects[column]) for name, column in _TEXTS if column in there}
    columns["detector"] = _surest(objects, detectors)
    columns["events"] = seen
    columns["reason"] = reasons + [None] * (len(objects) - len(reasons))
    columns["card"] = [cards.get(name) for name in names]
    pictures = {str(row): thumbnails[name] for row, name in enumerate(names) if name in thumbnails}
    return {"n": len(objects), "events": kinds, "columns": columns, "pictures": pictures, "archives": ARCHIVES}


def gallery(data: Mapping[str, Any]) -> Html:
    """The gallery with its controls, hidden until the scripts that fill them run."""
    packed = zlib.compress(json.dumps(data, separators=(",", ":"), allow_nan=False).encode())
    return join(
        tag("p", "This part needs scripts; without them, read the tables beside the page.", class_="noscript"),
        _controls(),
        _keys(),
        tag("p", id="gallery-count", class_="soft", aria_live="polite"),
        tag(
            "div",
            tag(
                "div",
                tag("ul", id="tiles"),
                tag("button", "Show more", id="more", type="button", hidden=True),
                class_="list",
            ),
            tag("aside", id="star-panel", aria_label="the chosen star", aria_live="polite", hidden=True),
            class_="gallery",
        ),
        tag(
            "div",
            tag("p", tag("strong", "", id="verdict-count"), " in this browser. Save them, and let Swope rank by them:"),
            tag("button", "Save as verdicts.csv", id="verdict-save", type="button"),
            tag("p", tag("code", "", id="verdict-command", class_="copy")),
            id="verdicts",
            class_="card",
            hidden=True,
        ),
        tag(
            "figure",
            tag(
                "canvas",
                id="diagram",
                role="img",
                aria_label="Amplitude against period of the stars found, both axes logarithmic; as listed above",
            ),
            tag("ul", id="diagram-legend", aria_label="marks of the classes"),
            tag(
                "figcaption",
                "Amplitude against period of the stars found, magnitudes only. A click chooses the nearest star.",
            ),
            class_="card diagram",
        ),
        tag("script", base64.b64encode(packed).decode(), id="gallery-data", type="text/plain"),
    )


def _controls() -> Html:
    verdicts = [*((word, word) for word in WORDS), ("none", "not judged")]
    statuses = [(status, status) for status in STATUSES]
    sorts = [tag("option", said, value=name) for name, said in _SORTS]
    return tag(
        "form",
        tag("label", "Find ", tag("input", name="text", type="search", placeholder="name, class, words")),
        _select("class", "class", [], id_="find-class"),
        _select("event", "event", [], id_="find-event"),
        _select("detector", "strangest to", [], id_="find-detector"),
        _select("status", "status", statuses),
        _select("verdict", "verdict", verdicts),
        _range("period", "period", "d"),
        _range("amplitude", "amplitude", ""),
        tag("label", "sort by ", tag("select", *sorts, name="sort")),
        tag("button", "descending", id="direction", type="button", aria_pressed="false"),
        tag("button", "reset", type="reset"),
        id="find",
        aria_label="find stars",
        hidden=True,
    )


def _select(name: str, words: str, entries: Sequence[tuple[str, str]], id_: str | None = None) -> Html:
    options = [tag("option", "any", value=""), *(tag("option", said, value=value) for value, said in entries)]
    return tag("label", f"{words} ", tag("select", *options, name=name, id=id_))


def _range(name: str, words: str, unit: str) -> Html:
    ends = [
        tag("input", name=f"{name}-{end}", type="number", step="any", min="0", aria_label=f"{words} {end}")
        for end in ("from", "to")
    ]
    return tag("span", f"{words} ", ends[0], " to ", ends[1], f" {unit}", class_="range")


def _keys() -> Html:
    keys = {"n": "next star", "p": "previous", **{word[0]: word for word in WORDS}, "/": "find"}
    said = [join(tag("kbd", key), f" {words} ") for key, words in keys.items()]
    return tag("p", *said, id="gallery-keys", class_="soft", hidden=True)


def _rounded(values: pa.ChunkedArray, digits: int) -> list[float | int | None]:
    found: list[float | int | None] = values.to_pylist()
    if pa.types.is_integer(values.type):
        return found
    return [None if one is None or not np.isfinite(one) else float(f"{one:.{digits}g}") for one in found]


def _numbered(values: pa.ChunkedArray) -> dict[str, list[Any]]:
    """A column of texts, each by its number among the different ones; -1 for null."""
    coded = values.combine_chunks().dictionary_encode()
    return {"values": coded.dictionary.to_pylist(), "at": coded.indices.fill_null(-1).to_pylist()}


def _surest(objects: pa.Table, detectors: Sequence[DetectorColumns]) -> dict[str, list[Any]]:
    """The detector with the smallest p-value of each star."""
    values = [one.name for one in detectors]
    if not values:
        return {"values": [], "at": [-1] * len(objects)}
    pvalues = np.column_stack(
        [objects[one.pvalue].to_numpy(zero_copy_only=False).astype(np.float64) for one in detectors]
    )
    known = np.isfinite(pvalues)
    at = np.where(known.any(axis=1), np.where(known, pvalues, np.inf).argmin(axis=1), -1)
    return {"values": values, "at": at.tolist()}


def _event_kinds(events: pa.Table, names: Sequence[Name]) -> tuple[list[str], list[int]]:
    """The kinds of events there are, and of each star which of them it has, a bit a kind."""
    # an earlier version knew no shapes
    kind = pc.coalesce(*(events[name] for name in ("shape", "kind") if name in events.column_names))
    kinds = sorted(one for one in pc.unique(kind).to_pylist() if one is not None)[:31]
    bit = {one: 1 << i for i, one in enumerate(kinds)}
    seen: dict[Name, int] = {}
    for object_id, source, one in zip(
        events["object_id"].to_pylist(), events["source"].to_pylist(), kind.to_pylist(), strict=True
    ):
        seen[object_id, source] = seen.get((object_id, source), 0) | bit.get(one, 0)
    return kinds, [seen.get(name, 0) for name in names]

"""What of a catalog is not as it was the last time that a report was made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from swope.pipeline.report.markup import Html, join, tag
from swope.pipeline.report.numbers import number

#: What is remembered of each star.
REMEMBERED = ("object_id", "source", "status", "class", "period", "anomaly_rank", "n_events")

#: Two periods that differ by more than this share are two.
_SAME_PERIOD = 0.01

#: Stars that are news when they come among the first of the ranking.
_FIRST = 20

#: Stars that a list names.
_LISTED = 12


def changes(before: pa.Table, now: pa.Table) -> dict[str, list[tuple[str, str]]]:
    """The stars that changed, by what of them did: each with its name and what is said of it.

    Parameters
    ----------
    before, now : with the columns `REMEMBERED`.
    """
    old, new = _by_star(before), _by_star(now)
    found: dict[str, list[tuple[str, str]]] = {
        "new stars": [(star[0], new[star]["class"] or "") for star in new if star not in old],
        "stars that are gone": [(star[0], old[star]["class"] or "") for star in old if star not in new],
        f"new among the first {_FIRST}": [],
        "another class": [],
        "another period": [],
        "new events": [],
        "another status": [],
    }
    for star, row in sorted(new.items(), key=lambda pair: pair[1]["anomaly_rank"] or len(new) + 1):
        if star not in old:
            continue
        was, name = old[star], star[0]
        if _first(row) and not _first(was):
            found[f"new among the first {_FIRST}"].append(
                (name, f"{was['anomaly_rank'] or 'no rank'} to {row['anomaly_rank']}")
            )
        if row["class"] != was["class"]:
            found["another class"].append((name, f"{was['class'] or 'none'} to {row['class'] or 'none'}"))
        if not _same(was["period"], row["period"]):
            said = [f"{number(one, 6)} d" if one else "none" for one in (was["period"], row["period"])]
            found["another period"].append((name, " to ".join(said)))
        if (more := (row["n_events"] or 0) - (was["n_events"] or 0)) > 0:
            found["new events"].append((name, f"{more} more"))
        if row["status"] != was["status"]:
            found["another status"].append((name, f"{was['status']} to {row['status']}"))
    return {what: stars for what, stars in found.items() if stars}


def changes_section(found: dict[str, list[tuple[str, str]]] | None, drift: Sequence[str]) -> Html:
    """The stars that changed, in words.

    Parameters
    ----------
    found : by `changes`; None where there is no report of an earlier run in the folder.
    drift : what the run says of the whole catalog (`swope.flows.drift`).
    """
    warned = tag("ul", *(tag("li", said) for said in drift)) if drift else None
    if found is None:
        return join(warned, tag("p", "There is no report of an earlier run in this folder to compare with."))
    if not found:
        return join(warned, tag("p", "No star changed since the run before."))
    lists = [
        join(
            tag("dt", f"{len(stars):,} {what}"),
            tag(
                "dd",
                *(tag("div", tag("bdi", name), f": {said}" if said else "") for name, said in stars[:_LISTED]),
                tag("div", f"and {len(stars) - _LISTED:,} more", class_="soft") if len(stars) > _LISTED else None,
            ),
        )
        for what, stars in found.items()
    ]
    return join(warned, tag("dl", *lists))


def _by_star(table: pa.Table) -> dict[tuple[str, str | None], dict[str, Any]]:
    return {(row["object_id"], row["source"]): row for row in table.select(list(REMEMBERED)).to_pylist()}


def _first(row: dict[str, Any]) -> bool:
    return row["anomaly_rank"] is not None and row["anomaly_rank"] <= _FIRST


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is None and other is None
    return abs(one - other) <= _SAME_PERIOD * max(abs(one), abs(other))

"""The sections of the report that speak of the run as a whole."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from swope.pipeline.catalog.schema import STATUSES
from swope.pipeline.column import DetectorColumns
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.report.charts import histogram, share_bar
from swope.pipeline.report.markup import Html, join, tag
from swope.pipeline.report.numbers import number
from swope.pipeline.vsx import TYPES

#: Reasons that the report lists; the rest is counted.
_REASONS = 25

_DIGITS = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?")

_FLAGS = {
    None: "nothing speaks against it",
    "alias": "an alias of the sampling is as likely",
    "half": "may be half the true period",
    "double": "may be twice the true period",
    "few_cycles": "fewer than three cycles carry it",
}


def headline(counts: Mapping[str, int], n_class: int, n_period: int, n_events: int) -> Html:
    """The counts: inputs are ok, partial, rejected or failed, and nothing else."""
    words = {"n_in": "stars in", "n_ok": "ok", "n_partial": "partial", "n_rejected": "rejected", "n_failed": "failed"}
    signs = ["", "=", "+", "+", "+"]
    tiles = []
    for sign, (key, word) in zip(signs, words.items(), strict=True):
        if sign:
            tiles.append(tag("li", sign, class_="sign"))
        tiles.append(tag("li", tag("strong", f"{counts[key]:,}"), tag("span", word)))
    found = ((n_period, "with a period"), (n_class, "with a class"), (n_events, "events"))
    more = [tag("li", tag("strong", f"{count:,}"), tag("span", word)) for count, word in found]
    return join(
        tag("ul", *tiles, class_="tiles", aria_label="stars by outcome"),
        tag("ul", *more, class_="tiles", aria_label="what was found"),
    )


def reasons(statuses: Sequence[str], texts: Sequence[str | None]) -> Html:
    """Why stars are partial, rejected or failed; reasons that differ in numbers only are one."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    for status, text in zip(statuses, texts, strict=True):
        for part in (text or "").split("; ") if status == "partial" else [text or ""]:
            key = (status, _DIGITS.sub("#", part))
            counts[key] += 1
            examples[key] = min(examples.get(key, part), part)
    if not counts:
        return tag("p", "Every star is ok.")
    order = sorted(counts, key=lambda key: (-STATUSES.index(key[0]), -counts[key], key))
    rows = [
        tag(
            "tr",
            tag("td", status, class_=f"status-{status}"),
            tag("td", f"{counts[status, key]:,}", class_="number"),
            tag("td", examples[status, key], class_="long"),
        )
        for status, key in order[:_REASONS]
    ]
    left = len(order) - _REASONS
    rest = tag("p", f"And {left} more kinds of reason; objects.parquet has them all.") if left > 0 else None
    said = (
        "A star that is partial may lack several things and is counted at each. Of reasons that differ in numbers "
        "only, one stands for all."
    )
    return join(tag("p", said), tag("table", _head("status", ("stars", "number"), "reason"), tag("tbody", *rows)), rest)


def class_table(classes: pa.ChunkedArray, probabilities: pa.ChunkedArray) -> Html:
    """Stars by class, with what the class means."""
    groups = pa.table({"class": classes, "probability": probabilities}).group_by("class")
    rows = groups.aggregate([([], "count_all"), ("probability", "mean")]).to_pylist()
    rows.sort(key=lambda row: (row["class"] is None, -row["count_all"], row["class"] or ""))
    total = max(sum(row["count_all"] for row in rows), 1)
    largest = max((row["count_all"] for row in rows), default=1)
    lines = [
        tag(
            "tr",
            tag("th", row["class"] or "none", scope="row"),
            tag("td", _only(row["class"])),
            tag("td", f"{row['count_all']:,}", class_="number"),
            tag("td", f"{row['count_all'] / total:.1%}", class_="number"),
            tag("td", share_bar(row["count_all"] / largest)),
            tag("td", number(row["probability_mean"], 2), class_="number"),
            tag("td", TYPES[row["class"]].description if row["class"] in TYPES else "no class was given"),
        )
        for row in rows
    ]
    numbers = (("stars", "number"), ("share", "number"), "", ("mean probability", "number"))
    head = _head("class", "", *numbers, "what it is")
    return tag("table", tag("caption", "AAVSO VSX types"), head, tag("tbody", *lines))


def _only(name: str | None) -> Html | None:
    """A button that shows the class in the gallery; the scripts that can do so bring it up."""
    if not name:
        return None
    return tag("button", "show", type="button", data_class=name, aria_label=f"show {name}", hidden=True)


def period_section(period: FloatArray, flags: pa.ChunkedArray) -> Html:
    """The distribution of periods, and what is said against them."""
    found = period[np.isfinite(period) & (period > 0)]
    if not found.size:
        return tag("p", "No star has a period.")
    logs = np.log10(found)
    low, high = math.floor(logs.min()), max(math.ceil(logs.max()), math.floor(logs.min()) + 1)
    chart = histogram(
        logs,
        np.linspace(low, high, 12 * (high - low) + 1),
        f"Distribution of {found.size} periods",
        "period [d], logarithmic",
        [(decade, f"{10.0**decade:g}") for decade in range(low, high + 1)],
    )
    counts = {entry["values"]: entry["counts"] for entry in pc.value_counts(flags).to_pylist()}
    rows = [
        tag(
            "tr",
            tag("th", flag or "no flag", scope="row"),
            tag("td", f"{counts[flag]:,}", class_="number"),
            tag("td", _FLAGS.get(flag, "")),
        )
        for flag in sorted(counts, key=lambda flag: (flag is not None, flag or ""))
    ]
    table = tag("table", _head("period_flag", ("periods", "number"), "what it says"), tag("tbody", *rows))
    return tag("div", tag("div", tag("h3", "Periods"), chart, class_="card"), tag("div", table), class_="columns")


def pvalue_section(pvalues: Mapping[str, FloatArray]) -> Html:
    """Histograms of the detectors' p-values; those of ordinary stars alone would be flat."""
    cards = []
    for name, values in pvalues.items():
        count = int(np.isfinite(values).sum())
        title = f"{name}, {count:,} stars"
        if count:
            chart = histogram(
                values,
                np.linspace(0, 1, 21),
                f"P-values by {title}",
                "p-value",
                [(tick / 4, f"{tick / 4:g}") for tick in range(5)],
                expected=count / 20,
            )
        else:
            chart = tag("p", "Not computed for any star.")
        cards.append(tag("div", tag("h3", title), chart, class_="card"))
    return tag("div", *cards, class_="columns")


def run_facts(record: Mapping[str, Any]) -> Html:
    """Everything that run.json says, long lists shortened."""
    return tag("dl", *(join(tag("dt", _words(key)), tag("dd", _said(value))) for key, value in record.items()))


def _head(*titles: str | tuple[str, str]) -> Html:
    pairs = [(title, None) if isinstance(title, str) else title for title in titles]
    cells = [
        tag("th", title, scope="col", class_=kind) if title else tag("td", aria_hidden="true") for title, kind in pairs
    ]
    return tag("thead", tag("tr", *cells))


def _words(key: str) -> str:
    return key.replace("_", " ")


def _said(value: Any) -> Html:
    if isinstance(value, Mapping):
        return run_facts(value) if value else tag("span", "none", class_="soft")
    if isinstance(value, list):
        shown = [tag("div", _said(one)) for one in value[:6]]
        return join(*shown, tag("div", f"and {len(value) - 6:,} more", class_="soft") if len(value) > 6 else None)
    if value is None:
        return tag("span", "not set", class_="soft")
    return tag("span", f"{value:.4g}" if isinstance(value, float) else value)


def pvalue_names(detectors: Sequence[DetectorColumns]) -> dict[str, str]:
    """Columns with p-values, and their titles."""
    return {"anomaly_pvalue": "all combined", **{one.pvalue: one.name for one in detectors}}

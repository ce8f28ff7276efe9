"""The picture of a completeness, for a paper."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from swope.pipeline.inject.completeness import ALL, AXES
from swope.pipeline.inject.shapes import SHAPES
from swope.pipeline.report.panels import COLOURS, MARKERS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LABELS = {
    "snr": "integrated signal-to-noise",
    "depth": "depth or height [mag]",
    "duration": "duration [d]",
}

#: An open bin at either end is drawn so many times as wide as its finite edge.
_OPEN = 1.6

#: Over fewer decades than this an axis has numbers between its powers of ten.
_FEW_DECADES = 2.0


def completeness_picture(completeness: pa.Table, false_alarms: pa.Table, title: str = "") -> Figure:
    """Completeness against signal-to-noise, depth and duration: all shapes with 95 % intervals, and each alone.

    Parameters
    ----------
    completeness, false_alarms : of `completeness_table` and `false_alarm_table`.
    title : above all; plain text.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    figure = Figure(figsize=(7.1, 3.0), dpi=200, layout="constrained")
    panels = figure.subplots(1, len(AXES), sharey=True)
    rows = completeness.to_pylist()
    for axes, axis in zip(panels, AXES, strict=True):
        for i, shape in enumerate(SHAPES):
            mine = [row for row in rows if row["shape"] == shape and row["axis"] == axis]
            if mine:
                style: dict[str, Any] = {"color": COLOURS[i], "marker": MARKERS[i], "ms": 2.5, "lw": 0.8, "alpha": 0.85}
                axes.plot([_middle(row) for row in mine], [row["completeness"] for row in mine], label=shape, **style)
        every = [row for row in rows if row["shape"] == ALL and row["axis"] == axis]
        if every:
            value = np.array([row["completeness"] for row in every])
            limits = np.array([[row["ci_low"] for row in every], [row["ci_high"] for row in every]])
            axes.errorbar(
                [_middle(row) for row in every],
                value,
                np.abs(limits - value),
                color="black",
                lw=1.4,
                capsize=2,
                label="all shapes",
            )
        axes.set_xscale("log")
        # plain numbers: powers of ten with factors run into one another where there are few decades
        decades = float(np.ptp(np.log10(axes.get_xlim())))
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < _FEW_DECADES else (1.0,), numticks=9))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(_LABELS[axis], fontsize=9)
        axes.set_ylim(-0.03, 1.03)
        axes.tick_params(labelsize=8, direction="in", top=True, right=True, which="both")
        axes.grid(alpha=0.25, lw=0.5)
    panels[0].set_ylabel("completeness", fontsize=9)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(SHAPES) + 1, fontsize=7, frameon=False)
    figure.suptitle("; ".join(filter(None, (title, _alarms(false_alarms)))), fontsize=8, parse_math=False)
    return figure


def _middle(row: dict[str, Any]) -> float:
    low, high = row["low"], row["high"]
    if not low > 0:
        return float(high) / _OPEN
    return float(low) * _OPEN if math.isinf(high) else math.sqrt(low * high)


def _alarms(table: pa.Table) -> str:
    said = [
        f"{row['curve']} {row['per_1000']:.1f} ({row['ci_low']:.1f} to {row['ci_high']:.1f})"
        for row in table.to_pylist()
        if row["direction"] == "any" and row["curve"] != "untouched" and row["per_1000"] is not None
    ]
    return "false alarms in 1,000 stars: " + ", ".join(said) if said else ""

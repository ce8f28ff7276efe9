"""What the pictures of a star show, each drawn on axes: light curve, fold, forecast against data, what the models see.

Colours are those of Okabe & Ito, told apart with any colour vision; each also has a marker of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.fold import fold, phase_of
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import BoolArray, FloatArray, LightCurve, Mask
from swope.pipeline.report.cells import GAP
from swope.pipeline.report.detail import ClassPhases, SeenFold, StarDetail
from swope.pipeline.report.extremes import bulk, calm, mark_beyond

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#666666")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

#: Forecasts that failed by more than this are marked.
OUTLIER_SIGMA = 4.0

#: Names of bands in order of wavelength; others follow by name.
_BAND_ORDER = "u U B g V r R i I z y Y J H K".split()  # noqa: SIM905 - a list of letters reads worse

#: Above this many rows points are drawn small and without error bars.
_MANY = 600

#: What the phases say for the class is drawn so high, as a share of the axes, and what they say against it so deep.
_STRIP = 0.08


def draw_light_curve(axes: Axes, detail: StarDetail) -> None:
    """The light curve by band, with masked rows as grey crosses and events shaded."""
    curve, good = detail.curve, detail.curve.good
    offset = time_offset(curve)
    draw_points(axes, good, good.time - offset)
    masked = ~curve.usable & np.isfinite(curve.time) & np.isfinite(curve.value)
    low, high = limits(usual(detail))
    inside = masked & (curve.value > low) & (curve.value < high)
    if inside.any():
        label = f"masked ({int((~curve.usable).sum())})"
        axes.plot(curve.time[inside] - offset, curve.value[inside], "x", color="#888888", ms=4, mew=0.8, label=label)
    lone = (good.mask & int(Mask.IMPULSIVE)) != 0
    if lone.any():
        label = f"stands alone ({int(lone.sum())})"
        axes.plot(
            good.time[lone] - offset, good.value[lone], "o", mfc="none", mec="#444444", ms=7, mew=0.7, label=label
        )
    _shade_events(axes, detail, offset)
    value_axis(axes, curve, low, high)
    mark_beyond(axes, good.time - offset, good.value, low, high)
    axes.set_xlabel(time_label(curve, offset))
    _legend(axes)


def usual(detail: StarDetail) -> FloatArray:
    """The values that decide how far an axis reaches (`extremes`)."""
    good = detail.curve.good
    rows = calm(good.time, detail.events)
    return bulk(good.value[rows], good.band[rows])


def draw_event(axes: Axes, detail: StarDetail, event: Mapping[str, Any], rows: BoolArray) -> None:
    """An event with the rows around it (`extremes.event_rows`), all of their values inside the axis."""
    good = detail.curve.good
    offset = time_offset(detail.curve)
    x = good.time - offset
    for place, index in enumerate(band_order(good.bands)):
        here = rows & (good.band == index)
        if here.any():
            error = good.error[here]
            axes.errorbar(
                x[here],
                good.value[here],
                yerr=error if np.isfinite(error).all() else None,
                fmt=MARKERS[place % len(MARKERS)],
                color=COLOURS[place % len(COLOURS)],
                ms=4,
                mew=0,
                elinewidth=0.8,
                label=plain(good.bands[index]) if len(good.bands) > 1 else None,
            )
    _shade_events(axes, replace(detail, events=[event]), offset)
    value_axis(axes, detail.curve, *limits(good.value[rows]))
    reach = 0.04 * float(np.ptp(x[rows])) or 0.01
    axes.set_xlim(x[rows].min() - reach, x[rows].max() + reach)
    # the labels are long: days to four places
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel(time_label(detail.curve, offset))
    _legend(axes)


def draw_fold(axes: Axes, detail: StarDetail) -> None:
    """The light curve folded with its period, over two cycles, and its means in phase; the star has a period."""
    good = detail.curve.good
    phase = phase_of(good.time, detail.period.period, detail.period.t0)
    for cycle in (0, 1):
        draw_points(axes, good, phase + cycle, faint=True, labelled=cycle == 0)
    folded = fold(detail.curve, detail.period.period, detail.period.t0)
    order = band_order(folded.bands)
    for index in range(len(folded.bands)):
        colour = "black" if len(folded.bands) == 1 else COLOURS[order.index(index) % len(COLOURS)]
        two = np.concatenate([folded.phase, folded.phase + 1])
        mean, sigma = np.tile(folded.value[index], 2), np.tile(folded.sigma[index], 2)
        # an empty bin is NaN, and the line breaks there
        axes.plot(two, mean, color="white", lw=3.2, zorder=4)
        axes.plot(two, mean, color=colour, lw=1.4, zorder=5)
        axes.errorbar(
            two, mean, yerr=np.nan_to_num(sigma), fmt="o", color=colour, ms=3, mew=0, elinewidth=1.1, zorder=5
        )
    # an eclipse may be few points, but it is a bin
    low, high = limits(np.concatenate([usual(detail), folded.value[np.isfinite(folded.value)]]))
    if detail.phases is not None and _class_phases(axes, detail.phases):
        # the strip lies below all points
        room = 2 * _STRIP / (1 - 2 * _STRIP) * (high - low)
        low, high = (low, high + room) if detail.curve.kind == "mag" else (low - room, high)
    value_axis(axes, detail.curve, low, high)
    for cycle in (0, 1):
        mark_beyond(axes, phase + cycle, good.value, low, high, labelled=cycle == 0)
    axes.set_xlim(0, 2)
    _legend(axes)
    axes.set_xlabel(f"phase, period {detail.period.period:.7g} d")


def draw_seen(axes: Axes, detail: StarDetail, seen: SeenFold) -> None:
    """The fold that the models see, over two cycles, with the autoencoder's reconstruction."""
    two = np.concatenate([seen.phase, seen.phase + 1])
    axes.errorbar(
        two,
        np.tile(seen.value, 2),
        yerr=np.tile(seen.sigma, 2),
        fmt="o",
        color=COLOURS[0],
        ms=3,
        mew=0,
        elinewidth=0.8,
        label="bins that the models see",
    )
    axes.plot(two, np.tile(seen.model, 2), color=COLOURS[1], lw=1.4, zorder=5, label="reconstruction")
    axes.set_ylim(*limits(seen.value, seen.model))
    axes.set_xlim(0, 2)
    axes.set_ylabel("brightness [widths of the curve]")
    axes.set_xlabel(f"phase from the first harmonic's maximum, period {detail.period.period:.7g} d")
    _legend(axes)


def draw_forecast(axes: Axes, below: Axes, detail: StarDetail, forecast: Forecast) -> None:
    """A forecast and its data, with innovations below."""
    curve = detail.curve
    offset = time_offset(curve)
    known = np.isfinite(forecast.mean) & np.isfinite(forecast.sigma)
    outliers = known & (np.abs(np.where(known, forecast.innovation, 0.0)) > OUTLIER_SIGMA)
    many = len(forecast.time) > _MANY
    for place, index in enumerate(band_order(forecast.bands)):
        rows = forecast.band == index
        if not rows.any():
            continue
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        time = forecast.time[rows] - offset
        runs = _runs(time, known[rows])
        mean, sigma = forecast.mean[rows], forecast.sigma[rows]
        low, high = mean - 2 * sigma, mean + 2 * sigma
        # a gap ends a line, and all of them are one thing to draw
        at, between, below_it, above_it = (_with_gaps(one, runs) for one in (time, mean, low, high))
        axes.fill_between(at, below_it, above_it, color=colour, alpha=0.22, lw=0)
        alone = np.array([run[0] for run in runs if len(run) == 1], dtype=int)
        axes.vlines(time[alone], low[alone], high[alone], colors=colour, alpha=0.4, lw=2)
        axes.plot(at, between, color=colour, lw=0.9)
        axes.plot(
            time,
            forecast.value[rows],
            marker,
            color=colour,
            ms=2.0 if many else 3.2,
            mew=0,
            label=plain(forecast.bands[index]) if len(forecast.bands) > 1 else None,
        )
        below.plot(time[known[rows]], forecast.innovation[rows & known], marker, color=colour, ms=2, mew=0)
    if outliers.any():
        axes.plot(
            forecast.time[outliers] - offset,
            forecast.value[outliers],
            "o",
            mfc="none",
            mec="#AA0000",
            ms=8,
            mew=1.1,
            label=f"beyond {OUTLIER_SIGMA:.0f} sigma ({int(outliers.sum())})",
        )
    _shade_events(axes, detail, offset, forecast.detector)
    spread = np.concatenate([forecast.value, (forecast.mean - 2 * forecast.sigma)[known]])
    shown = limits(usual(detail), spread)
    value_axis(axes, curve, *shown)
    mark_beyond(axes, forecast.time - offset, forecast.value, *shown)
    reach = max(6.0, min(30.0, float(np.abs(forecast.innovation[known]).max(initial=0.0)) * 1.1))
    below.axhspan(-2, 2, color="#888888", alpha=0.18, lw=0)
    below.axhline(0, color="#888888", lw=0.8)
    below.set_ylim(-reach, reach)
    below.set_ylabel("innovation\n[sigma]", fontsize=9)
    below.set_xlabel(time_label(curve, offset))
    below.set_xlim(axes.get_xlim())
    axes.tick_params(labelbottom=False)
    _legend(axes)


def chosen_forecast(detail: StarDetail) -> Forecast | None:
    """The forecast of the detector with the smallest p-value for the star; None where there is none."""
    made = [forecast for forecast in detail.forecasts if np.isfinite(forecast.mean).any()]

    def strangeness(forecast: Forecast) -> tuple[float, str]:
        pvalue = detail.row.get(f"{forecast.detector}_pvalue")
        return (1.0 if pvalue is None else pvalue, forecast.detector)

    return min(made, key=strangeness) if made else None


def time_offset(curve: LightCurve) -> float:
    """A round number of days to subtract, so that ticks are short; 0 where the times are short already."""
    first = float(curve.good.time.min()) if len(curve.good) else 0.0
    if first < 2400000:
        return 0.0
    return 2450000.0 if first >= 2450000 else 2400000.0


def time_label(curve: LightCurve, offset: float) -> str:
    """The label of a time axis, with the clock."""
    less = f" - {offset:.0f}" if offset else ""
    if curve.clock.name == "unknown":
        return f"time{less} [d], clock unknown"
    return f"{curve.clock.name}{less} [d]"


def plain(name: str) -> str:
    """A name from a file as matplotlib should show it: no formulas, no hidden labels, not endless."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in name)[:24].replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown


def band_order(bands: Sequence[str]) -> list[int]:
    """Indices of the bands in order of wavelength."""

    def order(index: int) -> tuple[int, str]:
        name = bands[index]
        return (_BAND_ORDER.index(name) if name in _BAND_ORDER else len(_BAND_ORDER), name)

    return sorted(range(len(bands)), key=order)


def draw_points(axes: Axes, curve: LightCurve, x: FloatArray, faint: bool = False, labelled: bool = True) -> None:
    """The rows of a curve against x, each band in its colour."""
    many = len(curve) > _MANY
    for place, index in enumerate(band_order(curve.bands)):
        rows = curve.band == index
        if not rows.any():
            continue
        error = curve.error[rows]
        axes.errorbar(
            x[rows],
            curve.value[rows],
            yerr=error if np.isfinite(error).all() and not many and not faint else None,
            fmt=MARKERS[place % len(MARKERS)],
            color=COLOURS[place % len(COLOURS)],
            ms=2.0 if many else 3.2,
            mew=0,
            elinewidth=0.5,
            alpha=(0.35 if many else 0.5) if faint else 0.9,
            label=plain(curve.bands[index]) if labelled and len(curve.bands) > 1 else None,
        )


def _class_phases(axes: Axes, phases: ClassPhases) -> bool:
    """Along the lower edge: what each phase says for the class (up) and against it (down); whether any does."""
    largest = float(np.abs(phases.weight).max(initial=0.0))
    if not largest > 0:
        return False
    two = np.concatenate([phases.phase - 1, phases.phase, phases.phase + 1, phases.phase + 2])
    height = _STRIP * np.tile(phases.weight, 4) / largest
    for said, colour, label in ((np.maximum(height, 0.0), 2, "for the class"), (np.minimum(height, 0.0), 3, "against")):
        if said.any():
            axes.fill_between(
                two,
                _STRIP,
                _STRIP + said,
                transform=axes.get_xaxis_transform(),
                color=COLOURS[colour],
                alpha=0.8,
                lw=0,
                label=label,
            )
    return True


def _shade_events(axes: Axes, detail: StarDetail, offset: float, detector: str | None = None) -> None:
    good = detail.curve.good
    if not len(good):
        return
    least = 0.006 * max(float(np.ptp(good.time)), 1e-6)
    labelled: set[str] = set()
    for event in detail.events:
        if event.get("t_start") is None or detector not in (None, event.get("detector")):
            continue
        direction = str(event.get("direction"))
        end = event["t_start"] if event.get("t_end") is None else event["t_end"]
        middle, half = (event["t_start"] + end) / 2 - offset, max((end - event["t_start"]) / 2, least / 2)
        colour = {"fade": "#D55E00", "brighten": "#E69F00"}.get(direction, "#888888")
        label = None if direction in labelled else {"fade": "fading", "brighten": "brightening"}.get(direction)
        axes.axvspan(middle - half, middle + half, color=colour, alpha=0.35, lw=0, zorder=0, label=label)
        labelled.add(direction)


def limits(value: FloatArray, wider: FloatArray | None = None) -> tuple[float, float]:
    """Limits that hold all of some values, and of `wider` what stays within one range more on either side."""
    finite = value[np.isfinite(value)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    reach = high - low or max(abs(low) * 1e-3, 1e-6)
    if wider is not None and wider.size:
        low = max(low - 0.5 * reach, min(low, float(wider.min())))
        high = min(high + 0.5 * reach, max(high, float(wider.max())))
    return low - 0.06 * reach, high + 0.06 * reach


def value_axis(axes: Axes, curve: LightCurve, low: float, high: float) -> None:
    """Limits, label and unit of an axis of values; magnitudes upside down."""
    axes.set_ylim(*((high, low) if curve.kind == "mag" else (low, high)))
    axes.ticklabel_format(axis="both", useOffset=False)
    what = {"mag": "magnitude", "flux": "flux" if curve.unit else "relative flux"}[curve.kind]
    band = plain(curve.bands[0]) if len(curve.bands) == 1 and curve.bands[0] else ""
    unit = f" [{plain(curve.unit)}]" if curve.unit else ""
    axes.set_ylabel(f"{f'{band} ' if band else ''}{what}{unit}", fontsize=10)
    if curve.kind == "flux":
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-3, 6), useOffset=False)


def _legend(axes: Axes) -> None:
    """A legend in one line above the frame, where no data can lie."""
    handles, labels = axes.get_legend_handles_labels()
    if labels:
        axes.legend(
            handles[:9],
            labels[:9],
            fontsize=8.5,
            frameon=False,
            loc="lower right",
            bbox_to_anchor=(1.01, 0.985),
            ncols=9,
            handletextpad=0.3,
            handlelength=1.2,
            columnspacing=1.0,
            borderaxespad=0.0,
        )


def _with_gaps(value: FloatArray, runs: Sequence[NDArray[np.intp]]) -> FloatArray:
    """The values of some runs of rows, one after the other, with a gap after each."""
    return np.concatenate([np.append(value[run], np.nan) for run in runs]) if runs else np.empty(0)


def _runs(time: FloatArray, known: BoolArray) -> list[NDArray[np.intp]]:
    """Rows with a forecast in stretches without a gap, which no line crosses."""
    rows = np.flatnonzero(known)
    if not len(rows):
        return []
    step = np.diff(time[rows])
    usual = float(np.median(step)) if len(step) else math.inf
    return np.split(rows, np.flatnonzero((step > GAP * usual) | (np.diff(rows) > 1)) + 1)

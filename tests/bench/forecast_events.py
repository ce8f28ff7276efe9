"""Events: false alarms, recall, and real cases: ``python -m tests.bench.forecast_events``.

Three tables, all at p = 0.001 a star:

- *False alarms*: events in 1,000 simulated ordinary stars (white, damped walks of 5, 20 and 100 d, periodic ones with
  their real folded curve) at the times and with the errors of real stars, and in the shared standard stars.
- *Recall*: the share of events, laid on held-out real stars of each survey that had none, whose time an event
  overlaps; beside it a clip of the residuals from levels and folded curve, at the threshold that has the same
  false-alarm rate in the simulated stars of the first table, and at the usual five sigma.
- *Real events*: transits, microlensing, flares, outbursts, each with the interval found.

The nulls of the events (`pipeline.events.PointNull`) are learned by `StateSpace.fit` and `Forecaster.fit`, with the
rest of what these know of ordinary stars.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from swope.models.detector import Batch
from swope.models.forecaster import Forecaster
from swope.models.inputs import inputs_of
from swope.models.statespace import StateSpace
from swope.models.statespace.star import StarFit, still_residual
from swope.pipeline.events import Event, EventOptions, without_repeats
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.reason import Reason
from swope.pipeline.star import Star
from tests.bench.forecast_events_data import (
    INJECTED,
    ORDINARY,
    SNR,
    Case,
    Laid,
    Quiet,
    cases,
    injected,
    ordinary,
    quiet_stars,
)
from tests.bench.training_set import add_cache, stars_of

PLOTS = Path("out/bench/events")

_OPTIONS = EventOptions(pvalue=1e-3)

#: Stars that are looked at together.
_BATCH = 256

#: The usual clip, sigma.
_CLIP = 5.0

DETECTORS = ("forecaster", "statespace")


@dataclass(frozen=True, eq=False)
class Looked:
    """What was found in a star: its events, the times of its fitted rows, and their residuals as a clip sees them."""

    events: tuple[Event, ...]
    time: FloatArray
    clip: FloatArray

    def alarm(self, detector: str | None = None, flagged: bool = True) -> bool:
        """Whether there is an event of a detector; None: of any. Those with a flag count or not."""
        return any(detector in (None, event.detector) and (flagged or not event.flag) for event in self.events)

    def overlaps(self, start: float, end: float, detector: str | None = None) -> bool:
        """Whether an event of a detector (None: of any) has part in a time."""
        mine = (e for e in self.events if detector in (None, e.detector))
        return any(e.t_start <= end and e.t_end >= start for e in mine)


def look(stars: Iterable[Star], forecaster: Forecaster, statespace: StateSpace) -> list[Looked]:
    """The events of each star, as a run of the pipeline finds them."""
    found: list[Looked] = []
    source = iter(stars)
    while batch := list(islice(source, _BATCH)):
        asked = Batch(batch, inputs_of(batch), _OPTIONS)
        for star, ours, theirs in zip(batch, forecaster.assess(asked), statespace.assess(asked), strict=True):
            if theirs.problems:
                raise ValueError(f"{star.curve.object_id}: {theirs.problems}")
            fitted = statespace.fitted(star)
            clip = np.zeros(0) if isinstance(fitted, Reason) else clipped(fitted)
            time = star.curve.good.time if len(clip) else np.zeros(0)
            found.append(Looked(tuple(without_repeats([*ours.events, *theirs.events])), time, clip))
    return found


def clipped(fitted: StarFit) -> FloatArray:
    """(n,) residuals from levels and folded curve, in errors and in robust standard deviations of these, by band."""
    series = fitted.prepared.series
    left = still_residual(fitted) / series.error
    for b in range(series.bands):
        rows = series.band == b
        spread = 1.4826 * float(np.median(np.abs(left[rows]))) if rows.any() else 0.0
        left[rows] = left[rows] / spread if spread > 0 else 0.0
    return left


def false_alarms(
    quiet: Sequence[Quiet], standards: Sequence[Star], count: int, find: Callable[[Iterable[Star]], list[Looked]]
) -> tuple[list[dict[str, Any]], float]:
    """Print and give events in 1,000 ordinary stars by kind, and the clip with as many false alarms as both detectors.

    Parameters
    ----------
    count : simulated stars of each kind.
    """
    groups = {kind: find(ordinary(kind, quiet, count)) for kind in ORDINARY}
    everything = [one for group in groups.values() for one in group]
    groups = groups | {"all simulated": everything, "standard stars": find(standards)}
    names = ("lstm", "sspace", "both", "no flag", "clip 5")
    print(f"{'events in 1,000 stars':22s} {'stars':>6s} " + " ".join(f"{name:>7s}" for name in names))
    records = []
    for name, group in groups.items():
        rates = {
            "lstm": _per_thousand(one.alarm("forecaster") for one in group),
            "sspace": _per_thousand(one.alarm("statespace") for one in group),
            "both": _per_thousand(one.alarm() for one in group),
            "unflagged": _per_thousand(one.alarm(flagged=False) for one in group),
            "clip": _per_thousand(bool(np.any(np.abs(one.clip) > _CLIP)) for one in group),
        }
        print(f"{name:22s} {len(group):6d} " + " ".join(f"{rate:7.1f}" for rate in rates.values()), flush=True)
        records.append({"table": "false alarms", "kind": name, "stars": len(group), **rates})
    largest = np.sort([float(np.max(np.abs(one.clip), initial=0.0)) for one in everything])
    allowed = max(1, sum(one.alarm() for one in everything))
    threshold = float(largest[-allowed])
    print(f"a clip has as many false alarms in the simulated stars at {threshold:.1f} sigma")
    return [*records, {"table": "clip", "sigma": threshold}], threshold


def _per_thousand(alarms: Iterable[bool]) -> float:
    return 1000.0 * float(np.mean(list(alarms)))


def recall(quiet: Sequence[Quiet], clip: float, find: Callable[[Iterable[Star]], list[Looked]]) -> list[dict[str, Any]]:
    """Print and give the share of laid-on events found, by kind, by survey, and by both."""
    before = find(one.star for one in quiet)
    calm = [one for one, looked in zip(quiet, before, strict=True) if not looked.alarm()]
    clipped_before = {one: looked.clip for one, looked in zip(quiet, before, strict=True)}
    laid = [one for star in calm for kind in INJECTED for snr in SNR if (one := injected(star, kind, snr)) is not None]
    print(f"\n{len(quiet) - len(calm)} of {len(quiet)} real stars have events of their own and are left out")
    hits: list[tuple[Laid, dict[str, bool]]] = []
    for one, looked in zip(laid, find(one.star for one in laid), strict=True):
        time = one.star.curve.time[one.touched]
        start, end = float(time.min()), float(time.max())
        by = {"lstm": looked.overlaps(start, end, "forecaster"), "sspace": looked.overlaps(start, end, "statespace")}
        by["both"] = looked.overlaps(start, end)
        new = np.where(np.abs(clipped_before[one.quiet]) > min(clip, _CLIP), 0.0, looked.clip)
        by |= {"clip": _clips(one, new, clip), "clip5": _clips(one, new, _CLIP)}
        hits.append((one, by))
    print(f"\nper cent found: lstm, state space, both | clip at {clip:.1f} (as many false alarms), at {_CLIP:g} sigma")
    print(f"{'integrated S/N':32s} " + " ".join(f"{snr:^24g}" for snr in SNR))
    records = []
    quiet = calm
    surveys = list(dict.fromkeys(one.survey for one in quiet))
    groups: list[tuple[str, str | None, str | None]] = [("everything", None, None)]
    groups += [(kind, kind, None) for kind in INJECTED] + [(survey, None, survey) for survey in surveys]
    groups += [(f"{survey}, {kind}", kind, survey) for survey in surveys for kind in INJECTED]
    for title, kind, survey in groups:
        mine = [(one, by) for one, by in hits if kind in (None, one.kind) and survey in (None, one.quiet.survey)]
        if not mine:
            continue
        cells = []
        for snr in SNR:
            here = [by for one, by in mine if one.snr == snr]
            if not here:
                cells.append("-")
                continue
            share = {name: float(np.mean([by[name] for by in here])) for name in here[0]}
            records.append({"table": "recall", "kind": kind, "survey": survey, "snr": snr, "n": len(here), **share})
            three, two = (" ".join(f"{100 * share[n]:3.0f}" for n in names) for names in (_OURS, _CLIPS))
            cells.append(f"{three} | {two}")
        print(
            f"{title[:26]:26s} {len(mine) // len(SNR):5d} " + "   ".join(f"{cell:>21s}" for cell in cells), flush=True
        )
    return records


def _clips(one: Laid, clip: FloatArray, sigma: float) -> bool:
    """Whether a row between the first and the last that were touched lies beyond so many sigma."""
    rows = np.flatnonzero(one.touched)
    return bool(np.any(np.abs(clip[rows[0] : rows[-1] + 1]) > sigma))


_OURS, _CLIPS = ("lstm", "sspace", "both"), ("clip", "clip5")


def real_events(found: Sequence[tuple[Case, Looked]], plots: Path) -> list[dict[str, Any]]:
    """Print and give what was found of each known case, and draw it."""
    records = []
    print(f"\n{'case':34s} {'expected':>9s} {'lstm':>5s} {'sspace':>6s} {'both':>5s} {'other':>6s}  the first found")
    for case, looked in found:
        events = [e for e in looked.events if case.direction in (None, e.direction)]
        parts = {name: [e for e in events if name in (None, e.detector)] for name in (*DETECTORS, None)}
        counts = {
            name or "both": sum(any(_meet(e, span) for e in mine) for span in case.spans)
            for name, mine in parts.items()
        }
        other = [e for e in looked.events if not any(_meet(e, span) for span in case.spans)]
        unflagged = sum(e.flag is None for e in other)
        first = min((e for e in events if any(_meet(e, s) for s in case.spans)), key=lambda e: e.pvalue, default=None)
        print(
            f"{case.name[:34]:34s} {len(case.spans):9d} "
            f"{counts['forecaster']:5d} {counts['statespace']:6d} {counts['both']:5d} {len(other):6d}  {_said(first)}",
            flush=True,
        )
        records.append(
            {
                "table": "real",
                "case": case.name,
                "expected": len(case.spans),
                **counts,
                "other": len(other),
                "other_unflagged": unflagged,
            }
        )
        if case.drawn:
            draw(case, looked, plots)
    return records


def _meet(event: Event, span: tuple[float, float]) -> bool:
    return event.t_start <= span[1] and event.t_end >= span[0]


def _said(event: Event | None) -> str:
    if event is None:
        return "-"
    flag = f", {event.flag}" if event.flag else ""
    return (
        f"{event.detector} {event.kind} {event.direction} {event.t_start:.3f} to {event.t_end:.3f}, "
        f"peak {event.t_peak:.3f} ({event.peak_sigma:.0f} sigma, p {event.pvalue:.1g}, {event.n_points} rows{flag})"
    )


def draw(case: Case, looked: Looked, plots: Path) -> None:
    """The light curve of a case and a close view of what is expected, each detector's events shaded."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    plots.mkdir(parents=True, exist_ok=True)
    good = case.star.curve.good
    spans = [(float(good.time[0]), float(good.time[-1])), *case.close]
    figure, axes = pyplot.subplots(len(spans), 1, figsize=(11, 2.6 * len(spans)), squeeze=False, layout="constrained")
    for ax, (start, end) in zip(axes[:, 0], spans, strict=True):
        rows = (good.time >= start) & (good.time <= end)
        for b, band in enumerate(good.bands):
            mine = rows & (good.band == b)
            ax.plot(good.time[mine], good.value[mine], ".", ms=2.5, label=band or "value")
        for event in looked.events:
            if event.t_start <= end and event.t_end >= start:
                top = event.detector == "forecaster"
                colour = "tab:red" if event.direction == "brighten" else "tab:blue"
                half = max(event.t_end - event.t_start, 2e-3 * (end - start))
                low, high = (0.5, 1.0) if top else (0.0, 0.5)
                ax.axvspan(event.t_start, event.t_start + half, low, high, color=colour, alpha=0.25, lw=0)
        for left, right in case.spans:
            if left <= end and right >= start:
                ax.axvspan(left, max(right, left + 1e-3 * (end - start)), 0.97, 1.0, color="black", lw=0)
        ax.set_xlim(start, end)
        if good.sign < 0:
            ax.invert_yaxis()
    axes[0, 0].set_title(
        f"{case.name}: forecaster above, state space below; red brighter, blue fainter; black expected"
    )
    axes[0, 0].legend(loc="upper right", fontsize=7)
    name = "".join(c if c.isalnum() else "-" for c in case.name)
    figure.savefig(plots / f"{name}.png", dpi=90)
    pyplot.close(figure)


def events(
    forecaster: Forecaster, cache: Path, count: int = 1000, most: int = 30, plots: Path = PLOTS
) -> list[dict[str, Any]]:
    """Print all tables, draw the known cases, and give the records.

    Parameters
    ----------
    cache : made by `tests.bench.training_set`.
    count : simulated ordinary stars of each kind.
    most : real stars of each survey on which events are laid.
    """
    statespace = StateSpace.pretrained()

    def find(stars: Iterable[Star]) -> list[Looked]:
        return look(stars, forecaster, statespace)

    quiet = quiet_stars(cache, most)
    standards = [one.star for one in stars_of(cache, "standards")]
    records, clip = false_alarms(quiet, standards, count, find)
    known = cases(cache)
    records += real_events(list(zip(known, find(case.star for case in known), strict=True)), plots)
    return records + recall(quiet, clip, find)


def main() -> None:
    """Print the tables and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--model", type=Path, help="folder of a forecaster; the shipped one by default")
    parser.add_argument("--count", type=int, default=1000, help="simulated ordinary stars of each kind")
    parser.add_argument("--most", type=int, default=30, help="real stars of each survey to lay events on")
    parser.add_argument("--plots", type=Path, default=PLOTS)
    args = parser.parse_args()
    forecaster = Forecaster.load(args.model) if args.model else Forecaster.pretrained()
    records = events(forecaster, args.cache, args.count, args.most, args.plots)
    finite = [{k: v for k, v in r.items() if not isinstance(v, float) or math.isfinite(v)} for r in records]
    print(json.dumps({"bench": "forecast_events", "model_id": forecaster.model_id, "results": finite}))


if __name__ == "__main__":
    main()

"""Whether one event is one row, and its depth and duration are right.

    python -m tests.bench.anomalies [--stars 20] [--lenses 60] [--cases out/bench/stars]

Flares, dips, lenses and outbursts of known height and width are laid on real stars that behave (ASAS, held out; OGLE;
Kepler), at several integrated signal-to-noise ratios; what brightens adds light, whatever the unit is. The lenses of
2025 stand for real events. For each kind, and for all that are laid: the share found, the rows that tell a found one,
with and without those that belong together being gathered, the share told in two directions, and how many depths and
durations lie within one and two of their errors. With ``--cases`` (a folder of prepared stars) come the known transits,
flares, lenses and outbursts of `tests.bench.forecast_events_data`, too. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from swope.models.analysis import Analysis, assess
from swope.models.registry import Models, load_models
from swope.pipeline.events import Event, EventOptions
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.period import find_period
from swope.pipeline.simulate.bursts import burst_shape, flare_shape
from swope.pipeline.split import held_out, share
from swope.pipeline.star import Star
from tests.bench.forecast_events_data import Quiet, integrated, plain_stars, quiet, read_curves
from tests.bench.forecast_events_data import cases as known_cases
from tests.bench.statespace_data import kepler_spans
from tests.real_data import REAL_DATA

SNR = (15.0, 30.0, 60.0)

#: What the known cases are, by the beginning of their names; flares else.
_CASES = {"Kepler-90": "transits", "lens": "lenses", "CV": "outbursts"}

#: A height at which what adds light changes magnitudes by as much; and how many times higher it is at most laid.
_LOW, _HIGH = 1e-6, 1e4

#: Rows that an event must reach with a tenth of its height.
_LEAST_ROWS = 4


def _lens(x: FloatArray) -> FloatArray:
    """Paczynski 1986 at a least distance of 0.2 Einstein radii, of height 1."""
    square = 0.04 + x * x
    magnified = (square + 2.0) / np.sqrt(square * (square + 4.0))
    out: FloatArray = (magnified - 1.0) / ((0.04 + 2.0) / np.sqrt(0.04 * 4.04) - 1.0)
    return out


def _dip(x: FloatArray) -> FloatArray:
    out: FloatArray = -np.exp(-0.5 * (x / 0.4) ** 4)
    return out


#: Profiles over widths from their middle or peak.
PROFILES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "flare": flare_shape,
    "dip": _dip,
    "lens": _lens,
    "outburst": burst_shape,
}


@dataclass(frozen=True, eq=False)
class Laid:
    """A star with an event of this kind, S/N, depth (as `Event.depth` is given) and width at half depth (days)."""

    star: Star
    kind: str
    snr: float
    depth: float
    duration: float
    start: float
    end: float


def half_width(profile: Callable[[FloatArray], FloatArray]) -> float:
    """Full width at half height of a profile, in its own widths."""
    x = np.linspace(-20.0, 20.0, 400001)
    high = np.abs(profile(x))
    above = x[high > 0.5 * high.max()]
    return float(above[-1] - above[0])


def lay(one: Quiet, kind: str, snr: float) -> Laid | None:
    """The event on the star, the same at each S/N; None where there is no room for it."""
    good = one.star.curve.good
    rng = np.random.default_rng(int(share(f"{good.object_id} {kind}", "anomalies") * 2**53))
    steps = np.diff(good.time)
    step, span = float(np.median(steps[steps > 0])), float(np.ptp(good.time))
    profile = PROFILES[kind]
    for _ in range(30):
        wide = min(float(rng.uniform(5.0, 30.0)) * step, span / 15)
        at = (
            float(good.time[int(rng.integers(int(0.15 * len(good)), int(0.85 * len(good))))])
            + rng.uniform(-0.5, 0.5) * step
        )
        shape = profile((good.time - at) / wide)
        touched = np.flatnonzero(np.abs(shape) > 0.1 * np.abs(profile(np.linspace(-3, 3, 601))).max())
        if len(touched) >= _LEAST_ROWS:
            break
    else:
        return None
    in_magnitudes = good.kind == "mag" and kind != "dip"

    def change(height: float, x: FloatArray) -> FloatArray:
        return added_magnitudes(height * profile(x)) if in_magnitudes else height * profile(x)

    height = height_of(lambda height: integrated(one, change(height, (good.time - at) / wide)), snr)
    if height is None:
        return None
    value = good.value + good.sign * change(height, (good.time - at) / wide)
    top = float(np.abs(change(height, np.linspace(-3, 3, 60001))).max())
    depth = top / (1.0 if good.kind == "mag" else float(np.median(good.value)))
    return Laid(
        star=Star(replace(good, object_id=f"{good.object_id} {kind} {snr:g}", value=value), one.star.period),
        kind=kind,
        snr=snr,
        depth=depth,
        duration=half_width(partial(change, height)) * wide,
        start=float(good.time[touched[0]]),
        end=float(good.time[touched[-1]]),
    )


def added_magnitudes(light: FloatArray) -> FloatArray:
    """(n,) by how many magnitudes a star is brighter for light (n,), in units of its own."""
    out: FloatArray = 2.5 * np.log10(1.0 + light)
    return out


def height_of(strength: Callable[[float], float], snr: float) -> float | None:
    """The height at which an event has this S/N; None where no height has.

    Parameters
    ----------
    strength : the S/N at a height; it rises, and less and less.
    """
    from scipy.optimize import brentq

    slope = strength(_LOW) / _LOW
    if not slope > 0 or strength(_HIGH * snr / slope) < snr:
        return None
    least, most = snr / slope * (1.0 - 1e-3), _HIGH * snr / slope
    return float(np.exp(brentq(lambda log: strength(np.exp(log)) - snr, np.log(least), np.log(most))))


def quiet_stars(most: int) -> list[Quiet]:
    """Some real stars of each survey that behave, always the same ones."""
    apart = [curve for curve in read_curves(REAL_DATA / "asas_acvs") if held_out(curve.object_id)]
    asas = sorted(apart, key=lambda curve: share(curve.object_id, "anomalies"))[: 3 * most]
    surveys = {
        "asas_acvs": [Star(curve, find_period(curve)) for curve in asas],
        "ogle": plain_stars("ogle/some_stars"),
        "kepler": list(kepler_spans(days=30.0)),
    }
    found = []
    for survey, stars in surveys.items():
        ordered = sorted(stars, key=lambda star: share(star.curve.object_id, "anomalies"))
        found += [one for star in ordered if (one := quiet(survey, star)) is not None][:most]
    return found


def overlapping(events: Sequence[Event], start: float, end: float) -> list[Event]:
    """Events with a beginning and an end that have part in a time."""
    return [e for e in events if e.kind in ("run", "pulse") and e.t_start <= end and e.t_end >= start]


def told(analysis: Analysis) -> list[Event]:
    """All events of all detectors, before those that belong together are gathered."""
    return [event for one in analysis.assessments.values() for event in one.events]


def row(name: str, cases: Iterator[tuple[Analysis, float, float, Laid | None]]) -> dict[str, object]:
    """One line of the table: of stars with an event in a time."""
    n, raw, rows, split, depths, durations = 0, [], [], 0, [], []
    for analysis, start, end, laid in cases:
        n += 1
        mine = overlapping(analysis.events, start, end)
        if not mine:
            continue
        raw.append(len(overlapping(told(analysis), start, end)))
        rows.append(len(mine))
        split += len({event.direction for event in mine}) > 1
        best = max(mine, key=lambda event: event.snr or 0.0)
        if laid is not None and best.depth is not None and best.depth_err:
            depths.append(abs(best.depth - laid.depth) / best.depth_err)
        if laid is not None and best.duration is not None and best.duration_err:
            durations.append(abs(best.duration - laid.duration) / best.duration_err)

    def mean(numbers: Sequence[float]) -> float | None:
        return round(float(np.mean(numbers)), 3) if len(numbers) else None

    return {
        "kind": name,
        "stars": n,
        "found": round(len(rows) / max(n, 1), 3),
        "rows_before": mean(raw),
        "rows": mean(rows),
        "two_directions": round(split / max(len(rows), 1), 3),
        "depth_in_1": mean([one < 1 for one in depths]),
        "depth_in_2": mean([one < 2 for one in depths]),
        "duration_in_1": mean([one < 1 for one in durations]),
        "duration_in_2": mean([one < 2 for one in durations]),
    }


def laid_rows(models: Models, most: int) -> Iterator[dict[str, object]]:
    """The lines of what is laid on quiet stars."""
    background = quiet_stars(most)
    every: list[tuple[Analysis, float, float, Laid | None]] = []
    for kind in PROFILES:
        for snr in SNR:
            made = [one for star in background if (one := lay(star, kind, snr)) is not None]
            answers = [assess([one.star], models, EventOptions())[0] for one in made]
            cases = [(a, one.start, one.end, one) for a, one in zip(answers, made, strict=True)]
            every += cases
            yield row(f"{kind}, S/N {snr:g}", iter(cases))
    yield row("all that are laid", iter(every))


def lens_row(models: Models, most: int) -> dict[str, object]:
    """The line of the lenses of 2025: the two months about each highest running median."""
    curves = read_curves(REAL_DATA / "ogle_lenses_2025")
    chosen = sorted(curves, key=lambda curve: share(curve.object_id, "anomalies"))[:most]
    cases = []
    for curve in chosen:
        good = curve.good
        bright = good.sign * good.value
        peak = float(good.time[np.argmax([np.median(bright[max(0, i - 3) : i + 4]) for i in range(len(bright))])])
        analysis = assess([Star(curve, find_period(curve))], models, EventOptions())[0]
        cases.append((analysis, peak - 30.0, peak + 30.0, None))
    return row("lenses of 2025", iter(cases))


def case_rows(models: Models, cache: Path) -> Iterator[dict[str, object]]:
    """The lines of what is known to have happened to real stars."""
    kinds: dict[str, list[tuple[Analysis, float, float, Laid | None]]] = {}
    for case in known_cases(cache):
        kind = next((words for start, words in _CASES.items() if case.name.startswith(start)), "flares")
        analysis = assess([case.star], models, EventOptions())[0]
        kinds.setdefault(kind, []).extend((analysis, start, end, None) for start, end in case.spans)
    yield from (row(f"known {kind}", iter(found)) for kind, found in kinds.items())


def main() -> None:
    """Print the table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stars", type=int, default=20, help="real stars of each survey to lay events on")
    parser.add_argument("--lenses", type=int, default=60, help="lenses of 2025")
    parser.add_argument("--cases", type=Path, help="folder of prepared stars: known cases too")
    args = parser.parse_args()
    models = load_models(None)
    results = []
    known = case_rows(models, args.cases) if args.cases else iter(())
    for line in chain(laid_rows(models, args.stars), [lens_row(models, args.lenses)], known):
        results.append(line)
        print("  ".join(f"{name} {value}" for name, value in line.items()), flush=True)
    print(json.dumps({"bench": "anomalies", "results": results}))


if __name__ == "__main__":
    main()

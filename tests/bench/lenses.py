"""The lenses of 2025 against the survey's own fits: ``python -m tests.bench.lenses [--lenses 100] [--ordinary 200]``.

Of the lenses whose light, by the survey's fit, has an integrated S/N above 15: the share with an event that brightens
about then, the share whose time of closest approach lies in it, the rows of events in an Einstein time about it, the
names of the shapes, and how far the time of the peak is off. Beside them the share of ordinary ASAS stars with an event
that is called a lens. The last line is JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from dataclasses import dataclass

import numpy as np

from swope.models.analysis import AnalysisOptions, analyze
from swope.models.registry import load_models
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.split import share
from tests.bench.anomalies import overlapping
from tests.bench.forecast_events_data import read_curves
from tests.real_data import REAL_DATA

#: Least integrated S/N.
SNR = 15.0

#: Stars that are analysed together.
_BATCH = 50


@dataclass(frozen=True)
class Fitted:
    """The survey's fit of a point lens: time of closest approach, Einstein time (days), least distance, blending."""

    peak: float
    tau: float
    least: float
    blend: float

    def brightening(self, time: FloatArray) -> FloatArray:
        """(n,) magnitudes that it adds (Paczynski 1986, eq. 5, of that share of the light)."""
        square = self.least**2 + ((time - self.peak) / self.tau) ** 2
        gain = (square + 2.0) / np.sqrt(square * (square + 4.0))
        out: FloatArray = 2.5 * np.log10(self.blend * gain + 1.0 - self.blend)
        return out

    def snr(self, curve: LightCurve) -> float:
        """Integrated S/N against the quoted errors, the star's mean not known beforehand."""
        good = curve.good
        weight = good.error**-2.0
        signal = self.brightening(good.time)
        return float(np.sqrt(np.sum(weight * (signal - np.average(signal, weights=weight)) ** 2)))


def fits() -> dict[str, Fitted]:
    """The survey's fits by name."""
    with (REAL_DATA / "ogle_lenses_2025" / "labels.csv").open() as file:
        return {
            row["object_id"]: Fitted(float(row["Tmax"]), float(row["tau"]), float(row["umin"]), float(row["fbl"]))
            for row in csv.DictReader(file)
        }


def chosen(name: str, most: int) -> list[LightCurve]:
    """So many curves of a set, always the same ones."""
    return sorted(read_curves(REAL_DATA / name), key=lambda curve: share(curve.object_id, "lenses"))[:most]


def main() -> None:
    """Print the figures and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lenses", type=int, default=100)
    parser.add_argument("--ordinary", type=int, default=200, help="stars of ASAS")
    args = parser.parse_args()
    models, known = load_models(None), fits()
    curves = [curve for curve in chosen("ogle_lenses_2025", args.lenses) if known[curve.object_id].snr(curve) > SNR]
    shapes: Counter[str] = Counter()
    found, inside, rows, off = 0, 0, [], []
    for i in range(0, len(curves), _BATCH):
        for one in analyze(curves[i : i + _BATCH], models, AnalysisOptions()):
            lens = known[one.curve.object_id]
            mine = overlapping(one.events, lens.peak - lens.tau, lens.peak + lens.tau)
            bright = [event for event in mine if event.direction == "brighten"]
            found += bool(bright)
            if not bright:
                print(f"not found: {one.curve.object_id}, S/N {lens.snr(one.curve):.0f}, {lens}", flush=True)
                continue
            rows.append(len(mine))
            best = max(bright, key=lambda event: event.snr or 0.0)
            shapes[str(best.shape)] += 1
            holds = any(event.t_start <= lens.peak <= event.t_end for event in bright)
            inside += holds
            off.append(abs(best.t_peak - lens.peak) / lens.tau)
            if not holds:
                span = f"{best.t_start:.2f} to {best.t_end:.2f}, {best.n_points} rows"
                print(f"beside: {one.curve.object_id}, S/N {lens.snr(one.curve):.0f}, {lens}; {span}", flush=True)
    ordinary = chosen("asas_acvs", args.ordinary)
    called = sum(
        any(event.shape == "lens" for event in one.events)
        for i in range(0, len(ordinary), _BATCH)
        for one in analyze(ordinary[i : i + _BATCH], models, AnalysisOptions())
    )
    result = {
        "bench": "lenses",
        "lenses": len(curves),
        "found": found,
        "peak_inside": inside,
        "rows": round(float(np.mean(rows)), 3) if rows else None,
        "peak_off_in_tau": round(float(np.median(off)), 3) if off else None,
        "shapes": dict(shapes.most_common()),
        "ordinary": len(ordinary),
        "called_lens": called,
    }
    print("  ".join(f"{name} {value}" for name, value in result.items()))
    print(json.dumps(result))


if __name__ == "__main__":
    main()

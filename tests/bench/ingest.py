"""Read every set of real light curves: ``python -m tests.bench.ingest [SOURCE ...]``.

Prints a line a source (files, stars, refusals with their reasons, seconds, peak memory) and then one JSON line each.
Each source is read in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.real_data import REAL_DATA


def measure(source: str) -> dict[str, Any]:
    """Plan and read one source, a part at a time."""
    from swope.pipeline.ingest import IngestOptions, plan, read

    options = IngestOptions()
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        planned = plan([source], options, Path(scratch))
        seconds_plan = time.perf_counter() - started
        reasons = Counter(refused.reason for refused in planned.refused)
        clocks: Counter[str] = Counter()
        stars = points = usable = 0
        for part in planned.parts:
            got = read(part, options)
            reasons.update(refused.reason for refused in got.refused)
            for curve in got.chunk:
                stars, points, usable = stars + 1, points + len(curve), usable + int(curve.usable.sum())
                clocks[f"{curve.kind} {curve.unit or 'relative'} {curve.clock.name}"] += 1
    return {
        "source": Path(source).name,
        "files": planned.n_inputs,
        "parts": len(planned.parts),
        "stars": stars,
        "refused": sum(reasons.values()),
        "points": points,
        "usable": usable,
        "seconds_plan": round(seconds_plan, 2),
        "seconds": round(time.perf_counter() - started, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "peak_before_mb": round(before / 1024),
        "kinds": dict(clocks),
        "reasons": dict(reasons),
    }


def main(sources: list[str]) -> None:
    """Measure and print."""
    sources = sources or sorted(str(path) for path in REAL_DATA.iterdir() if path.is_dir())
    context = multiprocessing.get_context("spawn")
    rows: list[dict[str, Any]] = []
    shown = ("source", "files", "parts", "stars", "refused", "points", "usable", "seconds_plan", "seconds", "peak_mb")
    print("  ".join(f"{name:>14}" for name in shown))
    for source in sources:
        with context.Pool(1) as pool:
            row = pool.apply(measure, (source,))
        rows.append(row)
        print("  ".join(f"{row[name]!s:>14}" for name in shown))
        for what in ("kinds", "reasons"):
            for text, count in row[what].items():
                print(f"{'':>18}{count:6d}  {text[:180]}")
    for row in rows:
        print(json.dumps(row))


if __name__ == "__main__":
    main(sys.argv[1:])

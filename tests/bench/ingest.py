"""Read every set of real light curves: ``python -m tests.bench.ingest [SOURCE ...]``.

Prints a line a source (files, stars, refusals with their reasons, seconds, peak memory) and then one JSON line each.
Each source is read in a process of its own, so that its peak memory is its own.

``--missions`` measures Kepler's, K2's and TESS's files against `lightkurve.read`, file by file, in turn.
``--many N`` measures what reading N small files of six formats leaves behind: open files and memory.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.pipeline.ingest.many_files import held, read_all, write_many
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


def missions(rounds: int = 9) -> dict[str, Any]:
    """Seconds a mission's file, planned and read whole, against lightkurve's; medians of some rounds taken in turn."""
    import lightkurve

    from swope.pipeline.ingest import IngestOptions, plan, read

    options = IngestOptions()
    rows: dict[str, list[float]] = {}
    paths = [path for name in ("kepler", "k2", "tess") for path in sorted((REAL_DATA / name).glob("*.fits"))]
    with tempfile.TemporaryDirectory() as scratch:
        for path in (path for path in paths if not path.name.startswith("hlsp")):
            ours: list[float] = []
            theirs: list[float] = []
            for _ in range(rounds + 1):
                started = time.perf_counter()
                for part in plan([str(path)], options, Path(scratch)).parts:
                    list(read(part, options).chunk)
                between = time.perf_counter()
                lightkurve.read(str(path))
                ours.append(between - started)
                theirs.append(time.perf_counter() - between)
            rows[path.name] = [1000 * statistics.median(ours[1:]), 1000 * statistics.median(theirs[1:])]
    ratios = {name: theirs / ours for name, (ours, theirs) in rows.items()}
    return {
        "bench": "missions",
        "files": len(rows),
        "ms_swope": round(statistics.median(ours for ours, _ in rows.values()), 2),
        "ms_lightkurve": round(statistics.median(theirs for _, theirs in rows.values()), 2),
        "ratio_least": round(min(ratios.values()), 1),
        "ratio_median": round(statistics.median(ratios.values()), 1),
    }


def many(count: int) -> dict[str, Any]:
    """What reading many files leaves behind, a fifth of them at a time, after a first fifth that is not counted."""
    with tempfile.TemporaryDirectory() as root:
        for i in range(6):
            write_many(Path(root, str(i)), count // 5)
        read_all(Path(root, "0"), Path(root, "scratch"))
        states = [held()]
        for i in range(1, 6):
            read_all(Path(root, str(i)), Path(root, "scratch"))
            states.append(held())
    return {
        "bench": "many files",
        "files": count,
        "open_files": [state.files for state in states],
        "megabytes": [round(state.megabytes, 1) for state in states],
    }


def main(sources: list[str]) -> None:
    """Measure and print."""
    if sources[:1] == ["--missions"]:
        print(json.dumps(missions()))
        return
    if sources[:1] == ["--many"]:
        print(json.dumps(many(int(sources[1]))))
        return
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

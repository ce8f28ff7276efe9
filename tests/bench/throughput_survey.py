"""A survey end to end, by stage, beside the bare kernels and beside the script that a user would write today."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from swope.flows import stages
from swope.models.inputs import inputs_of
from swope.models.registry import load_models
from tests.bench.throughput_data import CLOCK, write_asas
from tests.bench.throughput_kernels import kernel_seconds
from tests.bench.throughput_runs import Run, run, run_plain, staged
from tests.bench.throughput_script import DRAWN, script_seconds

#: Stars whose stages and kernels are timed, at most; stars that go through the user's script; those that go first, so
#: that everything is compiled.
STAGED, SCRIPTED, FIRST = 1000, 40, 64

WORKERS = 2


def survey(stars: int) -> None:
    """Print all of it for so many ASAS stars."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        source = write_asas(folder / "asas.parquet", stars)
        run(write_asas(folder / "first.parquet", FIRST), folder / "first", WORKERS, CLOCK)
        two = run(source, folder / "two", WORKERS, CLOCK)
        rate = stars / two.seconds
        print(f"\n{stars} ASAS stars, {WORKERS} workers: {two.seconds:.1f} s, {rate:.1f} stars/s")
        _say("run", stars=stars, workers=WORKERS, stars_a_second=rate, **vars(two))
        print(f"report: {_share(two.timings['report'], two.seconds)} of the whole (at most 5 %)")
        _prefect(stars, two, run_plain(source, folder / "plain", WORKERS, CLOCK))
        one = run(source, folder / "one", 1, CLOCK)
        print(f"one worker: {one.seconds:.1f} s; {WORKERS} are {one.seconds / two.seconds:.2f} times as fast (1.8)")
        _say("workers", stars=stars, seconds_one=one.seconds, times=one.seconds / two.seconds)
        _stages(folder, min(stars, STAGED), rate)


def _prefect(stars: int, flow: Run, plain: Run) -> None:
    """Prefect's share: what the plain loop over the chunks saves, and what the import of Prefect takes of it."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import prefect.flows, prefect.task_runners"], check=True)
    imports = time.perf_counter() - begin
    spent = flow.seconds - plain.seconds + imports
    print(f"without Prefect: {plain.seconds - imports:.1f} s; its share is {_share(spent, flow.seconds)} (at most 5 %)")
    _say("prefect", stars=stars, seconds_plain=plain.seconds, seconds_import=imports, share=spent / flow.seconds)


def _stages(folder: Path, stars: int, rate: float) -> None:
    """By stage in one process, then the kernels and the script on the same stars."""
    staged(write_asas(folder / "warm.parquet", FIRST), folder / "warm", CLOCK)
    taken = staged(write_asas(folder / "some.parquet", stars), folder / "staged", CLOCK)
    whole = sum(taken.values())
    print(f"\nms of one core a star, {stars} stars in one process: {1000 * whole / stars:.1f}")
    for name, seconds in taken.items():
        print(f"  {name:12s} {1000 * seconds / stars:8.2f}  {_share(seconds, whole)}")
    _say("stages", stars=stars, seconds=taken)
    measured = [star for chunk in sorted((folder / "staged/work/chunks").iterdir()) for star in _stars(chunk)]
    models = load_models(None)
    kernels = kernel_seconds([star.curve for star in measured], inputs_of(measured), models)
    bare = sum(kernels.values())
    print(f"ms of one core a star by the bare kernels: {1000 * bare / stars:.1f}")
    for name, seconds in kernels.items():
        print(f"  {name:12s} {1000 * seconds / stars:8.2f}")
    against = WORKERS * stars / bare / rate
    print(f"the whole run takes {against:.2f} times the kernels (1.5); one process, all warm, {whole / bare:.2f} times")
    _say("kernels", stars=stars, seconds=kernels, ratio=against, ratio_warm=whole / bare)
    sample = [star.curve for star in measured[:: max(len(measured) // SCRIPTED, 1)]][:SCRIPTED]
    script = script_seconds(sample, models, folder)
    picture = script.pop("picture")
    star = sum(script.values()) + DRAWN * picture / stars
    print(f"the script of a user, ms a star on {len(sample)} of them: {1000 * star:.0f}")
    for name, seconds in script.items():
        print(f"  {name:12s} {1000 * seconds:8.1f}")
    print(f"the whole run is {star * rate:.1f} times as fast (40)")
    _say("script", stars=len(sample), seconds_a_star=script, seconds_a_picture=picture, times=star * rate)


def _stars(chunk: Path) -> list[stages.Star]:
    return stages.read_stars(chunk) if stages.is_measured(chunk) else []


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %"


def _say(part: str, **figures: object) -> None:
    print(json.dumps({"bench": "throughput", "part": part, "cores": os.cpu_count(), **figures}), flush=True)

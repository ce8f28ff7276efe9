"""Memory and report against the number of stars."""

from __future__ import annotations

import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from swope.flows.catalog import CHUNKS, REFUSED, Stopwatch, commit
from swope.flows.pages import write_report
from swope.flows.record import RunRecord
from swope.flows.stages import EVENTS, KEPT, OBJECTS, STARS
from swope.flows.state import STATE
from swope.pipeline.catalog import write_parquet
from tests.bench.throughput_data import CLOCK, write_asas
from tests.bench.throughput_runs import run

#: Stars of the run whose chunks are repeated.
RUN = 1000


def memory(numbers: Sequence[int]) -> None:
    """Print what the processes of a run of so many stars hold at most; each of them a whole run."""
    held: list[float] = []
    print("\nstars, seconds, MB of a worker, MB of the command, MB of the report")
    for stars in numbers:
        with tempfile.TemporaryDirectory() as place:
            source = write_asas(Path(place) / "asas.parquet", stars)
            seen = run(source, Path(place) / "out", 2, CLOCK)
            page = _megabytes(Path(place) / "out" / "report")
        held.append(seen.worker_mb)
        print(f"{stars:8d} {seen.seconds:9.1f} {seen.worker_mb:7.0f} {seen.main_mb:7.0f} {page:7.2f}")
        figures = {"worker_mb": seen.worker_mb, "main_mb": seen.main_mb, "report_mb": page}
        print(json.dumps({"bench": "throughput", "part": "memory", "stars": stars, **figures}), flush=True)
    print(f"the most is {max(held) / min(held):.2f} times the least (1.10), and at most 2,000 MB")


def report(numbers: Sequence[int]) -> None:
    """Print what catalog and report of so many stars take, their chunks those of a smaller run under new names."""
    with tempfile.TemporaryDirectory() as place:
        made = Path(place) / "made"
        seen = run(write_asas(Path(place) / "asas.parquet", RUN), made, 2, CLOCK)
        print("\nstars, seconds of catalog and of report, share of the report, MB of the report, MB of memory")
        for stars in numbers:
            out = Path(place) / str(stars)
            _repeat(made, out, -(-stars // RUN))
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                catalog, page, held = pool.apply(_finish, (out,))
            share = page / (seen.seconds * stars / RUN)
            size = _megabytes(out / "report")
            print(f"{stars:8d} {catalog:8.1f} {page:8.1f} {100 * share:6.2f} % {size:8.2f} {held:8.0f}")
            figures = {"seconds_catalog": catalog, "seconds_report": page, "share": share, "report_mb": size}
            print(json.dumps({"bench": "throughput", "part": "report", "stars": stars, **figures, "mb": held}))


def _repeat(made: Path, out: Path, times: int) -> None:
    """The folder of a run whose chunks are those of another, so many times, each time under new names."""
    record = RunRecord.read(made)
    chunks: list[str] = []
    for turn in range(times):
        for chunk in record.chunks:
            folder = out / CHUNKS / f"{Path(chunk).name}-{turn}"
            chunks.append(str(folder.relative_to(out)))
            for name in (OBJECTS, EVENTS, KEPT, STATE, STARS):
                write_parquet(_renamed(pq.read_table(made / chunk / name), turn), folder / name)
    for name in (OBJECTS, EVENTS, KEPT, STATE, STARS):
        if (made / REFUSED / name).exists():
            write_parquet(pq.read_table(made / REFUSED / name), out / REFUSED / name)
    RunRecord(**{**vars(record), "chunks": chunks}).write(out)


def _renamed(table: pa.Table, turn: int) -> pa.Table:
    place = table.schema.get_field_index("object_id")
    names = pa.array([f"{name}-{turn}" for name in table["object_id"].to_pylist()], pa.string())
    return table.set_column(place, table.schema.field(place), names)


def _finish(out: Path) -> tuple[float, float, float]:
    """Seconds of catalog and report, and the most memory that they took (MB)."""
    begin = time.perf_counter()
    commit(out, RunRecord.read(out), Stopwatch())
    between = time.perf_counter()
    write_report(out, 20)
    end = time.perf_counter()
    return between - begin, end - between, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6

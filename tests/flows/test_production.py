"""PostgreSQL, Prefect's server, a process worker and Dask, really started: a deployment runs on its schedule."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from tests.flows.test_catalog import star_text

ROOT = Path(__file__).parents[2]

#: Seconds that all parts may take to start, and the deployment to run.
PATIENCE = 300.0

#: Seconds that all of it may take to stop; some parts are given 5 s each, and end sooner.
STOPPING = 30.0

#: Seconds in which what has lost its parent has to be gone.
FOLLOWING = 5.0


def free_ports(n: int) -> list[int]:
    sockets = [socket.socket() for _ in range(n)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def asked(address: str, content: dict[str, Any]) -> Any:
    request = urllib.request.Request(address, json.dumps(content).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[Path, str, subprocess.Popen[bytes]]]:
    """A root with a few stars, in which everything runs, and the server's address."""
    if not (shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    if not (shutil.which("pgrep") and Path("/proc/self/environ").exists()):
        pytest.skip("looks for processes: apt-get install procps")
    pytest.importorskip("prefect_dask", reason="needs the extra dask")
    with tempfile.TemporaryDirectory(prefix="swope-") as name:
        # PostgreSQL's own user has to come as far as its folder, which it cannot below those of pytest
        Path(name).chmod(0o755)
        yield from everything_started(Path(name))


def everything_started(folder: Path) -> Iterator[tuple[Path, str, subprocess.Popen[bytes]]]:
    (folder / "incoming").mkdir()
    for i in range(3):
        (folder / "incoming" / f"star{i}.csv").write_text(star_text(i, 0.5 + 0.1 * i))
    content = yaml.safe_load((ROOT / "prefect.yaml").read_text())
    (catalog,) = [one for one in content["deployments"] if one["name"] == "catalog"]
    # soon, in place of Sunday
    catalog["schedules"] = [{"interval": 15}]
    (folder / "prefect.yaml").write_text(yaml.safe_dump(content | {"deployments": [catalog]}))
    prefect, postgres, dask = free_ports(3)
    environment = os.environ | {
        "SWOPE_PREFECT_PORT": str(prefect),
        "SWOPE_POSTGRES_PORT": str(postgres),
        "SWOPE_DASK_PORT": str(dask),
        "SWOPE_WORKERS": "1",
        "SWOPE_PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
        "PREFECT_WORKER_QUERY_SECONDS": "2",
    }
    environment.pop("PREFECT_API_URL", None)
    command = [ROOT / "docs" / "production.sh", folder, folder / "prefect.yaml"]
    with (folder / "said").open("wb") as said:
        script = subprocess.Popen(command, env=environment, stdout=said, stderr=said, start_new_session=True)
    try:
        yield folder, f"http://127.0.0.1:{prefect}/api", script
    finally:
        begin = time.monotonic()
        script.send_signal(signal.SIGTERM)
        # asked twice, as by somebody impatient: it goes on with ending all that it started
        time.sleep(0.5)
        script.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            script.wait(STOPPING)
        took = time.monotonic() - begin
        script.kill()
        # what has lost its parent ends by itself (`swope.flows.workers`)
        while (left := _left(folder)) and time.monotonic() - begin < took + FOLLOWING:
            time.sleep(0.1)
        for one in left:
            os.kill(one, signal.SIGKILL)
    assert left == {}
    assert took < STOPPING


def _left(folder: Path) -> dict[int, str]:
    """Processes of the set-up that are still there, and their commands."""
    there = [one.parent for one in Path("/proc").glob("[0-9]*/environ") if f"{folder}/prefect" in _read(one)]
    return {int(one.name): _read(one / "cmdline").replace("\0", " ") for one in there}


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_a_deployment_runs_on_its_schedule(place: tuple[Path, str, subprocess.Popen[bytes]]) -> None:
    folder, api, script = place
    begin = time.monotonic()
    made = folder / "out" / "catalog" / "run.json"
    while script.poll() is None and not made.exists() and time.monotonic() - begin < PATIENCE:
        time.sleep(0.5)
    logs = "\n".join(f"{log.name}: {log.read_text()[-600:]}" for log in sorted((folder / "logs").iterdir()))
    assert made.exists(), logs + (folder / "said").read_text()
    rows = pq.read_table(folder / "out" / "catalog" / "objects.parquet").to_pylist()
    assert [(row["object_id"], row["status"]) for row in rows] == [(f"star{i}", "ok") for i in range(3)]
    while True:
        # the schedule's runs to come are many
        completed = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
        done = asked(f"{api}/flow_runs/filter", {"flows": {"name": {"any_": ["catalog"]}}} | completed)
        if done or time.monotonic() - begin > PATIENCE:
            break
        time.sleep(0.5)
    assert done
    assert done[0]["auto_scheduled"]
    assert done[0]["work_pool_name"] == "swope"
    # Dask's worker did the chunk, and the database is PostgreSQL's
    assert "Starting Worker" in (folder / "logs" / "dask-worker").read_text() or (folder / "dask").exists()
    assert (folder / "postgres" / "PG_VERSION").exists()
    assert not list((folder / "prefect").glob("*.db"))

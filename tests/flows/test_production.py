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
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from tests.flows.test_catalog import star_text

ROOT = Path(__file__).parents[2]

#: Seconds that all parts may take to start, and the deployment to run.
PATIENCE = 300.0


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
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, subprocess.Popen[bytes]]]:
    """A root with a few stars, in which everything runs, and the server's address."""
    if not os.environ.get("SWOPE_TEST_PRODUCTION"):
        pytest.skip("starts a database, two servers and a cluster: asked for by SWOPE_TEST_PRODUCTION=1")
    if not (shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    pytest.importorskip("prefect_dask", reason="needs the extra dask")
    folder = tmp_path_factory.mktemp("production")
    # PostgreSQL's own user has to come as far as its folder
    for one in (folder, *folder.parents):
        if one == Path(tempfile.gettempdir()):
            break
        one.chmod(0o755)
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
        script.send_signal(signal.SIGTERM)
        script.wait(60)
        begin = time.monotonic()
        while (left := _left(folder)) and time.monotonic() - begin < 20:
            time.sleep(0.2)
        for one in left:
            os.kill(one, signal.SIGKILL)
    assert left == []


def _left(folder: Path) -> list[int]:
    """Processes of the set-up that are still there."""
    return [int(one.parent.name) for one in Path("/proc").glob("[0-9]*/environ") if f"{folder}/prefect" in _read(one)]


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
        runs = asked(f"{api}/flow_runs/filter", {"flows": {"name": {"any_": ["catalog"]}}, "limit": 100})
        done = [run for run in runs if run["state_type"] == "COMPLETED"]
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

"""Some nights end in the catalog of one run; `python -m tests.bench.nights` goes through more of them."""

from __future__ import annotations

import json
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.flows.cli import main
from swope.flows.night.alerts import ALERTS, HookError, alerts_of, call_for, call_hook
from swope.flows.night.page import PAGE
from swope.flows.night.tables import STARS
from swope.flows.workers import worker_processes
from swope.pipeline.catalog import write_parquet
from tests.bench.nights import TABLES, many_nights
from tests.flows.test_nightly import HALF, night, rows, score_night, survey, write
from tests.kept_state import state_bytes

__all__ = ["night", "survey"]


@pytest.mark.usefixtures("prefect_server")
def test_nights_end_in_the_catalog_of_one_run_and_a_quiet_one_writes_nothing(tmp_path: Path) -> None:
    with worker_processes(1):
        outcome = many_nights(tmp_path, stars=14, nights=3, points=20, new_model=3, outage=(2,), again=1)
    assert outcome.different == []
    assert (outcome.nights, outcome.quiet, outcome.written) == (2, 1, 0)
    # the first run, and the new model, have all of them; in between a few were done
    assert 2 * 13 < outcome.analysed < 3 * 13
    nights = sorted((tmp_path / "nights").glob("2*"))
    assert len(nights) == 2
    for one in nights:
        assert (one / ALERTS).exists()
        assert "What changed" in (one / PAGE).read_text()


@pytest.mark.usefixtures("prefect_server")
def test_the_command_brings_the_run_up_to_date_where_its_sources_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    incoming, run_dir = tmp_path / "incoming", tmp_path / "run"
    for seed in range(2):
        write(incoming, f"star{seed}", rows(seed)[:HALF])
    with worker_processes(1):
        assert main(["run", str(incoming), "--out", str(run_dir), "--no-report"]) == 0
        before = (run_dir / "objects.parquet").read_bytes()
        # in files of their own: there is nothing to bring up to date
        write(tmp_path / "tonight", "star0", rows(0)[HALF:])
        command = ["nightly", "--since", str(run_dir), "--out"]
        assert main([*command, str(tmp_path / "alone"), str(tmp_path / "tonight")]) == 0
        assert (run_dir / "objects.parquet").read_bytes() == before
        write(incoming, "star0", rows(0))
        write(incoming, "star2", rows(2))
        assert main([*command, str(tmp_path / "kept"), str(incoming), "--no-update"]) == 0
        assert (run_dir / "objects.parquet").read_bytes() == before
        capsys.readouterr()
        assert main([*command, str(tmp_path / "night"), str(incoming)]) == 0
        assert "1 stars are as they were in the run before" in capsys.readouterr().out
        assert main(["run", str(incoming), "--out", str(tmp_path / "once"), "--no-report"]) == 0
    for name in TABLES:
        assert (run_dir / name).read_bytes() == (tmp_path / "once" / name).read_bytes(), name
    assert state_bytes(run_dir) == state_bytes(tmp_path / "once")
    assert state_bytes(run_dir) == state_bytes(tmp_path / "once")
    names = pq.read_table(run_dir / "objects.parquet")["object_id"].to_pylist()
    assert names == ["star0", "star1", "star2"]


@pytest.mark.usefixtures("prefect_server")
def test_a_run_that_joins_files_takes_in_those_of_the_night(tmp_path: Path) -> None:
    survey, tonight, run_dir = (tmp_path / name for name in ("survey", "tonight", "run"))
    for seed in range(2):
        write(survey, f"star{seed}", rows(seed)[:HALF])
    for seed in range(1, 3):
        write(tonight, f"star{seed}", rows(seed)[HALF:])
    command = ["--join", "0", "--no-report"]
    with worker_processes(1):
        assert main(["run", str(survey), "--out", str(run_dir), *command]) == 0
        before = (run_dir / "objects.parquet").read_bytes()
        night = ["nightly", str(tonight), "--since", str(run_dir), "--out", str(tmp_path / "night")]
        # the run would read them by its own clock
        assert main([*night, "--clock", "HJD_UTC"]) == 0
        assert (run_dir / "objects.parquet").read_bytes() == before
        assert main(night) == 0
        assert main(["run", str(survey), str(tonight), "--out", str(tmp_path / "once"), *command]) == 0
    for name in TABLES:
        assert (run_dir / name).read_bytes() == (tmp_path / "once" / name).read_bytes(), name
    assert state_bytes(run_dir) == state_bytes(tmp_path / "once")
    assert state_bytes(run_dir) == state_bytes(tmp_path / "once")
    points = {row["object_id"]: row["n_obs"] for row in pq.read_table(run_dir / "objects.parquet").to_pylist()}
    assert points == {"star0": HALF, "star1": len(rows(1)), "star2": len(rows(2)) - HALF}


def test_alerts_are_the_stars_out_of_the_ordinary(survey: Path, night: Path, tmp_path: Path) -> None:
    alerts = alerts_of(night, None)
    assert [alert["object_id"] for alert in alerts] == ["star2"]
    assert alerts[0]["why"] == "night"
    assert alerts[0]["n_events"] > 0
    assert "brighter" in alerts[0]["said"]
    out = tmp_path / "calm"
    score_night([str(survey / "monday" / "star0.csv")], survey / "run", out, detectors=["statespace"])
    assert alerts_of(out, None) == []


def test_of_new_stars_and_changed_ones_the_run_says_which_are_strange(survey: Path, tmp_path: Path) -> None:
    tonight = tmp_path / "tonight"
    write(tonight, "star9", rows(9))
    write(tonight, "star8", rows(8))
    write(tonight, "star0", [line.replace("0.03", "0.04") for line in rows(0)[:HALF]])
    out = tmp_path / "night"
    score_night([str(tonight)], survey / "run", out, detectors=["statespace"])
    found = {row["object_id"]: row["past"] for row in pq.read_table(out / STARS).to_pylist()}
    assert found["star9"] == found["star8"] == "new star"
    assert f"{HALF} rows with another value or error" in found["star0"]
    objects = {
        "object_id": ["star0", "star1", "star8", "star9"],
        "source": ["x"] * 4,
        "anomaly_pvalue": [1e-5, 1e-9, 0.5, 1e-6],
        "n_events": [0, 3, 0, 1],
        "anomaly_reason": ["odd", "odder", None, "new"],
    }
    write_parquet(pa.table(objects), tmp_path / "run" / "objects.parquet")
    said = [(alert["object_id"], alert["why"], alert["pvalue"]) for alert in alerts_of(out, tmp_path / "run")]
    assert said == [("star9", "new", 1e-6), ("star0", "past", 1e-5)]


def test_a_hook_is_given_the_alerts(night: Path, tmp_path: Path) -> None:
    got: list[bytes] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    alerts = alerts_of(night, None)
    try:
        call_hook(f"http://127.0.0.1:{server.server_port}/alerts", night, alerts)
    finally:
        server.shutdown()
        server.server_close()
    said = tmp_path / "said.json"
    script = tmp_path / "hook.py"
    script.write_text(f"import sys; open({str(said)!r}, 'wb').write(sys.stdin.buffer.read())")
    call_hook(f"{sys.executable} {script}", night, alerts)
    assert json.loads(said.read_bytes()) == json.loads(got[0]) == {"night": night.name, "alerts": alerts}


def test_a_hook_that_fails_is_said_and_the_night_is_finished(night: Path) -> None:
    with pytest.raises(HookError, match="is scored, but the hook false failed"):
        call_for([night], None, "false")
    assert "star2" in (night / PAGE).read_text()
    # so that it is called again
    assert not (night / ALERTS).exists()
    call_for([night], None, "true")
    assert [row["object_id"] for row in pq.read_table(night / ALERTS).to_pylist()] == ["star2"]


def test_a_namesake_of_a_star_whose_past_changed_is_not_told_of(survey: Path, tmp_path: Path) -> None:
    tonight, run_dir, out = tmp_path / "tonight", tmp_path / "run", tmp_path / "night"
    write(tonight, "star9", rows(9))
    write(tonight, "star0", [line.replace("0.03", "0.04") for line in rows(0)[:HALF]])
    score_night([str(tonight)], survey / "run", out, detectors=["statespace"])
    new, known = str(tonight / "star9.csv"), str(survey / "first" / "star0.csv")

    def told(*stars: tuple[str, str]) -> list[tuple[str, str, str]]:
        names, sources = zip(*stars, strict=True)
        said: dict[str, list[object]] = {"anomaly_pvalue": [1e-5], "n_events": [0], "anomaly_reason": ["odd"]}
        columns = {name: value * len(stars) for name, value in said.items()}
        write_parquet(pa.table({"object_id": names, "source": sources, **columns}), run_dir / "objects.parquet")
        return [(alert["object_id"], alert["source"], alert["why"]) for alert in alerts_of(out, run_dir)]

    assert told(("star9", new), ("star9", "other.csv"), ("star0", known), ("star1", known)) == [
        ("star0", known, "past"),
        ("star9", new, "new"),
    ]
    # nothing says which of them it is
    assert told(("star0", "a.csv"), ("star0", "b.csv")) == []


@pytest.mark.parametrize("answer", [b"garbage\r\n\r\n", b""])
def test_an_answer_that_is_no_http_is_said(answer: bytes, night: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            there, _ = server.accept()
            with there:
                there.recv(65536)
                there.sendall(answer)

        threading.Thread(target=talk, daemon=True).start()
        with pytest.raises(HookError, match="is scored, but the hook"):
            call_hook(f"http://127.0.0.1:{server.getsockname()[1]}/", night, alerts_of(night, None))


@pytest.mark.parametrize("hook", ["http://127.0.0.1:port/", "", " ", "echo 'x", "/no/such/command"])
def test_a_hook_that_cannot_be_meant_is_said(hook: str, night: Path) -> None:
    with pytest.raises(HookError, match="is scored, but the hook"):
        call_hook(hook, night, alerts_of(night, None))


def test_a_page_shows_names_as_text(night: Path) -> None:
    from swope.flows.night.page import write_page

    alert = {"object_id": "<img src=x>", "source": "a", "why": "night", "pvalue": None, "n_events": 0, "said": None}
    page = write_page(night, [alert]).read_text()
    assert "&lt;img src=x&gt;" in page
    assert "<img" not in page

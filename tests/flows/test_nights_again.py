"""Nights from other folders, of other sources, given twice, or stopped half way: nothing is lost, or told twice."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from swope.flows.catalog import catalog
from swope.flows.cli import BAD_INPUT, main
from swope.flows.night.alerts import ALERTS, HookError
from swope.flows.night.record import NightRecord
from swope.flows.night.tables import EVENTS, POINTS, STARS
from swope.flows.nightly import nightly
from swope.flows.options import RunOptions
from swope.flows.workers import worker_processes
from tests.bench.nights import TABLES, stamps
from tests.flows.test_nightly import HALF, N, rows, write

pytestmark = pytest.mark.usefixtures("prefect_server")

OPTIONS = RunOptions(clock="MJD_UTC")


def objects(run_dir: Path) -> list[tuple[str, str, int]]:
    table = pq.read_table(run_dir / "objects.parquet").to_pylist()
    return [(row["object_id"], row["source"], row["n_obs"]) for row in table]


def alerts(night: Path | str | None) -> list[tuple[str, str]]:
    assert night is not None
    return [(row["object_id"], row["why"]) for row in pq.read_table(Path(night) / ALERTS).to_pylist()]


def test_a_night_from_another_folder_brings_the_runs_own_stars_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for seed in range(2):
        write(one / "incoming", f"star{seed}", rows(seed)[:HALF])
        # files of the same names, with other stars in them
        write(other / "incoming", f"star{seed}", rows(seed + 4))
    write(one / "tonight", "star0", rows(0)[HALF:])
    monkeypatch.chdir(one)
    command = ["nightly", "../one/tonight", "--since", "../one/out/run", "--out"]
    with worker_processes(1):
        assert main(["run", "incoming", "--out", "out/run", "--no-report"]) == 0
        write(one / "incoming", "star1", rows(1))
        monkeypatch.chdir(other)
        assert main([*command, "monday"]) == 0
        found = [("star0", "incoming/star0.csv", HALF), ("star1", "incoming/star1.csv", N)]
        assert objects(one / "out" / "run") == found
        shutil.move(one / "incoming", one / "away")
        capsys.readouterr()
        assert main([*command, "tuesday"]) == BAD_INPUT
        assert "has nothing in common with what it read" in capsys.readouterr().err
    assert objects(one / "out" / "run") == found
    # the night itself is finished all the same
    assert (other / "tuesday" / ALERTS).exists()


def test_a_command_given_again_does_what_is_left_and_leaves_its_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    incoming, run_dir, out = tmp_path / "incoming", tmp_path / "run", tmp_path / "night"
    for seed in range(2):
        write(incoming, f"star{seed}", rows(seed)[:HALF])
    said = tmp_path / "said"
    hook = tmp_path / "hook.py"
    hook.write_text(f"open({str(said)!r}, 'a').write('called ')")
    command = ["nightly", str(incoming), "--since", str(run_dir), "--out", str(out)]
    command += ["--hook", f"{sys.executable} {hook}", "--detector", "statespace"]

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with worker_processes(1):
        assert main(["run", str(incoming), "--out", str(run_dir), "--no-report"]) == 0
        write(incoming, "star0", rows(0, flare=HALF + 5))
        write(incoming, "star2", rows(2))
        with monkeypatch.context() as patch:
            patch.setattr("swope.flows.night.call_for", stopped)
            assert main(command) == 130
        assert [name for name, _, _ in objects(run_dir)] == ["star0", "star1", "star2"]
        night = {name: (out / name).read_bytes() for name in (POINTS, STARS, EVENTS)}
        capsys.readouterr()
        assert main(command) == 0
        assert f"{N - HALF} new points" in capsys.readouterr().out
        assert ("star0", "night") in alerts(out)
        before = stamps(out) | stamps(run_dir)
        assert main(command) == 0
    assert {name: (out / name).read_bytes() for name in night} == night
    assert stamps(out) | stamps(run_dir) == before
    assert said.read_text() == "called "


@pytest.mark.parametrize("join", [None, 0.0])
def test_what_comes_beside_the_runs_own_sources_comes_into_its_catalog_and_is_told_once(
    tmp_path: Path, join: float | None, capfd: pytest.CaptureFixture[str]
) -> None:
    options = RunOptions(clock="MJD_UTC", join=join)
    base, incoming, run_dir = (tmp_path / name for name in ("base", "incoming", "catalog"))
    places = [str(incoming), str(run_dir), str(tmp_path / "nights")]
    for seed in range(2):
        write(base, f"star{seed}", rows(seed)[:HALF])
    flare = rows(0, flare=HALF + 5)
    with worker_processes(1):

        def morning() -> str | None:
            return nightly(*places, options=options, top=1, workers=1)

        catalog([str(base)], str(run_dir), options=options, workers=1, top=None)
        write(incoming, "star0", flare[HALF : HALF + 10])
        assert ("star0", "night") in alerts(morning())
        said = capfd.readouterr().err
        assert f"{run_dir} is made from {base}, {incoming} from now on" in said
        assert ("1 names are those of several stars" in said) == (join is None)
        assert morning() is None
        write(incoming, "star1", rows(1)[HALF : HALF + 10])
        assert "star0" not in dict(alerts(morning()))
        write(incoming, "star9", rows(9))
        assert "star0" not in dict(alerts(morning()))
        # held against all that is known of the star, not only of its file
        write(incoming, "star1", rows(1, flare=HALF + 12)[HALF : HALF + 15])
        night = morning()
        assert night is not None
        assert alerts(night) == [("star1", "night")]
        (star,) = pq.read_table(Path(night) / STARS).to_pylist()
        assert (star["n_new"], star["n_events"] > 0) == (5, True)
        assert morning() is None
        assert "from now on" not in capfd.readouterr().err
        once = tmp_path / "once"
        catalog([str(base), str(incoming)], str(once), options=options, workers=1, top=None)
    for name in TABLES:
        assert (run_dir / name).read_bytes() == (once / name).read_bytes(), name
    found = {(name, n) for name, _, n in objects(run_dir)}
    assert ("star9", N) in found
    assert (("star0", HALF + 10) if join is not None else ("star0", 10)) in found


def test_a_morning_sees_refused_files_and_rows_that_are_gone_and_calls_a_hook_until_it_answers(tmp_path: Path) -> None:
    incoming, run_dir, said = tmp_path / "incoming", tmp_path / "catalog", tmp_path / "said"
    for seed in range(2):
        write(incoming, f"star{seed}", rows(seed)[:HALF])
    refused = incoming / "none.csv"
    refused.write_bytes(b"\x00\xff" * 50)
    hook = tmp_path / "hook.py"
    hook.write_text(f"open({str(said)!r}, 'a').write('called ')")

    with worker_processes(1):

        def morning(hook: str | None = None) -> Path | None:
            night = nightly(
                str(incoming), str(run_dir), str(tmp_path / "nights"), options=OPTIONS, hook=hook, top=1, workers=1
            )
            return None if night is None else Path(night)

        def star(night: Path | None, name: str) -> dict[str, object]:
            assert night is not None
            return {row["object_id"]: row for row in pq.read_table(night / STARS).to_pylist()}[name]

        assert morning() is None
        assert morning() is None
        refused.write_bytes(b"\x00\xfe" * 50)
        night = morning()
        assert star(night, "none")["status"] == "rejected"
        assert night is not None
        assert NightRecord.read(night).changed == ["what cannot become a star is not as it was"]
        assert morning() is None

        write(incoming, "star0", rows(0)[: HALF - 20])
        assert str(star(morning(), "star0")["past"]).startswith("20 rows that were known are gone")
        assert objects(run_dir)[1][::2] == ("star0", HALF - 20)
        assert morning() is None

        write(incoming, "star1", rows(1, flare=HALF + 5))
        with pytest.raises(HookError):
            morning("false")
        before = stamps(run_dir)
        with pytest.raises(HookError):
            morning("false")
        assert alerts(morning(f"{sys.executable} {hook}")) == [("star1", "night")]
        assert morning("false") is None
    assert stamps(run_dir) == before
    assert said.read_text() == "called "

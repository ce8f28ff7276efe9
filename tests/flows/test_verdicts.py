"""Verdicts on a run's stars, and the ranking that follows them."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from swope.flows.cli import BAD_INPUT, main
from swope.flows.lock import locked
from swope.flows.night.tables import NightTables
from swope.flows.pages import write_report
from swope.flows.verdicts import dull_names, label, refresh, rerank
from swope.pipeline.catalog.schema import VERDICT_COLUMNS
from swope.pipeline.verdicts import VERDICTS, Verdict, add_verdicts, read_verdicts


@pytest.fixture
def run(small_run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(small_run, tmp_path / "run")


def rows(run: Path) -> dict[str, dict[str, object]]:
    return {row["object_id"]: row for row in pq.read_table(run / "objects.parquet").to_pylist()}


def best(run: Path, n: int = 4) -> list[str]:
    ranked = [row for row in rows(run).values() if row["verdict_rank"] is not None]
    return [str(row["object_id"]) for row in sorted(ranked, key=lambda row: row["verdict_rank"])][:n]  # type: ignore[arg-type, return-value]


def test_the_command_takes_a_verdict_down(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["label", str(run), "EA1", "interesting", "--note", "two eclipses, unlike"]) == 0
    assert "EA1 is interesting; 1 stars judged" in capsys.readouterr().out
    (said,) = read_verdicts(run)
    assert (said.object_id, said.verdict, said.note) == ("EA1", "interesting", "two eclipses, unlike")
    assert said.source == rows(run)["EA1"]["source"]
    assert said.date.endswith("+00:00")


def test_what_cannot_be_meant_is_refused(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        ([str(run), "EA11", "boring"], "no star is called 'EA11'; the nearest"),
        ([str(run), "EA1", "boring", "--source", "other.csv"], "say which with --source"),
        ([str(run), "empty", "boring"], "empty"),
        ([str(tmp_path / "nowhere"), "EA1", "boring"], "holds no finished run"),
    ):
        assert main(["label", *arguments]) == BAD_INPUT
        assert words in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["label", str(run), "EA1", "lovely"])
    assert not (run / VERDICTS).exists()


def test_kin_of_what_is_liked_come_first_and_nothing_else_changes(run: Path) -> None:
    before = pq.read_table(run / "objects.parquet")
    label(run, "RRAB0", "interesting")
    label(run, "EA0", "boring")
    label(run, "CST0", "artifact")
    assert rerank(run)
    assert {name[:4] for name in best(run)} == {"RRAB"}
    after = pq.read_table(run / "objects.parquet")
    assert after.drop(VERDICT_COLUMNS).equals(before.drop(VERDICT_COLUMNS))
    assert after.schema.equals(before.schema, check_metadata=True)
    assert rows(run)["CST0"]["verdict"] == "artifact"
    assert rows(run)["CST1"]["verdict"] is None
    ranked = [row["verdict_rank"] for row in rows(run).values() if row["anomaly_rank"] is not None]
    assert sorted(ranked) == list(range(1, len(ranked) + 1))  # type: ignore[type-var]
    # a star that was not analysed has no place in either
    assert rows(run)["empty"]["verdict_rank"] is None


def test_a_later_verdict_replaces_an_earlier_one(run: Path) -> None:
    label(run, "EA0", "boring")
    label(run, "RRAB0", "boring")
    rerank(run)
    assert not {name[:2] for name in best(run, 2)} & {"EA", "RR"}
    label(run, "EA0", "interesting")
    assert rerank(run)
    assert best(run, 1)[0].startswith("EA")
    assert len(read_verdicts(run)) == 3


def test_without_verdicts_or_with_old_ones_nothing_is_written(run: Path) -> None:
    assert not rerank(run)
    label(run, "EA0", "boring")
    assert rerank(run)
    written = (run / "objects.parquet").read_bytes()
    assert not rerank(run)
    assert (run / "objects.parquet").read_bytes() == written
    (run / VERDICTS).unlink()
    assert rerank(run)
    assert not best(run)


def test_the_report_follows_the_verdicts(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    label(run, "RRAB0", "interesting")
    label(run, "EA0", "boring")
    label(run, "CST0", "boring")
    with locked(run):
        refresh(run)
    assert "not ranked by the verdicts" in capsys.readouterr().err
    assert not best(run)
    refresh(run)
    page = write_report(run, 2).read_text()
    assert "ranked by the verdicts on stars like them" in page
    assert "said to be interesting" in page
    assert "swope label DIR OBJECT interesting" in page
    cards = page.split('class="card star"')[1:]
    assert len(cards) == 2
    assert all("RRAB" in card for card in cards)


def test_verdicts_on_stars_that_a_run_no_longer_has_are_told(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_verdicts(run, [Verdict("gone", "gone.csv", "boring", "")])
    label(run, "EA0", "interesting")
    rerank(run)
    assert "1 of 2 verdicts are on stars that this run does not have" in capsys.readouterr().err
    assert best(run, 1)[0].startswith("EA")


def test_a_run_of_an_earlier_version_is_left_as_it_is(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    label(run, "EA0", "boring")
    (run / "latent.parquet").unlink()
    before = (run / "objects.parquet").read_bytes()
    refresh(run)
    assert "an earlier version of Swope made it" in capsys.readouterr().err
    assert (run / "objects.parquet").read_bytes() == before


def test_two_analysts_at_once_lose_nothing(run: Path) -> None:
    names = [name for name, row in rows(run).items() if row["status"] == "ok"]
    threads = [threading.Thread(target=label, args=(run, name, "boring")) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said.object_id for said in read_verdicts(run)) == sorted(names)


def test_a_night_knows_what_its_run_was_told(run: Path, tmp_path: Path) -> None:
    for name, word in (("EA0", "boring"), ("EA1", "interesting"), ("CST0", "artifact")):
        label(run, name, word)  # type: ignore[arg-type]
    for name, since in (("monday", run), ("tuesday", tmp_path / "monday")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "nightly.json").write_text(json.dumps({"since": str(since)}))
    stars = [(said.object_id, said.source) for said in read_verdicts(run)]
    assert dull_names(tmp_path / "tuesday", stars) == dull_names(run, stars) == {"EA0", "CST0"}
    # of two stars of one name, one is not dull
    assert dull_names(run, [*stars, ("EA0", "other.csv")]) == {"CST0"}


def test_a_night_names_dull_stars_last_and_leaves_their_p_values() -> None:
    rows = [{"object_id": name, "night_pvalue": p, "said": ""} for name, p in (("a", 0.1), ("b", 0.01), ("c", 0.5))]
    tables = NightTables((), stars=rows)
    assert [row["object_id"] for row in tables.strangest(9)] == ["b", "a", "c"]
    assert [row["object_id"] for row in tables.strangest(9, {"b"})] == ["a", "c", "b"]
    assert {row["object_id"]: row["night_pvalue"] for row in tables.strangest(9, {"b"})}["b"] == 0.01

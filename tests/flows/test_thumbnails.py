"""The small light curves of the gallery: of the right stars, and made once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.flows import stages
from swope.flows import thumbnails as made_here
from swope.flows.thumbnails import SMALL, THUMBNAILS, Name, first_rows, thumbnails
from swope.pipeline.catalog import write_parquet
from swope.pipeline.lightcurve import Chunk, LightCurve
from swope.pipeline.report.thumbnail import thumbnail
from tests.models.stars import made_star

CHUNKS = ["first", "second"]


@pytest.fixture
def curves() -> list[LightCurve]:
    """Two namesakes, and another star."""
    made = [made_star("CST", seed, 60).curve for seed in (1, 2, 3)]
    names = [("1", "a.csv"), ("2", "a.csv"), ("1", "b.csv")]
    return [replace(one, object_id=name, source=source) for one, (name, source) in zip(made, names, strict=True)]


def leave(run_dir: Path, curves: list[LightCurve]) -> list[dict[str, object]]:
    """The chunks of a run with these three stars, and their rows of the catalog."""
    write_parquet(Chunk.of(curves[:2]).table, run_dir / CHUNKS[0] / stages.STARS)
    write_parquet(Chunk.of(curves[2:]).table, run_dir / CHUNKS[1] / stages.STARS)
    return [{"object_id": one.object_id, "source": one.source, "period": 0.5, "t0": one.time[0]} for one in curves]


def expected(curves: list[LightCurve], rows: list[dict[str, object]]) -> dict[Name, str | None]:
    """What each star's is, made from it alone."""
    return {
        (one.object_id, one.source): thumbnail(one, row["period"], row["t0"])  # type: ignore[arg-type]
        for one, row in zip(curves, rows, strict=True)
    }


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Name]:
    """Of which stars one is made."""
    made: list[Name] = []

    def counting(curve: LightCurve, *folded: float | None) -> str | None:
        made.append((curve.object_id, curve.source))
        return thumbnail(curve, *folded)

    monkeypatch.setattr(made_here, "thumbnail", counting)
    return made


def test_they_are_of_the_right_stars_and_made_once(
    curves: list[LightCurve], tmp_path: Path, counted: list[Name]
) -> None:
    rows = leave(tmp_path, curves)
    assert thumbnails(tmp_path, CHUNKS, rows[1:]) == expected(curves[1:], rows[1:])
    assert counted == [("2", "a.csv"), ("1", "b.csv")]
    counted.clear()
    # another star came to the first by rank, and one went
    assert thumbnails(tmp_path, CHUNKS, rows[:2]) == expected(curves[:2], rows[:2])
    assert counted == [("1", "a.csv")]
    counted.clear()
    # nobody remembers the stars that went
    assert thumbnails(tmp_path, CHUNKS, rows) == expected(curves, rows)
    assert counted == [("1", "b.csv")]


@pytest.mark.parametrize("change", ["period", "epoch", "light curve"])
def test_what_changed_is_made_anew(change: str, curves: list[LightCurve], tmp_path: Path, counted: list[Name]) -> None:
    rows = leave(tmp_path, curves)
    thumbnails(tmp_path, CHUNKS, rows)
    counted.clear()
    chunks = CHUNKS
    if change == "light curve":
        # a chunk with another input is another folder
        curves[2] = replace(curves[2], value=curves[2].value[::-1].copy())
        write_parquet(Chunk.of(curves[2:]).table, tmp_path / "third" / stages.STARS)
        chunks = ["first", "third"]
    else:
        rows[2] |= {"period": None} if change == "period" else {"t0": curves[2].time[0] + 0.1}
    assert thumbnails(tmp_path, chunks, rows) == expected(curves, rows)
    assert counted == [("1", "b.csv")]


def test_a_damaged_table_of_them_costs_only_time(curves: list[LightCurve], tmp_path: Path) -> None:
    rows = leave(tmp_path, curves)
    first = thumbnails(tmp_path, CHUNKS, rows)
    for content in (b"torn", b""):
        (tmp_path / SMALL).write_bytes(content)
        assert thumbnails(tmp_path, CHUNKS, rows) == first
    # of another version
    write_parquet(pa.table({"thumbnail": ["AAAA"]}), tmp_path / SMALL)
    assert thumbnails(tmp_path, CHUNKS, rows) == first
    assert len(pq.read_table(tmp_path / SMALL)) == len(rows)


def test_the_first_of_each_class_have_a_picture_too() -> None:
    n = THUMBNAILS + 100
    table = pa.table(
        {
            "object_id": [f"{i:05d}" for i in range(n)],
            "source": ["a"] * n,
            "status": ["ok"] * (n - 1) + ["failed"],
            "class": ["EW"] * (n - 3) + ["M"] * 3,
            "period": [1.0] * n,
            "t0": [0.0] * n,
            "anomaly_rank": list(range(1, n + 1)),
        }
    )
    assert [int(row["object_id"]) for row in first_rows(table, "anomaly_rank")] == [*range(THUMBNAILS), n - 3, n - 2]

"""JSON in the shapes that services and programs write."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from swope.pipeline.lightcurve import Clock
from tests.pipeline.ingest.reading import ingest
from tests.pipeline.ingest.star import ERR, JD, MAG, N, is_the_star, read, refused

COLUMNS = {"jd": JD.tolist(), "mag": MAG.tolist(), "mag_err": ERR.tolist()}
RECORDS = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]

SHAPES: dict[str, object] = {
    "records": RECORDS,
    "columns": COLUMNS,
    "columns by row": {name: {str(i): cell for i, cell in enumerate(cells)} for name, cells in COLUMNS.items()},
    "split": {"columns": list(COLUMNS), "index": list(range(N)), "data": [list(r.values()) for r in RECORDS]},
    "fields with types": {
        "metadata": [],
        "fields": [{"name": n} for n in COLUMNS],
        "data": [list(r.values()) for r in RECORDS],
    },
    "within words": {"status": "ok", "result": {"count": N, "lightcurve": RECORDS}},
    "one level down": [{"candidate": record, "id": i} for i, record in enumerate(RECORDS)],
}


@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.parametrize("indent", [None, 2])
def test_a_star_in_any_shape_is_the_star(tmp_path: Path, shape: str, indent: int | None) -> None:
    (tmp_path / "x.json").write_text(json.dumps(SHAPES[shape], indent=indent))
    curve = read(tmp_path / "x.json")
    assert is_the_star(curve)
    assert curve.clock == Clock("jd")
    np.testing.assert_allclose(curve.error, ERR)


def test_lines_that_each_are_a_record_are_rows_and_ones_with_arrays_are_stars(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, RECORDS)))
    assert is_the_star(read(tmp_path / "x.jsonl"))
    stars = [{"objectId": f"s{i}", **{k: v[: N - i] for k, v in COLUMNS.items()}} for i in range(3)]
    (tmp_path / "y.jsonl").write_text("\n".join(map(json.dumps, stars)))
    curves, no = ingest([tmp_path / "y.jsonl"], tmp_path / "s")
    assert [(c.object_id, len(c)) for c in curves] == [("s0", N), ("s1", N - 1), ("s2", N - 2)], no


def test_no_star_of_a_document_of_many_is_left_out(tmp_path: Path) -> None:
    """More of them than anybody would expect, and some of them deep in it."""
    stars = {f"u{i}": {"lightcurve": RECORDS[:8]} for i in range(1100)}
    deep: object = {"v": {"lightcurve": RECORDS}}
    for _ in range(8):
        deep = {"release": deep}
    (tmp_path / "x.json").write_text(json.dumps({**stars, "more": deep}))
    curves, no = ingest([tmp_path / "x.json"], tmp_path / "s")
    assert sorted(len(c) for c in curves) == [*[8] * 1100, N], no


def test_the_open_catalogs_entry_is_a_star_with_its_limits(tmp_path: Path) -> None:
    # Guillochon et al. 2017 (ApJ 835, 64), section 3: numbers as words, `upperlimit` true where it is one
    rows = [
        {"time": f"{t - 2400000.5:.4f}", "u_time": "MJD", "band": "V", "magnitude": f"{m}", "e_magnitude": "0.02"}
        | ({"upperlimit": True} if i % 8 == 0 else {})
        for i, (t, m) in enumerate(zip(JD, MAG, strict=True))
    ]
    entry = {
        "SN2099x": {"name": "SN2099x", "ra": [{"value": "01:02:03"}], "sources": [{"alias": "1"}], "photometry": rows}
    }
    (tmp_path / "SN2099x.json").write_text(json.dumps(entry))
    curve = read(tmp_path / "SN2099x.json")
    assert (curve.object_id, curve.bands, len(curve)) == ("SN2099x", ("V",), N)
    assert np.flatnonzero(~curve.usable).tolist() == list(range(0, N, 8))


def test_a_brokers_detections_are_the_star_beside_what_was_not_detected(tmp_path: Path) -> None:
    # ALeRCE API, /objects/{oid}/lightcurve
    rows = [
        {"mjd": t - 2400000.5, "fid": 1, "magpsf": 18.0, "sigmapsf": 0.1, "isdiffpos": 1}
        | {"magpsf_corr": m, "sigmapsf_corr": 0.02, "corrected": True, "dubious": False, "oid": "ZTF99abc"}
        for t, m in zip(JD.tolist(), MAG.tolist(), strict=True)
    ]
    missed = [{"mjd": 59000.0 + i, "fid": 1, "diffmaglim": 20.1} for i in range(5)]
    (tmp_path / "x.json").write_text(json.dumps({"detections": rows, "non_detections": missed}))
    curve = read(tmp_path / "x.json")
    assert (curve.object_id, curve.bands) == ("ZTF99abc", ("g",))
    np.testing.assert_allclose(np.sort(curve.value), np.sort(MAG))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": [1, 2', "no JSON"),
        ('{"a": 1, "b": {"c": "d"}}', "without a table"),
        ('{"jd": [1, 2, 3], "mag": [1, 2]}', "lists differ in length"),
        ("[" * 5000, "no JSON"),
        ('{"x": "y"}\n{"x"', "no JSON"),
    ],
)
def test_other_json_is_refused_with_the_reason(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.json").write_text(text)
    assert words in refused(tmp_path / "x.json").reason

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from swope.pipeline.ingest import IngestOptions, plan, read
from swope.pipeline.simulate.sample import BAD_FILES, write_sample

DATA = Path(__file__).parents[3] / "data"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    write_sample(out)
    return out


def test_the_sample_in_the_repository_is_what_the_command_makes(made: Path) -> None:
    here = sorted(p.relative_to(made) for p in made.rglob("*") if p.is_file())
    beside = ("README.md", "report.png")
    there = sorted(p.relative_to(DATA) for p in DATA.rglob("*") if p.is_file() and p.name not in beside)
    assert here == there
    for name in here:
        mine, theirs = made / name, DATA / name
        # what compresses may differ between versions of a library, what is compressed may not
        if name.suffix == ".parquet":
            assert pq.read_table(mine).equals(pq.read_table(theirs)), name
        elif name.suffix == ".gz":
            assert gzip.decompress(mine.read_bytes()) == gzip.decompress(theirs.read_bytes()), name
        else:
            assert mine.read_bytes() == theirs.read_bytes(), name


def test_the_sample_is_small() -> None:
    assert sum(p.stat().st_size for p in DATA.rglob("*") if p.is_file()) < 3e6


def test_every_star_of_the_labels_is_read_and_every_bad_file_has_a_reason(made: Path, tmp_path: Path) -> None:
    options = IngestOptions()
    planned = plan([str(made / "sample")], options, tmp_path)
    found = [read(part, options) for part in planned.parts]
    stars = {curve.object_id: curve for ingested in found for curve in ingested.chunk}
    refused = [*planned.refused, *(r for ingested in found for r in ingested.refused)]
    with (made / "labels.csv").open(newline="") as file:
        labels = {row["object_id"] for row in csv.DictReader(file)}
    # one point is a star, if a poor one
    assert set(stars) == labels | {"one_point"}
    assert {Path(r.source).name for r in refused} == set(BAD_FILES) - {"one_point.csv"}
    assert all(r.reason for r in refused)
    assert all(np.isfinite(curve.good.value).all() for curve in stars.values())

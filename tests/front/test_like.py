"""The stars of a run that are most like one."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import swope
from tests.small_run import OF_EACH, vectors


def test_kin_come_first(small_run: Path) -> None:
    catalog = swope.open(small_run)
    for kind in ("RRAB", "EA"):
        found = catalog.like(f"{kind}0", n=OF_EACH - 1)
        assert [name[: len(kind)] for name in found["object_id"]] == [kind] * (OF_EACH - 1)
        assert found["distance"].is_monotonic_increasing
    assert f"{kind}0" not in set(found["object_id"])


def test_each_star_has_its_own_row_and_never_itself(small_run: Path) -> None:
    catalog = swope.open(small_run)
    found = catalog.like("CST1", n=1000)
    analysed = set(vectors(small_run))
    assert set(found["object_id"]) == analysed - {"CST1"}
    assert len(found) == len(analysed) - 1
    rows = catalog.objects.set_index("object_id")
    for row in found.to_dict("records"):
        assert row["n_obs"] == rows.loc[row["object_id"], "n_obs"]
        assert row["source"] == rows.loc[row["object_id"], "source"]


def test_likeness_goes_both_ways(small_run: Path) -> None:
    catalog = swope.open(small_run)
    there = catalog.like("EA1", n=50).set_index("object_id")["distance"]
    back = catalog.like("RRAB2", n=50).set_index("object_id")["distance"]
    np.testing.assert_allclose(there["RRAB2"], back["EA1"])


def test_what_cannot_be_compared_is_said(small_run: Path, tmp_path: Path) -> None:
    catalog = swope.open(small_run)
    with pytest.raises(ValueError, match=r"no star is called 'RRAB9'; the nearest"):
        catalog.like("RRAB9")
    with pytest.raises(ValueError, match=r"empty, failed|empty, rejected"):
        catalog.like("empty")
    with pytest.raises(ValueError, match="came from nowhere"):
        catalog.like("EA0", source="nowhere")
    old = shutil.copytree(small_run, tmp_path / "old")
    (old / "latent.parquet").unlink()
    with pytest.raises(ValueError, match=r"has no latent.parquet: an earlier version"):
        swope.open(old).like("EA0")

"""Cameras, sectors and observers with levels of their own are told; those of one level are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from swope.pipeline.ingest import IngestOptions
from tests.pipeline.ingest.reading import one
from tests.pipeline.ingest.star import ERR, JD, MAG, N, read, table

#: One after the other, and in turn.
BLOCKS, TURNS = np.arange(N) * 3 // N, np.arange(N) % 3


@pytest.mark.parametrize("name", ["quarter", "Camera", "telescope_id", "obsCode", "CCD", "Instrument", "sector"])
@pytest.mark.parametrize("part", [BLOCKS, TURNS], ids=["blocks", "in turn"])
def test_parts_at_levels_of_their_own_are_told(tmp_path: Path, name: str, part: np.ndarray) -> None:
    words = np.array(["a1", "b7", "c3"])[part]
    path = table(tmp_path, "x.csv", {"jd": JD, "mag": MAG + 2 * part, "err": ERR, name: words})
    caution = read(path).caution
    assert f"the levels of '{name}' lie up to" in caution
    assert "--columns band=4" in caution
    told = one(path, tmp_path / "scratch", IngestOptions(columns=(("band", "4"),)))
    assert told.bands == ("a1", "b7", "c3")
    assert not told.caution


@pytest.mark.parametrize("name", ["quarter", "camera", "observer"])
def test_parts_at_one_level_are_not(tmp_path: Path, name: str) -> None:
    for part in (BLOCKS, TURNS):
        path = table(tmp_path, "x.csv", {"jd": JD, "mag": MAG, "err": ERR, name: np.array(["a1", "b7", "c3"])[part]})
        assert "levels" not in read(path).caution


def test_what_is_no_part_of_the_instrument_is_not_judged(tmp_path: Path) -> None:
    path = table(tmp_path, "x.csv", {"jd": JD, "mag": MAG + 2 * TURNS, "err": ERR, "weather": TURNS})
    assert "levels" not in read(path).caution


def test_bands_have_levels_of_their_own_anyway(tmp_path: Path) -> None:
    columns = {"jd": JD, "mag": MAG + 2 * TURNS, "err": ERR, "filter": np.array(["V", "R", "I"])[TURNS], "cam": TURNS}
    assert "levels" not in read(table(tmp_path, "x.csv", columns)).caution
    columns["mag"] = MAG + 2 * TURNS + BLOCKS * 3
    columns["camera"] = np.array(["n", "s", "t"])[BLOCKS]
    assert "bring them to one level first" in read(table(tmp_path, "y.csv", columns)).caution

"""SNANA's pairs of FITS files: each star its own rows, whether the photometry is named, found beside, or packed."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from swope.pipeline.ingest import IngestOptions
from swope.pipeline.lightcurve import Clock
from tests.pipeline.ingest.reading import ingest

#: Rows of each star: the third has none.
LENGTHS = (5, 9, 0, 30)


def pair(folder: Path, packed: bool = False) -> tuple[Path, Path]:
    """HEAD and PHOT as the SNANA manual (4.36.1) and the README of DES-SN5YR describe them."""
    folder.mkdir(exist_ok=True)
    end = ".FITS.gz" if packed else ".FITS"
    head, phot = folder / f"DES_HEAD{end}", folder / f"DES_PHOT{end}"
    rows, first, last = [], [], []
    for star, length in enumerate(LENGTHS):
        first.append(len(rows) + 1)
        rows += [(57000.0 + 3 * i, "gr"[i % 2], 10.0 * star + i, 2.0, 0) for i in range(length)]
        last.append(len(rows))
        rows.append((-777.0, "-", 0.0, 0.0, 0))
    columns = dict(zip(("MJD", "BAND", "FLUXCAL", "FLUXCALERR", "PHOTFLAG"), zip(*rows, strict=True), strict=True))
    Table(columns).write(phot, format="fits")
    table = fits.BinTableHDU(
        Table(
            {
                "SNID": [f"SN{i}" for i in range(len(LENGTHS))],
                "RA": 10.0 + np.arange(len(LENGTHS)),
                "DEC": -5.0 * np.ones(len(LENGTHS)),
                "NOBS": LENGTHS,
                "PTROBS_MIN": np.array(first, dtype=np.int32),
                "PTROBS_MAX": np.array(last, dtype=np.int32),
            }
        )
    )
    fits.HDUList([fits.PrimaryHDU(header=fits.Header({"PHOTFILE": "DES_PHOT.FITS"})), table]).writeto(head)
    return head, phot


@pytest.mark.parametrize("named", ["both", "the folder", "the head"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("chunk_size", [2, 512])
def test_each_star_has_its_own_rows(tmp_path: Path, named: str, packed: bool, chunk_size: int) -> None:
    head, phot = pair(tmp_path / "in", packed)
    sources = {"both": [head, phot], "the folder": [head.parent], "the head": [head]}[named]
    curves, refused = ingest(sources, tmp_path / "s", IngestOptions(chunk_size=chunk_size))
    assert [(r.object_id, r.reason) for r in refused] == [("SN2", "no rows")]
    assert [(c.object_id, len(c)) for c in curves] == [("SN0", 5), ("SN1", 9), ("SN3", 30)]
    last = curves[-1]
    np.testing.assert_array_equal(last.value, 30.0 + np.arange(30))
    assert (last.kind, last.bands, last.ra, last.dec) == ("flux", ("g", "r"), 13.0, -5.0)
    assert last.clock == Clock("mjd")
    assert last.source == ";".join(p.as_posix() for p in (head, phot))


def test_photometry_without_its_head_is_not_one_star(tmp_path: Path) -> None:
    head, phot = pair(tmp_path)
    curves, refused = ingest([phot], tmp_path / "s")
    assert not curves
    assert "without the HEAD file" in refused[0].reason
    phot.unlink()
    curves, refused = ingest([head], tmp_path / "s")
    assert not curves
    assert refused[0].reason == "its photometry, DES_PHOT.FITS, is not beside it"


def test_pointers_beyond_the_photometry_are_said(tmp_path: Path) -> None:
    head, _ = pair(tmp_path)
    with fits.open(head, mode="update") as file:
        file[1].data["PTROBS_MAX"][3] = 10_000
    curves, refused = ingest([head], tmp_path / "s")
    assert not curves
    assert any("it points to row 10000 of" in entry.reason for entry in refused)


def test_a_packed_pair_within_an_archive_is_found(tmp_path: Path) -> None:
    import zipfile

    head, phot = pair(tmp_path / "in")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(head, "sim/DES_HEAD.FITS")
        archive.writestr("sim/DES_PHOT.FITS.gz", gzip.compress(phot.read_bytes()))
    curves, _ = ingest([tmp_path / "x.zip"], tmp_path / "s")
    assert [len(curve) for curve in curves] == [5, 9, 30]

"""Binary tables: the same values as astropy's, whatever the types; damage is said, and quickly."""

from __future__ import annotations

import gzip
import itertools
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from swope.pipeline.ingest import bytes as bytes_
from swope.pipeline.ingest.fits_table import DamagedError, cells, open_fits
from swope.pipeline.ingest.parts import UnusableError

#: Letters of types, and the arrays that fill them.
KINDS: dict[str, Any] = {
    "L": np.bool_, "B": np.uint8, "I": np.int16, "J": np.int32, "K": np.int64, "E": np.float32, "D": np.float64,
}  # fmt: skip


@st.composite
def columns(draw: st.DrawFn, rows: int, i: int) -> fits.Column:
    """A column of any plain type, perhaps with several numbers a cell, a scale, a zero, a null."""
    code = draw(st.sampled_from("LBIJKEDAX"))
    name = f"C{i}"
    if code == "A":
        text = draw(st.lists(st.text("abc XYZ012", max_size=5), min_size=rows, max_size=rows))
        return fits.Column(name, "5A", array=np.array(text, dtype="U5"))
    if code == "X":
        width = draw(st.integers(1, 19))
        return fits.Column(name, f"{width}X", array=draw(hnp.arrays(np.bool_, (rows, width))))
    width = draw(st.sampled_from([1, 1, 1, 3]))
    array = draw(hnp.arrays(KINDS[code], rows if width == 1 else (rows, width)))
    extra: dict[str, Any] = {}
    if code in "IJ":
        extra = draw(st.sampled_from([{}, {}, {"bzero": 2**15 if code == "I" else 2**31}, {"null": -9}]))
        if "bzero" in extra:
            array = np.abs(array.astype(np.int64)).astype(f"u{array.dtype.itemsize}")
    return fits.Column(name, f"{width}{code}", array=array, **extra)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_plain_type_reads_as_in_astropy(tmp_path: Path, data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 6))
    made = [data.draw(columns(rows, i)) for i in range(data.draw(st.integers(1, 5)))]
    path = tmp_path / "a.fits"
    fits.BinTableHDU.from_columns(made).writeto(path, overwrite=True)
    with open_fits(str(path)) as ours, fits.open(path) as theirs:
        table, oracle = ours.tables[0], theirs[1]
        stored = ours.rows(table)
        for column in table.columns:
            got, right = cells(table, stored, column.name), oracle.data[column.name]
            if column.code == "A":
                assert [str(cell).strip() for cell in right] == got.tolist()
            elif column.code == "X":
                bits = right.reshape(rows, -1)
                assert got.tolist() == [sum(1 << i for i, bit in enumerate(row) if bit) for row in bits]
            elif column.null is not None:
                np.testing.assert_array_equal(got, np.where(right == column.null, np.nan, right.astype(float)))
            else:
                np.testing.assert_array_equal(got, right)


@pytest.mark.parametrize("scaled", [{"bscale": 0.5}, {"bscale": 1e-3, "bzero": 2450000.0}])
def test_scaled_columns_are_scaled(tmp_path: Path, scaled: dict[str, float]) -> None:
    column = fits.Column("X", "J", array=np.array([1, 2, 30000]))
    hdu = fits.BinTableHDU.from_columns([column])
    for key, value in scaled.items():
        hdu.header[{"bscale": "TSCAL1", "bzero": "TZERO1"}[key]] = value
    hdu.writeto(tmp_path / "a.fits")
    with open_fits(str(tmp_path / "a.fits")) as file, fits.open(tmp_path / "a.fits") as oracle:
        got = cells(file.tables[0], file.rows(file.tables[0]), "X")
        np.testing.assert_array_equal(got, oracle[1].data["X"])
        assert got[0] != 1


def test_identifiers_of_64_bits_keep_their_last_digit(tmp_path: Path) -> None:
    ids = np.array([5707485527450614656, 5707485527450614657])
    unsigned = np.array([2**64 - 1, 2**63 + 1], dtype=np.uint64)
    fits.BinTableHDU.from_columns(
        [fits.Column("a", "K", array=ids), fits.Column("b", "K", array=unsigned, bzero=2**63)]
    ).writeto(tmp_path / "a.fits")
    with open_fits(str(tmp_path / "a.fits")) as file:
        table = file.tables[0]
        assert cells(table, file.rows(table), "a").tolist() == ids.tolist()
        assert cells(table, file.rows(table), "b").tolist() == unsigned.tolist()


@pytest.mark.parametrize("code", ["PD()", "PE()", "QD()", "PJ()"])
def test_lists_of_any_length_in_the_heap_are_read(tmp_path: Path, code: str) -> None:
    lists = [[1, 2, 3], [], [4]]
    cell = np.empty(3, dtype=object)
    cell[:] = [np.array(one, dtype=KINDS[code[1]]) for one in lists]
    fits.BinTableHDU.from_columns([fits.Column("x", code, array=cell)]).writeto(tmp_path / "a.fits")
    with open_fits(str(tmp_path / "a.fits")) as file:
        table = file.tables[0]
        flat, offsets = file.lists(table, file.rows(table), "x")
    assert table.column("x").is_list
    assert [flat[a:b].tolist() for a, b in itertools.pairwise(offsets)] == lists


def test_a_part_of_the_rows_and_packed_files(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    fits.BinTableHDU.from_columns([fits.Column("x", "D", array=np.arange(100.0))]).writeto(path)
    packed = tmp_path / "a.fits.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for one in (path, packed):
        with open_fits(str(one)) as file:
            table = file.tables[0]
            assert cells(table, file.rows(table, 97, 200), "x").tolist() == [97, 98, 99]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda b: b[: len(b) - 2880], "ends after"),
        (lambda b: b[:4000], "within a header"),
        (lambda b: b.replace(b"NAXIS2  =                  100", b"NAXIS2  =                   -1"), "NAXIS2 = -1"),
        (lambda b: b.replace(b"NAXIS1  =                    8", b"NAXIS1  =                    9"), "rows of 9 bytes"),
        (lambda b: b.replace(b"TFORM1  = 'D", b"TFORM1  = 'Z"), "TFORM1"),
        (lambda b: b.replace(b"END" + b" " * 77, b"XXX" + b" " * 77), "header"),
    ],
)
def test_damage_is_said(tmp_path: Path, damage: Any, words: str) -> None:
    path = tmp_path / "a.fits"
    fits.BinTableHDU.from_columns([fits.Column("x", "D", array=np.arange(1000.0)[:100])]).writeto(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedError, match=words), open_fits(str(path)) as file:
        file.rows(file.tables[0])


def test_a_header_without_end_and_a_bomb_are_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = b"COMMENT " + b"x" * 72
    (tmp_path / "long.fits").write_bytes(b"SIMPLE  =                    T".ljust(80) + card * (40_000_000 // 80))
    started = time.perf_counter()
    with pytest.raises(DamagedError, match="no end within"), open_fits(str(tmp_path / "long.fits")):
        pass
    assert time.perf_counter() - started < 2
    monkeypatch.setattr(bytes_, "ALWAYS_BYTES", 2**20)
    (tmp_path / "bomb.fits.gz").write_bytes(gzip.compress(b"\0" * 2**22))
    with pytest.raises(UnusableError, match="times its size"), open_fits(str(tmp_path / "bomb.fits.gz")):
        pass

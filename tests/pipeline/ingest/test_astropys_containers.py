"""VOTable, ECSV and MRT, which we read with our own code: whatever astropy writes, it and we read alike."""

from __future__ import annotations

import warnings
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io.votable import from_table, parse
from astropy.table import MaskedColumn, QTable, Table
from astropy.time import Time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swope.pipeline.ingest.readers import ecsv, mrt, votable
from swope.pipeline.ingest.table import Column
from swope.pipeline.lightcurve import Clock
from tests.pipeline.ingest.reading import ingest
from tests.pipeline.ingest.star import ERR, JD, MAG, N, is_the_star, read, refused
from tests.votables import write_votable

SERIALIZATIONS = ("tabledata", "binary", "binary2")

floats = st.floats(-1e30, 1e30)
cells = {
    "f8": floats,
    "f4": st.floats(-(2.0**99), 2.0**99, width=32),
    "i2": st.integers(-(2**15), 2**15 - 1),
    "i4": st.integers(-(2**31), 2**31 - 1),
    "i8": st.integers(-(2**63), 2**63 - 1),
    "u1": st.integers(0, 255),
    "bool": st.booleans(),
    "U12": st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=12),
}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A table of columns of any type, some cells of some masked."""
    n = draw(st.integers(1, 12))
    made = Table()
    for i, kind in enumerate(draw(st.lists(st.sampled_from(list(cells)), min_size=1, max_size=11))):
        values = np.array(draw(st.lists(cells[kind], min_size=n, max_size=n)), dtype=kind)
        mask = draw(st.lists(st.booleans(), min_size=n, max_size=n)) if kind[0] == "f" and draw(st.booleans()) else None
        made[f"c{i}"] = values if mask is None else MaskedColumn(values, mask=mask)
    return made


def same(column: Column, theirs: object) -> bool:
    """Whether a column of ours holds what astropy read."""
    masked = np.ma.asarray(theirs)
    mask = np.ma.getmaskarray(masked)
    if masked.dtype.kind in "USO":
        return column.words.tolist() == [str(word) for word in np.ma.filled(masked, "").tolist()]
    if masked.dtype.kind in "iu" and not mask.any():
        return np.array_equal(np.asarray(column.cells).astype(np.int64), np.ma.getdata(masked).astype(np.int64))
    kind = masked.dtype if masked.dtype.kind == "f" else np.dtype(np.float64)
    numbers = np.where(mask, np.nan, np.ma.getdata(masked).astype(kind))
    return np.array_equal(column.numbers.astype(kind), numbers, equal_nan=True)


@pytest.mark.parametrize("serialization", SERIALIZATIONS)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=tables())
def test_a_votable_is_what_astropy_reads(tmp_path: Path, serialization: str, written: Table) -> None:
    path = tmp_path / "x.vot"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_votable(written, path, serialization)
        theirs = Table.read(path, format="votable")
    (ours,) = votable._tables(str(path))
    assert list(ours.names) == theirs.colnames
    assert all(same(column, theirs[column.name]) for column in ours.columns)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=tables(), delimiter=st.sampled_from([" ", ","]))
def test_an_ecsv_is_what_astropy_reads(tmp_path: Path, written: Table, delimiter: str) -> None:
    path = tmp_path / "x.ecsv"
    written.write(path, format="ascii.ecsv", delimiter=delimiter, overwrite=True)
    theirs = Table.read(path, format="ascii.ecsv")
    (ours,) = ecsv._tables(str(path))
    assert list(ours.names) == theirs.colnames
    assert all(same(column, theirs[column.name]) for column in ours.columns)


def test_an_mrt_is_what_astropy_reads(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    names = [f"V{i} Oph" if i % 3 else "" for i in range(N)]
    written = Table({"HJD": JD * u.day, "Vmag": MaskedColumn(MAG, mask=np.arange(N) % 7 == 3), "Name": names})
    written.write(path, format="ascii.mrt")
    theirs = Table.read(path, format="ascii.mrt")
    (ours,) = mrt._tables(str(path))
    assert list(ours.names) == theirs.colnames
    assert ours.columns[0].unit == "d"
    assert all(same(column, theirs[column.name]) for column in ours.columns)


def test_the_null_that_an_mrt_states_is_no_value(tmp_path: Path) -> None:
    rule = "-" * 40
    head = f"Byte-by-byte Description of file: x.dat\n{rule}\n Bytes Format Units Label Explanations\n{rule}\n"
    fields = " 1-14 F14.5 d HJD Date\n16-21 F6.3 mag Vmag ?=9.9 Magnitude of the\n                 star\n"
    rows = "".join(f"{t:14.5f} {9.9 if i == 4 else m:6.3f}\n" for i, (t, m) in enumerate(zip(JD, MAG, strict=True)))
    (tmp_path / "x.txt").write_text(f"Title: x\n{head}{fields}{rule}\n{rows}")
    curve = read(tmp_path / "x.txt")
    assert (len(curve), curve.bands) == (N, ("V",))
    assert np.flatnonzero(~curve.usable).tolist() == [4]


@pytest.mark.parametrize("serialization", SERIALIZATIONS)
def test_lists_in_a_votables_cells_are_the_star(tmp_path: Path, serialization: str) -> None:
    cells = {"mjd": JD - 2400000.5, "mag": MAG, "magerr": ERR, "flag": (np.arange(N) == 3).astype(float)}
    one = Table({"id": ["a", "b"]})
    for name, column in cells.items():
        both = np.empty(2, dtype=object)
        both[:] = [column, column[:17]]
        one[name] = both
    write_votable(from_table(one), tmp_path / "words.vot")
    # astropy writes arrays in binary only of what it has read itself
    write_votable(parse(str(tmp_path / "words.vot")), tmp_path / "x.vot", serialization)
    curves, no = ingest([tmp_path / "x.vot"], tmp_path / "s")
    assert [(c.object_id, len(c), len(c.good)) for c in curves] == [("a", N, N - 1), ("b", 17, 16)], no
    assert is_the_star(read(_without_flag(tmp_path, one, serialization)))


def _without_flag(folder: Path, one: Table, serialization: str) -> Path:
    """The first star, its arrays of a declared length, beside a position of two numbers."""
    plain = Table({"id": ["a"], "place": [[10.0, 20.0]], **{n: [one[n][0]] for n in ("mjd", "mag", "magerr")}})
    write_votable(plain, folder / "y.vot", serialization)
    return folder / "y.vot"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<!DOCTYPE v [<!ENTITY a "b">]><VOTABLE><RESOURCE/></VOTABLE>', "defines entities"),
        ("<VOTABLE><RESOURCE><TABLE><FIELD name='a' datatype='int'/>", "no element found"),
        (
            "<VOTABLE><RESOURCE><TABLE><DATA><BINARY><STREAM href='x'/></BINARY></DATA></TABLE></RESOURCE></VOTABLE>",
            "another",
        ),
        (
            "<VOTABLE><RESOURCE><TABLE><FIELD name='a' datatype='int'/><DATA><BINARY><STREAM encoding='base64'>AAA="
            "</STREAM></BINARY></DATA></TABLE></RESOURCE></VOTABLE>",
            "no whole number of rows",
        ),
    ],
)
def test_a_broken_votable_is_refused_with_the_reason(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.vot").write_text(f"<?xml version='1.0'?>{text}")
    assert words in refused(tmp_path / "x.vot").reason


def test_a_timesys_states_zero_scale_and_place(tmp_path: Path) -> None:
    # IVOA VOTable 1.4, section 3.5
    rows = "".join(f"<TR><TD>{t - 2455197.5}</TD><TD>{m}</TD></TR>" for t, m in zip(JD, MAG, strict=True))
    (tmp_path / "x.vot").write_text(
        '<v:VOTABLE xmlns:v="http://www.ivoa.net/xml/VOTable/v1.3"><v:RESOURCE><v:TIMESYS ID="ts" '
        'timeorigin="2455197.5" timescale="TCB" refposition="BARYCENTER"/>'
        '<v:TABLE><v:PARAM name="object" datatype="char" value="V7"/>'
        '<v:FIELD name="obs_time" datatype="double" ref="ts"/><v:FIELD name="mag" datatype="float"/>'
        f"<v:DATA><v:TABLEDATA>{rows.replace('<', '<v:').replace('<v:/', '</v:')}</v:TABLEDATA></v:DATA></v:TABLE>"
        "</v:RESOURCE></v:VOTABLE>"
    )
    curve = read(tmp_path / "x.vot")
    assert (curve.object_id, curve.clock) == ("V7", Clock("jd", "tcb", "barycentric"))
    assert is_the_star(curve)


@pytest.mark.parametrize("format_", ["mjd", "isot", "jyear"])
@pytest.mark.parametrize("method", ["formatted_value", "jd1_jd2"])
def test_astropys_times_quantities_and_places_in_ecsv_are_read(tmp_path: Path, format_: str, method: str) -> None:
    time = Time(JD, format="jd", scale="tdb")
    time.format = format_
    time.info.serialize_method["ecsv"] = method
    place = SkyCoord(np.full(N, 10.0) * u.deg, np.full(N, -5.0) * u.deg)
    written = QTable({"when": time, "mag": MAG * u.mag, "mag_err": ERR * u.mag, "coord": place})
    written.meta["OBJECT"] = "V7"
    written.write(tmp_path / "x.ecsv", format="ascii.ecsv")
    curve = read(tmp_path / "x.ecsv")
    assert (curve.object_id, curve.clock) == ("V7", Clock("jd", "tdb"))
    np.testing.assert_allclose(curve.time, JD, atol=2e-5 if format_ == "jyear" else 1e-8)
    assert is_the_star(curve)


def test_a_mask_in_a_column_of_its_own_is_applied(tmp_path: Path) -> None:
    values = MaskedColumn(MAG, mask=np.arange(N) == 5)
    values.info.serialize_method["ecsv"] = "data_mask"
    Table({"jd": JD, "mag": values}).write(tmp_path / "x.ecsv", format="ascii.ecsv")
    curve = read(tmp_path / "x.ecsv")
    assert np.flatnonzero(~curve.usable).tolist() == [5]


def test_lists_in_ecsvs_cells_are_the_star(tmp_path: Path) -> None:
    both = {name: np.empty(2, dtype=object) for name in ("jd", "mag")}
    both["jd"][:], both["mag"][:] = [JD, JD[:9]], [MAG, MAG[:9]]
    Table({"id": ["a", "b"], **both}).write(tmp_path / "x.ecsv", format="ascii.ecsv")
    curves, no = ingest([tmp_path / "x.ecsv"], tmp_path / "s")
    assert [(c.object_id, len(c)) for c in curves] == [("a", N), ("b", 9)], no


@pytest.mark.parametrize("head", ["# %ECSV 1.0\n# ---\n# a: [\n", "# %ECSV 1.0\n# ---\n# meta: x\n", "# %ECSV 1.0\n"])
def test_a_broken_ecsv_is_refused_with_the_reason(tmp_path: Path, head: str) -> None:
    (tmp_path / "x.ecsv").write_text(f"{head}jd mag\n1 2\n3 4\n")
    assert "its header" in refused(tmp_path / "x.ecsv").reason

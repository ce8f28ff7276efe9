"""What `swope formats` says, and that the page of the formats says the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from swope.pipeline.ingest import IngestOptions
from swope.pipeline.ingest.formats import table_of_formats, taken_for
from swope.pipeline.ingest.formats_page import MARK, TESTS, page
from swope.pipeline.ingest.registry import readers
from swope.pipeline.ingest.said import parse_columns
from swope.pipeline.ingest.surveys import SURVEYS
from tests.pipeline.ingest.reading import ingest

DOCS = Path(__file__).parents[3] / "docs" / "formats.md"

ROWS = "".join(f"{51000.5 + t},{12 + t / 10:.1f},0.0{t + 1}\n" for t in range(8))


def test_a_file_is_told_with_what_was_chosen_and_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("MJD,mag,err,flux\n" + ROWS.replace("\n", ",7.5\n"))
    taken = taken_for(path)
    assert taken.readable
    assert taken.reader == "text"
    assert taken.lines[:2] == ("time 'MJD' (JD_unknown from mjd)", "mag 'mag' +- 'err'")
    assert "passed over: 'flux' (a constant)" in taken.lines


def test_what_is_refused_is_told_with_the_words_to_say(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("when,how,much\n" + ROWS)
    taken = taken_for(path)
    assert not taken.readable
    assert "--columns time=1,mag=2" in str(taken)
    assert taken_for(path, IngestOptions(columns=parse_columns("time=1,mag=2"))).readable
    path.write_text("")
    assert str(taken_for(path)) == "the file is empty"


@pytest.mark.parametrize(
    "content", [b"\x89PNG\0\0", b"Prose, and\nnothing else\n", b"PAR1" + b"\0" * 50, b"SIMPLE  = "]
)
def test_other_files_are_told_and_not_raised(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert not taken_for(path).readable


def test_what_is_told_is_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("JD,Vmag,e_Vmag\n" + "\n".join(f"24{row}" for row in ROWS.splitlines()))
    curves, _ = ingest([path], tmp_path / "s")
    assert all(line in curves[0].read_as for line in taken_for(path).lines if not line.startswith("passed"))


def test_a_large_file_is_told_by_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    rng = np.random.default_rng(2)
    with open(path, "w") as file:
        file.write("id,mjd,mag,magerr\n")
        for _ in range(40):
            file.write("".join(f"s{i},{53000 + i / 7:.4f},{rng.normal(15, 1):.3f},0.02\n" for i in range(5000)))
    assert taken_for(path).lines[:2] == ("time 'mjd' (JD_unknown from mjd)", "mag 'mag' +- 'magerr'")


def test_the_page_of_the_formats_is_what_the_code_knows() -> None:
    kept, _, made = DOCS.read_text().partition(MARK)
    assert made.strip() == page().strip(), "python -m swope.pipeline.ingest.formats_page makes it again"
    assert "--columns time=2,mag=3,mag_err=4" in kept
    told = table_of_formats()
    assert all(f"  {reader.name} " in told for reader in readers())
    assert all(survey.name in told for survey in SURVEYS)


def test_the_tests_that_the_page_names_are_there() -> None:
    folder = Path(__file__).parent
    assert set(TESTS) == {reader.name for reader in readers()}
    assert all((folder / name).exists() for names in TESTS.values() for name in names.split(", "))


def test_no_container_costs_the_import_of_astropy(tmp_path: Path) -> None:
    # it takes longer than the half second that an answer may
    star = Table({"HJD": 2455000.5 + np.arange(9.0), "Vmag": 12 + np.arange(9) / 10})
    for name, written in (("x.vot", "votable"), ("x.fits", "fits"), ("x.csv", "ascii.csv")):
        star.write(tmp_path / name, format=written)
    for written in ("ecsv", "mrt", "ipac"):
        star.write(tmp_path / f"x.{written}", format=f"ascii.{written}")
    (tmp_path / "x.json").write_text(json.dumps({name: star[name].tolist() for name in star.colnames}))
    code = (
        "import sys; from swope.pipeline.ingest.formats import taken_for; "
        "assert all(taken_for(path).readable for path in sys.argv[1:]); print('astropy' in sys.modules)"
    )
    paths = sorted(map(str, tmp_path.glob("x.*")))
    said = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"

"""The kinds of wrong reading (issue 17): columns, stars, differences, flags; in shapes that `reader_cases/` lacks.

The shapes follow the surveys' own descriptions of their columns, cited where they are used. Clocks, fillers and formats
stand in test_kinds_numbers.py; sidecars (4) in test_hats.py, repeats (9) in test_clean.py, dialects (11) in
test_dialect.py and test_unpack.py, the containers' own types (13) in test_lists.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.pipeline.ingest import IngestOptions
from swope.pipeline.ingest.readers import text
from swope.pipeline.ingest.said import parse_columns
from swope.pipeline.lightcurve import Clock, Mask
from tests.pipeline.ingest.reading import ingest
from tests.pipeline.ingest.star import ERR, JD, MAG, N, headerless, is_the_star, read, read_all, refused, table

# 1: a column is chosen by what is in it


def test_a_barycentric_column_that_is_nearly_empty_gives_way_to_a_full_one(tmp_path: Path) -> None:
    bjd = np.where(np.arange(N) < 3, JD, np.nan)
    curve = read(table(tmp_path, "x.csv", {"BJD_TDB": bjd, "MJD": JD - 2400000.5, "mag": MAG, "err": ERR}))
    assert is_the_star(curve)
    assert curve.clock == Clock("mjd")
    assert "'BJD_TDB' (filled in 3 of 40 rows)" in curve.read_as


def test_an_exposures_start_and_length_give_way_to_its_middle(tmp_path: Path) -> None:
    columns = {"exptime": 30.0, "jd_start": JD - 0.01, "jd_mid": JD, "mag": MAG, "mag_err": ERR}
    curve = read(table(tmp_path, "x.csv", columns))
    assert is_the_star(curve)
    assert "'jd_start'" in curve.read_as


def test_catalogue_magnitudes_that_do_not_vary_are_passed_over(tmp_path: Path) -> None:
    curve = read(table(tmp_path, "x.csv", {"jd": JD, "Vmag": 14.02, "Rmag": MAG, "e_Rmag": ERR, "Kmag": 12.5}))
    assert is_the_star(curve)
    assert curve.bands == ("R",)
    assert "'Vmag' (a constant)" in curve.read_as


@pytest.mark.parametrize("name", ["MJD", "HJD", "time [h]"])
def test_an_hour_of_the_day_is_not_preferred_to_a_doubtful_clock(tmp_path: Path, name: str) -> None:
    hours = np.random.default_rng(5).uniform(0, 24, N).round(3)
    numbers = JD - JD[0] if "[h]" in name else JD - (0 if name == "MJD" else 2450000)
    curve = read(table(tmp_path, "x.csv", {"Time": hours, name: numbers * (24 if "[h]" in name else 1), "mag": MAG}))
    np.testing.assert_allclose(curve.time, numbers, atol=1e-6)
    assert curve.clock == Clock()
    assert ("contradict it" in curve.caution) == ("[h]" not in name)


def test_two_columns_that_may_both_be_the_time_are_a_caution(tmp_path: Path) -> None:
    curve = read(table(tmp_path, "x.csv", {"t": JD - JD[0], "time": np.arange(N) ** 2 * 0.7, "mag": MAG}))
    assert "may be it too" in curve.caution


# 2: what a headerless table's columns cannot be


@pytest.mark.parametrize(
    "before",
    [(np.arange(N) % 3,), (np.arange(1, N + 1),), (np.arange(N), np.arange(N) % 4), (7.25,), ("cam1",)],
    ids=["a camera", "an index from 1", "an index and a camera", "a constant", "words"],
)
def test_what_cannot_be_time_stands_before_the_dates(tmp_path: Path, before: tuple[object, ...]) -> None:
    assert is_the_star(read(headerless(tmp_path, *before, JD, MAG, ERR)))


def test_a_second_date_or_a_constant_is_no_brightness(tmp_path: Path) -> None:
    assert is_the_star(read(headerless(tmp_path, JD, JD + 0.003, MAG, ERR)))
    assert is_the_star(read(headerless(tmp_path, JD, 30.0, MAG, ERR)))


def test_dates_after_something_unknown_are_refused_with_the_words_to_say(tmp_path: Path) -> None:
    path = headerless(tmp_path, MAG, ERR, JD)
    said = refused(path).reason
    assert "column 3 looks like the time, and what column 1 is nobody says" in said
    assert "--columns time=1,mag=2" in said
    assert is_the_star(read(path, columns=parse_columns("time=3,mag=1,mag_err=2")))


def test_columns_may_be_said_by_name_and_not_by_one_that_is_not_there(tmp_path: Path) -> None:
    path = table(tmp_path, "x.csv", {"when": JD, "how bright": MAG, "give or take": ERR})
    assert "no value column" in refused(path).reason
    said = parse_columns("time=when,mag=how bright,mag_err=3")
    assert is_the_star(read(path, columns=said))
    assert "no column tomorrow" in refused(path, columns=parse_columns("time=tomorrow,mag=2")).reason


@pytest.mark.parametrize("text", ["time", "time=", "tide=2", "time=1,time=2", "", "=3"])
def test_columns_that_cannot_be_meant_are_a_message(text: str) -> None:
    with pytest.raises(ValueError, match="--columns"):
        parse_columns(text)


# 3: several stars in one table


def doubled(folder: Path, name: str, ids: tuple[str, str]) -> Path:
    columns = {name: np.where(np.arange(N) < N // 2, *ids), "jd": JD, "mag": MAG, "err": ERR}
    return table(folder, "x.csv", columns)


@pytest.mark.parametrize(
    "name",
    [
        "MasterID",
        "asas_sn_id",
        "SNID",
        "TIC",
        "KIC",
        "gaia_source_id",
        "objID",
        "STAR_NAME",
        "diaObjectId",
        "designation",
    ],
)
def test_the_fields_names_of_a_stars_column_are_known(tmp_path: Path, name: str) -> None:
    curves, no = ingest([doubled(tmp_path, name, ("123", "456"))], tmp_path / "s")
    assert not no
    assert [curve.object_id for curve in curves] == ["123", "456"]


@pytest.mark.parametrize(
    "name", ["wise_src_identifier", "EB_name", "cvso_id", "my star", "skymapper_id", "Magellan_ID"]
)
def test_an_unknown_column_with_several_names_is_refused(tmp_path: Path, name: str) -> None:
    path = doubled(tmp_path, name, ("p", "q"))
    said = refused(path).reason
    assert "2 different values" in said
    assert "--columns id=1" in said
    curves, _ = ingest([path], tmp_path / "s", IngestOptions(columns=parse_columns(f"id={name}")))
    assert [curve.object_id for curve in curves] == ["p", "q"]
    assert is_the_star(read(path, columns=parse_columns("id=none")))


def test_names_of_nineteen_digits_stay_whole_beside_a_missing_one(tmp_path: Path) -> None:
    # Gaia's source_id and Rubin's diaObjectId have more digits than a floating number holds
    first, second = 4158840442172717440, 4158840442172717441
    ids = pa.array([first] * 20 + [second] * 19 + [None], pa.int64())
    pq.write_table(pa.table({"diaObjectId": ids, "jd": JD, "mag": MAG}), tmp_path / "x.parquet")
    curves, _ = ingest([tmp_path / "x.parquet"], tmp_path / "s")
    assert [(c.object_id, len(c)) for c in curves if c.object_id.isdigit()] == [(str(first), 20), (str(second), 19)]
    pq.write_table(
        pa.table({"diaObjectId": ids.cast(pa.float64(), safe=False), "jd": JD, "mag": MAG}), tmp_path / "y.parquet"
    )
    curves, _ = ingest([tmp_path / "y.parquet"], tmp_path / "s2")
    assert all("more than 15 digits" in c.caution for c in curves)
    written = table(tmp_path, "z.csv", {"source_id": "4.158840442172717e+18", "jd": JD, "mag": MAG})
    assert "more than 15 digits" in read(written).caution


def test_one_time_with_many_values_in_one_band_is_several_stars(tmp_path: Path) -> None:
    path = table(tmp_path, "x.csv", {"jd": np.repeat(JD[: N // 2], 2), "mag": MAG, "err": ERR})
    assert "most times have several values in one band" in refused(path).reason


# 5: difference photometry


def test_a_difference_with_sign_and_reference_is_the_stars_magnitude(tmp_path: Path) -> None:
    # ZTF alert schema: magpsf of the difference, isdiffpos its sign, magnr the reference's magnitude (Lasair, Fink)
    reference = 14.0
    flux = 10 ** (-0.4 * MAG) - 10 ** (-0.4 * reference)
    columns = {
        "oid": "ZTF20a",
        "jd": JD,
        "fid": 2,
        "magpsf": -2.5 * np.log10(np.abs(flux)),
        "sigmapsf": ERR,
        "magnr": reference,
        "isdiffpos": np.where(flux > 0, "t", "f"),
    }
    curve = read(table(tmp_path, "x.csv", columns))
    assert is_the_star(curve)
    assert (curve.kind, curve.bands) == ("mag", ("r",))


def test_a_difference_without_reference_is_a_flux_with_its_sign(tmp_path: Path) -> None:
    sign = np.where(np.arange(N) % 2, 1, -1)
    columns = {"oid": "ZTF20a", "mjd": JD - 2400000.5, "fid": 1, "magpsf": MAG, "sigmapsf": ERR, "isdiffpos": sign}
    curve = read(table(tmp_path, "x.csv", columns))
    assert (curve.kind, curve.unit, curve.bands) == ("flux", "uJy", ("g",))
    np.testing.assert_allclose(curve.value, sign * 3.631e9 * 10 ** (-0.4 * MAG))
    np.testing.assert_allclose(curve.error, np.abs(curve.value) * ERR * np.log(10) / 2.5)


def test_fluxes_with_a_zero_point_a_row_are_brought_to_one(tmp_path: Path) -> None:
    # sncosmo: zp is the magnitude of flux 1, in the system zpsys
    flux, zp = 100 + 10 * np.sin(JD), np.where(np.arange(N) % 2, 25.0, 27.5)
    scale = 10 ** (0.4 * (zp - 25))
    columns = {"time": JD - 2400000.5, "band": "sdssg", "flux": flux * scale, "fluxerr": scale, "zp": zp, "zpsys": "ab"}
    curve = read(table(tmp_path, "x.csv", columns))
    np.testing.assert_allclose(curve.value, flux)
    np.testing.assert_allclose(curve.error, 1)


# 6: flags, bands and ids in any container


@pytest.mark.parametrize("way", ["whole", "staged"])
def test_ztf_flags_and_filters_by_number_are_known_and_its_oids_joined_by_position(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "staged":
        monkeypatch.setattr(text, "WHOLE_BYTES_OF_MANY", 0)
    # ZTF public data release notes, section 9: catflags with bit 15 are to be discarded; oid is a star in one filter
    columns = {
        "oid": np.where(np.arange(N) % 2, "700110", "700210"),
        "hjd": JD,
        "mag": MAG,
        "magerr": ERR,
        "catflags": np.where(np.arange(N) == 5, 32768, np.arange(N) % 2),
        "fid": np.arange(N) % 2 + 1,
        "ra": 150.1 + np.arange(N) % 2 * 1e-5,
        "dec": 2.2,
    }
    curve = read(table(tmp_path, "x.csv", columns))
    assert (curve.object_id, curve.bands, len(curve)) == ("700110", ("g", "r"), N)
    assert np.count_nonzero(curve.mask) == 1
    assert curve.clock == Clock("jd", frame="heliocentric")
    apart = read_all(table(tmp_path, "y.csv", columns | {"ra": 150.1 + np.arange(N) % 2 * 1e-3}))
    assert [star.object_id for star in apart] == ["700110", "700210"]


def test_wide_columns_with_quality_in_an_ipac_table_are_bands(tmp_path: Path) -> None:
    # NEOWISE explanatory supplement, II.2.a: w1mpro +- w1sigmpro, w2mpro +- w2sigmpro; qual_frame 0 is a bad frame
    names = ("mjd", "w1mpro", "w1sigmpro", "w2mpro", "w2sigmpro", "qual_frame")
    lines = [
        "|" + "|".join(f"{name:>14}" for name in names) + "|",
        "|" + "|".join(f"{'double':>14}" for _ in names) + "|",
    ]
    for i in range(N):
        row = (JD[i] - 2400000.5, MAG[i], ERR[i], "null" if i == 3 else MAG[i] - 0.3, "null" if i == 3 else ERR[i])
        lines.append(" " + " ".join(f"{cell!s:>14.14}" for cell in (*row, 0 if i == 7 else 10)))
    (tmp_path / "x.tbl").write_text("\n".join(lines) + "\n")
    curve = read(tmp_path / "x.tbl")
    assert (curve.bands, curve.kind, len(curve)) == (("W1", "W2"), "mag", 2 * N - 1)
    assert np.count_nonzero(curve.mask & int(Mask.QUALITY)) == 2


@pytest.mark.parametrize(
    ("flag", "words", "bad"),
    [
        ("rejected", ("true", "false"), "true"),
        ("dq", (0, 4), 4),
        ("good", (1, 0), 0),
        ("is_outlier", ("N", "Y"), "Y"),
        ("GRADE", ("A", "D"), "D"),
        ("Quality", ("G", "B"), "B"),
        ("isvalid", ("True", "False"), "False"),
        ("bad_phot", ("A", "D"), "D"),
        ("badness", (0, 2), 2),
        ("IsSaturated", ("False", "True"), "True"),
    ],
)
def test_flags_by_other_names_leave_rows_out(
    tmp_path: Path, flag: str, words: tuple[object, object], bad: object
) -> None:
    other = words[0] if words[1] == bad else words[1]
    marks = np.where(np.arange(N) % 8 == 3, str(bad), str(other))
    curve = read(table(tmp_path, "x.csv", {"jd": JD, "mag": MAG, "err": ERR, flag: marks}))
    assert np.flatnonzero(curve.mask).tolist() == np.flatnonzero(marks == str(bad)).tolist()


def test_a_flag_whose_words_nobody_knows_is_a_caution(tmp_path: Path) -> None:
    columns = {"jd": JD, "mag": MAG, "err": ERR, "quality": np.where(np.arange(N) % 2, "alpha", "omega")}
    curve = read(table(tmp_path, "x.csv", columns))
    assert not curve.mask.any()
    assert "'quality', whose words 'alpha', 'omega' are not known" in curve.caution
    columns = {"jd": JD, "mag": MAG, "err": ERR, "sky_flag_bits": np.arange(N) % 2}
    assert "'sky_flag_bits', a flag whose meaning is not known" in read(table(tmp_path, "y.csv", columns)).caution


def test_bands_by_number_are_the_surveys(tmp_path: Path) -> None:
    # PLAsTiCC (arXiv:1810.00001): passband 0 to 5 is ugrizy
    # Pan-STARRS1 (Flewelling et al. 2020, ApJS 251, 7): filterID 1 to 5 is grizy
    flux = 1000 + 50 * np.sin(JD)
    columns = {"object_id": 615, "mjd": JD - 2400000.5, "passband": np.arange(N) % 6, "flux": flux, "flux_err": 5.0}
    curve = read(table(tmp_path, "x.csv", columns))
    assert (curve.object_id, curve.bands, curve.kind) == ("615", ("g", "i", "r", "u", "y", "z"), "flux")
    columns = {
        "objID": 1,
        "filterID": np.arange(N) % 5 + 1,
        "obsTime": JD - 2400000.5,
        "psfFlux": flux / 1e6,
        "psfFluxErr": 1e-6,
        "psfQfPerfect": np.where(np.arange(N) == 9, 0.2, 0.99),
    }
    curve = read(table(tmp_path, "y.csv", columns))
    assert (curve.bands, curve.unit, curve.clock) == (("g", "i", "r", "y", "z"), "Jy", Clock("mjd", "tai"))
    assert np.flatnonzero(curve.mask).tolist() == [9]

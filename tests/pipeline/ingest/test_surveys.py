"""Surveys' own rules, in the shapes that their column descriptions give; the sources are cited."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.table import Table

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import Clock, Mask
from tests.pipeline.ingest.star import ERR, JD, MAG, N, is_the_star, read, refused, table
from tests.votables import write_votable

ROW = np.arange(N)
FLUX = 1000 + 50 * np.sin(JD)


def flagged(path: Path) -> list[int]:
    """Rows that the source marks, of a file in order of time."""
    return np.flatnonzero(read(path).mask & int(Mask.QUALITY)).tolist()


def test_ztfs_forced_photometry_as_the_service_sends_it(tmp_path: Path) -> None:
    # Masci et al. 2023 (arXiv:2305.16279), section 6: infobitssci, scisigpix and sciinpseeing tell unusable rows; the
    # names stand between commas, the cells between blanks, and nothing is null
    columns = {
        "index": ROW,
        "filter": np.where(ROW % 2, "ZTF_g", "ZTF_r"),
        "infobitssci": np.where(ROW == 3, 33554432, 0),
        "sciinpseeing": np.where(ROW == 4, 4.2, 2.1),
        "scisigpix": np.where(ROW == 5, 25.5, 8.0),
        "zpdiff": 26.2,
        "jd": JD,
        "forcediffimflux": np.where(ROW == 6, "null", FLUX.round(3).astype(str)),
        "forcediffimfluxunc": 5.0,
    }
    path = table(tmp_path, "x.txt", columns, between=" ", head="# Requested input R.A. = 170.4 degrees\n")
    names, _, rows = path.read_text().partition("\nindex")[2].partition("\n")
    head = path.read_text().partition("\nindex")[0]
    path.write_text(f"{head}\nindex{', '.join(names.split(' '))}\n{rows}")
    curve = read(path)
    assert flagged(path) == [3, 4, 5]
    assert (curve.kind, curve.bands, np.count_nonzero(curve.mask)) == ("flux", ("ZTF_g", "ZTF_r"), 4)
    np.testing.assert_allclose(curve.value[:3], FLUX[:3].round(3) * 10 ** (-0.4 * 1.2))


def test_lasairs_forced_fluxes_go_before_its_differences_and_these_have_signs(tmp_path: Path) -> None:
    columns = {
        "MJD": JD - 2400000.5,
        "filter": "g",
        "unforced_mag": MAG,
        "unforced_mag_error": ERR,
        "unforced_mag_status": np.where(ROW == 7, "limit", np.where(ROW % 2, "positive", "negative")),
    }
    curve = read(table(tmp_path, "x.csv", columns))
    assert (curve.kind, curve.unit, np.flatnonzero(curve.mask).tolist()) == ("flux", "uJy", [7])
    np.testing.assert_array_equal(np.sign(curve.value[:6]), [-1, 1, -1, 1, -1, 1])
    forced = read(table(tmp_path, "y.csv", columns | {"forced_ujy": FLUX, "forced_ujy_error": 5.0}))
    np.testing.assert_allclose(forced.value, FLUX)
    nothing = table(tmp_path, "z.csv", columns | {"forced_ujy": "", "forced_ujy_error": ""})
    assert "no finite value in 40 rows of 'forced_ujy'" in refused(nothing).reason


def test_neowises_scores_and_artifacts_leave_rows_out(tmp_path: Path) -> None:
    # NEOWISE explanatory supplement, II.3: framesets near the anomaly or in moonlight, capitals of spurious detections
    columns = {
        "mjd": JD - 2400000.5,
        "w1mpro": MAG,
        "w1sigmpro": ERR,
        "w2mpro": MAG - 0.2,
        "w2sigmpro": ERR,
        "cc_flags": np.where(ROW == 1, "D000", np.where(ROW == 2, "d000", "0000")),
        "qual_frame": np.where(ROW == 3, 0, 10),
        "qi_fact": np.where(ROW == 4, 0.0, 1.0),
        "saa_sep": np.where(ROW == 5, -3.0, 60.0),
        "moon_masked": np.where(ROW == 6, "11", "00"),
    }
    path = table(tmp_path, "x.csv", columns)
    curve = read(path)
    assert curve.bands == ("W1", "W2")
    assert sorted(set(curve.time[flagged(path)])) == sorted(JD[[1, 3, 4, 5, 6]])


def test_daschs_times_are_heliocentric_and_its_standard_rejections_hold(tmp_path: Path) -> None:
    # daschlab: "time" is the HJD of mid-exposure; magcal_magdep is preferred; AFLAGS bits 7, 12, 13, 14 and 16 reject
    columns = {
        "date_jd": JD,
        "magcal_iso": MAG + 0.3,
        "magcal_magdep": np.where(ROW == 2, np.nan, MAG),
        "magcal_local_rms": ERR,
        "limiting_mag_local": 15.5,
        "aflags": np.where(ROW == 4, 1 << 6, np.where(ROW == 5, 1 << 13, np.where(ROW == 6, 1 << 30, 0))),
        "bflags": 1 << 16,
    }
    path = table(tmp_path, "x.csv", columns)
    assert flagged(path) == [4, 5]
    curve = read(path)
    assert curve.clock == Clock("jd", frame="heliocentric")
    np.testing.assert_allclose(curve.value[6], MAG[6])


def test_superwasps_table_of_the_exoplanet_archive_has_its_zero(tmp_path: Path) -> None:
    # DR1 at the NASA Exoplanet Archive: JD_REF = 2453005.5; TMID 73862495 s is HJD 2453860.389988
    names = ("TMID", "FLUX2", "TAMFLUX2", "TAMFLUX2_ERR", "FLAG", "HJD", "TAMMAG2")
    lines = ["\\OBJNAME = '1SWASP J150658.93-313838.9'", "|" + "|".join(f"{name:>14}" for name in names) + "|"]
    seconds = 73862495 + np.round(np.cumsum(np.full(N, 40000.0) + ROW)).astype(int)
    for i in range(N):
        hjd = 2453005.5 + seconds[i] / 86400
        row = (seconds[i], FLUX[i], FLUX[i], 1.5, 0, f"{hjd:.6f}", 9.1)
        lines.append(" " + " ".join(f"{cell!s:>14.14}" for cell in row))
    (tmp_path / "x.tbl").write_text("\n".join(lines) + "\n")
    curve = read(tmp_path / "x.tbl")
    assert curve.object_id == "1SWASP J150658.93-313838.9"
    assert curve.clock == Clock("jd", "utc", "heliocentric")
    np.testing.assert_allclose(curve.time, 2453005.5 + seconds / 86400, atol=1e-6)


def test_aavsos_uncertain_estimates_are_estimates(tmp_path: Path) -> None:
    # AAVSO, format of downloaded data: "<" is fainter than, ":" is uncertain; flag T was found discrepant
    estimates = np.where(ROW % 5 == 1, [f"{m}:" for m in MAG], MAG.astype(str))
    columns = {
        "JD": JD,
        "Magnitude": estimates,
        "Uncertainty": ERR,
        "Band": "Vis.",
        "Validation Flag": np.where(ROW == 8, "T", "Z"),
        "Star Name": "SS CYG",
    }
    path = table(tmp_path, "x.csv", columns)
    assert flagged(path) == [8]
    assert len(clean(read(path)).good) == N - 1


def test_aavsos_visual_reports_are_read_with_their_clock(tmp_path: Path) -> None:
    # AAVSO visual file format 1.0: the parameters and the names stand in comments
    head = "#TYPE=Visual\n#OBSCODE=TST\n#SOFTWARE=none\n#DELIM=,\n#DATE=JD\n#OBSTYPE=Visual\n#"
    columns = {"NAME": "SS CYG", "DATE": JD, "MAG": MAG, "COMMENTCODE": "na", "COMP1": 110, "COMP2": 113, "CHART": "x"}
    curve = read(table(tmp_path, "x.txt", columns, head=head))
    assert is_the_star(curve)
    assert (curve.object_id, curve.clock) == ("SS CYG", Clock("jd"))


def test_hats_text_has_its_grades(tmp_path: Path) -> None:
    # data.hatsurveys.org: TF1 +- IE1 with the grade IQ1, G for good; HATPI writes 0 for good
    grades = np.where(ROW == 9, "X", "G")
    path = table(tmp_path, "x.txt", {"BJD": JD, "TF1": MAG, "IE1": ERR, "IQ1": grades, "TF2": MAG + 0.1}, between=" ")
    assert flagged(path) == [9]
    assert read(path).clock == Clock("jd", frame="barycentric")


def test_the_brokers_and_simulations_fluxes_and_magnitudes_are_the_surveys(tmp_path: Path) -> None:
    mjd = JD - 2400000.5
    # ALeRCE API, second release: mag_corr +- e_mag_corr_ext is the star's, mag the difference's; corrected false is not
    columns = {"oid": "ZTF20a", "mjd": mjd, "fid": 1, "mag": MAG + 3, "e_mag": ERR, "mag_corr": MAG, "e_mag_corr": ERR}
    path = table(tmp_path, "a.csv", {**columns, "e_mag_corr_ext": ERR, "corrected": ROW != 3, "dubious": ROW == 4})
    assert flagged(path) == [3, 4]
    assert read(path).bands == ("g",)
    np.testing.assert_allclose(read(path).value, MAG)
    # Rubin DP1, DiaSource: scienceFlux is the star's, psfFlux the difference's; nanojansky
    columns = {"diaObjectId": 7, "midpointMjdTai": mjd, "band": "r", "psfFlux": FLUX - 900, "psfFluxErr": 1.0}
    path = table(tmp_path, "b.csv", {**columns, "scienceFlux": FLUX, "scienceFluxErr": 2.0, "psfFlux_flag": ROW == 5})
    curve = read(path)
    assert (curve.object_id, curve.unit, flagged(path)) == ("7", "nJy", [5])
    np.testing.assert_allclose(curve.value, FLUX)
    # ELAsTiCC, DiaSource of the alerts: midPointTai, psFlux +- psFluxErr, filterName
    columns = {"diaObjectId": 9, "midPointTai": mjd, "filterName": "g", "psFlux": FLUX, "psFluxErr": 1.0}
    curve = read(table(tmp_path, "c.csv", columns))
    assert (curve.clock, curve.unit, curve.bands) == (Clock("mjd", "tai"), "nJy", ("g",))


def test_gaias_earlier_epochs_count_from_the_same_zero(tmp_path: Path) -> None:
    # Gaia DR2 documentation, epoch photometry: time is BJD_TCB - 2455197.5
    columns = {"source_id": 42, "transit_id": ROW, "band": "G", "time": JD - 2455197.5, "mag": MAG}
    curve = read(table(tmp_path, "x.csv", columns))
    assert is_the_star(curve)
    assert curve.clock == Clock("jd", "tcb", "barycentric")


def gaia_wide(n: int = N) -> dict[str, np.ndarray]:
    """Gaia DR3's epochs with the three bands side by side, BP and RP some seconds after G."""
    time = (JD - 2455197.5).round(5)
    columns: dict[str, np.ndarray] = {"transit_id": np.arange(n) * 1000 + 17}
    bands = (("g_transit", "g_transit_time", "g", 0), ("bp", "bp_obs_time", "bp", 5e-4))
    for stem, at, band, later in (*bands, ("rp", "rp_obs_time", "rp", 6e-4)):
        mag = MAG + {"g": 0.0, "bp": 0.5, "rp": -0.4}[band]
        flux = 10 ** (-0.4 * (mag - 25.0))
        columns |= {at: time + later, f"{stem}_flux": flux, f"{stem}_flux_error": flux / 50, f"{stem}_mag": mag}
        columns |= {f"{stem}_flux_over_error": np.full(n, 50.0), f"variability_flag_{band}_reject": np.full(n, False)}
    columns["bp_mag"], columns["bp_obs_time"] = columns["bp_mag"].copy(), columns["bp_obs_time"].copy()
    columns["bp_mag"][3] = columns["bp_obs_time"][3] = np.nan  # no such transit in BP
    columns["variability_flag_rp_reject"][5] = True
    columns["rejected_by_photometry"] = ROW == 7
    return columns


def test_gaias_bands_side_by_side_have_their_own_times_errors_and_flags(tmp_path: Path) -> None:
    # Gaia DR3 documentation, 20.7.1 vari_epoch_photometry; the same columns a row a transit from DataLink
    flat = {"source_id": np.full(N, 4158840442172717440), **gaia_wide()}
    nested = {name: [cells.tolist()] for name, cells in gaia_wide().items()}
    one = pa.table({"source_id": pa.array([4158840442172717440]), **nested})
    Table(flat).write(tmp_path / "a.csv")
    write_votable(Table(flat), tmp_path / "b.vot", "binary2")
    Table(flat).write(tmp_path / "c.fits")
    listed = Table({n: [c[0]] if n == "source_id" else _listed(c) for n, c in flat.items()})
    write_votable(listed, tmp_path / "d.vot")
    pq.write_table(one, tmp_path / "e.parquet")
    for path in sorted(tmp_path.glob("?.*")):
        curve = read(path)
        where = path.name
        assert (curve.object_id, curve.bands) == ("4158840442172717440", ("BP", "G", "RP")), where
        assert curve.clock == Clock("jd", "tcb", "barycentric"), where
        assert not curve.caution, where
        for band, later, offset, gone in (("G", 0, 0, {7}), ("BP", 5e-4, 0.5, {3, 7}), ("RP", 6e-4, -0.4, {5, 7})):
            own = curve.usable & (np.array(curve.bands)[curve.band] == band)
            there = np.array([i for i in range(N) if i not in gone])
            np.testing.assert_allclose(curve.time[own], JD[there] + later, atol=2e-5, err_msg=where)
            np.testing.assert_allclose(curve.value[own], MAG[there] + offset, atol=1e-9, err_msg=where)
            np.testing.assert_allclose(curve.error[own], 2.5 / np.log(10) / 50, err_msg=where)


def _listed(cells: np.ndarray) -> np.ndarray:
    made = np.empty(1, dtype=object)
    made[0] = cells
    return made


def test_gaias_fluxes_are_read_where_there_are_no_magnitudes(tmp_path: Path) -> None:
    columns = {name: cells for name, cells in gaia_wide().items() if not name.endswith("_mag")}
    curve = read(table(tmp_path, "x.csv", {"source_id": 42, **columns}))
    assert (curve.kind, curve.unit, curve.bands) == ("flux", "electron / s", ("BP", "G", "RP"))
    np.testing.assert_allclose(curve.error / curve.value, 0.02)

"""Files as surveys and people write them, each with a README that says what is right: the real folder, where it is.

The shapes that the folder does not hold are in `test_kinds.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from swope.pipeline.clean import clean, why_masked
from swope.pipeline.ingest import IngestOptions
from swope.pipeline.lightcurve import Clock, LightCurve
from swope.pipeline.period import PeriodOptions, find_period
from tests.pipeline.ingest.reading import ingest, one
from tests.real_data import real_data

#: The star of most built cases, SDSS Stripe 82 RR Lyrae 1671222 (Sesar et al. 2010).
RR_LYRAE = 0.60348

HELIO = Clock("jd", frame="heliocentric")


@dataclass(frozen=True)
class Case:
    """What a README says: rows, good ones after cleaning, clock, kind, bands, median, period, and the first time."""

    path: str
    rows: int
    good: int
    clock: Clock
    kind: str = "mag"
    bands: tuple[str, ...] = ("",)
    median: float | None = None
    period: float | None = None
    first: float = 2451075.89478


CASES = (
    # the README's 3035 leaves out all that share a time; of these only 13 share the value, too (kind 9)
    Case("all-errors-are-a-filler/delcep.vis", 3079, 3066, Clock(), period=5.3662, first=2450000.2569),
    Case("asassn-sky-patrol-2/pyasassn_one_star.csv", 162, 152, Clock("jd"), bands=("V", "g"), period=RR_LYRAE),
    Case("asassn-sky-patrol-2/skypatrol_v2_web.csv", 162, 152, Clock("jd"), bands=("V", "g"), period=RR_LYRAE),
    Case("asassn-sky-patrol-2/vxmen.csv", 1065, 1065, Clock("jd"), bands=("g",), first=2458029.786083),
    Case("astroimagej-table/lco_B_aij.txt", 97, 97, Clock("jd-2400000"), "flux", median=0.0565, first=2458834.385589),
    Case(
        "atlas-forced-photometry/atlas_job01088.txt",
        *(147, 147, Clock("mjd"), "flux", ("c", "o"), 58.0, None, 2459102.019211),
    ),
    Case(
        "bright-or-differential-magnitudes-taken-for-flux/wyhya.csv",
        *(819, 819, Clock(), "mag", ("",), -0.29, None, 2454139.58267),
    ),
    Case(
        "class-against-the-period/fixed_etaaql_visual.dat",
        *(13668, 13516, Clock(), "mag", ("",), 4.0, 7.1768, 2420386.7),
    ),
    Case("clock-contradicts-the-numbers/hjd_reduced.csv", 79, 79, Clock(), median=17.724, first=1075.89478),
    Case("clock-contradicts-the-numbers/jd_header_mjd_values.csv", 79, 79, Clock(), median=17.724, first=51075.394778),
    Case("clock-contradicts-the-numbers/mjd_header_jd_values.csv", 79, 79, Clock(), median=17.724),
    Case("clock-contradicts-the-numbers/bjd_header_reduced.csv", 79, 79, Clock(), "flux", first=1075.894778),
    Case(
        "ecsv-with-quoted-cells/obs_meck.ecsv",
        *(60, 60, Clock("mjd"), "mag", ("B", "ip", "rp"), 13.308, None, 2458852.0970544),
    ),
    Case("formats-refused/aavso_extended.txt", 152, 152, Clock("jd"), bands=("SG", "SR"), period=RR_LYRAE),
    Case(
        "formats-refused/asas3_raw.txt",
        *(694, 631, Clock("jd-2450000", frame="heliocentric"), "mag", ("",), 12.271, 0.6725, 2451868.53668),
    ),
    Case(
        "formats-refused/example_photometric_data.dat",
        *(40, 40, Clock(), "flux", ("sdssg", "sdssi", "sdssr", "sdssz"), None, None, 55070.0),
    ),
    Case("formats-refused/fink.csv", 152, 152, Clock("jd"), bands=("g", "r"), period=RR_LYRAE),
    Case("formats-refused/snana_ascii_example.dat", 4, 4, Clock("mjd"), "flux", tuple("girz"), first=2456534.685),
    Case("formats-refused/ts_write.fits", 79, 79, Clock("jd", "tdb"), "flux", period=RR_LYRAE),
    *(
        Case(
            f"gaia-dr3-epoch-photometry/EPOCH_PHOTOMETRY-Gaia_DR3_4158840442172717440.{ending}",
            *(257, 232, Clock("jd", "tcb", "barycentric"), "mag", ("BP", "G", "RP"), None, RR_LYRAE),
        )
        for ending in ("csv", "fits", "xml")
    ),
    Case("repeats-by-time-alone/z_uma-afoev.tsv", 13205, 12426, Clock("jd"), median=7.8, first=2451630.5),
    Case(
        "second-column-is-no-brightness/HAT-579-0051858-hatlc.csv",
        *(1500, 1468, Clock("jd", frame="barycentric"), "mag", ("12", "20", "4"), 14.23, None, 2455103.5048032),
    ),
    Case("second-column-is-no-brightness/index_headerless.csv", 79, 79, Clock(), median=17.724, period=RR_LYRAE),
    Case("second-column-is-no-brightness/wasp.csv", 600, 600, Clock(), median=12.656, first=2454249.572431),
    *(
        Case(f"text-encodings-and-punctuation/{name}.csv", 79, 79, Clock("jd"), median=17.724, period=RR_LYRAE)
        for name in ("decimal_comma", "latin1", "trailing_comma", "utf16")
    ),
    *(
        Case(f"time-column-names-with-zero-point/{name}.csv", 79, 79, clock, median=17.724, period=RR_LYRAE)
        for name, clock in (
            ("header_aij_jd", Clock("jd-2400000")),
            ("header_exofop", Clock("btjd", frame="barycentric")),
            ("header_hjd245", Clock("jd-2450000", frame="heliocentric")),
            ("header_time_bjd", Clock("jd", frame="barycentric")),
        )
    ),
    Case(
        "wrong-column-of-several/flux_beside_catalogue_gmag.csv",
        *(79, 79, Clock(), "flux", ("",), 8.1358, RR_LYRAE, 51075.394778),
    ),
    Case("wrong-column-of-several/time_of_day_beside_jd.csv", 79, 79, Clock("jd"), median=17.724, period=RR_LYRAE),
    Case("wrong-column-of-several/time_text_beside_jd.csv", 79, 79, Clock("jd"), median=17.724, period=RR_LYRAE),
    Case("wrong-column-of-several/wide_bands.csv", 232, 232, Clock("mjd"), bands=("g", "i", "r"), first=2451075.89),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.path)
def test_a_file_gives_what_its_readme_says(case: Case, tmp_path: Path) -> None:
    curve = clean(one(real_data(f"reader_cases/{case.path}"), tmp_path / "s"))
    good = curve.good
    assert (len(curve), len(good)) == (case.rows, case.good), why_masked(curve)
    assert (curve.clock, curve.kind, curve.bands) == (case.clock, case.kind, case.bands)
    assert good.time[0] == pytest.approx(case.first, abs=2e-5)
    if case.median is not None:
        assert float(np.median(good.value)) == pytest.approx(case.median, abs=2e-3)
    if case.period is not None:
        assert period_of(curve) == pytest.approx(case.period, rel=2e-4)


def period_of(curve: LightCurve) -> float:
    return find_period(curve, PeriodOptions()).period


STARS = {
    "star-column-not-known/crts_web.csv": 3,
    "star-column-not-known/pyasassn_lcs_data.csv": 3,
    "star-column-not-known/many_stars.fits": 3,
    "star-column-not-known/aavso_two_stars.csv": 2,
    "formats-refused/dp1_forcedsource.parquet": 3,
    "alerce-difference-magnitudes/detections_sample.parquet": 10,
    "alerce-difference-magnitudes/alerce_corrected.csv": 10,
}


@pytest.mark.parametrize("path", STARS)
def test_a_table_of_several_stars_gives_each_of_them(path: str, tmp_path: Path) -> None:
    curves, refused = ingest([real_data(f"reader_cases/{path}")], tmp_path / "s")
    assert not refused
    assert len({curve.object_id for curve in curves}) == len(curves) == STARS[path]


@pytest.mark.parametrize("name", ["crts_web.csv", "pyasassn_lcs_data.csv", "many_stars.fits"])
def test_the_three_rr_lyrae_keep_their_periods(name: str, tmp_path: Path) -> None:
    curves, _ = ingest([real_data(f"reader_cases/star-column-not-known/{name}")], tmp_path / "s")
    found = [period_of(clean(curve)) for curve in curves]
    np.testing.assert_allclose(found, [RR_LYRAE, 0.508395, 0.308392], rtol=2e-4)


def test_two_names_of_betelgeuse_are_one_star_and_its_copy_another(tmp_path: Path) -> None:
    curves, _ = ingest([real_data("reader_cases/star-column-not-known/aavso_two_stars.csv")], tmp_path / "s")
    bright, faint = sorted(curves, key=lambda curve: float(np.median(curve.value)))
    assert len(bright) == len(faint) == 319
    np.testing.assert_allclose(np.sort(faint.value), np.sort(bright.value) + 6, atol=1e-3)


def test_alerces_magnitudes_are_the_stars_and_not_the_differences(tmp_path: Path) -> None:
    folder = real_data("reader_cases/alerce-difference-magnitudes")
    curves, _ = ingest([folder / "detections_sample.parquet"], tmp_path / "s")
    right, _ = ingest([folder / "alerce_corrected.csv"], tmp_path / "s")
    by_id = {curve.object_id.removeprefix("corr_"): clean(curve) for curve in right}
    for curve in curves:
        ours, theirs = clean(curve).good, by_id[curve.object_id].good
        assert ours.bands == theirs.bands == ("g", "r")
        shared = set(zip(theirs.time, theirs.value, strict=True)) & set(zip(ours.time, ours.value, strict=True))
        assert len(shared) >= 0.99 * len(theirs)
        assert float(np.median(ours.value)) == pytest.approx(float(np.median(theirs.value)), abs=0.05)


def test_a_clock_that_the_numbers_contradict_is_a_caution(tmp_path: Path) -> None:
    curve = one(real_data("reader_cases/clock-contradicts-the-numbers/hjd_reduced.csv"), tmp_path / "s")
    assert curve.caution.startswith("clock: 'HJD' says HJD, and its numbers (about 3700.8")
    said = IngestOptions(clock=Clock.parse("HJD-2450000"))
    named = one(real_data("reader_cases/clock-contradicts-the-numbers/hjd_reduced.csv"), tmp_path / "s", said)
    assert named.time[0] == pytest.approx(2451075.89478)


def test_no_readme_is_taken_for_a_light_curve(tmp_path: Path) -> None:
    readmes = sorted(real_data("reader_cases").rglob("README"))
    curves, refused = ingest(readmes, tmp_path / "s")
    assert not curves
    assert sorted(Path(entry.source) for entry in refused) == readmes

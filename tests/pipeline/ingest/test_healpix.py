"""HEALPix pixels: against the geometry of the scheme, and against a catalog that others partitioned."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.ingest.healpix import pixel_of
from tests.real_data import real_data

#: Centres of the twelve base pixels (Gorski et al. 2005, section 4): north cap, equator, south cap.
CENTRES = [(45 + 90 * i, 41.8103149) for i in range(4)] + [(90 * i, 0.0) for i in range(4)]
CENTRES += [(45 + 90 * i, -41.8103149) for i in range(4)]


def test_the_base_pixels_have_their_centres() -> None:
    ra, dec = (np.array(column, dtype=float) for column in zip(*CENTRES, strict=True))
    assert pixel_of(ra, dec, 0).tolist() == list(range(12))


@settings(deadline=None)
@given(st.floats(0, 360), st.floats(-90, 90))
def test_a_finer_pixel_lies_in_the_coarser_one(ra: float, dec: float) -> None:
    fine = int(pixel_of(np.array([ra]), np.array([dec]), 29)[0])
    for order in range(0, 29, 4):
        assert int(pixel_of(np.array([ra]), np.array([dec]), order)[0]) == fine >> (2 * (29 - order))


def test_all_pixels_have_one_area() -> None:
    rng = np.random.default_rng(1)
    ra, dec = rng.uniform(0, 360, 400_000), np.degrees(np.arcsin(rng.uniform(-1, 1, 400_000)))
    counts = np.bincount(pixel_of(ra, dec, 3), minlength=768)
    expected = 400_000 / 768
    # chi squared of 767 degrees of freedom stays below 950 but for one time in 100,000
    assert float(((counts - expected) ** 2 / expected).sum()) < 950


def test_others_pixels_are_ours() -> None:
    files = sorted(real_data("reader_cases/hats-collection").rglob("catalog/dataset/**/*.parquet"))
    assert files
    for path in files:
        table = pq.read_table(path)
        ours = pixel_of(table["ra"].to_numpy(), table["dec"].to_numpy(), 29)
        np.testing.assert_array_equal(ours, table["_healpix_29"].to_numpy())

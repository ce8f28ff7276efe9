from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.catalog import objects_table
from swope.pipeline.lightcurve import Clock, LightCurve, Mask
from swope.pipeline.summary import amplitude, main_band, summarise
from tests.real_data import real_data

VALUES = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=50)


def test_a_star_in_two_bands():
    curve = LightCurve.of(
        "a star",
        time=[3, 1, 2, 4, 5],
        value=[10.0, 11.0, 12.0, np.nan, 20.0],
        band=["r", "r", "r", "r", "g"],
        clock=Clock("mjd", "utc", "heliocentric"),
        mask=np.array([0, 0, 0, Mask.NOT_FINITE, 0], dtype=np.int32),
        ra=12.5,
        source="a.csv",
    )
    found = summarise(curve)
    assert (found.n_obs, found.n_masked, found.bands, found.n_bands, found.main_band) == (4, 1, "g,r", 2, "r")
    assert (found.time_start, found.time_end, found.clock) == (1.0, 5.0, "HJD_UTC")
    assert (found.mean_mag, found.mean_flux, found.ra, found.dec) == (11.0, None, 12.5, None)


def test_flux():
    found = summarise(LightCurve.of("a", [1, 2], [3.0, 5.0], kind="flux", unit="electron / s"))
    assert (found.mean_flux, found.mean_mag, found.unit) == (4.0, None, "electron / s")


@pytest.mark.parametrize("n", [0, 1])
def test_hardly_any_rows(n):
    found = summarise(LightCurve.of("a", np.arange(n), np.full(n, 9.0)))
    assert found.n_obs == n
    assert found.amplitude is None
    assert found.main_band == (None if n == 0 else "")
    assert found.mean_mag == (None if n == 0 else 9.0)


def test_equal_bands_are_settled_by_name():
    assert main_band(LightCurve.of("a", [1, 2], [1, 2], band=["r", "g"])) == "g"


@given(VALUES, st.floats(-100, 100))
def test_amplitude_does_not_see_a_shift(values, shift):
    before = amplitude(np.array(values))
    assert 0 <= before <= max(values) - min(values)
    np.testing.assert_allclose(amplitude(np.array(values) + shift), before, atol=1e-9)


@given(VALUES)
def test_amplitude_scales(values):
    np.testing.assert_allclose(amplitude(3 * np.array(values)), 3 * amplitude(np.array(values)), atol=1e-9)


def test_amplitude_is_robust():
    rng = np.random.default_rng(1)
    value = rng.normal(size=1000)
    spoiled = value.copy()
    spoiled[:20] = 1e6
    assert amplitude(spoiled) == pytest.approx(amplitude(value), rel=0.2)


def test_fields_are_columns_of_the_catalog():
    found = asdict(summarise(LightCurve.of("a", [1, 2], [3, 4])))
    table = objects_table({name: [value] for name, value in found.items()} | {"status": ["ok"]})
    assert table.to_pylist()[0]["object_id"] == "a"


def test_real_stars():
    table = pq.read_table(real_data("asas_acvs/light_curves.parquet")).slice(0, 200)
    for row in table.to_pylist():
        found = summarise(LightCurve.of(row["object_id"], row["time"], row["mag"], row["mag_err"], "V"))
        assert found.n_obs == len(row["time"])
        assert found.amplitude is None or 0 <= found.amplitude < 15

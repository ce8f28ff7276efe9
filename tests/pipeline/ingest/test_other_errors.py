"""Errors that are not one column of standard deviations give the errors that they mean."""

from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.ingest import table as tables
from swope.pipeline.ingest.other_errors import deviations_of, two_sided, unit_of_errors, variances
from swope.pipeline.ingest.reading import ValueColumns
from swope.pipeline.lightcurve import LightCurve
from tests.pipeline.ingest.reading import one

N = 60
JD = 2455000.5 + np.arange(N) * 1.37
FLUX = 1000 + 100 * np.sin(JD)
MAG = 14 + 0.3 * np.sin(JD)
ERR = 10 + 3 * np.cos(JD)


def read(folder: Path, columns: dict[str, np.ndarray], units: dict[str, u.UnitBase] | None = None) -> LightCurve:
    table = Table(columns)
    for name, unit in (units or {}).items():
        table[name].unit = unit
    path = folder / ("x.ecsv" if units else "x.csv")
    table.write(path, format="ascii.ecsv" if units else "ascii.csv", overwrite=True)
    return one(path, folder / "scratch")


@pytest.mark.parametrize("name", ["ivar", "flux_ivar", "ivar_flux", "flux_inverse_variance", "invvar"])
def test_inverse_variances(tmp_path: Path, name: str) -> None:
    curve = read(tmp_path, {"jd": JD, "flux": FLUX, name: ERR**-2.0})
    np.testing.assert_allclose(curve.error, ERR)
    assert "(inverse variance)" in curve.read_as


@pytest.mark.parametrize("name", ["variance", "flux_var", "var_flux", "flux_variance", "flux_err2", "sigma2"])
def test_variances(tmp_path: Path, name: str) -> None:
    curve = read(tmp_path, {"jd": JD, "flux": FLUX, name: ERR**2})
    np.testing.assert_allclose(curve.error, ERR)
    assert "(variance)" in curve.read_as


def test_a_row_of_no_weight_is_left_out(tmp_path: Path) -> None:
    weight = ERR**-2.0
    weight[[3, 17]] = 0
    flux = FLUX.copy()
    flux[3] = 1e6
    curve = read(tmp_path, {"jd": JD, "flux": flux, "ivar": weight})
    assert np.flatnonzero(~curve.usable).tolist() == [3, 17]


@pytest.mark.parametrize(
    ("below", "above"),
    [
        *[("mag_err_lo", "mag_err_hi"), ("mag_err_lower", "mag_err_upper"), ("e_mag", "E_mag"), ("-err", "+err")],
        *[
            ("mag_errm", "mag_errp"),
            ("magerr_minus", "magerr_plus"),
            ("err_down", "err_up"),
            ("lower_error", "upper_error"),
        ],
        *[
            ("mag_err-", "mag_err+"),
            ("e_mag_lo", "e_mag_hi"),
            ("sigma_l", "sigma_u"),
            ("mag_error_low", "mag_error_high"),
        ],
    ],
)
@pytest.mark.parametrize("sign", [-1, 1])
def test_errors_of_both_sides(tmp_path: Path, below: str, above: str, sign: int) -> None:
    low, high = ERR / 1000, ERR / 500
    curve = read(tmp_path, {"jd": JD, "mag": MAG, below: sign * low, above: high})
    np.testing.assert_allclose(curve.error, (low + high) / 2)
    # whichever stands first
    turned = read(tmp_path, {"jd": JD, "mag": MAG, above: high, below: sign * low})
    np.testing.assert_allclose(turned.error, curve.error)
    # one error for both is surer
    both = read(tmp_path, {"jd": JD, "mag": MAG, below: sign * low, above: high, "magerr": ERR / 1e3})
    np.testing.assert_allclose(both.error, ERR / 1e3)


def test_where_one_side_is_missing_the_other_stands(tmp_path: Path) -> None:
    low, high = ERR / 1000, ERR / 500
    low[4] = np.nan
    curve = read(tmp_path, {"jd": JD, "mag": MAG, "err_lo": low, "err_hi": high})
    assert curve.error[4] == pytest.approx(high[4])


def test_one_side_alone_is_no_error(tmp_path: Path) -> None:
    assert np.isnan(read(tmp_path, {"jd": JD, "mag": MAG, "mag_err_lo": ERR / 1000}).error).all()


def test_signal_over_noise(tmp_path: Path) -> None:
    curve = read(tmp_path, {"jd": JD, "flux": FLUX - 1000, "snr": (FLUX - 1000) / ERR})
    np.testing.assert_allclose(curve.error, ERR)
    curve = read(tmp_path, {"jd": JD, "mag": MAG, "SNR": 100 / ERR})
    np.testing.assert_allclose(curve.error, 2.5 / np.log(10) * ERR / 100)
    # errors are surer
    curve = read(tmp_path, {"jd": JD, "flux": FLUX, "snr": FLUX / ERR, "flux_err": 2 * ERR})
    np.testing.assert_allclose(curve.error, 2 * ERR)


@pytest.mark.parametrize(("unit", "factor"), [(u.uJy**2, 1e6), (u.mJy**2, 1.0)])
def test_variances_have_units_of_their_own(tmp_path: Path, unit: u.UnitBase, factor: float) -> None:
    columns = {"jd": JD, "flux": FLUX, "variance": ERR**2 * factor}
    curve = read(tmp_path, columns, {"flux": u.mJy, "variance": unit})
    np.testing.assert_allclose(curve.error, ERR)
    columns = {"jd": JD, "flux": FLUX, "ivar": ERR**-2 / factor}
    curve = read(tmp_path, columns, {"flux": u.mJy, "ivar": 1 / unit})
    np.testing.assert_allclose(curve.error, ERR)


@pytest.mark.parametrize(
    "unit", ["uJy2", "uJy^2", "uJy**2", "uJy-2", "uJy^-2", "1/uJy2", "1 / uJy2", "(uJy)^2", "uJy**(-2)"]
)
def test_squares_of_units(unit: str) -> None:
    columns = (tables.Column("flux", FLUX, "mJy"), tables.Column("ivar", ERR, unit))
    assert unit_of_errors(tables.Table(columns), ValueColumns(0, 1, spread="inverse variance")) == ("", "uJy")


def test_the_magnitude_of_the_variable_is_no_variance(tmp_path: Path) -> None:
    curve = read(tmp_path, {"jd": JD, "mag_var": MAG, "mag_comp": 12 + 0.01 * np.cos(JD)})
    np.testing.assert_allclose(curve.value, MAG)
    assert variances(["jd", "mag", "mag_var"], 1) == []


@settings(max_examples=50)
@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20))
def test_variances_and_their_inverses_are_undone(sigma: list[float]) -> None:
    error = np.array(sigma)
    columns = tuple(tables.Column(f"c{i}", one) for i, one in enumerate((error, error**2, error**-2.0)))
    table = tables.Table(columns)
    np.testing.assert_allclose(deviations_of(table, ValueColumns(0, 1, spread="variance")), error, rtol=1e-12)
    np.testing.assert_allclose(deviations_of(table, ValueColumns(0, 2, spread="inverse variance")), error, rtol=1e-12)


@given(st.lists(st.text("abeghilmnoprsuvw_+- ", min_size=1, max_size=12), min_size=2, max_size=6, unique=True))
def test_no_name_is_of_both_sides_at_once(names: list[str]) -> None:
    for below, above in two_sided(["mag", *names], 0):
        assert below != above
        assert 0 not in (below, above)

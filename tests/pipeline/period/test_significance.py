"""The random walk's likelihood against a dense Gaussian process, and what is not a period."""

from collections.abc import Callable

import numpy as np
import pyarrow.parquet as pq
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.labels import read_labels
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period import PeriodOptions, find_period
from swope.pipeline.period.kernels.walk import red_noise
from swope.pipeline.period.sample import prepare
from swope.pipeline.period.significance import without_slow
from swope.pipeline.split import share
from tests.pipeline.period.curves import eclipsing, nights, saw
from tests.real_data import real_data


def test_likelihoods_are_those_of_a_dense_process() -> None:
    rng = np.random.default_rng(2)
    time = np.sort(rng.uniform(0, 200, 60))
    time[5] = time[4]
    value, noise = rng.normal(size=60), rng.uniform(0.5, 2.0, 60)
    tau, ratio, frequency = 12.0, 1.7, 0.083
    covariance = ratio * np.exp(-np.abs(time[:, None] - time) / tau) + np.diag(noise)
    inverse = np.linalg.inv(covariance)
    angle = 2 * np.pi * frequency * time

    def likelihood(basis: np.ndarray) -> float:
        solved = np.linalg.solve(basis.T @ inverse @ basis, basis.T @ inverse @ value)
        left = value - basis @ solved
        return -0.5 * (np.linalg.slogdet(covariance)[1] + 60 * np.log(left @ inverse @ left / 60))

    out = np.empty((1, 2))
    red_noise(time, value, noise, frequency, 1, np.array([tau]), np.array([ratio]), out)
    assert out[0, 0] == pytest.approx(likelihood(np.ones((60, 1))), rel=1e-6)
    assert out[0, 1] == pytest.approx(
        likelihood(np.stack([np.ones(60), np.cos(angle), np.sin(angle)], axis=1)), rel=1e-6
    )


@pytest.mark.parametrize(("bright", "error"), [(18.3, 0.05), (18.3, 0.13), (17.0, 0.3)])
def test_one_rotten_point_is_no_period(bright: float, error: float) -> None:
    rng = np.random.default_rng(12)
    low = 0
    for _ in range(30):
        # three visits a night, as many surveys make them
        time = np.sort(np.repeat(rng.uniform(0, 3000, 15), 3) + rng.uniform(0, 0.02, 45))
        value, errors = rng.normal(20.0, 0.3, 45), np.full(45, 0.3)
        value[7], errors[7] = bright, error
        low += find_period(clean(LightCurve.of("rotten", time, value, errors))).fap < 0.01
    assert low <= 3


#: What a star does but once or twice, by the place in its span, 0 to 1; and what is a fraction of a cycle.
ONCE: dict[str, Callable[[FloatArray], FloatArray]] = {
    "two dips": lambda x: _bump(x, 0.22, 0.01) + _bump(x, 0.71, 0.01),
    "two narrow dips": lambda x: _bump(x, 0.3, 0.004) + _bump(x, 0.62, 0.004),
    "unequal dips": lambda x: _bump(x, 0.15, 0.006) + 0.5 * _bump(x, 0.9, 0.02),
    "outburst": lambda x: -2.0 * _bump(x, 0.4, 0.03),
    "nova": lambda x: np.where(x > 0.3, -3.0 * np.exp(-(x - 0.3) / 0.05), 0.0),
    "step": lambda x: 0.5 * (x > 0.45),
    "trend": lambda x: 0.5 * x,
    "parabola": lambda x: 1.5 * (x - 0.5) ** 2,
    "cubic": lambda x: 3.0 * (x - 0.5) ** 3,
    "half a sinusoid": lambda x: 0.5 * np.sin(0.9 * np.pi * x),
    "two cycles": lambda x: 0.5 * np.sin(4.0 * np.pi * x),
}


def _bump(x: FloatArray, at: float, width: float) -> FloatArray:
    return np.asarray(np.exp(-0.5 * ((x - at) / width) ** 2))


@pytest.mark.parametrize("cadence", ["nights", "half days"])
@pytest.mark.parametrize("shape", ONCE)
def test_what_happens_once_or_twice_has_no_small_probability_of_a_false_alarm(shape: str, cadence: str) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        time = nights(450, rng, years=6.0) if cadence == "nights" else 2_454_900.0 + np.arange(0.0, 1470.0, 0.5)
        error = 0.03 if cadence == "nights" else 0.002
        value = 12.0 + ONCE[shape]((time - time[0]) / np.ptp(time)) + rng.normal(0, error, len(time))
        found = find_period(clean(LightCurve.of("once", time, value, np.full(len(time), error))))
        assert not found.fap < 0.01, found
        assert np.isnan(found.fap) == (found.flag == "few_cycles")
        assert 0.0 <= found.noise_fap <= 1.0


def test_two_transits_have_none_and_three_have_one() -> None:
    time = 2000.0 + np.arange(0, 60, 1 / 48)

    def planet(period: float) -> LightCurve:
        flux = 1.0 + np.random.default_rng(4).normal(0, 2e-4, len(time))
        flux -= 0.005 * (np.abs((time - 2009.0 + period / 2) % period - period / 2) < 0.0625)
        return clean(LightCurve.of("planet", time, flux, np.full(len(time), 2e-4), kind="flux", unit=""))

    two, three = find_period(planet(29.0)), find_period(planet(17.0))
    assert two.period == pytest.approx(29.0, abs=0.05)
    assert two.flag == "few_cycles"
    assert np.isnan(two.fap)
    assert three.period == pytest.approx(17.0, abs=0.05)
    assert three.flag is None
    assert three.fap < 1e-6


@pytest.mark.parametrize("cycles", [4.2, 7.0, 40.0])
@pytest.mark.parametrize("shape", [saw, eclipsing])
def test_four_cycles_keep_theirs(shape: Callable[[FloatArray], FloatArray], cycles: float) -> None:
    rng = np.random.default_rng(8)
    time = np.sort(rng.uniform(0, 1800, 400))
    value = shape(time * cycles / 1800 % 1.0) + rng.normal(0, 0.03, 400)
    found = find_period(clean(LightCurve.of("few", time, value, np.full(400, 0.03))))
    assert found.flag != "few_cycles"
    assert found.fap < 1e-6


def test_slow_changes_are_taken_away_and_nothing_else() -> None:
    rng = np.random.default_rng(5)
    time = np.sort(rng.uniform(0, 900, 300))
    place = time / 900
    steady = prepare(clean(LightCurve.of("s", time, np.sin(time), np.full(300, 0.1))).good)
    assert steady is not None
    assert without_slow(steady) == (steady, 0.0)
    moving = clean(LightCurve.of("m", time, 4.0 * place**3 - 2.0 * place + rng.normal(0, 0.1, 300), np.full(300, 0.1)))
    sample = prepare(moving.good)
    assert sample is not None
    left, gain = without_slow(sample)
    assert gain > 100
    series = np.polynomial.Polynomial.fit(left.time, left.value, 6, w=np.sqrt(left.weight))
    assert np.abs(series(left.time)).max() < 1e-6
    assert np.mean(left.weight * left.value**2) == pytest.approx(1.0)


def test_real_miras_with_four_cycles_keep_theirs() -> None:
    folder = real_data("asas_acvs")
    kinds = read_labels(folder / "labels.csv").set_index("object_id")["class_source"]
    miras = sorted(kinds.index[kinds == "Mira"], key=lambda name: share(name, "miras"))[:80]
    table = pq.read_table(folder / "light_curves.parquet", filters=[("object_id", "in", miras)]).to_pylist()
    kept = lost = 0
    for row in table:
        curve = clean(LightCurve.of(row["object_id"], row["time"], row["mag"], row["mag_err"]))
        found = find_period(curve)
        if found.noise_fap < 1e-3 and np.ptp(curve.good.time) > 4.0 * found.period:
            kept += found.fap < 1e-3
            lost += not found.fap < 1e-3
    assert kept > 40
    assert lost <= 0.05 * (kept + lost)


def test_noise_in_five_bands_of_five_points_each_is_seldom_a_period() -> None:
    rng = np.random.default_rng(3)
    low = 0
    for _ in range(60):
        time = np.sort(rng.choice(2500, 26, replace=False) + rng.uniform(0.0, 0.35, 26))
        band = list(rng.permutation(list("ugriz") * 6)[:26])
        curve = LightCurve.of("noise", time, rng.normal(18.0, 0.05, 26), np.full(26, 0.05), band)
        low += find_period(clean(curve), PeriodOptions(min_period=0.2, max_period=1.2)).fap < 0.01
    # one in four when a band's mean and amplitude counted as known
    assert low <= 5

"""The whole decision."""

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodOptions, find_period
from swope.pipeline.period.search import search
from tests.pipeline.period.curves import nights, saw, star
from tests.real_data import real_data


@pytest.mark.parametrize(
    ("shape", "period", "bands"),
    [
        ("sine", 0.2981, ("V",)),
        ("saw", 0.6173, ("V",)),
        ("saw", 0.5531, ("g", "r", "i")),
        ("eclipsing", 2.3977, ("V",)),
        ("eclipsing", 0.8731, ("g", "r")),
    ],
)
def test_the_astronomers_period(shape: str, period: float, bands: tuple[str, ...]) -> None:
    answer = find_period(star(shape, period, bands=bands))
    assert answer.reason is None
    assert answer.period == pytest.approx(period, abs=max(5 * answer.period_err, 1e-5))
    assert answer.fap < 1e-6
    assert len(answer.others) <= 4
    assert all(abs(other - answer.period) > 1e-4 * period for other in answer.others)


def test_epochs() -> None:
    phase = np.arange(1000) / 1000
    # the deeper minimum of the one is at phase 0, and the maximum of the other is where the magnitude is least
    for shape, period, at in (("eclipsing", 2.3977, 0.0), ("saw", 0.6173, phase[np.argmin(saw(phase))])):
        answer = find_period(star(shape, period, noise=0.01))
        distance = (answer.t0 - 2_455_000.3 - at * period + 0.5 * period) % period - 0.5 * period
        assert abs(distance) < 0.03 * period


def test_reasons_instead_of_exceptions() -> None:
    few = find_period(LightCurve.of("few", np.arange(5.0), np.arange(5.0)))
    assert few.reason == "5 good points; 10 are needed"
    assert not few.found
    assert find_period(LightCurve.of("none", [], [])).reason == "0 good points; 10 are needed"
    flat = find_period(LightCurve.of("flat", np.arange(50.0), np.ones(50)))
    assert flat.reason == "no band varies"
    once = find_period(LightCurve.of("once", np.ones(50), np.arange(50.0)))
    assert once.reason == "all observations are at one time"
    limits = PeriodOptions(min_period=500.0)
    short = find_period(LightCurve.of("short", np.arange(50.0), np.sin(np.arange(50.0))), limits)
    assert short.reason is not None
    assert "span of 49 d" in short.reason
    assert np.isnan(short.period)
    assert np.isnan(short.fap)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_never_raises_for_a_bad_star(data: st.DataObject) -> None:
    n = data.draw(st.integers(0, 40))
    step = data.draw(st.sampled_from([0.01, 1.0, 100.0]))
    time = np.round(np.array(data.draw(st.lists(st.floats(0, 100), min_size=n, max_size=n))) / step) * step
    value = np.array(
        data.draw(
            st.lists(
                st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, 1.0])),
                min_size=n,
                max_size=n,
            )
        )
    )
    error = np.array(data.draw(st.lists(st.sampled_from([0.1, np.nan, 1e-12, 1e12, 0.0]), min_size=n, max_size=n)))
    curve = clean(LightCurve.of("any", time, value, error, ["a" if i % 3 else "b" for i in range(n)]))
    answer = find_period(curve)
    assert answer.found == (answer.reason is None)
    if answer.found:
        assert 0 < answer.period <= np.ptp(time) * 1.2
        assert 0 <= answer.noise_fap <= 1
        assert 0 <= answer.fap <= 1 or (np.isnan(answer.fap) and answer.flag == "few_cycles")


def test_limits_are_kept() -> None:
    answer = find_period(star("saw", 0.6173), PeriodOptions(min_period=0.2, max_period=0.5))
    for period in (answer.period, *answer.others):
        assert 0.199 < period < 0.501


def test_a_period_longer_than_the_span_is_never_given_and_few_cycles_are_flagged() -> None:
    time = 2_455_000.0 + np.sort(np.random.default_rng(0).uniform(0, 100, 200))
    slow = find_period(clean(LightCurve.of("slow", time, np.sin(2 * np.pi * time / 400), np.full(200, 0.01))))
    assert slow.period < 105
    few = find_period(clean(LightCurve.of("few", time, np.sin(2 * np.pi * time / 45), np.full(200, 0.01))))
    assert few.period == pytest.approx(45, rel=0.05)
    assert few.flag == "few_cycles"


def test_the_answer_does_not_depend_on_order_clock_or_scale_of_the_errors() -> None:
    curve = star("saw", 0.5531, bands=("g", "r"))
    answer = find_period(curve)
    order = np.random.default_rng(1).permutation(len(curve))
    assert repr(find_period(clean(curve.where(order)))) == repr(answer)
    shifted = find_period(replace(curve, time=curve.time - 2_400_000.5))
    assert abs(shifted.period - answer.period) < max(answer.period_err, 1e-9)
    assert shifted.t0 == pytest.approx(answer.t0 - 2_400_000.5, abs=1e-3)
    larger = find_period(replace(curve, error=3 * curve.error))
    assert abs(larger.period - answer.period) < 3 * larger.period_err


def test_outliers_and_wrong_errors_do_not_matter() -> None:
    curve = star("saw", 0.6173)
    rng = np.random.default_rng(3)
    value, error = curve.value.copy(), curve.error.copy()
    value[rng.integers(len(value), size=2)] += 5.0
    error[rng.integers(len(error), size=20)] = 1e-5
    answer = find_period(replace(curve, value=value, error=error))
    assert answer.period == pytest.approx(0.6173, rel=1e-3)


@pytest.mark.parametrize("seed", range(6))
def test_values_that_stand_out_far_above_the_variation_lead_nowhere(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time = nights(250, rng)
    value = 13.0 + 0.06 * np.cos(4 * np.pi * time / 1.3243) + 0.02 * rng.normal(size=len(time))
    fainter = rng.permutation(len(time))[: len(time) // 25]
    value[fainter] += rng.uniform(0.3, 0.9, len(fainter))
    answer = find_period(clean(LightCurve.of("misled", time, value, np.full(len(time), 0.02))))
    assert min(abs(answer.period / 1.3243 - factor) for factor in (0.5, 1.0)) < 1e-3


@pytest.mark.parametrize("seed", range(6))
def test_two_eclipses_never_hide_more_than_all_light(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time = nights(450, rng)
    phase = (time / 2.4134 + 0.5) % 1.0 - 0.5
    value = 12.0 + 2.2 * np.clip(1.0 - np.abs(phase) / 0.036, 0.0, 1.0) + 0.04 * rng.normal(size=len(time))
    answer = find_period(clean(LightCurve.of("deep", time, value, np.full(len(time), 0.03))))
    assert answer.period == pytest.approx(2.4134, rel=1e-3)


def test_the_one_deep_minimum_of_a_mira_is_no_pair_of_eclipses() -> None:
    known = {"074949-3435.7": 146.09, "091626-6728.7": 173.87, "192400-0914.1": 157.36}
    file = real_data("asas_acvs/light_curves.parquet")
    for row in pq.read_table(file, filters=[("object_id", "in", list(known))]).to_pylist():
        curve = clean(LightCurve.of(row["object_id"], row["time"], row["mag"], row["mag_err"], row["band"]))
        assert find_period(curve).period == pytest.approx(known[row["object_id"]], rel=0.01)


def test_noise_is_rarely_significant() -> None:
    fap = [find_period(star("noise", 1.0, 120, seed=seed)).fap for seed in range(60)]
    assert np.mean(np.array(fap) < 0.01) <= 0.1
    assert np.median(fap) > 0.1


def test_the_planet_of_k2_3_is_on_top() -> None:
    rows = np.loadtxt(real_data("k2/EPIC201367065.csv"), delimiter=",")
    planet = find_period(clean(LightCurve.of("K2-3", rows[:, 0], rows[:, 1], kind="flux", unit="")))
    assert planet.period == pytest.approx(10.054, rel=0.001)
    assert planet.terms == 0


def test_a_spotted_star_of_small_amplitude_is_not_taken_for_a_binary() -> None:
    rng = np.random.default_rng(5)
    time = np.arange(0.0, 89.0, 0.0204)
    angle = 2 * np.pi * time / 0.5926
    # unlike rise and fall, and spots that slowly change
    shape = np.sin(angle) + 0.35 * np.sin(2 * angle + 1.0)
    flux = 1.0 + 0.01 * shape * (1.0 + 0.2 * np.sin(time / 9.0)) + 0.002 * rng.normal(size=len(time))
    found = find_period(clean(LightCurve.of("spotted", time, flux, np.full(len(time), 2e-4), kind="flux", unit="")))
    assert found.period == pytest.approx(0.5926, rel=1e-3)


def test_the_rotation_of_gj_1243_is_on_top() -> None:
    from tests.bench.periods_space import kepler

    real_data("kepler")
    assert find_period(kepler("kplr009726699")).period == pytest.approx(0.5926, rel=1e-3)


def test_no_binary_is_shorter_than_they_come() -> None:
    rng = np.random.default_rng(6)
    time = nights(300, rng)
    value = 12.0 + 0.2 * np.cos(2 * np.pi * time / 0.0913) + 0.03 * rng.normal(size=len(time))
    found = search(clean(LightCurve.of("dsct", time, value, np.full(len(time), 0.03))))
    assert not isinstance(found, str)
    twice = np.abs(found.candidates.frequency * 2 * 0.0913 - 1.0) < 1e-3
    assert twice.sum() == 1
    assert found.probability[twice] < 1e-12
    assert 1.0 / found.candidates.frequency[0] == pytest.approx(0.0913, rel=1e-3)

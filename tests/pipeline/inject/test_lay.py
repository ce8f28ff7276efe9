from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.inject.lay import Injection, Limits, drawn, has_light, lay
from swope.pipeline.inject.recovery import recovery
from swope.pipeline.inject.shapes import SHAPES
from swope.pipeline.lightcurve import LightCurve, Mask

RNG = np.random.default_rng


def curve(kind: str = "mag", n: int = 400, bands: str = "V", error: float = 0.02, seed: int = 0) -> LightCurve:
    """A constant star of magnitude 12, or of flux 5,000."""
    rng = RNG(seed)
    time = np.sort(rng.uniform(0.0, 100.0, n))
    noise = error * rng.standard_normal(n)
    band = np.array([bands[i % len(bands)] for i in range(n)])
    if kind == "mag":
        return clean(LightCurve.of("star", time, 12.0 + noise, np.full(n, error), band))
    flux = 5000.0 * 10 ** (-0.4 * noise)
    return clean(LightCurve.of("star", time, flux, 5000.0 * error / 1.0857 * np.ones(n), band, kind="flux", unit=""))


def event(shape: str = "box", direction: str = "fade", depth: float = 0.5, duration: float = 20.0) -> Injection:
    return Injection(shape, direction, depth, duration, 50.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_fading_is_a_larger_magnitude_and_a_smaller_flux(shape: str) -> None:
    for direction, sign in (("fade", 1.0), ("brighten", -1.0)):
        one = event(shape, direction, depth=2.0)
        in_mag, in_flux = (lay(curve(kind), one, RNG(1)) for kind in ("mag", "flux"))
        for laid, kind in ((in_mag, "mag"), (in_flux, "flux")):
            rows = np.abs(one.change(laid.curve.time)) > 1.0
            moved = (laid.curve.value - curve(kind).value)[rows]
            assert (moved * sign * (1.0 if kind == "mag" else -1.0) > 0).all()


def test_magnitudes_and_fluxes_tell_the_same() -> None:
    for direction in ("fade", "brighten"):
        in_mag, in_flux = (
            lay(curve(kind, n=4000, error=0.01), event("dip", direction), RNG(1)) for kind in ("mag", "flux")
        )
        turned = -2.5 * np.log10(in_flux.curve.value / 5000.0) + 12.0
        # the noise that a fading adds is drawn in the unit of the values
        apart = (turned - in_mag.curve.value) / in_mag.curve.error
        assert abs(float(apart.mean())) < 0.02
        assert float(np.abs(apart).max()) < (0.2 if direction == "brighten" else 6.0)
        relative = 1.0857 * in_flux.curve.error / in_flux.curve.value
        np.testing.assert_allclose(relative, in_mag.curve.error, rtol=0.1)
        assert in_flux.rows == in_mag.rows


@pytest.mark.parametrize("kind", ["mag", "flux"])
def test_the_noise_of_a_faded_star_is_what_its_errors_say(kind: str) -> None:
    before = curve(kind, n=20_000, error=0.02)
    laid = lay(before, event(depth=2.0, duration=1000.0), RNG(5))
    left = (laid.curve.value - np.median(laid.curve.value)) / laid.curve.error
    assert float(np.std(left)) == pytest.approx(1.0, abs=0.03)
    # photon noise: 2 mag fainter is 10^0.4 times the relative error
    relative = laid.curve.error / (1.0 if kind == "mag" else laid.curve.value)
    earlier = before.error / (1.0 if kind == "mag" else before.value)
    assert float(np.median(relative / earlier)) == pytest.approx(10**0.4, rel=0.05)


def test_a_brightening_adds_no_noise() -> None:
    laid = lay(curve(), event(direction="brighten"), RNG(0))
    np.testing.assert_allclose(laid.curve.value, curve().value + event(direction="brighten").change(curve().time))
    np.testing.assert_array_equal(laid.curve.error, curve().error)


def test_what_falls_on_masked_rows_alone_is_not_there() -> None:
    star = curve()
    inside = np.abs(star.time - 50.0) <= 10.0
    masked = replace(star, mask=np.where(inside, int(Mask.QUALITY), 0).astype(np.int32))
    laid = lay(masked, event(), RNG(0))
    assert (laid.rows, laid.snr) == (0, 0.0)
    assert math.isnan(laid.start)
    assert recovery(laid, [], []).outcome == "missed"
    # the light of these rows changes all the same, and nothing else does
    assert (laid.curve.value[inside] != star.value[inside]).all()
    np.testing.assert_array_equal(laid.curve.value[~inside], star.value[~inside])
    np.testing.assert_array_equal(laid.curve.mask, masked.mask)


def test_only_usable_rows_count_for_the_signal() -> None:
    star = curve()
    inside = np.flatnonzero(np.abs(star.time - 50.0) <= 10.0)
    mask = np.zeros(len(star), dtype=np.int32)
    mask[inside[::2]] = int(Mask.QUALITY)
    whole, half = (lay(one, event(duration=4.0), RNG(0)) for one in (star, replace(star, mask=mask)))
    assert 0 < half.rows < whole.rows
    assert half.snr < whole.snr


def test_signal_to_noise_is_that_of_brute_force() -> None:
    star = curve(bands="gr")
    laid = lay(star, event("dip", depth=0.1), RNG(0))
    total = 0.0
    for b in range(2):
        rows = star.band == b
        change, error = event("dip", depth=0.1).change(star.time[rows]), laid.curve.error[rows]
        level = np.sum(change / error**2) / np.sum(1 / error**2)
        total += sum(((change - level) / error) ** 2)
    assert laid.snr == pytest.approx(math.sqrt(total))


def test_a_step_before_all_rows_changes_nothing_that_could_be_seen() -> None:
    star = curve()
    laid = lay(star, Injection("step", "brighten", 1.0, math.nan, float(star.time[0]) - 1.0), RNG(0))
    assert laid.snr == pytest.approx(0.0, abs=1e-6)


def test_missing_errors_stay_missing_and_noise_is_added_all_the_same() -> None:
    star = replace(curve(n=4000), error=np.full(4000, np.nan))
    laid = lay(star, event(depth=2.0, duration=1000.0), RNG(0))
    assert np.isnan(laid.curve.error).all()
    assert laid.snr == pytest.approx(0.0, abs=1e-3)
    assert float(np.std(laid.curve.value)) == pytest.approx(0.02 * 10**0.4, rel=0.05)
    assert lay(star, event(duration=5.0), RNG(0)).snr > 5.0


def test_rows_without_a_time_stay_as_they_are() -> None:
    time = np.append(np.arange(50.0), np.nan)
    star = clean(LightCurve.of("star", time, np.append(np.full(50, 12.0) + 0.01 * (time[:50] % 3), 99.0), None))
    laid = lay(star, event(depth=1.0, duration=200.0), RNG(0))
    assert laid.curve.value[-1] == 99.0
    assert np.isfinite(laid.snr)


def test_fluxes_about_zero_have_no_light() -> None:
    rng = RNG(0)
    dark = LightCurve.of("dark", np.arange(50.0), rng.normal(0.0, 1.0, 50), np.ones(50), kind="flux")
    assert not has_light(clean(dark))
    assert has_light(curve("flux"))
    assert has_light(clean(LightCurve.of("mags", np.arange(50.0), rng.normal(0.0, 1.0, 50), np.ones(50))))


def test_events_are_drawn_within_their_limits_and_the_same_again() -> None:
    limits = Limits((0.01, 0.1), (1.0, 20.0))
    star = curve()
    for shape in SHAPES:
        some = [drawn(star, shape, limits, RNG(seed)) for seed in range(200)]
        # `==` would call two events with a duration of NaN different
        assert str(some[7]) == str(drawn(star, shape, limits, RNG(7)))
        assert all(0.01 <= one.depth <= 0.1 for one in some)
        assert all(star.time[0] <= one.time <= star.time[-1] for one in some)
        durations = [one.duration for one in some]
        assert all(map(math.isnan, durations)) if shape == "step" else 1.0 <= min(durations) <= max(durations) <= 20.0
        expected = {True: {"brighten"}, False: {"fade"}, None: {"fade", "brighten"}}[SHAPES[shape].brighter]
        assert {one.direction for one in some} == expected


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (2.0, 1.0), (1.0, math.inf), (math.nan, 1.0), (-1.0, 1.0)])
def test_limits_that_cannot_be_meant_are_refused(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="give the smaller number first"):
        Limits((0.1, 1.0), bounds)

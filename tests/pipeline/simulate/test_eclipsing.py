from __future__ import annotations

import numpy as np
import pytest

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.simulate.classes import KINDS
from swope.pipeline.simulate.eclipsing import shape_class
from swope.pipeline.simulate.roche import Binary, binary_light
from swope.pipeline.simulate.signal import Scene

SCENE = Scene(2455000.0, 2456000.0, 0.02)
PHASE = np.arange(128) / 128
V = np.array([0.545])


def light(fill: tuple[float, float], ratio: float = 1.0, inclination: float = 1.4) -> FloatArray:
    """Flux of a binary of middling mass ratio."""
    flux: FloatArray = binary_light(Binary(0.5, fill, (6000.0, 6000.0 * ratio), inclination), PHASE, V)[0]
    return flux


@pytest.mark.parametrize("inclination", [1.0, 1.25, 1.5])
def test_stars_in_contact_are_called_so_however_they_are_seen(inclination: float) -> None:
    assert shape_class(light((1.02, 1.02), inclination=inclination)) == "EW"


def test_the_class_goes_from_contact_to_detached_as_the_stars_shrink() -> None:
    names = [shape_class(light((fill, fill))) for fill in (1.03, 0.9, 0.5)]
    assert names == ["EW", "EB", "EA"]


def test_the_difference_of_the_minima_does_not_make_the_class() -> None:
    minima = []
    for ratio in (1.0, 0.8):
        flux = light((1.02, 1.02), ratio)
        assert shape_class(flux) == "EW"
        minima.append(flux[64] - flux[0])
    assert minima[1] > minima[0] + 0.05


@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_the_class_is_of_the_shape_and_not_of_the_brightness(scale: float) -> None:
    flux = light((0.9, 0.9))
    assert shape_class(scale * flux) == shape_class(flux)


@pytest.mark.parametrize("class_", ["EW", "EB", "EA"])
def test_a_drawn_star_has_the_light_curve_of_its_class(class_: str) -> None:
    called = []
    for seed in range(30):
        signal = KINDS[class_].draw(np.random.default_rng(seed), SCENE)
        flux = 10 ** (-0.4 * signal.change(signal.t0 + signal.period * PHASE, np.full(len(PHASE), V[0])))
        # on eccentric orbits, of stars of some days, the second eclipse may be anywhere
        if class_ != "EA" or signal.period < 2.5:
            called.append(shape_class(flux))
    assert np.mean(np.array(called) == class_) > 0.9

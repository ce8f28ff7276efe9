from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import dblquad

from swope.pipeline.simulate.roche import Binary, binary_light, lobe_radius
from swope.pipeline.simulate.transit import transit_flux

V = np.array([0.545])
EDGE_ON = np.pi / 2


def test_lobe_radius_is_that_of_the_exact_geometry() -> None:
    # volume radii of the Roche lobe by numerical integration (Kopal 1959, table 3-3)
    assert lobe_radius(1.0) == pytest.approx(0.379, abs=0.003)
    assert lobe_radius(0.1) == pytest.approx(0.207, abs=0.003)
    assert lobe_radius(1.0) + lobe_radius(1.0) < 1


def test_equal_stars_have_equal_minima_and_a_symmetric_curve() -> None:
    phase = np.arange(100) / 100
    flux = binary_light(Binary(1.0, (1.0, 1.0), (6000.0, 6000.0), EDGE_ON), phase, V)[0]
    assert flux[0] == pytest.approx(flux[50], rel=0.01)
    np.testing.assert_allclose(flux[1:], flux[1:][::-1], rtol=0.01)
    # both stars seen from the side: the distorted pair is brightest at quadrature
    assert flux[25] == pytest.approx(flux.max(), rel=0.01)


def test_the_hotter_star_is_eclipsed_at_phase_zero() -> None:
    phase = np.array([0.0, 0.25, 0.5])
    flux = binary_light(Binary(0.8, (0.5, 0.5), (9000.0, 5000.0), EDGE_ON), phase, V)[0]
    assert flux[0] < flux[2] < flux[1]


def test_a_wide_pair_of_equal_discs_halves_its_light_in_a_central_eclipse() -> None:
    phase = np.array([0.0, 0.2, 0.25, 0.3])
    flux = binary_light(Binary(1.0, (0.15, 0.15), (6000.0, 6000.0), EDGE_ON), phase, V)[0]
    assert flux[0] / flux[2] == pytest.approx(0.5, abs=0.02)
    assert flux[1] == pytest.approx(flux[2], rel=0.005)


def test_face_on_nothing_is_eclipsed() -> None:
    phase = np.arange(40) / 40
    flux = binary_light(Binary(0.5, (0.6, 0.6), (7000.0, 5000.0), 0.0), phase, V)[0]
    assert np.ptp(flux) < 1e-3


def test_an_eccentric_orbit_moves_the_second_eclipse() -> None:
    phase = np.arange(1000) / 1000
    binary = Binary(1.0, (0.15, 0.15), (6000.0, 5800.0), EDGE_ON, eccentricity=0.3, periastron=0.0)
    flux = binary_light(binary, phase, V)[0]
    second = 0.2 + np.argmin(flux[200:800]) / 1000
    # to first order the second minimum lies at 1/2 + 2 e cos(periastron) / pi, whichever way round
    assert abs(second - 0.5) == pytest.approx(2 * 0.3 / np.pi, abs=0.03)
    assert flux[0] < 0.7


def test_a_transit_is_the_integral_over_the_covered_disc() -> None:
    limb = (0.4, 0.25)
    radius, separation = 0.1, 0.97

    def intensity(y: float, x: float) -> float:
        covered = (x - separation) ** 2 + y**2 < radius**2
        mu = np.sqrt(max(1 - x**2 - y**2, 0.0))
        return (1 - limb[0] * (1 - mu) - limb[1] * (1 - mu) ** 2) * covered * (x**2 + y**2 < 1)

    lost, _ = dblquad(intensity, separation - radius, 1.0, -radius, radius, epsabs=2e-5)
    whole = np.pi * (1 - limb[0] / 3 - limb[1] / 6)
    assert transit_flux(np.array([separation]), radius, limb)[0] == pytest.approx(1 - lost / whole, abs=3e-5)


def test_a_uniform_disc_loses_the_planets_area() -> None:
    flux = transit_flux(np.array([0.0, 0.05, 0.5, 1.2, np.inf]), 0.1, (0.0, 0.0))
    np.testing.assert_allclose(flux, [0.99, 0.99, 0.99, 1.0, 1.0], atol=1e-5)

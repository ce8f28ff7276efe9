from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.inject.shapes import SHAPES, magnitudes

TIME = np.linspace(-30.0, 30.0, 600_001)

#: Their durations are full widths at half of the depth; those of the others at half of the light that they add.
IN_MAGNITUDES, IN_LIGHT = ("box", "dip", "outburst"), ("flare", "lens")


@given(st.sampled_from(list(SHAPES)), st.floats(1e-4, 5.0), st.booleans())
def test_the_largest_change_is_the_depth_and_all_of_one_sign(shape: str, depth: float, brighter: bool) -> None:
    change = magnitudes(shape, depth, brighter, TIME[::10])
    # the template of flares jumps by a hundredth at its peak
    assert np.abs(change).max() == pytest.approx(depth, rel=0.01 if shape == "flare" else 1e-3)
    # a magnitude falls where a star brightens
    assert (change <= 0).all() if brighter else (change >= 0).all()


@pytest.mark.parametrize("depth", [0.01, 0.5, 3.0])
@pytest.mark.parametrize("shape", [*IN_MAGNITUDES, *IN_LIGHT])
def test_durations_are_widths_at_half_height(shape: str, depth: float) -> None:
    size = np.abs(magnitudes(shape, depth, False, TIME))
    height = size if shape in IN_MAGNITUDES else 10 ** (0.4 * size) - 1
    above = TIME[height >= 0.5 * height.max()]
    # the box is all or nothing, and stands on both of its ends
    assert np.ptp(above) == pytest.approx(1.0, abs=0.01)


def test_a_lens_is_that_of_the_point_lens() -> None:
    gain, crossing = 3.0, 0.7
    nearest = np.sqrt(2 * gain / np.sqrt(gain**2 - 1) - 2)
    time = np.linspace(-2, 2, 401)
    u2 = nearest**2 + (time / crossing) ** 2
    light = (u2 + 2) / np.sqrt(u2 * (u2 + 4))
    wide = np.linspace(0, 2, 2_000_001)
    v2 = nearest**2 + (wide / crossing) ** 2
    half = wide[np.argmin(np.abs((v2 + 2) / np.sqrt(v2 * (v2 + 4)) - (1 + gain) / 2))]
    expected = -2.5 * np.log10(light)
    np.testing.assert_allclose(magnitudes("lens", 2.5 * np.log10(gain), True, time / (2 * half)), expected, atol=1e-5)


def test_what_lasts_stays_to_the_end() -> None:
    late = np.array([50.0, 1e6])
    for name, shape in SHAPES.items():
        change = np.abs(magnitudes(name, 0.3, False, late))
        assert (change == pytest.approx(0.3)) if shape.lasts else change.max() < 1e-3, name

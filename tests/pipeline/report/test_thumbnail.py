from __future__ import annotations

import base64

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.report.thumbnail import POINTS, thumbnail
from tests.pipeline.report.made import make_curve


def points_of(packed: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed), dtype=np.uint8).reshape(-1, 4)


def test_bright_is_up_in_both_kinds_and_extremes_lie_beyond() -> None:
    time = np.linspace(0, 10, 301)
    wave = np.sin(2 * np.pi * time / 5)
    for kind, sign in (("mag", -1), ("flux", 1)):
        value = 10 + sign * 0.1 * wave
        value[150] = 10 + sign * 9.0
        shown = points_of(thumbnail(clean(LightCurve.of("a", time, value, kind=kind)), 5.0, 0.0))
        assert POINTS <= len(shown) <= POINTS + 2
        assert shown[:, 1].tolist().count(255) == 1
        inside = shown[shown[:, 1] < 255]
        assert np.corrcoef(inside[:, 1], np.sin(2 * np.pi * inside[:, 2] / 256))[0, 1] > 0.99
        assert (np.diff(shown[:, 0].astype(int)) >= 0).all()


def test_bands_are_numbered_by_wavelength() -> None:
    curve = make_curve("a", bands=("r", "g"))
    shown = points_of(thumbnail(curve, None, None))
    good = curve.good
    share = (good.band == good.bands.index("g")).mean()
    assert abs((shown[:, 3] == 0).mean() - share) < 0.1
    assert (shown[:, 2] == 0).all()


@given(
    st.lists(st.tuples(st.floats(-1e6, 3e6), st.floats(-1e9, 1e9) | st.just(float("nan"))), max_size=9),
    st.sampled_from(["mag", "flux"]),
)
def test_no_light_curve_breaks_it(rows, kind) -> None:
    time, value = zip(*rows, strict=True) if rows else ((), ())
    made = thumbnail(clean(LightCurve.of("a", time, value, kind=kind)), 1.5, 0.0)
    assert made is None or points_of(made).shape[1] == 4

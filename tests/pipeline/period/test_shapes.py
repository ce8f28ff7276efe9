"""What a fold looks like, against least squares and against all boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.period.kernels.shapes import best_dips, smooth_curves


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), terms=st.integers(1, 8), empty=st.floats(0.0, 0.9))
def test_smooth_curves_are_ridge_regressions(seed: int, terms: int, empty: float) -> None:
    rng = np.random.default_rng(seed)
    bins = 64
    weight = rng.uniform(0.5, 3.0, (4, bins)) * (rng.random((4, bins)) >= empty)
    total = weight * rng.normal(size=(4, bins))
    angle = 2 * np.pi * (np.arange(bins) + 0.5) / bins
    waves = [wave(k * angle) for k in range(1, terms + 1) for wave in (np.cos, np.sin)]
    basis, strength = np.stack([np.ones(bins), *waves]), np.repeat(np.arange(1, terms + 1) ** -2.0, 2)
    series, noise = np.empty((4, len(basis))), np.empty(4)
    smooth_curves(weight, total, basis, strength, 300, series, noise)
    for w, y, found, left in zip(weight, total, series, noise, strict=True):
        sigma = 0.3
        for _ in range(3):
            ridge = np.diag([1e-6, *(sigma / strength)])
            expected = np.linalg.solve((basis * w) @ basis.T + ridge, basis @ y)
            sigma = float(np.clip(1.0 - expected @ (basis @ y) / 300, 1e-4, 1.0))
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-8)
        assert left == pytest.approx(sigma, rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 1000), empty=st.floats(0.0, 1.0), bright=st.booleans())
def test_the_best_dip_is_the_best_of_all_boxes(seed: int, empty: float, bright: bool) -> None:
    rng = np.random.default_rng(seed)
    bins, widths = 48, np.array([3, 5, 8])
    weight = rng.uniform(0.5, 3.0, (3, bins)) * (rng.random((3, bins)) >= empty)
    total = weight * (np.full((3, bins), 1.0) if bright else rng.normal(size=(3, bins)))
    start, width = np.empty((2, 3), dtype=np.int32)
    best_dips(weight, total, widths, start, width)

    def gain(m: int, first: int, wide: int) -> float:
        inside = np.arange(first, first + wide) % bins
        w, y = weight[m, inside].sum(), total[m, inside].sum()
        rest_w, rest_y = weight[m].sum() - w, total[m].sum() - y
        return y**2 / w + rest_y**2 / rest_w if w > 0 and y < 0 and rest_w > 1e-9 else 0.0

    for m in range(3):
        gains = {(wide, first): gain(m, first, wide) for wide in widths.tolist() for first in range(bins)}
        highest = max(gains.values())
        if highest == 0.0:
            assert (start[m], width[m]) == (0, 1)
            continue
        # boxes that differ by empty bins are as good as one another: the narrowest, and of these the first
        as_good = min(box for box, value in gains.items() if value >= (1 - 1e-8) * highest)
        assert (width[m], start[m]) == as_good

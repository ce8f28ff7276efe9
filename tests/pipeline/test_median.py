"""The quick median and quantiles are NumPy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.median import median, quantiles


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=50))
def test_the_median_is_numpys(values: list[float]) -> None:
    for dtype in (np.float64, np.float32):
        with np.errstate(over="ignore", invalid="ignore"):
            array = np.clip(np.array(values), -1e30, 1e30).astype(dtype)
        kept = array.copy()
        assert median(array) == float(np.median(array))
        assert np.array_equal(array, kept)


@given(
    st.lists(st.floats(-1e150, 1e150), min_size=1, max_size=50), st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5)
)
def test_the_quantiles_are_numpys(values: list[float], shares: list[float]) -> None:
    array = np.array(values)
    kept = array.copy()
    assert quantiles(array, shares) == np.quantile(array, shares).tolist()
    assert np.array_equal(array, kept)

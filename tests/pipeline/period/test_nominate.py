"""The maxima that are nominated."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.period.grid import Grid
from swope.pipeline.period.kernels.peaks import block_maxima, peaks
from swope.pipeline.period.nominate import FEW_POINTS, MOST_MORE, nominate, times_more


@settings(max_examples=30, deadline=None)
@given(
    size=st.integers(20, 3000),
    first=st.integers(1, 50),
    harmonics=st.integers(1, 8),
    pace=st.floats(0.2, 1.0),
    most=st.integers(1, 20),
    sharp=st.integers(1, 20),
    seed=st.integers(0, 99),
)
def test_the_highest_maxima_of_the_summed_harmonics(
    size: int, first: int, harmonics: int, pace: float, most: int, sharp: int, seed: int
) -> None:
    # the sharper, the fewer powers stand out, and the more sums are never made
    power = np.random.default_rng(seed).random(size) ** sharp
    # no frequency just between two of the grid
    stride, last = pace / np.sqrt(2.0), first + size - 1
    fundamental = np.arange(np.ceil(first / stride), np.floor(last / stride) + 1)
    total = np.zeros(len(fundamental))
    for h in range(1, harmonics + 1):
        place = np.floor(fundamental * stride * h + 0.5).astype(int) - first
        total[place < size] += power[place[place < size]]
    padded = np.concatenate([[0.0], total, [0.0]])
    maxima = np.flatnonzero((total >= padded[:-2]) & (total > padded[2:]))
    expected = maxima[np.argsort(-total[maxima], kind="stable")][:most]

    index, height = np.zeros(most), np.zeros(most)
    count = peaks(power, block_maxima(power), first, harmonics, stride, 0.0, float(last), index, height)
    assert count == len(expected)
    np.testing.assert_allclose(np.sort(height[:count]), np.sort(total[expected]))
    assert set(index[:count]) == set(fundamental[expected])


def test_of_few_points_more_is_looked_at() -> None:
    grid = Grid(step=0.001, first=200, size=4800)
    power = np.random.default_rng(1).random(grid.size)
    many, enough, few, fewer = (len(nominate(power, grid, 2000.0, n)) for n in (5000, FEW_POINTS, 50, 10))
    assert many == enough < few < fewer
    assert times_more(50) == 2.0
    assert times_more(1) == MOST_MORE

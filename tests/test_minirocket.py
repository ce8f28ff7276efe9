from itertools import combinations

import numpy as np
import pytest

from tests.bench.minirocket import KERNELS, LENGTH, MiniRocket, convolved, ridge_of


def by_hand(series: np.ndarray, kernel: int, dilation: int) -> np.ndarray:
    """The definition: every output is a sum over the nine points of the kernel, with zeros beyond the ends."""
    weights = np.full(LENGTH, -1.0)
    weights[list(KERNELS[kernel])] = 2.0
    out = np.zeros(series.shape)
    for row, values in enumerate(series):
        for i in range(len(values)):
            for j, weight in enumerate(weights):
                at = i + (j - LENGTH // 2) * dilation
                out[row, i] += weight * (values[at] if 0 <= at < len(values) else 0.0)
    return out


def made_series(n: int = 12, points: int = 64, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, points)).astype(np.float32)


def test_the_kernels_are_all_of_weight_zero() -> None:
    assert len(KERNELS) == 84
    assert set(KERNELS) == set(combinations(range(9), 3))


@pytest.mark.parametrize("dilation", [1, 2, 5, 7])
def test_convolutions_agree_with_the_definition(dilation: int) -> None:
    series = made_series(3)
    for kernel in (0, 17, 83):
        np.testing.assert_allclose(
            convolved(series, kernel, dilation), by_hand(series, kernel, dilation), rtol=1e-5, atol=1e-5
        )


def test_features_are_the_shares_of_outputs_above_the_biases() -> None:
    series = made_series()
    rocket = MiniRocket.of(series, features=84 * 20)
    table = rocket.transform(series)
    column = 0
    for place, (dilation, biases) in enumerate(zip(rocket.dilations, rocket.biases, strict=True)):
        reach = LENGTH // 2 * dilation
        for kernel in range(84):
            output = by_hand(series, kernel, dilation)
            if (kernel + place) % 2:
                output = output[:, reach:-reach]
            for bias in biases[kernel]:
                # an output may equal a bias but for rounding
                low, high = (output > bias + 1e-5).mean(axis=1), (output > bias - 1e-5).mean(axis=1)
                assert (low <= table[:, column] + 1e-6).all()
                assert (table[:, column] <= high + 1e-6).all()
                column += 1
    assert column == table.shape[1] == 84 * 20


def test_dilations_reach_as_far_as_the_series() -> None:
    rocket = MiniRocket.of(made_series(points=64))
    assert rocket.dilations == (1, 2, 3, 4, 5, 6, 7)
    assert sum(biases.size for biases in rocket.biases) == 9996
    assert MiniRocket.of(made_series(points=9), features=84).dilations == (1,)
    with pytest.raises(ValueError, match="9 points or more"):
        MiniRocket.of(made_series(points=8))


def test_the_same_seed_gives_the_same_features() -> None:
    series = made_series()
    first, again, other = (MiniRocket.of(series, 840, seed).transform(series) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(MiniRocket.of(series, 840, 1).transform(series[3:4]), first[3:4])


def test_a_step_and_a_spike_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    labels = np.array(["step", "spike"] * 40)
    series = 0.2 * rng.normal(size=(80, 64))
    for i, label in enumerate(labels):
        at = int(rng.integers(10, 50))
        series[i, at : at + 3 if label == "spike" else 64] += 1.0
    rocket = MiniRocket.of(series[:40], 840)
    said = ridge_of(rocket.transform(series[:40]), labels[:40]).predict(rocket.transform(series[40:]))
    assert (said == labels[40:]).mean() > 0.9

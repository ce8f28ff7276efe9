"""The random walk's likelihood against a dense Gaussian process, and what is not a period."""

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import find_period
from swope.pipeline.period.kernels.walk import red_noise


def test_likelihoods_are_those_of_a_dense_process() -> None:
    rng = np.random.default_rng(2)
    time = np.sort(rng.uniform(0, 200, 60))
    time[5] = time[4]
    value, noise = rng.normal(size=60), rng.uniform(0.5, 2.0, 60)
    tau, ratio, frequency = 12.0, 1.7, 0.083
    covariance = ratio * np.exp(-np.abs(time[:, None] - time) / tau) + np.diag(noise)
    inverse = np.linalg.inv(covariance)
    angle = 2 * np.pi * frequency * time

    def likelihood(basis: np.ndarray) -> float:
        solved = np.linalg.solve(basis.T @ inverse @ basis, basis.T @ inverse @ value)
        left = value - basis @ solved
        return -0.5 * (np.linalg.slogdet(covariance)[1] + 60 * np.log(left @ inverse @ left / 60))

    out = np.empty((1, 2))
    red_noise(time, value, noise, frequency, 1, np.array([tau]), np.array([ratio]), out)
    assert out[0, 0] == pytest.approx(likelihood(np.ones((60, 1))), rel=1e-6)
    assert out[0, 1] == pytest.approx(
        likelihood(np.stack([np.ones(60), np.cos(angle), np.sin(angle)], axis=1)), rel=1e-6
    )


@pytest.mark.parametrize(("bright", "error"), [(18.3, 0.05), (18.3, 0.13), (17.0, 0.3)])
def test_one_rotten_point_is_no_period(bright: float, error: float) -> None:
    rng = np.random.default_rng(12)
    low = 0
    for _ in range(30):
        # three visits a night, as many surveys make them
        time = np.sort(np.repeat(rng.uniform(0, 3000, 15), 3) + rng.uniform(0, 0.02, 45))
        value, errors = rng.normal(20.0, 0.3, 45), np.full(45, 0.3)
        value[7], errors[7] = bright, error
        low += find_period(clean(LightCurve.of("rotten", time, value, errors))).fap < 0.01
    assert low <= 3

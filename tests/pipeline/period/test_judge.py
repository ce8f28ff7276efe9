"""The evidence of a shape against a dense Bayesian regression on the same phase bins."""

import numpy as np
import pytest

from swope.pipeline.period.judge import CLOSE_LOOK, _tables, evidence
from swope.pipeline.period.sample import prepare
from tests.pipeline.period.curves import star


@pytest.mark.parametrize("bands", [("V",), ("g", "r", "i")])
def test_evidence_is_that_of_a_dense_regression(bands: tuple[str, ...]) -> None:
    sample = prepare(star("saw", 0.61, 200, 0.1, bands=bands).good)
    assert sample is not None
    terms, bins = CLOSE_LOOK
    frequency = 1 / 0.61
    _, _, priors = _tables(*CLOSE_LOOK)
    phase = (np.floor((frequency * sample.time % 1.0) * bins) + 0.5) / bins
    offset = (sample.band[:, None] == np.arange(sample.n_bands)).astype(float)
    angle = 2 * np.pi * phase[:, None] * np.arange(1, terms + 1)
    basis = np.stack([np.cos(angle), np.sin(angle)], axis=2).reshape(len(phase), -1)
    root = np.sqrt(sample.weight)
    flat = root[:, None] * offset
    project = np.eye(len(phase)) - flat @ np.linalg.pinv(flat)
    rich, y = project @ (root[:, None] * basis), project @ (root * sample.value)
    n = len(y)

    def noise(columns: int) -> float:
        part = rich[:, :columns]
        gram = part.T @ part
        left = n - y @ part @ np.linalg.solve(gram + 1e-3 * np.eye(columns), part.T @ y)
        return min(1.0, left / (n - sample.n_bands - columns))

    variance = noise(2 * terms)
    prior = np.repeat(priors[1], 2)
    gram = rich.T @ rich
    ridge = np.diag(variance / prior)
    left = n - y @ rich @ np.linalg.solve(gram + ridge, rich.T @ y)
    log_det = np.linalg.slogdet(gram + ridge)[1] - np.sum(np.log(variance / prior))
    truth = 0.5 * (-log_det - n * np.log(variance) - left / variance + n)
    assert evidence(sample, np.array([frequency]))[0, 1] == pytest.approx(truth, rel=1e-3, abs=0.5)


def test_the_true_period_has_the_most_evidence() -> None:
    sample = prepare(star("saw", 0.61).good)
    assert sample is not None
    true, other = evidence(sample, np.array([1 / 0.61, 1 / 0.61 + 1.0])).max(axis=1)
    assert true > other + 20

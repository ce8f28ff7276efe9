"""The final model: number of terms, period, error."""

import numpy as np
import pytest

from pipeline.period.refine import refine
from pipeline.period.sample import prepare
from tests.pipeline.period.curves import star


def test_a_sinusoid_with_forty_points_gets_one_term() -> None:
    chosen = []
    for seed in range(20):
        sample = prepare(star("sine", 0.61, 40, 0.1, seed=seed).good)
        assert sample is not None
        chosen.append(refine(sample, 1 / 0.61).terms)
    assert np.mean(np.array(chosen) == 1) >= 0.8


def test_a_sharp_shape_gets_many_terms() -> None:
    sample = prepare(star("saw", 0.61, 300, 0.02).good)
    assert sample is not None
    assert refine(sample, 1 / 0.61).terms >= 4


@pytest.mark.parametrize("bands", [("V",), ("g", "r")])
def test_the_error_of_the_period_is_honest(bands: tuple[str, ...]) -> None:
    pulls = []
    for seed in range(40):
        sample = prepare(star("sine", 0.61, 150, 0.1, seed=seed, bands=bands).good)
        assert sample is not None
        best = refine(sample, 1 / 0.61 + 0.02 / sample.span)
        pulls.append((best.frequency - 1 / 0.61) / best.frequency_err)
    assert 0.7 < np.std(pulls) < 1.4
    assert abs(np.mean(pulls)) < 0.6

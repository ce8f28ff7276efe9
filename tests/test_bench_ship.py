import numpy as np
import pytest

from swope.models.classifier import Classification
from tests.bench.classify import judge
from tests.bench.ship_folds import as_labelled

TYPES = ("EA", "EW", "M", "RRAB", "RRC")


def classified(*probabilities: tuple[float, ...]) -> Classification:
    shares = np.array(probabilities)
    n = len(shares)
    enough = np.isfinite(shares[:, 0])
    reason = tuple(None if ok else "3 good rows" for ok in enough)
    return Classification(TYPES, shares, (None,) * n, (None,) * n, reason, np.ones(n), np.zeros(n), np.zeros(n))


def test_an_open_label_is_answered_as_openly_and_as_surely() -> None:
    result = classified(
        (0.5, 0.4, 0.1, 0.0, 0.0),
        (0.1, 0.2, 0.1, 0.4, 0.2),
        (0.5, 0.4, 0.1, 0.0, 0.0),
        (0.0, 0.0, 0.6, 0.3, 0.1),
        (np.nan,) * 5,
        (0.0, 0.2, 0.1, 0.3, 0.4),
    )
    labels = ["E", "E", "EW", "RR", "E", "RR"]
    said, sure = as_labelled(result, labels)
    # the second is wrong, and its answer as wide as the labels are; the third has a type for a label
    assert said.tolist() == ["E", "RR", "EA", "M", "", "RR"]
    np.testing.assert_allclose(sure, [0.9, 0.6, 0.5, 0.6, 0.0, 0.7])
    quality = judge(said, sure, np.array(labels))
    assert quality["accuracy"] == pytest.approx(2 / 6)
    assert quality["balanced"] == pytest.approx((1 / 3 + 0 + 1 / 2) / 3)


def test_sure_answers_to_open_labels_are_calibrated() -> None:
    rng = np.random.default_rng(0)
    binary = rng.uniform(0.05, 0.95, 20_000)
    part = rng.uniform(0.3, 0.7, len(binary))
    result = classified(
        *zip(binary * part, binary * (1 - part), 0 * part, (1 - binary) * part, (1 - binary) * (1 - part), strict=True)
    )
    labels = np.where(rng.uniform(size=len(binary)) < binary, "E", "RR")
    said, sure = as_labelled(result, labels.tolist())
    assert judge(said, sure, labels)["ece"] < 0.02
    # what the likeliest type alone is given would be far too little
    assert judge(said, result.probabilities.max(axis=1), labels)["ece"] > 0.1

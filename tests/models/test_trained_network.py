"""What is worked out star by star in NumPy is what Keras says, and of each star alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest

from swope.models import keras_backend, trained_network
from swope.models.autoencoder import network as autoencoder
from swope.models.autoencoder.alone import alone as autoencoder_alone
from swope.models.classifier import network as classifier
from swope.models.classifier.alone import alone as classifier_alone
from swope.models.inputs import BINS, CHANNELS, FACTORS
from swope.models.registry import load_models
from swope.models.trained_network import TrainedNetwork

N = 5

Made = tuple[TrainedNetwork, list[np.ndarray]]


def with_random_weights(build: Callable[[], Any], alone: Any, seed: int) -> TrainedNetwork:
    """Every weight is drawn, so that two that are taken for each other are seen; variances are positive."""
    rng = np.random.default_rng(seed)
    model = build()
    drawn = [0.5 * rng.standard_normal(weight.shape) for weight in model.weights]
    positive = ["variance" in weight.path for weight in model.weights]
    return TrainedNetwork(build, [np.abs(d) + 0.1 if p else d for d, p in zip(drawn, positive, strict=True)], alone)


def drawn(*shapes: Sequence[int]) -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    return [rng.standard_normal((N, *shape)).astype(np.float32) for shape in shapes]


def the_autoencoder() -> Made:
    build = partial(autoencoder.build, 9, 4, 13, 0.1)
    return with_random_weights(build, autoencoder_alone, 1), drawn((1, BINS, len(CHANNELS)), (9,))


def the_classifier() -> Made:
    build = partial(classifier.build, 6, 8, 5, (3, 3, 3), 11, 0.1)
    folds = (len(FACTORS), BINS, len(CHANNELS))
    *tensors, closed = drawn(folds, (BINS, len(CHANNELS)), (len(FACTORS), 6), (8,), (len(FACTORS),))
    return with_random_weights(build, classifier_alone, 2), [*tensors, np.where(closed > 1, classifier.NEVER, 0.0)]


@pytest.mark.parametrize("make", [the_autoencoder, the_classifier])
def test_it_answers_as_keras_does(make: Callable[[], Made], monkeypatch: pytest.MonkeyPatch) -> None:
    made, tensors = make()
    found = made.answers(tensors)
    monkeypatch.setattr(trained_network, "on_accelerator", lambda: True)
    expected = made.answers(tensors)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("make", [the_autoencoder, the_classifier])
def test_no_answer_depends_on_company(make: Callable[[], Made]) -> None:
    made, tensors = make()
    together = made.answers(tensors)
    for i in range(N):
        for output, own in zip(together, made.answers([tensor[i : i + 1] for tensor in tensors]), strict=True):
            np.testing.assert_array_equal(output[i], own[0])
    nothing = made.answers([tensor[:0] for tensor in tensors])
    assert [one.shape for one in nothing] == [(0, *one.shape[1:]) for one in together]


def test_the_shipped_networks_are_known_without_keras() -> None:
    models = load_models(None)
    for network in models.classifier._networks:
        assert network._alone is not None
    assert models.detectors["autoencoder"]._network._alone is not None  # type: ignore[attr-defined]


def test_where_no_device_is_shown_the_backend_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> str:
        raise AssertionError("asked")

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(keras_backend, "device", asked)
    monkeypatch.setattr(keras_backend, "_NODES", ("no-such-device",))
    assert not keras_backend.on_accelerator.__wrapped__()
    monkeypatch.setattr(keras_backend, "_NODES", ("null",))
    with pytest.raises(AssertionError, match="asked"):
        keras_backend.on_accelerator.__wrapped__()

"""The compiled LSTM says what the Keras network says, and of each star alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from swope.models.forecaster import Forecaster, Questions, lstm, network
from swope.models.forecaster.batches import outputs_of
from swope.models.forecaster.steps import Steps, steps_of
from tests.models.forecaster.test_forecaster import variable

UNITS = 5


@pytest.fixture(scope="module")
def drawn() -> Any:
    """A network with random weights, large enough to saturate a gate now and then."""
    model = network.build(UNITS, "lstm", 0.0)
    rng = np.random.default_rng(3)
    model.set_weights([0.8 * rng.standard_normal(w.shape) for w in model.get_weights()])
    return model


def steps(seed: int, n: int) -> Steps:
    """The steps of a star, some of them asked for ahead of time and not learnt from."""
    star = variable(seed, n)
    origin = np.arange(5, n - 9, 3)
    found = steps_of(star, Questions.of_rows(star.curve.good, origin, origin + 7))
    assert found is not None
    return found


@pytest.mark.parametrize("n", [16, 64, 300])
def test_it_answers_as_keras_does(drawn: Any, n: int) -> None:
    one = steps(n, n)
    assert not one.learnt.all()
    found = lstm.outputs_of(lstm.Layers.of(drawn), one)
    np.testing.assert_allclose(found, outputs_of(drawn, UNITS, "lstm", [one])[0], rtol=1e-4, atol=1e-4)


def test_its_states_are_those_of_keras(drawn: Any) -> None:
    one = steps(1, 80)
    expected = outputs_of(network.opened(drawn), UNITS, "lstm", [one])[0]
    np.testing.assert_allclose(lstm.states_of(lstm.Layers.of(drawn), one), expected, rtol=1e-4, atol=1e-4)


def test_answers_do_not_depend_on_how_many_steps_are_answered_at_a_time(
    drawn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers, one = lstm.Layers.of(drawn), steps(3, 90)
    states, outputs = lstm.states_of(layers, one), lstm.outputs_of(layers, one)
    monkeypatch.setattr(lstm, "_STEPS", 7)
    np.testing.assert_allclose(lstm.states_of(layers, one), states, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(lstm.outputs_of(layers, one), outputs, rtol=1e-5, atol=1e-6)


def test_the_shipped_forecaster_answers_as_keras_does() -> None:
    shipped = Forecaster.pretrained()
    one = steps(2, 200)
    expected = outputs_of(shipped.network, shipped.options.units, "lstm", [one])[0]
    np.testing.assert_allclose(lstm.outputs_of(lstm.Layers.of(shipped.network), one), expected, atol=1e-5)


def test_extreme_inputs_give_numbers(drawn: Any) -> None:
    layers = lstm.Layers.of(drawn)
    one = steps(4, 40)
    one.inputs[:] = np.where(np.random.default_rng(0).random(one.inputs.shape) < 0.5, 1e4, -1e4)
    assert np.isfinite(lstm.states_of(layers, one)).all()
    assert np.isfinite(lstm.outputs_of(layers, one)).all()


def test_the_sigmoid_is_right_to_the_last_digits_and_keeps_what_is_no_number() -> None:
    rng = np.random.default_rng(5)
    x = np.concatenate([20.0 * rng.normal(size=5000), [0.0, 1e-12, 699.0, -699.0, 1e300, -1e300, np.inf, -np.inf]])
    for factor in (1.0, 2.0):
        found, power = x.copy(), np.empty(len(x))
        lstm._sigmoid(found, 0, len(x), factor, power.view(np.int64), power)
        with np.errstate(over="ignore"):
            expected = 1.0 / (1.0 + np.exp(-factor * x))
        np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-300)
    lost, power = np.array([1.0, np.nan]), np.empty(2)
    lstm._sigmoid(lost, 0, 2, 1.0, power.view(np.int64), power)
    assert np.isnan(lost[1])
    assert np.isfinite(lost[0])

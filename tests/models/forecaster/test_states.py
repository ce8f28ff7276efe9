"""The states shown are those from which the network makes its forecasts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from swope.models.forecaster import Forecaster, ForecasterOptions, network
from swope.models.forecaster.batches import STEPS, outputs_of
from swope.models.forecaster.calibration import Calibration
from swope.models.forecaster.network import Cell
from swope.models.forecaster.states import cell_states
from swope.models.forecaster.steps import steps_of
from swope.models.trained_network import KeptNetwork
from tests.models.forecaster.test_forecaster import variable

UNITS = 4


def drawn(cell: Cell, calibration: Calibration) -> Forecaster:
    """A forecaster with weights drawn at random."""
    model = network.build(UNITS, cell, 0.1)
    rng = np.random.default_rng(0)
    model.set_weights([0.3 * rng.standard_normal(w.shape) for w in model.get_weights()])
    return Forecaster(
        ForecasterOptions(cell=cell, units=UNITS), KeptNetwork(lambda: model, model.get_weights()), calibration
    )


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return Forecaster.pretrained().calibration


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_the_rest_of_the_network_makes_its_forecasts_of_the_states(cell: Cell, calibration: Calibration) -> None:
    forecaster = drawn(cell, calibration)
    stars = [variable(0, STEPS + 20), variable(1, 3), variable(2, 30)]
    found = cell_states(forecaster, stars)
    assert found[1] is None
    dense = [layer for layer in forecaster.network.layers if layer.name.startswith("dense")]
    for star, states in ((stars[0], found[0]), (stars[2], found[2])):
        steps = steps_of(star)
        assert states is not None
        assert steps is not None
        np.testing.assert_array_equal(states.time, star.curve.good.time)
        assert states.cell.shape == (len(states.time), UNITS)
        rest = np.concatenate([states.hidden, steps.inputs], axis=1)
        for layer in dense:
            rest = np.asarray(layer(rest))
        expected = outputs_of(forecaster.network, UNITS, cell, [steps])[0]
        np.testing.assert_allclose(rest, expected, atol=1e-5)
        # an LSTM tells tanh(cell), less what its output gate holds back; the others have one state only
        least = np.abs(np.tanh(states.cell)) - np.abs(states.hidden)
        assert (least > -1e-6).all() if cell == "lstm" else (states.cell == states.hidden).all()


def test_states_do_not_know_the_rows_to_come(calibration: Calibration) -> None:
    forecaster = drawn("lstm", calibration)
    star = variable(3, 60)
    good = star.curve.good
    begun_star = replace(star, curve=good.where(np.arange(len(good)) < 40))
    whole, begun = cell_states(forecaster, [star]), cell_states(forecaster, [begun_star])
    assert whole[0] is not None
    assert begun[0] is not None
    np.testing.assert_allclose(whole[0].cell[:40], begun[0].cell, atol=1e-5)

"""The network's LSTM on a processor: a star at a time, without a framework's cost a step.

A framework runs a recurrence as a loop of small operations on a whole batch, some 0.1 to 0.4 ms a step however few
stars there are; compiled, a step of one star costs some microseconds. The sums are in double precision and belong to
one star alone, so that no answer depends on its company.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.forecaster.network import N_OUTPUTS
from swope.models.forecaster.steps import N_INPUTS, Steps
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray


@dataclass(frozen=True, eq=False)
class Layers:
    """Weights of the network of `swope.models.forecaster.network.build` with an LSTM cell.

    Attributes
    ----------
    kernel : (inputs, 4 units) what the gates are told of a step: input, forget, cell and output gate.
    recurrent : (units, 4 units) and of the state before.
    bias : (4 units,).
    hidden, hidden_bias : (units + inputs, width) and (width,) of the layer behind the cell.
    out, out_bias : (width, outputs) and (outputs,) of the last layer.
    """

    kernel: FloatArray
    recurrent: FloatArray
    bias: FloatArray
    hidden: FloatArray
    hidden_bias: FloatArray
    out: FloatArray
    out_bias: FloatArray

    @classmethod
    def of(cls, model: Any) -> Layers:
        """Those of a Keras model, in the order in which it keeps them."""
        return cls(*(np.ascontiguousarray(array, dtype=np.float64) for array in model.get_weights()))


def shapes(units: int) -> list[tuple[int, ...]]:
    """Of the weights of a network of so many units, in the order in which Keras keeps them."""
    width = 2 * units
    return [
        *((N_INPUTS, 4 * units), (units, 4 * units), (4 * units,)),
        *((units + N_INPUTS, width), (width,), (width, N_OUTPUTS), (N_OUTPUTS,)),
    ]


def states_of(layers: Layers, steps: Steps) -> FloatArray:
    """(steps, 2 units) hidden and cell state with which each step is answered, from zero states on."""
    told = steps.inputs.astype(np.float64) @ layers.kernel + layers.bias
    return _through(told, layers.recurrent, steps.learnt.astype(np.bool_))


def outputs_of(layers: Layers, steps: Steps) -> NDArray[np.float32]:
    """(steps, outputs) what the network answers to each step of a star."""
    inputs = steps.inputs.astype(np.float64)
    history = states_of(layers, steps)[:, : layers.recurrent.shape[0]]
    units = history.shape[1]
    hidden = history @ layers.hidden[:units] + inputs @ layers.hidden[units:] + layers.hidden_bias
    # silu; exp overflows to infinity where the answer is 0
    with np.errstate(over="ignore"):
        hidden /= 1.0 + np.exp(-hidden)
    return np.asarray(hidden @ layers.out + layers.out_bias, dtype=np.float32)


@compiled()
def _through(told: FloatArray, recurrent: FloatArray, learnt: NDArray[np.bool_]) -> FloatArray:
    """The states that answer each step (Hochreiter & Schmidhuber 1997, with forget gates).

    A step that is not learnt from sees the state of the steps before, and leaves it as it is.
    """
    n, units = len(told), recurrent.shape[0]
    states = np.empty((n, 2 * units))
    hidden, cell = np.zeros(units), np.zeros(units)
    gates = np.empty(4 * units)
    for i in range(n):
        for k in range(4 * units):
            gates[k] = told[i, k]
        for j in range(units):
            for k in range(4 * units):
                gates[k] += hidden[j] * recurrent[j, k]
        for k in range(units):
            entry = 1.0 / (1.0 + np.exp(-gates[k]))
            forget = 1.0 / (1.0 + np.exp(-gates[units + k]))
            after = forget * cell[k] + entry * np.tanh(gates[2 * units + k])
            states[i, k] = np.tanh(after) / (1.0 + np.exp(-gates[3 * units + k]))
            states[i, units + k] = after
        if learnt[i]:
            for k in range(units):
                hidden[k], cell[k] = states[i, k], states[i, units + k]
    return states

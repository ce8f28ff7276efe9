"""The network's LSTM on a processor: a star at a time, without a framework's cost a step.

A framework runs a recurrence as a loop of small operations on a whole batch, some 0.1 to 0.4 ms a step however few
stars there are; compiled, a step of one star costs some microseconds. The sums are in double precision and belong to
one star alone, so that no answer depends on its company.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
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
    recurrent : (units, 4 units) and of the state before; in single precision, as it was learnt, which is half as much
        to read at every step, and is exact in sums in double precision.
    bias : (4 units,).
    hidden, hidden_bias : (units + inputs, width) and (width,) of the layer behind the cell.
    out, out_bias : (width, outputs) and (outputs,) of the last layer.
    """

    kernel: FloatArray
    recurrent: NDArray[np.float32]
    bias: FloatArray
    hidden: FloatArray
    hidden_bias: FloatArray
    out: FloatArray
    out_bias: FloatArray

    @classmethod
    def of(cls, model: Any) -> Layers:
        """Those of a Keras model, in the order in which it keeps them."""
        kernel, recurrent, *others = model.get_weights()
        return cls(
            np.ascontiguousarray(kernel, dtype=np.float64),
            np.ascontiguousarray(recurrent, dtype=np.float32),
            *(np.ascontiguousarray(array, dtype=np.float64) for array in others),
        )


def shapes(units: int) -> list[tuple[int, ...]]:
    """Of the weights of a network of so many units, in the order in which Keras keeps them."""
    width = 2 * units
    return [
        *((N_INPUTS, 4 * units), (units, 4 * units), (4 * units,)),
        *((units + N_INPUTS, width), (width,), (width, N_OUTPUTS), (N_OUTPUTS,)),
    ]


#: Steps that are answered at a time: what lies between a layer and the next stays small, however long the star is.
_STEPS = 2048


def states_of(layers: Layers, steps: Steps) -> FloatArray:
    """(steps, 2 units) hidden and cell state with which each step is answered, from zero states on."""
    states = np.empty((len(steps.inputs), 2 * layers.recurrent.shape[0]))
    for some, _, found in _in_parts(layers, steps):
        states[some] = found
    return states


def outputs_of(layers: Layers, steps: Steps) -> NDArray[np.float32]:
    """(steps, outputs) what the network answers to each step of a star."""
    units = layers.recurrent.shape[0]
    outputs = np.empty((len(steps.inputs), len(layers.out_bias)), dtype=np.float32)
    for some, inputs, states in _in_parts(layers, steps):
        hidden = states[:, :units] @ layers.hidden[:units] + inputs @ layers.hidden[units:] + layers.hidden_bias
        # silu; exp overflows to infinity where the answer is 0
        with np.errstate(over="ignore"):
            hidden /= 1.0 + np.exp(-hidden)
        outputs[some] = hidden @ layers.out + layers.out_bias
    return outputs


def _in_parts(layers: Layers, steps: Steps) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
    """Of some steps after the other: which they are, their inputs (m, inputs), and their states (m, 2 units)."""
    units = layers.recurrent.shape[0]
    hidden, cell = np.zeros(units), np.zeros(units)
    learnt = steps.learnt.astype(np.bool_)
    for start in range(0, len(learnt), _STEPS):
        some = slice(start, start + _STEPS)
        inputs = steps.inputs[some].astype(np.float64)
        told = inputs @ layers.kernel + layers.bias
        yield some, inputs, _through(told, layers.recurrent, learnt[some], hidden, cell)


#: Of 2^f from -1/2 to 1/2: coefficients of (f ln 2)^k, from the 13th down to the 0th, 1 / k!.
_TAYLOR = tuple(1.0 / math.factorial(k) for k in range(13, -1, -1))

#: ln 2 in two parts: products of the first with whole numbers up to 2^10 are exact.
_LN2_HIGH, _LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10

#: Beyond this a sigmoid is 0 or 1.
_FLAT = 700.0


@compiled(fast={"contract"})
def _sigmoid(x: FloatArray, start: int, stop: int, factor: float, bits: NDArray[np.int64], power: FloatArray) -> None:
    """Replace x[k] by 1 / (1 + exp(-factor x[k])), from start to stop; straight code, several numbers at a time.

    exp(y) is 2^n exp(r) with a whole n and a small r, whose power series is cut off below a float's last digit.

    Parameters
    ----------
    bits, power : (>= stop,) the same memory, as whole numbers and as floats.
    """
    for k in range(start, stop):
        y = -factor * x[k]
        y = _FLAT if y > _FLAT else y
        y = -_FLAT if y < -_FLAT else y
        whole = np.floor(y * 1.4426950408889634 + 0.5)
        r = (y - whole * _LN2_HIGH) - whole * _LN2_LOW
        series = _TAYLOR[0]
        for coefficient in _TAYLOR[1:]:
            series = series * r + coefficient
        bits[k] = (np.int64(np.int32(whole)) + 1023) << 52
        x[k] = series
    for k in range(start, stop):
        x[k] = 1.0 / (1.0 + x[k] * power[k])


@compiled()
def _through(
    told: FloatArray, recurrent: NDArray[np.float32], learnt: NDArray[np.bool_], hidden: FloatArray, cell: FloatArray
) -> FloatArray:
    """The states that answer each step (Hochreiter & Schmidhuber 1997, with forget gates).

    A step that is not learnt from sees the state of the steps before, and leaves it as it is.

    Parameters
    ----------
    hidden, cell : (units,) the state before the first step; then after the last.
    """
    n, units = len(told), recurrent.shape[0]
    states = np.empty((n, 2 * units))
    gates, power = np.empty(4 * units), np.empty(4 * units)
    bits = power.view(np.int64)
    fours = units - units % 4
    for i in range(n):
        for k in range(4 * units):
            gates[k] = told[i, k]
        # four states at a time, in the order of one after the other: the gates are read and written less often
        for j in range(0, fours, 4):
            one, two, three, four = hidden[j], hidden[j + 1], hidden[j + 2], hidden[j + 3]
            for k in range(4 * units):
                first = gates[k] + one * recurrent[j, k] + two * recurrent[j + 1, k]
                gates[k] = first + three * recurrent[j + 2, k] + four * recurrent[j + 3, k]
        for j in range(fours, units):
            for k in range(4 * units):
                gates[k] += hidden[j] * recurrent[j, k]
        _sigmoid(gates, 0, 2 * units, 1.0, bits, power)
        # tanh(x) is 2 / (1 + exp(-2 x)) - 1
        _sigmoid(gates, 2 * units, 3 * units, 2.0, bits, power)
        _sigmoid(gates, 3 * units, 4 * units, 1.0, bits, power)
        for k in range(units):
            after = gates[units + k] * cell[k] + gates[k] * (2.0 * gates[2 * units + k] - 1.0)
            states[i, units + k] = after
            gates[k] = after
        _sigmoid(gates, 0, units, 2.0, bits, power)
        for k in range(units):
            states[i, k] = (2.0 * gates[k] - 1.0) * gates[3 * units + k]
        if learnt[i]:
            for k in range(units):
                hidden[k], cell[k] = states[i, k], states[i, units + k]
    return states

"""The network: an LSTM over a star's rows that weighs, shifts and widens the simple forecasters' Gaussians.

With all its outputs zero it is their average by evidence; what it learns is where that average is wrong. Bishop 1994,
Mixture Density Networks; the recurrent cell is Hochreiter & Schmidhuber 1997. A row that is only asked for is answered
from the state that the rows before it left, and leaves that state alone.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from swope.models.forecaster.mixture import Mixture
from swope.models.forecaster.steps import FAMILIES, N_INPUTS, Steps
from swope.models.keras_backend import keras

Cell = Literal["lstm", "gru", "rnn"]

#: One Gaussian a family, and a wide one for what nobody foresaw.
COMPONENTS = len(FAMILIES) + 1
N_OUTPUTS = 3 * COMPONENTS

#: Columns of `targets`: target, noise, whether it counts; then each family's mean, variance and log weight.
N_TARGETS = 3 + 3 * len(FAMILIES)

#: The wide component's first width, in units of the averaged forecast's sigma, and its first log weight.
_WIDE, _RARE = 3.0, -4.0

#: Name of the recurrent layer.
_RECURRENT = "recurrent"

#: Most that the network may shift a component (in its sigma) and change its log width.
_MOST_SHIFT, _MOST_WIDEN = 3.0, 2.0


def build(units: int, cell: Cell, dropout: float) -> Any:
    """The network, a Keras model.

    Its inputs: (batch, steps, N_INPUTS) of the steps, (batch, steps, 1) whether each is learnt from, and the cell's
    states. Its outputs: (batch, steps, N_OUTPUTS), and the states after, so that a long curve is forecast a piece at a
    time.
    """
    layers = keras().layers
    steps = keras().Input((None, N_INPUTS), name="steps")
    learnt = keras().Input((None, 1), name="learnt")
    states = [keras().Input((units,), name=f"state_{i}") for i in range(states_of(cell))]
    dropped = layers.Dropout(dropout)(steps) if dropout else steps
    told = layers.Concatenate()([dropped, learnt])
    recurrent = layers.RNN(_discreet(_cell(units, cell)), return_sequences=True, return_state=True, name=_RECURRENT)
    history, *after = recurrent(told, initial_state=states)
    joined = layers.Concatenate()([history, steps])
    hidden = layers.Dense(2 * units, activation="silu")(joined)
    # zero at first, so that training starts from the simple forecasters' average
    outputs = layers.Dense(N_OUTPUTS, kernel_initializer="zeros")(hidden)
    return keras().Model([steps, learnt, *states], [outputs, *after])


def states_of(cell: Cell) -> int:
    """How many states the cell has."""
    return 2 if cell == "lstm" else 1


def opened(model: Any) -> Any:
    """The same network, with the states of its cell at every step in place of its answers.

    Its inputs are those of `build`, its outputs (batch, steps, states of the cell times units), in their order, and the
    states after. It shares the weights of the model.
    """
    steps, learnt, *states = model.inputs
    cell = _discreet(model.get_layer(_RECURRENT).cell.cell, shows_states=True)
    recurrent = keras().layers.RNN(cell, return_sequences=True, return_state=True)
    history, *after = recurrent(keras().layers.Concatenate()([steps, learnt]), initial_state=states)
    return keras().Model(model.inputs, [history, *after])


def _cell(units: int, kind: Cell) -> Any:
    layers = keras().layers
    return {"lstm": layers.LSTMCell, "gru": layers.GRUCell, "rnn": layers.SimpleRNNCell}[kind](units)


def _discreet(recurrent_cell: Any, shows_states: bool = False) -> Any:
    """A recurrent cell that forgets the steps whose last input is zero: they see its state, and do not change it.

    Its output is that of the cell, or all its states, one after the other.
    """
    layers, ops = keras().layers, keras().ops

    class Discreet(layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, cell: Any) -> None:
            super().__init__()
            self.cell = cell
            self.state_size = cell.state_size
            sizes = cell.state_size if isinstance(cell.state_size, list | tuple) else [cell.state_size]
            self.output_size = sum(sizes) if shows_states else cell.output_size

        def build(self, shape: Any) -> None:
            if not self.cell.built:
                self.cell.build((*shape[:-1], shape[-1] - 1))

        def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
            output, after = self.cell(inputs[:, :-1], states, training=training)
            learnt = inputs[:, -1:]
            after = after if isinstance(after, list | tuple) else [after]
            output = ops.concatenate(after, axis=-1) if shows_states else output
            return output, [old + learnt * (new - old) for new, old in zip(after, states, strict=True)]

    return Discreet(recurrent_cell)


def targets(steps: Steps) -> NDArray[np.float32]:
    """(n, N_TARGETS) what the loss needs of a star."""
    columns = [steps.target[:, None], steps.noise[:, None], steps.ready[:, None]]
    columns += [steps.mean, steps.variance, steps.log_weight]
    return np.concatenate(columns, axis=1).astype(np.float32)


def components(outputs: Any, known: Any, ops: Any) -> tuple[Any, Any, Any]:
    """Log weights, means and variances of the mixture, (..., COMPONENTS) each.

    Parameters
    ----------
    outputs : (..., N_OUTPUTS) of the network.
    known : (..., N_TARGETS) of `targets`; its target is not looked at.
    ops : `keras.ops` for a backend's tensors, `numpy` for arrays.
    """
    f = len(FAMILIES)
    noise = known[..., 1:2]
    mean, variance, log_weight = (known[..., 3 + i * f : 3 + (i + 1) * f] for i in range(3))
    wide = ops.ones_like(noise)
    log_weight = ops.concatenate([log_weight, (_RARE + _log_sum(log_weight, ops)) * wide], -1)
    mean = ops.concatenate([mean, 0.0 * wide], -1)
    variance = ops.concatenate([variance, _WIDE**2 * wide], -1)
    raw_weight, raw_shift, raw_widen = (outputs[..., i * COMPONENTS : (i + 1) * COMPONENTS] for i in range(3))
    mean = mean + ops.sqrt(variance) * _MOST_SHIFT * ops.tanh(raw_shift / _MOST_SHIFT)
    # the measurement's own variance is no business of the network
    variance = variance * ops.exp(2.0 * _MOST_WIDEN * ops.tanh(raw_widen / _MOST_WIDEN)) + noise
    log_weight = log_weight + raw_weight
    return log_weight - _log_sum(log_weight, ops), mean, variance


def _log_sum(terms: Any, ops: Any) -> Any:
    """Logarithm of the sum of the exponentials along the last axis, which stays."""
    top = ops.max(terms, axis=-1, keepdims=True)
    return top + ops.log(ops.sum(ops.exp(terms - top), axis=-1, keepdims=True))


def loss(known: Any, outputs: Any) -> Any:
    """Mean negative log density of the rows that count."""
    ops = keras().ops
    log_weight, mean, variance = components(outputs, known, ops)
    target, counts = known[..., 0:1], known[..., 2]
    log_density = log_weight - 0.5 * (target - mean) ** 2 / variance - 0.5 * ops.log(2 * np.pi * variance)
    density = _log_sum(log_density, ops)[..., 0]
    # a row far beyond every component teaches nothing more by being farther
    density = ops.maximum(density, -20.0)
    return -ops.sum(density * counts) / ops.maximum(ops.sum(counts), 1.0)


def mixture(outputs: NDArray[np.float32], steps: Steps) -> Mixture:
    """The predictive mixtures of a star's rows, in the steps' units.

    Parameters
    ----------
    outputs : (n, N_OUTPUTS) of the network.
    steps : the star's n steps.
    """
    log_weight, mean, variance = components(outputs.astype(np.float64), targets(steps).astype(np.float64), np)
    weight = np.exp(log_weight)
    return Mixture(weight / weight.sum(axis=1, keepdims=True), mean, np.sqrt(variance))

"""What the network has in mind while it reads a star: the states of its cell, row after row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swope.models.forecaster import lstm, network
from swope.models.forecaster.batches import outputs_of
from swope.models.forecaster.forecaster import Forecaster
from swope.models.forecaster.steps import steps_of
from swope.models.keras_backend import on_accelerator
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.star import Star


@dataclass(frozen=True, eq=False)
class CellStates:
    """The states with which the network forecasts each good row of a star, from the rows before it.

    Attributes
    ----------
    time : (n,) days, of the rows.
    hidden : (n, units) what the rest of the network is told, within -1 and 1.
    cell : (n, units) the memory: the cell state of an LSTM (Hochreiter & Schmidhuber 1997), which has no bounds; the
        hidden state of a GRU or a simple cell, which has no other.
    """

    time: FloatArray
    hidden: NDArray[np.floating]
    cell: NDArray[np.floating]


def cell_states(forecaster: Forecaster, stars: Sequence[Star]) -> list[CellStates | None]:
    """The states of the forecaster's cell over the rows of each star; None for a star too short to be read.

    Parameters
    ----------
    forecaster : whose network reads the stars, from zero states on.
    stars : any number.
    """
    options = forecaster.options
    read = [steps_of(star) for star in stars]
    known = [steps for steps in read if steps is not None]
    if options.cell == "lstm" and not on_accelerator():
        layers = lstm.Layers.of(forecaster.trained)
        found: Iterator[NDArray[np.floating]] = (lstm.states_of(layers, steps) for steps in known)
    else:
        found = iter(outputs_of(network.opened(forecaster.network), options.units, options.cell, known))
    result: list[CellStates | None] = []
    for star, steps in zip(stars, read, strict=True):
        if steps is None:
            result.append(None)
            continue
        states = next(found)
        result.append(CellStates(star.curve.good.time, states[:, : options.units], states[:, -options.units :]))
    return result

"""Stars of any length through the network in calls of one fixed shape."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.forecaster import network
from swope.models.forecaster.network import Cell
from swope.models.forecaster.steps import N_INPUTS, Steps

#: Stars and steps of every call: always the same, so that nothing is compiled twice and no result depends on company.
STARS, STEPS = 64, 64


def outputs_of(model: Any, units: int, cell: Cell, stars: Sequence[Steps]) -> list[NDArray[np.float32]]:
    """The network's outputs for each star, (its steps, N_OUTPUTS); or, of `network.opened`, its cell's states.

    Each place of a call's batch goes through its own stars, a piece at a time; a star's first piece starts from zero
    states, the others from where the piece before ended.
    """
    outputs = [np.empty((len(one.target), model.output_shape[0][-1]), dtype=np.float32) for one in stars]
    places = _places([-(-len(one.target) // STEPS) for one in stars])
    inputs = np.zeros((STARS, STEPS, N_INPUTS), dtype=np.float32)
    learnt = np.zeros((STARS, STEPS, 1), dtype=np.float32)
    states = [np.zeros((STARS, units), dtype=np.float32) for _ in range(network.states_of(cell))]
    for call in range(max(map(len, places))):
        inputs[:], learnt[:] = 0.0, 0.0
        now = [(place, *pieces[call]) for place, pieces in enumerate(places) if call < len(pieces)]
        for place, star, piece in now:
            part = slice(piece * STEPS, (piece + 1) * STEPS)
            rows = stars[star].inputs[part]
            inputs[place, : len(rows)] = rows
            learnt[place, : len(rows), 0] = stars[star].learnt[part]
            if piece == 0:
                for state in states:
                    state[place] = 0.0
        answers, *after = model.predict_on_batch([inputs, learnt, *states])
        states = [np.array(state) for state in after]
        for place, star, piece in now:
            rows = outputs[star][piece * STEPS : (piece + 1) * STEPS]
            rows[:] = answers[place, : len(rows)]
    return outputs


def _places(pieces: Sequence[int]) -> list[list[tuple[int, int]]]:
    """For each place of a batch the (star, piece) that it goes through, the longest stars dealt out first."""
    places: list[list[tuple[int, int]]] = [[] for _ in range(STARS)]
    free = [(0, place) for place in range(STARS)]
    for star in sorted(range(len(pieces)), key=lambda star: -pieces[star]):
        taken, place = heapq.heappop(free)
        places[place] += [(star, piece) for piece in range(pieces[star])]
        heapq.heappush(free, (taken + pieces[star], place))
    return places

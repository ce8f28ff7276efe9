"""However stars are laid out in calls of one shape, each gets what the network says of it alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from swope.models.forecaster import network
from swope.models.forecaster.batches import STARS, _places, outputs_of
from swope.models.forecaster.network import Cell
from swope.models.forecaster.steps import steps_of
from tests.models.forecaster.test_forecaster import variable


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_the_outputs_are_those_of_one_pass_over_the_star(cell: Cell) -> None:
    model = network.build(4, cell, 0.0)
    rng = np.random.default_rng(0)
    model.set_weights([0.3 * rng.standard_normal(w.shape) for w in model.get_weights()])
    stars = [steps for i in range(STARS + 6) if (steps := steps_of(variable(i, 10 + 4 * i))) is not None]
    states = [np.zeros((1, 4), dtype=np.float32)] * network.states_of(cell)
    found = outputs_of(model, 4, cell, stars)
    for i in (0, 13, 54, STARS + 5):
        whole = model.predict_on_batch([stars[i].inputs[None], np.ones((1, len(stars[i].target), 1)), *states])[0][0]
        np.testing.assert_allclose(found[i], whole, atol=1e-5)


def test_every_piece_has_its_place_and_pieces_of_a_star_follow_one_another() -> None:
    pieces = np.random.default_rng(1).integers(1, 9, 300).tolist()
    places = _places(pieces)
    assert sorted(one for place in places for one in place) == [(s, p) for s, n in enumerate(pieces) for p in range(n)]
    for place in places:
        for before, after in itertools.pairwise(place):
            assert after == (before[0], before[1] + 1) or after[1] == 0
    longest = max(map(len, places))
    assert longest <= -(-sum(pieces) // STARS) + max(pieces)
    assert _places([]) == [[]] * STARS

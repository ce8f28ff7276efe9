"""How fast stars are forecast, and how much of Keras' own speed is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from swope.models.forecaster import Forecaster, network
from swope.models.forecaster.batches import STARS, STEPS, outputs_of
from swope.models.forecaster.steps import steps_of
from swope.pipeline.star import Star


def speed(forecaster: Forecaster, stars: Sequence[Star]) -> dict[str, float]:
    """Stars a second of the whole and of the network alone, against a bare ``predict`` of the same network.

    The bare call is given the same rows, laid end to end without regard to stars and cut into full pieces of the same
    shape: it pays for no sorting, no filling of short stars, no states from one piece to the next.
    """
    model, options = forecaster.network, forecaster.options
    steps = [one for star in stars if (one := steps_of(star)) is not None]
    inputs = np.concatenate([one.inputs for one in steps])
    pieces = len(inputs) // (STEPS * STARS) * STARS
    bare = [inputs[: pieces * STEPS].reshape(pieces, STEPS, -1), np.ones((pieces, STEPS, 1), dtype=np.float32)]
    bare += [np.zeros((pieces, options.units), dtype=np.float32)] * network.states_of(options.cell)
    # both compile at their first call
    model.predict(bare, batch_size=STARS, verbose=0)
    outputs_of(model, options.units, options.cell, steps)
    bare_rate = pieces * STEPS / _least(lambda: model.predict(bare, batch_size=STARS, verbose=0))
    our_rate = len(inputs) / _least(lambda: outputs_of(model, options.units, options.cell, steps))
    begin = time.process_time()
    Forecaster(options, forecaster.trained, forecaster.calibration).forecast(stars)
    whole = time.process_time() - begin
    print(
        f"speed: network {our_rate:.0f} rows/s, {our_rate / bare_rate:.2f} of Keras' predict ({bare_rate:.0f}); "
        f"whole forecast {len(stars) / whole:.0f} stars/s of processor time, {len(inputs) / len(stars):.0f} rows a star"
    )
    return {"rows_per_s": our_rate, "share_of_predict": our_rate / bare_rate, "stars_per_s": len(stars) / whole}


def _least(call: Callable[[], object]) -> float:
    """Least processor time of three calls, seconds."""
    times = []
    for _ in range(3):
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return min(times)

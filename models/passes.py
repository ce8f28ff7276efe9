"""Training in passes over the stars, until those kept apart gain no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

#: A loss that falls by less is no gain.
_LEAST_GAIN = 1e-4


def best_of_passes(
    model: Any,
    passes: int,
    patience: int,
    teach: Callable[[int], Sequence[float]],
    judge: Callable[[], float],
    progress: Callable[[str], None],
) -> None:
    """Fit a compiled model in place; it ends with the weights of its best pass (early stopping, Prechelt 1998).

    Parameters
    ----------
    model : of Keras.
    passes : at most so many.
    patience : passes without gain before training ends.
    teach : makes a pass, is told which (from 0), and returns the loss of each batch.
    judge : the loss on the stars kept apart.
    progress : is told a line a pass.
    """
    best, best_weights, since = np.inf, model.get_weights(), 0
    for number in range(passes):
        losses = teach(number)
        judged = judge()
        model.reset_metrics()
        progress(f"pass {number + 1} of {passes}: loss {np.mean(losses):.4f}, on stars kept apart {judged:.4f}")
        if judged < best - _LEAST_GAIN:
            best, best_weights, since = judged, model.get_weights(), 0
        else:
            since += 1
            if since >= patience:
                break
    model.set_weights(best_weights)

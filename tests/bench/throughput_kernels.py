"""The bare kernels of a survey: what others' compiled code needs for the least that can be said of a star."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from swope.models.inputs import Inputs
from swope.models.registry import Models
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodOptions
from swope.pipeline.period.grid import grid_for

#: Stars of a batch of Keras.
BATCH = 256

#: The forecaster's steps come in multiples of this, so that few shapes are compiled.
STEPS = 256


def nifty(curve: LightCurve) -> None:
    """One nifty-ls call on the grid that the curve is searched on."""
    import nifty_ls

    good = curve.good
    grid = grid_for(good.time, PeriodOptions())
    nifty_ls.lombscargle(
        good.time, good.value, fmin=grid.lowest, fmax=grid.highest, Nf=grid.size, backend="finufft", nthreads=1
    )


def celerite(curve: LightCurve) -> None:
    """A damped random walk with white noise beside the errors, fitted by celerite2."""
    import celerite2
    from celerite2 import terms
    from scipy.optimize import minimize

    good = curve.good
    scale = float(np.std(good.value))
    value = (good.value - np.median(good.value)) / scale
    error = np.where(np.isfinite(good.error), good.error / scale, 0.1)

    def less(theta: np.ndarray) -> float:
        sigma, tau, jitter = np.exp(theta)
        process = celerite2.GaussianProcess(terms.RealTerm(a=sigma**2, c=1.0 / tau))
        process.compute(good.time, diag=error**2 + jitter**2, quiet=True)
        return -float(process.log_likelihood(value))

    minimize(less, np.log([1.0, 3.0, 0.1]), method="L-BFGS-B", bounds=[(-7, 7), (-7, 7), (-12, 3)])


def seconds(call: Callable[[], object], runs: int) -> float:
    """Processor time of the quickest of some runs."""
    taken = []
    for _ in range(runs):
        begin = time.process_time()
        call()
        taken.append(time.process_time() - begin)
    return min(taken)


def kernel_seconds(curves: Sequence[LightCurve], inputs: Inputs, models: Models) -> dict[str, float]:
    """Seconds of processor time of each kernel on some stars.

    Parameters
    ----------
    curves : n cleaned light curves.
    inputs : of these stars; making them is not counted.
    models : whose networks predict, batched over the stars.
    """
    nifty(curves[0]), celerite(curves[0])
    networks = network_calls(inputs, models, BATCH)
    for _, call in networks:
        call()
    return {
        "nifty_ls": seconds(lambda: [nifty(curve) for curve in curves], 1),
        "celerite2": seconds(lambda: [celerite(curve) for curve in curves], 1),
        "keras": sum(seconds(call, 1) for _, call in networks),
    }


def network_calls(inputs: Inputs, models: Models, batch: int) -> list[tuple[str, Callable[[], object]]]:
    """Each batch of each network of the models, by the network's kind: calls of Keras' predict and nothing else.

    The forecaster's stars are batched by length, and filled up to `STEPS`.
    """
    calls: list[tuple[str, Callable[[], object]]] = []
    for begin in range(0, len(inputs), batch):
        some = inputs.rows(slice(begin, begin + batch))
        for network in models.classifier.networks:
            calls.append(("classifier", _predicts(network, len(some))))
        calls.append(("autoencoder", _predicts(models.detectors["autoencoder"].network, len(some))))
    lengths = np.sort(inputs.points)
    for begin in range(0, len(lengths), batch):
        some_lengths = lengths[begin : begin + batch]
        steps = -(-int(some_lengths[-1]) // STEPS) * STEPS
        calls.append(("forecaster", _predicts(models.detectors["forecaster"].network, len(some_lengths), steps)))
    return calls


def _predicts(network: Any, stars: int, steps: int = 1) -> Callable[[], object]:
    """A call of a network on so many stars; what the numbers are makes no difference to what they cost."""
    tensors = [
        np.zeros((stars, *(steps if size is None else size for size in one.shape[1:]))) for one in network.inputs
    ]
    tensors = [tensor.astype(one.dtype) for tensor, one in zip(tensors, network.inputs, strict=True)]
    return lambda: network.predict_on_batch(tensors)

"""The network of `swope.models.autoencoder.network`, for one star in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from swope.models.autoencoder.network import BLOCKS
from swope.models.trained_network import Alone, Convolution, Dense, Normalised, pooled, silu
from swope.pipeline.lightcurve import FloatArray


def alone(weights: Sequence[FloatArray]) -> Alone:
    """The network of these weights, in the order in which Keras keeps them."""
    left = iter(weights)
    blocks = []
    for _, _, dilation in BLOCKS:
        kernel, *norm = (next(left) for _ in range(5))
        blocks.append((Convolution(kernel[0], dilation, circular=True), Normalised(*norm)))
    seen, measured, joined, code, *back = [Dense(kernel, next(left)) for kernel in left]
    first, second, to_fold, to_features = back

    def answer(fold: FloatArray, features: FloatArray) -> Sequence[FloatArray]:
        x = fold
        for convolution, normalised in blocks:
            x = silu(normalised(convolution(x)))
        looked = silu(seen(np.concatenate([pooled(x).ravel(), fold[:, :, 0].ravel()])))
        place = code(silu(joined(np.concatenate([looked, silu(measured(features))]))))
        said = silu(second(silu(first(place))))
        return to_fold(said), to_features(said), place

    return answer

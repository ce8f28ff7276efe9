"""The network of `swope.models.classifier.network`, for one star in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from swope.models.trained_network import Alone, Convolution, Dense, Normalised, pooled, silu
from swope.pipeline.lightcurve import FloatArray

#: Convolutions of each branch, with as many of which Keras keeps those of the course before those of the folds.
BRANCH = 3


def alone(weights: Sequence[FloatArray]) -> Alone:
    """The network of these weights, in the order in which Keras keeps them; `BRANCH` convolutions a branch.

    Keras keeps layers by their depth, and so those of both branches in turn. The kernels differ in their dimensions.
    """
    kernels = {ndim: [one for one in weights if one.ndim == ndim] for ndim in (2, 3, 4)}
    vectors = iter([one for one in weights if one.ndim == 1])
    course, folds = [], []
    for i in range(BRANCH):
        of_course, of_folds = ([next(vectors) for _ in range(4)] for _ in range(2))
        course.append((Convolution(kernels[3][i], 2**i, circular=False), Normalised(*of_course)))
        folds.append((Convolution(kernels[4][i][0], 2**i, circular=True), Normalised(*of_folds)))
    measure, join, think, decide = kernels[2]
    measured = Dense(measure, next(vectors))
    joined, normalised = Dense(join), Normalised(*(next(vectors) for _ in range(4)))
    thought, decided = Dense(think, next(vectors)), Dense(decide, next(vectors))

    def answer(
        fold: FloatArray, curve: FloatArray, folded: FloatArray, plain: FloatArray, closed: FloatArray
    ) -> Sequence[FloatArray]:
        for convolution, normal in folds:
            fold = silu(normal(convolution(fold)))
        for convolution, normal in course:
            curve = silu(normal(convolution(curve)))
        once = np.concatenate([pooled(curve), plain])
        known = silu(measured(np.concatenate([folded, np.tile(once, (len(folded), 1))], axis=1)))
        x = silu(normalised(joined(np.concatenate([pooled(fold), known], axis=1))))
        return (decided(silu(thought(x))) + closed[:, None],)

    return answer

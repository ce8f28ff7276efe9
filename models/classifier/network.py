"""The network: for each candidate period a fold and its features become one logit a type; all compete in one softmax.

The course of the curve and the features that need no period are the same for every candidate.

A star's type and its true period are thus settled together: the probability of a type is the sum over the candidates,
and the candidate that carries it is the period that fits it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from swope.models.circular import circular_block, pooled
from swope.models.inputs import BINS, CHANNELS, FACTORS
from swope.models.keras_backend import keras

#: Width of each convolution, in bins; the dilation doubles from one to the next.
_WIDTH = 5

#: What stands for minus infinity among the logits.
NEVER = -1e4


def build(n_folded: int, n_plain: int, n_types: int, filters: Sequence[int], hidden: int, dropout: float) -> Any:
    """The network.

    Inputs: folds (batch, candidates, bins, channels), course (batch, bins, channels), folded (batch, candidates,
    n_folded), plain (batch, n_plain) and closed (batch, candidates): `NEVER` for a candidate that is no choice, else 0.
    Output: logits (batch, candidates, n_types).
    """
    k, ops, layers = keras(), keras().ops, keras().layers
    n_candidates = len(FACTORS)
    folds = k.Input((n_candidates, BINS, len(CHANNELS)), name="folds")
    course = k.Input((BINS, len(CHANNELS)), name="course")
    folded = k.Input((n_candidates, n_folded), name="folded")
    plain = k.Input((n_plain,), name="plain")
    closed = k.Input((n_candidates,), name="closed")
    x = folds
    for i, channels in enumerate(filters):
        x = circular_block(x, channels, _WIDTH, 2**i)
    shape = layers.Dropout(dropout)(pooled(x))
    x = course
    for i, channels in enumerate(filters):
        x = layers.Conv1D(channels, _WIDTH, dilation_rate=2**i, padding="same", use_bias=False)(x)
        x = layers.Activation("silu")(layers.BatchNormalization(momentum=0.9)(x))
    slow = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    once = layers.Concatenate()([layers.Dropout(dropout)(slow), plain])
    measured = layers.Concatenate()([folded, layers.RepeatVector(n_candidates)(once)])
    measured = layers.Dropout(0.5 * dropout)(measured)
    measured = layers.Dense(hidden, activation="silu")(measured)
    joined = layers.Concatenate()([shape, measured])
    joined = layers.Dense(hidden, use_bias=False)(joined)
    joined = layers.Activation("silu")(layers.BatchNormalization(momentum=0.9)(joined))
    joined = layers.Dense(hidden, activation="silu")(layers.Dropout(dropout)(joined))
    logits = layers.Dense(n_types)(layers.Dropout(dropout)(joined))
    return k.Model([folds, course, folded, plain, closed], logits + ops.expand_dims(closed, -1))


def loss(allowed: Any, logits: Any) -> Any:
    """Minus the log probability that the answer is one of the allowed (candidate, type) pairs.

    Parameters
    ----------
    allowed : (batch, candidates, types) 1 where the pair agrees with what is known of the star.
    logits : (batch, candidates, types).
    """
    ops = keras().ops
    return ops.logsumexp(logits, axis=(1, 2)) - ops.logsumexp(logits + NEVER * (1.0 - allowed), axis=(1, 2))


def joint(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n, candidates, types) of the pairs; each star's sum to 1."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled = np.exp(scaled - scaled.max(axis=(1, 2), keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=(1, 2), keepdims=True))

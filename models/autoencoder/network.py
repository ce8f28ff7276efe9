"""The network: a fold and its features through a narrow latent space, and back."""

from __future__ import annotations

from typing import Any

from swope.models.circular import circular_block, pooled
from swope.models.inputs import BINS, CHANNELS
from swope.models.keras_backend import keras

#: Filters, width and dilation of each convolution of the encoder.
BLOCKS = ((16, 5, 1), (24, 5, 2), (32, 5, 4))

#: Least error of a bin, in units of the curve's width: below it a fold cannot be followed anyway.
FLOOR = 0.03


def build(n_features: int, latent: int, hidden: int, noise: float) -> Any:
    """The network.

    Inputs: fold (batch, 1, bins, channels), features (batch, n_features).
    Outputs: fold values (batch, bins), features (batch, n_features), latent (batch, latent).
    """
    k, layers = keras(), keras().layers
    fold = k.Input((1, BINS, len(CHANNELS)), name="fold")
    features = k.Input((n_features,), name="features")
    x = fold
    for filters, width, dilation in BLOCKS:
        x = circular_block(x, filters, width, dilation)
    # the phase zero follows from the data, so the phases themselves may be looked at too
    seen = layers.Concatenate()([layers.Flatten()(pooled(x)), layers.Flatten()(fold[:, :, :, :1])])
    seen = layers.Dense(hidden, activation="silu")(seen)
    measured = layers.Dense(hidden, activation="silu")(layers.GaussianNoise(noise)(features))
    joined = layers.Dense(hidden, activation="silu")(layers.Concatenate()([seen, measured]))
    code = layers.Dense(latent)(joined)
    back = layers.Dense(hidden, activation="silu")(layers.GaussianNoise(noise)(code))
    back = layers.Dense(hidden, activation="silu")(back)
    return k.Model([fold, features], [layers.Dense(BINS)(back), layers.Dense(n_features)(back), code])


def fold_loss(known: Any, values: Any) -> Any:
    """Mean of a robust function of the errors of the bins.

    Parameters
    ----------
    known : (batch, bins, 2) value, and weight (0 where there is no point).
    values : (batch, bins) of the network.
    """
    ops = keras().ops
    squares = known[..., 1] * (known[..., 0] - values) ** 2
    return ops.mean(ops.log(1.0 + 0.5 * squares), axis=-1)


def feature_loss(known: Any, values: Any) -> Any:
    """Mean square error of the features, at the scale of the fold's loss."""
    return 0.5 * keras().ops.mean((known - values) ** 2, axis=-1)

"""Convolution on the circle: a fold turned by whole bins gives the same answer, turned by as many bins."""

from __future__ import annotations

from typing import Any

from swope.models.keras_backend import keras


def circular_block(x: Any, filters: int, width: int, dilation: int = 1) -> Any:
    """Convolve along the phases, normalise, and bend.

    Parameters
    ----------
    x : (batch, folds, bins, channels), symbolic.
    filters, width, dilation : of the convolution; the width is odd.
    """
    layers = keras().layers
    x = layers.Conv2D(filters, (1, width), dilation_rate=(1, dilation), use_bias=False)(_wrapped(x, width, dilation))
    return layers.Activation("silu")(layers.BatchNormalization(momentum=0.9)(x))


def _wrapped(x: Any, width: int, dilation: int) -> Any:
    reach = (width // 2) * dilation
    return keras().ops.concatenate([x[:, :, -reach:], x, x[:, :, :reach]], axis=2)


def pooled(x: Any) -> Any:
    """Mean and maximum over the phases: (batch, folds, bins, channels) to (batch, folds, 2 * channels)."""
    ops = keras().ops
    return ops.concatenate([ops.mean(x, axis=2), ops.max(x, axis=2)], axis=-1)

"""Keras, on TensorFlow unless the user chose another backend, and quiet."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def keras() -> Any:
    """The keras module; the first call imports the backend (seconds)."""
    os.environ.setdefault("KERAS_BACKEND", backend_name())
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # oneDNN rounds differently from one machine to the next, and says so on stderr
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    # JAX would answer in float32 where float64 is asked for
    os.environ.setdefault("JAX_ENABLE_X64", "1")
    # on a GPU JAX would multiply float32 in 10 bits of mantissa (TF32): a catalog must not depend on the card
    os.environ.setdefault("JAX_DEFAULT_MATMUL_PRECISION", "highest")
    with _native_stderr_closed():
        import keras as module

    _exact_products()
    return module


@cache
def _exact_products() -> None:
    """Have float32 multiplied as float32 on every card; JAX is told by its environment."""
    import keras as module

    name = module.backend.backend()
    if name == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_tensor_float_32_execution(False)
    elif name == "torch":
        import torch

        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False


#: Stars of a call of a network: one of two shapes, so that little is compiled, and a lone star does not pay for many.
CALL_SIZES = (16, 256)


def call_size(n: int) -> int:
    """Stars of the calls that n stars go through a network in; the last call is filled up.

    In double precision (`in_double`) the answers of both shapes are the same to its last digits.
    """
    return next((size for size in CALL_SIZES if n <= size), CALL_SIZES[-1])


@cache
def device() -> str:
    """What the backend computes on: "cpu", "gpu", ...; the same words on every backend."""
    name = keras().backend.backend()
    if name == "tensorflow":
        import tensorflow

        return "gpu" if tensorflow.config.list_physical_devices("GPU") else "cpu"
    if name == "jax":
        import jax

        return str(jax.default_backend())
    import torch

    return "gpu" if torch.cuda.is_available() else "cpu"


#: Where Linux shows accelerators, of whatever make; without one of them the backend need not be asked.
_NODES = ("nvidia[0-9]*", "nvidia-caps", "kfd", "dxg", "accel*", "apex*", "vfio/[0-9]*")


@cache
def on_accelerator() -> bool:
    """Whether the backend finds a GPU or another accelerator; it is loaded only where there may be one."""
    there = sys.platform != "linux" or any(any(Path("/dev").glob(node)) for node in _NODES)
    return there and device() != "cpu"


def backend_name() -> str:
    """The backend that `keras` takes: the user's choice, or TensorFlow."""
    return os.environ.get("KERAS_BACKEND", "tensorflow")


def in_double(build: Callable[[], Any], weights: Sequence[NDArray[np.float32]]) -> Any:
    """A network that answers in float64.

    In float32 an answer depends in its seventh digit on the star's row in the batch, and so on its company.

    Parameters
    ----------
    build : makes the network.
    weights : of the same network in float32, as ``get_weights`` gives them.
    """
    config = keras().config
    kept = config.dtype_policy()
    config.set_dtype_policy("float64")
    try:
        network = build()
    finally:
        config.set_dtype_policy(kept)
    network.set_weights(weights)
    return network


@contextmanager
def _native_stderr_closed() -> Iterator[None]:
    """TensorFlow tells, below Python and below its own log level, that it found no GPU: not what a user asked."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)

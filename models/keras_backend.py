"""Keras, on TensorFlow unless the user chose another backend, and quiet."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def keras() -> Any:
    """The keras module; the first call imports the backend (seconds)."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # oneDNN rounds differently from one machine to the next, and says so on stderr
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    with _native_stderr_closed():
        import keras as module

    return module


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

"""Keras, on TensorFlow unless the user chose another backend, and quiet."""

from __future__ import annotations

import os
from typing import Any


def keras() -> Any:
    """The keras module; the first call imports the backend (seconds)."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # oneDNN rounds differently from one machine to the next, and says so on stderr
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    import keras as module

    return module

"""Trained models on disk: weights as plain arrays, their settings and a card. Nothing in them can run as code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.commit import finish, replaced_together

#: The weights that come with Swope, one folder a kind.
PRETRAINED = Path(__file__).parent / "pretrained"

_MANIFEST = "model.json"
_ARRAYS = "arrays.npz"
_CARD = "card.md"


@dataclass(frozen=True, eq=False)
class Weights:
    """A trained model, free of any framework.

    Attributes
    ----------
    kind : "classifier", "autoencoder", "forecaster", ...
    settings : what the code needs to build the network again, and its calibration; JSON values only.
    arrays : named arrays: the network's weights as ``network/000``, ``network/001``, ...; nulls, scalers by name.
    card : the model card, Markdown: data, metrics, limits.
    """

    kind: str
    settings: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    card: str

    @property
    def model_id(self) -> str:
        """Name of exactly these weights: the kind and twelve hex digits of the hash of all that they compute with."""
        digest = hashlib.sha256(json.dumps(dict(self.settings), sort_keys=True).encode())
        for name in sorted(self.arrays):
            array = np.ascontiguousarray(self.arrays[name])
            digest.update(f"{name}:{array.dtype.str}:{array.shape}".encode())
            digest.update(array.tobytes())
        return f"{self.kind}-{digest.hexdigest()[:12]}"

    def network(self) -> list[NDArray[Any]]:
        """The network's weights, in the order of ``keras.Model.get_weights``."""
        return [self.arrays[name] for name in sorted(self.arrays) if name.startswith("network/")]


def network_arrays(weights: Sequence[NDArray[Any]], dtype: str = "float32") -> dict[str, NDArray[Any]]:
    """Name a network's weights (``keras.Model.get_weights()``) for `Weights.arrays`."""
    return {f"network/{i:03d}": np.asarray(array, dtype=dtype) for i, array in enumerate(weights)}


def save(weights: Weights, folder: Path) -> None:
    """Write a model's folder: arrays.npz, card.md, and model.json with the SHA-256 of the arrays.

    Until all three are on the disk, the model that was there stays, and can be loaded.
    """
    arrays: dict[str, Any] = dict(weights.arrays)
    with replaced_together(folder) as new:
        np.savez_compressed(new / _ARRAYS, **arrays)
        (new / _CARD).write_text(weights.card)
        manifest = {
            "kind": weights.kind,
            "model_id": weights.model_id,
            "sha256": _sha256(new / _ARRAYS),
            "settings": dict(weights.settings),
        }
        (new / _MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")


def holds_model(folder: Path) -> bool:
    """Whether a model has been saved here, in whatever way; not where the first one was killed on the way."""
    finish(folder)
    return folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir())


def load(folder: Path, kind: str) -> Weights:
    """Read a model's folder and check that it is whole.

    Raises
    ------
    ValueError
        When the folder holds no such model, or its arrays are not those that were saved.
    """
    finish(folder)
    try:
        return _load(folder, kind)
    except _MixedError:
        # it was saved anew between two of our looks; one that is damaged stays so
        finish(folder)
        return _load(folder, kind)


class _MixedError(ValueError):
    """The arrays are not those of the manifest."""


def _load(folder: Path, kind: str) -> Weights:
    try:
        manifest = json.loads((folder / _MANIFEST).read_text())
    except FileNotFoundError:
        raise ValueError(f"{folder} holds no model: there is no {_MANIFEST}; `swope train` writes one") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{folder / _MANIFEST} is not JSON: {error}") from None
    if not isinstance(manifest, dict) or not {"kind", "sha256", "settings"} <= manifest.keys():
        raise ValueError(f"{folder / _MANIFEST} says of no model what it is; train or install it again")
    if manifest["kind"] != kind:
        raise ValueError(f"{folder} holds a {manifest['kind']}, not a {kind}")
    if not (folder / _ARRAYS).exists() or _sha256(folder / _ARRAYS) != manifest["sha256"]:
        raise _MixedError(f"{folder / _ARRAYS} is missing or is not the file that was saved; train or install it again")
    with np.load(folder / _ARRAYS, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    card = (folder / _CARD).read_text() if (folder / _CARD).exists() else ""
    return Weights(kind=kind, settings=manifest["settings"], arrays=arrays, card=card)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

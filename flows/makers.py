"""What makes the numbers of a catalog beside its input and settings: models, code, packages, the backend of Keras."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from swope.models.registry import model_ids
from swope.pipeline.version import VERSION

#: Packages whose version may change a number in the catalog.
_PACKAGES = (
    *("astropy", "keras", "light-curve", "lightkurve", "llvmlite", "numba", "numpy", "pandas", "pyarrow", "scipy"),
    *("tensorflow", "jax", "torch"),
)

#: The folders of Swope's code and weights.
_ROOMS = tuple(Path(__file__).parents[1] / room for room in ("pipeline", "models", "flows"))


@dataclass(frozen=True)
class Makers:
    """What makes the numbers; part of every chunk's key, and of run.json.

    Attributes
    ----------
    models : model ids by kind; none, where no model is at work.
    versions : of Python, Swope, its code (`code_hash`), and the packages that may change a number; and the name of
        Keras' backend, where a model is at work.
    """

    models: dict[str, str]
    versions: dict[str, str]

    @classmethod
    def without_models(cls) -> Makers:
        """Where no model is at work."""
        return cls({}, versions())

    @classmethod
    def of(cls, models: str | None) -> Makers:
        """Load the models of a run, and say what they are; it takes seconds, for a process that goes on with them.

        Raises
        ------
        ValueError
            When they cannot be loaded.
        """
        try:
            ids = model_ids(models)
        except ValueError:
            raise
        except Exception as error:
            where = f"the models in {models}" if models else "the models that come with Swope"
            raise ValueError(f"{where} cannot be loaded: {type(error).__name__}: {error}") from error
        from keras import config

        return cls(ids, versions() | {"keras_backend": config.backend()})


def versions() -> dict[str, str]:
    """Versions of Python, Swope, its code, and the packages that may change a number."""
    found = {"python": platform.python_version(), "swope": VERSION, "swope_code": code_hash()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


@cache
def code_hash() -> str:
    """Sixteen hex digits of the hash of Swope's code and weights, which a `git pull` may change under one version."""
    digest = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted(room.rglob("*")):
            if path.suffix in (".py", ".npz", ".json") and path.is_file():
                content = path.read_bytes()
                digest.update(f"{room.name}/{path.relative_to(room).as_posix()}\0{len(content)}\n".encode())
                digest.update(content)
    return digest.hexdigest()[:16]

"""What makes the numbers of a catalog beside its input and settings: models, code, packages, the backend of Keras."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path

from swope.models.keras_backend import backend_name
from swope.models.registry import GROUP, model_ids
from swope.pipeline.version import VERSION

#: Packages whose version may change a number in the catalog.
_PACKAGES = (
    *("astropy", "keras", "light-curve", "lightkurve", "llvmlite", "numba", "numpy", "pandas", "pyarrow", "scipy"),
    *("tensorflow", "jax", "torch"),
)

#: Files that a number may follow from: code, weights, their settings, and tables.
_TELLING = (".py", ".npz", ".json", ".csv")

#: The folders of Swope's code and weights.
_ROOMS = tuple(Path(__file__).parents[1] / room for room in ("pipeline", "models", "flows"))


@dataclass(frozen=True)
class Makers:
    """What makes the numbers; part of every chunk's key, and of run.json.

    Attributes
    ----------
    models : model ids by kind; none, where no model is at work.
    versions : of Python, Swope, its code (`code_hash`), the packages that may change a number, and those that detectors
        of one's own come from, with their code; and the name of Keras' backend, where a model is at work.
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
        return cls(ids, versions() | {"keras_backend": backend_name()})


def versions() -> dict[str, str]:
    """Versions of Python, Swope, its code, the packages that may change a number, and detectors of one's own."""
    ours = {"python": platform.python_version(), "swope": VERSION, "swope_code": code_hash()}
    return ours | _packages() | _others()


@cache
def _packages() -> dict[str, str]:
    """Versions of the packages that may change a number, of those that are there."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _others() -> dict[str, str]:
    """Of each detector that another package brings: that package's version, and a hash of its code."""
    found = {}
    for point in entry_points(group=GROUP):
        spec = find_spec(point.module.partition(".")[0])
        places = [Path(place) for place in (spec.submodule_search_locations or [spec.origin or ""])] if spec else []
        found[f"detector {point.name}"] = f"{point.dist.version if point.dist else ''} {_hash_of(places)}".strip()
    return found


@cache
def code_hash() -> str:
    """Sixteen hex digits of the hash of Swope's code and weights, which a `git pull` may change under one version."""
    return _hash_of(_ROOMS)


def _hash_of(places: Iterable[Path]) -> str:
    """Hash of the code and weights in some folders; of a file, where a place is one."""
    digest = hashlib.sha256()
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.suffix in _TELLING and path.is_file():
                content = path.read_bytes()
                name = f"{place.name}/{path.relative_to(place).as_posix()}"
                digest.update(f"{name}\0{len(content)}\n".encode())
                digest.update(content)
    return digest.hexdigest()[:16]

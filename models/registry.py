"""The models there are. A detector of one's own is a class of the shape of `swope.models.detector.Detector`.

It is found through the entry point group ``swope.detectors`` of any installed package (``toy = "my_package:Toy"``), or
stands in the table below. Nothing else has to be told of it: catalog, ranking, night, report, training and command line
go over this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from swope.models.detector import Detector
from swope.models.weights import holds_model
from swope.pipeline.column import DetectorColumns

#: Where the shipped detectors are, in the order of the catalog's columns.
SHIPPED = {
    "forecaster": "swope.models.forecaster:Forecaster",
    "statespace": "swope.models.statespace:StateSpace",
    "autoencoder": "swope.models.autoencoder:Autoencoder",
}

#: Where the one model is that is no detector.
CLASSIFIER = {"classifier": "swope.models.classifier:Classifier"}

#: What a detector's class has to have (`swope.models.detector.Detector`).
_PARTS = ("columns", "learning", "assess", "taught", "save", "load", "pretrained", "model_id")

#: What it has to have too where it says that it forecasts (`swope.models.detector.ForecastingDetector`).
_FORECASTS = ("forecast", "point_null")

#: Packages announce their detectors under this name.
GROUP = "swope.detectors"


@cache
def detector_places() -> dict[str, str]:
    """Where each detector's class is, as ``module:class`` by name: the shipped ones, then those of other packages.

    Raises
    ------
    ValueError
        When two have the same name.
    """
    places = dict(SHIPPED)
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if point.name in (*places, *CLASSIFIER):
            raise ValueError(f"two models are called {point.name!r}; {point.value} needs another name")
        places[point.name] = point.value
    return places


def kinds() -> tuple[str, ...]:
    """Names of all models."""
    return (*CLASSIFIER, *detector_places())


@cache
def model_class(kind: str) -> Any:
    """The class of a kind of model.

    Raises
    ------
    ValueError
        When there is no such kind, or what a package announces is no detector.
    """
    places = CLASSIFIER | detector_places()
    if kind not in places:
        raise ValueError(f"no model is called {kind!r}; there are {', '.join(places)}")
    module, _, name = places[kind].partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as problem:
        raise ValueError(f"the model {kind!r}, announced as {places[kind]}, cannot be imported: {problem}") from problem
    if kind in CLASSIFIER:
        return found
    needed = (*_PARTS, *(_FORECASTS if hasattr(found, "columns") and found.columns.forecasts else ()))
    missing = [part for part in needed if not hasattr(found, part)]
    if missing:
        raise ValueError(f"{places[kind]} is no detector: it has no {', '.join(missing)}")
    if found.columns.name != kind:
        raise ValueError(
            f"{places[kind]} is announced as {kind!r}, but its columns are those of {found.columns.name!r}"
        )
    return found


def detector_columns() -> tuple[DetectorColumns, ...]:
    """What each detector puts into the catalog, in order.

    Raises
    ------
    ValueError
        When two detectors have a column of the same name.
    """
    detectors = tuple(model_class(name).columns for name in detector_places())
    owner: dict[str, str] = {}
    for one in detectors:
        for column in one.columns:
            if (other := owner.setdefault(column.name, one.name)) != one.name:
                raise ValueError(f"the detectors {other!r} and {one.name!r} both have a column {column.name!r}")
    return detectors


@dataclass(frozen=True, eq=False)
class Models:
    """The models of a run.

    Attributes
    ----------
    classifier : names the type of a star, and which multiple of its found period is the true one.
    detectors : by name, in the order of the catalog.
    """

    classifier: Any
    detectors: dict[str, Detector]

    @property
    def ids(self) -> dict[str, str]:
        """Model ids by kind, as run.json records them."""
        return {name: model.model_id for name, model in ({"classifier": self.classifier} | self.detectors).items()}


class ModelsChangedError(ValueError):
    """The models of a folder are not those that a run began with; the message says which."""


def load_models(folder: str | None = None, ids: Mapping[str, str] | None = None) -> Models:
    """Load the shipped models, or those of a folder that `swope train` wrote; kinds that it lacks are the shipped ones.

    They are loaded once a process, and again where the folder's are others: a worker of Dask outlives many trainings.

    Parameters
    ----------
    ids : what they must be, of the kinds that it names: those that a run began with; None for whatever is there.

    Raises
    ------
    ValueError
        When a model in the folder is damaged.
    ModelsChangedError
        When another model took the place of one.
    """
    models = _loaded(folder, _files_of(folder) if folder is not None else ())
    for kind, wanted in (ids or {}).items():
        if (found := models.ids.get(kind)) != wanted:
            raise ModelsChangedError(
                f"the models in {folder} changed while the run was at work ({kind}: {wanted} before, {found} now): "
                "run again"
            )
    return models


def _files_of(folder: str) -> tuple[tuple[Any, ...], ...]:
    """Every file of the models in a folder, with what changes when another takes its place."""
    found = []
    for path in (path for kind in kinds() for path in sorted(Path(folder, kind).glob("[!.]*"))):
        with suppress(FileNotFoundError):
            stamp = path.stat()
            found.append((str(path), stamp.st_ino, stamp.st_mtime_ns, stamp.st_size))
    return tuple(found)


@lru_cache(maxsize=1)
def _loaded(folder: str | None, _: tuple[tuple[Any, ...], ...]) -> Models:
    return Models(load_model("classifier", folder), {name: load_model(name, folder) for name in detector_places()})


def model_ids(folder: str | None) -> dict[str, str]:
    """Ids of the models that `load_models` loads."""
    return load_models(folder).ids


def load_model(kind: str, folder: str | None = None) -> Any:
    """Load one of the models: that of the folder where it has this kind, else the shipped one.

    Raises
    ------
    ValueError
        When there is no such kind, or the model is damaged.
    """
    found = model_class(kind)
    own = Path(folder) / kind if folder is not None else None
    return found.load(own) if own is not None and holds_model(own) else found.pretrained()

"""The four trained models that a run uses, loaded once a process."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from swope.models.autoencoder import Autoencoder
    from swope.models.classifier import Classifier
    from swope.models.forecaster import Forecaster
    from swope.models.statespace import StateSpace


@dataclass(frozen=True, eq=False)
class Models:
    """The four trained models of a run."""

    forecaster: Forecaster
    statespace: StateSpace
    autoencoder: Autoencoder
    classifier: Classifier

    @property
    def ids(self) -> dict[str, str]:
        """Model ids by kind, as run.json records them."""
        return {field.name: getattr(self, field.name).model_id for field in fields(self)}


@lru_cache(maxsize=1)
def load_models(folder: str | None) -> Models:
    """Load the shipped models, or those of a folder that `swope train` wrote; kinds that it lacks are the shipped ones.

    Raises
    ------
    ValueError
        When a model in the folder is damaged.
    """
    return Models(**{field.name: load_model(field.name, folder) for field in fields(Models)})


def load_model(kind: str, folder: str | None) -> Any:
    """Load one of the models: that of the folder where it has this kind, else the shipped one.

    Raises
    ------
    ValueError
        When the model is damaged.
    """
    model = getattr(import_module(f"swope.models.{kind}"), _CLASSES[kind])
    own = Path(folder) / kind if folder is not None else None
    return model.load(own) if own is not None and own.is_dir() else model.pretrained()


_CLASSES = {
    "forecaster": "Forecaster",
    "statespace": "StateSpace",
    "autoencoder": "Autoencoder",
    "classifier": "Classifier",
}


def model_ids(folder: str | None) -> dict[str, str]:
    """Ids of the models that `load_models` loads."""
    return load_models(folder).ids

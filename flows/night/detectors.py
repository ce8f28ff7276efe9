"""The detectors that forecast, and how a night is judged by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from swope.flows.options import RunOptions
from swope.models.detector import ForecastingDetector
from swope.models.registry import detector_columns, load_models
from swope.pipeline.column import DetectorColumns
from swope.pipeline.events import EventOptions


def chosen(names: Sequence[str] | None) -> tuple[DetectorColumns, ...]:
    """What the detectors that judge a night put into its tables, in order; None for all that forecast.

    To ask it imports all detectors, which a process that has no models at work need not.

    Raises
    ------
    ValueError
        When one of those named does not forecast.
    """
    able = forecasting()
    if unable := [name for name in names or () if name not in able]:
        raise ValueError(f"{', '.join(unable)} cannot judge a night; {', '.join(able)} can")
    return tuple(one for one in detector_columns() if one.name in (able if names is None else names))


def forecasting() -> tuple[str, ...]:
    """Names of the detectors that can judge a night."""
    return tuple(one.name for one in detector_columns() if one.forecasts)


@dataclass(frozen=True, eq=False)
class Detectors:
    """The detectors at work, and how their events are judged.

    Attributes
    ----------
    models : by name.
    events : what counts as an event.
    """

    models: dict[str, ForecastingDetector]
    events: EventOptions

    @classmethod
    def of(cls, settings: RunOptions, names: Iterable[str], ids: Mapping[str, str] | None = None) -> Detectors:
        """Load some detectors; `ids` are as of `swope.models.registry.load_models`."""
        detectors = load_models(settings.models, ids).detectors
        # those that were chosen forecast
        return cls({name: cast(ForecastingDetector, detectors[name]) for name in names}, settings.events)

    @property
    def ids(self) -> dict[str, str]:
        """Their ids."""
        return {name: model.model_id for name, model in self.models.items()}


def ids(settings: RunOptions, names: tuple[str, ...]) -> dict[str, str]:
    """Ids of the models that judge, by name."""
    return Detectors.of(settings, names).ids

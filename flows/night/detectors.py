"""The detectors that forecast, and how a night is judged by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from swope.flows.options import RunOptions
from swope.models.detector import ForecastingDetector
from swope.models.registry import detector_columns, load_model
from swope.pipeline.column import DetectorColumns
from swope.pipeline.events import EventOptions


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
    def of(cls, settings: RunOptions, names: Sequence[str] | None = None) -> Detectors:
        """Load some detectors; None for all that forecast.

        Raises
        ------
        ValueError
            When one of them does not forecast.
        """
        able = forecasting()
        if unable := [name for name in names or () if name not in able]:
            raise ValueError(f"{', '.join(unable)} cannot judge a night; {', '.join(able)} can")
        wanted = able if names is None else names
        return cls({name: load_model(name, settings.models) for name in able if name in wanted}, settings.events)

    @property
    def ids(self) -> dict[str, str]:
        """Their ids."""
        return {name: model.model_id for name, model in self.models.items()}

    @property
    def columns(self) -> tuple[DetectorColumns, ...]:
        """What they put into tables."""
        return tuple(model.columns for model in self.models.values())

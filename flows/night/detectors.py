"""The detectors that forecast, and how a night is judged by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from swope.flows.models import load_model
from swope.flows.options import RunOptions
from swope.models.statespace import StateSpace
from swope.pipeline.events import EventOptions, PointNull

if TYPE_CHECKING:
    from swope.models.forecaster import Forecaster

#: The first is many times cheaper than the second.
FORECASTING = ("statespace", "forecaster")


@dataclass(frozen=True, eq=False)
class Detectors:
    """The detectors at work, and how their events are judged.

    Attributes
    ----------
    statespace, forecaster : None where it is not at work.
    events : what counts as an event.
    """

    statespace: StateSpace | None
    forecaster: Forecaster | None
    events: EventOptions

    @classmethod
    def of(cls, settings: RunOptions, detectors: Sequence[str]) -> Detectors:
        """Load the detectors."""
        statespace, forecaster = (
            load_model(kind, settings.models) if kind in detectors else None for kind in FORECASTING
        )
        return cls(statespace, forecaster, EventOptions(pvalue=settings.event_pvalue))

    @property
    def models(self) -> dict[str, StateSpace | Forecaster]:
        """The detectors by name."""
        both = {"statespace": self.statespace, "forecaster": self.forecaster}
        return {name: model for name, model in both.items() if model is not None}

    @property
    def ids(self) -> dict[str, str]:
        """Their ids."""
        return {name: model.model_id for name, model in self.models.items()}

    def null(self, detector: str) -> PointNull:
        """What the strangest points of ordinary stars look like to a detector."""
        return self.models[detector].point_null

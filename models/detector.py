"""One shape for all that looks for strange stars: what a detector is asked, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from swope.models.inputs import Inputs
from swope.models.scores import Scores
from swope.pipeline.column import DetectorColumns
from swope.pipeline.events import Event, EventOptions, PointNull
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.period import PeriodOptions
from swope.pipeline.reason import Reason
from swope.pipeline.report.detail import SeenFold
from swope.pipeline.star import Star


@dataclass(frozen=True, eq=False)
class Batch:
    """Some stars, and what every detector is asked of them.

    Attributes
    ----------
    stars : n stars, with the periods that stand in the catalog.
    inputs : what networks see of them (`swope.models.inputs`).
    events : what counts as an event.
    """

    stars: Sequence[Star]
    inputs: Inputs
    events: EventOptions


@dataclass(frozen=True, eq=False)
class Assessment:
    """What one detector says of one star.

    Attributes
    ----------
    score : larger is stranger; NaN where not computed.
    pvalue : probability that an ordinary star scores as high, in (0, 1]; NaN where not computed.
    reason : why there is no score; None where there is one.
    columns : values of the detector's own columns, by name (`DetectorColumns.own`).
    forecast : of the star's good rows, by a detector that forecasts.
    events : what it found, each with a p-value.
    problems : why anything else could not be computed, by what it is: "events", say.
    seen : the fold as it saw it, and what it makes of it; None for a detector that does not look at folds.
    latent : (k,) where the star stands among others in the detector's own description; None where it has none.
    record : what it needs to go on from at the next night, as text; None where it goes over the rows again.
    record_reason : why there is no record, of a detector that keeps them.
    """

    score: float = math.nan
    pvalue: float = math.nan
    reason: Reason | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    forecast: Forecast | None = None
    events: tuple[Event, ...] = ()
    problems: Mapping[str, Reason] = field(default_factory=dict)
    seen: SeenFold | None = None
    latent: NDArray[np.float32] | None = None
    record: str | None = None
    record_reason: Reason | None = None


@dataclass(frozen=True)
class Learning:
    """What a kind of model makes of what it may be told when it is trained.

    Attributes
    ----------
    needs_labels : whether it cannot be trained without known classes.
    start : whether it can go on from a model of its kind: "never"; "nothing", where it begins anew unless it is told
        to; "shipped", where it goes on from the one that comes with Swope unless it is told not to.
    settings : further settings that concern it, of `Teaching`: "survey", "cell".
    """

    needs_labels: bool = False
    start: Literal["never", "nothing", "shipped"] = "never"
    settings: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Teaching:
    """How a model is to be trained, and what is known of its stars; each model takes from it what concerns it.

    Attributes
    ----------
    classes : n VSX types of the stars; None without labels.
    periods : (n,) their known periods in days, NaN where unknown; None without labels.
    start : a model of the same kind to go on from; None to begin from nothing.
    seed : of everything that is drawn.
    epochs : passes over the stars; None for the model's own number.
    survey : whether the classifier looks at magnitude, colour and galactic latitude too.
    cell : the forecaster's recurrent cell; None for its own.
    search : where the stars' periods were searched.
    progress : is told a line now and then.
    """

    classes: Sequence[str] | None = None
    periods: FloatArray | None = None
    start: Any = None
    seed: int = 0
    epochs: int | None = None
    survey: bool = False
    cell: str | None = None
    search: PeriodOptions = field(default_factory=PeriodOptions)
    progress: Callable[[str], None] = lambda _: None


class Model(Protocol):
    """What can be trained, kept in a folder, and read again.

    Attributes
    ----------
    learning : what it can be told when it is trained.
    card : what it was taught, and what it measures; Markdown.
    """

    learning: ClassVar[Learning]
    card: str

    @classmethod
    def pretrained(cls) -> Self:
        """The one that comes with Swope."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it from its folder; ValueError where that holds no whole one."""
        ...

    def save(self, folder: Path) -> None:
        """Write its folder."""
        ...

    @property
    def model_id(self) -> str:
        """Name of exactly this model: another one when any of its answers may differ."""
        ...

    @classmethod
    def taught(cls, stars: Sequence[Star], teaching: Teaching) -> Self:
        """Train it on stars; ValueError where nothing can be learnt from them."""
        ...


@runtime_checkable
class Detector(Model, Protocol):
    """A model that looks for strange stars.

    Attributes
    ----------
    columns : what it puts into the catalog.
    """

    columns: ClassVar[DetectorColumns]

    def assess(self, batch: Batch) -> list[Assessment]:
        """What it says of each star of a batch, which depends on nothing but that star."""
        ...


@runtime_checkable
class ScoringDetector(Detector, Protocol):
    """A detector that can say how strange stars are without the rest of what it says of them, in less time."""

    def score(self, stars: Sequence[Star]) -> Scores:
        """Scores and p-values as those of `assess`."""
        ...


@runtime_checkable
class ForecastingDetector(Detector, Protocol):
    """A detector that forecasts rows, and so can judge a night; its `columns` say so (`DetectorColumns.forecasts`)."""

    def forecast(self, stars: Sequence[Star]) -> list[Forecast | None]:
        """Forecast every good row of each star from the rows before it; None for a star too short."""
        ...

    @property
    def point_null(self) -> PointNull:
        """How strange the strangest single points of ordinary stars are to it."""
        ...

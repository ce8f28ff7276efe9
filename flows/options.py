"""What a run, or a training, was asked to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from swope.models.registry import kinds, model_class
from swope.models.weights import holds_model
from swope.pipeline.events import EventOptions
from swope.pipeline.lightcurve import Clock, Kind
from swope.pipeline.period.options import PeriodOptions

if TYPE_CHECKING:
    from swope.models.analysis import AnalysisOptions


@dataclass(frozen=True)
class RunOptions:
    """The settings of a run that change its catalog; all of them go into run.json and into each chunk's key.

    Attributes
    ----------
    clock : clock of the sources that do not state their own, as `swope.pipeline.Clock.parse` reads it.
    to_bjd : convert heliocentric or geocentric times with a known scale and position to BJD_TDB.
    reader : name of the reader to force, for files that no reader recognises by itself.
    kind : "mag" or "flux" for the sources that do not say.
    chunk_size : stars a chunk.
    min_period, max_period : days; limits of the period search, or None for what each star's data allow.
    models : folder with models trained by `swope train`; None for the shipped ones.
    columns : which column of a flat table is what, such as "time=2,mag=3,mag_err=4"; None leaves it to the readers.
    join : bring together one star's light curves in several files: those of one name, and those of other bands within
        so many arcseconds (0: by name alone); None leaves each as it stands.
    event_pvalue : an event is reported when a quiet star shows one as strong with at most this probability.
    """

    clock: str | None = None
    to_bjd: bool = False
    reader: str | None = None
    kind: Kind | None = None
    chunk_size: int = 512
    min_period: float | None = None
    max_period: float | None = None
    models: str | None = None
    event_pvalue: float = EventOptions.pvalue
    columns: str | None = None
    join: float | None = None

    def check(self) -> None:
        """Refuse settings that cannot be meant.

        Raises
        ------
        ValueError
            Naming the option, what is wrong with it, and what to write.
        """
        from swope.pipeline.ingest.parts import MOST_RADIUS
        from swope.pipeline.ingest.registry import reader_named
        from swope.pipeline.ingest.said import parse_columns

        if self.columns is not None:
            parse_columns(self.columns)
        if self.join is not None and not 0 <= self.join <= MOST_RADIUS:
            raise ValueError(f"--join {self.join:g} must lie between 0 and {MOST_RADIUS:g} arcsec")
        if self.clock is not None:
            Clock.parse(self.clock)
        if self.min_period is not None and self.max_period is not None and self.min_period >= self.max_period:
            raise ValueError(f"--min-period {self.min_period} must be below --max-period {self.max_period}")
        if self.models is not None and not Path(self.models).is_dir():
            raise ValueError(f"--models: no folder at {self.models}; `swope train` writes one")
        if self.models is not None and not _models_in(self.models):
            raise ValueError(
                f"--models: {self.models} holds none of {', '.join(kinds())}; give the folder that `swope train` wrote"
            )
        if self.reader is not None:
            reader_named(self.reader)

    @property
    def events(self) -> EventOptions:
        """What counts as an event."""
        return EventOptions(pvalue=self.event_pvalue)

    @property
    def periods(self) -> PeriodOptions:
        """Where periods are searched."""
        return PeriodOptions(min_period=self.min_period, max_period=self.max_period)

    @property
    def analysis(self) -> AnalysisOptions:
        """The settings of an analysis."""
        from swope.models.analysis import AnalysisOptions

        return AnalysisOptions(self.periods, self.events)

    def settled(self) -> RunOptions:
        """The same, without models that are not there yet: a deployment may name those of a training to come."""
        missing = self.models is not None and not _models_in(self.models)
        return replace(self, models=None) if missing else self


def _models_in(folder: str) -> bool:
    return any(holds_model(Path(folder) / kind) for kind in kinds())


#: What `--start` takes for the models that come with Swope.
SHIPPED = "shipped"


@dataclass(frozen=True)
class TrainOptions:
    """How one of the models is trained.

    Attributes
    ----------
    epochs : passes over the stars; None for the model's own number.
    seed : of everything that is drawn.
    start : a folder of models, or "shipped": what the classifier or the forecaster goes on from. None trains a
        classifier from nothing, and goes on from the shipped forecaster.
    survey : whether the classifier looks at magnitude, colour and galactic latitude too.
    cell : the forecaster's recurrent cell, to train it from nothing.
    challenge : keep one star in five apart, and take the place of the model that is there, or of the one that comes
        with Swope, only where the new one is better on these by more than its error (`swope.flows.challenge`).
    """

    epochs: int | None = None
    seed: int = 0
    start: str | None = None
    survey: bool = False
    cell: Literal["lstm", "gru", "rnn"] | None = None
    challenge: bool = False

    def check(self, kind: str, labels: str | None) -> None:
        """Refuse what no training of this kind of model, with labels or without, can mean.

        Raises
        ------
        ValueError
            Naming the option, and what to do instead.
        """
        learning = model_class(kind).learning
        if learning.needs_labels and labels is None:
            raise ValueError(f"a {kind} learns from labels: give --labels labels.csv with object_id and class")
        if self.cell is not None and "cell" not in learning.settings:
            raise ValueError(f"--cell: a {kind} has no recurrent cell; leave it out")
        if self.survey and "survey" not in learning.settings:
            raise ValueError(f"--survey: the {kind} looks at the curve alone; leave it out")
        if self.challenge and not any(hasattr(model_class(kind), able) for able in ("classify", "forecast")):
            raise ValueError(
                f"--challenge: a {kind} neither names types nor forecasts, so that two cannot be compared; leave it out"
            )
        if self.start is None:
            return
        if learning.start == "never":
            raise ValueError(f"--start: the {kind} is always trained from nothing; leave it out")
        if self.cell is not None:
            raise ValueError("--cell trains from nothing, and --start goes on from a model: give one of them")
        if self.survey:
            raise ValueError("--survey: a model that goes on looks at what its --start looks at; leave it out")
        if self.start != SHIPPED and not holds_model(Path(self.start) / kind):
            raise ValueError(
                f"--start: no {kind} in {self.start}; give a folder that `swope train {kind}` wrote, or `{SHIPPED}` "
                "for the one that comes with Swope"
            )

"""What a run was asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.lightcurve import Clock, Kind


@dataclass(frozen=True)
class RunOptions:
    """The settings of a run that change its catalog; all of them go into run.json and into each chunk's key.

    Attributes
    ----------
    clock : clock of the sources that do not state their own, as `pipeline.Clock.parse` reads it.
    to_bjd : convert heliocentric or geocentric times with a known scale and position to BJD_TDB.
    reader : name of the reader to force, for files that no reader recognises by itself.
    kind : "mag" or "flux" for the sources that do not say.
    chunk_size : stars a chunk.
    min_period, max_period : days; limits of the period search, or None for what each star's data allow.
    models : folder with models trained by `swope train`; None for the shipped ones.
    event_pvalue : an event is reported when a quiet star shows one as strong with at most this probability.
    """

    clock: str | None = None
    to_bjd: bool = False
    reader: str | None = None
    kind: Kind | None = None
    chunk_size: int = 256
    min_period: float | None = None
    max_period: float | None = None
    models: str | None = None
    event_pvalue: float = 1e-3

    def check(self) -> None:
        """Refuse settings that cannot be meant.

        Raises
        ------
        ValueError
            Naming the option, what is wrong with it, and what to write.
        """
        from pipeline.ingest.registry import reader_named

        if self.clock is not None:
            Clock.parse(self.clock)
        if self.min_period is not None and self.max_period is not None and self.min_period >= self.max_period:
            raise ValueError(f"--min-period {self.min_period} must be below --max-period {self.max_period}")
        if self.models is not None and not Path(self.models).is_dir():
            raise ValueError(f"--models: no folder at {self.models}; `swope train` writes one")
        if self.reader is not None:
            reader_named(self.reader)

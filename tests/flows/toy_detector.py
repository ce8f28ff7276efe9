"""A detector of one's own, in one file, as the documentation tells to write one: bright stars are strange to it.

`tests/flows/test_own_detector.py` installs it beside Swope, which has never heard of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from swope.models.detector import Assessment, Batch, Learning, Teaching
from swope.pipeline.column import FLOAT, TEXT, Column, DetectorColumns
from swope.pipeline.events import PointNull, find_events
from swope.pipeline.forecast import Forecast
from swope.pipeline.reason import Reason
from swope.pipeline.star import Star

GLOW = Column("toy_glow", FLOAT, "mag", "phot.mag", "how much brighter than its limit")
FLAG = Column("toy_flag", TEXT, "", "meta.code.qual;src.var", "saturated: brighter than any plate can take")


@dataclass
class Toy:
    """Finds stars brighter than a limit strange, and forecasts the last value of each band.

    Attributes
    ----------
    limit : magnitude.
    card : the model card.
    """

    columns: ClassVar[DetectorColumns] = DetectorColumns(
        "toy", "the toy", (GLOW, FLAG), {"saturated": "It may be saturated."}, forecasts=True
    )

    learning: ClassVar[Learning] = Learning()

    limit: float = 10.0
    card: str = ""

    @classmethod
    def pretrained(cls) -> Toy:
        return cls()

    @classmethod
    def load(cls, folder: Path) -> Toy:
        return cls(json.loads((folder / "toy.json").read_text())["limit"], (folder / "card.md").read_text())

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "toy.json").write_text(json.dumps({"limit": self.limit}))
        (folder / "card.md").write_text(self.card)

    @property
    def model_id(self) -> str:
        return f"toy-{self.limit!r}"

    @classmethod
    def taught(cls, stars: Sequence[Star], teaching: Teaching) -> Toy:
        """Puts the limit below the faintest star, by as much as the seed says."""
        return cls(max(float(np.median(star.curve.good.value)) for star in stars) + teaching.seed)

    def assess(self, batch: Batch) -> list[Assessment]:
        return [self._assessed(star, batch) for star in batch.stars]

    def _assessed(self, star: Star, batch: Batch) -> Assessment:
        if len(star.curve.good) < 5:
            return Assessment(reason=Reason(f"{len(star.curve.good)} good rows; the toy needs 5"))
        forecast = last_values(star)
        glow = self.limit - float(np.median(star.curve.good.value))
        return Assessment(
            score=glow,
            pvalue=1e-7 if glow > 0 else 0.6,
            columns={"toy_glow": glow, "toy_flag": "saturated" if glow > 1 else None},
            forecast=forecast,
            events=tuple(find_events(forecast, batch.events, self.point_null)),
        )

    def forecast(self, stars: Sequence[Star]) -> list[Forecast | None]:
        return [last_values(star) for star in stars]

    @property
    def point_null(self) -> PointNull:
        return PointNull()


def last_values(star: Star) -> Forecast:
    """Each row's forecast is the row of its band before it."""
    curve = star.curve.good
    mean, sigma = np.full(len(curve), np.nan), np.full(len(curve), np.nan)
    for band in range(len(curve.bands)):
        rows = np.flatnonzero(curve.band == band)
        mean[rows[1:]] = curve.value[rows[:-1]]
        sigma[rows[1:]] = 1e-3 + np.std(np.diff(curve.value[rows[:-1]])) if len(rows) > 2 else 1.0
    return Forecast(curve.object_id, "toy", curve.time, curve.band, curve.bands, curve.value, mean, sigma, curve.sign)

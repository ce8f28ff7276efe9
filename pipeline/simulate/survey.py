"""A labelled mock survey: stars of many classes in many surveys, as an iterator and as files."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.simulate.bursts import ANOMALIES
from swope.pipeline.simulate.classes import KINDS
from swope.pipeline.simulate.star import Label, SimulatedStar, simulate_star
from swope.pipeline.simulate.surveys import SURVEYS

#: Stars that are held in memory, for each survey, before they are written as one row group.
GROUP_STARS = 64

#: Columns of labels.csv.
LABEL_COLUMNS = (
    *("object_id", "class", "period", "t0", "survey", "magnitude", "anomaly"),
    *("event_kind", "event_start", "event_peak", "event_end"),
)


@dataclass(frozen=True)
class SurveyOptions:
    """What to simulate.

    Attributes
    ----------
    stars : how many.
    seed : the same seed gives the same stars; star i is the same however many there are.
    surveys : names out of `swope.pipeline.simulate.surveys.SURVEYS`.
    classes : VSX names out of `swope.pipeline.simulate.classes.KINDS`, mixed by their shares there.
    anomalies : share of the stars on which an anomaly is laid, 0 to 1.
    """

    stars: int
    seed: int = 0
    surveys: tuple[str, ...] = tuple(SURVEYS)
    classes: tuple[str, ...] = tuple(KINDS)
    anomalies: float = 0.0

    def __post_init__(self) -> None:
        if self.stars < 0 or self.seed < 0:
            raise ValueError(f"stars and seed must not be negative: stars {self.stars}, seed {self.seed}")
        if not 0 <= self.anomalies <= 1:
            raise ValueError(f"anomalies is a share between 0 and 1, not {self.anomalies}")
        for what, given, known in (("survey", self.surveys, SURVEYS), ("class", self.classes, KINDS)):
            unknown = [name for name in given if name not in known]
            if unknown:
                raise ValueError(f"no {what} {unknown[0]!r} can be simulated; known: {', '.join(known)}")
        if not self.mix:
            raise ValueError(f"none of the classes {', '.join(self.classes)} is simulated in {', '.join(self.surveys)}")

    @property
    def mix(self) -> dict[str, tuple[str, ...]]:
        """The classes that occur, each with the wanted surveys in which it does."""
        there = {name: tuple(s for s in KINDS[name].surveys if s in self.surveys) for name in self.classes}
        return {name: surveys for name, surveys in there.items() if surveys}


def simulated(options: SurveyOptions, index: int) -> SimulatedStar:
    """Star number `index` of a mock survey: a function of the options (but not `stars`) and the number alone."""
    rng = np.random.default_rng([options.seed, index, 1])
    mix = options.mix
    shares = np.array([KINDS[name].share for name in mix])
    class_ = str(rng.choice(list(mix), p=shares / shares.sum()))
    survey = str(rng.choice(mix[class_]))
    anomaly = str(rng.choice(ANOMALIES)) if rng.random() < options.anomalies else ""
    return simulate_star(options.seed, index, class_=class_, survey=survey, anomaly=anomaly)


def simulate_stars(options: SurveyOptions) -> Iterator[SimulatedStar]:
    """The stars of a mock survey, one by one.

    Examples
    --------
    >>> stars = list(simulate_stars(SurveyOptions(stars=2, seed=1, surveys=("asas",), classes=("RRAB",))))
    >>> [star.label.class_ for star in stars], len(stars[0].curve) > 10
    (['RRAB', 'RRAB'], True)
    """
    return (simulated(options, index) for index in range(options.stars))


def write_survey(
    out: str | Path, options: SurveyOptions, progress: Callable[[int, int], None] | None = None
) -> tuple[Path, ...]:
    """Simulate a survey and write it.

    Written are ``light_curves/<survey>.parquet``, a row a star with list columns and the clock stated in each row, and
    ``labels.csv``. At most `GROUP_STARS` stars of each survey are held in memory.

    Parameters
    ----------
    out : a folder; it is made where it is not there, and files of these names in it are replaced.
    progress : told how many stars are done, and of how many.

    Returns
    -------
    The files, the labels last.
    """
    out = Path(out)
    folder = out / "light_curves"
    folder.mkdir(parents=True, exist_ok=True)
    labels = out / "labels.csv"
    tables: dict[str, NestedWriter] = {}
    unfinished = labels.with_suffix(".csv.unfinished")
    try:
        with unfinished.open("w", newline="", encoding="utf-8") as file:
            rows = label_writer(file)
            for done, star in enumerate(simulate_stars(options), start=1):
                name = star.label.survey
                if name not in tables:
                    tables[name] = NestedWriter(folder / f"{name}.parquet")
                tables[name].add(star.curve, SURVEYS[name].clock)
                rows.writerow(label_row(star.label))
                if progress is not None:
                    progress(done, options.stars)
    finally:
        for table in tables.values():
            table.close()
    os.replace(unfinished, labels)
    return (*(table.path for table in tables.values()), labels)


class NestedWriter:
    """Writes light curves as nested Parquet: a row a star, its times, values, errors and bands as lists."""

    def __init__(self, path: Path, group_stars: int = GROUP_STARS) -> None:
        self.path = path
        self._group_stars = group_stars
        self._rows: list[dict[str, Any]] = []
        self._writer: pq.ParquetWriter | None = None
        self._schema: pa.Schema | None = None

    def add(self, curve: LightCurve, clock: str) -> None:
        """Add a light curve, whose times are written as numbers of `clock`."""
        self._rows.append(nested_row(curve, clock))
        if len(self._rows) >= self._group_stars:
            self._flush(curve.kind)
        self._kind = curve.kind

    def close(self) -> None:
        """Write what is left."""
        if self._rows:
            self._flush(self._kind)
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _flush(self, kind: str) -> None:
        if self._writer is None:
            self._schema = nested_schema(kind)
            self._writer = pq.ParquetWriter(self.path, self._schema, compression="zstd")
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows = []


def nested_schema(kind: str) -> pa.Schema:
    """Columns of a nested table of magnitudes or fluxes."""
    number = pa.float32()
    return pa.schema(
        [
            ("object_id", pa.string()),
            ("ra", pa.float64()),
            ("dec", pa.float64()),
            ("clock", pa.string()),
            ("unit", pa.string()),
            ("band", pa.list_(pa.string())),
            ("time", pa.list_(pa.float64())),
            (kind, pa.list_(number)),
            (f"{kind}_err", pa.list_(number)),
            ("quality", pa.list_(pa.int16())),
        ]
    )


def nested_row(curve: LightCurve, clock: str) -> dict[str, Any]:
    """One row of a nested table; the quality is 1 where the source marked the row."""
    return {
        "object_id": curve.object_id,
        "ra": curve.ra,
        "dec": curve.dec,
        "clock": clock,
        "unit": curve.unit,
        "band": np.array(curve.bands)[curve.band].tolist(),
        "time": np.round(curve.time - curve.clock.zero, 6),
        curve.kind: curve.value,
        f"{curve.kind}_err": curve.error,
        "quality": (curve.mask != 0).astype(np.int16),
    }


def label_writer(file: IO[str]) -> Any:
    """A CSV writer that has written the header of labels.csv."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(LABEL_COLUMNS)
    return writer


def label_row(label: Label) -> tuple[str, ...]:
    """The cells of labels.csv; several events are separated by semicolons, their times are Julian dates."""
    events = label.events
    return (
        label.object_id,
        label.class_,
        _number(label.period, 8),
        _number(label.t0, 6),
        label.survey,
        f"{label.magnitude:.3f}",
        label.anomaly,
        ";".join(event.kind for event in events),
        *(";".join(_number(getattr(event, name), 5) for event in events) for name in ("start", "peak", "end")),
    )


def _number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".") if math.isfinite(value) else ""

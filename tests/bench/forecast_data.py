"""Real stars for the forecaster's training and benchmark: light curve, class, and a period that was searched for once.

Searched periods are kept in ``out/bench/forecast_periods.jsonl``; remove it to have them searched for again.
``python -m tests.bench.forecast_data`` fills it from the stars that ``python -m tests.bench.training_set``
prepared, and searches for the others.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from swope.pipeline.clean import clean
from swope.pipeline.ingest import IngestOptions, plan, read
from swope.pipeline.labels import read_labels
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult, find_period
from swope.pipeline.split import share
from swope.pipeline.star import Star
from tests.bench.training_set import add_cache, stars_of
from tests.real_data import REAL_DATA

PERIODS = Path("out/bench/forecast_periods.jsonl")

#: What each set's light curves and labels are; a set without labels has its folder's names for classes.
SETS = {
    "asas_acvs": ("asas_acvs/light_curves.parquet", "asas_acvs/labels.csv"),
    "asas_training": ("asas_training/light_curves", "asas_training/labels.csv"),
    "eros": ("eros/light_curves.csv.gz", "eros/objects.csv"),
    "s82_rrlyrae": ("s82_rrlyrae/light_curves", "s82_rrlyrae/labels.csv"),
    "crts": ("crts/light_curves.csv", "crts/labels.csv"),
    "qso": ("qso/QSO_try", None),
    "constant": ("qso/stars_try", None),
    "ogle": ("ogle", None),
    "kepler": ("kepler", None),
}

#: Under which names the prepared stars have some of these sets; the others have the same names, or are not prepared.
PREPARED = {"constant": ("standards",), "ogle": ("ogle_cepheids", "ogle_quasars"), "kepler": ()}


@dataclass(frozen=True)
class Known:
    """A star with what is known of it: the set's word for its class, and its reference period (NaN where none)."""

    star: Star
    survey: str
    label: str
    period: float

    @property
    def object_id(self) -> str:
        """The star's name."""
        return self.star.curve.object_id

    def at(self, period: float) -> Known:
        """The same star, folded at another period; NaN for none."""
        result = PeriodResult(period=period) if math.isfinite(period) else PeriodResult(reason="left out")
        return replace(self, star=replace(self.star, period=result))


def known_stars(survey: str, wanted: Callable[[str], bool]) -> list[Known]:
    """The cleaned stars of a set whose names are `wanted`, at their reference periods, in the order of their names."""
    curves_at, labels_at = SETS[survey]
    labels: dict[str, tuple[str, float]] = {}
    if labels_at is not None:
        table = read_labels(REAL_DATA / labels_at)
        words = table["class_source"].fillna("unknown")
        labels = {n: (c, p) for n, c, p in zip(table["object_id"], words, table["period"], strict=True)}
    known = []
    for curve in _curves(REAL_DATA / curves_at):
        if not wanted(curve.object_id) or (labels_at is not None and curve.object_id not in labels):
            continue
        label, period = labels.get(curve.object_id, (survey, math.nan))
        known.append(Known(Star(clean(thinned(curve)), PeriodResult()), survey, label, period).at(period))
    return sorted(known, key=lambda one: one.object_id)


def _curves(path: Path) -> Iterator[LightCurve]:
    options = IngestOptions()
    with TemporaryDirectory() as scratch:
        for part in plan([str(path)], options, Path(scratch)).parts:
            yield from read(part, options).chunk


def thinned(curve: LightCurve, most: int = 2000) -> LightCurve:
    """Every k-th row of a curve that is too long to be one star among many."""
    return curve if len(curve) <= most else curve.where(np.arange(0, len(curve), -(-len(curve) // most)))


def few_of_each(known: Sequence[Known], most: int) -> list[Known]:
    """At most so many stars of each class, always the same ones."""
    chosen: list[Known] = []
    for label in sorted({one.label for one in known}):
        ours = sorted((one for one in known if one.label == label), key=lambda one: share(one.object_id, "bench"))
        chosen += ours[:most]
    return chosen


def searched_before(known: Sequence[Known]) -> list[Known | None]:
    """The stars with the periods that the pipeline found earlier; None for a star that was never searched."""
    kept = _kept()
    keys = [(one.survey, one.object_id) for one in known]
    return [_found(one, kept[key]) if key in kept else None for one, key in zip(known, keys, strict=True)]


def with_searched_periods(known: Sequence[Known]) -> list[Known]:
    """The stars with the periods that the pipeline finds, looked up where they were searched for before."""
    kept = _kept()
    PERIODS.parent.mkdir(parents=True, exist_ok=True)
    with PERIODS.open("a") as file:
        for i, one in enumerate(known):
            key = (one.survey, one.object_id)
            if key not in kept:
                kept[key] = find_period(one.star.curve)
                file.write(_line(*key, kept[key]))
                if i % 100 == 0:
                    print(f"{one.survey}: searched for {i} of {len(known)} periods", file=sys.stderr, flush=True)
    return [_found(one, kept[one.survey, one.object_id]) for one in known]


def _line(survey: str, object_id: str, period: PeriodResult) -> str:
    return json.dumps({"survey": survey, "object_id": object_id} | asdict(period), default=float) + "\n"


def _found(one: Known, period: PeriodResult) -> Known:
    return replace(one, star=replace(one.star, period=period))


def _kept() -> dict[tuple[str, str], PeriodResult]:
    """The periods searched for earlier, by set and star."""
    kept = {}
    for line in PERIODS.read_text().splitlines() if PERIODS.exists() else ():
        row = json.loads(line)
        key = (row.pop("survey"), row.pop("object_id"))
        kept[key] = PeriodResult(**row | {"others": tuple(row["others"])})
    return kept


def main() -> None:
    """Keep the prepared stars' periods, and search for those of the sets that were not prepared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    args = parser.parse_args()
    PERIODS.parent.mkdir(parents=True, exist_ok=True)
    with PERIODS.open("w") as file:
        for survey in SETS:
            for name in PREPARED.get(survey, (survey,)):
                for one in stars_of(args.cache, name):
                    file.write(_line(survey, one.star.curve.object_id, one.star.period))
    for survey in SETS:
        if survey in PREPARED:
            with_searched_periods(known_stars(survey, lambda _: True))
    print(json.dumps({"bench": "forecast_data", "periods": len(_kept())}))


if __name__ == "__main__":
    main()

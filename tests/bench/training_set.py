"""The real labelled stars, read, cleaned and with Swope's own periods: what the shipped models learn from.

``python -m tests.bench.training_set CACHE`` prepares them once (minutes) in the folder CACHE; `stars_of` reads them
back. Nothing of it goes into the repository.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from pipeline.clean import clean
from pipeline.ingest import IngestOptions, plan, read
from pipeline.labels import read_labels
from pipeline.lightcurve import Chunk, LightCurve
from pipeline.period import PeriodResult, find_period
from pipeline.star import Star
from tests.real_data import REAL_DATA

#: Light curves of each set and where its labels are; a type in place of a file labels all of its stars.
SETS: dict[str, tuple[str, str]] = {
    "asas_acvs": ("asas_acvs/light_curves.parquet", "asas_acvs/labels.csv"),
    "debosscher": ("debosscher/light_curves.parquet", "debosscher/labels.csv"),
    "asas_training": ("asas_training/light_curves", "asas_training/labels.csv"),
    "eros": ("eros/light_curves.csv.gz", "eros/objects.csv"),
    "s82_rrlyrae": ("s82_rrlyrae/light_curves", "s82_rrlyrae/labels.csv"),
    "crts": ("crts/light_curves.csv", "crts/labels.csv"),
    "ztf_snia": ("ztf_snia/light_curves", "SN Ia"),
    "qso": ("qso/QSO_try", "QSO"),
    "standards": ("qso/stars_try", "CST"),
    "ogle_cepheids": ("ogle/cepheids", "DCEP"),
    "ogle_quasars": ("ogle/quasars", "QSO"),
}


@dataclass(frozen=True, eq=False)
class Labelled:
    """A star of a set with what is known of it.

    Attributes
    ----------
    survey : name of the set.
    star : cleaned curve and Swope's own period.
    label : VSX type, or None where the set is in doubt.
    period : the reference period in days, NaN where the set gives none.
    """

    survey: str
    star: Star
    label: str | None
    period: float


def stars_of(cache: Path, *sets: str) -> list[Labelled]:
    """The prepared stars of some sets (all that are there, when none is named), in a fixed order.

    Raises
    ------
    FileNotFoundError
        When a set was not prepared.
    """
    found = []
    for name in sets or tuple(name for name in SETS if (cache / f"{name}.parquet").exists()):
        chunk = Chunk(pq.read_table(cache / f"{name}.parquet"))
        for curve, row in zip(chunk, json.loads((cache / f"{name}.json").read_text()), strict=True):
            period = PeriodResult(**{**row["found"], "others": tuple(row["found"]["others"])})
            reference = row["period"] if row["period"] is not None else float("nan")
            found.append(Labelled(name, Star(curve, period), row["label"], reference))
    return found


def read_set(name: str, scratch: Path) -> list[LightCurve]:
    """The cleaned light curves of a set, by name; stars without a good row are left out."""
    options = IngestOptions()
    parts = plan([str(REAL_DATA / SETS[name][0])], options, scratch).parts
    curves = (clean(curve) for part in parts for curve in read(part, options).chunk)
    return sorted((curve for curve in curves if len(curve.good)), key=lambda curve: curve.object_id)


def labels_of(name: str) -> dict[str, tuple[str | None, float]]:
    """Label and reference period of each star of a set that has a label file."""
    table = read_labels(REAL_DATA / SETS[name][1])
    return dict(zip(table["object_id"], zip(table["class"], table["period"], strict=True), strict=True))


def prepare(name: str, cache: Path, workers: int) -> None:
    """Read a set, search its periods, and store both in the cache."""
    curves = read_set(name, cache / "scratch")
    whole = SETS[name][1] if not (REAL_DATA / SETS[name][1]).is_file() else None
    known = {} if whole else labels_of(name)
    rows = []
    for curve, found in zip(curves, _periods(curves, workers), strict=True):
        label, period = known.get(curve.object_id, (whole, float("nan")))
        rows.append({"label": label, "period": period if np.isfinite(period) else None, "found": asdict(found)})
    pq.write_table(Chunk.of(curves).table.replace_schema_metadata(None), cache / f"{name}.parquet")
    (cache / f"{name}.json").write_text(json.dumps(rows))


def _periods(curves: list[LightCurve], workers: int) -> Iterator[PeriodResult]:
    if workers < 2:
        yield from map(find_period, curves)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(find_period, curves, chunksize=32)


def main() -> None:
    """Prepare the sets and print what they hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path, help="folder for the prepared stars")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    args.cache.mkdir(parents=True, exist_ok=True)
    for name in args.sets:
        begin = time.perf_counter()
        prepare(name, args.cache, args.workers)
        stars = stars_of(args.cache, name)
        counts = Counter(star.label for star in stars)
        print(f"{name}: {len(stars)} stars, {time.perf_counter() - begin:.0f} s; {dict(counts.most_common())}")
        print(json.dumps({"bench": "training_set", "set": name, "stars": len(stars)}))


if __name__ == "__main__":
    main()

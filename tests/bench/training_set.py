"""The real labelled stars, read, cleaned and with Swope's own periods: what the shipped models learn from.

``python -m tests.bench.training_set`` prepares them once (minutes) in the folder out/bench/stars, or in another that
it is given; `stars_of` reads them back, and prepares a set that is not there. Nothing of it goes into the repository.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.models.classifier.thinned import EVERYWHERE, Thinned, thinned
from swope.models.inputs import BINS, FACTORS, Inputs, inputs_of
from swope.pipeline.clean import clean
from swope.pipeline.features import FOLDED, PLAIN, REST, SEARCH, STRUCTURE, SURVEY
from swope.pipeline.ingest import IngestOptions, plan, read
from swope.pipeline.labels import read_labels
from swope.pipeline.lightcurve import Chunk, LightCurve
from swope.pipeline.period import PeriodOptions, PeriodResult, find_period
from swope.pipeline.simulate import SurveyOptions, simulate_stars
from swope.pipeline.star import Star
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
    "simulated": ("", ""),
}

#: Where the prepared stars are kept, if nothing else is said.
CACHE = Path("out/bench/stars")

#: The simulated stars beside the real ones; another seed than the sample survey's.
SIMULATED = SurveyOptions(stars=1200, seed=412)


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
    """The prepared stars of some sets (all of them, when none is named), in a fixed order."""
    found = []
    for name in sets or SETS:
        if not (cache / f"{name}.json").exists():
            print(f"preparing {name} in {cache}", file=sys.stderr, flush=True)
            prepare(name, cache, os.cpu_count() or 1)
        chunk = Chunk(pq.read_table(cache / f"{name}.parquet"))
        for curve, row in zip(chunk, json.loads((cache / f"{name}.json").read_text()), strict=True):
            period = PeriodResult(**{**row["found"], "others": tuple(row["found"]["others"])})
            reference = row["period"] if row["period"] is not None else float("nan")
            found.append(Labelled(name, Star(curve, period), row["label"], reference))
    return found


@dataclass(frozen=True, eq=False)
class Prepared:
    """The stars of a set as the models on folds take them.

    Attributes
    ----------
    inputs : n stars.
    names, labels : (n,) object ids; VSX types, "" where in doubt.
    period, reference : (n,) days: Swope's own and the known ones, NaN where there is none.
    copies : thinned copies of the stars of rare types, to be learnt from; None where not asked for.
    """

    inputs: Inputs
    names: NDArray[np.str_]
    labels: NDArray[np.str_]
    period: NDArray[np.float64]
    reference: NDArray[np.float64]
    copies: Thinned | None = None

    def __len__(self) -> int:
        return len(self.names)

    def rows(self, index: NDArray[Any]) -> Prepared:
        """The stars at these rows."""
        columns = (getattr(self, name)[index] for name in _COLUMNS)
        copies = None if self.copies is None else self.copies.of(np.arange(len(self))[index])
        return Prepared(self.inputs.rows(index), *columns, copies)

    @classmethod
    def join(cls, parts: Sequence[Prepared]) -> Prepared:
        """Several sets, one after the other, without their copies."""
        columns = (np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS)
        return cls(Inputs.join([part.inputs for part in parts]), *columns)


_COLUMNS = ("names", "labels", "period", "reference")


def at_reference(labelled: Labelled) -> Labelled:
    """The star with its reference period in place of Swope's, where it has one."""
    if not np.isfinite(labelled.period):
        return labelled
    return replace(labelled, star=replace(labelled.star, period=PeriodResult(period=labelled.period, t0=0.0)))


def prepared(cache: Path, name: str, reference: bool = False, copies: int = 0) -> Prepared:
    """The stars of a set, folded and measured; kept in the cache for the next time.

    Parameters
    ----------
    reference : fold at the reference periods, where there are any, in place of Swope's own.
    copies : of a star of a rare type, thinned; at most.
    """
    file = cache / f"{name}-{'reference-' if reference else ''}{seen_as()}.npz"
    if not file.exists():
        stars = stars_of(cache, name)
        store(file, [at_reference(star) for star in stars] if reference else stars)
    whole = stored(file)
    if not copies:
        return whole
    known = [at_reference(star) if reference else star for star in stars_of(cache, name)]
    file = file.with_stem(f"{file.stem}-{copies}-copies")
    return replace(
        whole, copies=kept_copies(file, known, whole.labels.tolist(), copies, None if reference else EVERYWHERE)
    )


def kept_copies(
    file: Path, stars: Sequence[Labelled], labels: Sequence[str], most: int, search: PeriodOptions | None = EVERYWHERE
) -> Thinned:
    """Thinned copies of stars, made once and kept in a file; see `swope.models.classifier.thinned.thinned`."""
    if not file.exists():
        print(f"thinning stars for {file}", file=sys.stderr, flush=True)
        made = thinned([one.star for one in stars], labels, most, search)
        np.savez(file, period=made.period, star=made.star, **_arrays(made.inputs))
    with np.load(file) as kept:
        return Thinned(_inputs(kept), kept["period"], kept["star"])


def seen_as() -> str:
    """A mark of what the models see of a star: files with another one hold something else."""
    made = (PLAIN, FOLDED, STRUCTURE, REST, SEARCH, SURVEY, FACTORS, BINS, "course")
    return hashlib.sha256(repr(made).encode()).hexdigest()[:8]


def store(file: Path, stars: Sequence[Labelled]) -> None:
    """Fold and measure stars, and keep what comes of it."""
    np.savez(
        file,
        names=np.array([labelled.star.curve.object_id for labelled in stars]),
        labels=np.array([labelled.label or "" for labelled in stars]),
        period=np.array([labelled.star.period.period for labelled in stars]),
        reference=np.array([labelled.period for labelled in stars]),
        **_arrays(inputs_of([labelled.star for labelled in stars])),
    )


def stored(file: Path) -> Prepared:
    """What `store` kept."""
    with np.load(file) as kept:
        return Prepared(_inputs(kept), *(kept[name] for name in _COLUMNS))


def _arrays(inputs: Inputs) -> dict[str, Any]:
    return {field.name: getattr(inputs, field.name) for field in fields(Inputs)}


def _inputs(kept: Any) -> Inputs:
    return Inputs(*(kept[field.name] for field in fields(Inputs)))


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
    cache.mkdir(parents=True, exist_ok=True)
    whole = SETS[name][1] if not (REAL_DATA / SETS[name][1]).is_file() else None
    if name == "simulated":
        stars = list(simulate_stars(SIMULATED))
        curves = [cleaned for star in stars if len((cleaned := clean(star.curve)).good)]
        known = {star.curve.object_id: (star.label.class_, star.label.period) for star in stars}
    else:
        curves = read_set(name, cache / "scratch")
        known = {} if whole else labels_of(name)
    rows = []
    for curve, found in zip(curves, periods_of(curves, workers), strict=True):
        label, period = known.get(curve.object_id, (whole, float("nan")))
        rows.append({"label": label, "period": period if np.isfinite(period) else None, "found": asdict(found)})
    pq.write_table(Chunk.of(curves).table.replace_schema_metadata(None), cache / f"{name}.parquet")
    (cache / f"{name}.json").write_text(json.dumps(rows))


def periods_of(curves: list[LightCurve], workers: int) -> Iterator[PeriodResult]:
    """Swope's own period of each curve, in their order."""
    if workers < 2:
        yield from map(find_period, curves)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(find_period, curves, chunksize=32)


def add_cache(parser: argparse.ArgumentParser) -> None:
    """Let a command be told where the prepared stars are."""
    words = f"folder of the prepared stars (default: {CACHE}, made where it is not there)"
    parser.add_argument("cache", type=Path, nargs="?", default=CACHE, help=words)


def main() -> None:
    """Prepare the sets and print what they hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for name in args.sets:
        begin = time.perf_counter()
        prepare(name, args.cache, args.workers)
        stars = stars_of(args.cache, name)
        counts = Counter(star.label for star in stars)
        print(f"{name}: {len(stars)} stars, {time.perf_counter() - begin:.0f} s; {dict(counts.most_common())}")
        print(json.dumps({"bench": "training_set", "set": name, "stars": len(stars)}))


if __name__ == "__main__":
    main()

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
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.models.classifier import LabelledInputs
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
from swope.pipeline.vsx import PERIODS
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
    "ogle_cepheids": ("ogle/cepheids", "DCEP|DCEPS"),
    "ogle_quasars": ("ogle/quasars", "QSO"),
    "catalina_south": ("catalina_south/light_curves.parquet", "catalina_south/labels.csv"),
    "eros2_ogle": ("eros2_ogle/light_curves.parquet", "eros2_ogle/labels.csv"),
    "ogle_lenses": ("ogle_lenses_2025/light_curves.parquet", "Microlens"),
    "simulated": ("", ""),
}

#: Where the prepared stars are kept, if nothing else is said.
CACHE = Path("out/bench/stars")

#: Sets that say of which mode a Cepheid is.
TELLING_MODES = ("eros2_ogle", "simulated")

#: Types of eros2_ogle whose periods are sound.
SOUND = ("DCEP", "DCEPS", "DCEP(B)", "RRAB", "RRC", "RRD")

#: What is known of a star: its label, None where in doubt, and its period in days, NaN where unknown.
Known = tuple[str | None, float]

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
        known = known_of(cache, name)
        for curve, row in zip(chunk, json.loads((cache / f"{name}.json").read_text()), strict=True):
            period = PeriodResult(**{**row, "others": tuple(row["others"])})
            found.append(Labelled(name, Star(curve, period), *known[curve.object_id]))
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

    @property
    def labelled(self) -> LabelledInputs:
        """What a classifier learns from."""
        names, labels = ([str(one) for one in column] for column in (self.names, self.labels))
        return LabelledInputs(self.inputs, names, self.period, labels, self.reference, self.copies)

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
    told = known_of(cache, name)
    whole = stored(file)
    # labels may be read otherwise today than when the file was made
    labels, reference = zip(*(told[str(star)] for star in whole.names), strict=True)
    whole = replace(whole, labels=np.array([label or "" for label in labels]), reference=np.array(reference))
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
    made = (PLAIN, FOLDED, STRUCTURE, REST, SEARCH, SURVEY, FACTORS, BINS, "course", "doubted")
    return hashlib.sha256(repr(made).encode()).hexdigest()[:8]


def store(file: Path, stars: Sequence[Labelled]) -> None:
    """Fold and measure stars, and keep what comes of it."""
    np.savez(
        file,
        names=np.array([labelled.star.curve.object_id for labelled in stars]),
        labels=np.array([labelled.label or "" for labelled in stars]),
        reference=np.array([labelled.period for labelled in stars]),
        period=np.array([labelled.star.period.period for labelled in stars]),
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


def known_of(cache: Path, name: str) -> Mapping[str, Known]:
    """Label and reference period of each star of a set, by object id."""
    if name == "simulated":
        return {star: (label, period or np.nan) for star, label, period in json.loads(_truth(cache).read_text())}
    file = REAL_DATA / SETS[name][1]
    if not file.is_file():
        return defaultdict(lambda: (SETS[name][1], np.nan))
    rows = read_labels(file)
    words, labels, periods = (rows[column] for column in ("class_source", "class", "period"))
    found = zip(rows["object_id"], map(taught_as, repeat(name), words, labels, periods), strict=True)
    return defaultdict(lambda: (None, np.nan), found)


def taught_as(name: str, word: str | None, label: str | None, period: float) -> Known:
    """Label and reference period of a star as a model may learn them.

    Surveys that do not part the modes of Cepheids leave it open which a DCEP is. A type II Cepheid of known period is a
    CWB or a CWA by definition. EROS-2 gives sound periods only of pulsating stars: of eclipsing ones many are half the
    orbital period, of second overtones a day's alias.

    Parameters
    ----------
    name : of the set.
    word, label, period : what the set says of the star: its own word, the VSX type, days.
    """
    if label == "DCEP" and name not in TELLING_MODES:
        label = "DCEP|DCEPS"
    if label == "CW" and period < PERIODS["CWA"][1]:
        label = "CWB" if period < PERIODS["CWB"][1] else "CWA"
    sound = name != "eros2_ogle" or (label in SOUND and word != "RRe")
    return label, period if sound else np.nan


def _truth(cache: Path) -> Path:
    return cache / "simulated-truth.json"


def prepare(name: str, cache: Path, workers: int) -> None:
    """Read a set, search its periods, and store both in the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    if name == "simulated":
        stars = list(simulate_stars(SIMULATED))
        curves = [cleaned for star in stars if len((cleaned := clean(star.curve)).good)]
        truth = [(star.curve.object_id, star.label.class_, star.label.period) for star in stars]
        _truth(cache).write_text(
            json.dumps([(star, label, period if np.isfinite(period) else None) for star, label, period in truth])
        )
    else:
        curves = read_set(name, cache / "scratch")
    rows = [asdict(found) for found in periods_of(curves, workers)]
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

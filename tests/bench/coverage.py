"""Whether the forecaster's intervals hold what they say, by kind of data: ``python -m tests.bench.coverage``.

For each kind: the share of rows in the central 50, 90 and 95 per cent intervals, one step ahead and 2 to 32 rows ahead;
how many rows are beyond 4 sigma; and how many stars have a `forecaster_pvalue` as small as some levels. Long curves are
cut into pieces, each a star of its own, and every period is searched for. Of ASAS only stars are taken that the
forecaster never saw (`swope.pipeline.split`); of Catalina's periodic stars it saw none. CRTS' curves are transients,
active galaxies and some fifty constant stars, so that its p-values need not be uniform. ``--raw`` leaves out what a
star's own earlier rows say of its widths (`swope.models.forecaster.own_scale`).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow.parquet as pq

from swope.models.forecaster import Forecaster
from swope.models.forecaster.forecaster import EVERY, HORIZONS
from swope.models.forecaster.sequence import Questions, ahead_of
from swope.pipeline.clean import clean
from swope.pipeline.ingest import IngestOptions, plan, read
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period import find_period
from swope.pipeline.split import held_out, share
from swope.pipeline.star import Star
from tests.real_data import REAL_DATA

#: Central shares that are checked, and p-values at which stars are counted.
SHARES, LEVELS = (0.5, 0.9, 0.95), (0.001, 0.01, 0.1, 0.5)

#: Rows of a piece, and the least that a last one has.
PIECE, LEAST_PIECE = 1500, 300

_TESS = "tess2018206045859-s0001-0000000358108509-0120-s_lc.fits"


@dataclass(frozen=True)
class Kind:
    """One kind of data.

    Attributes
    ----------
    sources : its files, below the folder of the real data; patterns.
    apart : whether only stars are taken that training left out.
    """

    sources: tuple[str, ...]
    apart: bool = False


KINDS = {
    "ground (ASAS)": Kind(("asas_acvs/light_curves.parquet",), apart=True),
    "Kepler long cadence": Kind(("kepler/*.fits",)),
    "K2": Kind(("k2/*",)),
    "TESS two minutes": Kind((f"tess/{_TESS}",)),
    "TESS FFI": Kind(("tess/hlsp*",)),
    "sparse (Catalina)": Kind(("catalina_south/light_curves.parquet",)),
    "sparse (CRTS)": Kind(("crts/light_curves.csv", "qso/stars_try")),
}


def stars_of_kind(kind: Kind, most: int, salt: str) -> list[Star]:
    """At most so many stars, with their periods; always the same ones for a salt."""
    curves = [curve for curve in curves_of_kind(kind, most, salt) if len(curve.good)]
    chosen = sorted(curves, key=lambda curve: share(curve.object_id, salt))[:most]
    return [Star(piece, find_period(piece)) for curve in chosen for piece in pieces(curve)]


def curves_of_kind(kind: Kind, most: int, salt: str) -> Iterator[LightCurve]:
    """The cleaned curves of a kind; of a table, so many."""
    options = IngestOptions()
    with TemporaryDirectory() as scratch:
        sources = [str(path) for pattern in kind.sources for path in sorted(REAL_DATA.glob(pattern))]
        if len(sources) == 1 and sources[0].endswith(".parquet"):
            sources = [_few(Path(sources[0]), kind.apart, most, salt, Path(scratch) / "few.parquet")]
        for part in plan(sources, options, Path(scratch)).parts:
            yield from map(clean, read(part, options).chunk)


def _few(path: Path, apart: bool, most: int, salt: str, out: Path) -> str:
    """The rows of a table that are wanted, as a table."""
    table = pq.read_table(path)
    names = [name if not apart or held_out(name) else None for name in table["object_id"].to_pylist()]
    order = sorted((i for i, name in enumerate(names) if name), key=lambda i: share(names[i] or "", salt))
    pq.write_table(table.take(sorted(order[:most])), out)
    return str(out)


def pieces(curve: LightCurve) -> Iterator[LightCurve]:
    """The good rows of a curve, in pieces that are stars of their own."""
    good = curve.good
    for begin in range(0, len(good), PIECE):
        if begin == 0 or len(good) - begin >= LEAST_PIECE:
            rows = np.arange(begin, min(begin + PIECE, len(good)))
            yield replace(good.where(rows), object_id=f"{curve.object_id} from {begin}")


def measured(forecaster: Forecaster, stars: list[Star]) -> dict[str, Any]:
    """Coverage and p-values of some stars."""
    asked = [Questions.of_rows(s.curve.good, *ahead_of(len(s.curve.good), HORIZONS, EVERY)) for s in stars]
    found = [one for one in forecaster.predictive(stars, asked) if one is not None]
    pits = [(steps, mixture.cdf(steps.target)) for steps, mixture in found]
    one = np.concatenate([pit[steps.next] for steps, pit in pits])
    ahead = np.concatenate([pit[steps.ahead] for steps, pit in pits])
    deviates = np.concatenate([forecaster.calibration.innovations(mixture, steps) for steps, mixture in found])
    pvalues = forecaster.score(stars).pvalue
    known = pvalues[np.isfinite(pvalues)]
    return {
        "stars": len(found),
        "rows": len(one),
        "one": covered(one),
        "ahead": covered(ahead),
        "beyond 4 sigma": float(np.mean(np.abs(deviates) > 4.0)),
        "pvalues": {str(level): float(np.mean(known <= level)) for level in LEVELS},
    }


def covered(pit: FloatArray) -> list[float]:
    """Shares of the rows in the central intervals."""
    return [float(np.mean(np.abs(pit - 0.5) < q / 2)) for q in SHARES]


def main() -> None:
    """Print the table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="folder of a forecaster; the shipped one by default")
    parser.add_argument("--most", type=int, default=300, help="stars of a kind, at most")
    parser.add_argument("--salt", default="coverage, reported", help="another one chooses other stars")
    parser.add_argument("--raw", action="store_true", help="without what a star's own rows say")
    args = parser.parse_args()
    begin = time.perf_counter()
    forecaster = Forecaster.load(args.model) if args.model else Forecaster.pretrained()
    levels = "".join(f"{f'p<={level}':>9s}" for level in LEVELS)
    print(f"{'per cent in 50, 90, 95':22s}{'stars':>6s}{'rows':>8s}{'one step':>21s}{'ahead':>21s}{'>4 s':>7s}{levels}")
    results = {}
    for name, kind in KINDS.items():
        stars = stars_of_kind(kind, args.most, args.salt)
        if args.raw:
            with patch("swope.models.forecaster.own_scale.own_scale", lambda deviate, *_: np.ones(len(deviate))):
                found = measured(forecaster, stars)
        else:
            found = measured(forecaster, stars)
        results[name] = found
        shares = "".join(" " + "".join(f"{100 * x:6.1f}" for x in found[key]) + "  " for key in ("one", "ahead"))
        counts = "".join(f"{x:9.4f}" for x in found["pvalues"].values())
        far = 100 * found["beyond 4 sigma"]
        print(f"{name:22s}{found['stars']:6d}{found['rows']:8d}{shares}{far:7.2f}{counts}", flush=True)
    seconds = round(time.perf_counter() - begin)
    print(json.dumps({"bench": "coverage", "model_id": forecaster.model_id, "seconds": seconds, "kinds": results}))


if __name__ == "__main__":
    main()

"""The files that the documentation speaks of, written where its examples run: ``python tests/docs/files.py WORD``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.models.stars import made_star


def ztf() -> None:
    """A file as IRSA gives it: two filters, heliocentric times and a flag."""
    lines = ["oid,hjd,mjd,mag,magerr,catflags,filtercode,ra,dec"]
    for oid, (seed, band) in enumerate(((1, "zg"), (1, "zr"))):
        curve = made_star("RRAB", seed).curve
        for i, (time, mag, error) in enumerate(zip(curve.time, curve.value, curve.error, strict=True)):
            day = 58200.3 + time + 0.01 * oid
            flag = 32768 if i % 40 == 7 else 0
            lines.append(
                f"{600 + oid},{day + 2400000.5:.6f},{day:.6f},{mag + 3:.4f},{error:.4f},{flag},{band},287.9,12.53"
            )
    Path("my_ztf.csv").write_text("\n".join(lines) + "\n")


def star(name: str = "my_star.csv", kind: str = "RRAB", seed: int = 0) -> None:
    """A file of times, magnitudes and errors."""
    curve = made_star(kind, seed).curve
    rows = zip(curve.time + 58000.0, curve.value, curve.error, strict=True)
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("mjd,mag,magerr\n" + "".join(f"{t:.6f},{m:.4f},{e:.3f}\n" for t, m, e in rows))


def survey() -> None:
    """A folder of files."""
    for kind in ("RRAB", "CST"):
        for seed in range(4):
            star(f"survey/{kind}{seed}.csv", kind, seed)


def tonight() -> None:
    """New points of a star of the run that the examples have."""
    last = float(made_star("RRAB", 0).curve.time.max()) + 58000.0
    Path("tonight").mkdir()
    Path("tonight/RRAB0.csv").write_text(
        "mjd,mag,magerr\n" + "".join(f"{last + 1 + i / 10:.6f},{12 + i / 10:.4f},0.030\n" for i in range(4))
    )


def labelled() -> None:
    """A survey in one file, and what its stars are."""
    kinds = [(kind, seed) for kind in ("RRAB", "EA", "CST") for seed in range(12)]
    curves = [made_star(kind, seed).curve for kind, seed in kinds]
    columns = {
        "object_id": [curve.object_id for curve in curves],
        "time": [(curve.time + 58000.0).tolist() for curve in curves],
        "mag": [curve.value.tolist() for curve in curves],
        "mag_err": [curve.error.tolist() for curve in curves],
    }
    pq.write_table(pa.table(columns), "survey.parquet")
    rows = "".join(f"{curve.object_id},{kind}\n" for curve, (kind, _) in zip(curves, kinds, strict=True))
    Path("labels.csv").write_text("object_id,class\n" + rows)


def toy() -> None:
    """A file of the format that the guide to readers makes up."""
    time = 2455000 + np.arange(20)
    Path("V1.toy").write_text("TOY\n" + "".join(f"{one}|{12 + one % 2}\n" for one in time))


def verdicts() -> None:
    """What the report saves."""
    Path("verdicts.csv").write_text("object_id,source,verdict\n" + "".join(f'"EA{i}","","boring"\n' for i in (1, 2)))


if __name__ == "__main__":
    makers = {one.__name__: one for one in (ztf, star, survey, tonight, labelled, toy, verdicts)}
    makers[sys.argv[1]]()

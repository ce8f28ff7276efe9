"""The light curves that throughput is measured on: real ones, repeated under new names where more are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from swope.pipeline.catalog import write_parquet
from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import Chunk, LightCurve
from tests.real_data import REAL_DATA

#: Clock of the ASAS stars, whose file does not say.
CLOCK = "HJD_UTC"


def write_asas(path: Path, stars: int, first: int = 0) -> Path:
    """Write so many ASAS variables as one nested table, from the `first` on; after the last they begin again."""
    table = pq.read_table(REAL_DATA / "asas_acvs" / "light_curves.parquet")
    place = first + np.arange(stars)
    rows = table.take(pa.array(place % len(table)))
    names = [
        name if turn == 0 else f"{name}-{turn}"
        for name, turn in zip(rows["object_id"].to_pylist(), (place // len(table)).tolist(), strict=True)
    ]
    write_parquet(rows.set_column(0, "object_id", pa.array(names)), path)
    return path


def write_curves(path: Path, curves: Sequence[LightCurve]) -> Path:
    """Write light curves as Swope's own nested table."""
    write_parquet(Chunk.of(curves).table, path)
    return path


def tess() -> LightCurve:
    """TIC 358108509 at a cadence of two minutes."""
    from astropy.io import fits

    with fits.open(REAL_DATA / "tess" / "tess2018206045859-s0001-0000000358108509-0120-s_lc.fits") as file:
        table = file[1].data
        good = np.isfinite(table["TIME"]) & np.isfinite(table["PDCSAP_FLUX"]) & (table["QUALITY"] == 0)
        time_, flux, error = (
            np.asarray(table[name][good], dtype=np.float64) for name in ("TIME", "PDCSAP_FLUX", "PDCSAP_FLUX_ERR")
        )
    return clean(LightCurve.of("TIC 358108509", time_, flux, error, kind="flux", unit="electron / s"))


def repeated(curve: LightCurve, points: int) -> LightCurve:
    """So many points of a curve, which begins again a day after its end as often as it takes."""
    good = curve.good
    times = -(-points // len(good))
    later = np.repeat(np.arange(times), len(good)) * (float(np.ptp(good.time)) + 1.0)
    time_ = np.tile(good.time, times) + later
    value, error = np.tile(good.value, times), np.tile(good.error, times)
    whole = LightCurve.of(good.object_id, time_, value, error, kind="flux", unit=good.unit)
    return clean(whole.where(np.arange(len(whole)) < points))

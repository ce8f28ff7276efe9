"""Simulated stars in the files that surveys really hand out."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.simulate.space import KEPLER_STEP, TESS_FRAME_STEP


def _native(curve: LightCurve) -> np.ndarray:
    """(n,) times as numbers of the source's own clock."""
    native: np.ndarray = curve.time - curve.clock.zero
    return native


def write_star_csv(path: Path, curve: LightCurve) -> None:
    """One star, several bands: ``mjd,mag,magerr,band`` (as SDSS Stripe 82 is handed out)."""
    band = np.array(curve.bands)[curve.band]
    rows = zip(_native(curve), curve.value, curve.error, band, strict=True)
    lines = [f"{t:.6f},{v:.3f},{e:.3f},{b}" for t, v, e, b in rows]
    _write_text(path, ["mjd,mag,magerr,band", *lines])


def write_long_csv(path: Path, curves: Sequence[LightCurve]) -> None:
    """Many stars in one table, not in time order: ``ID,observation_id,Mag,Magerr,MJD`` (as Catalina's transients)."""
    lines = ["ID,observation_id,Mag,Magerr,MJD"]
    number = 0
    for curve in curves:
        for time, value, error in zip(_native(curve), curve.value, curve.error, strict=True):
            number += 1
            lines.append(f"{curve.object_id},{number},{value:.4f},{error:.4f},{time:.6f}")
    _write_text(path, lines)


def write_dat(path: Path, curve: LightCurve) -> None:
    """One star without a header: Julian date, magnitude, error (as OGLE)."""
    rows = zip(_native(curve), curve.value, curve.error, strict=True)
    _write_text(path, [f"{t:13.5f} {v:6.3f} {e:5.3f}" for t, v, e in rows])


def write_lists_csv(path: Path, curves: Sequence[LightCurve], first_day: float) -> None:
    """A row a star with lists in its cells, two bands, days since `first_day`, gzipped (as EROS-2)."""
    names = [f"{what}_points_{band}" for what in ("time", "light", "error") for band in ("b", "r")]
    lines = [",".join(["", *names])]
    for curve in curves:
        cells = [
            '"[' + ", ".join(f"{number:.2f}" for number in column[curve.band == k]) + ']"'
            for column in (curve.time - first_day, curve.value, curve.error)
            for k in (0, 1)
        ]
        lines.append(",".join([curve.object_id, *cells]))
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0, compresslevel=9) as file:
        file.write(("\n".join(lines) + "\n").encode())
    path.write_bytes(packed.getvalue())


def write_mission_fits(path: Path, curve: LightCurve, number: int) -> None:
    """One quarter of Kepler or sector of TESS: every cadence has a row, those without data hold NaN.

    Parameters
    ----------
    number : the star's KIC or TIC number.
    """
    from astropy.io import fits

    kepler = curve.bands == ("Kepler",)
    step = KEPLER_STEP if kepler else TESS_FRAME_STEP
    time = _native(curve)
    row = np.round((time - time[0]) / step).astype(int)
    time_full, flux, error = (np.full(row[-1] + 1, np.nan) for _ in range(3))
    quality = np.full(row[-1] + 1, 65536 if kepler else 8, dtype=np.int32)
    time_full[row], flux[row], error[row] = time, curve.value, curve.error
    # a desaturation of the reaction wheels is what most flagged cadences are
    quality[row] = np.where(curve.mask != 0, 32, 0)
    # what the corrected flux is corrected for: a slow change of focus and pointing
    day = np.arange(len(flux)) * step
    raw = flux * (1 + 0.004 * (day / day[-1] - 0.5) + 0.002 * np.exp(-day / 3.0))

    mission, catalogue, prefix = ("Kepler", "KEPLERID", "KIC") if kepler else ("TESS", "TICID", "TIC")
    primary = fits.PrimaryHDU()
    cards: list[tuple[str, Any, str]] = [
        ("ORIGIN", "SWOPE", "simulated: no telescope saw this star"),
        ("TELESCOP", mission, "telescope that is imitated"),
        ("OBJECT", f"{prefix} {number}", "target"),
        (catalogue, number, "invented target identifier"),
        ("RADESYS", "ICRS", "reference frame of celestial coordinates"),
        ("RA_OBJ", curve.ra, "[deg] right ascension"),
        ("DEC_OBJ", curve.dec, "[deg] declination"),
        ("QUARTER" if kepler else "SECTOR", 1, "quarter or sector of observation"),
    ]
    if kepler:
        cards.append(("OBSMODE", "long cadence", "observing mode"))
    primary.header.extend(cards)
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column("TIME", "D", f"BJD - {2454833 if kepler else 2457000}", array=time_full),
            fits.Column("CADENCENO", "J", array=np.arange(len(flux)) + 11914),
            fits.Column("SAP_FLUX", "E", "e-/s", array=raw),
            fits.Column("SAP_FLUX_ERR", "E", "e-/s", array=error),
            fits.Column("PDCSAP_FLUX", "E", "e-/s", array=flux),
            fits.Column("PDCSAP_FLUX_ERR", "E", "e-/s", array=error),
            fits.Column("SAP_QUALITY" if kepler else "QUALITY", "J", array=quality),
        ],
        name="LIGHTCURVE",
    )
    table.header.extend(
        [
            ("TELESCOP", mission, "telescope that is imitated"),
            ("OBJECT", f"{prefix} {number}", "target"),
            (catalogue, number, "invented target identifier"),
            ("TIMEREF", "SOLARSYSTEM", "barycentric correction applied to times"),
            ("TIMESYS", "TDB", "time system is barycentric JD"),
            ("BJDREFI", 2454833 if kepler else 2457000, "integer part of BJD reference date"),
            ("BJDREFF", 0.0, "fraction of the day in BJD reference date"),
            ("TIMEUNIT", "d", "time unit for TIME, TSTART and TSTOP"),
            ("TSTART", float(time[0]), "observation start time in BJD-BJDREF"),
            ("TSTOP", float(time[-1]), "observation stop time in BJD-BJDREF"),
            ("TIMEDEL", step, "[d] time resolution of data"),
        ]
    )
    path.unlink(missing_ok=True)
    fits.HDUList([primary, table]).writeto(path)


def _write_text(path: Path, lines: Sequence[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")

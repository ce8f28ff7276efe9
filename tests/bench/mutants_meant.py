"""Meaningful mutants: a real star's rows, written as people and surveys write them, so that what is right is known.

Each changes something that a reader has to notice: a column's name or place, the zero point or unit of the times, a
flag, a filler, an upper limit, a second star, a decoy, the container. The reader may read it rightly, call it partial
with a reason, or refuse it; a star that is called good and is another star is a fault.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import LightCurve

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Star:
    """A star's good rows: name, Julian dates, magnitudes, errors, bands."""

    name: str
    jd: FloatArray
    mag: FloatArray
    error: FloatArray
    band: NDArray[np.str_]


@dataclass(eq=False)
class Sheet:
    """A table on its way to a file.

    Attributes
    ----------
    columns : names and cells, in the file's order.
    parts : which column is what ("time", "value", "error", "band", "id"); names.
    units : of columns, where the container can state them.
    kind : what the values are.
    done : what was changed, in words.
    """

    columns: dict[str, NDArray[Any]]
    parts: dict[str, str]
    units: dict[str, str] = field(default_factory=dict)
    kind: str = "mag"
    done: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def rename(self, part: str, name: str) -> None:
        """Give a part's column another name, at its place."""
        old = self.parts[part]
        if name in self.columns and name != old:
            return
        self.columns = {name if key == old else key: cells for key, cells in self.columns.items()}
        self.units = {name if key == old else key: unit for key, unit in self.units.items()}
        self.parts[part] = name
        self.done.append(f"{part} called {name!r}")

    def append(self, rows: NDArray[np.intp], changed: dict[str, Any]) -> None:
        """Put copies of some rows at the end, some of their cells changed (by part or by name)."""
        cells = {self.parts.get(part, part): value for part, value in changed.items()}
        for name, column in self.columns.items():
            more = column[rows]
            if name in cells:
                value = cells[name]
                if isinstance(value, str) and column.dtype.kind == "f":
                    column, more = column.astype("U24"), more.astype("U24")
                if column.dtype.kind == "U":
                    value = str(value)
                more = np.full(len(rows), value, dtype="U24" if isinstance(value, str) else None)
            self.columns[name] = np.concatenate([column, more])


Change = Callable[[np.random.Generator, Sheet], None]

#: Zero points by the name of a time column that states them.
CLOCKS: dict[str, float] = {
    "jd": 0.0,
    "JD": 0.0,
    "hjd": 0.0,
    "HJD": 0.0,
    "BJD": 0.0,
    "bjd_tdb": 0.0,
    "BJD_TDB": 0.0,
    "Julian Date": 0.0,
    "mjd": 2400000.5,
    "MJD": 2400000.5,
    "obs_mjd": 2400000.5,
    "Time (MJD)": 2400000.5,
    "expMJD": 2400000.5,
    "HJD-2450000": 2450000.0,
    "JD-2400000": 2400000.0,
    "BJD - 2457000, days": 2457000.0,
    "JD - 2450000": 2450000.0,
    "BJD-2454833": 2454833.0,
    "J.D.-2400000": 2400000.0,
    "RJD": 2400000.0,
    "BTJD": 2457000.0,
    "BKJD": 2454833.0,
}
#: Names that say nothing of the zero point; the times are Julian dates whole.
PLAIN_TIMES = ("time", "t", "Time", "date", "obstime", "epoch", "day", "T", "x", "when")
MAGS = ("mag", "Mag", "MAG", "magnitude", "Magnitude", "mag_auto", "MAG_PSF", "psfMag", "m", "brightness", "Vmag", "y")
FLUXES = ("flux", "FLUX", "Flux", "psfFlux", "PDCSAP_FLUX", "f", "flux_jy", "norm_flux")
ERRORS = ("err", "error", "e_mag", "mag_err", "magerr", "sigma", "Uncertainty", "dmag", "unc", "MAGERR_AUTO")
IDS = (
    "id",
    "star",
    "ID",
    "Star Name",
    "source_id",
    "lc_id",
    "MasterID",
    "asas_sn_id",
    "TIC",
    "SNID",
    "objid",
    "target",
    "variable",
    "which one",
)
BANDS = ("filter", "colour", "phot_band", "FilterName", "what", "FLT", "passband", "Filt")
FLAGS = (
    "flag",
    "quality",
    "Q",
    "qual",
    "is_bad",
    "bad",
    "outlier",
    "catflags",
    "mask",
    "dqflag",
    "bad_phot",
    "badness",
)


def call_time(rng: np.random.Generator, sheet: Sheet) -> None:
    """Another name for the times, with the zero point that it states."""
    if rng.random() < 0.25:
        sheet.rename("time", str(rng.choice(PLAIN_TIMES)))
        return
    name = str(rng.choice(list(CLOCKS)))
    sheet.columns[sheet.parts["time"]] = sheet.columns[sheet.parts["time"]] - CLOCKS[name]
    sheet.rename("time", name)


def call_value(rng: np.random.Generator, sheet: Sheet) -> None:
    """Another name for the brightness, or fluxes instead."""
    if sheet.kind == "mag" and rng.random() < 0.4:
        value, error = sheet.parts["value"], sheet.parts["error"]
        flux = 10 ** (-0.4 * (sheet.columns[value] - 22.5))
        sheet.columns[error] = sheet.columns[error] * flux / 1.0857
        sheet.columns[value] = flux
        sheet.kind = "flux"
    sheet.rename("value", str(rng.choice(MAGS if sheet.kind == "mag" else FLUXES)))
    sheet.rename("error", sheet.parts["value"] + "_err" if rng.random() < 0.5 else str(rng.choice(ERRORS)))


def move_columns(rng: np.random.Generator, sheet: Sheet) -> None:
    """Another order of columns."""
    names = list(sheet.columns)
    sheet.columns = {names[i]: sheet.columns[names[i]] for i in rng.permutation(len(names))}
    sheet.done.append("columns moved")


def call_band(rng: np.random.Generator, sheet: Sheet) -> None:
    """Another name for the bands, also one that says nothing."""
    if "band" in sheet.parts:
        sheet.rename("band", str(rng.choice(BANDS)))


def millimagnitudes(rng: np.random.Generator, sheet: Sheet) -> None:
    """Magnitudes and errors in thousandths, as the names say."""
    if sheet.kind != "mag":
        return
    for part, name in (("value", "mag (mmag)"), ("error", "err (mmag)")):
        cells = sheet.columns[sheet.parts[part]]
        if cells.dtype.kind == "f":
            sheet.columns[sheet.parts[part]] = cells * 1000
            sheet.rename(part, name if rng.random() < 0.5 else name.replace("(", "[").replace(")", "]"))


def limit_column(rng: np.random.Generator, sheet: Sheet) -> None:
    """Rows of upper limits, which a column beside the magnitudes tells."""
    name, seen, limit = (("detected", 1, 0), ("is_detection", "Y", "N"), ("upper_limit", 0, 1), ("l_mag", "", ">"))[
        int(rng.integers(4))
    ]
    if sheet.kind != "mag" or name in sheet.columns:
        return
    sheet.columns[name] = np.full(len(sheet), seen, dtype="U4" if isinstance(seen, str) else None)
    _append_bad(rng, sheet, {name: limit, "value": _far(sheet)})
    sheet.done.append(f"limits by {name!r}")


def flagged_rows(rng: np.random.Generator, sheet: Sheet) -> None:
    """Bad rows, three magnitudes off, that a column flags."""
    name = str(rng.choice(FLAGS))
    if name in sheet.columns:
        return
    words: tuple[tuple[Any, Any], ...] = ((0, 1), (0, 32768 + 1), ("G", "B"), ("False", "True"), (0, 2), ("A", "D"))
    good, bad = words[int(rng.integers(len(words)))]
    if name == "catflags":
        good, bad = 0, 32769  # ZTF's: of its bits that one alone means a bad row (Masci et al. 2019, table 4)
    sheet.columns[name] = np.full(len(sheet), good)
    _append_bad(rng, sheet, {name: bad, "value": _far(sheet)})
    sheet.done.append(f"rows flagged {bad!r} in {name!r}")


def fillers(rng: np.random.Generator, sheet: Sheet) -> None:
    """Rows without a measurement, as a filler or as an upper limit."""
    words: tuple[Any, ...] = (99.99, 99.999, -999.0, -99.0, 999.0, np.nan, 9999.0, ">17.3", "<14.5", "-", "null", "")
    filler = words[int(rng.integers(len(words) if sheet.kind == "mag" else 6))]
    if sheet.kind == "flux":
        filler = np.nan if rng.random() < 0.5 else -99999.0
    _append_bad(rng, sheet, {"value": filler})
    sheet.done.append(f"rows of {filler!r}")


def no_errors(rng: np.random.Generator, sheet: Sheet) -> None:
    """Errors that say nothing: one number throughout."""
    filler = float(rng.choice([99.999, 0.0, -1.0, -999.0, 9.999, np.nan]))
    sheet.columns[sheet.parts["error"]] = np.full(len(sheet), filler)
    sheet.done.append(f"errors all {filler}")


def repeats(rng: np.random.Generator, sheet: Sheet) -> None:
    """Some rows twice."""
    _append_bad(rng, sheet, {})
    sheet.done.append("rows twice")


def decoys(rng: np.random.Generator, sheet: Sheet) -> None:
    """Columns that are not what their names suggest: before the others, or after."""
    n = len(sheet)
    made: dict[str, Callable[[], NDArray[Any]]] = {
        "gmag": lambda: np.full(n, 15.2), "hjd": lambda: np.where(np.arange(n) < 3, 2455000.0 + np.arange(n), np.nan),
        "index": lambda: np.arange(n), "airmass": lambda: rng.uniform(1, 2, n), "Time": lambda: rng.uniform(0, 24, n),
        "camera": lambda: rng.integers(1, 5, n), "exptime": lambda: np.full(n, 60.0),
        "fwhm": lambda: rng.uniform(2, 4, n),
        "sky": lambda: rng.uniform(18, 21, n), "ra": lambda: np.full(n, 10.5), "mag": lambda: np.full(n, np.nan),
        "comment": lambda: np.array(["clear"] * n), "Unnamed: 0": lambda: np.arange(n), "zp": lambda: np.full(n, 25.0),
    }  # fmt: skip
    for name in rng.choice(list(made), int(rng.integers(1, 4)), replace=False).tolist():
        if name in sheet.columns or name.lower() in {known.lower() for known in sheet.columns}:
            continue
        cells = made[name]()
        first = rng.random() < 0.5
        sheet.columns = {name: cells, **sheet.columns} if first else {**sheet.columns, name: cells}
        sheet.done.append(f"decoy {name!r}")


def time_unit(rng: np.random.Generator, sheet: Sheet) -> None:
    """Times in seconds, hours or years from the first one, the unit stated in the name or beside it."""
    if rng.random() < 0.15:
        sheet.columns[sheet.parts["time"]] = 2000 + (sheet.columns[sheet.parts["time"]] - 2451545.0) / 365.25
        sheet.rename("time", str(rng.choice(["year", "epoch", "decimal_year", "epoch [yr]"])))
        return
    unit = str(rng.choice(["s", "h", "yr", "min"]))
    days = {"s": 1 / 86400, "h": 1 / 24, "yr": 365.25, "min": 1 / 1440}[unit]
    time = sheet.parts["time"]
    sheet.columns[time] = (sheet.columns[time] - np.min(sheet.columns[time])) / days
    name = f"time [{unit}]" if rng.random() < 0.5 else f"time_{unit}" if rng.random() < 0.5 else "time"
    sheet.rename("time", name)
    sheet.units[sheet.parts["time"]] = unit
    sheet.done.append(f"times in {unit}")


def untrue_clock(rng: np.random.Generator, sheet: Sheet) -> None:
    """A name that the numbers contradict: MJD over Julian dates, HJD over reduced ones."""
    name, zero = (("MJD", 0.0), ("HJD", 2450000.0), ("JD", 2400000.5), ("BJD", 2457000.0))[int(rng.integers(4))]
    sheet.columns[sheet.parts["time"]] = sheet.columns[sheet.parts["time"]] - zero
    sheet.rename("time", name)
    sheet.done.append(f"{name} less {zero}")


def _append_bad(rng: np.random.Generator, sheet: Sheet, changed: dict[str, Any]) -> None:
    count = max(2, len(sheet) // 10)
    sheet.append(rng.choice(len(sheet), min(count, len(sheet)), replace=False), changed)


def _far(sheet: Sheet) -> float:
    values = sheet.columns[sheet.parts["value"]]
    numbers = values[np.isfinite(values)] if values.dtype.kind == "f" else np.array([15.0])
    return float(np.median(numbers) + 3.0) if sheet.kind == "mag" else float(np.median(numbers) * 16)


TIMES: tuple[Change, ...] = (call_time, call_time, call_time, time_unit, untrue_clock)
OTHERS: tuple[Change, ...] = (
    call_value, call_value, move_columns, flagged_rows, flagged_rows, fillers, no_errors, repeats, decoys,
    call_band, millimagnitudes, limit_column,
)  # fmt: skip


def make(rng: np.random.Generator, folder: Path, stars: Sequence[Star]) -> tuple[str, list[Star], str]:
    """Write one mutant into an empty folder.

    Returns
    -------
    What it is, in words; the stars that are in it; and whether it holds magnitudes or fluxes.
    """
    count = 1 if rng.random() < 0.75 else 2
    chosen = [stars[int(i)] for i in rng.choice(len(stars), count, replace=False)]
    one_band = rng.random() < 0.5
    if one_band:
        chosen = [_in_one_band(star) for star in chosen]
    sheet = _sheet(rng, chosen, one_band)
    if rng.random() < 0.8:
        TIMES[int(rng.integers(len(TIMES)))](rng, sheet)
    changes = [OTHERS[int(i)] for i in rng.choice(len(OTHERS), int(rng.integers(1, 4)), replace=False)]
    first = (call_value, millimagnitudes)  # what scales the values comes before what adds bad ones
    for change in sorted(changes, key=lambda change: first.index(change) if change in first else len(first)):
        change(rng, sheet)
    from tests.bench.mutants_written import write

    path = write(rng, folder, sheet)
    return f"{'; '.join(sheet.done)}; as {path.name}", chosen, sheet.kind


def _in_one_band(star: Star) -> Star:
    names, counts = np.unique(star.band, return_counts=True)
    keep = star.band == names[np.argmax(counts)]
    return Star(star.name, star.jd[keep], star.mag[keep], star.error[keep], star.band[keep])


def _sheet(rng: np.random.Generator, stars: Sequence[Star], one_band: bool) -> Sheet:
    columns: dict[str, NDArray[Any]] = {
        "jd": np.concatenate([star.jd for star in stars]),
        "mag": np.concatenate([star.mag for star in stars]),
        "mag_err": np.concatenate([star.error for star in stars]),
    }
    parts = {"time": "jd", "value": "mag", "error": "mag_err"}
    if not one_band or rng.random() < 0.3:
        columns["band"] = np.concatenate([star.band for star in stars])
        parts["band"] = "band"
    if len(stars) > 1:
        name = str(rng.choice(IDS))
        columns = {name: np.concatenate([np.full(len(star.jd), star.name) for star in stars]), **columns}
        parts["id"] = name
    sheet = Sheet(columns, parts)
    sheet.done.append(f"two stars by {parts['id']!r}" if len(stars) > 1 else "one star")
    return sheet


def fault(curves: Sequence[LightCurve], refused: int, stars: Sequence[Star], kind: str) -> str:
    """What is wrong with an answer; "" when it is right, partial with a reason, or a refusal.

    Parameters
    ----------
    curves : cleaned.
    refused : how many refusals there were.
    """
    if not curves:
        return "" if refused else "nothing came of it, and nothing was said"
    if len(curves) < len(stars) and not refused and not all(curve.caution for curve in curves):
        return f"{len(stars)} stars became {len(curves)}"
    for curve in curves:
        if curve.caution:
            continue
        wrongs = [_difference(curve, star, kind) for star in stars]
        if all(wrongs):
            return min(wrongs, key=len)
    return ""


def _difference(curve: LightCurve, star: Star, kind: str) -> str:
    if curve.kind != kind:
        return f"{kind} read as {curve.kind}"
    good = curve.good
    if len(good) != len(star.jd):
        return f"{len(good)} of {len(star.jd)} rows"
    right = star.mag if kind == "mag" else 10 ** (-0.4 * (star.mag - 22.5))
    ours, theirs = np.lexsort((good.value, good.time)), np.lexsort((right, star.jd))
    shift = good.time[ours] - star.jd[theirs]
    if np.ptp(shift) > 1e-3:
        return f"times differ by up to {np.ptp(shift):.3g} d"
    if not np.allclose(np.sort(good.value), np.sort(right), rtol=1e-4):
        return "other values"
    if len(set(star.band.tolist())) > 1 and len(curve.bands) != len(set(star.band.tolist())):
        return f"{len(set(star.band.tolist()))} bands read as {len(curve.bands)}"
    if curve.clock.format != "unknown" and abs(shift[0]) > 1e-3:
        return f"clock {curve.clock.name}, {shift[0]:.6g} d off"
    return ""


def real_stars(folder: Path) -> list[Star]:
    """Stars of several surveys, without repeated times, or simulated ones where the surveys are not there."""
    import pandas as pd

    stars: list[Star] = []
    for path in sorted((folder / "s82_rrlyrae").rglob("*.csv"))[:12]:
        table = pd.read_csv(path)
        if {"time", "mag", "magerr", "band"} <= set(table.columns):
            columns = [table[name].to_numpy() for name in ("time", "mag", "magerr", "band")]
            stars.append(_tidy(path.stem, columns[0] + 2400000.5, *columns[1:]))
    for path in sorted((folder / "asas_training" / "light_curves").glob("*.dat"))[:12]:
        columns = _numbers(path)
        stars.append(_tidy(path.stem, columns[0] + 2450000.0, columns[1], columns[2], np.full(len(columns[0]), "V")))
    for path in sorted((folder / "ogle" / "cepheids").glob("*.dat"))[:6]:
        columns = _numbers(path)
        zero = 2450000.0 if columns[0].max() < 1e5 else 0.0
        stars.append(_tidy(path.stem, columns[0] + zero, columns[1], columns[2], np.full(len(columns[0]), "I")))
    stars = [star for star in stars if len(star.jd) > 60]
    return stars or [_simulated(seed) for seed in range(12)]


def _numbers(path: Path) -> list[FloatArray]:
    text = path.read_text().replace(",", " ").splitlines()
    return list(np.loadtxt(text, usecols=(0, 1, 2), unpack=True))


def _tidy(name: str, jd: FloatArray, mag: FloatArray, error: FloatArray, band: NDArray[Any]) -> Star:
    good = np.isfinite(jd) & np.isfinite(mag) & (np.abs(mag) < 40) & (error > 0) & (error < 2)
    _, first = np.unique(np.round(jd, 4), return_index=True)
    keep = np.intersect1d(np.flatnonzero(good), first)[:600]
    return Star(name, jd[keep], mag[keep], error[keep], band[keep].astype(str))


def _simulated(seed: int) -> Star:
    rng = np.random.default_rng(seed)
    jd = np.sort(rng.uniform(2453000, 2455000, 200))
    mag = 15 + 0.4 * np.sin(2 * np.pi * jd / 0.6) + rng.normal(0, 0.02, 200)
    return _tidy(f"star{seed}", jd, mag, rng.uniform(0.01, 0.03, 200), rng.choice(["g", "r"], 200))


def packed(rng: np.random.Generator, path: Path) -> Path:
    """The file, now and then packed."""
    if rng.random() > 0.1:
        return path
    other = path.with_name(path.name + ".gz")
    other.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return other

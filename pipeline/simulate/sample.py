"""The sample survey in ``data/``: made byte for byte by ``python -m swope.pipeline.simulate.sample data``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from swope.pipeline.simulate.formats import (
    write_dat,
    write_lists_csv,
    write_long_csv,
    write_mission_fits,
    write_star_csv,
)
from swope.pipeline.simulate.star import Label, SimulatedStar, simulate_star
from swope.pipeline.simulate.survey import NestedWriter, label_row, label_writer
from swope.pipeline.simulate.surveys import SURVEYS

#: The year in which the period-luminosity relation was published.
SEED = 1912

#: The first day of the EROS-like part, as its times are counted.
EROS_FIRST_DAY = 2449999.0


@dataclass(frozen=True)
class Batch:
    """Some stars of one class, or with one anomaly, in one survey."""

    class_: str
    count: int
    anomaly: str = ""


#: What the sample holds, a survey at a time.
CONTENT: dict[str, tuple[Batch, ...]] = {
    "asas": (
        *(Batch("RRAB", 8), Batch("RRC", 4), Batch("EW", 8), Batch("EB", 5), Batch("EA", 8), Batch("DSCT", 5)),
        *(Batch("M", 7), Batch("DCEP", 4), Batch("ACV", 3), Batch("SR", 3), Batch("ROT", 2), Batch("CST", 3)),
        *(Batch("CST", 1, "microlensing"), Batch("CST", 1, "outburst"), Batch("ROT", 1, "fading")),
    ),
    "ztf": (
        *(Batch("RRAB", 3), Batch("EW", 4), Batch("EA", 3), Batch("DSCT", 2), Batch("SN", 3), Batch("AGN", 3)),
        *(Batch("UG", 1), Batch("CST", 2), Batch("EW", 1, "dip"), Batch("CST", 1, "fading")),
    ),
    "s82": (Batch("RRAB", 6), Batch("RRC", 3), Batch("AGN", 4), Batch("CST", 3)),
    "crts": (Batch("SN", 3), Batch("UG", 2), Batch("AGN", 3), Batch("RRAB", 3), Batch("CST", 3)),
    "ogle": (
        *(Batch("DCEP", 6), Batch("RRAB", 3), Batch("EA", 2), Batch("M", 1), Batch("SR", 2), Batch("AGN", 2)),
        *(Batch("CST", 2), Batch("Microlens", 1)),
    ),
    "eros": (Batch("DCEP", 4), Batch("RRAB", 4), Batch("EB", 3), Batch("SR", 1)),
    "kepler": (Batch("UV", 1), Batch("EA", 1)),
    "tess": (Batch("ROT", 1, "flare"),),
}

#: Files that no reader can take whole, each for its own reason.
BAD_FILES = {
    "empty.csv": b"",
    "one_point.csv": b"mjd,mag,magerr,band\n55000.123456,17.321,0.020,g\n",
    "no_values.csv": b"mjd,mag,magerr,band\n" + b"".join(b"%d.5,nan,nan,r\n" % day for day in range(55000, 55030)),
    "no_magnitude.csv": b"mjd,airmass,seeing\n" + b"".join(b"%d.5,1.2,0.9\n" % day for day in range(55000, 55030)),
    "unreadable.fits": b"SIMPLE  =                    T / cut off while it was copied",
}


def sample_stars(survey: str) -> list[SimulatedStar]:
    """The sample's stars of one survey, in order; their names are the survey's with a number."""
    stars: list[SimulatedStar] = []
    for batch in CONTENT[survey]:
        for _ in range(batch.count):
            number = len(stars) + 1
            name = {"kepler": f"KIC {900000000 + number}", "tess": f"TIC {9900000000 + number}"}.get(
                survey, f"{survey}-{number:03d}"
            )
            stars.append(
                simulate_star(SEED, number, class_=batch.class_, survey=survey, anomaly=batch.anomaly, object_id=name)
            )
    return stars


def write_sample(out: str | Path) -> tuple[Path, ...]:
    """Write the sample survey: ``sample/`` in the formats that surveys use, and ``labels.csv`` beside it.

    Parameters
    ----------
    out : a folder; it is made where it is not there.

    Returns
    -------
    The files, in the order of their names.
    """
    out = Path(out)
    sample = out / "sample"
    writers: dict[str, Callable[[Path, list[SimulatedStar]], None]] = {
        "asas": _parquet,
        "ztf": _parquet,
        "s82": _folder_csv,
        "crts": lambda folder, stars: write_long_csv(folder / "crts_like.csv", [s.curve for s in stars]),
        "ogle": _folder_dat,
        "eros": lambda folder, stars: write_lists_csv(
            folder / "eros_like.csv.gz", [s.curve for s in stars], EROS_FIRST_DAY
        ),
        "kepler": _mission,
        "tess": _mission,
    }
    sample.mkdir(parents=True, exist_ok=True)
    labels: list[Label] = []
    for survey, write in writers.items():
        stars = sample_stars(survey)
        if survey == "kepler":
            stars = [_first_quarter(star) for star in stars]
        write(sample, stars)
        labels += [star.label for star in stars]
    _bad_files(sample / "bad")
    with (out / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        rows = label_writer(file)
        rows.writerows(label_row(label) for label in labels)
    return tuple(sorted(path for path in (*sample.rglob("*"), out / "labels.csv") if path.is_file()))


def _parquet(folder: Path, stars: Sequence[SimulatedStar]) -> None:
    survey = stars[0].label.survey
    table = NestedWriter(folder / f"{survey}_like.parquet")
    for star in stars:
        table.add(star.curve, SURVEYS[survey].clock)
    table.close()


def _folder_csv(folder: Path, stars: Sequence[SimulatedStar]) -> None:
    (folder / "s82_like").mkdir(exist_ok=True)
    for star in stars:
        write_star_csv(folder / "s82_like" / f"{star.curve.object_id}.csv", star.curve)


def _folder_dat(folder: Path, stars: Sequence[SimulatedStar]) -> None:
    (folder / "ogle_like").mkdir(exist_ok=True)
    for star in stars:
        write_dat(folder / "ogle_like" / f"{star.curve.object_id}.dat", star.curve)


def _mission(folder: Path, stars: Sequence[SimulatedStar]) -> None:
    survey = stars[0].label.survey
    (folder / f"{survey}_like").mkdir(exist_ok=True)
    for star in stars:
        name = star.curve.object_id.replace(" ", "").lower()
        write_mission_fits(folder / f"{survey}_like" / f"{name}.fits", star.curve, int(star.curve.object_id.split()[1]))


def _first_quarter(star: SimulatedStar) -> SimulatedStar:
    """A Kepler star's first quarter alone: events after it are not in the file."""
    longest_quarter = 92.0
    time = star.curve.time
    # quarters are drawn between 86 and 92 d long; the roll after the first is the first gap after day 85
    gaps = np.flatnonzero((np.diff(time) > 0.5) & (time[:-1] > time[0] + 85))
    stop = time[gaps[0]] if len(gaps) else time[0] + longest_quarter
    curve = star.curve.where(time <= stop)
    return replace(
        star, curve=curve, label=replace(star.label, events=tuple(e for e in star.label.events if e.peak < stop))
    )


def _bad_files(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in BAD_FILES.items():
        (folder / name).write_bytes(content)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sample survey into a folder."""
    parser = argparse.ArgumentParser(prog="python -m swope.pipeline.simulate.sample", description=main.__doc__)
    parser.add_argument("out", type=Path, help="folder, for example data")
    files = write_sample(parser.parse_args(arguments).out)
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

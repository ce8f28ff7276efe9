"""Many small files of every format, and what reading them leaves behind: open files, and memory."""

from __future__ import annotations

import gc
import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import fits
from astropy.table import Table

from swope.pipeline.ingest import IngestOptions, plan, read


@dataclass(frozen=True)
class Held:
    """What a process holds: open files, and resident memory in MB."""

    files: int
    megabytes: float


def held() -> Held:
    """What this process holds now; only where there is a /proc."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Held(len(os.listdir("/proc/self/fd")), pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def write_many(folder: Path, count: int) -> None:
    """Write files of six formats in turn, one star each."""
    folder.mkdir(parents=True, exist_ok=True)
    time = 55000.0 + np.arange(40) / 7
    mag = 15 + np.sin(time)
    text = "mjd,mag,magerr\n" + "".join(f"{t},{m},0.1\n" for t, m in zip(time, mag, strict=True))
    mission = fits.HDUList(
        [
            fits.PrimaryHDU(header=fits.Header({"TELESCOP": "TESS", "OBJECT": "TIC 1"})),
            fits.BinTableHDU.from_columns(
                [fits.Column("TIME", "D", array=time), fits.Column("PDCSAP_FLUX", "E", array=mag)],
                header=fits.Header({"BJDREFI": 2400000, "TIMESYS": "TDB"}),
            ),
        ]
    )
    for i in range(count):
        name = folder / f"{i:05d}"
        if i % 6 == 0:
            mission[0].header["OBJECT"] = f"TIC {i}"
            mission.writeto(f"{name}.fits")
        elif i % 6 == 1:
            Path(f"{name}.csv").write_text(text)
        elif i % 6 == 2:
            pq.write_table(pa.table({"id": [str(i)], "mjd": [time], "mag": [mag]}), f"{name}.parquet")
        elif i % 6 == 3:
            Path(f"{name}.csv.gz").write_bytes(gzip.compress(text.encode()))
        elif i % 6 == 4:
            Table({"mjd": time, "mag": mag}).write(f"{name}.fits")
        else:
            Path(f"{name}.dat").write_text("not a light curve\n" * 3)


def read_all(folder: Path, scratch: Path) -> tuple[int, int]:
    """Plan and read a folder, a part at a time; returns how many stars and refusals there were."""
    options = IngestOptions(chunk_size=100)
    planned = plan([str(folder)], options, scratch)
    stars, refused = 0, len(planned.refused)
    for part in planned.parts:
        got = read(part, options)
        stars, refused = stars + len(got.chunk), refused + len(got.refused)
    return stars, refused

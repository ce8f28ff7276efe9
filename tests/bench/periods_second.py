"""Second periods of pulsators in two modes, and of those in one: EROS-2 stars that OGLE has classified.

    python -m tests.bench.periods_second [STARS]

A pulsator in two modes has its second period found where the ratio of the two is that of its kind (Soszynski et al.
2008, Acta Astron. 58, 163; 2009, 59, 1); one in a single mode should show no such ratio. One JSON line a class, of at
most STARS (default 40) stars each.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import find_period, secondary_periods
from tests.bench.periods_data import subset
from tests.real_data import REAL_DATA

#: Lowest and highest ratio of the shorter period to the longer one, by class; which of them a single mode never shows.
RATIOS = {"RRd": (0.735, 0.755), "F_10": (0.68, 0.76), "1O_20": (0.78, 0.82)}
SINGLE = {"RRab": "RRd", "RRc": "RRd", "F": "F_10", "1O": "F_10"}


def main(arguments: list[str]) -> None:
    """Print what is found, class by class."""
    number = int(arguments[0]) if arguments else 40
    folder = REAL_DATA / "eros2_ogle"
    labels = pd.read_csv(folder / "labels.csv", dtype={"object_id": str}).set_index("object_id")
    table = pq.read_table(folder / "light_curves.parquet")
    names = table["object_id"].to_pylist()
    classes = labels.loc[names, "class"].tolist()
    for name in (*RATIOS, *SINGLE):
        low, high = RATIOS[SINGLE.get(name, name)]
        stars = subset([i for i, kind in enumerate(classes) if kind == name], number)
        found, of_kind, seconds = 0, 0, 0.0
        for i in stars:
            row = table.slice(i, 1).to_pylist()[0]
            curve = clean(LightCurve.of(names[i], row["time"], row["mag"], row["mag_err"], row["band"]))
            first = find_period(curve)
            begin = time.process_time()
            second = secondary_periods(curve, first, 1)
            seconds += time.process_time() - begin
            found += len(second)
            ratio = second[0].period / first.period if second else np.nan
            of_kind += bool(low < min(ratio, 1.0 / ratio) < high)
        line = {"stars": len(stars), "second": found, "of_kind": of_kind, "ms": 1e3 * seconds / max(len(stars), 1)}
        print(json.dumps({"bench": "periods_second", "class": name, **line}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

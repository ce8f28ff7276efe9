"""Learn the forecaster's calibration anew, and leave its network: ``python -m tests.bench.forecast_calibrate``.

The stars are those of `tests.bench.forecast_train`, which trains both.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from swope.models.forecaster import Forecaster
from swope.models.weights import PRETRAINED
from tests.bench.forecast_train import CALIBRATING, calibration_stars, say


def main() -> None:
    """Calibrate, save, and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=PRETRAINED / "forecaster", help="the shipped one by default")
    args = parser.parse_args()
    begin = time.perf_counter()
    forecaster = Forecaster.load(args.model)
    stars = [one.star for one in calibration_stars(CALIBRATING, forecaster.options)]
    found = forecaster.calibrated(stars)
    found.save(args.model)
    say("forecast_calibrate", found, len(stars), begin)


if __name__ == "__main__":
    main()

"""What differs between two runs of the same stars: ``python -m tests.bench.same_catalog DIR_A DIR_B``.

A line a column that differs: in how many rows, in how many of these by more than rounding (1e-9 of the larger value),
the spread of the differences, and how the two are correlated. The exit code is 1 where anything differs by more than
rounding.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

#: Differences of this share of the larger value are rounding.
ROUNDING = 1e-9

#: What tells one star from another.
_STAR = ["source", "object_id"]


def main(first: Path, second: Path) -> int:
    """Print the differences."""
    one, other = (
        pd.read_parquet(run / "objects.parquet").sort_values(_STAR, ignore_index=True) for run in (first, second)
    )
    if not one[_STAR].equals(other[_STAR]):
        print("not the same stars")
        return 1
    print(f"{len(one)} stars")
    differ = [_compared(one[name], other[name]) for name in one.columns]
    events = [pd.read_parquet(run / "events.parquet") for run in (first, second)]
    numbers = [frame.groupby(_STAR).size() for frame in events]
    changed = int((numbers[0].sub(numbers[1], fill_value=0) != 0).sum())
    print(f"{len(events[0])} and {len(events[1])} events; {changed} stars have another number of them")
    return int(any(differ) or changed > 0)


def _compared(one: pd.Series, other: pd.Series) -> bool:
    """Print how two columns differ, and whether it is by more than rounding."""
    null = one.isna().to_numpy() != other.isna().to_numpy()
    if one.dtype.kind != "f":
        different = null | ((one != other) & ~(one.isna() & other.isna())).to_numpy()
        if different.any():
            print(f"  {one.name}: {different.sum()} rows are others")
        return bool(different.any())
    a, b = one.to_numpy(), other.to_numpy()
    apart = np.nan_to_num(np.abs(a - b))
    scale = np.fmax(np.abs(a), np.abs(b))
    more = null | (apart > ROUNDING * np.nan_to_num(scale))
    if apart.any() or null.any():
        relative = np.sort((apart / np.where(scale > 0, scale, 1.0))[apart > 0])
        parts = ", ".join(f"{np.quantile(relative, q):.1e}" for q in (0.5, 0.9, 0.99, 1.0)) if len(relative) else "-"
        print(
            f"  {one.name}: {(apart > 0).sum()} rows, {more.sum()} by more than rounding, {null.sum()} null in one; "
            f"relative at 50, 90, 99, 100 %: {parts}; correlation {_correlation(a, b):.6f}"
        )
    return bool(more.any())


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 3 or not np.std(a[both]) > 0 or not np.std(b[both]) > 0:
        return float("nan")
    return float(np.corrcoef(a[both], b[both])[0, 1])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

"""Where the real light curves are, for the tests that want them: beside the checkout, never in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REAL_DATA = Path(os.environ.get("SWOPE_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))


def real_data(name: str) -> Path:
    """Path of a real data set; skips the test, with the reason, where it is absent."""
    path = REAL_DATA / name
    if not path.exists():
        pytest.skip(f"real data absent: {path} (set SWOPE_REAL_DATA to the folder that holds {name})")
    return path

"""How the units of two columns compare."""

from __future__ import annotations

import pytest

from swope.pipeline.units import ratio


@pytest.mark.parametrize(
    ("unit", "other", "expected"),
    [
        ("uJy", "mJy", 1e-3),
        ("Jy", "nJy", 1e9),
        ("mmag", "mag", 1e-3),
        ("e-/s", "electron / s", 1.0),
        ("counts", "ct", 1.0),
        ("", "mJy", 1.0),
        ("mJy", "", 1.0),
        ("mag", "mJy", 1.0),
        ("furlongs of light", "mJy", 1.0),
    ],
)
def test_what_compares_is_compared(unit: str, other: str, expected: float) -> None:
    assert ratio(unit, other) == pytest.approx(expected)

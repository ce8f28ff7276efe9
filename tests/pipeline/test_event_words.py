"""Events in words: amount, unit, length, moment and day."""

from __future__ import annotations

from datetime import date

import pytest
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.event_words import calendar_day, event_words, significant, size_words

EVENT = {
    "direction": "fade",
    "kind": "pulse",
    "band": "V",
    "t_start": 2453410.0,
    "t_peak": 2453432.1234,
    "peak_sigma": 9.14,
    "depth": 0.8312,
    "duration": 43.2,
}


def test_an_event_is_told_with_what_was_measured() -> None:
    said = event_words(EVENT, 1, "HJD", flux=False)
    assert said == "It faded by 0.83 mag (9.1 sigma) for 43 d in band V at HJD 2453432.1234 (2005-03-02)."
    assert "by 83 %" in event_words(EVENT, 1, "HJD", flux=True)


def test_what_is_not_known_is_not_said() -> None:
    bare = {**EVENT, "depth": None, "duration": None, "band": ""}
    assert event_words(bare, 3, "unknown", flux=False) == "It faded by 9.1 sigma at day 2453432.1234; 3 events in all."
    short = {**EVENT, "t_peak": 3432.5}
    assert "(" not in event_words({**short, "peak_sigma": None}, 1, "HJD", flux=False)
    assert size_words(bare, flux=False) == ""
    assert size_words({**bare, "duration": 2.0}, flux=False) == " for 2.0 d"


@given(st.floats(1721426.0, 5373484.0))
def test_days_are_those_of_astropy(julian: float) -> None:
    assert date.fromisoformat(calendar_day(julian)) == Time(julian, format="jd").to_datetime().date()


@pytest.mark.parametrize(("number", "said"), [(0.0, "0"), (0.00271, "0.0027"), (9.99, "10.0"), (1234.5, "1,234")])
def test_two_digits_are_enough(number: float, said: str) -> None:
    assert significant(number, 2) == said

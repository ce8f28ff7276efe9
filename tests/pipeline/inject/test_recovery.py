from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.events import Event
from swope.pipeline.inject.lay import Injection, Laid, lay
from swope.pipeline.inject.recovery import recovery
from swope.pipeline.lightcurve import LightCurve


def laid(shape: str = "dip", duration: float = 10.0, at: float = 50.0) -> Laid:
    """A fading of 0.5 mag laid into 200 nights."""
    time = np.arange(200.0)
    star = clean(LightCurve.of("star", time, 12.0 + 0.01 * np.sin(7 * time), np.full(200, 0.02)))
    return lay(star, Injection(shape, "fade", 0.5, duration, at), np.random.default_rng(0))


def found(
    start: float, end: float, direction: str = "fade", detector: str = "statespace", pvalue: float = 1e-5
) -> Event:
    return Event("star", detector, "V", start, 0.5 * (start + end), end, direction, 9.0, pvalue, 5)  # type: ignore[arg-type]


def test_an_event_that_tells_of_it_is_found_once_however_many_rows_do() -> None:
    two = (found(44, 50, pvalue=1e-4), found(46, 56, detector="forecaster", pvalue=1e-9))
    answer = recovery(laid(), [], two)
    assert answer.outcome == "recovered"
    assert answer.events == (two[1], two[0])


def test_an_event_that_was_there_before_is_not_found() -> None:
    own = found(45, 56)
    assert recovery(laid(), [own], [own]).outcome == "occupied"
    # nor where its ends have moved a little
    assert recovery(laid(), [own], [found(44, 55)]).outcome == "occupied"
    assert recovery(laid(), [own], []).outcome == "occupied"
    # but a new one beside it is
    assert recovery(laid(), [found(43, 45)], [found(43, 45), found(47, 56)]).outcome == "recovered"
    # and what the star does elsewhere says nothing
    assert recovery(laid(), [found(120, 130)], [found(120, 130)]).outcome == "missed"


@pytest.mark.parametrize(
    ("start", "end", "direction"),
    [(45, 56, "brighten"), (100, 110, "fade"), (0, 199, "fade"), (20, 30, "fade"), (48, 199, "fade")],
)
def test_what_is_elsewhere_or_far_longer_or_the_other_way_does_not_tell_of_it(
    start: float, end: float, direction: str
) -> None:
    assert recovery(laid(), [], [found(start, end, direction)]).outcome == "missed"


def test_a_single_row_tells_of_it() -> None:
    assert recovery(laid(), [], [found(52, 52)]).outcome == "recovered"
    one_row = laid("box", duration=0.5)
    assert one_row.rows == 1
    assert recovery(one_row, [], [found(50, 50)]).outcome == "recovered"
    assert recovery(one_row, [found(50, 50)], [found(50, 50, detector="forecaster")]).outcome == "occupied"


def test_a_step_is_found_where_it_begins() -> None:
    step = laid("step", math.nan)
    assert recovery(step, [], [found(51, 199)]).outcome == "recovered"
    assert recovery(step, [], [found(51, 53)]).outcome == "recovered"
    # the many nights after it are not the step
    assert recovery(step, [], [found(150, 152)]).outcome == "missed"


def test_a_step_while_the_star_is_out_of_sight_begins_with_the_first_row_that_shows_it() -> None:
    time = np.concatenate([np.arange(100.0), np.arange(200.0, 300.0)])
    star = clean(LightCurve.of("star", time, 12.0 + 0.01 * np.sin(7 * time), np.full(200, 0.02)))
    step = lay(star, Injection("step", "fade", 0.5, math.nan, 120.0), np.random.default_rng(0))
    assert recovery(step, [], [found(200, 299)]).outcome == "recovered"
    assert recovery(step, [], [found(60, 299)]).outcome == "missed"
    assert recovery(step, [], [found(240, 299)]).outcome == "missed"


def test_a_slow_fading_is_found_while_it_grows() -> None:
    slow = laid("slow", 60.0)
    assert recovery(slow, [], [found(90, 199)]).outcome == "recovered"
    assert recovery(slow, [], [found(150, 199)]).outcome == "missed"


def test_what_no_row_shows_cannot_be_found() -> None:
    between = laid("box", duration=0.2, at=50.5)
    assert between.rows == 0
    assert recovery(between, [], [found(50, 51)]).outcome == "missed"


def test_one_row_of_a_star_is_enough_to_ask() -> None:
    star = clean(LightCurve.of("star", [5.0], [12.0], [0.1]))
    one = lay(star, replace(laid().injection, time=5.0), np.random.default_rng(0))
    assert recovery(one, [], []).outcome == "missed"
    assert one.snr == 0.0

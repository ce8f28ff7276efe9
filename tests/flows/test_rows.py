"""From a star and the models' answers to its row."""

import pytest

from swope.flows.rows import settle
from swope.pipeline.period import PeriodResult
from swope.pipeline.star import Star
from tests.pipeline.period.curves import star


def test_a_period_that_the_classifier_doubles_leaves_nothing_stale() -> None:
    found = PeriodResult(period=1.2, period_err=1e-4, flag="half", others=(2.401, 0.7), t0=2_455_001.5, terms=2)
    old = Star(star("eclipsing", 2.4), found)
    new = settle(old, 2.0)
    assert new.curve is old.curve
    assert (new.period.period, new.period.flag, new.period.others) == (2.4, None, (1.2, 0.7))
    # the epoch was the secondary minimum's
    assert (new.period.t0 - 2_455_000.3 + 1.2) % 2.4 - 1.2 == pytest.approx(0.0, abs=0.05)
    assert old.period is found
    assert settle(old, 1.0) is old

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.inject.completeness import (
    ALL,
    AXES,
    NULLS,
    Share,
    completeness_table,
    false_alarm_table,
    reached,
)
from swope.pipeline.inject.picture import completeness_picture


@pytest.mark.parametrize(("n", "of"), [(1, 3), (9, 10), (50, 200), (1, 1000), (999, 1000)])
def test_intervals_are_those_of_statsmodels(n: int, of: int) -> None:
    from statsmodels.stats.proportion import proportion_confint

    share = Share.counted(n, of)
    assert (share.low, share.high) == pytest.approx(proportion_confint(n, of, 0.05, "jeffreys"))


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_share_lies_in_its_interval(n: int, more: int) -> None:
    share = Share.counted(n, n + more)
    if n + more:
        assert 0.0 <= share.low <= share.value <= share.high <= 1.0
        assert (share.low == 0.0) == (n == 0)
        assert (share.high == 1.0) == (more == 0)
    else:
        assert math.isnan(share.value)
        assert math.isnan(share.low)


def test_more_than_all_is_no_share() -> None:
    with pytest.raises(ValueError, match="3 out of 2"):
        Share.counted(3, 2)


def trials(n: int = 2000, seed: int = 0) -> list[dict[str, Any]]:
    """Events whose completeness is a logistic curve in the logarithm of their S/N, a half at 10."""
    rng = np.random.default_rng(seed)
    snr = 10 ** rng.uniform(0, 2, n)
    found = rng.random(n) < 1 / (1 + (10 / snr) ** 4)
    shape = rng.choice(["box", "step"], n)
    return [
        {
            "shape": str(s),
            "snr": float(x),
            "depth": float(d),
            "duration": math.nan if s == "step" else float(t),
            "outcome": "recovered" if f else "missed",
        }
        for s, x, d, t, f in zip(shape, snr, rng.uniform(0.01, 1, n), rng.uniform(1, 9, n), found, strict=True)
    ]


def test_every_trial_is_counted_once_on_each_axis() -> None:
    some = trials()
    rows = completeness_table(some).to_pylist()
    steps = sum(one["shape"] == "step" for one in some)
    for axis in AXES:
        for shape, n in ((ALL, len(some)), ("step", steps), ("box", len(some) - steps)):
            mine = [row for row in rows if (row["shape"], row["axis"]) == (shape, axis)]
            expected = n if axis != "duration" else n - (steps if shape != "box" else 0)
            assert sum(row["n"] for row in mine) == expected, (axis, shape)
            found = sum(one["outcome"] == "recovered" for one in some if shape in (ALL, one["shape"]))
            assert axis == "duration" or sum(row["n_recovered"] for row in mine) == found
    assert {row["unit"] for row in rows if row["axis"] == "depth"} == {"mag"}


def test_trials_that_say_nothing_do_not_count() -> None:
    some = trials(100)
    spoilt = [{**one, "outcome": outcome} for one in some for outcome in ("occupied", "failed", "no_light")]
    assert completeness_table([*some, *spoilt]).equals(completeness_table(some))
    assert len(completeness_table(spoilt)) == 0


def test_the_signal_at_which_half_are_found() -> None:
    table = completeness_table(trials(20_000))
    assert reached(table, 0.5) == pytest.approx(10.0, rel=0.1)
    assert reached(table, 0.9) == pytest.approx(10 * 9**0.25, rel=0.15)
    assert math.isnan(reached(table, 0.9999))
    assert math.isnan(reached(table, 0.5, "lens"))


def star(**counts: int | None) -> dict[str, int | None]:
    names = [kind + end for kind in NULLS for end in ("", "_fade", "_brighten")]
    return {name: counts.get(name, 0) for name in names}


def test_a_star_counts_once_however_many_alarms_it_has() -> None:
    stars = [star(scrambled=7, scrambled_fade=7), *[star()] * 8, star(scrambled=None)]
    rows = {(row["curve"], row["direction"]): row for row in false_alarm_table(stars).to_pylist()}
    assert rows["scrambled", "any"]["n_alarms"] == 1
    # a star that could not be judged is not one without alarms
    assert rows["scrambled", "any"]["n_stars"] == 9
    assert rows["scrambled", "any"]["per_1000"] == pytest.approx(1000 / 9)
    assert rows["scrambled", "brighten"]["n_alarms"] == 0
    assert rows["inverted", "any"]["n_stars"] == 10
    nobody = false_alarm_table([star(inverted=None)]).to_pylist()
    assert [row["per_1000"] for row in nobody if (row["curve"], row["direction"]) == ("inverted", "any")] == [None]


def test_the_picture_says_its_units() -> None:
    figures = [completeness_picture(completeness_table(trials(300)), false_alarm_table([star()]), "9 $") for _ in "ab"]
    labels = [axes.get_xlabel() for axes in figures[0].axes]
    assert labels == ["integrated signal-to-noise", "depth or height [mag]", "duration [d]"]
    assert figures[0].axes[0].get_ylabel() == "completeness"
    written = [io.BytesIO(), io.BytesIO()]
    for figure, file in zip(figures, written, strict=True):
        figure.savefig(file, format="pdf", metadata={"CreationDate": None})
    assert written[0].getvalue() == written[1].getvalue()
    completeness_picture(completeness_table([]), false_alarm_table([])).savefig(io.BytesIO(), format="png")

"""Cleaning: rows are kept, put in time order, and marked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from swope.pipeline.clean import IMPULSIVE_SIGMA, clean, impulsive, why_masked
from swope.pipeline.lightcurve import LightCurve, Mask


@st.composite
def messy(draw: st.DrawFn) -> LightCurve:
    n = draw(st.integers(0, 40))
    few = st.sampled_from([0.0, 1.0, 2.0, 3.0, np.nan, np.inf, -np.inf, 99.9])
    column = hnp.arrays(np.float64, n, elements=st.one_of(few, st.floats(-1e6, 1e6)))
    return LightCurve.of(
        "a",
        draw(column),
        draw(column),
        draw(column),
        [str(i) for i in draw(hnp.arrays(np.int64, n, elements=st.integers(0, 2)))],
        mask=draw(hnp.arrays(np.int32, n, elements=st.sampled_from([0, 0, 0, 2, 16]))),
    )


def rows(curve: LightCurve) -> list[tuple[float | str, ...]]:
    columns = (curve.time, curve.value, curve.error)
    return sorted((*(repr(float(c[i])) for c in columns), curve.bands[curve.band[i]]) for i in range(len(curve)))


@settings(deadline=None, max_examples=60)
@given(messy())
def test_no_row_is_lost_or_changed_and_the_good_ones_are_in_time_order(curve: LightCurve) -> None:
    cleaned = clean(curve)
    assert rows(cleaned) == rows(curve)
    assert np.all(np.diff(cleaned.good.time) >= 0)
    assert np.all(np.isfinite(cleaned.good.time))
    assert np.all(np.isfinite(cleaned.good.value))
    assert np.all(np.isnan(cleaned.good.error) | (cleaned.good.error > 0))


@settings(deadline=None, max_examples=60)
@given(messy())
def test_no_row_repeats_another_and_none_is_lost(curve: LightCurve) -> None:
    cleaned = clean(curve)
    good = cleaned.good
    kept = list(zip(good.time, good.band, good.value, strict=True))
    assert len(set(kept)) == len(kept)
    duplicate = (cleaned.mask & int(Mask.DUPLICATE)) != 0
    repeats = (column[duplicate] for column in (cleaned.time, cleaned.band, cleaned.value))
    lost = set(zip(*repeats, strict=True)) - set(kept)
    assert not lost


@settings(deadline=None, max_examples=60)
@given(messy())
def test_cleaning_twice_is_cleaning_once(curve: LightCurve) -> None:
    once = clean(curve)
    twice = clean(once)
    np.testing.assert_array_equal(once.time, twice.time)
    np.testing.assert_array_equal(once.mask, twice.mask)


@settings(deadline=None, max_examples=60)
@given(messy(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(curve: LightCurve, random: object) -> None:
    order = np.arange(len(curve))
    random.shuffle(order)  # type: ignore[attr-defined]
    a, b = clean(curve), clean(curve.where(order))
    for name in ("time", "value", "error", "band", "mask"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


@settings(deadline=None, max_examples=60)
@given(messy())
def test_the_marks_of_the_source_stay(curve: LightCurve) -> None:
    before = np.count_nonzero(curve.mask & int(Mask.QUALITY))
    assert np.count_nonzero(clean(curve).mask & int(Mask.QUALITY)) == before


def test_of_repeated_rows_the_one_with_the_smallest_error_stays() -> None:
    curve = LightCurve.of("a", [1.0, 1.0, 1.0, 2.0], [5.0, 5.0, 5.0, 8.0], [0.3, 0.1, np.nan, 0.2])
    assert clean(curve).good.value.tolist() == [5.0, 8.0]
    assert clean(curve).good.error.tolist() == [0.1, 0.2]


def test_two_observers_at_one_minute_do_not_repeat_each_other() -> None:
    # times of visual estimates are rounded; kind 9 of issue 17
    curve = LightCurve.of("a", [1.0, 1.0, 1.0, 2.0], [5.0, 5.2, 5.2, 8.0])
    cleaned = clean(curve)
    assert cleaned.good.value.tolist() == [5.0, 5.2, 8.0]
    assert why_masked(cleaned) == "1 repeated"


def test_rows_left_out_are_counted_once_each_and_over_half_of_them_is_a_caution() -> None:
    marks = np.array([int(Mask.QUALITY), int(Mask.LIMIT | Mask.QUALITY), int(Mask.LIMIT), 0, 0], dtype=np.int32)
    curve = LightCurve.of("a", np.arange(5.0), [5.0, 6.0, 7.0, 8.0, 9.0], mask=marks)
    cleaned = clean(curve)
    assert why_masked(cleaned) == "2 flagged by the source, 1 upper limits"
    assert cleaned.caution == "3 of 5 rows left out: 2 flagged by the source, 1 upper limits"
    assert clean(cleaned).caution == cleaned.caution
    assert not clean(curve.where(np.array([0, 1, 3, 4]))).caution


def test_a_bad_row_does_not_push_out_its_good_repeat() -> None:
    marks = np.array([int(Mask.QUALITY), 0], dtype=np.int32)
    curve = LightCurve.of("a", [1.0, 1.0], [5.0, 6.0], [0.1, 0.3], mask=marks)
    assert clean(curve).good.value.tolist() == [6.0]


def test_an_interleaved_bad_row_does_not_hide_a_repeat() -> None:
    curve = LightCurve.of("a", [1.0, 1.0, 1.0], [5.0, np.nan, 5.0], [0.1, 0.2, 0.3])
    assert clean(curve).good.value.tolist() == [5.0]


@pytest.mark.parametrize(("error", "bad"), [(0.0, True), (-1.0, True), (np.inf, True), (np.nan, False), (0.1, False)])
def test_an_error_that_cannot_be_one_is_marked(error: float, bad: bool) -> None:
    cleaned = clean(LightCurve.of("a", [1.0], [2.0], [error]))
    assert bool(cleaned.mask[0] & int(Mask.BAD_ERROR)) is bad


def test_a_flare_is_marked_and_kept() -> None:
    rng = np.random.default_rng(1)
    value = 12 + 0.01 * rng.standard_normal(100)
    value[50] -= 1
    cleaned = clean(LightCurve.of("a", np.arange(100.0), value))
    assert cleaned.mask[50] == Mask.IMPULSIVE
    assert cleaned.usable.all()


def test_bands_are_judged_apart() -> None:
    rng = np.random.default_rng(2)
    level = np.where(np.arange(200) % 2 == 0, 12.0, 15.0)
    curve = LightCurve.of(
        "a", np.arange(200.0), level + 0.01 * rng.standard_normal(200), band=["gr"[i % 2] for i in range(200)]
    )
    assert np.count_nonzero(clean(curve).mask) <= 2


def test_impulsive_agrees_with_its_definition() -> None:
    rng = np.random.default_rng(3)
    value = rng.standard_normal(60)
    value[[7, 30]] += 20
    padded = np.concatenate([value[2:0:-1], value, value[-2:-4:-1]])
    residual = np.array([value[i] - np.median(padded[i : i + 5]) for i in range(60)])
    scale = 1.4826 * np.median(np.abs(residual - np.median(residual)))
    np.testing.assert_array_equal(impulsive(value), np.abs(residual) > IMPULSIVE_SIGMA * scale)


def test_impulsive_says_nothing_of_too_few_or_constant_values() -> None:
    assert not impulsive(np.array([1.0, 1.0, 50.0])).any()
    assert not impulsive(np.full(50, 3.0)).any()
    assert impulsive(np.empty(0)).shape == (0,)

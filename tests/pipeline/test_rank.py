from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import cauchy, false_discovery_control, norm

from swope.pipeline.column import TEXT, Column, DetectorColumns
from swope.pipeline.rank import (
    DOING,
    EVENTS,
    LARGEST_PVALUE,
    anomaly_pvalue,
    anomaly_rank,
    anomaly_reason,
    combine_pvalues,
    false_discovery_rate,
    joined,
    led_by_kind,
    novelty,
    novelty_rank,
    ranking_pvalue,
    smaller_of_two,
)

PVALUES = st.floats(1e-12, 1.0)

DETECTORS = (
    DetectorColumns("forecaster", "the neural forecaster"),
    DetectorColumns("statespace", "the state-space model"),
    DetectorColumns(
        "autoencoder",
        "the fold",
        (Column("autoencoder_flag", TEXT, "", "meta.code.qual", "what speaks against it"),),
        {"wrong_period": "Folded at another likely period it would be ordinary."},
    ),
)


def row_of(pvalue, more=(), **pvalues):
    """A row with a combined p-value and those of some detectors."""
    return {"anomaly_pvalue": pvalue, **{f"{name}_pvalue": p for name, p in pvalues.items()}, **dict(more)}


@given(st.lists(st.floats(1e-9, LARGEST_PVALUE), min_size=2, max_size=6))
def test_agrees_with_the_formula_by_scipy(pvalues):
    statistic = np.mean(cauchy.isf(pvalues))
    np.testing.assert_allclose(combine_pvalues([pvalues]), cauchy.sf(statistic), rtol=1e-6, atol=1e-12)


@given(st.lists(PVALUES, min_size=1, max_size=5), st.integers(0, 4), st.floats(0.01, 0.99))
def test_stays_in_range_and_grows_with_each_pvalue(pvalues, place, factor):
    before = combine_pvalues([pvalues])[0]
    smaller = list(pvalues)
    smaller[place % len(pvalues)] *= factor
    after = combine_pvalues([smaller])[0]
    assert 0 < after <= before * (1 + 1e-12) <= 1 + 1e-12


@given(st.lists(PVALUES, min_size=1, max_size=5), st.randoms())
def test_order_of_detectors_does_not_matter(pvalues, random):
    shuffled = list(pvalues)
    random.shuffle(shuffled)
    np.testing.assert_allclose(combine_pvalues([pvalues]), combine_pvalues([shuffled]), rtol=1e-9)


def test_missing_detectors_do_not_count():
    nan = np.nan
    np.testing.assert_allclose(combine_pvalues([[0.01, nan, 0.3]]), combine_pvalues([[0.01, 0.3]]))
    assert combine_pvalues([[nan, 0.04, nan]])[0] == 0.04
    assert combine_pvalues([[nan, 1.0]])[0] == 1.0
    assert np.isnan(combine_pvalues([[nan, nan]])[0])


def test_tiny_pvalues_keep_their_size():
    np.testing.assert_allclose(combine_pvalues([[1e-300, 0.5, 0.5]]), 3e-300, rtol=1e-6)


def test_a_single_one_does_not_silence_the_others():
    assert combine_pvalues([[1e-4, 1.0, 1.0]])[0] < 0.01


@pytest.mark.parametrize("wrong", [0.0, -0.1, 1.1])
def test_what_is_no_pvalue_is_refused(wrong):
    with pytest.raises(ValueError, match="p-values"):
        combine_pvalues([[0.5, wrong]])


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.95])
def test_false_alarms_are_as_stated_whatever_the_dependence(correlation):
    rng = np.random.default_rng(7)
    n = 200_000
    common, own = rng.standard_normal((n, 1)), rng.standard_normal((n, 3))
    pvalues = norm.sf(np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own)
    combined = combine_pvalues(pvalues)
    for level in (0.05, 0.01, 0.001):
        # Liu & Xie: exact in the tail; at 5 % some excess for middling dependence is the method's own
        assert np.mean(combined < level) == pytest.approx(level, rel=0.25)


def test_ranks():
    pvalue = np.array([0.1, 0.01, np.nan, 0.01, 0.01])
    scores = np.array([[1.0, 2.0, 9.0, 3.0, 2.0], [np.nan, 1.0, np.nan, 1.0, 1.0]]).T
    assert anomaly_rank(pvalue, scores, ["a", "c", "d", "e", "b"]).tolist() == [4, 3, 0, 1, 2]


@given(st.lists(st.tuples(st.sampled_from([0.01, 0.1, np.nan]), st.floats(0, 3)), max_size=30), st.randoms())
def test_ranks_do_not_depend_on_the_order_of_rows(rows, random):
    def ranks(order):
        pvalue = np.array([rows[i][0] for i in order], dtype=float)
        scores = np.array([rows[i][1] for i in order], dtype=float).reshape(-1, 1)
        found = anomaly_rank(pvalue, scores, [f"star {i:03d}" for i in order])
        return {i: int(rank) for i, rank in zip(order, found, strict=True)}

    order = list(range(len(rows)))
    shuffled = list(order)
    random.shuffle(shuffled)
    there = ranks(order)
    assert there == ranks(shuffled)
    assert sorted(rank for rank in there.values() if rank) == list(range(1, sum(p == p for p, _ in rows) + 1))


@given(st.lists(st.one_of(st.floats(1e-12, 1.0), st.sampled_from([0.001, 0.5, np.nan])), max_size=40))
def test_the_rate_of_false_discoveries_is_that_of_scipy(pvalues):
    pvalue = np.array(pvalues, dtype=float)
    found = false_discovery_rate(pvalue)
    known = ~np.isnan(pvalue)
    assert (np.isnan(found) == ~known).all()
    if known.any():
        assert found[known] == pytest.approx(false_discovery_control(pvalue[known]))


def test_a_list_holds_as_many_ordinary_stars_as_it_says():
    """40 strange stars among 4,000: what is said of the list down to some rate against what is in it."""
    rng = np.random.default_rng(3)
    wrong = listed = 0
    for _ in range(40):
        pvalue = np.concatenate([rng.uniform(1e-9, 1.0, 4000), 10.0 ** -rng.uniform(3, 8, 40)])
        inside = false_discovery_rate(pvalue) <= 0.2
        wrong += inside[:4000].sum()
        listed += inside.sum()
    assert wrong / listed == pytest.approx(0.2, rel=0.15)


def test_no_stars():
    assert false_discovery_rate(np.empty(0)).size == 0
    assert anomaly_rank(np.empty(0), np.empty((0, 3)), []).size == 0
    assert combine_pvalues(np.empty((0, 3))).size == 0


def test_reasons():
    event = {"direction": "fade", "peak_sigma": -7.31, "band": "V", "t_peak": 2455123.45678, "pvalue": 1e-4}
    lesser = {"direction": "brighten", "peak_sigma": 9.0, "band": "V", "t_peak": 2455000.0, "pvalue": 1e-2}
    row = row_of(1e-3, {"clock": "BJD_TDB"}, forecaster=5e-4, statespace=0.01, autoencoder=None)
    said = anomaly_reason(row, DETECTORS, [lesser, event])
    assert said == (
        "It faded by 7.3 sigma in band V at BJD_TDB 2455123.4568 (2009-10-18); 2 events in all. "
        "1 ordinary star in 10,000 has an event as likely. Strange to the neural forecaster: 1 ordinary star in 2,000 "
        "scores as high. Also to the state-space model (p = 0.01)."
    )
    for clock in ({}, {"clock": None}, {"clock": "unknown"}):
        assert "day 2455123.4568" in anomaly_reason(row_of(1e-3, clock, forecaster=5e-4), DETECTORS, [event])
    ordinary = anomaly_reason(row_of(0.4, forecaster=0.3, statespace=0.2), DETECTORS)
    assert ordinary == "Ordinary: the state-space model comes closest to an alarm, at p = 0.2."
    assert anomaly_reason(row_of(None, forecaster=None), DETECTORS) is None
    assert anomaly_reason(row_of(float("nan")), DETECTORS) is None
    assert anomaly_reason(row_of(1e-3, forecaster=1e-3), ()) is None


def test_a_detector_of_ones_own_is_spoken_of():
    toy = DetectorColumns(
        "toy", "the toy", (Column("toy_flag", TEXT, "", "meta.code.qual", ""),), {"dim": "It is dim."}
    )
    said = anomaly_reason(row_of(1e-3, {"toy_flag": "dim"}, statespace=0.4, toy=1e-3), (*DETECTORS, toy))
    assert said == "Strange to the toy: 1 ordinary star in 1,000 scores as high. It is dim."


@pytest.mark.parametrize(("kind", "words"), [("EW", "any EW."), (None, "any known kind.")])
def test_what_a_star_is_unlike_is_said_where_a_detector_tells_kinds(kind, words):
    telling = DetectorColumns("toy", "the toy", tells_kinds=True)
    said = anomaly_reason(row_of(1e-3, {"class": kind}, statespace=0.001, toy=0.01), (*DETECTORS, telling))
    assert said is not None
    assert said.startswith(f"It is unlike {words} Strange to the state-space model")
    assert "unlike" not in anomaly_reason(
        row_of(1e-3, {"class": kind}, statespace=0.001, toy=0.1), (telling, *DETECTORS)
    )


def test_equal_pvalues_are_told_in_one_order():
    row = row_of(1e-3, forecaster=2e-3, statespace=2e-3)
    assert anomaly_reason(row, DETECTORS) == anomaly_reason(row, DETECTORS[::-1])


def test_the_most_novel_star_has_a_strange_shape_and_a_doubtful_class():
    shape, doubt = np.array([9.0, 9.0, 1.0, 1.0, np.nan, 5.0]), np.array([0.8, 0.1, 0.8, 0.1, 0.9, np.nan])
    found = novelty([shape], doubt)
    assert novelty_rank(found).tolist() == [1, 2, 3, 4, 0, 0]
    # only the order of each counts
    np.testing.assert_allclose(novelty([shape**3], np.sqrt(doubt)), found)
    assert novelty_rank(novelty([np.array([np.nan])], np.array([0.5]))).tolist() == [0]
    assert novelty_rank(novelty([np.ones(3)], np.ones(3))).tolist() == [1, 2, 3]


def test_several_detectors_tell_kinds_together():
    doubt = np.full(3, 0.5)
    assert novelty_rank(novelty([np.array([3.0, 2.0, 1.0]), np.array([1.0, 3.0, 2.0])], doubt)).tolist() == [2, 1, 3]
    assert novelty_rank(novelty([np.array([3.0, 2.0, 1.0]), np.array([1.0, np.nan, 2.0])], doubt)).tolist() == [1, 0, 2]


def test_one_score_alone_becomes_a_share_and_two_follow_both():
    first = np.arange(1000.0)
    np.testing.assert_allclose(joined([first**3], [2.0]), 2.0 * first / 1000)
    second = np.random.default_rng(0).permutation(first)
    both = joined([first, second], [1.0, 1.0])
    assert np.corrcoef(both, first)[0, 1] > 0.6
    assert np.corrcoef(both, second)[0, 1] > 0.6


def test_a_fold_at_a_wrong_period_is_told_as_such():
    notable, quiet = {"autoencoder": 0.001, "statespace": 0.4}, {"autoencoder": 0.2, "statespace": 0.001}
    words = "Folded at another likely period it would be ordinary."
    flag = {"autoencoder_flag": "wrong_period"}
    assert words in anomaly_reason(row_of(0.002, flag, **notable), DETECTORS)
    assert words not in anomaly_reason(row_of(0.002, **notable), DETECTORS)
    assert words not in anomaly_reason(row_of(0.002, {"autoencoder_flag": None}, **notable), DETECTORS)
    assert words not in anomaly_reason(row_of(0.002, {"autoencoder_flag": "another"}, **notable), DETECTORS)
    assert words not in anomaly_reason(row_of(0.002, flag, **quiet), DETECTORS)


def test_a_changed_period_is_told_as_such():
    event = {"kind": "period", "direction": "fade", "t_start": 5.0, "t_peak": 9.0, "pvalue": 1e-5, "peak_sigma": 3.0}
    said = anomaly_reason(row_of(0.5, statespace=0.5), DETECTORS, [event])
    assert said is not None
    assert said.endswith("Its period changed about day 5.0000.")


def test_an_event_is_a_reason_where_no_detector_is_alarmed():
    event = {"direction": "fade", "peak_sigma": 7.3, "band": "V", "t_peak": 5.0, "pvalue": 1e-12}
    said = anomaly_reason(row_of(1e-5, forecaster=0.3, statespace=0.2), DETECTORS, [event])
    assert said == (
        "It faded by 7.3 sigma in band V at day 5.0000. Less than 1 ordinary star in 1,000,000 has an event as likely."
    )


def test_an_exposure_that_no_other_confirms_is_no_reason_and_not_told_first():
    alone = {"direction": "fade", "peak_sigma": 99.0, "t_peak": 5.0, "pvalue": 1e-30, "flag": "single_point"}
    sure = {"direction": "brighten", "peak_sigma": 7.0, "t_peak": 9.0, "pvalue": 1e-4, "flag": None}
    only = anomaly_reason(row_of(1e-3, statespace=1e-3), DETECTORS, [alone])
    assert "as likely" not in only
    assert anomaly_reason(row_of(1e-3, statespace=1e-3), DETECTORS, [alone, sure]).startswith(
        "It brightened by 7.0 sigma at day 9.0000; 2 events in all. 1 ordinary star in 10,000 has an event as likely."
    )


KINDS = [False, False, True]


@pytest.mark.parametrize("correlation", [0.0, 0.1, 0.2])
def test_two_answers_give_as_many_false_alarms_as_stated(correlation):
    rng = np.random.default_rng(2)
    common, own = rng.standard_normal((400_000, 1)), rng.standard_normal((400_000, 2))
    pvalues = norm.sf(np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own)
    found = smaller_of_two(*pvalues.T)
    for level in (0.3, 0.05, 0.01, 0.001):
        assert np.mean(found <= level) == pytest.approx(level, rel=0.15)


@given(PVALUES, PVALUES, st.floats(0.01, 1.0))
def test_the_smaller_of_two_stays_in_range_and_grows_with_each(doing, being, factor):
    both = smaller_of_two(np.array([doing, factor * doing, doing]), np.array([being, being, factor * being]))
    assert ((both > 0) & (both <= 1)).all()
    assert both[1] <= both[0] * (1 + 1e-9)
    assert both[2] <= both[0] * (1 + 1e-9)


def test_the_answers_of_a_family_alone_are_its_own():
    nan = np.nan
    only_doing, only_being, none = anomaly_pvalue([[0.01, 0.2, nan], [nan, nan, 0.03], [nan, nan, nan]], KINDS)
    assert only_doing == combine_pvalues([[0.01, 0.2]])[0]
    assert only_being == 0.03
    assert np.isnan(none)


def test_nothing_happening_does_not_make_a_strange_kind_ordinary():
    assert anomaly_pvalue([[0.99, 1.0, 1e-3]], KINDS)[0] < 2e-3
    # of two that answer one question the mean counts, and what a star did has its share of the false alarms
    assert anomaly_pvalue([[1e-5, 0.5, 1.0]], KINDS)[0] < 2.1e-5 / DOING


def test_a_sure_event_is_enough():
    assert anomaly_pvalue([[0.5, 0.9, 0.8]], KINDS, [1e-6])[0] < 1.1e-6 / EVENTS / DOING
    assert not led_by_kind([[0.5, 0.9, 0.01]], KINDS, [1e-6])[0]


def test_events_give_no_more_false_alarms_than_stated():
    rng = np.random.default_rng(4)
    pvalues, chance = rng.uniform(size=(400_000, 3)), rng.uniform(size=400_000)
    # events are told up to some p-value, and of those that are likely to others as well
    event = np.where(chance <= 2e-3, chance, np.nan)
    found = anomaly_pvalue(pvalues, KINDS, event)
    for level in (0.05, 0.01, 0.001):
        assert 0.85 * level < np.mean(found <= level) < 1.15 * level


def test_events_that_are_told_at_once_cost_the_forecasts_nothing():
    """What is no event has no p-value: of stars that do nothing as many are at any level as that level says."""
    rng = np.random.default_rng(5)
    doing, chance = rng.uniform(size=(400_000, 1)), rng.uniform(size=400_000)
    found = anomaly_pvalue(doing, [False], np.where(chance <= 2e-3, chance, np.nan))
    for level in (0.3, 0.05, 0.01, 0.002):
        assert 0.9 * level < np.mean(found <= level) < 1.1 * level


def test_a_star_without_scores_has_the_p_value_of_its_event():
    nan = np.nan
    found = anomaly_pvalue([[nan, nan, nan], [nan, nan, nan]], KINDS, [1e-3, nan])
    assert found[0] == pytest.approx(2e-3)
    assert np.isnan(found[1])


def test_what_leads_is_what_counts_more():
    assert led_by_kind([[1e-5, 0.5, 0.5], [0.5, 0.5, 0.01], [np.nan, np.nan, 0.9]], KINDS).tolist() == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.8])
def test_the_doubt_adds_and_the_false_alarms_stay_as_stated(correlation):
    rng = np.random.default_rng(5)
    n = 40_000
    common, own = rng.standard_normal(n), rng.standard_normal((n, 2))
    kind, doubt = (np.sqrt(correlation) * common + np.sqrt(1 - correlation) * one for one in own.T)
    pvalues = np.column_stack([rng.uniform(size=(n, 2)), norm.sf(kind)])
    found = ranking_pvalue(pvalues, KINDS, doubt)
    for level in (0.1, 0.01, 0.002):
        # never many more than stated; fewer where a doubt may not say all that it knows
        assert 0.5 * level < np.mean(found <= level) < 1.25 * level
    strange = pvalues[:50].copy()
    strange[:, 2] = 0.02
    doubts = np.concatenate([np.full(50, 3.5), doubt])
    with_doubt = ranking_pvalue(np.concatenate([strange, pvalues]), KINDS, doubts)[:50]
    assert np.median(with_doubt) < np.median(anomaly_pvalue(strange, KINDS))


def test_without_a_doubt_the_ranking_is_that_of_the_detectors():
    pvalues = np.array([[0.1, 0.2, 0.3], [0.01, np.nan, 0.9], [np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(ranking_pvalue(pvalues, KINDS, np.full(3, np.nan)), anomaly_pvalue(pvalues, KINDS))
    assert ranking_pvalue(np.empty((0, 3)), KINDS, np.empty(0)).size == 0

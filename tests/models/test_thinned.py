import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from swope.models.classifier import Classifier, ClassifierOptions, LabelledInputs
from swope.models.classifier.thinned import LONGEST, Thinned, copies_wanted, thinned
from swope.models.classifier.training import versions_of
from swope.models.inputs import inputs_of
from swope.pipeline.period import PeriodOptions, find_period
from swope.pipeline.split import share
from tests.models.stars import made_star


def test_a_copy_is_the_star_with_fewer_points_and_its_own_period() -> None:
    stars = [made_star("RRAB", seed, 100) for seed in range(3)]
    copies = thinned(stars, ["RRAB"] * 3, 2)
    assert copies.star.tolist() == [0, 0, 1, 1, 2, 2]
    assert ((copies.inputs.points >= 50) & (copies.inputs.points <= 95)).all()
    assert len(np.unique(copies.inputs.points)) > 1
    again = thinned(stars[1:2], ["RRAB"], 2)
    np.testing.assert_array_equal(again.inputs.folds, copies.inputs.folds[2:4])
    searched = [find_period(star.curve).period for star in stars]
    near = np.abs(copies.period / np.repeat(searched, 2) - 1.0) < 1e-3
    assert near.mean() > 0.5
    assert not (copies.period == np.repeat(searched, 2)).any()


def test_a_copy_may_keep_the_period() -> None:
    star = made_star("EA", 1, 100)
    short = thinned([star], ["EA"], 3, search=PeriodOptions(max_period=0.5 * star.period.period))
    assert (short.period < 0.51 * star.period.period).all()
    assert (thinned([star], ["EA"], 3, search=None).period == star.period.period).all()


def test_common_types_are_not_copied() -> None:
    stars = [made_star("RRAB", 1, 30)] * 150 + [made_star("EA", 1, 30)] * 400
    counts = np.bincount(thinned(stars, ["RRAB"] * 150 + ["EA"] * 400, 8, search=None).star, minlength=550)
    assert (counts[:150] == 2).all()
    assert not counts[150:].any()
    assert len(thinned(stars[:5], ["RRAB"] * 5, 0).star) == 0


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.lists(st.integers(0, 5), max_size=8))
def test_copies_follow_their_stars(star: list[int], rows: list[int]) -> None:
    star.sort()
    inputs = inputs_of([made_star("RRAB", 1, 30)]).rows(np.zeros(len(star), dtype=np.int64))
    copies = Thinned(inputs, np.arange(len(star), dtype=np.float64), np.array(star))
    chosen = copies.of(np.array(rows, dtype=np.int64))
    assert chosen.period.tolist() == [i for row in rows for i, s in enumerate(star) if s == row]
    assert chosen.star.tolist() == [k for k, row in enumerate(rows) for s in star if s == row]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=20))
def test_each_star_is_shown_as_one_of_its_versions(star: list[int]) -> None:
    rows = np.flatnonzero(np.arange(len(star)) % 3 < 2)
    shown = versions_of(rows, np.array(star))
    assert [set(row) for row in shown.tolist()] == [
        {int(i) for i in rows if star[i] == one} for one in sorted({star[i] for i in rows})
    ]
    assert all(max(counts) - min(counts) <= 1 for counts in (np.unique(row, return_counts=True)[1] for row in shown))


def test_copies_are_learnt_from_and_never_calibrated_on() -> None:
    stars = [made_star(kind, seed, 60) for seed in range(40) for kind in ("RRAB", "EA")]
    names = [star.curve.object_id for star in stars]
    labels = [name.split("-")[0] for name in names]
    period = np.array([star.period.period for star in stars])
    options = ClassifierOptions(members=1, trees=5, hidden=8, filters=(4,), epochs=1, batch=32)

    def fit(copies: Thinned | None) -> Classifier:
        return Classifier.fit_inputs(LabelledInputs(inputs_of(stars), names, period, labels, copies=copies), options)

    copies = thinned(stars, labels, 1, search=None)
    plain, more = fit(None), fit(copies)
    assert plain.model_id != more.model_id
    # the copies of stars that calibrate are left out, so what they hold makes no difference to the network
    apart = np.array([share(names[i], "classifier") < options.calibration_share for i in copies.star])
    spoiled = copies.inputs.rows(np.arange(len(copies.star)))
    spoiled.folds[apart] = 1.0
    assert fit(Thinned(spoiled, copies.period, copies.star)).model_id == more.model_id


def test_very_long_curves_are_not_copied() -> None:
    stars = [made_star("RRAB", 1, n) for n in (LONGEST + 1, LONGEST, 30)]
    assert copies_wanted(stars, ["RRAB"] * 3, 8) == [0, 8, 8]


def test_no_stars_have_no_copies() -> None:
    assert len(thinned([], [], 8).star) == 0

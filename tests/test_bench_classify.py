import numpy as np
import pytest

from swope.models.classifier import Classifier, ClassifierOptions
from swope.models.inputs import inputs_of
from tests.bench import classify
from tests.bench.classify import agreement, balanced_accuracy, few, fitted, judged, opponents, run, splits
from tests.bench.training_set import Prepared
from tests.models.stars import made_star


def test_a_type_and_its_period_agree() -> None:
    nan = np.nan
    truth = np.array(["EW", "EW", "EW", "EW", "RRC", "RRC", "EA", "M", "EW"])
    said = np.array(["EW", "EW", "RRC", "RRC", "RRC", "EW", "EA", "M", ""])
    found = np.array([0.2, 0.2, 0.2, 0.4, 0.3, 0.3, 1.7, 300.0, 0.4])
    settled = np.array([0.4, 0.2, 0.2, 0.4, 0.3, 0.6, 1.7, 300.0, 0.4])
    reference = np.array([0.4, 0.4, 0.4, 0.4, 0.3, 0.3, 4.0, nan, 0.4])
    found_shares = agreement(said, truth, found, settled, reference)
    # the EA could not be settled, the Mira has no reference, the last star no type
    assert found_shares == {
        "EW": pytest.approx(2 / 3),  # settled at P, left at P/2, and an RRC called EW at twice its period
        "RRC": pytest.approx(2 / 3),  # an EW called RRC at P/2, another left at P, and a true one
        "all": pytest.approx(4 / 6),
    }
    assert np.isnan(agreement(said, truth, found, settled, np.full(9, nan))["all"])


def test_balanced_accuracy_weighs_classes_alike() -> None:
    truth = np.array(["M"] * 8 + ["EA"] * 2)
    assert balanced_accuracy(truth, np.array(["M"] * 10)) == 0.5


def test_stars_are_chosen_by_their_names_alone() -> None:
    names = np.array([f"star {i}" for i in range(1000)])
    assert few(names, 0).all()
    chosen = few(names, 200)
    assert 150 < chosen.sum() < 250
    np.testing.assert_array_equal(few(names[::-1], 200)[::-1], chosen)
    labels = np.array(["EA"] * 12 + ["EB"] * 3 + [""] * 20)
    assert judged(labels, "debosscher").sum() == 12


def test_the_opponents_tell_plain_cases_apart() -> None:
    stars = [made_star(kind, seed, 80) for seed in range(40) for kind in ("RRAB", "EA")]
    labels = np.array(["RRAB", "EA"] * 40)
    test = np.arange(80) >= 50
    said = opponents(inputs_of(stars), labels, test, seed=0, features=840)
    assert list(said) == ["forest", "MiniRocket", "MiniRocket + P, A"]
    for types, seconds in said.values():
        assert (types == labels[test]).mean() > 0.9
        assert seconds > 0


def test_cross_validation_judges_each_star_once_a_round() -> None:
    names = np.array([f"star {i}" for i in range(200)])
    first, second = splits(names, 2, 4)
    assert len(first) == len(second) == 4
    for folds in (first, second):
        np.testing.assert_array_equal(np.sum(folds, axis=0), np.ones(200))
        assert all(20 < fold.sum() < 80 for fold in folds)
    assert not np.array_equal(first, second)


def test_each_seed_draws_a_quarter_of_the_stars() -> None:
    names = np.array([f"star {i}" for i in range(2000)])
    quarters = [test for (test,) in splits(names, 3, 0)]
    assert all(abs(test.mean() - 0.25) < 0.04 for test in quarters)
    assert not (quarters[0] == quarters[1]).all()
    np.testing.assert_array_equal(splits(names[::-1], 3, 0)[2][0][::-1], quarters[2])


def test_folds_of_a_round_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    # how fast they are is not the question here
    monkeypatch.setattr(classify, "TIMED", 64)
    learnt: dict[bytes, Classifier] = {}

    def fitted_once(learn: Prepared, options: ClassifierOptions) -> Classifier:
        if (key := learn.names.tobytes()) not in learnt:
            learnt[key] = fitted(learn, options)
        return learnt[key]

    monkeypatch.setattr(classify, "fitted", fitted_once)
    stars = [made_star(kind, seed, 80) for seed in range(40) for kind in ("RRAB", "EA")]
    labels = ["RRAB", "EA"] * 40
    names = np.array([f"star {i}" for i in range(80)])
    period = np.array([star.period.period for star in stars])
    whole = Prepared(inputs_of(stars), names, np.array(labels), period, period)
    options = ClassifierOptions(members=1, epochs=2, trees=50)
    found = run(whole, stars[:3], splits(names, 1, 2), options, rocket=84)
    assert (found["rounds"], found["folds"], found["stars"]) == (1, 2, 80)
    assert list(found["recall"]["forest"]) == ["EA", "RRAB"]
    for name, (accuracy,) in found["accuracy_by_round"].items():
        # a share of all the stars, not a mean of the folds' shares
        assert accuracy * 80 == pytest.approx(round(accuracy * 80), abs=0.005), name
    assert found["who"]["forest"]["accuracy"] > 0.9
    assert found["agree"]["all"] > 0.9
    # stars that are left out are learnt from all the same
    half = [folds[:1] for folds in splits(names, 1, 2)]
    only = run(whole, stars[:3], half, options, rocket=84, left_out=np.array(labels) == "EA")
    assert list(only["recall"]["network"]) == ["RRAB"]

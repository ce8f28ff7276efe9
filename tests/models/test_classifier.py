import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from swope.models.classifier import Classifier, ClassifierOptions, LabelledInputs
from swope.models.classifier.classifier import _options, _tensors
from swope.models.classifier.lesson import set_apart
from swope.models.classifier.network import joint
from swope.models.classifier.targets import allowed_pairs, allowed_types, leaf_types
from swope.models.classifier.votes import table_of
from swope.models.inputs import inputs_of
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.reason import Reason
from swope.pipeline.star import Star
from tests.models.stars import made_star, true_period

OPTIONS = ClassifierOptions(
    members=1, copies=0, trees=30, hidden=24, dropout=0.1, batch=32, filters=(8, 12), epochs=25, calibration_share=0.25
)


def training_stars() -> tuple[list[Star], list[str], np.ndarray]:
    stars, labels, periods = [], [], []
    for seed in range(70):
        for kind, doubled in (("RRAB", False), ("EA", seed % 2 == 0), ("CST", False)):
            stars.append(made_star(kind, seed, 80, doubled))
            labels.append(kind)
            periods.append(true_period(stars[-1], doubled))
    return stars, labels, np.array(periods)


@pytest.fixture(scope="module")
def trained() -> Classifier:
    stars, labels, periods = training_stars()
    return Classifier.fit(stars, labels, OPTIONS, reference=periods)


@pytest.fixture(scope="module")
def unseen() -> list[Star]:
    return [made_star(kind, seed, 80) for seed in range(200, 220) for kind in ("RRAB", "EA", "CST")]


def test_unseen_stars_are_classified(trained: Classifier, unseen: list[Star]) -> None:
    result = trained.classify(unseen)
    right = [result.best(i) == star.curve.object_id.split("-")[0] for i, star in enumerate(unseen)]
    assert np.mean(right) > 0.95
    np.testing.assert_allclose(result.probabilities.sum(axis=1), 1.0, atol=1e-6)
    assert all(reason is None for reason in result.reason)


def test_a_halved_period_is_doubled_with_the_class(trained: Classifier) -> None:
    doubled = [made_star("EA", seed, 80, doubled=True) for seed in range(300, 320)]
    right = [made_star("EA", seed, 80) for seed in range(300, 320)]
    assert np.mean(trained.classify(doubled).period_factor == 2.0) > 0.8
    assert np.mean(trained.classify(right).period_factor == 1.0) > 0.8


def test_a_star_without_a_period_keeps_it_so(trained: Classifier, unseen: list[Star]) -> None:
    assert (trained.classify(unseen[2::3]).period_factor == 1.0).all()


def test_probabilities_do_not_depend_on_company_or_order(trained: Classifier, unseen: list[Star]) -> None:
    together = trained.classify(unseen).probabilities
    np.testing.assert_array_equal(trained.classify(unseen[::-1]).probabilities[::-1], together)
    np.testing.assert_array_equal(trained.classify(unseen[7:8]).probabilities, together[7:8])
    many = trained.classify(unseen * 6).probabilities
    np.testing.assert_array_equal(many[-len(unseen) :], together)


def test_turning_the_phase_changes_nothing(trained: Classifier, unseen: list[Star]) -> None:
    inputs = inputs_of(unseen)
    first = trained.classify_inputs(inputs).probabilities
    turned = replace(inputs, folds=np.roll(inputs.folds, 13, axis=2))
    np.testing.assert_allclose(trained.classify_inputs(turned).probabilities, first, atol=1e-4)
    moved = [replace(star, period=replace(star.period, t0=star.period.t0 + 0.3)) for star in unseen]
    np.testing.assert_array_equal(trained.classify(moved).probabilities, first)


def test_a_saved_classifier_answers_the_same(trained: Classifier, unseen: list[Star], tmp_path: Path) -> None:
    trained.save(tmp_path)
    back = Classifier.load(tmp_path)
    assert back.model_id == trained.model_id
    first, second = trained.classify(unseen), back.classify(unseen)
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    assert first.flag == second.flag


def test_a_type_that_is_rarer_than_among_the_stars_learnt_is_less_likely(
    trained: Classifier, unseen: list[Star], tmp_path: Path
) -> None:
    first = trained.classify(unseen).probabilities
    trained.save(tmp_path)
    rarer = Classifier.load(tmp_path)
    rarer.prior = {"EA": 0.25}
    expected = first * np.where(np.array(trained.types) == "EA", 0.25, 1.0)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(rarer.classify(unseen).probabilities, expected, atol=1e-6)
    rarer.save(tmp_path)
    assert Classifier.load(tmp_path).prior == {"EA": 0.25}
    assert rarer.model_id != trained.model_id


def test_training_again_gives_the_same_classifier() -> None:
    stars, labels, _ = training_stars()
    quick = replace(OPTIONS, epochs=1)
    ids = {Classifier.fit(stars[:120], labels[:120], quick).model_id for _ in range(2)}
    assert len(ids) == 1


def test_few_stars_are_learnt_by_more_networks() -> None:
    assert [_options(None, None, stars).members for stars in (600, 1400, 2000)] == [3, 2, 1]
    assert _options(replace(OPTIONS, members=5), None, 2000).members == 5


def test_each_member_has_stars_to_be_judged_by() -> None:
    options = replace(OPTIONS, calibration_share=0.15)
    enough = np.ones(6, dtype=bool)
    # the first leaves out those below 0.15, the second those from 0.85 on, the third would have one star only
    place = np.array([0.01, 0.1, 0.2, 0.75, 0.9, 0.95])
    apart = [np.flatnonzero(set_apart(place, enough, member, options)).tolist() for member in range(3)]
    assert apart == [[0, 1], [4, 5], [0, 1]]


def test_the_doubt_is_that_of_the_forest(trained: Classifier, unseen: list[Star]) -> None:
    doubt = trained.classify(unseen).doubt
    assert ((doubt >= 0) & (doubt < 1)).all()
    assert trained._forest is not None
    tensors = _tensors(inputs_of(unseen), trained._scaling, trained.options)
    votes = trained._forest.probabilities(table_of(tensors))
    np.testing.assert_allclose(doubt, 1.0 - votes.max(axis=1), atol=1e-6)


def test_the_forest_may_be_left_out(unseen: list[Star]) -> None:
    stars, labels, _ = training_stars()
    made = Classifier.fit(stars, labels, replace(OPTIONS, trees=0, epochs=2))
    found = made.classify(unseen)
    assert np.isfinite(found.probabilities).all()
    np.testing.assert_allclose(found.doubt, 1.0 - found.probabilities.max(axis=1), atol=1e-6)


def test_what_is_unlike_all_that_was_learnt_is_unfamiliar(trained: Classifier, unseen: list[Star]) -> None:
    before = trained.abstention
    most = float(np.sort(trained.classify(unseen).unlikeness)[-4]) * before.most
    try:
        trained.abstention = replace(before, least=0.0, most=most)
        result = trained.classify(unseen)
        assert result.flag == tuple("unfamiliar" if unlike > 1.0 else None for unlike in result.unlikeness)
        assert any(result.flag)
        trained.abstention = replace(before, least=1.1)
        assert trained.classify(unseen).flag == ("uncertain",) * len(unseen)
    finally:
        trained.abstention = before


def test_the_risk_of_what_is_not_flagged_is_stated(trained: Classifier, unseen: list[Star]) -> None:
    stated = trained.abstention
    assert 0.9 <= stated.kept <= 1.0
    assert 0.0 <= stated.risk < 0.1
    result = trained.classify(unseen)
    wrong = [result.best(i) != star.curve.object_id.split("-")[0] for i, star in enumerate(unseen)]
    kept = np.array([flag is None for flag in result.flag])
    assert abs(np.array(wrong)[kept].mean() - stated.risk) < 0.1


def test_flags_learnt_anew_leave_the_classes(trained: Classifier, unseen: list[Star], tmp_path: Path) -> None:
    trained.save(tmp_path)
    again = Classifier.load(tmp_path)
    stars, labels, _ = training_stars()
    names, period = [star.curve.object_id for star in stars], np.array([star.period.period for star in stars])
    again.learn_flags(LabelledInputs(inputs_of(stars), names, period, labels), replace(OPTIONS, familiar=0.5))
    before, after = trained.classify(unseen), again.classify(unseen)
    np.testing.assert_array_equal(after.probabilities, before.probabilities)
    # the same stars say again what they said when it was trained; only the share that is familiar is another
    before_all, after_all = before.unlikeness * trained.abstention.most, after.unlikeness * again.abstention.most
    np.testing.assert_allclose(after_all, before_all, rtol=1e-5)
    assert again.abstention.most < trained.abstention.most
    assert again.abstention.kept < 0.6 < trained.abstention.kept


def test_a_classifier_of_other_features_is_refused(trained: Classifier, tmp_path: Path) -> None:
    trained.save(tmp_path)
    assert Classifier.load(tmp_path).abstention == trained.abstention
    file = tmp_path / "model.json"
    manifest = json.loads(file.read_text())
    manifest["settings"]["features"]["plain"].reverse()
    file.write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="made by another version"):
        Classifier.load(tmp_path)


def test_stars_with_too_few_points_get_a_reason(trained: Classifier) -> None:
    short = Star(LightCurve.of("short", np.arange(3.0), np.arange(3.0)), PeriodResult(reason="too short"))
    result = trained.classify([short, made_star("EA", 1)])
    assert result.best(0) is None
    assert result.sure[0] is None
    assert np.isnan(result.probability(0))
    assert np.isnan(result.doubt[0])
    assert result.reason[0] == Reason("3 good rows; a class needs 5")
    assert result.best(1) == "EA"
    assert len(trained.classify([])) == 0


def test_too_little_to_learn_from_is_refused() -> None:
    stars = [made_star("EA", seed) for seed in range(3)]
    with pytest.raises(ValueError, match="at least two types"):
        Classifier.fit(stars, ["EA"] * 3, OPTIONS)
    with pytest.raises(ValueError, match="20 stars with 5 good rows"):
        Classifier.fit(stars, ["EA", "EA", "EW"], OPTIONS)


def test_open_labels_are_no_choice_where_narrower_ones_are() -> None:
    assert leaf_types(["E", "EA", "EW", "DCEP", "DCEP(B)", "RR"]) == ("DCEP", "DCEP(B)", "EA", "EW", "RR")
    assert leaf_types(["LPV", "M", "SR", "SRS", "DCEP|DCEPS", "DCEP"]) == ("DCEP", "M", "SR", "SRS")
    assert leaf_types(["EB|EW", "RRAB"]) == ("EB|EW", "RRAB")
    assert allowed_types("LPV", ("DCEP", "M", "SR")).tolist() == [0, 1, 1]
    assert allowed_types("EB|EW", ("EA", "EB", "EW")).tolist() == [0, 1, 1]
    assert allowed_types("RR|EW", ("EB", "EW", "RRAB", "RRC")).tolist() == [0, 1, 1, 1]
    assert allowed_types("E", ("DCEP", "EA", "EW")).tolist() == [0, 1, 1]
    assert allowed_types("DCEP", ("DCEP", "DCEP(B)")).tolist() == [1, 0]


@pytest.mark.parametrize(
    "labels", [["EB|EW", "RRAB"], ["EA", "EB|EW", "ROT"], ["DCEP|DCEPS", "E"], ["glow|EW", "EA"], ["E", "EA|EB"]]
)
def test_each_label_allows_a_type_that_is_learnt(labels: list[str]) -> None:
    # stars of an open label without a narrower one taught the network nothing, and the forest what is no number
    types = leaf_types(labels)
    for label in labels:
        assert allowed_types(label, types).any()
        if label in types:
            assert allowed_types(label, types)[types.index(label)]


def test_a_reference_period_says_which_candidate_is_true() -> None:
    types = ("EA", "RRAB")
    pairs = allowed_pairs(
        ["EA", "EA", "EA", "RRAB", "RRAB"],
        types,
        np.array([1.0, 1.0, 1.0, 0.5, np.nan]),
        np.array([2.001, np.nan, 3.3, np.nan, np.nan]),
    )
    assert pairs[:, :, 0].tolist() == [[0, 1, 0], [1, 1, 1], [1, 1, 1], [0, 0, 0], [0, 0, 0]]
    assert pairs[:, :, 1].tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0], [1, 1, 1]]


def test_joint_probabilities_sum_to_one_at_any_temperature() -> None:
    logits = np.random.default_rng(0).normal(0.0, 30.0, (5, 3, 4)).astype(np.float32)
    for temperature in (0.5, 1.0, 3.0):
        np.testing.assert_allclose(joint(logits, temperature).sum(axis=(1, 2)), 1.0)


def test_the_shipped_classifier_knows_plain_cases() -> None:
    shipped = Classifier.pretrained()
    stars = [made_star(kind, seed, 300) for kind in ("RRAB", "EA") for seed in range(8)]
    result = shipped.classify(stars)
    best = [result.best(i) for i in range(len(stars))]
    assert np.mean([name == "RRAB" for name in best[:8]]) >= 0.75
    assert np.mean([name == "EA" for name in best[8:]]) >= 0.75

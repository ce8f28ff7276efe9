from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, precision_score, recall_score

from swope.pipeline.catalog import events_table, objects_table, write_parquet
from swope.pipeline.evaluate import evaluate, expected_calibration_error, period_matches
from swope.pipeline.split import held_out
from tests.pipeline.catalog.rows import DETECTORS, TYPES, columns, object_rows


def make_run(folder, rows):
    write_parquet(objects_table(columns(rows), DETECTORS, TYPES), folder / "objects.parquet")
    write_parquet(events_table({}), folder / "events.parquet")
    return folder


def make_labels(folder, rows, header="object_id,class,period"):
    path = folder / "labels.csv"
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def star(name, given, probability=0.9, **more):
    probabilities = {f"prob_{one}": probability if one == given else 0.0 for one in TYPES}
    row = {"object_id": name, "status": "ok", "class": given, "class_prob": probability if given else None}
    return row | {"n_obs": 100, "time_start": 0.0, "time_end": 1000.0} | probabilities | more


@pytest.fixture
def simulated(tmp_path):
    rng = np.random.default_rng(5)
    rows = object_rows(400, seed=2)
    labels = [(row["object_id"], TYPES[int(rng.integers(4))], "") for row in rows]
    return make_run(tmp_path, rows), rows, make_labels(tmp_path, labels), labels


def test_scores_agree_with_scikit_learn(simulated):
    run_dir, rows, path, labels = simulated
    found = evaluate(run_dir, path)
    assert [part.name for part in found.parts] == ["all", "held out"]
    for part, keep in zip(found.parts, (lambda _: True, held_out), strict=True):
        chosen = [i for i, row in enumerate(rows) if keep(row["object_id"])]
        true = [labels[i][1] for i in chosen]
        given = [rows[i].get("class") or "none" for i in chosen]
        assert part.n_scored == len(chosen)
        assert part.accuracy == pytest.approx(accuracy_score(true, given))
        mean_recall = recall_score(true, given, labels=list(TYPES), average="macro")
        assert part.balanced_accuracy == pytest.approx(mean_recall)
        assert part.macro_f1 == pytest.approx(f1_score(true, given, labels=list(TYPES), average="macro"))
        precision = precision_score(true, given, labels=list(TYPES), average=None)
        assert [one.precision for one in part.classes] == pytest.approx(precision)
        answered = [(t, g) for t, g in zip(true, given, strict=True) if g != "none"]
        assert part.accuracy_sure == pytest.approx(accuracy_score(*zip(*answered, strict=True)))
        assert sum(sum(row.values()) for row in part.confusion.values()) == part.n_scored
        assert part.n_none == given.count("none")


def test_balanced_accuracy_is_that_of_scikit_learn_when_all_have_a_class(tmp_path):
    rng = np.random.default_rng(3)
    true, given = rng.choice(TYPES, 200), rng.choice(TYPES, 200)
    run_dir = make_run(tmp_path, [star(f"{i}", name) for i, name in enumerate(given)])
    found = evaluate(run_dir, make_labels(tmp_path, [(i, name, "") for i, name in enumerate(true)]))
    assert found.parts[0].balanced_accuracy == pytest.approx(balanced_accuracy_score(true, given))


def test_every_labelled_star_is_accounted_for(tmp_path):
    rows = [
        star("right", "EW", class_sure="EW"),
        star("wrong", "EA", class_sure="E"),
        star("abstained", None, 0.4),
        {"object_id": "refused", "status": "rejected", "reason": "one point", "n_obs": 1},
        star("flagged", "EW", class_flag="unlike the training set"),
        star("parent", "EA"),
        star("not parent", "RRC"),
        star("outside", "EA"),
        star("doubtful", "EA"),
        star("finer", "RRAB", class_sure="eclipsing"),
    ]
    labels = [
        *(("right", "EW"), ("wrong", "EW"), ("abstained", "EW"), ("refused", "EW"), ("flagged", "EW")),
        *(("parent", "E"), ("not parent", "E"), ("outside", "M"), ("doubtful", "EA?"), ("absent", "EW")),
        ("finer", "RRAB"),
    ]
    found = evaluate(make_run(tmp_path, rows), make_labels(tmp_path, labels, "id,class"))
    part = found.parts[0]
    assert (part.n_labelled, part.n_absent, part.n_unknown) == (11, 1, 1)
    assert part.statuses == {"ok": 9, "partial": 0, "rejected": 1, "failed": 0}
    assert (part.n_scored, part.n_none, part.n_abstained) == (6, 2, 2)
    assert part.accuracy == pytest.approx(3 / 6)
    assert part.accuracy_sure == pytest.approx(2 / 3)
    assert part.n_wide == 3
    assert part.accuracy_wide == pytest.approx(2 / 3)
    assert part.confusion["EW"] == {"EW": 2, "none": 2, "EA": 1}
    assert [(one.name, one.n, one.recall) for one in part.parents] == [("E", 2, 0.5)]
    assert [(one.name, one.n, one.given) for one in part.outside] == [("EA?", 1, {"EA": 1}), ("M", 1, {"EA": 1})]
    assert part.n_ambiguous == 0
    outside = sum(one.n for one in part.outside) + sum(one.n for one in part.parents)
    assert part.n_labelled == part.n_absent + part.n_scored + outside


def test_a_label_finer_than_the_types_counts_as_the_wider_one(tmp_path):
    rows = [{"object_id": "a", "status": "ok", "class": "DCEP", "class_prob": 1.0, "prob_DCEP": 1.0}]
    write_parquet(objects_table(columns(rows)), tmp_path / "objects.parquet")
    part = evaluate(tmp_path, make_labels(tmp_path, [("a", "DCEPS")], "id,class")).parts[0]
    assert [(one.name, one.recall) for one in part.classes] == [("DCEP", 1.0)]


def test_a_class_finer_than_the_label_is_right(tmp_path):
    given = {"a": "DCEPS", "b": "DCEP", "c": "DCEPS", "d": "mine"}
    types = {f"prob_{name}": 0.5 for name in ("DCEP", "DCEPS")}
    rows = [{"object_id": one, "status": "ok", "class": name, "class_prob": 1.0} | types for one, name in given.items()]
    write_parquet(objects_table(columns(rows)), tmp_path / "objects.parquet")
    labels = [("a", "DCEP"), ("b", "DCEPS"), ("c", "DCEPS"), ("d", "DCEP")]
    part = evaluate(tmp_path, make_labels(tmp_path, labels, "id,class")).parts[0]
    assert [(one.name, one.recall) for one in part.classes] == [("DCEP", 0.5), ("DCEPS", 0.5)]


def test_periods(tmp_path):
    cases = {
        "exact": 0.5004,
        "half": 0.25,
        "double": 1.0,
        "alias": 1 / (1 / 0.5 + 1),
        "other": 0.777,
        "none": None,
        "long": 520.0,
        "second": 0.3,
    }
    rows = [star(name, "EW", period=period) for name, period in cases.items()]
    rows[-1]["period_3"] = 0.5
    labels = [(name, "EW", 500.0 if name == "long" else 0.5) for name in cases]
    found = evaluate(make_run(tmp_path, rows), make_labels(tmp_path, labels)).parts[0]
    assert [row.name for row in found.periods] == ["all", "EW"]
    one = found.periods[0]
    assert (one.n, one.exact, one.half, one.double, one.other, one.none) == (8, 2, 1, 1, 3, 1)
    assert (one.alias, one.in_five) == (1, 3)


PERIODS = st.floats(0.05, 1000)


@given(PERIODS, PERIODS, st.floats(1, 5000))
def test_period_kinds_are_symmetric_under_scale(period, true, span):
    def match(p, t, s):
        return bool(period_matches(np.array([p]), np.array([t]), np.array([s]))[0])

    assert match(true, true, span)
    assert match(true * 1.009, true, span)
    assert match(period, true, span) == match(4 * period, 4 * true, 4 * span)


def test_unknown_periods_never_match():
    nan = np.nan
    assert not period_matches(np.array([nan, 1.0]), np.array([1.0, nan]), np.array([10.0, 10.0])).any()
    assert period_matches(np.array([1.0]), np.array([1.0]), np.array([nan])).all()


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_calibration_error_by_hand(pairs):
    confidence = np.array([c for c, _ in pairs])
    right = np.array([r for _, r in pairs])
    total = 0.0
    for low in range(15):
        inside = (confidence > low / 15) & (confidence <= (low + 1) / 15) | ((low == 0) & (confidence == 0))
        # the edges are binned by multiplication there and by division here: leave out what lies on one
        if inside.any():
            total += inside.sum() * abs(confidence[inside].mean() - right[inside].mean())
    on_edge = np.any(np.isclose(confidence * 15, np.round(confidence * 15), atol=1e-9) & (confidence > 0))
    if not on_edge:
        assert expected_calibration_error(confidence, right) == pytest.approx(total / len(pairs), abs=1e-12)
    assert 0 <= expected_calibration_error(confidence, right) <= 1


def test_calibration_error_is_the_gap_between_word_and_truth():
    assert expected_calibration_error(np.full(1000, 0.9), np.arange(1000) < 600) == pytest.approx(0.3)
    # the bins are closed above: 0.2 is in the same bin as 0.19, where the two gaps cancel each other
    pair, right = np.array([0.19, 0.2]), np.array([True, False])
    assert expected_calibration_error(pair, right, bins=5) == pytest.approx((0.81 - 0.2) / 2)


def test_a_calibrated_classifier_has_no_calibration_error():
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.3, 1, 200_000)
    assert expected_calibration_error(confidence, rng.uniform(size=len(confidence)) < confidence) < 0.01
    assert math.isnan(expected_calibration_error(np.empty(0), np.empty(0, dtype=bool)))


def test_what_is_left_behind(simulated):
    run_dir, _, path, _ = simulated
    found = evaluate(run_dir, path)
    assert sorted(file.name for file in (run_dir / "evaluation").iterdir()) == [
        "confusion-all.png",
        "confusion-held-out.png",
        "evaluation.json",
    ]
    record = json.loads((run_dir / "evaluation" / "evaluation.json").read_text())
    assert record["parts"][0]["accuracy"] == pytest.approx(found.parts[0].accuracy)
    before = {file.name: file.read_bytes() for file in (run_dir / "evaluation").iterdir()}
    text = str(found)
    for word in ("held out", "balanced accuracy", "RRAB", "evaluation.json"):
        assert word in text
    assert max(map(len, text.splitlines())) < 200
    evaluate(run_dir, path)
    assert before == {file.name: file.read_bytes() for file in (run_dir / "evaluation").iterdir()}


def test_pictures_of_other_labels_do_not_stay(tmp_path):
    run_dir = make_run(tmp_path, [star("a", "EW"), star("b", "EA")])
    evaluate(run_dir, make_labels(tmp_path, [("a", "EW", ""), ("b", "EA", "")]))
    assert list((run_dir / "evaluation").glob("*.png"))
    evaluate(run_dir, make_labels(tmp_path, [("a", "Banana", "")]))
    assert not list((run_dir / "evaluation").glob("*.png"))


def test_what_ones_own_models_were_trained_on_is_not_known(tmp_path):
    run_dir = make_run(tmp_path, [star(name, "EW") for name in "abcdefgh"])
    labels = make_labels(tmp_path, [(name, "EW", "") for name in "abcdefgh"])
    (run_dir / "run.json").write_text(json.dumps({"config": {"models": "mine"}}))
    assert [part.name for part in evaluate(run_dir, labels).parts] == ["all"]
    with pytest.raises(ValueError, match="labels of stars that they never saw"):
        evaluate(run_dir, labels, held_out_only=True)
    (run_dir / "run.json").write_text(json.dumps({"config": {"models": None}}))
    assert [part.name for part in evaluate(run_dir, labels).parts] == ["all", "held out"]


def test_held_out_only(simulated):
    run_dir, rows, path, _ = simulated
    found = evaluate(run_dir, path, held_out_only=True)
    assert [part.name for part in found.parts] == ["held out"]
    assert found.parts[0].n_labelled == sum(held_out(row["object_id"]) for row in rows)


def test_no_common_star(simulated, tmp_path):
    run_dir, *_ = simulated
    other = tmp_path / "other.csv"
    other.write_text("id,class\nnobody,EW\n")
    with pytest.raises(ValueError, match=r"none of the labelled stars \('nobody', \.\.\.\) is in the catalog \('star"):
        evaluate(run_dir, other)


def test_no_run(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no objects\.parquet"):
        evaluate(tmp_path, make_labels(tmp_path, [("a", "EW", 1)]))


def test_only_periods_known(tmp_path):
    run_dir = make_run(tmp_path, [star("a", "EW", period=1.0)])
    part = evaluate(run_dir, make_labels(tmp_path, [("a", 1.0)], "id,period")).parts[0]
    assert part.n_scored == 0
    assert math.isnan(part.accuracy)
    assert part.periods[0].exact == 1


def test_no_class_in_the_catalog(tmp_path):
    rows = [{"object_id": "a", "status": "rejected", "reason": "empty"}]
    write_parquet(objects_table(columns(rows)), tmp_path / "objects.parquet")
    found = evaluate(tmp_path, make_labels(tmp_path, [("a", "EW", 1)]))
    assert found.parts[0].n_scored == 0
    assert found.parts[0].outside[0].given == {"none": 1}


TWINS = [
    star("1", "EW", source="north/a.csv", period=0.5),
    star("1", "RRAB", source="south/b.csv", period=0.6, n_obs=900),
    star("2", "EA", source="north/a.csv"),
]


def test_stars_of_one_name_and_two_sources_are_two_stars(tmp_path):
    labels = [("1", "a.csv", "EW", 0.5), ("1", "south/b.csv", "RRAB", 0.6), ("2", "", "EA", "")]
    path = make_labels(tmp_path, labels, "object_id,source,class,period")
    found = evaluate(make_run(tmp_path, TWINS), path)
    part = found.parts[0]
    assert (part.n_labelled, part.n_ambiguous, part.n_scored, part.accuracy) == (3, 0, 3, 1.0)
    assert part.periods[0].exact == part.periods[0].n == 2
    assert found.ambiguous is None
    swapped = [("1", "b.csv", "EW", 0.5), ("1", "a.csv", "RRAB", 0.6)]
    part = evaluate(tmp_path, make_labels(tmp_path, swapped, "object_id,file,class,period")).parts[0]
    assert (part.n_scored, part.accuracy, part.periods[0].exact) == (2, 0.0, 0)


def test_a_label_that_may_mean_two_stars_is_left_out_and_told(tmp_path):
    run_dir = make_run(tmp_path, TWINS)
    found = evaluate(run_dir, make_labels(tmp_path, [("1", "EW", 0.5), ("2", "EA", ""), ("3", "EA", "")]))
    part = found.parts[0]
    assert (part.n_labelled, part.n_ambiguous, part.n_absent, part.n_scored) == (3, 1, 1, 1)
    assert part.accuracy == 1.0
    assert not part.periods
    assert "left out: 1 ('1'); a column source (or file)" in str(found)
    assert "several stars of that name" in str(found)
    record = json.loads((run_dir / "evaluation" / "evaluation.json").read_text())
    assert record["parts"][0]["n_ambiguous"] == 1
    with pytest.raises(ValueError, match=r"none of the labelled stars .*left out: 1 \('1'\)"):
        evaluate(run_dir, make_labels(tmp_path, [("1", "EW", 0.5)]))

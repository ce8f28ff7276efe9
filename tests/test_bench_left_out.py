from collections import Counter

import numpy as np

from swope.models.classifier import Classification
from swope.models.inputs import inputs_of
from tests.bench.ship_folds import left_out_table
from tests.bench.survey_left_out import SURVEYS, Forest, capped, flagged, judged
from tests.bench.training_set import SETS, Prepared
from tests.models.stars import made_star


def stars_with(labels: list[str]) -> Prepared:
    one = inputs_of([made_star("RRAB", 3, 60)])
    n, names = len(labels), np.array([f"star {i}" for i in range(len(labels))])
    return Prepared(one.rows(np.zeros(n, dtype=np.int64)), names, np.array(labels), np.ones(n), np.full(n, np.nan))


def test_each_set_is_of_one_survey() -> None:
    sets = [name for its in SURVEYS.values() for name in its]
    assert len(sets) == len(set(sets))
    assert set(SETS) - set(sets) == {"simulated", "ztf_snia"}


def test_common_labels_of_a_set_are_capped() -> None:
    stars = stars_with(["EA"] * 900 + ["EW"] * 50)
    kept = capped(stars, np.array(["one"] * 450 + ["other"] * 500), 150)
    counts = Counter(stars.labels[kept].tolist())
    assert 240 < counts["EA"] < 360
    assert counts["EW"] == 50
    assert capped(stars, np.array(["one"] * 950), 0).all()


def test_stars_are_judged_by_what_was_taught() -> None:
    stars = stars_with(["E"] * 12 + ["EW"] * 9 + ["SN"] * 20 + ["EA|EB"] * 10)
    assert set(stars.labels[judged(stars, ("EA", "M"))]) == {"E", "EA|EB"}


def test_the_forest_learns_from_stars_of_one_type() -> None:
    forest = Forest(stars_with(["EA", "EW", "E", "EA|EW", "EA"]), 1)
    result = forest.classify_inputs(stars_with(["E"]).inputs)
    assert result.types == ("EA", "EW")
    assert result.probabilities.shape == (1, 2)


def test_a_card_without_figures_has_an_empty_table(tmp_path) -> None:
    assert left_out_table(tmp_path / "none.jsonl") == ""


def test_a_strange_run_is_flagged_star_by_star_but_not_as_a_run() -> None:
    n, none = 200, (None,) * 200
    flags = ("uncertain",) * 4 + (None,) * (n - 4)
    unlikeness = np.linspace(1.1, 2.0, n)
    result = Classification(("EA",), np.ones((n, 1)), flags, none, none, np.ones(n), np.zeros(n), unlikeness)
    assert flagged(result, np.arange(n)) == {"flagged": 1.0, "flagged_in_run": 0.12}
    # what is usual in the run is asked of all its stars, also where few of them are judged
    assert flagged(result, np.arange(100, 120)) == {"flagged": 1.0, "flagged_in_run": 0.0}

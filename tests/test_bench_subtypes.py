import numpy as np
import pytest

from tests.bench.classify import judge
from tests.bench.subtypes import quality, sky_weights
from tests.bench.training_set import taught_as


def test_stars_are_weighed_as_in_the_sky() -> None:
    labels = np.array(["EB|EW"] * 10 + ["EA"] * 30 + ["RRD"] * 10)
    weight = sky_weights(labels, "catalina_south")
    assert weight[labels == "EB|EW"].sum() / weight.sum() == pytest.approx(0.73)
    assert weight[labels == "EA"].sum() / weight[labels == "RRD"].sum() == pytest.approx(3.0)
    assert (sky_weights(labels, "eros2_ogle") == 1.0).all()


def test_quality_without_weights_is_that_of_classify_and_with_them_that_of_repeated_stars() -> None:
    rng = np.random.default_rng(1)
    truth, said = rng.choice(["EA", "EW", "RRC"], 400), rng.choice(["EA", "EW", "RRC"], 400)
    sure, weight = rng.uniform(0.2, 1.0, 400), rng.integers(1, 4, 400)
    plain, whole = quality(said, sure, truth, np.ones(400)), judge(said, sure, truth)
    assert plain["accuracy"] == pytest.approx(whole["accuracy"])
    assert plain["recall"] == pytest.approx(whole["balanced"])
    assert plain["ece"] == pytest.approx(whole["ece"])
    again = quality(*(np.repeat(column, weight) for column in (said, sure, truth)), np.ones(weight.sum()))
    weighted = quality(said, sure, truth, weight.astype(float))
    for key in ("accuracy", "precision", "ece"):
        assert weighted[key] == pytest.approx(again[key])


@pytest.mark.parametrize(
    ("told", "taught"),
    [
        (("eros", "2", "DCEP", 3.0), ("DCEP|DCEPS", 3.0)),
        (("eros2_ogle", "F", "DCEP", 3.0), ("DCEP", 3.0)),
        (("eros2_ogle", "RRe", "RRC", 0.333), ("RRC", np.nan)),
        (("eros2_ogle", "ED", "EA", 1.2), ("EA", np.nan)),
        (("catalina_south", "EA", "EA", 1.2), ("EA", 1.2)),
        (("catalina_south", "CW", "CW", 1.2), ("CWB", 1.2)),
        (("catalina_south", "CW", "CW", 12.0), ("CWA", 12.0)),
        (("catalina_south", "CW", "CW", 100.0), ("CW", 100.0)),
        (("debosscher", "Population II Cepheid", "CW", np.nan), ("CW", np.nan)),
        (("crts", "SN?", None, np.nan), (None, np.nan)),
    ],
)
def test_a_label_teaches_no_more_than_it_says(told, taught) -> None:
    label, period = taught_as(*told)
    assert label == taught[0]
    np.testing.assert_equal(period, taught[1])

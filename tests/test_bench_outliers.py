from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from swope.models.inputs import inputs_of
from tests.bench.outliers import area, first_fifty, kept_scores, misfit, table
from tests.bench.training_set import Prepared
from tests.models.stars import made_star


def made_stars(kinds: tuple[str, ...], seeds: range) -> Prepared:
    stars = [made_star(kind, seed, 60) for seed in seeds for kind in kinds]
    nothing = np.full(len(stars), np.nan)
    names = np.array([star.curve.object_id for star in stars])
    labels = np.array([name.split("-")[0] for name in names])
    return Prepared(inputs_of(stars), names, labels, nothing, nothing)


def test_the_area_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    strange = rng.random(300) < 0.2
    score = np.round(rng.normal(size=300) + strange, 1)
    assert area(strange, score) == pytest.approx(roc_auc_score(strange, score))
    assert area(strange, np.zeros(300)) == 0.5
    # a star without a score is the least strange
    missing = np.where(strange, np.nan, 1.0)
    assert area(strange, missing) == 0.0


def test_precision_looks_at_the_fifty_highest() -> None:
    strange = np.arange(200) < 30
    assert first_fifty(strange, -np.arange(200.0)) == 0.6
    assert first_fifty(strange, np.where(strange, np.nan, 0.0)) == 0.0


def test_misfit_is_the_mean_square() -> None:
    folds = np.array([[0.0, 2.0], [1.0, 1.0]], dtype=np.float32)
    np.testing.assert_allclose(misfit(folds, np.zeros((2, 2), dtype=np.float32)), [2.0, 1.0])


def test_simple_scores_are_read_back(tmp_path: Path) -> None:
    learn = made_stars(("RRAB", "CST"), range(20))
    asked = made_stars(("RRAB", "EA"), range(50, 60))
    first, seconds = kept_scores(tmp_path, learn, asked.inputs, 0)
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    second, again = kept_scores(tmp_path, learn, asked.inputs, 0)
    assert file.stat().st_mtime_ns == written
    assert again == seconds
    assert list(first) == ["forest doubt", "isolation forest", "principal components", "dense autoencoder"]
    for kind, score in first.items():
        np.testing.assert_array_equal(second[kind], score)
        assert np.isfinite(score).all()
    kept_scores(tmp_path, learn, asked.inputs, 1)
    assert len(list(tmp_path.iterdir())) == 2
    # eclipses are nothing that folds of RR Lyrae stars reconstruct
    assert area(asked.labels == "EA", first["principal components"]) > 0.8


def test_the_table_names_the_least_class() -> None:
    one = {"stars": 9, "area": {"EA": {"x": 0.9}, "M": {"x": 0.5}}, "first 50": {"EA": {"x": 1.0}, "M": {"x": 0.2}}}
    one |= {"seconds": {"x": 3.0}, "flagged": {"EA": (0.4, 0.1), "M": (0.2, 0.05)}}
    *_, line, of_these, of_others = (row.split() for row in table("some", [one]).splitlines())
    assert line == ["x", "0.900", "0.500", "|", "0.700", "0.500", "0.600", "|", "3"]
    assert of_these[-4:] == ["0.400", "0.200", "|", "0.300"]
    assert of_others[-4:] == ["0.100", "0.050", "|", "0.075"]

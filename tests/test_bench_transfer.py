from pathlib import Path

import numpy as np

from tests.bench.transfer import labelled_few, repeated, simulated


def test_simulated_stars_are_kept_with_their_own_periods(tmp_path: Path) -> None:
    stars = simulated(tmp_path, ("EA", "RRC"), 2, 1)
    assert stars.labels.tolist() == ["EA", "EA", "RRC", "RRC"]
    assert len(set(stars.names)) == 4
    assert np.isfinite(stars.reference).all()
    assert np.isfinite(stars.period).any()
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    again = simulated(tmp_path, ("EA", "RRC"), 2, 1)
    assert file.stat().st_mtime_ns == written
    np.testing.assert_array_equal(again.inputs.folds, stars.inputs.folds)
    assert len(repeated(stars, 3)) == 12


def test_so_many_labels_of_each_class_are_seen() -> None:
    labels = np.array(["EA"] * 30 + ["RRC"] * 5)
    names = np.array([f"star {i}" for i in range(35)])
    chosen = labelled_few(names, labels, 10, 0)
    assert chosen[:30].sum() == 10
    assert chosen[30:].all()
    np.testing.assert_array_equal(labelled_few(names, labels, 10, 0), chosen)
    assert not np.array_equal(labelled_few(names, labels, 10, 1), chosen)

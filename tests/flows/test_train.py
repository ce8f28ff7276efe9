"""What a label file teaches; what cannot be trained is said before any work is done."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from flows.train import _known, train


def test_only_the_forecaster_has_a_cell(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no autoencoder has one"):
        train.fn("autoencoder", ["nowhere"], str(tmp_path), cell="gru")


def test_labels_teach_classes_and_where_there_are_any_periods(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("object_id,class,period\na,EW,0.31\nb,RRAB,\nc,?,0.5\n")
    known = _known(labels)
    assert sorted(known) == ["a", "b"]
    assert known["a"] == ("EW", 0.31)
    assert known["b"][0] == "RRAB"
    assert math.isnan(known["b"][1])

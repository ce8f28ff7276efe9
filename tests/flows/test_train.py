"""What a label file teaches; what cannot be trained is said before any work is done."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from flows.train import _fit, _known, train
from models.autoencoder import Autoencoder
from tests.models.stars import made_star


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


def test_the_autoencoder_is_told_the_classes_where_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr(Autoencoder, "fit", lambda *given: told.append(given[-1]))
    stars = [made_star("RRAB", 1), made_star("EA", 2)]
    known = {"EA-2": ("EA", 2.0), "RRAB-1": ("RRAB", math.nan)}
    for labels in (known, None):
        _fit("autoencoder", stars, labels, None, None, 0)
    assert told == [["RRAB", "EA"], None]

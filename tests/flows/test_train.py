from __future__ import annotations

import math
from pathlib import Path

from flows.train import _known


def test_labels_teach_classes_and_where_there_are_any_periods(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("object_id,class,period\na,EW,0.31\nb,RRAB,\nc,?,0.5\n")
    known = _known(labels)
    assert sorted(known) == ["a", "b"]
    assert known["a"] == ("EW", 0.31)
    assert known["b"][0] == "RRAB"
    assert math.isnan(known["b"][1])

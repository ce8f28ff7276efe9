"""The picture of a completeness."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from swope.pipeline.inject.completeness import completeness_table, false_alarm_table
from swope.pipeline.inject.picture import completeness_picture


@pytest.mark.parametrize("longest", [8.0, 80.0, 8e4])
def test_numbers_along_an_axis_do_not_run_into_one_another(longest: float) -> None:
    rng = np.random.default_rng(0)
    trials = [
        {
            "shape": "dip",
            "outcome": "recovered" if rng.random() < 0.5 else "missed",
            "snr": float(rng.uniform(2.0, 100.0)),
            "depth": float(np.exp(rng.uniform(np.log(0.03), np.log(1.0)))),
            "duration": float(np.exp(rng.uniform(np.log(4.0), np.log(longest)))),
        }
        for _ in range(200)
    ]
    figure = completeness_picture(completeness_table(trials), false_alarm_table([]))
    figure.canvas.draw()
    for axes in figure.axes:
        low, high = axes.get_xlim()
        labels = [
            label.get_window_extent()
            for minor in (False, True)
            for place, label in zip(axes.get_xticks(minor=minor), axes.get_xticklabels(minor=minor), strict=True)
            if low <= place <= high and label.get_text()
        ]
        assert labels
        ordered = sorted(labels, key=lambda box: box.x0)
        assert all(left.x1 <= right.x0 for left, right in pairwise(ordered))

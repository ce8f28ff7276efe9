"""What the bench of the ranking, and that of false discoveries, read and count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.bench.discoveries import judged
from tests.bench.ranking import in_runs


def test_a_star_has_the_p_value_of_its_likeliest_event_that_other_visits_confirm(tmp_path: Path) -> None:
    names = ["a", "b", "c"]
    objects = {"object_id": names, "forecaster_pvalue": [0.1, 0.2, None], "statespace_pvalue": [0.3, 0.4, 0.5]}
    events = {
        "object_id": ["a", "a", "b", "c", "d"],
        "pvalue": [1e-3, 1e-4, 1e-9, 1e-9, 1e-9],
        "flag": [None, "gap_edge", "single_point", "many_stars", None],
    }
    pq.write_table(pa.table(objects), tmp_path / "objects.parquet")
    pq.write_table(pa.table(events), tmp_path / "events.parquet")
    doing, event = in_runs([tmp_path], ["c", "a", "b", "not there"])
    np.testing.assert_array_equal(doing, [[np.nan, 0.5], [0.1, 0.3], [0.2, 0.4], [np.nan, np.nan]])
    np.testing.assert_array_equal(event, [np.nan, 1e-4, np.nan, np.nan])


def test_what_is_stated_of_a_list_is_held_against_what_is_in_it() -> None:
    rng = np.random.default_rng(1)
    pvalue = np.concatenate([10.0 ** -rng.uniform(4.0, 8.0, 60), rng.uniform(size=540)])
    found = judged(pvalue, [None] * 600, np.arange(600) < 60)
    assert [one["true"] for one in found["first"]] == [0.0, 0.0, 0.0, 0.4]
    (tenth,) = [one for one in found["down to"] if one["rate"] == 0.1]
    assert tenth["stars"] >= 60
    assert tenth["true"] < 0.2

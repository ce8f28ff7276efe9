from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.ingest.decide_id import varies_within
from swope.pipeline.ingest.table import Table, column_of

ROWS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([1.0, 2.0, -3.5, math.nan])), min_size=1)


@given(ROWS)
def test_numbers_vary_within_stars_where_one_has_two_of_them_in_whatever_order(rows: list[tuple[str, float]]) -> None:
    names, values = zip(*rows, strict=True)
    table = Table((column_of("id", np.array(names)), column_of("value", np.array(values))))
    of_star = {name: [value for one, value in rows if one == name and not math.isnan(value)] for name in "abcd"}
    pairs = sum(max(len(some) - 1, 0) for some in of_star.values())
    # too few to tell
    assert varies_within(table, 0, 1) == (pairs < 5 or any(len(set(some)) > 1 for some in of_star.values()))
    assert varies_within(table, None, 1)

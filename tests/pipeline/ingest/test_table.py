"""The cells of a column as numbers and as words, whether they repeat or not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.ingest.decide_id import distinct
from swope.pipeline.ingest.table import column_of

CELLS = st.lists(
    st.one_of(
        st.none(),
        st.sampled_from(
            [
                "",
                " ",
                "17.25",
                " 17.25",
                ">18.3",
                "<=4",
                "1D3",
                "nan",
                "star 7",
                "0x10",
                "19.1:",
                "\xe4",
                "INF",
                "-inf",
                "Infinity",
            ]
        ),
        st.text(max_size=5).filter(lambda text: "\0" not in text),
    ),
    min_size=1,
    max_size=12,
)


@given(cells=CELLS, often=st.integers(2, 200))
def test_a_cell_that_repeats_is_the_number_and_the_word_that_it_is_alone(cells: list[str | None], often: int) -> None:
    alone = [column_of("x", pa.array([cell], pa.string())) for cell in cells]
    column = column_of("x", pa.array([cell for cell in cells for _ in range(often)], pa.string()))
    assert column.numbers == pytest.approx(np.repeat([one.numbers[0] for one in alone], often), nan_ok=True)
    labels, which = distinct(column)
    assert labels[which].tolist() == np.repeat([one.words[0] for one in alone], often).tolist()
    assert len(labels) == len(set(labels.tolist()))

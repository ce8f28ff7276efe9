"""Answers of the period search as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from swope.pipeline.period.result import PeriodResult

PERIOD_SCHEMA = pa.schema(
    [
        ("period", pa.float64()),
        ("period_err", pa.float64()),
        ("fap", pa.float64()),
        ("flag", pa.string()),
        ("others", pa.list_(pa.float64())),
        ("t0", pa.float64()),
        ("terms", pa.int32()),
        ("noise_fap", pa.float64()),
        ("reason", pa.string()),
        ("fault", pa.bool_()),
    ]
)


def periods_table(results: Sequence[PeriodResult]) -> pa.Table:
    """A row an answer."""
    return pa.Table.from_pylist([period_row(result) for result in results], PERIOD_SCHEMA)


def period_row(result: PeriodResult) -> dict[str, Any]:
    """An answer as plain values, by column."""
    return {**asdict(result), "others": list(result.others)}


def period_of(row: Mapping[str, Any]) -> PeriodResult:
    """The inverse of `period_row`."""
    return PeriodResult(**{**row, "others": tuple(row["others"])})

from __future__ import annotations

import astropy.units as u
import numpy as np
import pyarrow as pa
import pytest
from astropy.io.votable.ucd import check_ucd

from swope.pipeline.catalog.schema import (
    event_columns,
    events_table,
    object_columns,
    objects_schema,
    objects_table,
    probability_types,
)
from swope.pipeline.column import detectors_of
from swope.pipeline.version import VERSION
from tests.pipeline.catalog.rows import DETECTORS, TYPES, columns, event_rows, object_rows

CONTRACT = [
    "object_id",
    "source",
    "ra",
    "dec",
    "bands",
    "status",
    "reason",
    "n_obs",
    "time_start",
    "time_end",
    "clock",
    "mean_mag",
    "mean_flux",
    "amplitude",
    "period",
    "period_err",
    "period_fap",
    "period_flag",
    "period_2",
    "period_3",
    "period_4",
    "period_5",
    "t0",
    "class",
    "class_prob",
    "class_sure",
    "class_flag",
    "forecaster_score",
    "forecaster_pvalue",
    "statespace_score",
    "statespace_pvalue",
    "trend",
    "autoencoder_score",
    "autoencoder_pvalue",
    "autoencoder_flag",
    "anomaly_pvalue",
    "anomaly_rank",
    "anomaly_reason",
    "n_events",
]


def test_names_of_the_contract_are_there():
    names = [column.name for column in object_columns(DETECTORS, TYPES)]
    assert [name for name in names if name in CONTRACT] == CONTRACT
    assert [f"prob_{name}" for name in TYPES] == [name for name in names if name.startswith("prob_")]
    assert len(set(names)) == len(names)
    events = [
        "object_id",
        "source",
        "detector",
        "detectors",
        "band",
        "t_start",
        "t_peak",
        "t_end",
        "direction",
        "peak_sigma",
        "snr",
        "depth",
        "shape",
        "pvalue",
    ]
    assert [column.name for column in event_columns() if column.name in events] == events


@pytest.mark.parametrize(
    "column", [*object_columns(DETECTORS, TYPES), *event_columns()], ids=lambda column: column.name
)
def test_every_column_is_described(column):
    assert check_ucd(column.ucd, check_controlled_vocabulary=True)
    assert column.description
    u.Unit(column.unit)
    assert pa.types.is_string(column.type) <= (column.unit == "")


def test_probability_columns_keep_one_order():
    assert objects_schema(DETECTORS, ["RRAB", "EA"]) == objects_schema(DETECTORS, ["EA", "RRAB"])
    assert probability_types(objects_schema((), ["RRAB", "EA"]).names) == ("EA", "RRAB")


def test_a_table_says_which_detectors_filled_it():
    assert detectors_of(objects_table({}, DETECTORS).schema) == DETECTORS
    assert detectors_of(objects_table({}).schema) == ()
    names = objects_schema(DETECTORS[1:2]).names
    assert [name for name in names if "statespace" in name] == ["statespace_score", "statespace_pvalue"]
    assert "forecaster_score" not in names


def test_absent_columns_are_null_and_nan_is_null():
    table = objects_table({"object_id": ["a", "b"], "status": ["ok", "ok"], "ra": np.array([1.0, np.nan])})
    assert table["ra"].to_pylist() == [1.0, None]
    assert table["period"].null_count == 2
    assert table.schema.metadata[b"swope.version"] == VERSION.encode()
    assert table.schema.field("ra").metadata[b"unit"] == b"deg"
    assert b"unit" not in table.schema.field("object_id").metadata


def test_no_rows():
    assert objects_table({}).num_rows == 0
    assert events_table({}).num_rows == 0


def test_rows_survive():
    rows = object_rows(40)
    table = objects_table(columns(rows), DETECTORS, TYPES)
    assert table["object_id"].to_pylist() == [row["object_id"] for row in rows]
    assert len(events_table(columns(event_rows(rows)))) == len(event_rows(rows))


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"colour": ["red"]}, "not columns of this table: colour"),
        ({"ra": [1.0, 2.0]}, "differ in length"),
        ({"n_obs": ["many"]}, "'n_obs', row 0: 'many' is not int32"),
        ({"n_obs": [2**40]}, "'n_obs', row 0"),
        ({"class": [3]}, "'class', row 0: 3 is not string"),
        ({"status": ["fine"]}, "status 'fine' is none of ok, partial, rejected, failed"),
        ({"status": ["failed"]}, "star 'a' is failed without a reason"),
        ({"object_id": [None]}, "without object_id"),
    ],
)
def test_bad_columns_say_what_is_wrong(bad, said):
    with pytest.raises(ValueError, match=said):
        objects_table({"object_id": ["a"], "status": ["ok"]} | bad)

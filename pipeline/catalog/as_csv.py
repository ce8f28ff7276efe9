"""A table as CSV, with its columns described in a second file; no cell is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from swope.pipeline.catalog.schema import provenance
from swope.pipeline.catalog.store import replacing
from swope.pipeline.column import Column

#: Text that a spreadsheet may take for a formula, after apostrophes or none: an apostrophe put before all of these, and
#: before no other text, can be taken away again. The last four are the wide forms of the first.
FORMULA = "^'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"


def defused(texts: pa.Array) -> pa.Array:
    """Texts with an apostrophe before those that a spreadsheet would run as a formula.

    They are those that begin with ``=``, ``+``, ``-``, ``@``, a tab, a carriage return or a new line (OWASP, "CSV
    Injection"). A text that already has apostrophes before one of them gets another, so that taking one away from
    every text that matches `FORMULA` gives the texts back.

    Examples
    --------
    >>> defused(pa.array(["=1+1", "-5.2", "'=a", "'quoted'", "a=1", None])).to_pylist()
    ["'=1+1", "'-5.2", "''=a", "'quoted'", 'a=1', None]
    """
    return pc.if_else(pc.match_substring_regex(texts, FORMULA), pc.binary_join_element_wise("'", texts, ""), texts)


def undefused(cell: str) -> str:
    """The text that `defused` made a cell of; one that somebody else wrote without an apostrophe stays.

    Examples
    --------
    >>> [undefused(cell) for cell in ("'=1+1", "''=a", "'quoted'", "-5.2")]
    ['=1+1', "'=a", "'quoted'", '-5.2']
    """
    return cell[1:] if cell.startswith("'") and re.match(FORMULA, cell) else cell


def write_csv(source: Path, target: Path) -> list[Path]:
    """Copy a Parquet table as CSV, a piece at a time; its columns and what made it stand in ``NAME.columns.csv``.

    Texts are quoted: a null is an empty cell, an empty text is ``""``.

    Returns
    -------
    The two files.
    """
    from pyarrow.csv import CSVWriter

    with replacing(target) as temporary, pq.ParquetFile(source) as parquet:
        schema = parquet.schema_arrow
        with CSVWriter(temporary, schema) as writer:
            for batch in parquet.iter_batches():
                columns = [defused(one) if pa.types.is_string(one.type) else one for one in batch.columns]
                writer.write_batch(pa.record_batch(columns, schema=schema))
    described = target.with_suffix(".columns.csv")
    with replacing(described) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["column", "type", "unit", "ucd", "description"])
        for column in map(Column.of, schema):
            said = pa.array([column.name, str(column.type), column.unit, column.ucd, column.description])
            rows.writerow(defused(said).to_pylist())
        for name, said in provenance(schema).items():
            rows.writerow([f"#{name}", "", "", "", *defused(pa.array([said])).to_pylist()])
    return [target, described]

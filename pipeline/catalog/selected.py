"""Some rows of a table on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray


def stars_of(table: pa.Table) -> list[tuple[str, str]]:
    """Name and source of each row of a table, which together say which star it is of."""
    return list(zip(table["object_id"].to_pylist(), table["source"].to_pylist(), strict=True))


@dataclass(frozen=True, eq=False)
class Selected:
    """Rows of a Parquet file.

    Attributes
    ----------
    path : the file.
    rows : (n,) which, in order; None for all.
    """

    path: Path
    rows: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, part: Path | Selected) -> Selected:
        """All rows of a file, or what is selected already."""
        return part if isinstance(part, Selected) else cls(part)

    def those(self, which: Sequence[int]) -> Selected:
        """Some of the rows, by their place among them."""
        places = np.asarray(which, dtype=np.int64)
        return Selected(self.path, places if self.rows is None else self.rows[places])

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows, of these columns or of all.

        Raises
        ------
        FileNotFoundError
            When there is no file.
        """
        # a part is small: threads, and what reads data sets of many files, cost more than they save
        with pq.ParquetFile(self.path, page_checksum_verification=True) as file:
            wanted = None if columns is None else list(columns)
            if self.rows is None:
                return file.read(wanted, use_threads=False)
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
            ends = np.cumsum(sizes, dtype=np.int64)
            group = np.searchsorted(ends, self.rows, side="right")
            groups = np.unique(group)
            table = file.read_row_groups(groups.tolist(), wanted, use_threads=False)
        # where each of these groups begins among all rows, less where it begins among those that were read
        sizes_read = np.array(sizes, dtype=np.int64)[groups]
        left_out = (ends[groups] - sizes_read) - (np.cumsum(sizes_read) - sizes_read)
        return table.take(pa.array(self.rows - left_out[np.searchsorted(groups, group)]))

    @property
    def schema(self) -> pa.Schema:
        """Of the file."""
        return pq.read_schema(self.path)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.rows) if self.rows is not None else int(pq.read_metadata(self.path).num_rows)

    def held(self) -> Held:
        """The rows, read once for all that is asked of them."""
        return Held(self.path, self.read())

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, eq=False)
class Held:
    """Rows of a Parquet file, in memory; asked as `Selected` is."""

    path: Path
    table: pa.Table

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows, of these columns or of all."""
        return self.table if columns is None else self.table.select(list(columns))

    @property
    def schema(self) -> pa.Schema:
        """Of the table."""
        return self.table.schema

    def __str__(self) -> str:
        return str(self.path)

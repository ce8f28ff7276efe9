"""Some rows of a table on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray


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
            table = file.read(None if columns is None else list(columns), use_threads=False)
        return table if self.rows is None else table.take(pa.array(self.rows))

    @property
    def schema(self) -> pa.Schema:
        """Of the file."""
        return pq.read_schema(self.path)

    def __str__(self) -> str:
        return str(self.path)

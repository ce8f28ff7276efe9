"""Which stars make a chunk: decided by hashes, so that one more star changes one chunk and leaves the others alone.

Chunks that were filled one after another would all shift by one when a star comes first, and all be computed again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray


def hashed_groups(names: Sequence[str], sizes: Sequence[int], most: int, most_bytes: int) -> list[list[int]]:
    """Divide stars into groups by the hashes of their names.

    A group is all the stars whose hashes begin with the same bits: as few bits as keep it small enough (the buckets of
    extendible hashing, Fagin et al. 1979). So it depends on nothing but the stars in it, and one more star changes the
    group that it falls into, which may then become two.

    Parameters
    ----------
    names : of the n stars.
    sizes : bytes of each.
    most, most_bytes : stars and bytes of a group; one star alone may have more bytes.

    Returns
    -------
    Places of the stars of each group, in order; 69 % full on the average.
    """
    hashes = [int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()) for name in names]
    groups: list[list[int]] = []
    left = [(list(range(len(names))), 255)]
    while left:
        here, bit = left.pop()
        if not here:
            continue
        if len(here) == 1 or bit < 0 or (len(here) <= most and sum(sizes[i] for i in here) <= most_bytes):
            groups.append(here)
            continue
        halves: tuple[list[int], list[int]] = ([], [])
        for i in here:
            halves[hashes[i] >> bit & 1].append(i)
        left += [(halves[1], bit - 1), (halves[0], bit - 1)]
    return groups


@dataclass(frozen=True, eq=False)
class TableRows:
    """What tells the rows of a table apart.

    Attributes
    ----------
    digests : of the content of each of the n rows, 16 bytes; rows with the same content differ by their order.
    nameless : (n,) whether a text or a whole number is missing in a row: it may have to be called by its place.
    shape : the columns, and what the table says of all rows.
    """

    digests: list[bytes]
    nameless: NDArray[np.bool_]
    shape: str

    def ranges(self, most: int) -> list[tuple[int, int]]:
        """Divide the rows into ranges, by their hashes.

        A range that is too long is cut before its row with the smallest hash (a treap, Seidel & Aragon 1996). So a cut
        depends on the rows near it alone: one more row changes the range that it falls into, and seldom a neighbour.

        Parameters
        ----------
        most : rows of a range.

        Returns
        -------
        First row, and row after the last, of each range, in order; half full on the average.
        """
        hashes = np.frombuffer(b"".join(one[:8] for one in self.digests), dtype=">u8").astype(np.uint64)
        ranges: list[tuple[int, int]] = []
        left = [(0, len(hashes))] if len(hashes) else []
        while left:
            start, stop = left.pop()
            if stop - start <= most:
                ranges.append((start, stop))
                continue
            cut = start + 1 + int(np.argmin(hashes[start + 1 : stop]))
            left += [(cut, stop), (start, cut)]
        return ranges

    def digest(self, start: int, stop: int) -> str:
        """Hash of the content of a range, hexadecimal; of its place too, where a row may be called by it."""
        digest = hashlib.sha256(self.shape.encode())
        digest.update(b"".join(self.digests[start:stop]))
        if self.nameless[start:stop].any():
            digest.update(f"{start}:{stop}".encode())
        return digest.hexdigest()

    def keys(self, start: int, stop: int, read_by: str) -> bytes:
        """16 bytes for each row of a range: a hash of the row and of how it is read; zeros for a nameless one."""
        said = f"{self.shape} {read_by}".encode("utf-8", "surrogateescape")
        known = _hash(said)
        return b"".join(
            bytes(16) if nameless else _hash(known + digest)
            for digest, nameless in zip(self.digests[start:stop], self.nameless[start:stop], strict=True)
        )


def rows_of_table(path: str, batch: int) -> TableRows:
    """Go once over a Parquet table.

    Parameters
    ----------
    path : the table.
    batch : rows held at a time.

    Raises
    ------
    pyarrow.ArrowException, OSError
        When it cannot be read.
    """
    digests: list[bytes] = []
    nameless = [np.empty(0, dtype=bool)]
    seen: Counter[bytes] = Counter()
    with pq.ParquetFile(path, page_checksum_verification=True, memory_map=True) as table:
        schema = table.schema_arrow
        for group in range(table.num_row_groups):
            for some in table.iter_batches(batch, row_groups=[group], use_threads=False):
                columns = _flat(pa.Table.from_batches([some]))
                content = [_content(column) for column in columns]
                for row in range(len(some)):
                    digest = _hash(b"".join(_told(cell(row)) for cell in content))
                    digests.append(_hash(digest + b"%d" % seen[digest]))
                    seen[digest] += 1
                nameless.append(_nameless(columns, len(some)))
    metadata = sorted((schema.metadata or {}).items())
    return TableRows(digests, np.concatenate(nameless), f"{schema.remove_metadata()} {metadata}")


def _told(content: bytes) -> bytes:
    """Bytes that say where they end, so that what stands in one column never looks like what stands in two."""
    return b"%d:%b" % (len(content), content)


def _hash(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def _flat(table: pa.Table) -> list[pa.Array]:
    """The columns of a table of one batch, those inside a struct too."""
    while any(pa.types.is_struct(column.type) for column in table.schema):
        table = table.flatten()
    return [column.chunk(0) for column in table.columns]


def _content(column: pa.Array) -> Callable[[int], bytes]:
    """A column as a function from row to bytes that follow from its value alone, and not from where it lies."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        inner = _as_numbers(column.values)
        if inner is not None:
            offsets, valid = column.offsets.to_numpy(), column.is_valid().to_numpy(zero_copy_only=False)
            numbers = pc.fill_null(inner, 0).to_numpy(zero_copy_only=False)
            there = inner.is_valid().to_numpy(zero_copy_only=False)

            def content(row: int) -> bytes:
                own = slice(offsets[row], offsets[row + 1])
                return numbers[own].tobytes() + there[own].tobytes() if valid[row] else b"null"

            return content
    cells: list[Any] = column.to_pylist()
    return lambda row: repr(cells[row]).encode("utf-8", "surrogateescape")


def _as_numbers(inner: pa.Array) -> pa.Array | None:
    """The elements of lists as numbers of one width: themselves, or hashes of words; None for other elements."""
    if pa.types.is_integer(inner.type) or pa.types.is_floating(inner.type):
        return inner
    words = inner.type.value_type if pa.types.is_dictionary(inner.type) else inner.type
    if not (pa.types.is_string(words) or pa.types.is_large_string(words)):
        return None
    coded = inner if pa.types.is_dictionary(inner.type) else inner.dictionary_encode()
    hashes = [
        int.from_bytes(_hash(str(word).encode("utf-8", "surrogateescape"))[:8]) for word in coded.dictionary.to_pylist()
    ]
    return pa.array(hashes, pa.uint64()).take(coded.indices)


def _nameless(columns: Sequence[pa.Array], n: int) -> NDArray[np.bool_]:
    found = np.zeros(n, dtype=bool)
    for column in columns:
        if pa.types.is_integer(column.type):
            found |= column.is_null().to_numpy(zero_copy_only=False)
        elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            words = pc.utf8_trim_whitespace(pc.fill_null(column, ""))
            found |= pc.equal(words, "").to_numpy(zero_copy_only=False)
    return found

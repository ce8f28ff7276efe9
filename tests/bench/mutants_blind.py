"""Blind mutants: real files, damaged and disguised in the ways in which bytes, tables, names and folders go wrong."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

#: No seed is larger: what goes wrong goes wrong in the first megabyte, and ten thousand mutants are to be read.
SEED_BYTES = 600_000

#: Cells that break parsers.
CELLS = (
    *(b"1e999", b"-inf", b"nan", b"", b'"', b"'", b"=1+1", b"1,5", b"0x1p3", b"1_000", b"99.99", b"-999", b">17.3"),
    *("mag\u00e9 \u2212 5".encode(), b"\x00", b"1e-320", b"2459000.5e400", b"9" * 400, b"A" * 70_000, b"null", b"True"),
)

#: Names that files may have.
NAMES = (
    *(
        "a b.csv",
        "-rf.csv",
        "..csv",
        "a\nb.csv",
        "a;b.csv",
        "a'b\".csv",
        "\u00e9\u4e2d.csv",
        "x" * 240 + ".csv",
        "$HOME.csv",
    ),
    *("%s%n.csv", "a\\b.csv", "<img src=x>.csv", "CON.csv", "a.csv.gz.gz", ".csv", "a\u202e.csv", "a\udcff.csv"),
)

Mutator = Callable[[np.random.Generator, bytes], bytes]


def seeds(folders: Sequence[Path]) -> list[tuple[str, bytes]]:
    """Small files of every kind that some folders hold: names and bytes, the large ones cut to whole rows."""
    found: dict[tuple[str, str], list[Path]] = {}
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(("README", "."))):
            found.setdefault((str(path.parent), path.suffix), []).append(path)
    kept: list[tuple[str, bytes]] = []
    for paths in found.values():
        for path in paths[:3]:
            data = path.read_bytes() if path.stat().st_size <= SEED_BYTES else _cut(path)
            if data:
                kept.append((path.name, data))
    return kept


def _cut(path: Path) -> bytes:
    """The first rows of a large file; b"" where it cannot be cut."""
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        out = io.BytesIO()
        with pq.ParquetFile(path) as file:
            pq.write_table(pa.Table.from_batches([next(file.iter_batches(20))]), out)
        return out.getvalue()
    if path.suffix == ".gz":
        with gzip.open(path, "rb") as file:
            return gzip.compress(_lines(file.read(SEED_BYTES)))
    with path.open("rb") as plain:
        head = plain.read(SEED_BYTES)
    return head if path.suffix == ".fits" else _lines(head)


def _lines(head: bytes) -> bytes:
    return head[: head.rfind(b"\n") + 1]


def flip(rng: np.random.Generator, data: bytes) -> bytes:
    """Some bytes are others."""
    changed = np.frombuffer(data, dtype=np.uint8).copy()
    where = rng.integers(0, len(changed), rng.integers(1, 50))
    changed[where] = rng.integers(0, 256, len(where))
    return changed.tobytes()


def flip_head(rng: np.random.Generator, data: bytes) -> bytes:
    """Some bytes of the first kilobyte, or of the last, are others: headers and footers."""
    if rng.random() < 0.5:
        return flip(rng, data[:1000]) + data[1000:]
    return data[:-1000] + flip(rng, data[-1000:])


def truncate(rng: np.random.Generator, data: bytes) -> bytes:
    """The end is missing."""
    return data[: rng.integers(0, len(data))]


def behead(rng: np.random.Generator, data: bytes) -> bytes:
    """The beginning is missing."""
    return data[rng.integers(1, len(data)) :]


def cut_out(rng: np.random.Generator, data: bytes) -> bytes:
    """A piece is missing, or stands twice."""
    a, b = np.sort(rng.integers(0, len(data), 2))
    return data[:a] + data[b:] if rng.random() < 0.5 else data[:b] + data[a:]


def insert(rng: np.random.Generator, data: bytes) -> bytes:
    """Bytes of no meaning stand in the middle."""
    a = rng.integers(0, len(data))
    return data[:a] + rng.bytes(int(rng.integers(1, 5000))) + data[a:]


def lengthen(rng: np.random.Generator, data: bytes) -> bytes:
    """A FITS header without end, or a line that is a hundred thousand times as long."""
    if data.startswith(b"SIMPLE"):
        a = int(rng.integers(1, 36)) * 80
        return data[:a] + b"COMMENT ".ljust(80, b"x") * int(rng.integers(1, 40_000)) + data[a:]
    a = data.find(b"\n", int(rng.integers(0, len(data))))
    return data[:a] + data[max(a - 30, 0) : a] * 30_000 + data[a:]


def numbers_of_header(rng: np.random.Generator, data: bytes) -> bytes:
    """A number of a FITS header is another: rows, columns, axes, zeros, scales."""
    cards = list(re.finditer(rb"[A-Z0-9_-]{2,8} *= +(-?\d[\d.]*)", data[:60_000]))
    if not cards:
        return flip(rng, data)
    card = cards[int(rng.integers(len(cards)))]
    words = [b"0", b"-1", b"1", b"999999999", b"99999999999999999999", b"1E400", b"7", b"2147483648", b"T", b"' '"]
    word = words[int(rng.integers(len(words)))]
    return data[: card.start(1)] + word.ljust(len(card[1]))[: max(len(card[1]), len(word))] + data[card.end(1) :]


def cell(rng: np.random.Generator, data: bytes) -> bytes:
    """A cell of a text table holds what breaks parsers."""
    cells = list(re.finditer(rb"[^,;\t\n |]+", data[:100_000]))
    if not cells:
        return CELLS[int(rng.integers(len(CELLS)))]
    one = cells[int(rng.integers(len(cells)))]
    return data[: one.start()] + CELLS[int(rng.integers(len(CELLS)))] + data[one.end() :]


def column(rng: np.random.Generator, data: bytes) -> bytes:
    """A column of a text table is gone, doubled, moved, or holds one of those cells throughout."""
    lines = data.split(b"\n")
    delimiter = max((b",", b";", b"\t", b"|", b" "), key=lines[len(lines) // 2].count)
    rows = [line.split(delimiter) for line in lines]
    width = max(len(row) for row in rows)
    at, to = (int(i) for i in rng.integers(0, width, 2))
    how = int(rng.integers(4))
    filler = CELLS[int(rng.integers(len(CELLS)))][:300]
    for row in rows:
        if at >= len(row):
            continue
        taken = row[at]
        if how == 0:
            del row[at]
        elif how == 1:
            row.insert(to, taken)
        elif how == 2:
            row.insert(to, row.pop(at))
        else:
            row[at] = filler
    return b"\n".join(delimiter.join(row) for row in rows)


def rename(rng: np.random.Generator, data: bytes) -> bytes:
    """A word of the header is another word, or all are."""
    end = data.find(b"\n") if not data.startswith((b"SIMPLE", b"PAR1")) else 60_000
    words = list(re.finditer(rb"[A-Za-z_]{2,}", data[: max(end, 1)]))
    if not words:
        return flip_head(rng, data)
    one = words[int(rng.integers(len(words)))]
    other = bytes(rng.choice(np.frombuffer(b"abcxyz_TIMEmag", dtype=np.uint8), len(one[0])))
    return data.replace(one[0], other) if rng.random() < 0.3 else data[: one.start()] + other + data[one.end() :]


def rows(rng: np.random.Generator, data: bytes) -> bytes:
    """Rows are repeated, shuffled, or thinned."""
    lines = data.split(b"\n")
    how = int(rng.integers(3))
    if how == 0:
        a = int(rng.integers(len(lines)))
        return b"\n".join(lines[:a] + lines[a : a + 1] * int(rng.integers(2, 3000)) + lines[a:])
    if how == 1:
        return b"\n".join(lines[i] for i in rng.permutation(len(lines)))
    return b"\n".join(line for line in lines if rng.random() < 0.1)


def encode(rng: np.random.Generator, data: bytes) -> bytes:
    """Another encoding, another end of line, a byte-order mark."""
    text = data.decode("latin-1")
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: text.encode("utf-16"), lambda: text.encode("utf-32"), lambda: b"\xef\xbb\xbf" + data,
        lambda: data.replace(b"\n", b"\r"), lambda: data.replace(b"\n", b"\r\n"), lambda: data.replace(b".", b","),
        lambda: b"\n" * 1000 + data, lambda: data.replace(b",", b"\t").replace(b" ", b";"), lambda: data[::-1],
    )  # fmt: skip
    return ways[int(rng.integers(len(ways)))]()


def pack(rng: np.random.Generator, data: bytes) -> bytes:
    """Packed, packed twice, packed and cut, or in an archive among files of hostile names."""
    packers: tuple[Callable[[bytes], bytes], ...] = (gzip.compress, bz2.compress, lzma.compress, _zipped, _tarred)
    packed = packers[int(rng.integers(len(packers)))](data)
    if rng.random() < 0.3:
        packed = packers[int(rng.integers(len(packers)))](packed)
    return truncate(rng, packed) if rng.random() < 0.4 else packed


def _zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("../../escaped.csv", data)
        file.writestr("/tmp/escaped.csv", data)
    return out.getvalue()


def _tarred(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as file:
        for name in ("../escaped.csv", "/tmp/escaped.csv", "a.csv"):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("b.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    return out.getvalue()


def bomb(rng: np.random.Generator, data: bytes) -> bytes:
    """A small packed file that grows a thousandfold."""
    what = (b"\0", b"1,2,3\n", b"mjd mag\n", b"SIMPLE  =                    T".ljust(80), data[:500])
    plain = what[int(rng.integers(len(what)))]
    body = plain * (int(rng.integers(1, 9)) * 100_000_000 // len(plain))
    packer: Callable[[bytes], bytes] = (
        (lambda b: gzip.compress(b, 1)) if rng.random() < 0.8 else lambda b: bz2.compress(b[:20_000_000], 1)
    )
    return packer(body)


def columns_by_the_million(rng: np.random.Generator, _: bytes) -> bytes:
    """A header of a million columns, or a row of a million cells."""
    count = int(rng.choice([10_000, 1_000_000]))
    header = b",".join([b"mjd", b"mag", *(b"c%d" % i for i in range(count))])
    row = b",".join([b"1", b"12", *([b"3"] * count)])
    return (header + b"\n" + row + b"\n") if rng.random() < 0.5 else row + b"\n" + row


def ids(rng: np.random.Generator, data: bytes) -> bytes:
    """The stars of a table have hostile names, or one name, or none."""
    names = (b"../../x", b"", b"nan", b"a/b", b"<script>", b"\xff", b"x" * 5000, b"star", b" ")
    lines = data.split(b"\n")
    same = names[int(rng.integers(len(names)))]
    header = b"object_id," + lines[0]
    return b"\n".join([header, *((same if rng.random() < 0.9 else b"other") + b"," + line for line in lines[1:])])


MUTATORS: tuple[tuple[Mutator, float], ...] = (
    *((flip, 3), (flip_head, 3), (truncate, 3), (behead, 1), (cut_out, 2), (insert, 2), (lengthen, 1)),
    *((numbers_of_header, 3), (cell, 3), (column, 4), (rename, 3), (rows, 2), (encode, 2), (pack, 2), (ids, 2)),
    *((bomb, 0.05), (columns_by_the_million, 0.1)),
)


#: Those whose mutants are hundreds of megabytes large, packed or not.
HEAVY = (bomb, columns_by_the_million)


def make(rng: np.random.Generator, folder: Path, files: Sequence[tuple[str, bytes]], light: bool = False) -> str:
    """Write one mutant into an empty folder, a `light` one if so wished; returns what it is, in words."""
    name, data = files[int(rng.integers(len(files)))]
    if rng.random() < 0.03:
        return _strange_folder(rng, folder, name, data)
    weights = np.array([0 if light and mutate in HEAVY else weight for mutate, weight in MUTATORS])
    done: list[str] = []
    for _ in range(1 if rng.random() < 0.8 else 2):
        mutate = MUTATORS[int(rng.choice(len(MUTATORS), p=weights / weights.sum()))][0]
        if data:
            data = mutate(rng, data)
        done.append(mutate.__name__)
    if rng.random() < 0.1:
        hostile = NAMES[int(rng.integers(len(NAMES)))]
        name = hostile[: -len(Path(hostile).suffix) or None] + "".join(Path(name).suffixes[-2:])
        name = name if name.strip(".") else f"x{name}"
        done.append("hostile name")
    (folder / name[-250:]).write_bytes(data)
    return f"{'+'.join(done)} of {name}"


def _strange_folder(rng: np.random.Generator, folder: Path, name: str, data: bytes) -> str:
    """Links, pipes, folders called like files, the same file many times."""
    how = int(rng.integers(6))
    if how == 0:
        os.symlink(folder / "loop.csv", folder / "loop.csv")
    elif how == 1:
        os.symlink("/dev/zero", folder / "zero.csv")
    elif how == 2:
        os.mkfifo(folder / "pipe.csv")
    elif how == 3:
        (folder / "folder.csv").mkdir()
        os.symlink(folder, folder / "folder.csv" / "up")
    elif how == 4:
        os.symlink("/nowhere/at/all.csv", folder / "gone.csv")
    else:
        for i in range(5):
            (folder / f"{i}{name}"[-250:]).write_bytes(data)
    (folder / name).write_bytes(data)
    return f"{('link to itself', 'link to a device', 'pipe', 'folder loop', 'broken link', 'five times')[how]}, {name}"

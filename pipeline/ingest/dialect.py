"""Text tables: encoding, comments, header, delimiter, decimal commas and ragged rows, as surveys write them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from swope.pipeline.ingest.bytes import HEAD_BYTES, head_of, open_unpacked
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import MAX_COLUMNS, Column, Table
from swope.pipeline.ingest.time_names import VAGUE, plain_name, time_meaning

#: The header is looked for in so many lines.
HEADER_LINES = 30

#: Bytes of text that are parsed at once.
BLOCK_BYTES = 8 * 2**20

#: Up to so many lines Python is as quick as Arrow, which takes some milliseconds to begin.
FEW_LINES = 2000

#: No line may be longer.
LINE_BYTES = 16 * 2**20

_DELIMITERS = ("\t", ";", "|", ",")
_COMMENTS = ("#", "%", "!", "@", "\\")
_FORTRAN = re.compile(r"^[-+]?\d*\.?\d+[dD][-+]?\d+$")
_RULE = re.compile(r"^[\s\-=+|_*]+$")
_COMMA_NUMBER = re.compile(r"^[<>]?[-+]?\d*,\d+([eE][-+]?\d+)?$")
_DATE = re.compile(r"^\d{4}[-/]\d\d[-/]\d\d([T ]\d\d:\d\d.*|\.\d+)?$|^\d\d?:\d\d:\d\d(\.\d+)?$")
_LIST = re.compile(r"^[\[(]\s*[-+.\d\]n)]")
_KEY = re.compile(r"""^[\s"']*([A-Za-z_][\w .()-]{0,40}?)[\s"']*[:=]\s*["']?([^"',;{}\[\]]*)""")
_NUMBERED = re.compile(r"^\s*(?:col(?:umn)?\s*)?0*(\d+)\s*[-:.)=]?\s+([A-Za-z]\w*)\s*(?:[-:=]\s*)?(.*)$", re.I)


@dataclass(frozen=True)
class Layout:
    """How a text file is to be cut into cells.

    Attributes
    ----------
    encoding : as Python calls it.
    delimiter : what separates the cells; None for white space.
    decimal_comma : whether numbers are written ``17,613``.
    names : the columns' names, or None for a headerless table.
    units, descriptions : of the columns, "" where none is stated.
    width : cells of a row.
    skip : lines that are neither blank nor comments before the first row: titles, the header, its units.
    header : what the comments state, keys in lower case.
    """

    encoding: str
    delimiter: str | None
    decimal_comma: bool
    names: tuple[str, ...] | None
    units: tuple[str, ...]
    descriptions: tuple[str, ...]
    width: int
    skip: int
    header: dict[str, str]

    @property
    def shown_names(self) -> tuple[str, ...]:
        """A name a column, "" where there is none."""
        return self.names or ("",) * self.width


def encoding_of(head: bytes) -> str | None:
    """What a file's first bytes are encoded in: by its mark, else UTF-8, UTF-16 or Latin-1; None for no text."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
    ):
        if head.startswith(mark):
            return name
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        half = len(head) // 2
        if half > 8 and odd > 0.4 * half and even < 0.05 * half:
            return "utf-16-le"
        return "utf-16-be" if half > 8 and even > 0.4 * half and odd < 0.05 * half else None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    # letters with accents are a few among many; an image is not
    control = sum(head.count(byte) for byte in (*range(9), *range(14, 27), *range(28, 32)))
    high = sum(1 for byte in head if byte > 127)
    return "cp1252" if control == 0 and high <= 0.05 * len(head) + 2 else None


def text_of_head(head: bytes) -> str:
    """A file's first bytes as text; "" when they are none. A character or a line that is cut is left out."""
    encoding = encoding_of(head)
    if encoding is None:
        return ""
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def whole_text(path: str | Path) -> str:
    r"""A whole file as text, its lines ended by ``\n``.

    Raises
    ------
    UnusableError
        When it is no text.
    """
    return "".join(_blocks(path, encoding_of(head_of(path)), 2**28))


def is_comment(line: str) -> bool:
    """Whether a line is none of the table's: a comment, or a rule of dashes."""
    bare = line.lstrip(' "')
    if bare[:1].isdigit():
        return False
    return bare.startswith(_COMMENTS) or (len(bare) > 2 and _RULE.match(line) is not None)


def lines_of(head: bytes, count: int | None = None) -> list[str]:
    """The first lines of a text file that are neither blank nor comments; none when it is not text."""
    return list(_divided(head)[0][:count])


@lru_cache(maxsize=4)
def _divided(head: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The table's lines at a file's beginning, and the comments among them; a line that is cut is left out."""
    lines = text_of_head(head).split("\n")
    if len(head) >= HEAD_BYTES and len(lines) > 3:
        lines = lines[:-1]
    table: list[str] = []
    comments: list[str] = []
    for line in lines:
        if line and not line.isspace():
            (comments if is_comment(line) else table).append(line)
    return tuple(table), tuple(comments)


def first_lines(head: bytes, count: int = 2) -> list[str]:
    """The first lines that are neither blank nor comments."""
    return lines_of(head, count)


def delimiter_of(line: str) -> str | None:
    """What separates the cells of a line: the commonest of comma, semicolon, tab, bar; None for white space."""
    most = max((",", ";", "\t", "|"), key=line.count)
    return most if most in line else None


def cells_of(line: str, delimiter: str | None) -> list[str]:
    """The cells of one line, stripped; quotes keep what separates them."""
    if '"' not in line:
        return line.split() if delimiter is None else [cell.strip() for cell in line.split(delimiter)]
    if delimiter is None:
        line, delimiter = line.replace("\t", " ").strip(), " "
    try:
        row = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        row = line.split(delimiter)
    return [cell.strip() for cell in row]


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number, NaN included; a limit (``<14.5``) does."""
    try:
        float(cell.lstrip("<> "))
    except ValueError:
        return _FORTRAN.match(cell) is not None
    return True


def header_of(head: bytes) -> tuple[str, ...] | None:
    """The column names at the beginning of a text file, () when it has rows of numbers only, None for other bytes."""
    layout = layout_of(head)
    return None if layout is None else layout.names or ()


@lru_cache(maxsize=8)
def layout_of(head: bytes) -> Layout | None:
    """Find out how a text file is laid out, from its first bytes; None when they hold no table of numbers."""
    encoding = encoding_of(head)
    lines = lines_of(head)
    if encoding is None or not lines:
        return None
    if len(lines[0]) > HEAD_BYTES // 2 and lines[0].count(",") + lines[0].count("\t") > MAX_COLUMNS:
        raise UnusableError(f"more than {MAX_COLUMNS} columns: no table of a light curve")
    sample = lines[-1:] if len(lines) == 1 else lines[1:60] if len(lines) < 60 else lines[len(lines) // 2 :][:60]
    cut = _delimiter(sample, lines[0])
    if cut is None:
        return None
    delimiter, comma = cut
    rows = [cells_of(line, delimiter) for line in lines[: max(60, 1)]]
    counts = Counter(len(cells_of(line, delimiter)) for line in sample)
    width = counts.most_common(1)[0][0]
    if width > MAX_COLUMNS:
        raise UnusableError(f"{width} columns: no table of a light curve")
    comments = _divided(head)[1]
    stated = _stated(comments)
    named = _header(rows, width, comma, delimiter, lines)
    if named is None:
        return None
    names, units, skip, width = named
    descriptions: tuple[str, ...] = ("",) * width
    if names is None:
        names, descriptions = _names_in_comments(comments, width, delimiter)
    if names is None and not (len(lines) > skip and _no_prose(rows[skip:])):
        return None
    return Layout(
        encoding,
        delimiter,
        comma,
        names,
        units if len(units) == width else ("",) * width,
        descriptions,
        width,
        skip,
        stated,
    )


def _delimiter(sample: Sequence[str], first: str) -> tuple[str | None, bool] | None:
    """The delimiter whose cells are the most even and the most numerical, and whether numbers have decimal commas."""
    best: tuple[float, float, str | None, bool] | None = None
    for delimiter in (*_DELIMITERS, None):
        if delimiter is not None and not any(delimiter in line for line in sample):
            continue
        rows = [cells_of(line, delimiter) for line in sample]
        width, even = Counter(map(len, rows)).most_common(1)[0]
        if width < 2:
            continue
        cells = [cell for row in rows if len(row) == width for cell in row if cell]
        plain = sum(map(_numerical, cells))
        comma = 0 if delimiter == "," else sum(_COMMA_NUMBER.match(cell) is not None for cell in cells)
        share = (plain + comma) / max(len(cells), 1)
        if delimiter == "," and ";" in first and ";" in sample[0]:
            share -= 0.5
        score = (even / len(rows), share)
        if best is None or (round(0.5 * score[0] + score[1], 3) > round(0.5 * best[0] + best[1], 3)):
            best = (*score, delimiter, comma > plain / 4 and comma > 0)
    return None if best is None else (best[2], best[3])


def _numerical(cell: str) -> bool:
    return is_number(cell) or _DATE.match(cell) is not None or _LIST.match(cell) is not None


def _header(
    rows: Sequence[Sequence[str]], width: int, comma: bool, delimiter: str | None, lines: Sequence[str]
) -> tuple[tuple[str, ...] | None, tuple[str, ...], int, int] | None:
    """Names, units, lines before the first row, and the width; None when nothing of it looks like a table."""

    def numerical(row: Sequence[str]) -> int:
        return sum(_numerical(cell) or (comma and _COMMA_NUMBER.match(cell) is not None) for cell in row if cell)

    fitting = [i for i, row in enumerate(rows) if len(row) in (width, width + 1, width - 1) and len(row) > 1]
    titled = [i for i, row in enumerate(rows) if len(row) > 1 and not numerical(row) and _time_named(row)]
    if titled and titled[0] not in fitting and (not fitting or titled[0] < fitting[0]):
        # a header that no row fits
        return tuple(rows[titled[0]]), (), titled[0] + 1, len(rows[titled[0]])
    if not fitting:
        return None
    # a title above the header may have as many words as the header has names
    header = next((i for i in titled if i in fitting[:HEADER_LINES]), fitting[0])
    first = rows[header]
    if numerical(first):
        body = [row for row in rows[header:] if row]
        tabular = [row for row in body if len(row) == width and numerical(row) > 1]
        return (None, (), header, width) if 2 * len(tabular) > len(body) else None
    below = rows[header + 1 :]
    units: tuple[str, ...] = ()
    skip = header + 1
    if len(below) > 1 and len(below[0]) == width and not numerical(below[0]) and numerical(below[1]) > 1:
        units, below, skip = tuple(cell.strip("()[]") for cell in below[0]), below[1:], skip + 1
    # commas between the names, blanks between the cells (ZTF's forced photometry)
    names = [name.rstrip(",") if delimiter is None else name for name in first]
    if len(names) == width - 1 and delimiter is not None and all(not row[-1] for row in below if len(row) == width):
        names.append("")
    elif len(names) == width - 1:
        names.insert(0, "")
    elif len(names) == width + 1 and not names[-1]:
        names.pop()
    elif len(names) != width and delimiter is None:
        words = re.split(r"\s{2,}|\t", lines[header].strip())
        names = words if len(words) == width else names
    if len(names) != width and below:
        return (tuple(names), (), skip, len(names)) if _time_named(names) else None
    looks = 2 * sum(map(bool, map(numerical, below))) > len(below) if below else _time_named(names)
    even = len(first) == width and all(first) and delimiter is not None
    if not (looks and (_time_named(names) or even or _mostly(below))):
        return None
    return tuple(names), units, skip, width


def _no_prose(rows: Sequence[Sequence[str]]) -> bool:
    """Whether most cells are numbers; prose has some, too."""
    cells = [cell for row in rows for cell in row if cell]
    return 2 * sum(_numerical(cell) or _COMMA_NUMBER.match(cell) is not None for cell in cells) >= len(cells)


def _mostly(rows: Sequence[Sequence[str]]) -> bool:
    return bool(rows) and 2 * sum(map(_numerical, rows[0])) > len(rows[0])


def _time_named(names: Sequence[str]) -> bool:
    return any(plain_name(name) in VAGUE or time_meaning(name) is not None for name in names)


def _stated(comments: Sequence[str]) -> dict[str, str]:
    """Key and value of each comment that has them, the first of each key."""
    stated: dict[str, str] = {}
    for line in comments:
        bare = line.lstrip("#%!@\\ ")
        if line.lstrip().startswith("@") and len(bare.split()) == 2:
            key, value = bare.split()
            stated.setdefault(key.lower(), value)
        for part in re.split(r"[;,](?=\s*[\"']?\w[\w ]*[\"']?\s*[:=])", bare):
            if found := _KEY.match(part):
                stated.setdefault(found[1].strip().lower(), found[2].strip())
    return stated


def _names_in_comments(
    comments: Sequence[str], width: int, delimiter: str | None
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Names that a comment gives to the columns of a table without a header, and descriptions of them."""
    none = ("",) * width
    fields = next((line.split("=", 1)[1] for line in comments if re.match(r"^#+\s*FIELDS\s*=", line, re.I)), "")
    if fields and len(cells_of(fields, ",")) == width:
        return tuple(cells_of(fields, ",")), none
    numbered = [found for line in comments if (found := _NUMBERED.match(line.lstrip("#%! ")))]
    for start in range(len(numbered) - width + 1):
        run = numbered[start : start + width]
        if [int(found[1]) for found in run] in (list(range(width)), list(range(1, width + 1))):
            return tuple(found[2] for found in run), tuple(found[3] for found in run)
    for line in reversed(comments):
        bare = line.lstrip("#%!").rstrip()
        for separator in (delimiter, None, ",", "\t"):
            names = cells_of(bare, separator)
            if len(names) == width + 1 and not names[-1]:
                names = names[:-1]
            if len(names) == width and not any(map(is_number, filter(None, names))) and _time_named(names):
                return tuple(names), none
    return None, none


def read_text(path: str | Path, layout: Layout, id_column: int = -1) -> Table:
    """Read a whole text table; a row of too few or too many cells stays, empty, since nobody knows what is where.

    Parameters
    ----------
    id_column : as in `text_blocks`.

    Raises
    ------
    UnusableError
        When there is no row, or no row has as many cells as the header.
    """
    blocks = list(text_blocks(path, layout, id_column=id_column))
    if not blocks:
        raise UnusableError("no rows: only a header" if layout.names else "no rows: only comments and blank lines")
    columns = [pa.concat_arrays([block.columns[i].cells for block in blocks]) for i in range(layout.width)]
    return _named(layout, columns)


def text_blocks(
    path: str | Path, layout: Layout, block_bytes: int = BLOCK_BYTES, id_column: int = -1
) -> Iterator[Table]:
    """Read a text table some rows at a time.

    Parameters
    ----------
    id_column : a column that a ragged row keeps, so that it is known whose row it was.
    """
    left = layout.skip
    ragged = whole = 0
    for text in _blocks(path, layout.encoding, block_bytes):
        lines = [line for line in text.split("\n") if line and not line.isspace() and not is_comment(line)]
        lines, left = lines[left:], max(0, left - len(lines))
        if not lines:
            continue
        columns, broken = _parse(lines, layout, id_column)
        ragged, whole = ragged + broken, whole + len(lines) - broken
        yield _named(layout, columns)
    if ragged and not whole:
        raise UnusableError(f"no row has the {layout.width} cells of the header")


def _named(layout: Layout, columns: Sequence[pa.Array]) -> Table:
    described = zip(layout.shown_names, columns, layout.units, layout.descriptions, strict=True)
    return Table(tuple(Column(*each) for each in described), layout.names is not None, layout.header)


def _blocks(path: str | Path, encoding: str | None, block_bytes: int) -> Iterator[str]:
    """Whole lines of a file as text, some megabytes at a time."""
    if encoding is None:
        raise UnusableError("not text")
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict" if encoding.startswith("utf-") else "replace")
    rest, at = "", 0
    with open_unpacked(path) as file:
        while True:
            raw = file.read(block_bytes)
            try:
                text = rest + decoder.decode(raw, final=not raw)
            except UnicodeDecodeError:
                # accents far down in a file that began in plain ASCII
                decoder = codecs.getincrementaldecoder("cp1252")(errors="replace")
                text = rest + decoder.decode(raw, final=not raw)
            at += len(raw)
            if "\r" in text:
                text = text.replace("\r\n", "\n")
                text = text if text.endswith("\r") and raw and text.count("\r") == 1 else text.replace("\r", "\n")
            if not raw:
                yield text
                return
            cut = text.rfind("\n") + 1
            rest = text[cut:]
            if len(rest) > LINE_BYTES:
                raise UnusableError(f"a line of more than {LINE_BYTES} characters")
            if cut:
                yield text[:cut]


def _parse(lines: list[str], layout: Layout, id_column: int) -> tuple[list[pa.Array], int]:
    """Cells by column as text, and the number of ragged rows."""
    if layout.decimal_comma:
        lines = [re.sub(r"(?<=\d),(?=\d)", ".", line) for line in lines]
    delimiter = layout.delimiter
    if delimiter is None:
        quoted = any('"' in line for line in lines)
        lines = [" ".join(line.split()) for line in lines] if not quoted else [_spaced(line) for line in lines]
        delimiter = " "
    columns = _fast(lines, delimiter, layout.width) if len(lines) > FEW_LINES else None
    if columns is not None:
        return columns, 0
    rows: list[list[str]] = []
    ragged = 0
    for line in lines:
        row = cells_of(line, None if layout.delimiter is None else delimiter)
        if len(row) > layout.width and not any(row[layout.width :]):
            row = row[: layout.width]
        if len(row) != layout.width:
            ragged += 1
            kept = row[id_column] if 0 <= id_column < len(row) else ""
            row = [kept if i == id_column else "" for i in range(layout.width)]
        rows.append(row)
    return [pa.array([cell or None for cell in column], pa.string()) for column in zip(*rows, strict=True)], ragged


def _fast(lines: list[str], delimiter: str, width: int) -> list[pa.Array] | None:
    """Cells by column as Arrow cuts them; None where rows are ragged."""
    from pyarrow import csv as fast

    names = [str(i) for i in range(width)]
    raw = "\n".join(lines).encode()
    try:
        table = fast.read_csv(
            io.BytesIO(raw),
            read_options=fast.ReadOptions(column_names=names, use_threads=False, block_size=len(raw) + 1),
            parse_options=fast.ParseOptions(delimiter=delimiter),
            convert_options=fast.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid:
        return None
    return [_one(column) for column in table.columns]


def _spaced(line: str) -> str:
    return re.sub(r"[ \t]+", " ", line).strip()


def _one(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole if isinstance(whole, pa.Array) else pa.concat_arrays(whole.chunks)

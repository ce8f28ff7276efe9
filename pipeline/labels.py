"""Known classes and periods, read from the label files that surveys hand out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from swope.pipeline.vsx import vsx_type

if TYPE_CHECKING:
    import pandas as pd

#: Column names, best first, that hold the star's name, its class and its period (compared without case).
ID_COLUMNS = ("object_id", "id", "name", "star", "star_id", "source_id", "unnamed: 0", "")
CLASS_COLUMNS = ("class", "classification", "type", "label", "var_type", "vartype")
PERIOD_COLUMNS = ("period", "period_d", "p")

#: EROS numbers its types (the EROS-2 LMC variables of the "variable stars" data challenge).
_EROS_TYPES = {"1": "E", "2": "DCEP", "3": "RR", "4": "M"}

#: Stripe 82 RR Lyrae are labelled by their Bailey type alone (Sesar et al. 2010).
_BAILEY_TYPES = {"ab": "RRAB", "c": "RRC", "d": "RRD"}


def read_labels(path: str | Path) -> pd.DataFrame:
    """Read known classes and periods from a CSV file.

    Understood are tables with a header in which the star's name stands in a column ``object_id``, ``id`` or ``name``
    (or in a first column without a name), its class in ``class``, ``classification``, ``type`` or ``label``, and its
    period, if any, in ``period``; and the EROS table, which numbers its types and whose true period is ``period`` over
    ``div_period``. Words that surveys use become VSX types by `swope.pipeline.vsx.vsx_type`.

    Parameters
    ----------
    path : a comma-separated file with a header, plain or gzipped.

    Returns
    -------
    A row a star, in the file's order, with columns ``object_id`` (str), ``class`` (VSX name; None where the word is
    doubtful, such as ``SN?``, stands for several types, or is unknown here), ``class_source`` (the survey's word, None
    where there is none) and ``period`` (days; NaN where unknown). A star on several rows keeps its first known period;
    where those rows disagree on the class it is None and ``class_source`` names them all.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When it is not such a table; the message says which columns there are.
    """
    import pandas as pd

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no label file at {path}")
    try:
        # everything as text: a name such as 0012 or 1e5 must not become a number
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, EOFError, OSError) as problem:
        raise ValueError(f"{path} is not a comma-separated table of labels: {problem}") from problem

    there = {str(name).strip().casefold(): name for name in reversed(table.columns)}
    id_column = _find(there, ID_COLUMNS)
    class_column = _find(there, CLASS_COLUMNS)
    period_column = _find(there, PERIOD_COLUMNS)
    listed = ", ".join(map(repr, table.columns))
    if id_column is None:
        raise ValueError(f"{path} has no column for the star's name (object_id, id or name); it has {listed}")
    if class_column is None and period_column is None:
        raise ValueError(f"{path} has neither a class (class, type or label) nor a period column; it has {listed}")

    words = table[class_column].str.strip() if class_column is not None else pd.Series("", index=table.index)
    eros = "div_period" in there
    classes = words.map(lambda word: _EROS_TYPES.get(word.removesuffix(".0"))) if eros else words.map(_vsx)
    period = _numbers(path, table[period_column]) if period_column is not None else pd.Series(float("nan"), table.index)
    if eros:
        period = period / _numbers(path, table[there["div_period"]])

    labels = pd.DataFrame(
        {
            "object_id": table[id_column].str.strip(),
            "class": classes.astype(object).where(classes.notna(), None),
            "class_source": words.astype(object).where(words != "", None),
            "period": period.where(period > 0).astype(float),
        }
    )
    return _one_row_a_star(labels[labels["object_id"] != ""])


def _find(there: dict[str, str], wanted: tuple[str, ...]) -> str | None:
    return next((there[name] for name in wanted if name in there), None)


def _vsx(word: str) -> str | None:
    return _BAILEY_TYPES.get(word.casefold()) or vsx_type(word)


def _numbers(path: Path, column: pd.Series[str]) -> pd.Series[float]:
    """Numbers of a text column; empty, ``nan``, ``null`` and the like are NaN.

    Raises
    ------
    ValueError
        With the first cell that is neither, and its row.
    """
    import pandas as pd

    text = column.str.strip()
    empty = text.str.casefold().isin(["", "nan", "null", "none", "na", "n/a", "-", "--"])
    numbers = pd.to_numeric(text.where(~empty), errors="coerce")
    wrong = numbers.isna() & ~empty
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise ValueError(f"{path}, row {row + 2}: {column.iloc[row]!r} in column {column.name!r} is not a number")
    return numbers.astype(float)


def _one_row_a_star(labels: pd.DataFrame) -> pd.DataFrame:
    repeated = labels["object_id"].duplicated(keep=False)
    if not repeated.any():
        return labels.reset_index(drop=True)
    merged = labels.drop_duplicates("object_id").set_index("object_id")
    for object_id, rows in labels[repeated].groupby("object_id", sort=False):
        words = rows["class_source"].dropna().unique()
        classes = rows["class"].unique()
        known = rows["period"].dropna()
        merged.loc[object_id, "class"] = classes[0] if len(classes) == 1 else None
        merged.loc[object_id, "class_source"] = " | ".join(words) if len(words) else None
        merged.loc[object_id, "period"] = known.iloc[0] if len(known) else float("nan")
    return merged.reset_index()

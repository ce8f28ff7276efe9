"""Known classes and periods, read from the label files that surveys hand out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import BoolArray
from swope.pipeline.vsx import vsx_type

if TYPE_CHECKING:
    import pandas as pd

#: Column names, best first, that hold a star's name, its source, its class and its period (compared without case).
ID_COLUMNS = ("object_id", "id", "name", "star", "star_id", "source_id", "unnamed: 0", "")
SOURCE_COLUMNS = ("source", "file")
CLASS_COLUMNS = ("class", "classification", "type", "label", "var_type", "vartype")
PERIOD_COLUMNS = ("period", "period_d", "p")

#: EROS numbers its types (the EROS-2 LMC variables of the "variable stars" data challenge).
_EROS_TYPES = {"1": "E", "2": "DCEP", "3": "RR", "4": "M"}

#: Stripe 82 RR Lyrae are labelled by their Bailey type alone (Sesar et al. 2010).
_BAILEY_TYPES = {"ab": "RRAB", "c": "RRC", "d": "RRD"}

#: OGLE names Cepheids by their mode alone; beside an RRab the modes are theirs and not those of RR Lyrae.
_OGLE_MODES = {"f": "DCEP", "1o": "DCEPS", "2o": "DCEPS"}


def read_labels(path: str | Path) -> pd.DataFrame:
    """Read known classes and periods from a CSV file.

    Understood are tables with a header in which the star's name stands in a column ``object_id``, ``id`` or ``name``
    (or in a first column without a name), the file that it came from, if any, in ``source`` or ``file``, its class in
    ``class``, ``classification``, ``type`` or ``label``, and its period, if any, in ``period``; and the EROS table,
    which numbers its types and whose true period is ``period`` over ``div_period``. Words that surveys use become VSX
    types by `swope.pipeline.vsx.vsx_type`; F, 1O and 2O are Cepheids where the same table has an RRab.

    Parameters
    ----------
    path : a comma-separated file with a header, plain or gzipped.

    Returns
    -------
    A row a star, in the file's order, with columns ``object_id`` (str), ``source`` (None where the file does not say),
    ``class`` (VSX name, ``EB|EW`` where one of two; None where the word is doubtful, such as ``SN?``, or is unknown
    here), ``class_source`` (the survey's word, None where there is none) and ``period`` (days; NaN where unknown). A
    star on several rows keeps its first known period; where those rows disagree on the class it is None and
    ``class_source`` names them all. Rows of one object_id and two sources are two stars.

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
    source_column = _find(there, SOURCE_COLUMNS)
    class_column = _find(there, CLASS_COLUMNS)
    period_column = _find(there, PERIOD_COLUMNS)
    listed = ", ".join(map(repr, table.columns))
    if id_column is None:
        raise ValueError(f"{path} has no column for the star's name (object_id, id or name); it has {listed}")
    if class_column is None and period_column is None:
        raise ValueError(f"{path} has neither a class (class, type or label) nor a period column; it has {listed}")

    absent = pd.Series("", index=table.index)
    words = table[class_column].str.strip() if class_column is not None else absent
    files = table[source_column].str.strip() if source_column is not None else absent
    eros = "div_period" in there
    own = _BAILEY_TYPES | (_OGLE_MODES if {"f", "1o", "rrab"} <= set(words.str.casefold()) else {})
    classes = words.map(
        lambda word: _EROS_TYPES.get(word.removesuffix(".0")) if eros else own.get(word.casefold()) or vsx_type(word)
    )
    period = _numbers(path, table[period_column]) if period_column is not None else pd.Series(float("nan"), table.index)
    if eros:
        period = period / _numbers(path, table[there["div_period"]])

    labels = pd.DataFrame(
        {
            "object_id": table[id_column].str.strip(),
            "source": files.astype(object).where(files != "", None),
            "class": classes.astype(object).where(classes.notna(), None),
            "class_source": words.astype(object).where(words != "", None),
            "period": period.where(period > 0).astype(float),
        }
    )
    return _one_row_a_star(labels[labels["object_id"] != ""])


@dataclass(frozen=True, eq=False)
class Matches:
    """Which star each of n labels means.

    Attributes
    ----------
    star : (n,) place among the stars; -1 where it is none of them, or not certain which.
    ambiguous : (n,) whether it is not certain: several stars have that name (and source), or two labels, one with a
        source and one without, say, mean the same star.
    """

    star: NDArray[np.int64]
    ambiguous: BoolArray


def match(labels: pd.DataFrame, stars: Sequence[tuple[str, str]]) -> Matches:
    """Find the star that each label means; a label that may mean several means none.

    A label with a source means the star of this name whose source is the same, or else the one whose path ends as the
    label's does, or the other way round: ``x.csv`` is ``survey/x.csv`` where no other star of this name has an
    ``x.csv``. A label without a source means the only star of its name.

    Parameters
    ----------
    labels : n rows of `read_labels`.
    stars : source and object_id of each star.
    """
    namesakes: defaultdict[str, list[int]] = defaultdict(list)
    for place, (_, object_id) in enumerate(stars):
        namesakes[object_id].append(place)
    star = np.full(len(labels), -1, dtype=np.int64)
    ambiguous = np.zeros(len(labels), dtype=bool)
    for row, (object_id, source) in enumerate(zip(labels["object_id"], labels["source"], strict=True)):
        meant = namesakes.get(object_id, [])
        if source is not None:
            exact = [place for place in meant if stars[place][0] == source]
            meant = exact or [place for place in meant if _end_alike(stars[place][0], source)]
        if len(meant) == 1:
            star[row] = meant[0]
        ambiguous[row] = len(meant) > 1
    places, n_labels = np.unique(star[star >= 0], return_counts=True)
    twice = np.isin(star, places[n_labels > 1])
    return Matches(np.where(twice, -1, star), ambiguous | twice)


def ambiguity(labels: pd.DataFrame, matches: Matches) -> str | None:
    """What to tell people of labels that do not say which star they mean; None where all do."""
    names = labels["object_id"][matches.ambiguous].unique()
    if not len(names):
        return None
    some = ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
    return (
        "labels that may mean several stars, or the same star as another label, are left out: "
        f"{int(matches.ambiguous.sum())} ({some}); a column source (or file) in the labels tells such stars apart"
    )


def _end_alike(one: str, other: str) -> bool:
    """Whether one path is the end of the other."""
    mine, theirs = PurePath(one).parts, PurePath(other).parts
    shorter = min(len(mine), len(theirs))
    return shorter > 0 and mine[-shorter:] == theirs[-shorter:]


def _find(there: dict[str, str], wanted: tuple[str, ...]) -> str | None:
    return next((there[name] for name in wanted if name in there), None)


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
    star = labels["object_id"] + "\0" + labels["source"].fillna("")
    repeated = star.duplicated(keep=False)
    if not repeated.any():
        return labels.reset_index(drop=True)
    merged = labels[~star.duplicated()].copy()
    for _, rows in labels[repeated].groupby(star[repeated], sort=False):
        words = rows["class_source"].dropna().unique()
        classes = rows["class"].unique()
        known = rows["period"].dropna()
        first = rows.index[0]
        merged.loc[first, "class"] = classes[0] if len(classes) == 1 else None
        merged.loc[first, "class_source"] = " | ".join(words) if len(words) else None
        merged.loc[first, "period"] = known.iloc[0] if len(known) else float("nan")
    return merged.reset_index(drop=True)

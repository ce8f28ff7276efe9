"""Quality flags: which rows a source says are not to be used, for every container alike."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.ingest.survey import FlagRule
from swope.pipeline.ingest.table import Column
from swope.pipeline.ingest.time_names import plain_name
from swope.pipeline.lightcurve import BoolArray

#: Plain names of columns in which anything but zero, false or an empty cell means a bad row.
BAD_NAMES = frozenset(
    (
        *(
            "quality",
            "flag",
            "flags",
            "sapquality",
            "qualityflag",
            "qualityflags",
            "qual",
            "qflag",
            "flg",
            "dq",
            "dqflag",
        ),
        *("mask", "masked", "bad", "isbad", "badflag", "baddata", "rejected", "reject", "isrejected", "outlier"),
        *("rejectedbyphotometry", "rejectedbyvariability", "grade", "q", "dataquality", "qc", "qcflag", "saturated"),
        *("isoutlier", "excluded", "exclude", "photqual", "errorflag", "saturation", "dubious", "noisyflag"),
    )
)

#: Plain names of columns in which zero or false means a bad row.
GOOD_NAMES = frozenset(("good", "isgood", "goodflag", "use", "used", "valid", "isvalid", "ok", "usable", "include"))

#: Plain names that look like flags and say nothing of a row's quality.
_NO_FLAG = re.compile(r"phot_?flag|var_?flag|validation|transform|detect|class|variab|limit", re.I)
_LIKE_A_FLAG = re.compile(r"flag|qual|^q[fc]$|mask|grade|good|valid|^dq|status|usable", re.I)

#: Names that say themselves that a row marked in them is bad.
_BAD = re.compile(r"(^|[^a-z])bad|bad($|[^a-z])|reject|outlier|saturat|exclud|^isbad|dubious|suspect|doubt", re.I)

_FALSE = frozenset(("", "0", "0.0", "false", "f", "no", "n", "none", "nan", "null", "g", "good", "ok", "-", "--"))
_TRUE = frozenset(("1", "1.0", "true", "t", "yes", "y", "b", "bad", "x"))
_GRADES = {"A": False, "B": False, "C": False, "D": True, "E": True, "F": True}


def rule_of(column: Column) -> FlagRule | None:
    """The rule that a column's name brings, where no survey says one; None for a column that is no flag."""
    name = plain_name(column.name)
    if name.startswith("catflag"):
        return FlagRule(name, "bits", bits=32768)
    if name in BAD_NAMES or _BAD.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.name)):
        return FlagRule(name)
    return FlagRule(name, "zero") if name in GOOD_NAMES else None


def like_a_flag(name: str) -> bool:
    """Whether a name is that of a flag, or looks like one."""
    return _LIKE_A_FLAG.search(name) is not None or plain_name(name) in BAD_NAMES | GOOD_NAMES


def unknown_flag(column: Column) -> bool:
    """Whether a column that no rule knows looks like a quality flag, and says not the same of all rows."""
    if not _LIKE_A_FLAG.search(column.name) or _NO_FLAG.search(column.name) or rule_of(column) is not None:
        return False
    return len(set(column.words.tolist())) > 1


def bad_rows(column: Column, rule: FlagRule) -> BoolArray | None:
    """(n,) which rows a rule leaves out; None where the column holds words whose meaning is not known.

    An empty cell says nothing, so that its row stays.
    """
    words = column.words.astype(str)
    filled = words != ""
    numbers, finite = column.numbers, column.finite
    known: BoolArray = np.isin(words, rule.words)
    if rule.rule == "words":
        return known
    others: BoolArray = filled & ~known
    if rule.rule == "not":
        return others
    if rule.rule in ("below", "above"):
        beyond = numbers < rule.limit if rule.rule == "below" else numbers > rule.limit
        return np.asarray(finite & beyond, dtype=bool)
    if rule.rule == "capital":
        return np.array([re.search("[A-Z]", word) is not None for word in words.tolist()], dtype=bool)
    if column.is_text and not finite[filled].all():
        return _by_words(words, rule)
    if rule.rule == "bits":
        bits = np.where(finite, numbers, 0).astype(np.int64)
        return np.asarray((bits & rule.bits) != 0, dtype=bool)
    held: BoolArray = finite & ((numbers == 0) == (rule.rule == "zero"))
    return held


def _by_words(words: NDArray[np.str_], rule: FlagRule) -> BoolArray | None:
    held = set(words.tolist()) - {""}
    if held <= set(_GRADES) and held & {"A", "C", "D"}:
        return np.array([_GRADES.get(word, False) for word in words.tolist()], dtype=bool)
    lower = {word.lower() for word in held}
    if not lower <= _FALSE | _TRUE:
        return None
    said = _FALSE - {"", "g", "good", "ok"} if rule.rule == "zero" else _TRUE
    return np.array([word.lower() in said for word in words.tolist()], dtype=bool)

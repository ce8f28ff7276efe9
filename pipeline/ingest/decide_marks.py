"""Which columns hold bands, quality flags and limits."""

from __future__ import annotations

import re

import numpy as np

from swope.pipeline.ingest.flags import bad_rows, like_a_flag, rule_of, unknown_flag
from swope.pipeline.ingest.given import Given
from swope.pipeline.ingest.reading import ValueColumns
from swope.pipeline.ingest.survey import FlagRule
from swope.pipeline.ingest.table import Column
from swope.pipeline.ingest.value_names import is_band, value_name
from swope.pipeline.lightcurve import Kind

#: Plain names of the band's column.
BAND_NAMES = (
    *("band", "bands", "filter", "filters", "filt", "passband", "filtercode", "fid", "filterid", "filtername", "flt"),
    *("photfilter", "bandpass", "photband", "filterband", "bandname", "phottable", "obsband", "channel", "f"),
)

#: Bands that one star is seen in, at most.
MOST_BANDS = 20

_LIKE_A_BAND = re.compile(
    r"(pass|photo?_?|obs_?)?band(?!_?(width|pass_?corr))|filt(er)?(?!ed|ering)|^colou?r$|wavelength", re.I
)

#: Good and bad, not green and blue.
_GRADES = ({"G", "B"}, {"B", "G"})

#: Bands by number where a column is called ``fid``, as ZTF's is.
_FID = {"1": "g", "2": "r", "3": "i"}

#: Columns that say whether a row is a limit rather than a measurement.
_LIMIT_NAMES = (
    "limit",
    "islimit",
    "upperlimit",
    "upperlim",
    "isupperlimit",
    "ul",
    "limitflag",
    "nondetection",
    "lmag",
    "nondet",
    "nodet",
    "uplim",
    "ulim",
    "limflag",
    "islim",
    "isul",
    "ulflag",
    "flagul",
    "upperlimitflag",
    "fainterthan",
    "fainter",
    "isfainterthan",
)
_LIMIT_WORDS = ("1", "1.0", "True", "true", "TRUE", "t", "T", "y", "Y", "yes", "Yes", "YES", ">", "<", ">=", "<=")
_NO_LIMIT_WORDS = ("", "0", "0.0", "False", "false", "FALSE", "f", "F", "n", "N", "no", "No", "NO", "=")

#: VizieR's flag of a limit: ``l_Vmag`` of ``Vmag``.
_VIZIER_LIMIT = re.compile(r"l_\w*mag", re.I)

#: Words that say that a row is a limit, and how many words such a column may hold.
_LIMITING = frozenset(
    ("<", ">", "upperlimit", "upperlim", "limit", "ul", "uplim", "nondetection", "undetected", "notdetected")
)
FEW_WORDS = 8

#: Columns that say whether the star was seen at all.
_DETECTION_NAMES = ("detected", "detection", "isdetected", "isdetection", "isdet", "detflag")


def choose_band(given: Given, values: tuple[ValueColumns, ...]) -> tuple[int | None, dict[str, str]]:
    """Index of the band column, and what its words mean; None where there is none, or each band has its own column."""
    survey = given.survey
    if given.said.band is not None:
        return given.said.band, survey.bands if survey else {}
    if len(values) > 1:
        return None, {}
    taken = {v.value for v in values} | {v.error for v in values}
    if values[0].band:
        # a column of several bands says more than the name of the magnitudes, and one of one band no more
        index = next((i for word in BAND_NAMES if (i := given.index(word)) is not None and i not in taken), None)
        if index is None or len(set(given.table.columns[index].words.tolist()) - {""}) < 2:
            index = _by_words(given, taken)
        return index, {}
    if not given.table.named:
        return _by_words(given, taken), {}
    wanted = (survey.band, *BAND_NAMES) if survey and survey.band else BAND_NAMES
    index = next((i for word in wanted if (i := given.index(word)) is not None and i not in taken), None)
    if index is not None:
        return index, survey.bands if survey and survey.bands else _FID if given.plain[index] == "fid" else {}
    if survey is not None and survey.cameras:
        camera = given.first(("camera", "cam"))
        if camera is not None:
            words = set(given.table.columns[camera].words.tolist())
            return camera, {word: survey.cameras.get(word, survey.other_cameras) for word in words}
    return _by_words(given, taken), {}


def _by_words(given: Given, taken: set[int | None]) -> int | None:
    """A column of bands that is called by no known name: by what its name holds, or by its words alone."""
    for i, column in enumerate(given.table.columns):
        if i in taken or i in given.said.indices or like_a_flag(column.name) or value_name(column.name) is not None:
            continue
        if len(set(column.take(np.arange(min(10 * MOST_BANDS, len(column)))).words.tolist())) > MOST_BANDS + 1:
            continue
        held = set(column.words.tolist()) - {""}
        if len(held) < 2 or 2 * len(held) > len(column) or len(held) > MOST_BANDS:
            continue
        if _LIKE_A_BAND.search(column.name) or (column.is_text and held not in _GRADES and all(map(is_band, held))):
            return i
    return None


def choose_flags(given: Given, used: set[int | None]) -> tuple[tuple[int, FlagRule], ...]:
    """Columns and rules of the rows to leave out; a flag of unknown meaning makes the reading uncertain.

    Parameters
    ----------
    used : columns that are something else.
    """
    rules = {rule.column: rule for rule in given.survey.flags} if given.survey else {}
    flags: list[tuple[int, FlagRule]] = []
    for i, column in enumerate(given.table.columns):
        if i in used or (not given.table.named and i != given.said.flag):
            continue
        rule = rules.get(given.plain[i]) or rule_of(column)
        if rule is None and i == given.said.flag:
            rule = FlagRule(given.plain[i])
        if rule is None:
            if given.survey is None and unknown_flag(column):
                given.caution.append(f"no row is left out for {column.name!r}, a flag whose meaning is not known")
        elif bad_rows(column, rule) is None:
            held = ", ".join(sorted({repr(str(word)) for word in column.words if word})[:6])
            given.caution.append(f"no row is left out for {column.name!r}, whose words {held} are not known")
        else:
            flags.append((i, rule))
    return tuple(flags)


def choose_limits(given: Given, kind: Kind) -> tuple[tuple[int, FlagRule], ...]:
    """Columns and rules of the rows that are upper limits.

    Parameters
    ----------
    kind : of the values: a magnitude of what was not detected is a limit, a forced flux is a measurement.
    """
    rules = given.survey.limits if given.survey else ()
    limits = [(i, rule) for rule in rules if (i := given.index(rule.column)) is not None]
    for i, column in enumerate(given.table.columns):
        name = given.plain[i]
        if (name in _LIMIT_NAMES or _VIZIER_LIMIT.match(column.name)) and _says(column, _LIMIT_WORDS, _NO_LIMIT_WORDS):
            limits.append((i, FlagRule(name, "words", words=_LIMIT_WORDS)))
        elif said := _limit_words(column):
            limits.append((i, FlagRule(name, "words", words=said)))
        elif kind == "mag" and name in _DETECTION_NAMES and _says(column, _LIMIT_WORDS, _NO_LIMIT_WORDS):
            limits.append((i, FlagRule(name, "words", words=_NO_LIMIT_WORDS[1:])))
    return tuple(limits)


def _limit_words(column: Column) -> tuple[str, ...]:
    """The words of a column of few words that say of a row that it is a limit, whatever the column is called."""
    if not column.is_text or column.finite.any():
        return ()
    held = set(column.words.tolist()) - {""}
    words = sorted(word for word in held if re.sub(r"[^a-z<>]", "", word.lower()) in _LIMITING)
    return tuple(words) if words and len(held) <= FEW_WORDS and len(words) < len(held | {""}) else ()


def _says(column: Column, *words: tuple[str, ...]) -> bool:
    """Whether the cells say yes or no, rather than how faint the limit is."""
    return set(column.words.tolist()) <= {word for some in words for word in some}

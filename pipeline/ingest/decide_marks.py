"""Which columns hold bands, quality flags and limits."""

from __future__ import annotations

from swope.pipeline.ingest.flags import bad_rows, rule_of, unknown_flag
from swope.pipeline.ingest.given import Given
from swope.pipeline.ingest.reading import ValueColumns
from swope.pipeline.ingest.surveys import FlagRule
from swope.pipeline.ingest.table import Column

#: Plain names of the band's column.
BAND_NAMES = (
    *("band", "bands", "filter", "filters", "filt", "passband", "filtercode", "fid", "filterid", "filtername", "flt"),
    *("photfilter", "bandpass", "photband", "filterband", "bandname", "phottable", "obsband", "channel", "f"),
)

#: Bands by number where a column is called ``fid``, as ZTF's is.
_FID = {"1": "g", "2": "r", "3": "i"}

#: Columns that say whether a row is a limit rather than a measurement.
_LIMIT_NAMES = ("limit", "islimit", "upperlimit", "upperlim", "isupperlimit", "ul", "limitflag", "nondetection", "lmag")
_LIMIT_WORDS = ("1", "1.0", "True", "true", "t", "T", "y", "Y", ">", "<")
_NO_LIMIT_WORDS = ("", "0", "0.0", "False", "false", "f", "F", "n", "N", "=")


def choose_band(given: Given, values: tuple[ValueColumns, ...]) -> tuple[int | None, dict[str, str]]:
    """Index of the band column, and what its words mean; None where there is none, or each band has its own column."""
    survey = given.survey
    if given.said.band is not None:
        return given.said.band, survey.bands if survey else {}
    if not given.table.named or len(values) > 1 or values[0].band:
        return None, {}
    taken = {v.value for v in values} | {v.error for v in values}
    wanted = (survey.band, *BAND_NAMES) if survey and survey.band else BAND_NAMES
    index = next((i for word in wanted if (i := given.index(word)) is not None and i not in taken), None)
    if index is not None:
        return index, survey.bands if survey and survey.bands else _FID if given.plain[index] == "fid" else {}
    if survey is not None and survey.cameras:
        camera = given.first(("camera", "cam"))
        if camera is not None:
            words = set(given.table.columns[camera].words.tolist())
            return camera, {word: survey.cameras.get(word, survey.other_cameras) for word in words}
    return None, {}


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


def choose_limits(given: Given) -> tuple[tuple[int, FlagRule], ...]:
    """Columns and rules of the rows that are upper limits."""
    rules = given.survey.limits if given.survey else ()
    limits = [(i, rule) for rule in rules if (i := given.index(rule.column)) is not None]
    for i, column in enumerate(given.table.columns):
        if given.plain[i] in _LIMIT_NAMES and _says_limit(column):
            limits.append((i, FlagRule(given.plain[i], "words", words=_LIMIT_WORDS)))
    return tuple(limits)


def _says_limit(column: Column) -> bool:
    """Whether the cells say yes or no, rather than how faint the limit is."""
    held = set(column.words.tolist())
    return held <= {*_LIMIT_WORDS, *_NO_LIMIT_WORDS}

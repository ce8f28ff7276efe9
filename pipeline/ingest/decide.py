"""The one place that decides which column of a flat table is what: by survey, name and unit, and then by content.

What is unclear is refused, with the columns shown and the words that would say it (`--columns time=2,mag=3`).
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from swope.pipeline.ingest.content import fillers
from swope.pipeline.ingest.decide_id import choose_id
from swope.pipeline.ingest.decide_marks import choose_band, choose_flags, choose_limits
from swope.pipeline.ingest.decide_time import choose_time, days_of, own_times
from swope.pipeline.ingest.decide_value import choose_error, choose_kind, choose_values, doubt_zero_points, unit_of
from swope.pipeline.ingest.flags import bad_rows
from swope.pipeline.ingest.given import Given
from swope.pipeline.ingest.levels import doubt_levels
from swope.pipeline.ingest.parts import IngestOptions, UnusableError
from swope.pipeline.ingest.reading import Reading, TimeColumns
from swope.pipeline.ingest.said import SaidColumns
from swope.pipeline.ingest.survey import Survey
from swope.pipeline.ingest.surveys import survey_of
from swope.pipeline.ingest.table import Table
from swope.pipeline.ingest.time_names import plain_name
from swope.pipeline.ingest.unclaimed import watch
from swope.pipeline.ingest.value_names import in_mag
from swope.pipeline.lightcurve import FloatArray

RA_NAMES = (
    *(
        "ra",
        "radeg",
        "raj2000",
        "meanra",
        "alpha",
        "objra",
        "ramean",
        "raicrs",
        "alphaj2000",
        "coordra",
        "rightascension",
    ),
)
DEC_NAMES = (
    *("dec", "decdeg", "dej2000", "decj2000", "decl", "meandec", "de", "delta", "objdec", "decmean", "deicrs"),
    *("deltaj2000", "coorddec", "declination"),
)

#: What brokers and nested tables put before a column's name.
_PREFIX = re.compile(r"^[a-z]:(?=\w)|^(candidate|lc|lightcurve|detections|sources|diaSource|diaForcedSource)\.(?=\w)")


def decide(table: Table, options: IngestOptions) -> Reading:
    """Decide how a table is to be read.

    Parameters
    ----------
    table : a whole one, or as many rows as make the columns' content plain.
    options : what the user says: columns, clock, kind.

    Raises
    ------
    UnusableError
        When time or brightness is missing or unclear; says which columns there are and what to say.
    """
    if len(table) == 0:
        raise UnusableError("no rows")
    table = replace(table, columns=tuple(replace(c, name=_PREFIX.sub("", c.name)) for c in table.columns))
    plain = tuple(plain_name(name) for name in table.names)
    survey = survey_of(plain) if table.named else None
    given = Given(table, plain, survey, SaidColumns.of(options.columns, table), options)
    time = choose_time(given)
    object_id = choose_id(given)
    values, named = choose_values(given, time, object_id)
    kind, kind_from = choose_kind(given, values, named)
    values = own_times(given, time, tuple(choose_error(given, value, kind, time) for value in values))
    doubt_zero_points(given, kind, values[0])
    band, bands = choose_band(given, values)
    if band is not None:
        values = tuple(replace(value, band="") for value in values)
    used = {*time.columns, *(i for v in values for i in v.columns), band, object_id}
    reading = Reading(
        survey=survey.name if survey else "",
        time=time,
        values=values,
        kind=kind,
        unit=unit_of(given, kind, values[0]),
        kind_from=kind_from,
        band=band,
        bands=bands,
        object_id=object_id,
        ra=given.first(RA_NAMES) if given.said.ra is None else given.said.ra,
        dec=given.first(DEC_NAMES) if given.said.dec is None else given.said.dec,
        limits=choose_limits(given, kind),
        flags=choose_flags(given, used),
        sign=given.index(survey.sign) if survey else None,
        reference=given.index(survey.reference) if survey else None,
        zero_point=given.index(survey.zero_point) if survey else None,
        per_band_id=bool(survey and survey.per_band_id),
    )
    if object_id is None and not given.said.one_star:
        watch(given, reading.columns, days_of([table.columns[i] for i in time.columns], time.meaning, time.calendar))
    if len(values) == 1:
        column = table.columns[values[0].value]
        # thousandths of magnitudes are as far from fillers as fluxes are
        scale = kind if in_mag(column.name, column.unit) == 1 else "flux"
        reading = replace(reading, fillers=fillers(_unflagged(table, reading), scale))
        if object_id is None:
            doubt_levels(given, values[0].value, band, frozenset(i for i in used if i is not None), reading.fillers)
    reading = _difference(reading, survey, given)
    return replace(
        reading,
        chosen=_in_words(given, reading),
        passed=tuple(dict.fromkeys(given.passed)),
        caution=tuple(dict.fromkeys(given.caution)),
    )


def _difference(reading: Reading, survey: Survey | None, given: Given) -> Reading:
    """A difference image's magnitude is the star's only with the reference's; without a sign it is doubtful."""
    if survey is None or not survey.sign or (reading.sign is not None and reading.reference is not None):
        return reading
    if reading.sign is not None:
        return replace(reading, kind="flux", unit="uJy", kind_from="survey", fillers=())
    given.caution.append("magnitudes of a difference image without its sign: what is brighter may be fainter")
    return reading


def _unflagged(table: Table, reading: Reading) -> FloatArray:
    """The values of the rows that nothing leaves out: a bad value hides how far a filler is from the good ones."""
    numbers = table.columns[reading.values[0].value].numbers
    for index, rule in (*reading.flags, *reading.limits):
        bad = bad_rows(table.columns[index], rule)
        numbers = numbers if bad is None else np.where(bad, np.nan, numbers)
    return numbers


def _in_words(given: Given, reading: Reading) -> tuple[str, ...]:
    name = given.shown
    time = reading.time
    words = [reading.survey] if reading.survey else []
    words.append(f"time {' + '.join(name(i) for i in time.columns)} ({_clock_words(time)})")
    for value in reading.values:
        error = f" +- {name(value.error)}" if value.error is not None else ""
        if value.below is not None:
            error += f" and {name(value.below)} (their mean)"
        if value.spread != "deviation":
            error += f" ({value.spread})"
        if not error and value.snr is not None:
            error = f" with signal over noise {name(value.snr)}"
        own = f" at {name(value.time)}" if value.time is not None else ""
        words.append(f"{reading.kind} {name(value.value)}{error}{f' in {value.band}' if value.band else ''}{own}")
    if reading.band is not None:
        words.append(f"band {name(reading.band)}")
    if reading.object_id is not None:
        words.append(f"star {name(reading.object_id)}")
    if reading.limits:
        words.append(f"limits {', '.join(name(i) for i, _ in reading.limits)}")
    if flags := [*reading.flags, *(flag for value in reading.values for flag in value.flags)]:
        words.append(f"flags {', '.join(name(i) for i, _ in flags)}")
    return tuple(words)


def _clock_words(time: TimeColumns) -> str:
    unit = "" if time.meaning.unit == 1 else f", {time.meaning.unit:.6g} d a unit"
    if time.clock.format == "unknown":
        return f"clock unknown{unit}"
    shift = f" + {time.meaning.shift:.10g}" if time.meaning.shift else ""
    return f"{time.clock.name} from {time.clock.format}{shift}{unit}"

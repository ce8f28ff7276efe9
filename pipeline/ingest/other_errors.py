"""Errors that are not one column of standard deviations: two columns, one for each side, or (inverse) variances."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from swope.pipeline.ingest.time_names import plain_name
from swope.pipeline.ingest.value_names import error_columns
from swope.pipeline.lightcurve import FloatArray

if TYPE_CHECKING:
    from swope.pipeline.ingest.reading import ValueColumns
    from swope.pipeline.ingest.table import Table

#: How a column says what the errors are.
Spread = Literal["deviation", "variance", "inverse variance"]

#: Words for the error below and above a value.
_SIDES = (
    *(("lo", "hi"), ("low", "high"), ("lower", "upper"), ("minus", "plus"), ("neg", "pos"), ("down", "up")),
    *(("min", "max"), ("m", "p"), ("l", "u"), ("-", "+")),
)

#: Plain names of variances and of inverse ones; those of `_ALONE` say it without the name of the value, too.
_VARIANCES: tuple[tuple[Spread, tuple[str, ...]], ...] = (
    ("variance", ("variance", "err2", "error2", "sigma2", "sigmasq", "errsq", "var")),
    ("inverse variance", ("ivar", "invvar", "inversevariance", "inversevar", "invvariance")),
)
_ALONE = frozenset(("variance", "err2", "error2", "sigma2", "ivar", "invvar", "inversevariance", "invvariance"))

_SQUARE = re.compile(r"(?:1\s*/\s*)?\(?\s*(?P<unit>[^()^*\s].*?)\s*\)?\s*(?:\^|\*\*)?\s*\(?\s*-?2(?:\.0)?\s*\)?")


def two_sided(names: Sequence[str], value: int) -> list[tuple[int, int]]:
    """Pairs of columns that may hold the errors of a value below and above it, the surest first."""
    pairs = []
    for below, above in _SIDES:
        lower, upper = (
            {stem: i for i, one in enumerate(names) if (stem := _less(one, side))} for side in (below, above)
        )
        for stem in lower.keys() & upper.keys():
            place = min(lower[stem], upper[stem])
            if place in error_columns([stem if i == place else one for i, one in enumerate(names)], value):
                pairs.append((lower[stem], upper[stem]))
    # VizieR writes e_mag and E_mag
    for i, one in enumerate(names):
        if one.startswith("e_") and f"E_{one[2:]}" in names:
            pair = (i, names.index(f"E_{one[2:]}"))
            if not set(pair).isdisjoint(error_columns(names, value)):
                pairs.append(pair)
    return list(dict.fromkeys(pairs))


def _less(name: str, side: str) -> str:
    """A name without the word for a side; "" where it has none."""
    if side in "+-":
        bare = name.strip()
        return bare.strip(side).strip(" _") if side in (bare[:1], bare[-1:]) else ""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", name.lower()) if word]
    if side in words and len(words) > 1:
        words.remove(side)
        return "_".join(words)
    # written together: magerrlo, mag_errp
    if words and len(words[-1]) > len(side) + 2 and words[-1].endswith(side):
        return "_".join([*words[:-1], words[-1][: -len(side)]])
    return ""


def variances(names: Sequence[str], value: int) -> list[tuple[int, Spread]]:
    """Columns that may hold the variances of a value, or their inverses, the surest first."""
    plain = [plain_name(name) for name in names]
    stem = plain[value]
    own: list[tuple[int, Spread]] = []
    general: list[tuple[int, Spread]] = []
    for spread, words in _VARIANCES:
        for i, name in enumerate(plain):
            # the magnitude of the variable may be called mag_var
            of_value = [word for word in words if word != "var" or "flux" in stem]
            if i != value and name in {*(stem + word for word in of_value), *(word + stem for word in of_value)}:
                own.append((i, spread))
            elif name in words and name in _ALONE:
                general.append((i, spread))
    return [*own, *general]


#: Plain names of the ratio of a value and its error.
RATIOS = ("snr", "s2n", "signaltonoise", "signalnoise", "snratio", "signaltonoiseratio")


def deviations_of(table: Table, where: ValueColumns) -> FloatArray:
    """(n,) standard deviations of a table's values, in the unit that `unit_of_errors` says; NaN where none is said."""
    if where.error is None:
        return np.full(len(table), np.nan)
    numbers = table.columns[where.error].numbers
    if where.below is not None:
        return _of_both_sides(table.columns[where.below].numbers, numbers)
    if where.spread == "deviation":
        return numbers.copy()
    # an inverse variance of 0 says that nothing is known
    real = np.where(numbers > 0 if where.spread == "inverse variance" else numbers >= 0, numbers, np.nan)
    return np.sqrt(real) if where.spread == "variance" else 1.0 / np.sqrt(real)


def unit_of_errors(table: Table, where: ValueColumns) -> tuple[str, str] | None:
    """Name and unit of the column that says in which unit `deviations_of` are; None where there are no errors.

    The errors of variances in ``Jy^2``, or of inverse ones in ``Jy-2``, are in Jy.
    """
    if where.error is None:
        return None
    column = table.columns[where.error]
    if where.spread == "deviation":
        return column.name, column.unit
    found = _SQUARE.fullmatch(column.unit.strip())
    of_value = table.columns[where.value]
    return ("", found["unit"].strip()) if found else (of_value.name, of_value.unit)


def _of_both_sides(below: FloatArray, above: FloatArray) -> FloatArray:
    """(n,) one error for both sides of a value: the mean of the two, or the one that is there; of either sign."""
    below, above = np.abs(below), np.abs(above)
    mean: FloatArray = np.where(np.isnan(below), above, np.where(np.isnan(above), below, 0.5 * (below + above)))
    return mean

"""How far the reference periods of a set can be believed, by three witnesses: would the search find them again, were
they true, do they go with the stars' luminosities, and are there more of one day than stars can have?

``python -m tests.bench.references`` makes each star anew: the Fourier series that fits it best at its reference period,
at its own times, with its own residuals in another order. The search that finds the reference of nearly all of these
should agree with it as often on the real stars. What is missing are wrong references, and stars whose residuals have
an order: how many those are, a set shows whose references are beyond doubt. A fold at a wrong period leaves larger
residuals and is the harder to find again, so that wrong references are rather counted too few.

Judged are pulsating stars of smooth shape. An alias of the true period changes the label where the label followed from
it: an RR Lyrae star of 0.6 d is a Cepheid of 1.5 d.

The stars of EROS-2 are all as far away as the Large Magellanic Cloud, so their magnitudes follow from their periods
(Leavitt & Pickering 1912): a Cepheid of 1.5 d is ten times as bright as an RR Lyrae star. Where the found period and
the reference lie on either side of the one day that parts the labels, the magnitude says which of the two it goes with.
How bright stars of a period are, the stars say whose two periods agree.

A star seen once a night that changes slowly, or not at all, looks as if it had a period of one day. How many stars have
a true period so near a day, the references a little farther from it say.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from swope.pipeline.lightcurve import BoolArray, FloatArray, LightCurve
from swope.pipeline.period import find_period
from swope.pipeline.split import share
from swope.pipeline.vsx import TYPES
from tests.bench.periods_data import right
from tests.bench.training_set import Labelled, add_cache, stars_of

#: Fourier terms of the series, and points of a band that have one.
TERMS, LEAST = 4, 20

#: RR Lyrae stars in five bands have references beyond doubt: they show what order in the residuals does.
SETS = ("eros", "s82_rrlyrae")

#: The set whose stars are all as far away, and the period that parts its labels, in days.
ONE_DISTANCE, PARTED = "eros", 1.0

#: Widths of what counts as the same, in log period and in magnitudes.
ALIKE = (0.05, 0.2)

#: One star more at each period is thought to have any magnitude within so many.
ANY_MAGNITUDE = 5.0

#: A magnitude decides where it is so many times likelier at one of the periods than at the other.
DECIDES = 10.0

#: Seen once a night, changes over more than so many days may be taken for a period of nearly one day.
SLOW = 60.0


def remade(curve: LightCurve, period: float, rng: np.random.Generator) -> LightCurve:
    """The star as it may have been, had it this period: its series in each band, and its residuals shuffled.

    Residuals are shuffled in units of their errors, and widened by what the fit took of them. Bands of few points stay
    as they are.
    """
    good = curve.good
    value = good.value.copy()
    for band in range(len(good.bands)):
        rows = good.band == band
        n = int(rows.sum())
        if n < LEAST:
            continue
        error = _errors(good.error[rows])
        series = _series(good.time[rows], good.value[rows], error, period)
        widened = (good.value[rows] - series) / error * np.sqrt(n / (n - 2 * TERMS - 1))
        value[rows] = series + rng.permutation(widened) * error
    return replace(good, value=value)


def _errors(error: FloatArray) -> FloatArray:
    """Errors, none below a third of the median one; all alike where some are missing."""
    if not np.isfinite(error).all():
        return np.ones(len(error))
    return np.maximum(error, np.median(error) / 3.0)


def _series(time: FloatArray, value: FloatArray, error: FloatArray, period: float) -> FloatArray:
    """(n,) the Fourier series that fits best."""
    angle = 2.0 * np.pi * np.arange(1, TERMS + 1) * ((time / period) % 1.0)[:, None]
    waves = np.concatenate([np.ones((len(time), 1)), np.cos(angle), np.sin(angle)], axis=1)
    found, *_ = np.linalg.lstsq(waves / error[:, None], value / error, rcond=None)
    series: FloatArray = waves @ found
    return series


def judge(stars: Sequence[Labelled]) -> dict[str, float]:
    """How often the search agrees with the references, and how often it would were all of them true."""
    agrees, again = [], []
    for one in stars:
        curve = one.star.curve
        span = float(np.ptp(curve.good.time))
        rng = np.random.default_rng(int(2**32 * share(curve.object_id, "references")))
        agrees.append(right(one.star.period.period, one.period, span))
        again.append(right(find_period(remade(curve, one.period, rng)).period, one.period, span))
    found, would = np.array(agrees), np.array(again)
    return {
        "stars": len(stars),
        "agree": float(found.mean()),
        "were_they_true": float(would.mean()),
        "of_the_others": float(would[~found].mean()) if not found.all() else float("nan"),
    }


def brightness_says(found: FloatArray, reference: FloatArray, magnitude: FloatArray, agree: BoolArray) -> FloatArray:
    """(n,) how many times likelier each magnitude is at the found period than at the reference.

    Parameters
    ----------
    found, reference : (n,) days.
    magnitude : (n,) of stars that are all as far away.
    agree : (n,) stars whose two periods are one: their magnitudes at a period make its density, by kernels.
    """
    known_period, known_magnitude = np.log10(found[agree]), magnitude[agree]
    near = np.exp(-0.5 * ((magnitude[:, None] - known_magnitude) / ALIKE[1]) ** 2) / (np.sqrt(2 * np.pi) * ALIKE[1])

    def density(period: FloatArray) -> FloatArray:
        weight = np.exp(-0.5 * ((np.log10(period)[:, None] - known_period) / ALIKE[0]) ** 2)
        return np.asarray(((weight * near).sum(axis=1) + 1.0 / ANY_MAGNITUDE) / (weight.sum(axis=1) + 1.0))

    return density(found) / density(reference)


def judge_by_brightness(stars: Sequence[Labelled]) -> tuple[dict[str, int], list[str]]:
    """Of the stars whose label hangs on which period is right: with which of the two their magnitudes go.

    Returns
    -------
    How many there are of each kind, and the names of those whose reference, and so whose label, is contradicted.
    """
    # the last band is the redder one, in which the relation is the tighter
    magnitude = np.array([_magnitude(one.star.curve) for one in stars])
    stars = [one for one, known in zip(stars, np.isfinite(magnitude), strict=True) if known]
    magnitude = magnitude[np.isfinite(magnitude)]
    found = np.array([one.star.period.period for one in stars])
    reference = np.array([one.period for one in stars])
    spans = [float(np.ptp(one.star.curve.good.time)) for one in stars]
    agree = np.array([right(*three) for three in zip(found, reference, spans, strict=True)])
    hangs = (found < PARTED) != (reference < PARTED)
    says = brightness_says(found, reference, magnitude, agree)[hangs]
    names = np.array([one.star.curve.object_id for one in stars])[hangs]
    counts = {
        "stars": len(stars),
        "agree": int(agree.sum()),
        "hang": int(hangs.sum()),
        "for_found": int((says > DECIDES).sum()),
        "for_reference": int((says < 1.0 / DECIDES).sum()),
    }
    return counts, names[says > DECIDES].tolist()


def of_one_day(reference: FloatArray) -> tuple[BoolArray, float]:
    """Which references may be the day, and how many would be so by chance.

    Parameters
    ----------
    reference : (n,) days.

    Returns
    -------
    (n,) those within 1 / `SLOW` of one cycle a day; and how many there are in as wide a range of frequencies beside it.
    """
    away = np.abs(1.0 / reference - 1.0) * SLOW
    return away < 1.0, float(((away > 2.0) & (away < 4.0)).sum()) / 2.0


def _magnitude(curve: LightCurve) -> float:
    good = curve.good
    value = good.value[good.band == len(good.bands) - 1]
    return float(np.median(value)) if good.kind == "mag" and len(value) else float("nan")


def judged(cache: Path, name: str) -> list[Labelled]:
    """The stars of a set that have both periods and a smooth shape."""
    return [
        one for one in stars_of(cache, name) if _smooth(one.label) and np.isfinite(one.period) and one.star.period.found
    ]


def _smooth(label: str | None) -> bool:
    return label in TYPES and TYPES[str(label)].group == "pulsating" and label != "M"


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    words = (
        f"write the names of the stars of {ONE_DISTANCE} whose label their brightness contradicts, or whose reference "
        "is the day (`tests.bench.classify --without`)"
    )
    parser.add_argument("--contradicted", type=Path, metavar="FILE", help=words)
    args = parser.parse_args()
    print(f"{'set':12s} {'type':5s} stars  agree  were all references true  of those that do not agree")
    lines: list[dict[str, Any]] = []
    for name in args.sets:
        stars = judged(args.cache, name)
        for label in sorted({str(one.label) for one in stars}):
            found = judge([one for one in stars if one.label == label])
            lines.append({"bench": "references", "set": name, "type": label} | found)
            print(
                f"{name:12s} {label:5s} {found['stars']:5.0f} {found['agree']:6.3f} {found['were_they_true']:25.3f} "
                f"{found['of_the_others']:27.3f}",
                flush=True,
            )
    if ONE_DISTANCE in args.sets:
        said, contradicted = judge_by_brightness(judged(args.cache, ONE_DISTANCE))
        known = [one for one in stars_of(args.cache, ONE_DISTANCE) if one.label and np.isfinite(one.period)]
        day, chance = of_one_day(np.array([one.period for one in known]))
        of_day = {one.star.curve.object_id for one, is_day in zip(known, day, strict=True) if is_day}
        if args.contradicted:
            args.contradicted.write_text("\n".join(sorted(of_day.union(contradicted))) + "\n")
        lines.append({"bench": "references", "set": ONE_DISTANCE, "by": "brightness"} | said)
        lines.append({"bench": "references", "set": ONE_DISTANCE, "by": "day", "day": len(of_day), "chance": chance})
        print(
            f"{ONE_DISTANCE}: the label of {said['hang']} of {said['stars']} stars hangs on which period is right; "
            f"brightness decides for the found one in {said['for_found']}, for the reference in {said['for_reference']}"
        )
        print(f"{ONE_DISTANCE}: {len(of_day)} references are one day, where chance makes {chance:.0f} so")
    for line in lines:
        print(json.dumps(line))


if __name__ == "__main__":
    main()

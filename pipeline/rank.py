"""From the detectors' p-values to one list of strange stars, each with a reason that a person can read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swope.pipeline.column import DetectorColumns
from swope.pipeline.event_words import event_words
from swope.pipeline.events import UNCONFIRMED, EventOptions
from swope.pipeline.lightcurve import BoolArray, FloatArray

#: P-values are cut off here from above before they are combined: one detector at exactly 1 would outvote all others.
LARGEST_PVALUE = 0.99

#: A detector below this is named as a cause; a star whose combined p-value is above it is called ordinary.
NOTABLE_PVALUE = 0.05

#: Of the stars that are called strange by chance, the share for what they did; the others are for what they are. Most
#: stars that are asked for are of a strange kind, and a strong event stands out in the smaller share as well. Set on
#: stars that no figure is of, with three other sets of kinds never shown.
DOING = 0.1

#: Of the stars that are called strange by chance for what they did, the share for an event; the others are for how
#: badly their forecasts fail altogether.
EVENTS = 0.5

#: How much the deviates of the two go together on ordinary stars: `python -m tests.bench.ranking` measures it.
TOGETHER = 0.07

#: A doubt makes a p-value at most so many times smaller: it speaks for a strange kind, and proves none.
MOST_BY_DOUBT = 5.0

#: No share of ordinary stars is told that is smaller: nobody saw so many.
RAREST = 1e-6

#: What the classifier's doubt counts beside the strangeness of the folded shape, set on classes left out of training.
DOUBT_WEIGHT = 0.4


def combine_pvalues(pvalues: ArrayLike) -> FloatArray:
    """Combine the p-values of detectors that looked at the same star, however dependent they are.

    The Cauchy combination test: the mean of ``tan((1/2 - p) pi)`` is again nearly Cauchy in its upper tail under any
    dependence (Liu & Xie 2020, J. Am. Stat. Assoc. 115, 393, eq. 2 and theorem 1). Values above `LARGEST_PVALUE` are
    cut off there, since the test is otherwise powerless as soon as one of them is 1 (Fang et al. 2023, "Heavy-tailed
    distribution for combining dependent p-values with asymptotic robustness", Stat. Sinica 33).

    Parameters
    ----------
    pvalues : (n, d) of n stars by d detectors, in (0, 1]; NaN where a detector gave none.

    Returns
    -------
    (n,) in (0, 1]; NaN where no detector gave any, the p-value itself where only one did.

    Raises
    ------
    ValueError
        When a p-value is outside (0, 1].

    Examples
    --------
    >>> combine_pvalues([[0.5, 0.5, 0.5], [0.001, float("nan"), 0.5], [0.02, float("nan"), float("nan")]]).round(4)
    array([0.5  , 0.002, 0.02 ])
    """
    given = np.atleast_2d(np.asarray(pvalues, dtype=np.float64))
    known = ~np.isnan(given)
    if not bool(((given > 0) & (given <= 1))[known].all()):
        raise ValueError("p-values must lie in (0, 1]")
    # 1 / tan(pi p) is tan((1/2 - p) pi) without the loss of digits at small p
    cotangent = 1.0 / np.tan(np.pi * np.where(known, np.minimum(given, LARGEST_PVALUE), 0.5))
    count = known.sum(axis=1)
    mean = cotangent.sum(axis=1, where=known) / np.maximum(count, 1)
    combined = np.arctan2(1.0, mean) / np.pi
    alone = np.where(known, given, 0.0).sum(axis=1)
    return np.where(count == 0, np.nan, np.where(count == 1, alone, combined))


def anomaly_pvalue(pvalues: ArrayLike, tells_kinds: Sequence[bool], event: ArrayLike | None = None) -> FloatArray:
    """One p-value a star from all its detectors, and its events.

    They answer two questions: whether the star did something, and whether it is of a known kind. Those that answer the
    same one are combined by `combine_pvalues`; that with the star's likeliest event, and the two answers, by the
    smaller, each over its share of the false alarms (a weighted Bonferroni test: Genovese, Roeder & Wasserman 2006,
    Biometrika 93, 509): a star is not called less strange of kind because nothing happened to it, nor less strange for
    an event because its other forecasts hold. What the two answers have in common is taken out (`smaller_of_two`).

    Parameters
    ----------
    pvalues : (n, d) of n stars by d detectors, in (0, 1]; NaN where a detector gave none.
    tells_kinds : d, whether each answers the second question.
    event : (n,) p-value of the star's likeliest event, NaN where it has none; None where nobody looked for events.

    Returns
    -------
    (n,) in (0, 1]; NaN where no detector gave any.

    Examples
    --------
    >>> anomaly_pvalue([[0.5, 0.9, 0.01], [1e-6, 0.3, 0.5], [0.02, 0.02, float("nan")]], [False, False, True]).round(6)
    array([1.1091e-02, 2.0000e-05, 2.0000e-02])
    >>> anomaly_pvalue([[0.5, 0.9, 0.4]], [False, False, True], [1e-5]).round(6)
    array([0.0002])
    """
    return smaller_of_two(*two_answers(pvalues, tells_kinds, event))


def two_answers(
    pvalues: ArrayLike, tells_kinds: Sequence[bool], event: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """(n,) p-values for what each star did, and (n,) for what it is, by the detectors that answer each; NaN for none.

    Parameters
    ----------
    pvalues, tells_kinds, event : as for `anomaly_pvalue`.
    """
    given = np.atleast_2d(np.asarray(pvalues, dtype=np.float64))
    kinds = np.asarray(tells_kinds, dtype=bool)
    doing, being = combine_pvalues(given[:, ~kinds]), combine_pvalues(given[:, kinds])
    if event is not None:
        chance = np.asarray(event, dtype=np.float64)
        least = np.fmin(doing / (1.0 - EVENTS), chance / EVENTS)
        # less likely ones are told as events only where that was asked: beyond it they have no part in the false alarms
        told = np.fmax(EventOptions().pvalue, chance)
        doing = np.minimum((1.0 - EVENTS) * least + np.minimum(EVENTS * least, told), 1.0)
    return doing, being


def led_by_kind(pvalues: ArrayLike, tells_kinds: Sequence[bool], event: ArrayLike | None = None) -> BoolArray:
    """(n,) whether what each star is counts more for its p-value than what it did; as for `anomaly_pvalue`."""
    doing, being = two_answers(pvalues, tells_kinds, event)
    return np.nan_to_num(being, nan=1.0) / (1.0 - DOING) <= np.nan_to_num(doing, nan=1.0) / DOING


def ranking_pvalue(
    pvalues: ArrayLike, tells_kinds: Sequence[bool], doubt: FloatArray, event: ArrayLike | None = None
) -> FloatArray:
    """As `anomaly_pvalue`, with the classifier's doubt as one more answer to what kind a star is of.

    A star's doubt is held against that of all stars of its catalog. Doubt and detectors are combined by Fisher's method
    with the correlation that they have in the catalog (Brown 1975, Biometrics 31, 987; Kost & McDermott 2002, Stat.
    Probab. Lett. 60, 183, eq. 8), but by no more than a factor of `MOST_BY_DOUBT`.

    Parameters
    ----------
    pvalues, tells_kinds, event : as there.
    doubt : (n,) larger where a star is like no one class; NaN where unknown.
    """
    from scipy.special import chdtrc, ndtri

    doing, being = two_answers(pvalues, tells_kinds, event)
    both = np.isfinite(being) & np.isfinite(doubt)
    if both.sum() > 2:
        ordered = np.sort(doubt[both])
        share = (1.0 + ordered.size - np.searchsorted(ordered, doubt[both], side="left")) / (1.0 + ordered.size)
        own = np.minimum(being[both], LARGEST_PVALUE)
        deviates = ndtri(own), ndtri(np.minimum(share, LARGEST_PVALUE))
        together = max(0.0, float(np.corrcoef(*deviates)[0, 1])) if min(map(np.ptp, deviates)) > 0 else 0.0
        common = 3.263 * together + 0.710 * together**2 + 0.027 * together**3
        # two terms of mean 2 and variance 4 each
        scale = 1.0 + common / 4.0
        with_doubt = chdtrc(4.0 / scale, -2.0 * np.log(own * share) / scale)
        # the larger of a p-value and anything else is one too
        being[both] = np.maximum(with_doubt, being[both] / MOST_BY_DOUBT)
    return smaller_of_two(doing, being)


def smaller_of_two(doing: FloatArray, being: FloatArray) -> FloatArray:
    """The p-value of the smaller of two, each over its share of the false alarms; the other where one is NaN.

    Ordinary stars have both below what the smaller one asks for as often as two normal deviates with the correlation
    `TOGETHER` (its series, Pearson 1900, to the third order).

    Parameters
    ----------
    doing, being : (n,) p-values; `DOING` is the share of the first.
    """
    from scipy.special import ndtri

    least = np.fmin(doing / DOING, being / (1.0 - DOING))
    a, b = (np.clip(least * share, 1e-300, 1.0) for share in (DOING, 1.0 - DOING))
    inside = (a < 1.0) & (b < 1.0)
    x, y = (ndtri(np.where(inside, one, 0.5)) for one in (a, b))
    series = TOGETHER * (1.0 + TOGETHER * x * y / 2.0 + TOGETHER**2 * (x * x - 1.0) * (y * y - 1.0) / 6.0)
    density = np.exp(-0.5 * (x * x + y * y)) / (2.0 * np.pi)
    both = np.minimum(a * b + density * series, np.minimum(a, b))
    found = np.where(inside, a + b - both, 1.0)
    alone = np.where(np.isnan(doing), being, doing)
    return np.where(np.isnan(doing) | np.isnan(being), alone, found)


def anomaly_rank(pvalue: FloatArray, scores: FloatArray, object_id: Sequence[str]) -> NDArray[np.int64]:
    """Rank the stars of a whole catalog, the strangest first.

    Stars with the same p-value (the smallest that a detector's null allows, say) are ordered by how few stars of the
    catalog score as high: by the sum over detectors of the log of that share. What still ties goes by name.

    Parameters
    ----------
    pvalue : (n,) combined p-values; NaN where none.
    scores : (n, d) scores by detector, larger is stranger; NaN where none.
    object_id : n names.

    Returns
    -------
    (n,) 1 for the strangest; 0 where there is no p-value.
    """
    ranked = np.isfinite(pvalue)
    rarity = np.zeros(len(pvalue))
    for score in scores.T:
        known = np.isfinite(score)
        ordered = np.sort(score[known])
        as_high = ordered.size - np.searchsorted(ordered, score[known], side="left")
        rarity[known] += np.log(as_high / max(ordered.size, 1))
    names = np.asarray(object_id, dtype=object)
    rows = np.flatnonzero(ranked)
    # a stable sort by name first, then by numbers: sorting objects within lexsort is not possible
    rows = rows[np.argsort(names[rows], kind="stable")]
    rows = rows[np.lexsort((rarity[rows], pvalue[rows]))]
    rank = np.zeros(len(pvalue), dtype=np.int64)
    rank[rows] = np.arange(1, len(rows) + 1)
    return rank


def false_discovery_rate(pvalue: FloatArray) -> FloatArray:
    """The share of ordinary stars to be expected among a star and those of a catalog with p-values as small.

    That is Benjamini & Hochberg's (1995, J. R. Stat. Soc. B 57, 289) least rate at which the star is in the list. All
    stars count as ordinary for it, so it is a little high where many are not.

    Parameters
    ----------
    pvalue : (n,) in (0, 1]; NaN where none.

    Returns
    -------
    (n,) in (0, 1], and no smaller for a larger p-value; NaN where there is no p-value.

    Examples
    --------
    >>> false_discovery_rate(np.array([0.5, 0.001, float("nan"), 0.02, 0.9])).round(4)
    array([0.6667, 0.004 ,    nan, 0.04  , 0.9   ])
    """
    known = np.isfinite(pvalue)
    ordered = np.sort(pvalue[known])
    count = ordered.size
    expected = ordered * count / np.searchsorted(ordered, ordered, side="right")
    rate = np.full(len(pvalue), np.nan)
    # a longer list may be purer
    least = np.minimum.accumulate(expected[::-1])[::-1]
    rate[known] = least[np.searchsorted(ordered, pvalue[known], side="left")] if count else 0.0
    return rate


def joined(scores: Sequence[FloatArray], weights: Sequence[float]) -> FloatArray:
    """Several scores of a catalog's stars on one scale: the weighted sum of the shares of stars that score lower.

    Only the order of the stars in each score counts, so that a star is not called ordinary for a single score in which
    it is the last of all. The sum orders stars; it is no probability.

    Parameters
    ----------
    scores : each (n,), larger is stranger; NaN where none.
    weights : one a score.

    Returns
    -------
    (n,) larger is stranger; NaN where one of the scores is missing.
    """
    known = np.isfinite(np.stack(list(scores))).all(axis=0)
    total = np.where(known, 0.0, np.nan)
    for score, weight in zip(scores, weights, strict=True):
        ordered = np.sort(score[known])
        total[known] += weight * np.searchsorted(ordered, score[known], side="left") / max(ordered.size, 1)
    return total


def novelty(shapes: Sequence[FloatArray], doubt: FloatArray) -> FloatArray:
    """(n,) how little each star of a catalog is like any known kind; NaN where a score is missing.

    Parameters
    ----------
    shapes : each (n,), scores of detectors that tell kinds of stars apart, larger is stranger.
    doubt : (n,) how little it is like any one class.
    """
    return joined((*shapes, doubt), (*(1.0 for _ in shapes), DOUBT_WEIGHT))


def novelty_rank(novel: FloatArray) -> NDArray[np.int64]:
    """(n,) the place of each star by `novelty`, 1 for the largest, the first of equals first; 0 where it is NaN."""
    rank = np.zeros(len(novel), dtype=np.int64)
    rows = np.flatnonzero(np.isfinite(novel))
    rank[rows[np.argsort(-novel[rows], kind="stable")]] = np.arange(1, len(rows) + 1)
    return rank


def anomaly_reason(
    row: Mapping[str, Any], detectors: Sequence[DetectorColumns], events: Sequence[Mapping[str, Any]] = ()
) -> str | None:
    """Say why a star is strange, or that it is not: what it did, what it is unlike, and how seldom that is.

    Parameters
    ----------
    row : its row of objects.parquet, with the combined p-value.
    detectors : those whose columns the row has.
    events : the star's rows of events.parquet.

    Returns
    -------
    Some sentences; None where no p-value was computed.

    Examples
    --------
    >>> detectors = [DetectorColumns("statespace", "the state-space model"), DetectorColumns("toy", "the toy")]
    >>> row = {"anomaly_pvalue": 0.002, "statespace_pvalue": 0.001, "toy_pvalue": 0.4}
    >>> anomaly_reason(row, detectors)
    'Strange to the state-space model: 1 ordinary star in 1,000 scores as high.'
    """
    pvalue = _number(row.get("anomaly_pvalue"))
    given = [(_number(row.get(one.pvalue)), one) for one in detectors]
    known = sorted(((p, one) for p, one in given if not math.isnan(p)), key=lambda pair: (pair[0], pair[1].name))
    if math.isnan(pvalue) or not known:
        return None
    event = _strongest(events)
    flux = row.get("mean_flux") is not None
    did = [event_words(event, len(events), row.get("clock"), flux)] if event is not None else []
    notable = [(p, one) for p, one in known if p < NOTABLE_PVALUE]
    chance = math.nan if event is None or event.get("flag") in UNCONFIRMED else _number(event.get("pvalue"))
    eventful = chance < min((p for p, _ in notable), default=NOTABLE_PVALUE)
    if not (notable or eventful) or pvalue >= NOTABLE_PVALUE:
        least, closest = known[0]
        return " ".join([f"Ordinary: {closest.words} comes closest to an alarm, at p = {least:.2g}.", *did])
    said = did
    if eventful:
        rare = _how_many(chance)
        said.append(f"{rare[0].upper()}{rare[1:]} has an event as likely.")
    if any(one.tells_kinds for _, one in notable):
        said.append(f"It is unlike any {row['class']}." if row.get("class") else "It is unlike any known kind.")
    others = notable[1:]
    if notable:
        least, first = notable[0]
        said.append(f"Strange to {first.words}: {_how_many(least)} scores as high.")
    if others:
        said.append("Also to " + " and ".join(f"{one.words} (p = {p:.2g})" for p, one in others) + ".")
    flags = [(one, row.get(one.flag) or "") for _, one in notable if one.flag is not None]
    return " ".join([*said, *(one.caveats[flag] for one, flag in flags if flag in one.caveats)])


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _how_many(pvalue: float) -> str:
    one_in = 1.0 / max(pvalue, RAREST)
    digits = one_in if one_in < 100 else round(one_in, 1 - math.floor(math.log10(one_in)))
    return f"{'1 ordinary star' if pvalue >= RAREST else 'less than 1 ordinary star'} in {digits:,.0f}"


def _strongest(events: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    def order(event: Mapping[str, Any]) -> tuple[bool, float, float, float]:
        pvalue, sigma = event.get("pvalue"), event.get("peak_sigma")
        unsure = event.get("flag") in UNCONFIRMED
        return (unsure, 1.0 if pvalue is None else pvalue, -abs(sigma or 0.0), event.get("t_peak") or 0.0)

    return min(events, key=order) if events else None

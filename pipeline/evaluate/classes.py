"""How right the classes of a catalog are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.evaluate.results import NONE, ClassResult, OutsideResult, ParentResult
from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.vsx import TYPES, ancestors, is_a

if TYPE_CHECKING:
    import pandas as pd

#: Bins of confidence in the expected calibration error (Guo et al. 2017).
CALIBRATION_BINS = 15


def expected_calibration_error(confidence: FloatArray, right: BoolArray, bins: int = CALIBRATION_BINS) -> float:
    """Mean distance between confidence and accuracy over bins of equal width, weighted by the stars in each.

    Guo et al. 2017, "On Calibration of Modern Neural Networks" (ICML), eq. 3; bins are open below and closed above.

    Parameters
    ----------
    confidence : (n,) probability that what was said of a star is right, in [0, 1].
    right : (n,) whether it is.
    bins : number of bins.

    Returns
    -------
    In [0, 1]; NaN for n = 0.
    """
    if len(confidence) == 0:
        return math.nan
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gap = np.bincount(place, confidence - right.astype(float), minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def target_of(label: str, types: Sequence[str]) -> str | None:
    """The type that a right classifier answers for a label: itself, or the nearest wider one that it knows."""
    return next((wider for wider in ancestors(label) if wider in types), None)


def answers(said: Iterable[str], labels: Iterable[str], truth: NDArray[np.object_]) -> NDArray[np.object_]:
    """What was said of stars, each as narrowly as its label: a DCEPS is right where the label says DCEP.

    Parameters
    ----------
    said : n classes of the catalog, or `NONE`.
    labels : n labels.
    truth : (n,) of `target_of` these labels.
    """
    narrower = [one in TYPES and is_a(one, label) for one, label in zip(said, labels, strict=True)]
    return np.where(narrower, truth, np.array(list(said), dtype=object))


def class_result(name: str, truth: NDArray[np.object_], given: NDArray[np.object_]) -> ClassResult:
    """How the stars of one class fared.

    Parameters
    ----------
    name : the class, which occurs in `truth`.
    truth, given : (n,) true class of each star, and the one in the catalog or `NONE`.
    """
    of_it, called = truth == name, given == name
    hits, n, n_called = int((of_it & called).sum()), int(of_it.sum()), int(called.sum())
    return ClassResult(
        name=name,
        n=n,
        recall=hits / n,
        precision=hits / n_called if n_called else math.nan,
        f1=2 * hits / (n + n_called),
        n_none=int((of_it & (given == NONE)).sum()),
    )


def parent_result(label: str, stars: pd.DataFrame) -> ParentResult:
    """How the stars fared whose label is this wider type."""
    given = stars["class"].dropna()
    right = sum(is_a(name, label) for name in given)
    return ParentResult(name=label, n=len(stars), recall=right / len(stars), n_none=len(stars) - len(given))


def outside_results(stars: pd.DataFrame, labels: set[str]) -> tuple[OutsideResult, ...]:
    """What became of stars with one of these labels, or with a word that is no one type; the most frequent first."""
    unknown = stars["class_true"].isna() & stars["class_source"].notna()
    word = stars["class_true"].where(~unknown, stars["class_source"])
    rows = stars[unknown | stars["class_true"].isin(labels)]
    results = [
        OutsideResult(str(name), len(some), counts_of(some["class"].where(some["class"].notna(), NONE)))
        for name, some in rows.groupby(word[rows.index])
    ]
    return tuple(sorted(results, key=lambda result: (-result.n, result.name)))


def counts_of(names: Iterable[str]) -> dict[str, int]:
    """How often each name occurs, the most frequent first."""
    found, counts = np.unique(np.asarray(list(names), dtype=object).astype(str), return_counts=True)
    ordered = sorted(zip(found.tolist(), counts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    return dict(ordered)

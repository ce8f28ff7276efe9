"""All results for some of the labelled stars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.catalog.schema import STATUSES
from swope.pipeline.evaluate.classes import (
    answers,
    class_result,
    counts_of,
    expected_calibration_error,
    outside_results,
    parent_result,
    target_of,
)
from swope.pipeline.evaluate.periods import period_results
from swope.pipeline.evaluate.results import NONE, Part
from swope.pipeline.vsx import is_a, lineage

if TYPE_CHECKING:
    import pandas as pd


def part_of(name: str, stars: pd.DataFrame, types: Sequence[str]) -> Part:
    """The results for some of the labelled stars.

    Parameters
    ----------
    name : of this part.
    stars : a row a label: its class, class_source and period, whether it is ambiguous, and the catalog's columns of the
        star that it means; they are null where that is none, and the label's end in ``_true`` where both have them.
    types : VSX types that the classifier may answer.
    """
    present = stars[stars["status"].notna()]
    n_ambiguous = int(stars["ambiguous"].sum())
    labels = present["class_true"]
    known = labels[labels.notna()]
    targets = {label: target_of(label, types) for label in known.unique()}
    target = labels.map(targets)
    scored = present[target.notna().to_numpy()]
    truth = target[target.notna()].to_numpy(dtype=object)
    given = answers(scored["class"].where(scored["class"].notna(), NONE), scored["class_true"], truth)
    confidence = scored["class_prob"].to_numpy(dtype=float)
    right = truth == given
    has_class = given != NONE
    classified = scored["has_probabilities"].to_numpy(dtype=bool)
    flagged = scored["class_flag"].notna().to_numpy()
    confident = has_class & np.isfinite(confidence)
    wide = scored["class_sure"].notna().to_numpy()
    sure = zip(scored["class_true"][wide], scored["class_sure"][wide], strict=True)
    classes = tuple(class_result(name, truth, given) for name in sorted(set(truth)))
    parents = [label for label, its in targets.items() if its is None and any(is_a(one, label) for one in types)]
    return Part(
        name=name,
        n_labelled=len(stars),
        n_absent=len(stars) - len(present) - n_ambiguous,
        n_ambiguous=n_ambiguous,
        n_unknown=int((stars["class_true"].isna() & stars["class_source"].notna()).sum()),
        statuses={status: int((present["status"] == status).sum()) for status in STATUSES},
        n_scored=len(scored),
        accuracy=_mean(right),
        accuracy_sure=_mean(right[has_class & ~flagged]),
        balanced_accuracy=_mean([result.recall for result in classes]),
        macro_f1=_mean([result.f1 for result in classes]),
        ece=expected_calibration_error(confidence[confident], right[confident]),
        n_abstained=int((classified & (flagged | ~has_class)).sum()),
        n_none=int((~has_class).sum()),
        n_wide=int(wide.sum()),
        accuracy_wide=_mean([wider in lineage(label) for label, wider in sure]),
        classes=classes,
        parents=tuple(parent_result(label, present[(labels == label).to_numpy()]) for label in sorted(parents)),
        outside=outside_results(present, {label for label, its in targets.items() if its is None} - {*parents}),
        periods=period_results(present),
        confusion={result.name: counts_of(given[truth == result.name]) for result in classes},
    )


def _mean(values: Sequence[float] | NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else math.nan

"""What the pages of a few stars show beyond their analysis: what made the class, what the forecaster has in mind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from swope.models.classifier import Classifier
from swope.models.classifier.saliency import saliency
from swope.models.forecaster import Forecaster
from swope.models.forecaster.states import cell_states
from swope.models.registry import Models
from swope.pipeline.report.cells import picture_of
from swope.pipeline.report.detail import CellStates, ClassPhases, StarDetail
from swope.pipeline.star import Star


def drawn(details: Sequence[StarDetail], models: Models) -> list[StarDetail]:
    """The same stars with the phases that made their class, and the states of the forecaster's cell.

    Parameters
    ----------
    details : of `Analysis.detail`.
    models : those of the analyses.
    """
    stars = [Star(detail.curve, detail.period) for detail in details]
    phases = _phases(models.classifier, stars, [detail.row["class"] for detail in details])
    cells = _cells(models.detectors["forecaster"], stars)
    return [
        replace(detail, phases=said, cells=states) for detail, said, states in zip(details, phases, cells, strict=True)
    ]


def _phases(classifier: Classifier, stars: Sequence[Star], classes: Sequence[str | None]) -> list[ClassPhases | None]:
    """Which phases made the class that the catalog gives; None where there is none, or no period."""
    found = saliency(classifier, stars)
    return [
        ClassPhases(found.phase, weight) if np.isfinite(weight).all() and said == name else None
        for weight, said, name in zip(found.weight, found.types, classes, strict=True)
    ]


def _cells(forecaster: object, stars: Sequence[Star]) -> list[CellStates | None]:
    """What the forecaster has in mind while it reads each star; None for a star too short."""
    if not isinstance(forecaster, Forecaster):
        return [None] * len(stars)
    return [
        None if one is None or len(one.time) < 2 else picture_of(one.time, one.cell.astype(np.float64))
        for one in cell_states(forecaster, stars)
    ]

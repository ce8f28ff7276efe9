"""What a chunk keeps of the stars that were analysed, or were not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.flows.options import RunOptions
from swope.flows.state import Kept, kept_of
from swope.models.analysis import Analysis, assess, strangest
from swope.models.analysis import lost_row as lost_columns
from swope.models.registry import Models
from swope.pipeline.ingest import Refused
from swope.pipeline.report.detail import StarDetail
from swope.pipeline.star import Star

#: Of so many stars of a chunk, the strangest, the report finds all that it draws; ties of the last one are kept too.
DRAWN = 20


@dataclass(frozen=True, eq=False)
class StarRow:
    """One star's row of objects.parquet and its rows of events.parquet, by column name.

    Attributes
    ----------
    kept : for the nights to come; None of a star that is not known well enough to go on from.
    detail : what the report draws; None of a star that is not among the strangest.
    latent : (k,) where it stands among others (`swope.flows.latent`); None where no detector says.
    """

    columns: dict[str, Any]
    events: tuple[dict[str, Any], ...] = ()
    kept: Kept | None = None
    detail: StarDetail | None = None
    latent: NDArray[np.float32] | None = None


def rows_of(stars: Sequence[Star], models: Models, options: RunOptions) -> list[StarRow]:
    """Put some stars through the models; a row a star, in their order.

    Parameters
    ----------
    stars : n stars with at least one good row each.
    """
    analyses = assess(stars, models, options.events)
    drawn = {id(one) for one in strangest(analyses, DRAWN)}
    return [row_of(analysis, id(analysis) in drawn) for analysis in analyses]


def row_of(analysis: Analysis, drawn: bool) -> StarRow:
    """What is kept of one star; with what the report draws, where it is to be drawn."""
    source = analysis.curve.source
    return StarRow(
        columns=dict(analysis.row),
        events=tuple({**asdict(event), "source": source} for event in analysis.events),
        kept=kept_of(analysis),
        detail=analysis.detail if drawn else None,
        latent=next((one.latent for one in analysis.assessments.values() if one.latent is not None), None),
    )


def refused_row(refused: Refused) -> StarRow:
    """The row of an input that did not become a star."""
    names = ("object_id", "source", "status", "reason")
    return StarRow({name: getattr(refused, name) for name in names})


def lost_row(star: Star, reason: str) -> StarRow:
    """The row of a star that took its computation down."""
    return StarRow(lost_columns(star, reason))

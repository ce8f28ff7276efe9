"""What the forest sees of a star, learns from it, and says beside the networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from swope.models.classifier.training import Tensors
from swope.models.inputs import FACTORS
from swope.pipeline.features import FOLDED, PLAIN, REST, SEARCH, STRUCTURE, SURVEY
from swope.pipeline.lightcurve import FloatArray

if TYPE_CHECKING:
    from swope.models.classifier.trees import Forest

#: Names of the columns of `table_of`; FOUND is whether there is a period, and the last are there where magnitude and
#: colour are looked at.
FOUND = "found"
COLUMNS = (*FOLDED * len(FACTORS), *PLAIN, FOUND, *STRUCTURE, *REST, *SEARCH, *SURVEY)

#: No forest is surer than this: a type that none of its trees names has as much.
_DOUBT = 0.01


def table_of(tensors: Tensors) -> NDArray[np.float32]:
    """(n, features) what the forest sees: the features of each candidate period, and the plain ones."""
    _, _, folded, plain, _ = tensors
    return np.concatenate([*(folded[:, i] for i in range(folded.shape[1])), plain], axis=1)


def learnt(
    table: NDArray[np.float32],
    meant: NDArray[np.float32],
    labels: NDArray[np.str_],
    weight: NDArray[np.float32],
    trees: int,
    leaf: int,
    tries: float,
    seed: int,
) -> Forest:
    """Grow a forest on n rows.

    Parameters
    ----------
    table : (n, features) of `table_of`.
    meant : (n, types) 1 for each type that a label may mean.
    labels, weight : (n,) of the stars.
    trees, leaf, tries, seed : see `ClassifierOptions`.
    """
    from swope.models.classifier.trees import grown

    kind = np.unique(labels, return_inverse=True)[1]
    shares = meant / meant.sum(axis=1, keepdims=True)
    tried = min(table.shape[1], int(tries * table.shape[1] ** 0.5) + 1)
    return grown(table, shares, kind, weight, trees, tried, leaf, seed)


def spoken(votes: FloatArray, weight: float) -> FloatArray:
    """(n, 1, types) what the votes (n, types) of a forest add to the logits of every candidate period."""
    return weight * np.log(votes[:, None] + _DOUBT)

"""What a classifier learns from, as its parts take it, and who of the stars is kept for calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from swope.models.classifier.answer import ClassifierOptions
from swope.models.classifier.thinned import Thinned
from swope.models.classifier.training import Examples, Tensors
from swope.models.classifier.unlikeness import kinds_of
from swope.models.classifier.votes import learnt
from swope.models.inputs import Inputs
from swope.models.kinds import KnownKinds
from swope.pipeline.features import LEAST_POINTS
from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.split import share

if TYPE_CHECKING:
    from swope.models.classifier.trees import Forest

#: Stars that end the training of a member and calibrate it, at least.
LEAST_JUDGES = 2


@dataclass(frozen=True, eq=False)
class LabelledInputs:
    """Stars that were folded and measured, with what is known of them.

    Attributes
    ----------
    inputs : n stars, of `swope.models.inputs.inputs_of`.
    names : n object ids, which decide who is kept for calibration.
    period : (n,) days, NaN where none was found.
    labels : n VSX types; see `Classifier.fit`.
    reference : (n,) known periods in days, NaN where unknown; or None.
    copies : of these stars, to be learnt from beside them.
    """

    inputs: Inputs
    names: Sequence[str]
    period: FloatArray
    labels: Sequence[str]
    reference: FloatArray | None = None
    copies: Thinned | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    @cached_property
    def place(self) -> FloatArray:
        """(n,) in [0, 1), by name."""
        return np.array([share(name, "classifier") for name in self.names])

    @property
    def enough(self) -> BoolArray:
        """(n,) whether a star has points enough."""
        return self.inputs.points >= LEAST_POINTS


@dataclass(frozen=True, eq=False)
class Lesson:
    """Labelled stars to learn from; thinned copies of some are rows like the stars, and stand behind them.

    Attributes
    ----------
    options : how to learn.
    examples : of the rows.
    table : (rows, features) what the forest sees.
    possible : (rows, candidates, types) of `swope.models.classifier.possible`.
    star : (rows,) the star of each row; the first n are the n stars.
    enough : (rows,) whether a row has points enough.
    labels : (n,) of the stars.
    place : (n,) in [0, 1), by name.
    weight : (n,) of the stars.
    """

    options: ClassifierOptions
    examples: Examples
    table: NDArray[np.float32]
    possible: BoolArray
    star: NDArray[np.int64]
    enough: BoolArray
    labels: NDArray[np.str_]
    place: FloatArray
    weight: NDArray[np.float32]

    def apart(self, member: int) -> BoolArray:
        """(n,) the stars that a member does not learn from."""
        return set_apart(self.place, self.enough[: len(self.place)], member, self.options)

    def learns(self, member: int) -> NDArray[np.int64]:
        """The rows that a member learns from."""
        return np.flatnonzero(self.enough & ~self.apart(member)[self.star])

    def judges(self, member: int) -> NDArray[np.int64]:
        """The stars that end a member's training and calibrate it: no copies."""
        return np.flatnonzero(self.enough[: len(self.place)] & self.apart(member))

    @property
    def all(self) -> NDArray[np.int64]:
        """The rows that have points enough."""
        return np.flatnonzero(self.enough)

    def tensors(self, rows: NDArray[np.int64]) -> Tensors:
        """What the network sees of these rows."""
        return [tensor[rows] for tensor in self.examples.tensors]

    @property
    def meant(self) -> NDArray[np.float32]:
        """(rows, types) 1 for each type that the label may mean."""
        meant: NDArray[np.float32] = self.examples.allowed.max(axis=1)
        return meant

    def forest(self, rows: NDArray[np.int64]) -> Forest:
        """Trees that learnt from these rows, in which a star and its copies weigh as much as a star."""
        star, options = self.star, self.options
        as_one = self.weight[star] / np.float32(np.bincount(star)[star])
        return learnt(
            self.table[rows],
            self.meant[rows],
            self.labels[star[rows]],
            as_one[rows],
            options.trees,
            options.leaf,
            options.tries,
            1000 * options.seed,
        )

    def kinds(self, rows: NDArray[np.int64]) -> KnownKinds:
        """The kinds of the stars among these rows, without copies, which are no further stars of their kind."""
        stars = rows[rows < len(self.labels)]
        return kinds_of(self.table[stars], self.labels[stars])


def set_apart(place: FloatArray, enough: BoolArray, member: int, options: ClassifierOptions) -> BoolArray:
    """(n,) the stars that a member does not learn from: of each member others, so that together they learn from all.

    A member that would have too few to be judged by leaves out those of the first; and where the names leave too few
    even there, the first ones by name.

    Parameters
    ----------
    place : (n,) in [0, 1), by name.
    enough : (n,) whether a star has enough rows.
    """
    share_apart = options.calibration_share
    for first in (member * share_apart, 0.0):
        apart = np.asarray((place + first) % 1.0 < share_apart)
        if (enough & apart).sum() >= LEAST_JUDGES:
            return apart
    apart = np.zeros(len(place), dtype=np.bool_)
    apart[np.argsort(np.where(enough, place, np.inf), kind="stable")[:LEAST_JUDGES]] = True
    return apart

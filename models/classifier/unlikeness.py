"""How unlike a star is to all the types that were learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.kinds import KnownKinds
from swope.pipeline.lightcurve import FloatArray

#: Axes along which stars are looked at. Chosen, as was the use of these two signs, on cataclysmic variables, lenses,
#: delta Scuti, ACV, RV Tauri, Wolf-Rayet and SPB stars and type II Cepheids that were left out of training.
_AXES = 16

#: A share of votes below this is none.
_NONE = 1e-4

#: The spread of a sign, at least: few stars may all be alike.
_LEAST_SPREAD = 0.05

_OF_KINDS = tuple(field.name for field in fields(KnownKinds))


@dataclass(frozen=True, eq=False)
class Unlikeness:
    """Two signs that a star is of no type that was learnt, added up in units of their spread.

    One is how many types the votes are divided over, as their entropy (Shannon 1948): trees that must name a type and
    know none that fits name many. The other is how seldom stars of the known labels have its features
    (`swope.models.kinds`): trees may agree on a type in places where they never saw a star.

    Attributes
    ----------
    kinds : of the labels that were learnt.
    spread : (2,) standard deviation of each sign among stars that were not learnt from.
    """

    kinds: KnownKinds
    spread: FloatArray

    @classmethod
    def of(cls, kinds: KnownKinds, signs: FloatArray) -> Unlikeness:
        """By these kinds, where stars that were not learnt from have signs (n, 2)."""
        return cls(kinds, np.maximum(signs.std(axis=0), _LEAST_SPREAD))

    def __call__(self, votes: FloatArray, table: NDArray[np.float32]) -> FloatArray:
        """(n,) how unlike stars are, of votes (n, types) and features (n, features) as the forest sees them."""
        return self.added(signs_of(votes, self.kinds.rarity(self.kinds.places(table))))

    def added(self, signs: FloatArray) -> FloatArray:
        """(n,) both signs (n, 2) as one."""
        return np.asarray((signs / self.spread).sum(axis=1))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `stored` makes it of again."""
        kept = {f"kinds/{name}": getattr(self.kinds, name) for name in _OF_KINDS}
        return {**kept, "kinds/spread": self.spread}

    @classmethod
    def stored(cls, arrays: Mapping[str, NDArray[Any]]) -> Unlikeness:
        """From the arrays of a classifier's folder.

        Raises
        ------
        KeyError
            When they hold none.
        """
        return cls(KnownKinds(*(arrays[f"kinds/{name}"] for name in _OF_KINDS)), arrays["kinds/spread"])


def kinds_of(table: NDArray[np.float32], labels: Sequence[str] | NDArray[np.str_]) -> KnownKinds:
    """The kinds of stars by their labels, in the features (n, features) that the forest sees."""
    return KnownKinds.of(table.astype(np.float64), np.unique(labels, return_inverse=True)[1], _AXES)


def signs_of(votes: FloatArray, rarity: FloatArray) -> FloatArray:
    """(n, 2) the entropy of votes (n, types), and the rarity (n,) beside it."""
    return np.stack([-(votes * np.log(votes + _NONE)).sum(axis=1), rarity], axis=1)

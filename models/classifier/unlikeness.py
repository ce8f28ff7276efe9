"""How unlike a star is to all the types that were learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.classifier.votes import COLUMNS, FOUND
from swope.models.kinds import KnownKinds
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.modes import MODES

#: Axes along which stars are looked at. Chosen, as was the use of these two signs, on cataclysmic variables, lenses,
#: delta Scuti, ACV, RV Tauri, Wolf-Rayet and SPB stars and type II Cepheids that were left out of training.
_AXES = 16

#: What tells surveys apart better than it tells stars: the medians of one kind in several surveys (among the stars that
#: the shipped models learn from) lie 0.8 standard deviations of the kind within a survey apart, or more, in the mean
#: over the kinds. And whether there is a period: nearly all known stars have one, so that all others would be rare; and
#: signs of a second mode, which are noise in most kinds, and larger the deeper the survey.
_KNOWS_SURVEY = frozenset(
    {
        *("amplitude", "chi2", "cusum", "eta", "eta_e", "explained", "inter_percentile_range_10", "kurtosis"),
        *("log_fap", "maximum_slope", "median_absolute_deviation", "median_buffer_range_percentage_10"),
        *("otsu_std_upper", "percent_amplitude", "rest_eta", "rest_noise", "rest_share", "rest_slow_30"),
        *("rest_slow_300", "roms", "slow_3", "slow_30", "standard_deviation", "stetson_K", "string_length"),
        *("structure_0.15", "structure_1.5", "terms", FOUND),
        *MODES,
    }
)

#: The features that kinds are known by, and their places.
COMPARED = tuple(name for name in COLUMNS if name not in _KNOWS_SURVEY)
_PLACES = [place for place, name in enumerate(COLUMNS) if name in COMPARED]

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
    (`swope.models.kinds`): trees may agree on a type in places where they never saw a star. Features that say of which
    survey a star is have no part in that, or all stars of a survey never seen would be rare.

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
        return self.added(signs_of(votes, rarity_of(self.kinds, table)))

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
    """The kinds of stars by their labels, in features (n, features) that the forest sees."""
    return KnownKinds.of(_compared(table), np.unique(labels, return_inverse=True)[1], _AXES)


def rarity_of(kinds: KnownKinds, table: NDArray[np.float32]) -> FloatArray:
    """(n,) how seldom stars of these kinds have features (n, features) that the forest sees."""
    return kinds.rarity(kinds.places(_compared(table)))


def _compared(table: NDArray[np.float32]) -> FloatArray:
    return table[:, [place for place in _PLACES if place < table.shape[1]]].astype(np.float64)


def signs_of(votes: FloatArray, rarity: FloatArray) -> FloatArray:
    """(n, 2) the entropy of votes (n, types), and the rarity (n,) beside it."""
    return np.stack([-(votes * np.log(votes + _NONE)).sum(axis=1), rarity], axis=1)

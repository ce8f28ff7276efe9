"""What a classifier is told by the stars that it did not learn from: how sure to be, and which answers to flag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swope.models.classifier.answer import Abstention, ClassifierOptions
from swope.models.classifier.network import NEVER, joint
from swope.models.classifier.votes import spoken
from swope.pipeline.lightcurve import BoolArray, FloatArray

#: What is chosen from.
_TEMPERATURES = np.geomspace(0.4, 8.0, 61)
_FOREST_WEIGHTS = np.linspace(0.0, 3.0, 31)

#: How far a survey's own temperature, in logarithms, and its own weight of the forest lie from those of a start: few
#: stars do not say them, and would be believed at the edges of what is chosen from.
_SPREAD_TEMPERATURE, _SPREAD_WEIGHT = 0.35, 0.35

#: So many stars' worth are the limits of the flags of a start, which few stars do not say either.
_STARS_WORTH = 100


@dataclass(frozen=True, eq=False)
class Judged:
    """What members say of n stars that they did not learn from. Trees of a start may have seen some of them.

    Attributes
    ----------
    logits : (n, candidates, types) of the networks.
    votes : (n, types) of the forests; None without one.
    rarity : (n,) of the stars' features (`swope.models.kinds`).
    meant : (n, types) 1 for each type that the label may mean.
    possible : (n, candidates, types) of `swope.models.classifier.possible`.
    """

    logits: NDArray[np.float32]
    votes: FloatArray | None
    rarity: FloatArray
    meant: NDArray[np.float32]
    possible: BoolArray

    @classmethod
    def join(cls, parts: Sequence[Judged]) -> Judged:
        """Those of several members."""
        votes = [part.votes for part in parts if part.votes is not None]
        return cls(
            np.concatenate([part.logits for part in parts]),
            np.concatenate(votes) if votes else None,
            np.concatenate([part.rarity for part in parts]),
            np.concatenate([part.meant for part in parts]),
            np.concatenate([part.possible for part in parts]),
        )

    def probabilities(self, temperature: float, forest_weight: float) -> FloatArray:
        """(n, types) with the networks at a temperature, and a weight of the forest's logarithms beside theirs."""
        said = 0.0 if self.votes is None else spoken(self.votes, forest_weight)
        shares = joint(np.where(self.possible, self.logits / temperature + said, NEVER), 1.0)
        return np.asarray(shares.sum(axis=1))

    def likeliest(self, before: tuple[float, float] | None = None) -> tuple[float, float]:
        """The temperature (Guo et al. 2017) and the weight of the forest that make the labels likeliest.

        Parameters
        ----------
        before : those of a start, about which those of another survey are likely to be; None without one.
        """
        found = np.inf, 1.0, 0.0
        for weight in (0.0,) if self.votes is None else _FOREST_WEIGHTS:
            for temperature in _TEMPERATURES:
                probability = (self.probabilities(temperature, weight) * self.meant).sum(axis=1)
                surprise = float(-np.log(np.maximum(probability, 1e-9)).sum())
                if before is not None:
                    off = np.log(temperature / before[0]) / _SPREAD_TEMPERATURE, (weight - before[1]) / _SPREAD_WEIGHT
                    surprise += 0.5 * (off[0] ** 2 + off[1] ** 2)
                if surprise < found[0]:
                    found = surprise, float(temperature), float(weight)
        return found[1], found[2]

    def abstention(
        self,
        probability: FloatArray,
        unlikeness: FloatArray,
        options: ClassifierOptions,
        before: Abstention | None = None,
    ) -> Abstention:
        """Which answers get a flag.

        Parameters
        ----------
        probability : (n, types).
        unlikeness : (n,).
        before : those of a start; None without one.
        """
        best = probability.max(axis=1)
        least = float(np.quantile(best, 1.0 - options.coverage))
        most = float(np.quantile(unlikeness, options.familiar))
        if before is not None:
            mine = len(best) / (len(best) + _STARS_WORTH)
            least, most = (
                mine * own + (1.0 - mine) * started for own, started in ((least, before.least), (most, before.most))
            )
        unflagged = (best >= least) & (unlikeness <= most)
        wrong = np.take_along_axis(self.meant, probability.argmax(axis=1)[:, None], axis=1)[:, 0] == 0.0
        risk = float(wrong[unflagged].mean()) if unflagged.any() else float("nan")
        return Abstention(least, most, float(unflagged.mean()), risk)

"""What the classifier is asked to be, and what it answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from swope.pipeline.catalog.schema import PROBABILITY
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.reason import Reason


@dataclass(frozen=True)
class ClassifierOptions:
    """How to train.

    Attributes
    ----------
    survey : whether magnitude and colour are looked at: useful within one survey, harmful beyond it.
    members : networks that are trained and averaged; 0 for one, or up to three where stars are few.
    filters : of each convolution.
    hidden : width of the dense layers.
    dropout : share of the inputs of the dense layers left out in training.
    batch : stars of a training batch.
    epochs : at most so many passes over the stars (early stopping may end it before).
    patience : passes without gain on the stars kept for calibration before training ends.
    learning_rate, weight_decay : of AdamW; the rate falls along a cosine.
    balance : 0 weighs all stars alike, 1 all types alike.
    copies : thinned copies of each star of a rare type, at most (`swope.models.classifier.thinned`); 0 for none.
    trees : of the forest of random trees that votes beside the networks; 0 for none.
    leaf : stars of a leaf of those trees, at least.
    tries : at a node of them so many times the root of the number of features is tried.
    calibration_share : share of the stars that end a member's training and calibrate it, and that it does not learn
        from; each member leaves out others.
    coverage : share of the stars whose type is likely enough to need no flag.
    familiar : share of the stars that are like enough to the types learnt to need no flag.
    seed : of everything that is drawn.
    """

    survey: bool = False
    members: int = 0
    filters: tuple[int, ...] = (16, 24, 32)
    hidden: int = 96
    dropout: float = 0.15
    batch: int = 128
    epochs: int = 40
    patience: int = 8
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    balance: float = 0.5
    copies: int = 8
    trees: int = 150
    leaf: int = 1
    tries: float = 2.0
    calibration_share: float = 0.15
    coverage: float = 0.985
    familiar: float = 0.95
    seed: int = 1


@dataclass(frozen=True)
class Abstention:
    """Which answers get a flag, and what may be expected of the others.

    Attributes
    ----------
    least : probability of the likeliest type below which it is uncertain.
    most : unlikeness above which a star is of no type that was learnt.
    kept : share of the stars kept for calibration that get no flag.
    risk : share of wrong types among those, as each member says it of stars it did not learn from.
    """

    least: float
    most: float
    kept: float
    risk: float


@dataclass(frozen=True, eq=False)
class Classification:
    """What the classifier says of n stars.

    Attributes
    ----------
    types : VSX names of the columns of `probabilities`.
    probabilities : (n, n_types) calibrated; rows sum to 1, or are NaN where there is no answer.
    flag : n entries: None, "uncertain" where no type is likely enough, or "unfamiliar" where one is, but the star is
        unlike those of the types that were learnt. A catalog says the latter by the whole run
        (`swope.pipeline.unfamiliar`).
    sure : n entries: the narrowest type or family of types that is likely enough to be believed; None where there is
        none (`swope.models.classifier.hierarchy`).
    reason : n entries: why there is no answer, or None.
    period_factor : (n,) 1, 2 or 0.5: what to multiply the found period by, now that the type is known.
    doubt : (n,) how little the star is like any one type: one less the largest share of the forest's votes, which are
        more divided over a type that was never seen than the probabilities are; of these where there is no forest.
        NaN where there is no answer.
    unlikeness : (n,) how unlike the star is to those of all types that were learnt, by the forest's votes and by its
        features (`swope.models.classifier.unlikeness`); above 1 it is unfamiliar. NaN where there is no answer.
    """

    types: tuple[str, ...]
    probabilities: FloatArray
    flag: tuple[str | None, ...]
    sure: tuple[str | None, ...]
    reason: tuple[Reason | None, ...]
    period_factor: FloatArray
    doubt: FloatArray
    unlikeness: FloatArray

    def __len__(self) -> int:
        return len(self.probabilities)

    def best(self, i: int) -> str | None:
        """The likeliest type of star i; None where there is no answer."""
        return None if self.reason[i] is not None else self.types[int(self.probabilities[i].argmax())]

    def probability(self, i: int) -> float:
        """Probability of the likeliest type of star i; NaN where there is no answer."""
        return float(self.probabilities[i].max())

    def columns(self, i: int) -> dict[str, Any]:
        """The catalog's columns of star i; None where there is no answer."""
        shares = {f"{PROBABILITY}{name}": share for name, share in zip(self.types, self.probabilities[i], strict=True)}
        numbers = {"class_prob": self.probability(i), "class_doubt": self.doubt[i], **shares}
        numbers["class_unlikeness"] = self.unlikeness[i]
        return {
            "class": self.best(i),
            "class_sure": self.sure[i],
            "class_flag": self.flag[i],
            **{name: float(value) if math.isfinite(value) else None for name, value in numbers.items()},
        }

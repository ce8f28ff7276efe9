"""What an evaluation finds: how classes and periods fared, and how many stars it is of."""

from __future__ import annotations

from dataclasses import dataclass

#: The word for "no class" in tables and pictures.
NONE = "none"


@dataclass(frozen=True)
class ClassResult:
    """How one class fared.

    Attributes
    ----------
    name : VSX type.
    n : stars whose true class it is.
    recall : share of them that were given it; a star without a class counts as missed.
    precision : share of the stars given it that are of it; NaN where none was.
    f1 : harmonic mean of the two.
    n_none : of `n`, stars that were given no class.
    """

    name: str
    n: int
    recall: float
    precision: float
    f1: float
    n_none: int


@dataclass(frozen=True)
class ParentResult:
    """How the stars fared whose label is only a wider type, such as "E": any narrower type of it is right.

    Attributes
    ----------
    name : VSX type of the label.
    n : stars with it.
    recall : share that were given a type below it.
    n_none : of `n`, stars that were given no class.
    """

    name: str
    n: int
    recall: float
    n_none: int


@dataclass(frozen=True)
class OutsideResult:
    """A labelled class that the classifier does not know.

    Attributes
    ----------
    name : VSX type, or the survey's own word where it stands for no one type.
    n : stars with it.
    given : how many of them were given which class, most frequent first.
    """

    name: str
    n: int
    given: dict[str, int]


@dataclass(frozen=True)
class PeriodResults:
    """How the periods of one class fared; numbers of stars.

    Attributes
    ----------
    name : VSX type of the label, or "all".
    n : stars with a known period: the sum of the five that follow.
    exact : right within the tolerance.
    half, double : half or twice the true one, within the same tolerance.
    other : another.
    none : no period in the catalog.
    alias : of `other`, those that are an alias by one or two cycles a day.
    in_five : right among the five best periods.
    """

    name: str
    n: int
    exact: int
    half: int
    double: int
    other: int
    none: int
    alias: int
    in_five: int


@dataclass(frozen=True)
class Part:
    """The results for some of the labelled stars.

    Attributes
    ----------
    name : "all", or "held out" for the stars that the shipped models were never trained on.
    n_labelled : labelled stars; of these
    n_absent : are not in the catalog,
    n_ambiguous : are left out, since several stars of the catalog may be meant (`swope.pipeline.labels.match`),
    n_unknown : have a label that stands for no one VSX type (doubtful ones among them),
    statuses : are in the catalog with this status.
    n_scored : stars in the catalog whose class the classifier knows; the five scores that follow are of them.
    accuracy : share that was given the right class; a star without a class counts as wrong.
    accuracy_sure : the same among those that have a class and no class_flag.
    balanced_accuracy : mean recall of the classes.
    macro_f1 : mean F1 of the classes.
    ece : expected calibration error of class_prob, among those that were given a class.
    n_abstained : of `n_scored`, stars with class probabilities but without a class, or with one and a class_flag.
    n_none : of `n_scored`, stars without a class, for whatever reason.
    n_wide : of `n_scored`, stars with a class_sure: the narrowest type or family that is likely enough to be believed.
    accuracy_wide : share of those that are of it.
    classes, parents, outside, periods : in detail.
    confusion : number of scored stars by true class, then by given class.
    """

    name: str
    n_labelled: int
    n_absent: int
    n_ambiguous: int
    n_unknown: int
    statuses: dict[str, int]
    n_scored: int
    accuracy: float
    accuracy_sure: float
    balanced_accuracy: float
    macro_f1: float
    ece: float
    n_abstained: int
    n_none: int
    n_wide: int
    accuracy_wide: float
    classes: tuple[ClassResult, ...]
    parents: tuple[ParentResult, ...]
    outside: tuple[OutsideResult, ...]
    periods: tuple[PeriodResults, ...]
    confusion: dict[str, dict[str, int]]

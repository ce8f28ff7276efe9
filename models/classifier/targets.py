"""What is known of a training star, as the set of (candidate period, type) pairs that agree with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from swope.models.inputs import FACTORS
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.vsx import TYPES, alternatives, family, is_a

#: A candidate within this share of the reference period is that period.
_SAME = 0.01

#: A type that is said to be open but is taught as a choice of its own: most spotted stars are never called anything
#: narrower.
_NOT_OPEN = ("ROT",)


def leaf_types(labels: Sequence[str]) -> tuple[str, ...]:
    """The types to choose between: all labels but the open ones that have a narrower one among the labels.

    A label such as E ("eclipsing binary, subtype open") is no choice where EA and EW are, nor is ``EA|EW``: its stars
    teach that it is one of them.
    """
    names = sorted(set(labels))
    return tuple(name for name in names if not any(other != name and _within(other, name) for other in names))


def allowed_types(label: str, types: Sequence[str]) -> NDArray[np.float32]:
    """(n_types,) 1 for each type that the label may mean."""
    return np.array([_within(name, label) for name in types], dtype=np.float32)


def allowed_pairs(
    labels: Sequence[str], types: Sequence[str], period: FloatArray, reference: FloatArray | None
) -> NDArray[np.float32]:
    """(n, candidates, types) 1 for the pairs that agree with a star's label and reference period.

    Without a reference period eclipsing and ellipsoidal stars may be at any candidate (their period is easily halved)
    and the others are taken at their own; where the reference is none of the candidates, nothing is said of them.

    Parameters
    ----------
    period : (n,) Swope's own, NaN where there is none.
    reference : (n,) the known ones, NaN where there is none; or None.
    """
    known = np.full(len(labels), np.nan) if reference is None else reference
    out = np.zeros((len(labels), len(FACTORS), len(types)), dtype=np.float32)
    rows = {label: allowed_types(label, types) for label in set(labels)}
    for i, label in enumerate(labels):
        near = [abs(period[i] * factor / known[i] - 1.0) < _SAME for factor in FACTORS]
        if any(near):
            candidates = np.array(near, dtype=np.float32)
        elif np.isfinite(known[i]) or _double(label) or not np.isfinite(period[i]):
            candidates = np.ones(len(FACTORS), dtype=np.float32)
        else:
            candidates = np.array([factor == 1.0 for factor in FACTORS], dtype=np.float32)
        out[i] = candidates[:, None] * rows[label]
    return out


def _within(name: str, label: str) -> bool:
    """Whether a label may mean this type: its own name does, and an open label may mean any type below it."""
    return name == label or any(
        name == one or (_open(one) and name in TYPES and is_a(name, one)) for one in alternatives(label)
    )


def _open(name: str) -> bool:
    return name in TYPES and TYPES[name].description.endswith("subtype open") and name not in _NOT_OPEN


def _double(label: str) -> bool:
    return all(family(one) == "eclipsing" or one == "ELL" for one in alternatives(label))

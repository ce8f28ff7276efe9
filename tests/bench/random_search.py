"""Settings drawn at random (Bergstra & Bengio 2012, JMLR 13, 281: better than a grid where few of them matter)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

Options = TypeVar("Options")

#: How a setting is drawn.
Draw = Callable[[np.random.Generator], Any]


def one_of(*values: Any) -> Draw:
    """Each value alike."""
    return lambda rng: values[int(rng.integers(len(values)))]


def between(low: float, high: float) -> Draw:
    """Evenly between two numbers, to three decimals."""
    return lambda rng: round(float(rng.uniform(low, high)), 3)


def power_of_ten(low: float, high: float) -> Draw:
    """Ten to a power that is drawn evenly between two numbers, to three digits: for rates."""
    return lambda rng: float(f"{10.0 ** rng.uniform(low, high):.3g}")


def drawn(base: Options, space: Mapping[str, Draw], seed: int, trial: int) -> Options:
    """The settings of a trial, which depend on nothing but the seed and the trial; trial 0 has those of `base`.

    Parameters
    ----------
    base : a dataclass of settings.
    space : how each setting that is searched is drawn, by its name.
    """
    if trial == 0:
        return base
    rng = np.random.default_rng([seed, trial])
    return replace(base, **{name: draw(rng) for name, draw in space.items()})  # type: ignore[type-var]


def shown(options: Any, space: Mapping[str, Draw]) -> dict[str, Any]:
    """The settings that are searched."""
    return {name: getattr(options, name) for name in space}

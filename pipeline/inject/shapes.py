"""Shapes of events: by how many magnitudes a star changes at what time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.simulate.bursts import burst_shape, flare_shape

#: Widths at half height of `burst_shape` and `flare_shape`, in their units.
_BURST_WIDTH, _FLARE_WIDTH = 0.8, 0.9133

#: Width at half height of exp(-x^4 / 2).
_DIP_WIDTH = 2.0 * (2.0 * math.log(2.0)) ** 0.25


@dataclass(frozen=True)
class Shape:
    """One kind of event.

    Attributes
    ----------
    words : what it is.
    brighter : whether the star brightens; None where either is drawn.
    lasts : whether it goes on to the end of the curve.
    change : magnitudes, all of one sign and the largest of them the depth, of a depth (mag) at (n,) times in units of
        the duration, from its middle, its peak or, where it lasts, its beginning.
    """

    words: str
    brighter: bool | None
    lasts: bool
    change: Callable[[float, FloatArray], FloatArray]

    @property
    def timed(self) -> bool:
        """Whether it has a duration: a step has none."""
        return self is not SHAPES["step"]


def magnitudes(shape: str, depth: float, brighter: bool, time: FloatArray) -> FloatArray:
    """(n,) change of a star's magnitude; positive is fainter.

    The duration of a box, a dip and an outburst is their full width at half depth; of a flare and a lens the full width
    at half maximum of the light that they add; of a slow fading the time until it has come to its depth.

    Parameters
    ----------
    shape : a key of `SHAPES`.
    depth : largest change, magnitudes, above 0.
    brighter : whether the star brightens.
    time : (n,) in units of the duration; see `Shape.change`.

    Examples
    --------
    >>> magnitudes("box", 0.2, False, np.array([-1.0, 0.0, 1.0]))
    array([0. , 0.2, 0. ])
    """
    size = SHAPES[shape].change(depth, time)
    return -size if brighter else size


def _box(depth: float, time: FloatArray) -> FloatArray:
    return np.where(np.abs(time) <= 0.5, depth, 0.0)


def _dip(depth: float, time: FloatArray) -> FloatArray:
    """Flat at the bottom, with soft sides, as transits and occultations by dust are."""
    # beyond a few widths the power would overflow, and nothing is left
    shape: FloatArray = depth * np.exp(-0.5 * (np.minimum(np.abs(time), 3.0) * _DIP_WIDTH) ** 4)
    return shape


def _flare(depth: float, time: FloatArray) -> FloatArray:
    """Light added by the template of Davenport et al. 2014 (a quartic rise, two exponential decays)."""
    light = (10.0 ** (0.4 * depth) - 1.0) * flare_shape(_FLARE_WIDTH * time)
    shape: FloatArray = 2.5 * np.log10(1.0 + np.maximum(light, 0.0))
    return shape


def _lens(depth: float, time: FloatArray) -> FloatArray:
    """The point lens of Paczynski 1986 (eq. 5), without blending."""
    nearest, half = (_separation2(10.0 ** (0.4 * depth), share) for share in (1.0, 0.5))
    u2 = nearest + (2.0 * time) ** 2 * (half - nearest)
    shape: FloatArray = 2.5 * np.log10((u2 + 2.0) / np.sqrt(u2 * (u2 + 4.0)))
    return shape


def _separation2(gain: float, share: float) -> float:
    """Square of the separation at which a lens adds this share of what its greatest gain adds."""
    here = 1.0 + share * (gain - 1.0)
    return 2.0 * here / math.sqrt(here * here - 1.0) - 2.0


def _outburst(depth: float, time: FloatArray) -> FloatArray:
    return depth * burst_shape(_BURST_WIDTH * time)


def _step(depth: float, time: FloatArray) -> FloatArray:
    return np.where(time >= 0.0, depth, 0.0)


def _slow(depth: float, time: FloatArray) -> FloatArray:
    shape: FloatArray = depth * np.clip(time, 0.0, 1.0)
    return shape


#: The shapes that can be laid, by the names that a catalog gives to events.
SHAPES = {
    "box": Shape("dip with sharp sides", False, False, _box),
    "dip": Shape("dip with soft sides", False, False, _dip),
    "flare": Shape("flare with an exponential decay", True, False, _flare),
    "lens": Shape("microlensing", True, False, _lens),
    "outburst": Shape("outburst", True, False, _outburst),
    "step": Shape("step to another level", None, True, _step),
    "slow": Shape("slow fading", False, True, _slow),
}

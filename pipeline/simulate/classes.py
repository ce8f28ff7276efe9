"""Which classes can be simulated, how each is drawn, and which surveys list it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from swope.pipeline.simulate.bursts import draw_microlens, draw_sn, draw_ug, draw_uv
from swope.pipeline.simulate.eclipsing import draw_ea, draw_eb, draw_ep, draw_ew
from swope.pipeline.simulate.giants import draw_mira, draw_sr
from swope.pipeline.simulate.pulsating import draw_bcep, draw_cwa, draw_dcep, draw_dsct, draw_rrab, draw_rrc
from swope.pipeline.simulate.rotating import draw_acv, draw_rot
from swope.pipeline.simulate.signal import Scene, Signal
from swope.pipeline.simulate.stochastic import draw_agn


def draw_constant(rng: np.random.Generator, scene: Scene) -> Signal:  # noqa: ARG001
    """Draw a star that does nothing."""
    return Signal("CST", float(rng.normal(5500, 1000)), lambda time, _: np.zeros_like(time))


@dataclass(frozen=True)
class Kind:
    """One class of stars.

    Attributes
    ----------
    draw : makes one of them.
    surveys : names of the surveys in which it is simulated.
    share : its part of the default mix, relative to the others.
    """

    draw: Callable[[np.random.Generator, Scene], Signal]
    surveys: tuple[str, ...]
    share: float = 1.0


_WIDE = ("asas", "ogle", "ztf", "crts", "rubin", "eros")
_SPACE = ("kepler", "tess")

#: Every class that can be simulated, by its VSX name.
KINDS: MappingProxyType[str, Kind] = MappingProxyType(
    {
        "RRAB": Kind(draw_rrab, (*_WIDE, "s82", "kepler"), 1.2),
        "RRC": Kind(draw_rrc, (*_WIDE, "s82", "kepler")),
        "DCEP": Kind(draw_dcep, ("asas", "ogle", "ztf", "eros", "rubin")),
        "CWA": Kind(draw_cwa, ("asas", "ogle", "ztf", "eros", "rubin"), 0.5),
        "DSCT": Kind(draw_dsct, ("asas", "ogle", "ztf", "crts", "rubin", *_SPACE)),
        "BCEP": Kind(draw_bcep, ("asas", "tess"), 0.3),
        "EW": Kind(draw_ew, (*_WIDE, *_SPACE), 1.2),
        "EB": Kind(draw_eb, (*_WIDE, *_SPACE)),
        "EA": Kind(draw_ea, (*_WIDE, *_SPACE), 1.2),
        "EP": Kind(draw_ep, _SPACE, 0.5),
        "ROT": Kind(draw_rot, ("asas", "ogle", "ztf", *_SPACE)),
        "ACV": Kind(draw_acv, ("asas", *_SPACE), 0.7),
        "M": Kind(draw_mira, _WIDE),
        "SR": Kind(draw_sr, _WIDE),
        "AGN": Kind(draw_agn, ("ogle", "ztf", "crts", "s82", "rubin")),
        "UV": Kind(draw_uv, _SPACE, 0.5),
        "UG": Kind(draw_ug, ("ogle", "ztf", "crts", "rubin"), 0.5),
        "SN": Kind(draw_sn, ("ztf", "crts", "rubin"), 0.7),
        "Microlens": Kind(draw_microlens, ("ogle", "eros", "ztf", "rubin"), 0.3),
        "CST": Kind(draw_constant, (*_WIDE, "s82", *_SPACE)),
    }
)

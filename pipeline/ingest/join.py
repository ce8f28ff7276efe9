"""Join what surveys keep apart: one star's bands or files, by name or by position on the sky."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import LightCurve

#: Arcseconds within which two light curves of different filters are one star's (ZTF: Masci et al. 2019, 1.5 arcsec).
RADIUS = 1.5


def join_bands(curves: Sequence[LightCurve], radius: float = RADIUS) -> Iterator[LightCurve]:
    """Join curves of different bands at one place, under the name of the first.

    Parameters
    ----------
    radius : arcseconds. A curve without a position stays alone, and so does a second one in a band that is there.
    """
    left = sorted(curves, key=lambda curve: curve.object_id)
    groups: list[list[LightCurve]] = []
    for curve in left:
        near = (
            group
            for group in groups
            if separation(group[0], curve) <= radius
            and not any(set(member.bands) & set(curve.bands) for member in group)
        )
        group = next(near, None)
        if group is None:
            groups.append([curve])
        else:
            group.append(curve)
    yield from (joined(group) for group in groups)


def separation(one: LightCurve, other: LightCurve) -> float:
    """Arcseconds between two stars; NaN where a position is not known."""
    a, b, c, d = np.radians([one.ra, one.dec, other.ra, other.dec])
    half = np.sin((d - b) / 2) ** 2 + np.cos(b) * np.cos(d) * np.sin((c - a) / 2) ** 2
    return float(np.degrees(2 * np.arcsin(np.sqrt(half))) * 3600)


def joined(curves: Sequence[LightCurve]) -> LightCurve:
    """One curve of several of one star, in one kind, unit and clock; a single one is itself.

    Raises
    ------
    ValueError
        When kind, unit or clock differ.
    """
    first = curves[0]
    if len(curves) == 1:
        return first
    if any((c.kind, c.unit, c.clock) != (first.kind, first.unit, first.clock) for c in curves):
        raise ValueError(f"{first.object_id}: curves of different kinds, units or clocks cannot be joined")
    bands = tuple(sorted({band for curve in curves for band in curve.bands}))

    def column(name: str) -> NDArray[np.float64]:
        return np.concatenate([getattr(curve, name) for curve in curves])

    index = [np.array([bands.index(b) for b in curve.bands], dtype=np.int32)[curve.band] for curve in curves]
    return replace(
        first,
        time=column("time"),
        value=column("value"),
        error=column("error"),
        band=np.concatenate(index),
        bands=bands,
        mask=np.concatenate([curve.mask for curve in curves]),
        read_as=f"{first.read_as}; joined {', '.join(curve.object_id for curve in curves)}",
    )

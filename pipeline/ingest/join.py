"""Join what surveys keep apart: one star's bands or files, by name or by position on the sky."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import FloatArray, LightCurve

#: Arcseconds within which two light curves of different filters are one star's (ZTF: Masci et al. 2019, 1.5 arcsec).
RADIUS = 1.5


def join_bands(curves: Sequence[LightCurve], radius: float = RADIUS) -> Iterator[LightCurve]:
    """Join curves of different bands at one place, under the name of the first.

    Parameters
    ----------
    radius : arcseconds. A curve without a position stays alone, and so does a second one in a band that is there.
    """
    names = names_by_place(
        [curve.object_id for curve in curves],
        np.array([curve.ra for curve in curves]),
        np.array([curve.dec for curve in curves]),
        [curve.bands for curve in curves],
        radius,
    )
    groups: dict[str, list[LightCurve]] = {}
    for curve in sorted(curves, key=lambda curve: curve.object_id):
        groups.setdefault(names[curve.object_id], []).append(curve)
    yield from (joined(group) for group in groups.values())


def names_by_place(
    ids: Sequence[str], ra: FloatArray, dec: FloatArray, bands: Sequence[tuple[str, ...]], radius: float = RADIUS
) -> dict[str, str]:
    """Under which name each of n curves goes: the first name, in their order, of those at one place in other bands.

    Parameters
    ----------
    ids : names, each once.
    ra, dec : (n,) degrees; NaN where unknown.
    bands : of each.
    radius : arcseconds.
    """
    from scipy.spatial import cKDTree

    order = sorted(range(len(ids)), key=lambda i: ids[i])
    placed = [i for i in order if np.isfinite(ra[i]) and np.isfinite(dec[i])]
    names = {name: name for name in ids}
    held = {ids[i]: set(bands[i]) for i in placed}
    if len(placed) < 2:
        return names
    a, d = np.radians(ra[placed]), np.radians(dec[placed])
    towards = np.column_stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
    chord = 2 * np.sin(np.radians(radius / 3600) / 2)
    near: dict[int, list[int]] = {}
    for one, other in sorted(tuple(sorted(pair)) for pair in cKDTree(towards).query_pairs(chord)):
        near.setdefault(other, []).append(one)
    for place in range(len(placed)):
        own = ids[placed[place]]
        for one in near.get(place, []):
            group = names[ids[placed[one]]]
            if group == ids[placed[one]] and not held[group] & held[own]:
                names[own] = group
                held[group] |= held[own]
                break
    return names


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

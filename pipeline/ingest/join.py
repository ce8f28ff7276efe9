"""Join what surveys keep apart: one star's bands or files, by name or by position on the sky."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import FloatArray, LightCurve

#: Arcseconds within which two light curves of different filters are one star's (ZTF: Masci et al. 2019, 1.5 arcsec).
RADIUS = 1.5


@dataclass(frozen=True)
class Places:
    """Which curves stand at one place.

    Attributes
    ----------
    names : under which name each goes: the first name, in their order, of those that are joined.
    apart : of each that may have been joined with another and was not, the other's name.
    """

    names: dict[str, str]
    apart: dict[str, str]

    def caution(self, name: str, radius: float = RADIUS) -> str:
        """What makes a star doubtful; "" where nothing does."""
        other = self.apart.get(name)
        return f"{other} lies within {radius:g} arcsec in the same band, and was not joined" if other else ""


def join_bands(curves: Sequence[LightCurve], radius: float = RADIUS) -> Iterator[LightCurve]:
    """Join curves of different bands at one place, under the name of the first.

    Parameters
    ----------
    radius : arcseconds. A curve without a position stays alone, and so does a second one in a band that is there.
    """
    places = names_by_place(
        [curve.object_id for curve in curves],
        np.array([curve.ra for curve in curves]),
        np.array([curve.dec for curve in curves]),
        [curve.bands for curve in curves],
        radius,
    )
    groups: dict[str, list[LightCurve]] = {}
    for curve in sorted(curves, key=lambda curve: curve.object_id):
        groups.setdefault(places.names[curve.object_id], []).append(curve)
    for name, group in groups.items():
        yield with_caution(joined(group), places.caution(name, radius))


def with_caution(curve: LightCurve, words: str) -> LightCurve:
    """The curve, doubtful for one more reason."""
    return replace(curve, caution="; ".join(filter(None, (curve.caution, words)))) if words else curve


def names_by_place(
    ids: Sequence[str], ra: FloatArray, dec: FloatArray, bands: Sequence[tuple[str, ...]], radius: float = RADIUS
) -> Places:
    """Under which name each of n curves goes: the nearest first, while all of a group are near and of other bands.

    Parameters
    ----------
    ids : names, each once.
    ra, dec : (n,) degrees; NaN where unknown.
    bands : of each.
    radius : arcseconds.
    """
    from scipy.spatial import cKDTree

    placed = sorted(np.flatnonzero(np.isfinite(ra) & np.isfinite(dec)).tolist(), key=lambda i: ids[i])
    names = {name: name for name in ids}
    if len(placed) < 2:
        return Places(names, {})
    a, d = np.radians(ra[placed]), np.radians(dec[placed])
    towards = np.column_stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
    chord = 2 * np.sin(np.radians(radius / 3600) / 2)
    pairs = np.array(sorted(cKDTree(towards).query_pairs(chord)), dtype=np.int64).reshape(-1, 2)
    lengths = np.linalg.norm(towards[pairs[:, 0]] - towards[pairs[:, 1]], axis=1)
    group = {i: [i] for i in range(len(placed))}
    apart: list[tuple[int, int]] = []
    for one, other in pairs[np.argsort(lengths, kind="stable")].tolist():
        mine, theirs = group[one], group[other]
        if mine is theirs:
            continue
        held = [set(bands[placed[i]]) for i in (*mine, *theirs)]
        near = all(np.linalg.norm(towards[i] - towards[j]) <= chord for i in mine for j in theirs)
        if not near or sum(map(len, held)) > len(set().union(*held)):
            apart.append((one, other))
            continue
        whole = sorted([*mine, *theirs])
        for i in whole:
            group[i] = whole
    own = [ids[i] for i in placed]
    names |= {own[i]: own[members[0]] for i, members in group.items()}
    doubts: dict[str, str] = {}
    for one, other in apart:
        if names[own[one]] != names[own[other]]:
            doubts.setdefault(names[own[one]], own[other])
            doubts.setdefault(names[own[other]], own[one])
    return Places(names, doubts)


def joined(curves: Sequence[LightCurve], called: Sequence[str] = ()) -> LightCurve:
    """One curve of several of one star, in one kind, unit and clock; a single one is itself.

    Parameters
    ----------
    called : what each is called in `read_as`; their names where it is empty.

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
    parts = called or [curve.object_id for curve in curves]
    cautions = dict.fromkeys(curve.caution for curve in curves if curve.caution)
    return replace(
        first,
        time=column("time"),
        value=column("value"),
        error=column("error"),
        band=np.concatenate(index),
        bands=bands,
        mask=np.concatenate([curve.mask for curve in curves]),
        read_as=f"{first.read_as}; joined {', '.join(parts)}",
        caution="; ".join(cautions),
    )

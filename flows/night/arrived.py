"""Which known star each of tonight's light curves is of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from swope.pipeline.lightcurve import LightCurve

#: Name and source of a star, which together say which it is.
Name = tuple[str, str]


def sorted_out(
    came: Iterable[LightCurve], known: Sequence[Name], beside: Collection[str] = ()
) -> tuple[dict[Name, list[LightCurve]], list[LightCurve], list[tuple[LightCurve, str]]]:
    """Give each curve to the star that it goes on from.

    That is the star of its name from the same source; or, where the run knows the name from one source only and
    tonight's files do not hold that source, the star of that name: a night's points often come in files of their own.

    Parameters
    ----------
    came : tonight's curves.
    known : the stars that the run, or the night before, knows.
    beside : files that come to those that the run was made from: a curve of these goes on from the star of its name in
        the other files, where there is one, although the run may have taken it in as a star of its own.

    Returns
    -------
    The curves of each known star, those of new stars, and the others, each with the reason why it has no star.
    """
    exact = set(known)
    sources: dict[str, list[str]] = defaultdict(list)
    for name, source in known:
        sources[name].append(source)
    curves = list(came)
    told = {(curve.object_id, curve.source) for curve in curves} & exact
    mine: dict[Name, list[LightCurve]] = defaultdict(list)
    new: list[LightCurve] = []
    strangers: list[tuple[LightCurve, str]] = []
    for curve in curves:
        own, places = (curve.object_id, curve.source), sources.get(curve.object_id, [])
        if curve.source in beside and len(first := [one for one in places if one not in beside]) == 1:
            mine[curve.object_id, first[0]].append(curve)
        elif own in exact:
            mine[own].append(curve)
        elif not places or (len(places) == 1 and (curve.object_id, places[0]) in told):
            # the known one of its name came too
            new.append(curve)
        elif len(places) > 1:
            strangers.append((curve, f"{len(places)} stars have this name, of other sources: give it its own"))
        else:
            mine[curve.object_id, places[0]].append(curve)
    return dict(mine), new, strangers

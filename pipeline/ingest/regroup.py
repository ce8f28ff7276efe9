"""One star's light curves brought together, where they stand in several rows or files: by name, and by position.

The curves are written to the disk as they come, and read again star by star, so that memory does not grow with them.
Two that do not fit each other (another place, another brightness in one band, another unit or clock) stay two, and each
row says so.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from swope.pipeline.ingest.join import joined, names_by_place, with_caution
from swope.pipeline.ingest.nested import read_rows
from swope.pipeline.ingest.parts import IngestOptions, Part, Refused, UnusableError
from swope.pipeline.ingest.rows import crowd_refused
from swope.pipeline.lightcurve import CHUNK_SCHEMA, Chunk, LightCurve

#: Schema metadata of a table that `regroup` made.
REGROUPED_KEY = b"swope.regrouped"

#: Arcseconds within which two light curves of one name are one star's.
SAME_PLACE = 5.0


@dataclass(frozen=True)
class _Curve:
    """What is held in memory of a light curve; `spans` from the 5th to the 95th percentile, by band."""

    name: str
    source: str
    like: tuple[str, ...]
    ra: float
    dec: float
    spans: dict[str, tuple[float, float]]

    @classmethod
    def of(cls, curve: LightCurve) -> _Curve:
        good = curve.good
        spans = {}
        for i, band in enumerate(curve.bands):
            values = good.value[good.band == i]
            if len(values):
                low, high = np.percentile(values, (5, 95))
                spans[band] = (float(low), float(high))
        clock = curve.clock
        like = (curve.kind, curve.unit, clock.format, clock.scale, clock.frame)
        return cls(curve.object_id, curve.source, like, curve.ra, curve.dec, spans)

    def differs(self, other: _Curve) -> str:
        """Why another curve of the same name is not this star's; "" where it may be."""
        if self.like != other.like:
            return "another kind, unit or clock"
        if _apart(self, other) > SAME_PLACE:
            return f"{_apart(self, other):.0f} arcsec away"
        for band in set(self.spans) & set(other.spans):
            (low, high), (other_low, other_high) = self.spans[band], other.spans[band]
            if low > other_high or other_low > high:
                return "another brightness in one band"
        return ""


def _apart(one: _Curve, other: _Curve) -> float:
    """Arcseconds between two places; 0 where one is not known."""
    separation = np.hypot((one.ra - other.ra) * np.cos(np.radians(one.dec)), one.dec - other.dec) * 3600
    return float(separation) if np.isfinite(separation) else 0.0


def regroup(
    outcomes: Iterable[LightCurve | Refused], path: Path, radius: float, options: IngestOptions
) -> list[Refused]:
    """Write the light curves to a file, those of one star as one, in the order of their names.

    Parameters
    ----------
    path : a Parquet file that `read_regrouped` reads; a folder beside it holds the curves meanwhile.
    radius : arcseconds within which curves of other bands are one star's, whatever their names; 0 for names alone.

    Returns
    -------
    The refusals among the outcomes, and the stars of one name in one source that are not one.
    """
    folder = path.with_suffix(".curves")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        known, refused = _written(outcomes, folder, options.chunk_size)
        groups, doubts = _groups(known, radius)
        pieces = [pa.ipc.open_file(pa.memory_map(str(file))).read_all() for file in sorted(folder.glob("*.arrow"))]
        whole = Chunk(pa.concat_tables(pieces) if pieces else CHUNK_SCHEMA.empty_table())
        held = Counter((known[group[0]].name, known[group[0]].source) for group in groups)
        schema = CHUNK_SCHEMA.with_metadata({REGROUPED_KEY: b"1"})
        with pq.ParquetWriter(path, schema) as writer:
            for start in range(0, len(groups), options.chunk_size):
                curves: list[LightCurve] = []
                for group in groups[start : start + options.chunk_size]:
                    first = known[group[0]]
                    stars = list(_star(whole.select(group), doubts, group, radius))
                    if held[first.name, first.source] == 1 and len({(s.object_id, s.source) for s in stars}) == len(
                        stars
                    ):
                        curves += stars
                    else:
                        refused.append(Refused(first.name, first.source, stars[0].caution))
                writer.write_table(Chunk.of(curves).table.replace_schema_metadata(schema.metadata))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return refused


def _written(outcomes: Iterable[LightCurve | Refused], folder: Path, most: int) -> tuple[list[_Curve], list[Refused]]:
    known: list[_Curve] = []
    refused: list[Refused] = []
    held: list[LightCurve] = []

    def put() -> None:
        with pa.ipc.new_file(str(folder / f"{len(known):012d}.arrow"), CHUNK_SCHEMA) as writer:
            writer.write_table(Chunk.of(held).table)
        held.clear()

    for outcome in outcomes:
        if isinstance(outcome, Refused):
            refused.append(outcome)
            continue
        known.append(_Curve.of(outcome))
        held.append(outcome)
        if len(held) >= most:
            put()
    if held:
        put()
    return known, refused


def _groups(known: Sequence[_Curve], radius: float) -> tuple[list[list[int]], dict[int, str]]:
    """Which curves are one star's, by index, sorted by name; and why a curve may be another's, too."""
    by_name: dict[str, list[list[int]]] = {}
    doubts: dict[int, str] = {}
    for i in sorted(range(len(known)), key=lambda i: (known[i].name, known[i].source, i)):
        stars = by_name.setdefault(known[i].name, [])
        reasons = [next(filter(None, (known[j].differs(known[i]) for j in star)), "") for star in stars]
        if "" in reasons:
            stars[reasons.index("")].append(i)
            continue
        stars.append([i])
        if reasons:
            other = stars[0][0]
            doubts[i] = f"not joined with the light curve of the same name in {known[other].source}: {reasons[0]}"
            doubts.setdefault(
                other, f"not joined with the light curve of the same name in {known[i].source}: {reasons[0]}"
            )
    groups = [star for stars in by_name.values() for star in stars]
    if radius <= 0:
        return groups, doubts
    firsts = [known[group[0]] for group in groups]
    labels = [f"{curve.name}\0{number:09d}" for number, curve in enumerate(firsts)]
    merged: dict[str, list[int]] = {}
    for like in sorted({curve.like for curve in firsts}):
        here = [n for n, curve in enumerate(firsts) if curve.like == like]
        ra, dec = (np.array([getattr(firsts[n], axis) for n in here]) for axis in ("ra", "dec"))
        bands = [tuple({band for i in groups[n] for band in known[i].spans}) for n in here]
        places = names_by_place([labels[n] for n in here], ra, dec, bands, radius)
        for n in here:
            merged.setdefault(places.names[labels[n]], []).extend(groups[n])
        for label, rival in places.apart.items():
            first = groups[int(label.partition("\0")[2])][0]
            rival_name = rival.partition("\0")[0]
            doubts.setdefault(first, f"{rival_name} lies within {radius:g} arcsec in the same band, and was not joined")
    return [merged[label] for label in sorted(merged)], doubts


def _star(
    curves: Iterable[LightCurve], doubts: dict[int, str], group: Sequence[int], radius: float
) -> Iterator[LightCurve]:
    """The star of a group; its curves one by one where together they are crowded as two stars are."""
    members = [with_caution(curve, doubts.get(i, "")) for curve, i in zip(curves, group, strict=True)]
    if len(members) == 1:
        yield members[0]
        return
    sources = list(dict.fromkeys(member.source for member in members))
    names = list(dict.fromkeys(member.object_id for member in members))
    if len(sources) == 1:
        how = [f"{len(members)} rows"] if len(names) == 1 else names
    else:
        how = [f"{member.object_id} of {member.source}" for member in members]
    one = replace(joined(members, how), source=";".join(sources))
    if len(names) > 1:
        one = replace(one, read_as=f"{one.read_as} within {radius:g} arcsec")
    try:
        crowd_refused(one.good.time, one.good.band, one.good.value)
        yield one
    except UnusableError:
        for member in members:
            yield with_caution(
                member, "not joined with others of its name or place: most times would have several values"
            )


def is_regrouped(path: str) -> bool:
    """Whether a Parquet table is one that `regroup` made."""
    return REGROUPED_KEY in (pq.read_schema(path).metadata or {})


def read_regrouped(part: Part) -> Iterator[LightCurve]:
    """Read the stars of a part of a table that `regroup` made."""
    yield from Chunk(read_rows(part.paths[0], part.start, part.stop))

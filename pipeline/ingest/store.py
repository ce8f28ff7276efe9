"""Write all that some sources hold into one store: nested Parquet in the HATS layout, with a manifest.

    STORE/manifest.json                          what each file was taken for, counts, partitions with their digests
    STORE/refused.parquet                        what did not become a star, and why
    STORE/mag/, STORE/flux/                      HATS catalogs (lsdb.open_catalog), a row a star, sorted by place
    STORE/mag_without_position/part-*.parquet    stars whose place is not known (and flux_...)

A row holds object_id, source, ra, dec, clock, unit and the struct `lightcurve` of equally long lists: time, mag and
mag_err (or flux and flux_err), band, quality. Quality is 0 for a row that is used. HATS: Hierarchical Adaptive Tiling
Scheme, IVOA note (Caplar et al. 2025).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from swope.pipeline.clean import clean
from swope.pipeline.ingest import archive
from swope.pipeline.ingest.core import plan, read
from swope.pipeline.ingest.healpix import pixel_of
from swope.pipeline.ingest.parts import IngestOptions, Refused, SourceError
from swope.pipeline.ingest.sources import archive_targets
from swope.pipeline.lightcurve import Kind, LightCurve
from swope.pipeline.version import VERSION

#: Stars and points of a partition, at most (one star may have more points).
MOST_STARS, MOST_POINTS = 10_000, 4_000_000

#: Orders of the pixels by which stars are sorted on the disk, one after the other while a pixel holds too many.
_ORDERS = (0, 2, 4, 6, 8, 10, 12)

#: Order of the pixel numbers that stand in the rows.
_FINE = 29


@dataclass
class Source:
    """What one file, or the files of one star, gave.

    Attributes
    ----------
    stars, rows, refused : numbers of stars, of their rows, and of inputs refused.
    taken_for : how it was read, each way once.
    cautions : what makes it uncertain, each once.
    reasons : why something was refused, each once.
    """

    stars: int = 0
    rows: int = 0
    refused: int = 0
    taken_for: list[str] = field(default_factory=list)
    cautions: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Store:
    """What was written: numbers, and what each source was taken for."""

    stars: int
    rows: int
    refused: int
    sources: dict[str, Source]

    def summary(self) -> str:
        """Files that were taken for the same on one line, for people."""
        alike: dict[str, list[tuple[str, Source]]] = {}
        for name, source in self.sources.items():
            words = "; ".join(source.taken_for[:2]) or f"refused: {source.reasons[0] if source.reasons else 'no rows'}"
            alike.setdefault(words, []).append((name, source))
        lines = [f"{self.stars} stars, {self.rows} rows, {self.refused} refused, from {len(self.sources)} sources"]
        for words, members in alike.items():
            stars, rows = sum(s.stars for _, s in members), sum(s.rows for _, s in members)
            count = members[0][0] if len(members) == 1 else f"{len(members)} sources such as {members[0][0]}"
            lines.append(f"  {count}: {stars} stars, {rows} rows\n    {words}")
        return "\n".join(lines)


def write_store(
    sources: Sequence[str],
    out: Path,
    options: IngestOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Store:
    """Read sources and write them as a store.

    Parameters
    ----------
    out : a folder that does not exist yet, or is empty.
    progress : told how many of how many parts are done.

    Raises
    ------
    SourceError
        When nothing can be read, or `out` holds something.
    """
    options = options or IngestOptions()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SourceError(f"{out} is there and not empty: name a new folder")
    out.mkdir(parents=True, exist_ok=True)
    scratch = out / ".unfinished"
    try:
        store, partitions = _written(sources, out, options, scratch, progress)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    manifest = {
        "swope": VERSION,
        "options": {k: str(v) for k, v in asdict(options).items()},
        "counts": {"stars": store.stars, "rows": store.rows, "refused": store.refused},
        "partitions": partitions,
        "sources": {name: asdict(source) for name, source in store.sources.items()},
    }
    unfinished = out / "manifest.json.unfinished"
    unfinished.write_text(json.dumps(manifest, indent=1, sort_keys=True))
    os.replace(unfinished, out / "manifest.json")
    return store


def _written(
    sources: Sequence[str],
    out: Path,
    options: IngestOptions,
    scratch: Path,
    progress: Callable[[int, int], None] | None,
) -> tuple[Store, dict[str, str]]:
    scratch.mkdir()
    archive.fetch(archive_targets(sources), scratch / "plan")
    planned = plan(sources, options, scratch / "plan")
    told: dict[str, Source] = {}
    refused = list(planned.refused)
    kinds: dict[Kind, _Sorter] = {"mag": _Sorter("mag", scratch), "flux": _Sorter("flux", scratch)}
    for done, part in enumerate(planned.parts):
        got = read(part, options)
        refused += got.refused
        curves = [clean(curve) for curve in got.chunk]
        for curve in curves:
            _tell(told.setdefault(curve.source, Source()), curve)
        for kind, sorter in kinds.items():
            sorter.add([curve for curve in curves if curve.kind == kind])
        if progress is not None:
            progress(done + 1, len(planned.parts))
    for entry in refused:
        source = told.setdefault(entry.source, Source())
        source.refused += 1
        if entry.reason not in source.reasons[:20]:
            source.reasons.append(entry.reason)
    partitions = {name: digest for sorter in kinds.values() for name, digest in sorter.write(out)}
    _write(_refused_table(refused), out / "refused.parquet")
    store = Store(
        sum(source.stars for source in told.values()),
        sum(source.rows for source in told.values()),
        len(refused),
        dict(sorted(told.items())),
    )
    return store, partitions


def _tell(source: Source, curve: LightCurve) -> None:
    source.stars += 1
    source.rows += len(curve)
    words = curve.read_as or f"{curve.kind}, clock {curve.clock.name}"
    if words not in source.taken_for[:20]:
        source.taken_for.append(words)
    if curve.caution and curve.caution not in source.cautions[:20]:
        source.cautions.append(curve.caution)


def _refused_table(refused: Sequence[Refused]) -> pa.Table:
    names = ("object_id", "source", "status", "reason")
    return pa.table({name: pa.array([getattr(entry, name) for entry in refused], pa.string()) for name in names})


def star_schema(kind: Kind) -> pa.Schema:
    """The columns of a store's catalog of magnitudes, or of fluxes."""
    numbers = pa.list_(pa.float64())
    lists = {"time": numbers, kind: numbers, f"{kind}_err": numbers}
    lists |= {"band": pa.list_(pa.string()), "quality": pa.list_(pa.int32())}
    plain = {"object_id": pa.string(), "source": pa.string(), "ra": pa.float64(), "dec": pa.float64()}
    words = dict.fromkeys(("clock", "unit", "read_as", "caution"), pa.string())
    return pa.schema([("_healpix_29", pa.int64()), *plain.items(), *words.items(), ("lightcurve", pa.struct(lists))])


def table_of_stars(curves: Sequence[LightCurve], kind: Kind) -> pa.Table:
    """Stars of one kind as rows of a store, without their pixels; their lists are laid end to end."""
    offsets = pa.array(np.concatenate([[0], np.cumsum([len(c) for c in curves])]).astype(np.int32))
    bands = sorted({band for c in curves for band in c.bands})
    places = [np.array([bands.index(band) for band in c.bands], dtype=np.int32)[c.band] for c in curves]
    flat = {
        "time": pa.array(np.concatenate([c.time for c in curves])),
        kind: pa.array(np.concatenate([c.value for c in curves])),
        f"{kind}_err": pa.array(np.concatenate([c.error for c in curves])),
        "band": pa.array(bands, pa.string()).take(pa.array(np.concatenate(places))),
        "quality": pa.array(np.concatenate([c.mask for c in curves])),
    }
    lists = [pa.ListArray.from_arrays(offsets, column) for column in flat.values()]
    columns = {
        "_healpix_29": pa.nulls(len(curves), pa.int64()),
        "object_id": [c.object_id for c in curves],
        "source": [c.source for c in curves],
        "ra": [_known(c.ra) for c in curves],
        "dec": [_known(c.dec) for c in curves],
        "clock": [c.clock.name for c in curves],
        "unit": [c.unit for c in curves],
        "read_as": [c.read_as for c in curves],
        "caution": [c.caution for c in curves],
        "lightcurve": pa.StructArray.from_arrays(lists, names=list(flat)),
    }
    return pa.table(columns, schema=star_schema(kind))


def _known(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


class _Sorter:
    """Stars of one kind on their way into the store, sorted by place on the disk."""

    def __init__(self, kind: Kind, scratch: Path) -> None:
        self.kind = kind
        self.folder = scratch / kind
        self.folder.mkdir()
        self.batches = 0

    def add(self, curves: Sequence[LightCurve]) -> None:
        """Take some stars."""
        if not curves:
            return
        pq.write_table(table_of_stars(curves, self.kind), self.folder / f"{self.batches}.parquet")
        self.batches += 1

    def write(self, out: Path) -> Iterator[tuple[str, str]]:
        """Write the catalog, and the stars without a place beside it; yields each file and its digest."""
        tables = (pq.read_table(self.folder / f"{i}.parquet") for i in range(self.batches))
        placed, placeless = self.folder / "placed", out / f"{self.kind}_without_position"
        placed.mkdir()
        count = 0
        for i, table in enumerate(tables):
            known = np.isfinite(table["ra"].to_numpy()) & np.isfinite(table["dec"].to_numpy())
            known &= np.abs(table["dec"].to_numpy()) <= 90
            lost = table.filter(pa.array(~known))
            if lost.num_rows:
                placeless.mkdir(exist_ok=True)
                file = placeless / f"part-{count:05d}.parquet"
                count += 1
                yield str(file.relative_to(out)), _write(lost.drop_columns(["_healpix_29"]), file)
            here = table.filter(pa.array(known))
            if here.num_rows:
                fine = pixel_of(here["ra"].to_numpy(), here["dec"].to_numpy(), _FINE)
                here = here.set_column(0, "_healpix_29", pa.array(fine))
                pq.write_table(here, placed / f"{i}.parquet")
        paths = sorted(placed.glob("*.parquet"))
        if paths:
            yield from _catalog(out, self.kind, paths)


def _catalog(out: Path, kind: Kind, paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    root = out / kind
    pixels: list[tuple[int, int]] = []
    stars = points = most = 0
    for order, pixel, table in _partitions(paths, 0):
        folder = root / "dataset" / f"Norder={order}" / f"Dir={pixel // 10_000 * 10_000}"
        folder.mkdir(parents=True, exist_ok=True)
        name = folder / f"Npix={pixel}.parquet"
        yield str(name.relative_to(out)), _write(table, name)
        pixels.append((order, pixel))
        stars, most = stars + table.num_rows, max(most, table.num_rows)
        points += table.nbytes
    pq.write_metadata(star_schema(kind), root / "dataset" / "_common_metadata")
    (root / "partition_info.csv").write_text("Norder,Npix\n" + "".join(f"{o},{p}\n" for o, p in sorted(pixels)))
    described = {
        "obs_collection": kind,
        "dataproduct_type": "object",
        "hats_nrows": stars,
        "hats_col_ra": "ra",
        "hats_col_dec": "dec",
        "hats_col_healpix": "_healpix_29",
        "hats_col_healpix_order": _FINE,
        "hats_npix_suffix": ".parquet",
        "hats_max_rows": most,
        "hats_order": max(order for order, _ in pixels),
        "hats_estsize": points // 1024,
        "hats_builder": f"swope {VERSION}",
        "hats_version": "v1.0",
    }
    words = "".join(f"{key}={value}\n" for key, value in described.items())
    for properties in ("hats.properties", "properties"):
        (root / properties).write_text(f"#HATS catalog\n{words}")


def _partitions(paths: Sequence[Path], level: int) -> Iterator[tuple[int, int, pa.Table]]:
    """Stars by pixel: as coarse a pixel as holds few enough, sorted within; order, pixel and table of each."""
    order = _ORDERS[level]
    held: Counter[int] = Counter()
    points: Counter[int] = Counter()
    folder = paths[0].parent / f"order{order}"
    folder.mkdir()
    for i, path in enumerate(paths):
        table = pq.read_table(path)
        pixel = table["_healpix_29"].to_numpy() >> (2 * (_FINE - order))
        for one in np.unique(pixel):
            some = table.filter(pa.array(pixel == one))
            held[int(one)] += some.num_rows
            points[int(one)] += some.nbytes // 40
            (folder / str(one)).mkdir(exist_ok=True)
            pq.write_table(some, folder / str(one) / f"{i}.parquet")
        path.unlink()
    for one in sorted(held):
        below = sorted((folder / str(one)).glob("*.parquet"), key=lambda name: int(name.stem))
        if level + 1 < len(_ORDERS) and (held[one] > MOST_STARS or points[one] > MOST_POINTS):
            yield from _partitions(below, level + 1)
            continue
        table = pa.concat_tables([pq.read_table(path) for path in below])
        yield (
            order,
            one,
            table.sort_by([("_healpix_29", "ascending"), ("object_id", "ascending"), ("source", "ascending")]),
        )
        shutil.rmtree(folder / str(one))


def _write(table: pa.Table, path: Path) -> str:
    """Write a table by way of a temporary name; returns its SHA-256."""
    unfinished = path.with_name(path.name + ".unfinished")
    pq.write_table(table, unfinished, compression="zstd")
    with open(unfinished, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    os.replace(unfinished, path)
    return digest

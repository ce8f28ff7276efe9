"""Where a run's stars stand among each other: latent.parquet, a short vector a star, so that like stars can be found.

The vector is the autoencoder's compressed description of the fold and the features of a star: stars that look alike
have vectors that are near each other. A star that was not analysed, or is too short, has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.pipeline.analogues import places
from swope.pipeline.catalog import Selected, stars_of, write_parquet
from swope.pipeline.catalog.schema import PROBABILITY, probability_types
from swope.pipeline.lightcurve import FloatArray

LATENT = "latent.parquet"

#: A row a star: its name and source, and the vector, of as many numbers for each star.
LATENT_SCHEMA = pa.schema(
    [
        pa.field("object_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("latent", pa.list_(pa.float32()), nullable=False),
    ]
)


@dataclass(frozen=True, eq=False)
class Placed:
    """Where the n stars of a run that have a vector stand among each other.

    Attributes
    ----------
    names : name and source of each star.
    row : (n,) its row of the catalog.
    place : (n, k) of `swope.pipeline.analogues.places`.
    """

    names: tuple[tuple[str, str], ...]
    row: NDArray[np.int64]
    place: FloatArray


def latent_table(names: Sequence[tuple[str, str]], place: Sequence[NDArray[np.float32]]) -> pa.Table:
    """Rows of latent.parquet.

    Parameters
    ----------
    names : name and source of each of n stars.
    place : n vectors (k,).
    """
    columns = ([name for name, _ in names], [source for _, source in names], list(place))
    arrays = [pa.array(values, field.type) for values, field in zip(columns, LATENT_SCHEMA, strict=True)]
    return pa.table(arrays, schema=LATENT_SCHEMA)


def merge_latents(parts: Sequence[Selected], run_dir: Path) -> None:
    """Make a run's latent.parquet of those of its pieces (`swope.flows.pieces`), by name and source.

    In memory are all of them, some 150 bytes a star.
    """
    table = pa.concat_tables([LATENT_SCHEMA.empty_table(), *(part.read() for part in parts)])
    write_parquet(table.sort_by([("object_id", "ascending"), ("source", "ascending")]), run_dir / LATENT)


def placed(run_dir: Path, objects: pa.Table) -> Placed:
    """Where a run's stars stand, in the order of its catalog.

    Parameters
    ----------
    run_dir : folder of the run.
    objects : its catalog, with object_id, source and the probabilities of the classes at least.

    Raises
    ------
    ValueError
        When the run has no vectors.
    """
    path = run_dir / LATENT
    if not path.is_file():
        raise ValueError(f"{run_dir} has no {LATENT}: an earlier version of Swope made it; run it again")
    table = pq.read_table(path).combine_chunks()
    flat = table["latent"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    latent = flat.reshape(len(table), -1) if len(table) else np.empty((0, 0), dtype=np.float32)
    vector_of = {name: i for i, name in enumerate(stars_of(table))}
    every = stars_of(objects)
    row = np.array([i for i, name in enumerate(every) if name in vector_of], dtype=np.int64)
    names = tuple(every[i] for i in row)
    columns = [f"{PROBABILITY}{name}" for name in probability_types(objects.column_names)]
    known = [objects[name].to_numpy(zero_copy_only=False).astype(np.float64)[row] for name in columns]
    probability = np.array(known).reshape(len(columns), len(row)).T
    return Placed(names, row, places(latent[[vector_of[name] for name in names]], probability))

"""A run's catalog as HATS, the sky divided into files, with each star's light curve and events inside its row.

LSDB reads it (`lsdb.open_catalog`), crosses it with other catalogs, and plots from it what a row says.
"""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from swope.flows.pieces import pieces_of, tables
from swope.flows.record import RunRecord
from swope.flows.stages import EVENTS, OBJECTS, STARS
from swope.pipeline.catalog import stars_of
from swope.pipeline.convert import to_pandas
from swope.pipeline.lightcurve import Chunk, LightCurve

#: Folder of the catalog, in that of the run.
HATS = "hats"


def export_hats(run_dir: Path) -> tuple[Path, int]:
    """Write DIR/hats: a row a star that has a position, its nested columns ``lightcurve`` and ``events``.

    The whole catalog, light curves too, is held in memory.

    Parameters
    ----------
    run_dir : folder of a finished run.

    Returns
    -------
    The folder, and how many stars are not in it, since they have no position.

    Raises
    ------
    ValueError
        When there is no finished run, no star has a position, or LSDB is not installed.
    """
    try:
        # it says nothing of what it exports
        lsdb = import_module("lsdb")
        from nested_pandas import NestedFrame
    except ImportError:
        raise ValueError("HATS needs LSDB: pip install 'swope[lsdb]'") from None
    record = RunRecord.read(run_dir)
    objects = pq.read_table(run_dir / OBJECTS).to_pandas(types_mapper=pd.ArrowDtype)
    placed = objects[objects["ra"].notna() & objects["dec"].notna()].reset_index(drop=True)
    if placed.empty:
        raise ValueError(f"{run_dir}: none of its {len(objects)} stars has a position, by which HATS divides a catalog")
    row = {name: i for i, name in enumerate(zip(placed["object_id"], placed["source"], strict=True))}
    pieces = pieces_of(run_dir / chunk for chunk in record.chunks)
    curves = [curve for part in tables(pieces, STARS) for curve in Chunk(part.read())]
    frame = (
        NestedFrame(placed)
        .join_nested(_points([one for one in curves if (one.object_id, one.source) in row], row), "lightcurve")
        .join_nested(_events(pq.read_table(run_dir / EVENTS), row), "events")
    )
    made = lsdb.from_dataframe(frame, ra_column="ra", dec_column="dec", catalog_name="swope", margin_threshold=None)
    new = run_dir / f".{HATS}"
    shutil.rmtree(new, ignore_errors=True)
    made.write_catalog(new, as_collection=False, progress_bar=False)
    shutil.rmtree(run_dir / HATS, ignore_errors=True)
    new.rename(run_dir / HATS)
    return run_dir / HATS, len(objects) - len(placed)


def _points(curves: list[LightCurve], row: dict[tuple[str, str], int]) -> pd.DataFrame:
    """All observations, masked ones too, by the row of their star."""
    frames = [to_pandas(one).astype({"band": "string[pyarrow]"}) for one in curves]
    for frame in frames:
        frame.attrs = {}
    points = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    owner = np.repeat([row[one.object_id, one.source] for one in curves], [len(one) for one in curves])
    return points.set_index(pd.Index(owner, dtype="int64"))


def _events(events: pa.Table, row: dict[tuple[str, str], int]) -> pd.DataFrame:
    """All events, by the row of their star."""
    owner: list[Any] = [row.get(name) for name in stars_of(events)]
    here = pa.array([i is not None for i in owner], pa.bool_())
    frame: pd.DataFrame = (
        events.filter(here).drop_columns(["object_id", "source"]).to_pandas(types_mapper=pd.ArrowDtype)
    )
    frame.index = pd.Index([i for i in owner if i is not None], dtype="int64")
    return frame

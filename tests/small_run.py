"""A finished run of a few stars, made by a run's own functions, without Prefect and without processes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from swope.flows import stages
from swope.flows.chunk import do_chunk
from swope.flows.latent import LATENT, merge_latents
from swope.flows.options import RunOptions
from swope.flows.pieces import pieces_of, tables
from swope.flows.record import RunRecord
from swope.models.registry import model_ids
from swope.pipeline.catalog import count_statuses, merge
from swope.pipeline.ingest import plan
from swope.pipeline.version import VERSION
from tests.models.stars import made_star

#: Kinds of the stars, of each so many; and one that nothing can be made of.
KINDS, OF_EACH = ("RRAB", "EA", "CST"), 4


def write_stars(folder: Path) -> None:
    """Light curves of RR Lyrae stars, Algols and constant stars, and one of a single point."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        for seed in range(OF_EACH):
            curve = made_star(kind, seed).curve
            rows = zip(curve.time + 58000.0, curve.value, curve.error, strict=True)
            text = "".join(f"{t:.6f},{m:.4f},{e:.3f}\n" for t, m, e in rows)
            (folder / f"{kind}{seed}.csv").write_text("mjd,mag,magerr\n" + text)
    (folder / "point.csv").write_text("mjd,mag,magerr\n58000.5,15.0,0.02\n")
    (folder / "empty.csv").write_text("")


def make_small_run(folder: Path) -> Path:
    """Write a survey and its run below a folder; returns that of the run."""
    survey, out, options = folder / "survey", folder / "run", RunOptions()
    write_stars(survey)
    planned = plan([str(survey)], stages.ingest_options(options), folder / "scratch")
    chunks = [out / "work" / "chunks" / str(i) for i in range(len(planned.parts))]
    for part, chunk in zip(planned.parts, chunks, strict=True):
        do_chunk(part, chunk, options)
    refused = out / "work" / "chunks" / "refused"
    stages.write_refused(refused, planned.refused)
    pieces = pieces_of([*chunks, refused])
    merge(tables(pieces, stages.OBJECTS), tables(pieces, stages.EVENTS), out)
    merge_latents(tables(pieces, LATENT), out)
    RunRecord(
        version=VERSION,
        versions={},
        sources=[str(survey)],
        config=asdict(options),
        models=model_ids(None),
        counts=count_statuses(out / stages.OBJECTS),
        n_inputs=planned.n_inputs,
        n_events=int(pq.read_metadata(out / stages.EVENTS).num_rows),
        inputs=[],
        chunks=[str(chunk.relative_to(out)) for chunk in chunks],
        n_reused=0,
        timings={},
    ).write(out)
    return out


def vectors(out: Path) -> dict[str, np.ndarray]:
    """The latent vector of each star of a run, by name."""
    table = pq.read_table(out / "latent.parquet").to_pylist()
    return {row["object_id"]: np.array(row["latent"]) for row in table}

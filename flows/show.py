"""One star, or a few, at once: what was found of them in ten lines, a page and a picture. No Prefect, no processes."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Sequence
from pathlib import Path

from swope.flows.options import RunOptions
from swope.flows.pages import asked_rows, star_details
from swope.flows.record import RunRecord
from swope.flows.stages import ingest_options
from swope.pipeline.catalog.store import OBJECTS, RECORD, replacing
from swope.pipeline.clean import clean
from swope.pipeline.ingest import SourceError, read_all
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.report.detail import StarDetail

#: More stars than this are for a run.
MOST = 10


def show(sources: Sequence[str], out: Path, options: RunOptions, wanted: Sequence[str] = ()) -> list[str]:
    """Analyse the stars of some sources and write a page and a picture of each; returns what is to be said of them.

    Parameters
    ----------
    sources : files, folders, globs or archive queries; or the folder of a run and the names of some of its stars.
    out : folder for the pages and pictures.
    options : how to read, where to search periods, and what counts as an event.
    wanted : names of the stars to show, of several; none for all.

    Raises
    ------
    ValueError
        When nothing can be read, when a star is not there, or when there are more than `MOST`.
    """
    if (Path(sources[0]) / RECORD).is_file():
        return _shown_of_run(Path(sources[0]), [*sources[1:], *wanted], out)
    # TensorFlow takes seconds to import; meanwhile files are read and periods searched
    models = threading.Thread(target=_warm, daemon=True)
    models.start()
    found = read_all(sources, ingest_options(options))
    if not found.curves:
        raise SourceError(
            "; ".join(f"{one.source}: {one.reason}" for one in found.refused[:3]) or "no light curve there"
        )
    curves = [clean(curve) for curve in found.curves]
    if wanted:
        curves = _chosen(curves, wanted)
    if len(curves) > MOST:
        names = ", ".join(curve.object_id for curve in curves[:3])
        raise ValueError(
            f"{len(curves):,} stars are many to show ({names}, ...): name some with --star, or make a catalog of all "
            "with `swope run`"
        )
    from swope.models.analysis import assess_surely, measured
    from swope.models.drawing import drawn
    from swope.models.registry import load_models

    unusable = [curve for curve in curves if not len(curve.good)]
    stars = [measured(curve, options.periods) for curve in curves if len(curve.good)]
    models.join()
    loaded = load_models(options.models)
    analyses = assess_surely(stars, loaded, options.events)
    done = [one for one in analyses if one.assessments]
    lines: list[str] = []
    for detail in drawn([one.detail for one in done], loaded):
        lines += [*_written(detail, out), ""]
    broken = [one for one in analyses if not one.assessments]
    lines += [f"{one.curve.object_id}: {one.row['status']}: {one.row['reason']}" for one in broken]
    lines += [f"{curve.object_id}: rejected: none of its {len(curve)} rows can be used" for curve in unusable]
    lines += [f"{one.object_id}: {one.status}: {one.reason}" for one in found.refused]
    return lines


def _shown_of_run(run_dir: Path, wanted: Sequence[str], out: Path) -> list[str]:
    import pyarrow.parquet as pq

    if not wanted:
        raise ValueError(f"{run_dir} is the folder of a run: say which star, as in `swope show {run_dir} NAME`")
    rows = asked_rows(pq.read_table(run_dir / OBJECTS), wanted)
    lines: list[str] = []
    for detail in star_details(run_dir, RunRecord.read(run_dir), rows):
        lines += [*_written(detail, out), ""]
    return lines


def _warm() -> None:
    from swope.models.keras_backend import keras

    keras()


def _chosen(curves: Sequence[LightCurve], wanted: Sequence[str]) -> list[LightCurve]:
    chosen = [curve for curve in curves if curve.object_id in wanted]
    if missing := set(wanted) - {curve.object_id for curve in chosen}:
        known = ", ".join(curve.object_id for curve in curves[:5])
        raise ValueError(f"no star is called {', '.join(sorted(missing))}; there are {known}, ...")
    return chosen


def _written(detail: StarDetail, out: Path) -> list[str]:
    """Write the page and the picture of a star; what is to be said of it."""
    from swope.models.registry import detector_columns
    from swope.pipeline.report.figures import star_figure
    from swope.pipeline.report.make import star_page
    from swope.pipeline.report.words import lines_of

    out.mkdir(parents=True, exist_ok=True)
    name = file_name(detail.curve.object_id, detail.curve.source)
    page, picture = out / f"{name}.html", out / f"{name}.png"
    with replacing(page) as temporary:
        temporary.write_text(star_page(detail, detector_columns()), encoding="utf-8")
    with replacing(picture) as temporary:
        star_figure(detail).savefig(temporary, format="png")
    return [*lines_of(detail), f"page       {page}", f"picture    {picture}"]


def file_name(object_id: str, source: str) -> str:
    """A name for a star's files: what of its own name is harmless, and a part of a hash that tells it from others.

    Examples
    --------
    >>> file_name("../V* RR Lyr", "a.csv")
    'V_RR_Lyr-40ba8b03'
    """
    plain = re.sub(r"[^A-Za-z0-9+-]+", "_", object_id).strip("_")[:60] or "star"
    told = "\0".join((object_id, source)).encode(errors="replace")
    return f"{plain}-{hashlib.sha256(told).hexdigest()[:8]}"

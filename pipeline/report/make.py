"""The report of a run: one page that opens from disk, with everything in it and nothing fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from swope.pipeline.catalog.store import EVENTS, OBJECTS, count_statuses, record_of, replacing
from swope.pipeline.column import DetectorColumns, detectors_of
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.report.card import Pictures, card, pictures
from swope.pipeline.report.changes import REMEMBERED, changes, changes_section
from swope.pipeline.report.detail import StarDetail
from swope.pipeline.report.found import FOLDER, found_section
from swope.pipeline.report.gallery import Name, gallery, gallery_data, object_names
from swope.pipeline.report.markup import Html, join, tag
from swope.pipeline.report.sections import (
    class_table,
    headline,
    period_section,
    pvalue_names,
    pvalue_section,
    reasons,
    run_facts,
)
from swope.pipeline.version import VERSION

#: What runs in the page, in order; all of it stands in the page.
_SCRIPTS = ("stars.js", "draw.js", "verdicts.js", "gallery.js")

#: Status of the stars that have measurements.
_MEASURED = ("ok", "partial")

#: The page may run what stands in it and show its own pictures, and nothing else: no address is called by itself.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'"


def pictures_of(details: Mapping[int, StarDetail]) -> dict[int, Pictures]:
    """Draw the pictures of some stars, each by its place on the page, from 1 on."""
    return {place: pictures(detail) for place, detail in details.items()}


def make_report(
    run_dir: Path,
    details: Iterable[StarDetail],
    asked: Iterable[StarDetail] = (),
    thumbnails: Mapping[Name, str] = MappingProxyType({}),
    before: pa.Table | None = None,
    injected: Path | None = None,
    draw: Callable[[Mapping[int, StarDetail]], dict[int, Pictures]] = pictures_of,
) -> Path:
    """Write DIR/report/index.html.

    The page is one file that fetches nothing: its only addresses are links to archives, for a star with a position.
    Names that come from files are escaped and used for nothing but text.

    Parameters
    ----------
    run_dir : folder with objects.parquet, events.parquet and, if it is there, run.json.
    details : the stars to show in full, in the order of the page: the most anomalous ones, less those asked for.
    asked : stars to show in full before these, whatever their rank.
    thumbnails : small light curves for the gallery, by name and source (`swope.pipeline.report.thumbnail`).
    before : of the run before, what `swope.pipeline.report.changes` compares; None where there was none.
    injected : folder in which `swope inject` left its tables; None: DIR/inject, where there is one.
    draw : as `pictures_of`, which most of the time goes into: it may divide the stars among processes.

    Returns
    -------
    Path of the page.

    Raises
    ------
    FileNotFoundError
        When the folder holds no catalog.
    """
    # not with this module: it imports pandas where nobody keeps Arrow from it
    import pyarrow.dataset as ds

    run_dir = Path(run_dir)
    for name in (OBJECTS, EVENTS):
        if not (run_dir / name).is_file():
            raise FileNotFoundError(f"{run_dir} holds no {name}; is it the folder of a finished run?")
    path = run_dir / "report" / "index.html"
    details, asked = list(details), list(asked)
    ranked = pc.field("status").isin(_MEASURED) & pc.field("anomaly_pvalue").is_valid()
    n_ranked = int(ds.dataset(run_dir / OBJECTS).count_rows(ranked))
    drawn = draw(dict(enumerate([*asked, *details], start=1)))
    content = _page(run_dir, details, asked, drawn, n_ranked, thumbnails, before, injected or run_dir / FOLDER)
    with replacing(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
    return path


def _page(
    run_dir: Path,
    details: list[StarDetail],
    asked: list[StarDetail],
    drawn: Mapping[int, Pictures],
    n_ranked: int,
    thumbnails: Mapping[Name, str],
    before: pa.Table | None,
    injected: Path,
) -> str:
    import pyarrow.dataset as ds

    objects = ds.dataset(run_dir / OBJECTS)
    detectors = detectors_of(objects.schema)
    rank = ranking(run_dir)
    record = record_of(run_dir)
    counts = count_statuses(run_dir / OBJECTS)
    measured = objects.to_table(
        columns=["class", "class_prob", "period", "period_flag", "amplitude", "value_kind", *pvalue_names(detectors)],
        filter=pc.field("status").isin(_MEASURED),
    )
    said = objects.to_table(columns=["status", "reason"], filter=pc.field("status") != "ok")
    pvalues = {title: _floats(measured, name) for name, title in pvalue_names(detectors).items()}
    placed = list(enumerate([*asked, *details], start=1))
    shown = {(detail.row["object_id"], detail.row["source"]): place for place, detail in placed}
    in_full = [card(detail, detectors, place, n_ranked, drawn[place]) for place, detail in placed]
    with_period = measured.filter(measured["period"].is_valid())
    every = objects.to_table(columns=object_names(objects.schema.names, detectors, rank))
    written = [
        name for name in ("object_id", "source", "kind", "shape") if name in pq.read_schema(run_dir / EVENTS).names
    ]
    happened = pq.read_table(run_dir / EVENTS, columns=written)
    packed = gallery_data(every, happened, detectors, rank, shown, thumbnails)
    changed = None if before is None else changes(before, objects.to_table(columns=list(REMEMBERED)))
    found = found_section(injected)
    sections = {"gallery": ("All stars", gallery(packed))} if counts["n_in"] else {}
    sections |= {"asked": ("Stars asked for", join(*in_full[: len(asked)]))} if asked else {}
    sections |= {
        "stars": (
            "Strangest stars",
            join(
                tag("p", _strangest(len(details), n_ranked, asked, rank)),
                tag("p", _VERDICTS, class_="soft") if details else None,
                *in_full[len(asked) :],
            ),
        ),
        "classes": ("Classes", class_table(measured["class"], measured["class_prob"])),
        "periods": (
            "Periods",
            period_section(_floats(measured, "period"), with_period["period_flag"]),
        ),
        "pvalues": ("Anomaly scores", join(tag("p", _PVALUE_WORDS), pvalue_section(pvalues))),
        "changes": ("Since last time", changes_section(changed, [str(one) for one in record.get("drift", [])])),
        **({"found": ("What would have been found", found)} if found is not None else {}),
        "reasons": ("What is missing, and why", reasons(said["status"].to_pylist(), said["reason"].to_pylist())),
        "run": ("This run", run_facts(record) if record else tag("p", "There is no run.json beside the catalog.")),
    }
    if not len(measured):
        nothing = tag("p", "No star could be measured.")
        sections |= {key: (sections[key][0], nothing) for key in ("classes", "periods", "pvalues")}
    head = headline(
        counts,
        n_class=len(measured) - measured["class"].null_count,
        n_period=len(with_period),
        n_events=pq.read_metadata(run_dir / EVENTS).num_rows,
    )
    return page(_title(record, run_dir), sections, head, _FOOTER, str(record.get("version", VERSION)))


def star_page(detail: StarDetail, detectors: Sequence[DetectorColumns]) -> str:
    """A page of one star alone, in one file without any reference to another.

    Parameters
    ----------
    detail : the star.
    detectors : those whose columns its row has.
    """
    said = card(detail, detectors, 1, 0)
    return page(str(detail.curve.object_id), {"star": ("The star", said)}, None, _CLASSES, VERSION)


def page(title: str, sections: Mapping[str, tuple[str, Html]], head: Html | None, footer: str, version: str) -> str:
    """A page with everything in it and nothing fetched.

    Parameters
    ----------
    title : in plain text; it is escaped.
    sections : heading and content by anchor, in order.
    head : what stands before them.
    footer : below all, in plain text.
    version : of Swope that made what it shows.
    """
    links = [tag("li", tag("a", heading, href=f"#{key}")) for key, (heading, _) in sections.items()]
    # a page without a gallery has nothing to run
    scripts = [tag("script", Html(_beside(f"script/{name}"))) for name in _SCRIPTS if "gallery" in sections]
    body = [
        tag("section", tag("h2", heading, id=f"{key}-title"), content, id=key, aria_labelledby=f"{key}-title")
        for key, (heading, content) in sections.items()
    ]
    return "<!DOCTYPE html>\n" + tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", f"Swope: {title}"),
            tag("style", Html(_beside("style.css"))),
        ),
        tag(
            "body",
            tag("a", "To the content", href="#content", class_="skip"),
            tag(
                "header",
                tag("h1", title),
                tag("div", f"A catalog of variable stars by Swope {version}", class_="soft"),
                tag("nav", tag("ul", *links), aria_label="sections"),
            ),
            tag("main", head, *body, id="content"),
            tag("footer", footer),
            *scripts,
        ),
        lang="en",
    )


_PVALUE_WORDS = (
    "A p-value is the probability that an ordinary star scores as high. If all stars were ordinary, each histogram "
    "would be flat at its dashed line; strange stars pile up at the left. A slope over the whole width says that the "
    "ordinary stars of the null differ from those of this survey."
)

_VERDICTS = (
    "Say what a star is worth, by the keys of the list above or by swope label DIR OBJECT interesting (or boring, or "
    "artifact), and those that are like it rank higher, or lower, in the next report."
)

_CLASSES = "Class names are types of the AAVSO International Variable Star Index."

_FOOTER = f"Tables beside this page: objects.parquet, events.parquet, run.json. {_CLASSES}"


def ranking(run_dir: Path) -> str:
    """Name of the column that a catalog is read by: ``verdict_rank`` where an analyst has said something of it."""
    path, name = run_dir / OBJECTS, "verdict_rank"
    if name in pq.read_schema(path).names:
        places = pq.read_table(path, columns=[name])[name]
        if places.null_count < len(places):
            return name
    return "anomaly_rank"


def _strangest(n: int, n_ranked: int, asked: list[StarDetail], rank: str) -> str:
    """What is said of the list of the strangest stars, which those asked for are not in."""
    if not n_ranked:
        return "No star has an anomaly score."
    left_out = ", less those asked for" if asked else ""
    by = ", ranked by the verdicts on stars like them" if rank == "verdict_rank" else ""
    return f"The {f'{n} ' if n > 1 else ''}most anomalous of {n_ranked:,} stars with a score{by}{left_out}."


def _floats(table: pa.Table, name: str) -> FloatArray:
    values: FloatArray = table[name].to_numpy().astype(float)
    return values


def _title(record: Mapping[str, Any], run_dir: Path) -> str:
    sources = [str(source) for source in record.get("sources", [])]
    if not sources:
        return run_dir.resolve().name
    return ", ".join(sources[:2]) + (f" and {len(sources) - 2} more" if len(sources) > 2 else "")


def _beside(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")

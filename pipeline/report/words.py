"""One star in words: ten lines for a terminal, and a page of its own."""

from __future__ import annotations

from swope.pipeline.catalog.schema import PROBABILITY, probability_types
from swope.pipeline.event_words import size_words
from swope.pipeline.report.card import picture
from swope.pipeline.report.detail import StarDetail
from swope.pipeline.report.figures import star_figure
from swope.pipeline.report.markup import Html, tag
from swope.pipeline.report.numbers import chance, known, measured, number, probability

#: Events that are told.
_EVENTS = 3


def lines_of(detail: StarDetail) -> list[str]:
    """What was found of a star, in some ten lines."""
    row, curve, good = detail.row, detail.curve, detail.curve.good
    clock = curve.clock.name if curve.clock.name != "unknown" else "clock unknown"
    span = float(good.time.max() - good.time.min()) if len(good) else 0.0
    bands = f" in {row['bands']}" if row.get("bands") else ""
    lines = [
        f"{curve.object_id}: {len(good):,} of {len(curve):,} points{bands} over {span:.6g} d ({clock})",
        f"class      {_class(detail)}",
        f"period     {_period(detail)}",
    ]
    if detail.period.others:
        lines.append(f"runners-up {', '.join(number(one, 6) for one in detail.period.others)} d")
    mean = row["mean_mag"] if known(row.get("mean_mag")) else row.get("mean_flux")
    if known(mean):
        unit = f" {row['unit']}" if row.get("unit") else ""
        lines.append(f"mean       {number(mean, 6)}{unit}, amplitude {number(row.get('amplitude'), 3)}{unit}")
    if row.get("anomaly_reason"):
        lines.append(f"anomaly    p = {number(row['anomaly_pvalue'], 2)}. {row['anomaly_reason']}")
    lines.append(f"events     {len(detail.events) or 'none'}")
    strongest = sorted(detail.events, key=lambda event: (event["pvalue"], event["t_start"]))[:_EVENTS]
    for event in strongest:
        band = f" in {event['band']}" if event["band"] else ""
        flag = f", {event['flag']}" if event.get("flag") else ""
        size = size_words(event, detail.curve.kind == "flux")
        what = event.get("shape") or event["kind"]
        lines.append(
            f"           {what}, {event['direction']}{size}{band}: {event['t_start']:.4f} to {event['t_end']:.4f}, "
            f"{event['peak_sigma']:.1f} sigma, {chance(event['pvalue'])} ({event['detector']}{flag})"
        )
    if len(detail.events) > _EVENTS:
        lines.append(f"           and {len(detail.events) - _EVENTS} more")
    if row.get("reason"):
        lines.append(f"{row['status']:10s} {row['reason']}")
    return lines


def notebook_html(detail: StarDetail) -> Html:
    """A star as a notebook shows it: what was found, and its figure."""
    alt = f"Light curve, fold and forecast of {detail.curve.object_id}"
    return tag("div", tag("pre", "\n".join(lines_of(detail))), picture(star_figure(detail), alt, ""))


def _class(detail: StarDetail) -> str:
    row = detail.row
    if row.get("class") is None:
        return "none"
    shares = sorted(
        ((row[f"{PROBABILITY}{name}"], name) for name in probability_types(row) if known(row[f"{PROBABILITY}{name}"])),
        key=lambda pair: (-pair[0], pair[1]),
    )
    others = ", ".join(f"{name} {share:.2f}" for share, name in shares[1:3] if share >= 0.01)
    said = f"{row['class']}, probability {row['class_prob']:.2f}" + (f" (then {others})" if others else "")
    if row.get("class_sure") != row["class"]:
        said += f"; no more than {row['class_sure']} is sure" if row.get("class_sure") else "; no family is sure"
    return said + (f"; {row['class_flag']}" if row.get("class_flag") else "")


def _period(detail: StarDetail) -> str:
    period = detail.period
    if not period.found:
        return f"none: {period.reason}"
    flag = f"; flag: {period.flag}" if period.flag else ""
    false_alarm = f", false alarm {probability(period.fap)}" if known(period.fap) else ""
    return f"{measured(period.period, period.period_err)} d{false_alarm}{flag}"

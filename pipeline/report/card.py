"""One star of the report, in full: its pictures and what is known of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from swope.pipeline.catalog.schema import PROBABILITY, probability_types
from swope.pipeline.column import DetectorColumns
from swope.pipeline.event_words import size_words
from swope.pipeline.report.archives import addresses
from swope.pipeline.report.detail import StarDetail
from swope.pipeline.report.figures import (
    cells_figure,
    event_figure,
    folded_figure,
    forecast_figure,
    light_curve_figure,
    png,
    seen_figure,
)
from swope.pipeline.report.markup import Html, join, tag
from swope.pipeline.report.numbers import chance, known, measured, number, position, probability, sexagesimal
from swope.pipeline.report.panels import chosen_forecast

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Events that a card lists.
_EVENTS = 5


def card(detail: StarDetail, detectors: Sequence[DetectorColumns], place: int, n_ranked: int) -> Html:
    """The card of one star.

    Parameters
    ----------
    detectors : those whose columns its row has.
    place : 1 for the first of the list; names the card's anchor.
    n_ranked : stars of the run that have a combined p-value.
    """
    row = detail.row
    heading = tag(
        "h3",
        tag("span", f"{row['anomaly_rank']}.") if row["anomaly_rank"] else None,
        tag("bdi", row["object_id"]),
        tag("span", "" if row.get("class") is None else "class ", _class_words(row), class_="soft"),
        tag("span", f"said to be {row['verdict']}", class_="soft") if row.get("verdict") else None,
    )
    return tag(
        "article",
        heading,
        tag("p", row.get("anomaly_reason") or row.get("reason"), " ", _by_chance(row, n_ranked), class_="why"),
        tag(
            "div",
            _light_curve(detail),
            _event(detail),
            _folded(detail),
            _forecast(detail),
            _seen(detail),
            _cells(detail),
            _facts(detail, detectors),
            class_="plots",
        ),
        class_="card star",
        id=f"star-{place}",
    )


def picture(figure: Figure, alt: str, caption: object) -> Html:
    """A figure of the page, its picture inside it."""
    data = base64.b64encode(png(figure)).decode()
    width, height = (round(side * figure.dpi) for side in figure.get_size_inches())
    image = tag("img", src=f"data:image/png;base64,{data}", alt=alt, width=width, height=height)
    return tag("figure", image, tag("figcaption", caption))


def _light_curve(detail: StarDetail) -> Html:
    curve, good = detail.curve, detail.curve.good
    if not len(good):
        return tag("div", "No light curve: no row of it can be used.", class_="absent")
    span = float(np.ptp(good.time))
    masked = len(curve) - len(good)
    bands = ", ".join(name for name in curve.bands if name)
    n_events = len(detail.events)
    alt = f"Light curve of {curve.object_id}: {len(good)} points over {span:.6g} days" + (
        f", bands {bands}" if bands else ""
    )
    caption = f"Light curve: {len(good):,} points over {span:.6g} days"
    caption += f"; {masked} masked" if masked else ""
    caption += f"; {n_events} event{'s' if n_events != 1 else ''} shaded" if n_events else ""
    return picture(light_curve_figure(detail), alt, caption)


def _event(detail: StarDetail) -> Html | None:
    figure = event_figure(detail)
    if figure is None:
        return None
    alt = f"The surest event of {detail.curve.object_id}, with the points before and after it"
    return picture(figure, alt, "The surest event close by, at its full height")


def _folded(detail: StarDetail) -> Html:
    figure = folded_figure(detail)
    if figure is None:
        return tag("div", f"No folded curve: {detail.period.reason or 'no period'}.", class_="absent")
    period = detail.period.period
    alt = f"Light curve of {detail.curve.object_id} folded with {period:.6g} days, over two cycles"
    caption = "Folded, two cycles; means in phase with their one-sigma errors"
    caption += "; below, which phases speak for the class" if detail.phases is not None else ""
    return picture(figure, alt, caption)


def _seen(detail: StarDetail) -> Html | None:
    figure = seen_figure(detail)
    if figure is None:
        return None
    alt = f"The fold of {detail.curve.object_id} as the models see it, and the autoencoder's reconstruction"
    return picture(figure, alt, "The fold that the models see, and what the autoencoder makes of it")


def _forecast(detail: StarDetail) -> Html:
    figure, forecast = forecast_figure(detail), chosen_forecast(detail)
    if figure is None or forecast is None:
        return tag("div", "No forecast: too few points to forecast from.", class_="absent")
    alt = f"One-step-ahead forecasts of {detail.curve.object_id} by the {forecast.detector} against the data"
    caption = f"Forecast by the {forecast.detector} from the points before: mean and 2 sigma; below, how far it failed"
    return picture(figure, alt, caption)


def _cells(detail: StarDetail) -> Html | None:
    figure = cells_figure(detail)
    if figure is None:
        return None
    alt = f"States of the forecaster's cell while it reads {detail.curve.object_id}: a row a unit, over time"
    caption = "What the neural forecaster keeps in mind as it reads: the states of its cell, like units together"
    return picture(figure, alt, caption)


def _class_words(row: Mapping[str, Any]) -> str:
    if row.get("class") is None:
        return "no class"
    words = str(row["class"])
    if known(row.get("class_prob")):
        words += f", probability {row['class_prob']:.2f}"
    if row.get("class_sure") != row["class"]:
        words += f"; no more than {row['class_sure']} is sure" if row.get("class_sure") else "; no family is sure"
    return words


def _by_chance(row: Mapping[str, Any], n_ranked: int) -> Html | None:
    pvalue = row.get("anomaly_pvalue")
    if pvalue is None or not n_ranked:
        return None
    expected = number(pvalue * n_ranked, 2)
    return tag("span", f"{chance(pvalue)}: chance alone gives {expected} such of {n_ranked:,} stars.", class_="soft")


def _facts(detail: StarDetail, detectors: Sequence[DetectorColumns]) -> Html:
    row, period = detail.row, detail.period
    runners_up = sorted(
        ((row[f"{PROBABILITY}{name}"], name) for name in probability_types(row) if known(row[f"{PROBABILITY}{name}"])),
        key=lambda pair: (-pair[0], pair[1]),
    )
    others = [f"{name} {share:.2f}" for share, name in runners_up if name != row.get("class") and share >= 0.01][:3]
    flag = f" (flag: {row['period_flag']})" if row.get("period_flag") else ""
    unit = f" {row['unit']}" if row.get("unit") else ""
    clock = row.get("clock") or "unknown"
    pvalues = [
        f"{one.name} {probability(row[one.pvalue])}"
        + (f" (flag: {row[one.flag]})" if one.flag is not None and row.get(one.flag) else "")
        for one in detectors
        if known(row.get(one.pvalue))
    ]
    mean = row["mean_mag"] if known(row.get("mean_mag")) else row.get("mean_flux")
    facts: list[tuple[str, object]] = [
        ("class", join(_class_words(row), f" (flag: {row['class_flag']})" if row.get("class_flag") else None)),
        ("other classes", ", ".join(others)),
        (
            "period",
            f"{measured(period.period, period.period_err)} d{flag}" if period.found else f"none: {period.reason}",
        ),
        ("false alarm", probability(row.get("period_fap"))),
        ("runners-up", ", ".join(f"{number(one, 6)} d" for one in period.others)),
        ("mean, amplitude", f"{number(mean, 5)}, {number(row.get('amplitude'), 3)}{unit}" if known(mean) else ""),
        ("p-values", ", ".join(pvalues)),
        (f"events, {clock}" if clock != "unknown" else "events, clock unknown", _events(detail)),
        ("clock", clock),
        ("position", _place(row)),
        ("not computed", row.get("reason") or ""),
        ("source", row.get("source") or ""),
    ]
    return tag("dl", *(join(tag("dt", name), tag("dd", said)) for name, said in facts if said))


def _events(detail: StarDetail) -> Html:
    listed = sorted(detail.events, key=lambda event: (event.get("pvalue") or 0.0, event.get("t_peak") or 0.0))
    lines = []
    for event in listed[:_EVENTS]:
        end = "" if event.get("t_end") in (None, event["t_start"]) else f" to {event['t_end']:.4f}"
        said = [
            f"{event['direction']} {event['band'] or ''}".strip() + f" {event['t_start']:.4f}{end}",
            f"{event.get('shape') or ''}{size_words(event, detail.curve.kind == 'flux')}".strip(),
            f"{event['peak_sigma']:.1f} sigma" if known(event.get("peak_sigma")) else "",
            chance(event["pvalue"]) if known(event.get("pvalue")) else "",
            event["detector"],
            event.get("flag") or "",
        ]
        lines.append(tag("div", ", ".join(filter(None, said))))
    left = len(listed) - _EVENTS
    return join(*lines, tag("div", f"and {left} more", class_="soft") if left > 0 else None)


def _place(row: Mapping[str, Any]) -> Html | str:
    """The position, and links to what archives know of it; the page itself never follows them."""
    if not (known(row.get("ra")) and known(row.get("dec"))):
        return ""
    links = [
        join(" ", tag("a", name, href=address, target="_blank", rel="noopener noreferrer"))
        for name, address in addresses(row["ra"], row["dec"])
    ]
    degrees = tag("code", position(row["ra"], row["dec"]), class_="copy")
    return join(
        tag("div", degrees, f" deg; {sexagesimal(row['ra'], row['dec'])} (ICRS)"),
        tag("div", "look it up in", *links),
    )

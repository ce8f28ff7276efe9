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

#: The pictures of a card, by name.
Pictures = Mapping[str, Html]


def pictures(detail: StarDetail) -> dict[str, Html]:
    """Draw the pictures of a star's card: those that there is something to show on.

    They follow from the star's curve, period, forecasts and events, and from the detectors' p-values of its row; from
    nothing else of the row, and from no other star.
    """
    name = detail.curve.object_id
    forecast = chosen_forecast(detail)
    by = f"by the {forecast.detector} " if forecast is not None else ""
    drawn = {
        "light_curve": (light_curve_figure(detail) if len(detail.curve.good) else None, _light_curve_words(detail)),
        "event": (event_figure(detail), f"The surest event of {name}, with the points before and after it"),
        "folded": (
            folded_figure(detail),
            f"Light curve of {name} folded with {detail.period.period:.6g} days, over two cycles",
        ),
        "forecast": (forecast_figure(detail), f"One-step-ahead forecasts of {name} {by}against the data"),
        "seen": (seen_figure(detail), f"The fold of {name} as the models see it, and the autoencoder's reconstruction"),
        "cells": (
            cells_figure(detail),
            f"States of the forecaster's cell while it reads {name}: a row a unit, over time",
        ),
    }
    return {key: image(figure, alt) for key, (figure, alt) in drawn.items() if figure is not None}


def card(
    detail: StarDetail, detectors: Sequence[DetectorColumns], place: int, n_ranked: int, drawn: Pictures | None = None
) -> Html:
    """The card of one star.

    Parameters
    ----------
    detectors : those whose columns its row has.
    place : 1 for the first of the list; names the card's anchor.
    n_ranked : stars of the run that have a combined p-value.
    drawn : its `pictures`; None to draw them.
    """
    drawn = pictures(detail) if drawn is None else drawn
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
            _light_curve(detail, drawn),
            _shown(drawn, "event", "The surest event close by, at its full height"),
            _folded(detail, drawn),
            _forecast(detail, drawn),
            _shown(drawn, "seen", "The fold that the models see, and what the autoencoder makes of it"),
            _shown(
                drawn,
                "cells",
                "What the neural forecaster keeps in mind as it reads: the states of its cell, like units together",
            ),
            _facts(detail, detectors),
            class_="plots",
        ),
        class_="card star",
        id=f"star-{place}",
    )


def picture(figure: Figure, alt: str, caption: object) -> Html:
    """A figure of the page, its picture inside it."""
    return _captioned(image(figure, alt), caption)


def image(figure: Figure, alt: str) -> Html:
    """A picture, inside the page."""
    data = base64.b64encode(png(figure)).decode()
    width, height = (round(side * figure.dpi) for side in figure.get_size_inches())
    return tag("img", src=f"data:image/png;base64,{data}", alt=alt, width=width, height=height)


def _captioned(shown: Html, caption: object) -> Html:
    return tag("figure", shown, tag("figcaption", caption))


def _shown(drawn: Pictures, name: str, caption: str) -> Html | None:
    return _captioned(drawn[name], caption) if name in drawn else None


def _light_curve_words(detail: StarDetail) -> str:
    curve, good = detail.curve, detail.curve.good
    bands = ", ".join(name for name in curve.bands if name)
    return f"Light curve of {curve.object_id}: {len(good)} points over {_span(detail):.6g} days" + (
        f", bands {bands}" if bands else ""
    )


def _span(detail: StarDetail) -> float:
    time = detail.curve.good.time
    return float(np.ptp(time)) if len(time) else 0.0


def _light_curve(detail: StarDetail, drawn: Pictures) -> Html:
    curve, good = detail.curve, detail.curve.good
    masked, n_events = len(curve) - len(good), len(detail.events)
    caption = f"Light curve: {len(good):,} points over {_span(detail):.6g} days"
    caption += f"; {masked} masked" if masked else ""
    caption += f"; {n_events} event{'s' if n_events != 1 else ''} shaded" if n_events else ""
    absent = tag("div", "No light curve: no row of it can be used.", class_="absent")
    return _shown(drawn, "light_curve", caption) or absent


def _folded(detail: StarDetail, drawn: Pictures) -> Html:
    caption = "Folded, two cycles; means in phase with their one-sigma errors"
    caption += "; below, which phases speak for the class" if detail.phases is not None else ""
    absent = tag("div", f"No folded curve: {detail.period.reason or 'no period'}.", class_="absent")
    return _shown(drawn, "folded", caption) or absent


def _forecast(detail: StarDetail, drawn: Pictures) -> Html:
    forecast = chosen_forecast(detail)
    by = "" if forecast is None else f"by the {forecast.detector} "
    caption = f"Forecast {by}from the points before: mean and 2 sigma; below, how far it failed"
    absent = tag("div", "No forecast: too few points to forecast from.", class_="absent")
    return _shown(drawn, "forecast", caption) or absent


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

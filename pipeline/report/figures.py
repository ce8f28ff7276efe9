"""The pictures of a star and of a catalog, as Matplotlib figures, and figures as PNG.

Backgrounds are transparent, so that a page can turn the pictures dark.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from swope.pipeline.report.detail import StarDetail
from swope.pipeline.report.extremes import event_rows
from swope.pipeline.report.panels import (
    chosen_forecast,
    draw_event,
    draw_fold,
    draw_forecast,
    draw_light_curve,
    draw_points,
    draw_seen,
    limits,
    plain,
    time_label,
    time_offset,
    usual,
    value_axis,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


#: States so many of their unit's spreads from its mean, or more, have the strongest colour.
_STRONGEST = 2.5


def light_curve_figure(detail: StarDetail) -> Figure:
    """The light curve by band, with masked rows as grey crosses and events shaded."""
    figure, axes = _figure()
    draw_light_curve(axes, detail)
    return figure


def event_figure(detail: StarDetail) -> Figure | None:
    """The surest short event, close by; None where there is none."""
    found = event_rows(detail.curve.good.time, detail.events)
    if found is None:
        return None
    figure, axes = _figure()
    draw_event(axes, detail, *found)
    return figure


def folded_figure(detail: StarDetail) -> Figure | None:
    """The light curve folded with its period, over two cycles, and its means in phase; None without a period."""
    if not detail.period.found or not len(detail.curve.good):
        return None
    figure, axes = _figure()
    draw_fold(axes, detail)
    return figure


def seen_figure(detail: StarDetail) -> Figure | None:
    """The fold that the models see, over two cycles, with the autoencoder's reconstruction; None without a period."""
    if detail.seen is None:
        return None
    figure, axes = _figure()
    draw_seen(axes, detail, detail.seen)
    return figure


def forecast_figure(detail: StarDetail) -> Figure | None:
    """Forecast and data of the detector that finds the star strangest, with innovations below; None without any."""
    forecast = chosen_forecast(detail)
    if forecast is None:
        return None
    figure, (axes, below) = _figure(rows=2)
    draw_forecast(axes, below, detail, forecast)
    return figure


def star_figure(detail: StarDetail) -> Figure:
    """Light curve, fold and forecast of a star one below the other, for a paper; what it lacks is left out."""
    from matplotlib.figure import Figure

    forecast = chosen_forecast(detail)
    has_fold = detail.period.found and len(detail.curve.good) > 0
    heights = [3.0, *([3.2] if has_fold else []), *([3.0, 1.2] if forecast is not None else [])]
    figure = Figure(figsize=(7.1, 0.95 * sum(heights)), dpi=150, layout="constrained")
    axes = list(np.ravel(figure.subplots(len(heights), 1, gridspec_kw={"height_ratios": heights})))
    draw_light_curve(axes[0], detail)
    axes[0].set_title(plain(detail.curve.object_id), loc="left", fontsize=10)
    if has_fold:
        draw_fold(axes[1], detail)
    if forecast is not None:
        draw_forecast(axes[-2], axes[-1], detail, forecast)
        axes[-2].sharex(axes[-1])
    for one in axes:
        one.tick_params(labelsize=9, direction="in", top=True, right=True)
    return figure


def cells_figure(detail: StarDetail) -> Figure | None:
    """The states of the forecaster's cell over time, under the light curve that it reads; None where there are none."""
    cells = detail.cells
    if cells is None or not cells.end > cells.start:
        return None
    figure, (above, axes) = _figure(rows=2, heights=(1, 3))
    offset = time_offset(detail.curve)
    good = detail.curve.good
    draw_points(above, good, good.time - offset, labelled=False)
    value_axis(above, detail.curve, *limits(usual(detail)))
    above.set_ylabel("mag" if detail.curve.kind == "mag" else "flux", fontsize=9)
    above.tick_params(labelbottom=False)
    image = axes.imshow(
        cells.states.T,
        cmap="RdBu_r",
        vmin=-_STRONGEST,
        vmax=_STRONGEST,
        aspect="auto",
        interpolation="nearest",
        extent=(cells.start - offset, cells.end - offset, 0, 1),
    )
    # that of the light curve and of the forecast
    axes.set_xlim(above.get_xlim())
    axes.set_yticks([])
    axes.set_ylabel(f"{cells.states.shape[1]} units", fontsize=10)
    axes.set_xlabel(time_label(detail.curve, offset))
    scale = figure.add_axes((0.59, 0.945, 0.2, 0.025))
    figure.colorbar(image, cax=scale, orientation="horizontal").set_ticks([])
    for x, side, said in ((-0.03, "right", f"-{_STRONGEST:g}"), (1.03, "left", f"{_STRONGEST:g} spreads of a unit")):
        scale.text(x, 0.4, said, transform=scale.transAxes, ha=side, va="center", fontsize=8.5)
    return figure


def png(figure: Figure) -> bytes:
    """The picture as a small PNG: 64 colours with transparency, the same bytes for the same figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    image = Image.fromarray(pixels).quantize(64, method=Image.Quantize.FASTOCTREE)
    stream = io.BytesIO()
    image.save(stream, format="png")
    return stream.getvalue()


def _figure(
    rows: int = 1, size: tuple[float, float] = (6.4, 3.5), heights: tuple[float, float] = (3, 1)
) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=120)
    figure.patch.set_alpha(0.0)
    ratios = {"height_ratios": heights, "hspace": 0.06} if rows == 2 else {}
    axes = figure.subplots(rows, 1, gridspec_kw=ratios)
    for one in np.ravel(axes):
        one.patch.set_alpha(0.0)
        one.tick_params(labelsize=9, direction="in", top=True, right=True)
    figure.subplots_adjust(left=0.13, right=0.98, top=0.92, bottom=0.145)
    return figure, axes

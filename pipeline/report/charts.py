"""Small charts as SVG inside the page: they take the page's colours, light or dark, and print sharply."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.report.markup import Html, join, tag

_WIDTH, _HEIGHT = 420, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 42


def histogram(
    values: FloatArray,
    edges: FloatArray,
    title: str,
    axis: str,
    ticks: Sequence[tuple[float, str]],
    expected: float | None = None,
) -> Html:
    """A histogram; every bar says its range and count when pointed at.

    Parameters
    ----------
    values : (n,) NaN and what lies outside the edges is left out.
    edges : (m + 1,) ascending; the scale of the chart (take logarithms before).
    title : what a screen reader says first.
    axis : label of the axis.
    ticks : positions on the scale, and their words.
    expected : a height to draw as a dashed line.
    """
    counts, _ = np.histogram(values[np.isfinite(values)], edges)
    top = max(float(counts.max(initial=0)), expected or 0.0, 1.0) * 1.05
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    low, span = float(edges[0]), float(edges[-1] - edges[0])

    def x(value: float) -> float:
        return _LEFT + wide * (value - low) / span

    def y(count: float) -> float:
        return _TOP + high * (1 - count / top)

    bars = [
        tag(
            "rect",
            tag("title", f"{int(count)} stars"),
            class_="bar",
            x=f"{x(left):.1f}",
            y=f"{y(count):.1f}",
            width=f"{max(x(right) - x(left) - 0.7, 0.5):.1f}",
            height=f"{y(0) - y(count):.1f}",
        )
        for left, right, count in zip(edges[:-1], edges[1:], counts, strict=True)
        if count
    ]
    base = tag("line", class_="axis", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=f"{y(0):.1f}", y2=f"{y(0):.1f}")
    marks = [
        join(
            tag("line", class_="axis", x1=f"{x(at):.1f}", x2=f"{x(at):.1f}", y1=f"{y(0):.1f}", y2=f"{y(0) + 4:.1f}"),
            tag("text", word, x=f"{x(at):.1f}", y=f"{y(0) + 18:.1f}", text_anchor="middle"),
        )
        for at, word in ticks
    ]
    heights = [
        tag("text", f"{count:,.0f}", x=_LEFT - 5, y=f"{y(count) + 4:.1f}", text_anchor="end")
        for count in _heights(top / 1.05)
    ]
    line = None
    if expected is not None:
        line = tag(
            "line",
            tag("title", f"{expected:.3g} stars a bar if all were ordinary"),
            class_="expected",
            x1=_LEFT,
            x2=_WIDTH - _RIGHT,
            y1=f"{y(expected):.1f}",
            y2=f"{y(expected):.1f}",
        )
    label = tag("text", axis, x=_LEFT + wide / 2, y=_HEIGHT - 4, text_anchor="middle")
    return tag(
        "svg",
        tag("title", title),
        *bars,
        line,
        base,
        *marks,
        *heights,
        label,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
    )


def share_bar(share: float) -> Html:
    """A bar for a table cell: a share in [0, 1] of the cell's width; the number stands beside it."""
    return tag("div", tag("div", style=f"width:{100 * share:.1f}%"), class_="share", aria_hidden="true")


def _heights(top: float) -> list[float]:
    """Two or three round counts up to the top."""
    step = 10.0 ** np.floor(np.log10(max(top, 1.0)))
    step = next((step * factor for factor in (0.25, 0.5, 1.0) if top / (step * factor) <= 3.5), step * 2.5)
    step = max(1.0, np.floor(step))
    return [float(count) for count in np.arange(step, top + 1e-9, step)][:4]

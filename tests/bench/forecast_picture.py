"""A picture of the probability integral transform: flat bars for an honest forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from swope.pipeline.lightcurve import FloatArray

BINS = 20


def pit_picture(path: Path, panels: Mapping[str, Sequence[tuple[str, FloatArray]]]) -> None:
    """Draw the histograms of each panel's transforms, relative to flat; the grey band is two sigma of as many draws.

    Parameters
    ----------
    panels : for each title, names and transforms of what is drawn in it.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    across = 4
    down = -(-len(panels) // across)
    figure, axes = pyplot.subplots(
        down, across, figsize=(3.4 * across, 1.9 * down), sharex=True, sharey=True, squeeze=False, layout="constrained"
    )
    for axis, (title, curves) in zip(axes.flat, panels.items(), strict=False):
        for (name, pit), colour in zip(curves, ("#1f5c99", "#c8641b"), strict=False):
            if len(pit):
                counts, edges = np.histogram(pit, bins=BINS, range=(0, 1))
                axis.stairs(counts / len(pit) * BINS, edges, baseline=None, color=colour, label=name)
        noise = 2.0 * np.sqrt(BINS / max(len(curves[0][1]), 1))
        axis.axhspan(1.0 - noise, 1.0 + noise, color="0.9", zorder=0)
        axis.axhline(1.0, color="0.6", linewidth=0.8, zorder=1)
        axis.set_title(title, fontsize=8)
        axis.set_ylim(0.0, 2.0)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    axes.flat[0].legend(fontsize=7, frameon=False)
    figure.supxlabel("share of the forecast distribution below what was observed", fontsize=9)
    figure.supylabel("rows, relative to flat", fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)

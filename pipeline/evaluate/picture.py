"""The picture of an evaluation: which class was taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from swope.pipeline.evaluate.results import NONE, Part

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def confusion_picture(part: Part) -> Figure:
    """The confusion matrix as a picture: rows are true classes, shaded by share, with the numbers in the cells."""
    from matplotlib.figure import Figure

    true = [result.name for result in part.classes]
    given = sorted({name for row in part.confusion.values() for name in row} - {*true, NONE})
    columns = [*true, *given, *([NONE] if part.n_none else [])]
    counts = np.array([[part.confusion[row].get(column, 0) for column in columns] for row in true])
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(2.2 + 0.55 * len(columns), 1.9 + 0.5 * len(true)), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(share, vmin=0, vmax=1, cmap="Blues", aspect="auto")
    for (i, j), count in np.ndenumerate(counts):
        if count:
            colour = "white" if share[i, j] > 0.55 else "black"
            axes.text(j, i, f"{count}", ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(columns)), columns, rotation=60, ha="right", rotation_mode="anchor")
    labels = [f"{result.name}  ({result.n})" for result in part.classes]
    axes.set_yticks(range(len(true)), labels)
    axes.set_xlabel("class in the catalog")
    axes.set_ylabel("true class")
    axes.set_title(f"{part.n_scored} stars ({part.name}): accuracy {part.accuracy:.3f}", fontsize=10)
    return figure

"""Whether a model that was just trained takes the place of the one that is there: only where it is plainly better."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.split import held_out
from swope.pipeline.star import Star

#: A card of a model that did not learn from the stars kept apart says so in a paragraph that begins so.
KEPT_APART = "**Kept apart**"

#: Fewer stars than this say nothing of which model is better.
LEAST = 10


@dataclass(frozen=True)
class Verdict:
    """How two models did on the stars that neither learnt from (`swope.pipeline.split.held_out`).

    Attributes
    ----------
    measure : what was compared; larger is better.
    n : stars that both answered.
    champion, challenger : mean over the stars.
    error : standard error of the difference of the two, star by star.
    """

    measure: str
    n: int
    champion: float
    challenger: float
    error: float

    @property
    def promoted(self) -> bool:
        """Whether the challenger is better by more than the error of that."""
        # one right star more, of however many, is exactly one error
        return self.n >= LEAST and self.challenger - self.champion > (1 + 1e-9) * self.error

    def __str__(self) -> str:
        gain = self.challenger - self.champion
        what = "takes its place" if self.promoted else "does not take its place"
        return (
            f"{self.measure} on {self.n} stars kept apart: {self.challenger:.4f}, of the model before "
            f"{self.champion:.4f}; the difference is {gain:+.4f} with an error of {self.error:.4f}, so that it {what}"
        )


def doubt(champion: Any, trained_here: bool) -> str:
    """What there is to say of a champion that may have learnt from the stars that it is compared on; "" if it did not.

    Parameters
    ----------
    trained_here : whether it was made by `swope train`; those that come with Swope never saw such stars.
    """
    if not trained_here or KEPT_APART in str(getattr(champion, "card", "")):
        return ""
    return "; the model before was trained without --challenge, and may have learnt from these stars"


def kept_apart(stars: Sequence[Star]) -> list[int]:
    """Places of the stars that no model learns from."""
    return [i for i, star in enumerate(stars) if held_out(star.curve.object_id)]


def compare(champion: Any, challenger: Any, stars: Sequence[Star], classes: Sequence[str] | None) -> Verdict:
    """Hold a model against the one that is there, on the same stars.

    A model that names types is measured by the share of right ones, one that forecasts by the mean logarithm of the
    probability density that it gave to what came (the logarithmic score, Gneiting & Raftery 2007, section 4).

    Parameters
    ----------
    champion, challenger : of one kind.
    stars : that neither learnt from.
    classes : their types, where known.

    Raises
    ------
    ValueError
        For a kind of model that neither names types nor forecasts.
    """
    if hasattr(challenger, "classify"):
        if classes is None:
            raise ValueError("types can be compared on labelled stars alone: give --labels")
        measure = "share of right types"
        old, new = (_right(model, stars, classes) for model in (champion, challenger))
    elif hasattr(challenger, "forecast"):
        measure = "mean log density of forecasts"
        old, new = (_densities(model, stars) for model in (champion, challenger))
    else:
        raise ValueError("a model that neither names types nor forecasts cannot be held against another one")
    both = np.isfinite(old) & np.isfinite(new)
    n = int(both.sum())
    if not n:
        return Verdict(measure, 0, float("nan"), float("nan"), float("nan"))
    error = float(np.std(new[both] - old[both], ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
    return Verdict(measure, n, float(old[both].mean()), float(new[both].mean()), error)


def _right(model: Any, stars: Sequence[Star], classes: Sequence[str]) -> FloatArray:
    """(n,) 1 where the type is right, 0 where it is wrong or none is given."""
    answer = model.classify(stars)
    return np.array([float(answer.best(i) == name) for i, name in enumerate(classes)])


def _densities(model: Any, stars: Sequence[Star]) -> FloatArray:
    """(n,) mean log density of each star's forecasts, in units of its own scatter; NaN where there are none."""
    found = np.full(len(stars), np.nan)
    for i, forecast in enumerate(model.forecast(stars)):
        if forecast is None:
            continue
        known = np.isfinite(forecast.innovation)
        if known.any():
            scale = float(np.std(forecast.value[known])) or 1.0
            z, sigma = forecast.innovation[known], forecast.sigma[known] / scale
            found[i] = float(np.mean(-0.5 * z**2 - np.log(sigma) - 0.5 * np.log(2 * np.pi)))
    return found


def promote(model: Any, folder: Path) -> None:
    """Put a model in its folder, in one rename: whoever loads meets the old one or the new one, whole."""
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    model.save(new)
    if not folder.exists():
        new.rename(folder)
        return
    try:
        _exchange(new, folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise
        # a file system that cannot exchange two folders: `save` replaces the files of one together
        model.save(folder)
    shutil.rmtree(new)


def _exchange(one: Path, other: Path) -> None:
    """Exchange the names of two folders at once (renameat2 of Linux, with RENAME_EXCHANGE)."""
    here, exchange = -100, 2
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if libc.renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(other))

"""What the autoencoder answers, and what of it goes into the catalog."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from swope.models.autoencoder.wrong_period import WRONG_PERIOD
from swope.models.scores import Scores
from swope.pipeline.column import FLOAT, TEXT, Column, DetectorColumns
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.report.detail import SeenFold

_OWN = (
    Column(
        "reconstruction_pvalue",
        FLOAT,
        "",
        "stat.probability;src.var",
        "probability that the autoencoder reconstructs the fold of an ordinary star as badly",
    ),
    Column(
        "latent_pvalue",
        FLOAT,
        "",
        "stat.probability;src.var",
        "probability that an ordinary star is as far from its neighbours in the autoencoder's latent space",
    ),
    Column(
        "autoencoder_flag",
        TEXT,
        "",
        "meta.code.qual;src.var",
        "wrong_period: the fold at another likely period would be ordinary; null: nothing speaks against the score",
    ),
)

COLUMNS = DetectorColumns(
    "autoencoder",
    "the folded shape (autoencoder)",
    _OWN,
    {WRONG_PERIOD: "Folded at another likely period it would be ordinary."},
    tells_kinds=True,
)


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Folds, and what the autoencoder makes of them.

    Attributes
    ----------
    phase : (bins,) with the maximum of the first harmonic at 0.
    value : (n, bins) the fold about its middle in units of its width, brighter up; zeros where there is no period.
    sigma : (n, bins) standard errors in the same units; NaN where a bin is empty.
    model : (n, bins) the denoised fold in the same units; NaN where there is no period.
    """

    phase: FloatArray
    value: FloatArray
    sigma: FloatArray
    model: FloatArray

    def seen(self, i: int) -> SeenFold | None:
        """That of one star, empty bins left out; None where there is no period."""
        if not np.isfinite(self.model[i]).all():
            return None
        value = np.where(np.isfinite(self.sigma[i]), self.value[i], np.nan)
        return SeenFold(self.phase, value, self.sigma[i], self.model[i])


@dataclass(frozen=True, eq=False)
class FoldScores(Scores):
    """The autoencoder's scores, and the p-values of two of their parts alone.

    Attributes
    ----------
    reconstruction_pvalue : (n,) probability that the fold of an ordinary star is reconstructed as badly; NaN where
        there is no period or no score.
    latent_pvalue : (n,) probability that an ordinary star is as far from its neighbours in the latent space.
    """

    reconstruction_pvalue: FloatArray
    latent_pvalue: FloatArray

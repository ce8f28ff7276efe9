"""A model laid out over a star's rows: what the compiled functions (`swope.models.statespace.kernels`) work on."""

from __future__ import annotations

from typing import NamedTuple

from swope.pipeline.lightcurve import FloatArray, IntArray

#: Kinds of blocks. The numbers are the compiled code's; `terms.py` gives them their meaning.
WALK, DAMPED, TREND, OSCILLATOR = 0, 1, 2, 3


class Problem(NamedTuple):
    """A model laid out over one star's n rows: what the compiled functions work on.

    Attributes
    ----------
    step : (n,) days since the row before; the first is 0.
    rows : (n, k + 1) the k columns, and the data last.
    observe : (n, m) how each row sees the m states.
    error2 : (n,) quoted variances; infinite where the row is not observed (it is forecast, not learned from).
    inflate : (n,) factor on each row's noise variance, 1 for an ordinary row.
    group : (n,) index of the noise parameters of each row.
    kind : (b,) kind of each block.
    source : (b + 2, 3 or more) index of each parameter in theta, -1 where it is fixed. A row a block; then, by group,
        the factor on the quoted errors and the jitter.
    fixed : same shape: the parameters that are fixed. Theta holds logarithms, this the parameters themselves.
    restricted : whether the coefficients are integrated out (1) or maximised (0).
    centre, precision : (p,) a Gaussian prior on theta; precision 0 for none.
    """

    step: FloatArray
    rows: FloatArray
    observe: FloatArray
    error2: FloatArray
    inflate: FloatArray
    group: IntArray
    kind: IntArray
    source: IntArray
    fixed: FloatArray
    restricted: int
    centre: FloatArray
    precision: FloatArray

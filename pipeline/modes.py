"""Signs of a second mode: what is left of a fold, looked at where the other mode of a two-mode pulsator would be.

The radial modes of RR Lyrae stars and Cepheids have periods in narrow ratios: first overtone to fundamental 0.742 to
0.748 (RRd) and 0.69 to 0.76 (F/1O Cepheids), second to first overtone 0.79 to 0.81 (Soszynski et al. 2008, 2009, Acta
Astronomica 58, 163 and 59, 1). A star whose found period is of one mode may so be asked for the other at once, where a
search among all frequencies would have to win against aliases. A modulated star has power beside its own frequency.
"""

from __future__ import annotations

import numpy as np

from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.median import quantiles

#: Frequencies of the other mode over the found one that are looked at: where any is, below and above, and where that of
#: RR Lyrae stars and that of two overtones is.
_SLOWER, _FASTER = (0.69, 0.86), (1.17, 1.45)
_NARROW = {"rrd_slower": (0.735, 0.755), "overtone_slower": (0.78, 0.82)}
_NARROW |= {"overtone_faster": (1.22, 1.28), "rrd_faster": (1.325, 1.36)}

#: How far beside its own frequency a modulation is looked for, in cycles a day; so many 1/span are the peak itself.
_BESIDE, _OWN_PEAK = 0.12, 1.0

#: Names of the features of `mode_features`, in their order.
MODES: tuple[str, ...] = (
    *(f"power_{name}" for name in ("slower", "faster", *_NARROW, "beside")),
    "ratio_slower",
    "ratio_faster",
)

#: Steps of frequency in 1/span; of more frequencies, or fewer cycles of the star, nothing is said.
_STEPS, _MOST_FREQUENCIES, _LEAST_CYCLES = 0.25, 100_000, 20.0

#: Values further out than this many widths are brought to it: what is left of a sharp shape is not a wave.
_CLIPPED = 3.0

#: Digits after the point that do not depend on where in memory a star lies.
_DIGITS = 3


def mode_features(time: FloatArray, rest: FloatArray, period: float) -> FloatArray:
    """The features named in `MODES`.

    The powers are those of the highest peaks, as logarithms of what is left's power at the peak over its mean power
    (Scargle 1982, ApJ 263, 835): noise has about 1 whatever the survey. The ratios are of the frequencies of these
    peaks to the found one.

    Parameters
    ----------
    time : (n,) days, ascending.
    rest : (n,) what the fold leaves.
    period : the found one, days.

    Returns
    -------
    (len(MODES),); NaN where the star was seen for too few cycles, or there is nothing left.
    """
    from swope.pipeline.period.grid import Grid
    from swope.pipeline.period.spectrum import periodogram

    out = np.full(len(MODES), np.nan)
    span, f = float(time[-1] - time[0]), 1.0 / period
    if not span * f >= _LEAST_CYCLES:
        return out
    width = quantiles(np.abs(rest - rest.mean()), (0.68,))[0]
    step = _STEPS / span
    low, high = min(_SLOWER[0] * f, max(f - _BESIDE, 0.5 * f)), max(_FASTER[1] * f, f + _BESIDE)
    grid = Grid(max(1, int(low / step)), int((high - low) / step) + 2, step)
    if not width > 0 or grid.size > _MOST_FREQUENCIES:
        return out
    value = np.clip(rest - rest.mean(), -_CLIPPED * width, _CLIPPED * width)
    power = 0.5 * len(time) * periodogram(time, value, np.ones(len(time)), grid).power
    ratio = grid.frequency / f
    beside = (np.abs(ratio - 1.0) * f < _BESIDE) & (np.abs(ratio - 1.0) * f * span > _OWN_PEAK)
    places = [_between(ratio, window) for window in (_SLOWER, _FASTER, *_NARROW.values())]
    for i, place in enumerate((*places, beside)):
        out[i] = np.log10(max(float(power.max(where=place, initial=0.0)), 1e-3))
    for i, place in enumerate(places[:2]):
        out[len(places) + 1 + i] = ratio[int(np.where(place, power, -1.0).argmax())]
    return np.round(out, _DIGITS)


def _between(ratio: FloatArray, window: tuple[float, float]) -> BoolArray:
    return (ratio > window[0]) & (ratio < window[1])

"""Plain numbers that describe a light curve: of its values, of its times, and of its shape when folded."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np

from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.median import median, quantiles
from swope.pipeline.modes import MODES, mode_features
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.photometry import brightening, errors_or, typical_error
from swope.pipeline.summary import main_band

#: Fewer rows than this have no shape to speak of.
LEAST_POINTS = 5

#: Errors below this, in magnitudes, are no better known than that.
_ERROR_FLOOR = 0.002

#: Fourier terms of the shape of a folded curve; those of `pipeline.shape`, which is imported only where it is used.
HARMONICS = 4

#: Days over which the curve is averaged to see how slow it is.
_SLOW_DAYS = (3.0, 30.0, 300.0)

#: Features of the `light-curve` library whose scale is better seen in logarithms (Malanchev et al. 2021 define them).
_LOGARITHMIC = frozenset(
    {
        "amplitude",
        "anderson_darling_normal",
        "chi2",
        "eta_e",
        "inter_percentile_range_10",
        "maximum_slope",
        "median_absolute_deviation",
        "otsu_mean_diff",
        "otsu_std_lower",
        "otsu_std_upper",
        "percent_amplitude",
        "roms",
        "standard_deviation",
    }
)

_LIBRARY = (
    "amplitude",
    "anderson_darling_normal",
    "beyond_1_std",
    "beyond_2_std",
    "cusum",
    "eta",
    "eta_e",
    "inter_percentile_range_10",
    "kurtosis",
    "magnitude_percentage_ratio_40_5",
    "magnitude_percentage_ratio_20_10",
    "maximum_slope",
    "median_absolute_deviation",
    "median_buffer_range_percentage_10",
    "otsu_mean_diff",
    "otsu_std_lower",
    "otsu_std_upper",
    "otsu_lower_to_all_ratio",
    "percent_amplitude",
    "chi2",
    "skew",
    "standard_deviation",
    "stetson_K",
    "roms",
)

_OWN = ("lower_reach", "upper_reach", "tail_low", "tail_high", "trend", *(f"slow_{d:g}" for d in _SLOW_DAYS))

#: Names of the features of `plain_features`, in their order.
PLAIN: tuple[str, ...] = _LIBRARY + _OWN

#: Names of the features of `fold_features`, in their order.
FOLDED: tuple[str, ...] = (
    "log_period",
    "log_cycles",
    "explained",
    "string_length",
    "log_amplitude_1",
    *(f"ratio_{k}1" for k in range(2, HARMONICS + 1)),
    *(f"{f}_phi_{k}1" for k in range(2, HARMONICS + 1) for f in ("cos", "sin")),
    "even_share",
    "log_range",
    "depth",
    "second_depth",
    "second_place",
    "second_height",
    "bright_share",
    "rise_share",
    "steepest_rise",
    "steepest_fall",
)

#: Days that part the pairs of points of the structure function; so many points are the first of a pair, and a cell
#: needs so many pairs.
_LAGS = (0.03, 0.15, 0.6, 1.5, 4.0, 10.0, 25.0, 60.0, 150.0, 400.0, 1000.0)
_FIRST_OF_PAIR, _LEAST_PAIRS = 300, 10

#: Names of the features of `structure_features` and of `rest_features`, in their order.
STRUCTURE: tuple[str, ...] = tuple(f"structure_{low:g}" for low in _LAGS[:-1])
REST: tuple[str, ...] = (
    *("rest_share", "rest_eta", "rest_skew", "rest_noise"),
    *(f"rest_slow_{d:g}" for d in _SLOW_DAYS),
    *MODES,
)

#: Names of the features of `search_features`, in their order.
SEARCH: tuple[str, ...] = (*(f"runner_up_{k}" for k in range(2, 6)), "log_fap", "terms")

#: No false alarm is less likely than this.
_LEAST_FAP = 1e-30

#: Names of the features of `survey_features`, in their order.
SURVEY: tuple[str, ...] = ("mean", "second_mean", "second_colour", "second_scale", "latitude")

#: North galactic pole, right ascension and declination in radians (ICRS).
_POLE = (3.36603, 0.47348)


def brightness(curve: LightCurve) -> LightCurve:
    """One curve of all bands, in magnitudes about the median, brighter up.

    Fluxes become magnitudes relative to their median. Where too many are not above zero, as in differences of flux,
    they are scaled to a standard deviation of 0.1. Each band is moved to the median zero, and brought to the amplitude
    of the band with the most points as far as the two amplitudes are known.

    Parameters
    ----------
    curve : n rows; the good ones are used.

    Returns
    -------
    A curve in one band, of kind "flux" (a larger value is brighter) and unit "mag"; missing errors are NaN.
    """
    good = curve.good
    value = np.empty(len(good))
    error = np.empty(len(good))
    widths: dict[int, float] = {}
    for band in range(len(good.bands)):
        rows = good.band == band
        if rows.any():
            value[rows], error[rows] = brightening(good.value[rows], good.error[rows], good.kind)
            if rows.sum() >= 20:
                widths[band] = _width(value[rows])
    main = main_band(good)
    widest = widths.get(good.bands.index(main), 0.0) if main is not None else 0.0
    for band, width in widths.items():
        if width > 0 and widest > 0:
            rows = good.band == band
            scale = float(np.clip(widest / width, 0.3, 3.0))
            value[rows] *= scale
            error[rows] *= scale
    return LightCurve.of(curve.object_id, good.time, value, error, kind="flux", unit="mag")


def _width(value: FloatArray) -> float:
    """From the 10th to the 90th percentile of a band's values."""
    low, high = quantiles(value, (0.1, 0.9))
    return high - low


def plain_features(bright: LightCurve) -> FloatArray:
    """The features named in `PLAIN`, without any period.

    None of them is a magnitude, a date or a number of points: they should mean the same in every survey.

    Parameters
    ----------
    bright : of `brightness`, in time order.

    Returns
    -------
    (len(PLAIN),) float64; NaN where a feature cannot be had.
    """
    out = np.full(len(PLAIN), np.nan)
    time, value, error = bright.time, bright.value, errors_of(bright)
    width = float(value.std()) if len(value) >= LEAST_POINTS else 0.0
    if not width > 0:
        return out
    library = _extractor()(time, value, error, sorted=True, check=False, fill_value=np.nan)
    low, lower, middle, upper, high = quantiles(value, (0.01, 0.05, 0.5, 0.95, 0.99))
    reach = max(upper - lower, 1e-6)
    span = time[-1] - time[0]
    centred = (time - time.mean()) / span if span > 0 else np.zeros(len(time))
    spread = float(centred.std())
    trend = float(np.mean(centred * (value - value.mean()))) / (spread * width) if spread > 0 else 0.0
    own = [
        (middle - lower) / reach,
        (upper - middle) / reach,
        (lower - low) / reach,
        (high - upper) / reach,
        abs(trend),
        *(_slow(time, value, days) for days in _SLOW_DAYS),
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        logarithms = np.log10(np.maximum(library, 1e-6))
    out[: len(_LIBRARY)] = np.where([name in _LOGARITHMIC for name in _LIBRARY], logarithms, library)
    # kurtosis of an eclipsing star reaches hundreds
    kurtosis = _LIBRARY.index("kurtosis")
    out[kurtosis] = np.arcsinh(out[kurtosis])
    out[len(_LIBRARY) :] = own
    return out


# of a star several features, and its tensors, ask for the same few
@lru_cache(maxsize=4)
def fourier_series(bright: LightCurve, period: float) -> tuple[FloatArray, FloatArray, float] | None:
    """The Fourier series of a folded curve.

    Parameters
    ----------
    bright : n rows, of `brightness`, in time order.
    period : days, positive.

    Returns
    -------
    (n,) phases in cycles from the first row, (2, HARMONICS) cosine and sine amplitudes and the share of the variance
    that they explain (see `pipeline.shape.fourier`), not to be written to; None for few points or values all alike.
    """
    from swope.pipeline import shape

    value = bright.value
    if len(value) < LEAST_POINTS or not float(np.ptp(value)) > 0:
        return None
    phase = (bright.time - bright.time[0]) / period % 1.0
    return phase, *shape.fourier(phase, value)


def fold_features(bright: LightCurve, period: float) -> FloatArray:
    """The features named in `FOLDED`: the shape of the curve when folded with a period.

    A Fourier series is fitted by least squares (Simon & Lee 1981 for the ratios R_k1 and phases phi_k1); the features
    do not depend on the phase zero point.

    Parameters
    ----------
    bright : of `brightness`, in time order.
    period : days, positive.
    """
    from swope.pipeline import shape

    found = fourier_series(bright, period)
    if found is None:
        return np.full(len(FOLDED), np.nan)
    phase, terms, explained = found
    waves = terms[0] - 1j * terms[1]
    size = np.maximum(np.abs(waves), 1e-9)
    relative = [waves[k - 1] * np.conj(waves[0] / size[0]) ** k / size[k - 1] for k in range(2, HARMONICS + 1)]
    power = size**2
    span = bright.time[-1] - bright.time[0]
    return np.array(
        [
            np.log10(period),
            np.log10(max(span / period, 1e-3)),
            explained,
            shape.string_length(phase, bright.value),
            np.log10(size[0]),
            *np.minimum(size[1:] / size[0], 10.0),
            *(part for wave in relative for part in (wave.real, wave.imag)),
            power[1::2].sum() / power.sum(),
            *shape.series_shape(terms),
        ]
    )


def structure_features(bright: LightCurve) -> FloatArray:
    """The features named in `STRUCTURE`: the structure function over twice the variance, 1 for white noise.

    Parameters
    ----------
    bright : of `brightness`, in time order.

    Returns
    -------
    (len(STRUCTURE),); NaN where too few points are so far apart.
    """
    from swope.pipeline import shape

    value = bright.value
    if len(value) < LEAST_POINTS or not float(np.ptp(value)) > 0:
        return np.full(len(STRUCTURE), np.nan)
    mean, pairs = shape.structure(bright.time, value, np.array(_LAGS), _FIRST_OF_PAIR)
    return np.where(pairs >= _LEAST_PAIRS, mean / (2.0 * value.var()), np.nan)


def rest_features(bright: LightCurve, period: float) -> FloatArray:
    """The features named in `REST`: what is left when the Fourier series of the fold is subtracted.

    Several modes, spots that come and go and seasons that differ leave much, and what they leave is slow or skew.

    Parameters
    ----------
    bright : of `brightness`, in time order.
    period : days, positive.
    """
    from swope.pipeline import shape

    found = fourier_series(bright, period)
    if found is None:
        return np.full(len(REST), np.nan)
    phase, terms, _ = found
    value = bright.value
    rest = shape.left_over(phase, value, terms)
    width = max(float(rest.std()), 1e-9)
    return np.array(
        [
            np.log10(width / value.std()),
            float(np.mean(np.diff(rest) ** 2)) / width**2,
            float(np.mean(((rest - rest.mean()) / width) ** 3)),
            np.log10(width / median(errors_of(bright))),
            *(_slow(bright.time, rest, days) for days in _SLOW_DAYS),
            *mode_features(bright.time, rest, period),
        ]
    )


def search_features(found: PeriodResult) -> FloatArray:
    """The features named in `SEARCH`: what the period search found beside the period.

    Several modes, slow changes beside quick ones and aliases each leave their own runners-up.

    Parameters
    ----------
    found : with a period.

    Returns
    -------
    (len(SEARCH),): logarithms of the runners-up over the period and of the false-alarm probability, and the number of
    Fourier terms; NaN where there are none.
    """
    out = np.full(len(SEARCH), np.nan)
    others = np.array(found.others[:4], dtype=np.float64)
    out[: len(others)] = np.log10(others / found.period)
    out[4] = np.log10(max(found.noise_fap, _LEAST_FAP)) if np.isfinite(found.noise_fap) else np.nan
    out[5] = found.terms if found.terms else np.nan
    return out


def survey_features(curve: LightCurve) -> FloatArray:
    """The features named in `SURVEY`: magnitude, colour and place, which mean something only within one survey.

    Parameters
    ----------
    curve : n rows; the good ones are used.

    Returns
    -------
    (len(SURVEY),): the median of the first band, of the second, their difference, the logarithm of the ratio of their
    widths, and the distance from the galactic plane in degrees; bands in the order of the curve; fluxes as magnitudes
    with zero point 0; NaN where there are none, or a band's median flux is not above 0.
    """
    good = curve.good
    out = np.full(len(SURVEY), np.nan)
    medians, widths = [], []
    for band in range(min(len(good.bands), 2)):
        value = good.value[good.band == band]
        if len(value) < LEAST_POINTS:
            medians.append(np.nan)
            widths.append(np.nan)
            continue
        middle = median(value)
        width = _width(value)
        if good.kind == "flux":
            middle, width = (-2.5 * np.log10(middle), width / middle) if middle > 0 else (np.nan, np.nan)
        medians.append(middle)
        widths.append(width)
    out[: len(medians)] = medians
    if len(medians) == 2:
        out[2] = medians[0] - medians[1]
        out[3] = np.log10(widths[1] / widths[0]) if widths[0] > 0 and widths[1] > 0 else np.nan
    out[4] = _latitude(curve)
    return out


def _latitude(curve: LightCurve) -> float:
    """Degrees between the star and the galactic plane."""
    ra, dec = np.radians(curve.ra), np.radians(curve.dec)
    pole_ra, pole_dec = _POLE
    sine = np.sin(dec) * np.sin(pole_dec) + np.cos(dec) * np.cos(pole_dec) * np.cos(ra - pole_ra)
    return float(abs(np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))))


@lru_cache(maxsize=1)
def errors_of(bright: LightCurve) -> FloatArray:
    """(n,) errors with a floor; where the source gives none, the scatter of neighbours stands in for them.

    They are asked for over and over of one star, and not to be written to.
    """
    return errors_or(bright.error, typical_error(bright.error, bright.value), _ERROR_FLOOR)


def _slow(time: FloatArray, value: FloatArray, days: float) -> float:
    """Share of the variance that means over so many days explain, degrees of freedom accounted for; time ascends."""
    step = np.floor((time - time[0]) / days)
    cell = np.concatenate([[0], np.cumsum(step[1:] != step[:-1])])
    counts = np.bincount(cell)
    free = len(value) - len(counts)
    if free < 3:
        return float("nan")
    left = value - (np.bincount(cell, value) / counts)[cell]
    return float(np.clip(1.0 - (left @ left / free) / (value.var() * len(value) / (len(value) - 1)), -1.0, 1.0))


@cache
def _extractor() -> Any:
    import light_curve as lc

    return lc.Extractor(
        lc.Amplitude(),
        lc.AndersonDarlingNormal(),
        lc.BeyondNStd(1.0),
        lc.BeyondNStd(2.0),
        lc.Cusum(),
        lc.Eta(),
        lc.EtaE(),
        lc.InterPercentileRange(0.1),
        lc.Kurtosis(),
        lc.MagnitudePercentageRatio(0.4, 0.05),
        lc.MagnitudePercentageRatio(0.2, 0.1),
        lc.MaximumSlope(),
        lc.MedianAbsoluteDeviation(),
        lc.MedianBufferRangePercentage(0.1),
        lc.OtsuSplit(),
        lc.PercentAmplitude(),
        lc.ReducedChi2(),
        lc.Skew(),
        lc.StandardDeviation(),
        lc.StetsonK(),
        lc.Roms(),
    )

"""What the fold at a frequency looks like: its smooth curve, its minima, its dips, and the light outside them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from swope.pipeline.lightcurve import BoolArray, FloatArray, IntArray
from swope.pipeline.period.sample import Sample

#: Widths of the dips that are tried, in bins.
WIDTHS = (3, 5, 8, 13, 21)


class Looks(NamedTuple):
    """What the merged fold at each of m frequencies looks like, (m,) each.

    Attributes
    ----------
    noise : variance of the points about the smooth curve; theirs is 1.
    variance, skewness : of the smooth curve.
    odd : share of its variance in odd harmonics: next to none where the fold is the same twice over.
    mirror : share of its variance that mirroring about the best axis leaves out.
    gap : largest gap in phase.
    unequal : difference of its two deepest minima, over its range.
    second : depth of the second minimum below the lower of the maxima beside it, over its range.
    width : of the best box-shaped dip of the binned points, in phase.
    depth, ratio : its depth; the depth half a cycle later over it.
    contrast, blur : the difference of the two depths over its error; that error over the depth.
    rise : skewness of the smooth curve's slope, positive for a fast rise.
    once_round, twice_round : outside the dips, the cosine with one, and that with two cycles a period, the dip at phase
        0, each over its error.
    """

    noise: FloatArray
    variance: FloatArray
    skewness: FloatArray
    odd: FloatArray
    mirror: FloatArray
    gap: FloatArray
    unequal: FloatArray
    second: FloatArray
    width: FloatArray
    depth: FloatArray
    ratio: FloatArray
    contrast: FloatArray
    blur: FloatArray
    rise: FloatArray
    once_round: FloatArray
    twice_round: FloatArray


def looks(sample: Sample, frequency: FloatArray, prior: FloatArray, bins: int) -> Looks:
    """What the folds of a sample look like, its bands merged.

    Parameters
    ----------
    sample : n points.
    frequency : (m,) cycles a day.
    prior : (terms,) prior variance of the coefficients of each harmonic of the smooth curve.
    bins : phase bins; an even number.
    """
    weight, total = _folds(sample, frequency, bins)
    series, noise = _smooth(weight, total, prior, len(sample.time))
    basis = _harmonics(len(prior), bins)
    curve = series[:, 1:] @ basis[1:]
    strength = 0.5 * (series[:, 1::2] ** 2 + series[:, 2::2] ** 2)
    variance = np.maximum(strength.sum(axis=1), 1e-9)
    slope = np.roll(curve, -1, axis=1) - curve
    unequal, second = _minima(curve)
    start, width = _dip(weight, total)
    depth, other, error, outside = _depths(weight, total, start, width, noise, curve.max(axis=1))
    dip = np.maximum(depth, 1e-3)
    centre = start + 0.5 * (width[:, None] - 1)
    return Looks(
        noise=noise,
        variance=variance,
        skewness=np.sum(curve * curve * curve, axis=1) / (bins * variance**1.5),
        odd=strength[:, ::2].sum(axis=1) / variance,
        mirror=1.0 - _mirrored(series, bins) / variance,
        gap=_gap(weight > 0),
        unequal=unequal,
        second=second,
        width=width / bins,
        depth=depth,
        ratio=np.clip(other / dip, -1.0, 2.0),
        contrast=(depth - other) / error,
        blur=error / dip,
        rise=np.mean(slope * slope * slope, axis=1) / np.maximum(1e-12, np.mean(slope**2, axis=1)) ** 1.5,
        once_round=_round(weight * outside, total * outside, centre, 1, noise),
        twice_round=_round(weight * outside, total * outside, centre, 2, noise),
    )


def _folds(sample: Sample, frequency: FloatArray, bins: int) -> tuple[FloatArray, FloatArray]:
    """(m, bins) sums of the weights and of the weighted values in bins of phase; the first begins at time 0."""
    from swope.pipeline.bins import add_to_bins

    n = len(sample.time)
    weight, total = np.empty((len(frequency), bins)), np.empty((len(frequency), bins))
    first, cell, weighted = np.zeros(n, dtype=np.int32), np.empty(n, dtype=np.int32), sample.weight * sample.value
    for f, w, y in zip(frequency, weight, total, strict=True):
        add_to_bins(sample.time, first, sample.weight, weighted, f, 0.0, bins, cell, w, y)
    return weight, total


@lru_cache(maxsize=4)
def _harmonics(terms: int, bins: int) -> FloatArray:
    """(2 terms + 1, bins) a constant, then cosine and sine of each harmonic at the bins' centres."""
    angle = 2.0 * np.pi * (np.arange(bins) + 0.5) / bins
    waves = [wave(k * angle) for k in range(1, terms + 1) for wave in (np.cos, np.sin)]
    return np.stack([np.ones(bins), *waves])


def _smooth(weight: FloatArray, total: FloatArray, prior: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
    """The smooth curve of each fold: (m, 2 terms + 1) coefficients of `_harmonics`; (m,) variance that it leaves.

    The coefficients' ridge, the noise over their prior variance, follows from the fit itself.

    Parameters
    ----------
    weight, total : (m, bins).
    n : number of points.
    """
    from swope.pipeline.period.kernels.shapes import smooth_curves

    basis = _harmonics(len(prior), weight.shape[1])
    series, noise = np.empty((len(weight), len(basis))), np.empty(len(weight))
    smooth_curves(weight, total, basis, np.repeat(prior, 2), n, series, noise)
    return series, noise


@lru_cache(maxsize=4)
def _axes(terms: int, bins: int) -> tuple[FloatArray, FloatArray]:
    """(terms, bins) each, cosines and sines of the harmonics at the axes of mirroring."""
    angle = 2.0 * np.pi / bins * np.outer(np.arange(1, terms + 1), np.arange(bins))
    return np.cos(angle), np.sin(angle)


def _mirrored(series: FloatArray, bins: int) -> FloatArray:
    """(m,) the curve times its mirror image about the best axis, by its coefficients; at least 0."""
    a, b = series[:, 1::2], series[:, 2::2]
    cosine, sine = _axes(a.shape[1], bins)
    product = 0.5 * (a * a - b * b) @ cosine + (a * b) @ sine
    mirrored: FloatArray = np.maximum(product.max(axis=1), 0.0)
    return mirrored


def _gap(filled: BoolArray) -> FloatArray:
    """(m,) longest run of empty bins around the circle, as a share of it; filled is (m, bins)."""
    bins = filled.shape[1]
    place = np.arange(2 * bins)
    before = np.maximum.accumulate(np.where(np.tile(filled, 2), place, -1), axis=1)
    longest: FloatArray = np.minimum((place - before).max(axis=1), bins) / bins
    return longest


def _minima(curve: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(m,) how much higher the second minimum is than the first, and how far it lies below the lower maximum between.

    Both are shares of the range of the curve (m, bins). The second minimum is an eighth of a cycle or more away.
    """
    bins = curve.shape[1]
    low, high = curve.min(axis=1), curve.max(axis=1)
    lowest = curve.argmin(axis=1)[:, None]
    place = np.arange(bins)
    apart = np.abs((place - lowest + bins // 2) % bins - bins // 2)
    local = (curve <= np.roll(curve, 1, axis=1)) & (curve <= np.roll(curve, -1, axis=1))
    second = np.where(local & (apart > bins // 8), curve, high[:, None]).min(axis=1)
    at = bins - 1 - np.argmax((curve == second[:, None])[:, ::-1], axis=1)[:, None]
    turned = np.take_along_axis(curve, (lowest + place) % bins, axis=1)
    between = place < (at - lowest) % bins
    left = np.where(between, turned, low[:, None]).max(axis=1)
    right = np.where(between, low[:, None], turned).max(axis=1)
    top = np.where(second < high, np.minimum(left, right), high)
    reach = np.maximum(high - low, 1e-9)
    return (second - low) / reach, (top - second) / reach


def _dip(weight: FloatArray, total: FloatArray) -> tuple[IntArray, IntArray]:
    """(m, 1) first bin and (m,) number of bins of the box-shaped dip that explains most; 0 and 1 where there is none.

    Parameters
    ----------
    weight, total : (m, bins).
    """
    from swope.pipeline.period.kernels.shapes import best_dips

    start, width = np.empty((2, len(weight)), dtype=np.int32)
    best_dips(weight, total, np.array(WIDTHS), start, width)
    return start[:, None], width


def _depths(
    weight: FloatArray, total: FloatArray, start: IntArray, width: IntArray, noise: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    """Depth of the dip and half a cycle later, the error of their difference, and which bins lie outside both.

    Parameters
    ----------
    weight, total : (m, bins).
    start, width : of `_dip`.
    noise : (m,) variance of the points about the smooth curve.
    high : (m,) the level where there are no points outside.
    """
    bins = weight.shape[1]
    at = (np.arange(bins) - start) % bins
    later = (at + bins // 2) % bins
    wide = width[:, None]
    outside = (np.minimum(at, bins - at) > wide) & (np.minimum(later, bins - later) > wide)
    inside = at < wide
    masks = (inside, ~inside & (later < wide), outside & ~inside & (later >= wide))
    (dip_w, half_w, rest_w), (dip_y, half_y, rest_y) = (
        [np.sum(x, axis=1, where=mask) for mask in masks] for x in (weight, total)
    )
    level = np.where(rest_w > 0, rest_y / np.where(rest_w > 0, rest_w, 1.0), high)
    depth = np.where(dip_w > 0, level - dip_y / np.where(dip_w > 0, dip_w, 1.0), 0.0)
    other = np.where(half_w > 0, level - half_y / np.where(half_w > 0, half_w, 1.0), depth)
    error = np.sqrt(noise / np.maximum(dip_w, 0.3) + noise / np.maximum(half_w, 0.3))
    return depth, other, error, outside


def _round(weight: FloatArray, total: FloatArray, centre: FloatArray, order: int, noise: FloatArray) -> FloatArray:
    """(m,) coefficient, over its error, of a cosine with so many cycles whose phase is 0 in the middle of the dip.

    Parameters
    ----------
    weight, total : (m, bins), 0 inside the dips.
    centre : (m, 1) bin in the middle of the dip.
    """
    bins = weight.shape[1]
    wave = np.cos(2.0 * np.pi * order * (np.arange(bins) - centre) / bins)
    sum_w = 1e-9 + weight.sum(axis=1)
    sum_x, sum_y = np.sum(weight * wave, axis=1), total.sum(axis=1)
    spread = np.maximum(1e-6, 1e-9 + np.sum(weight * wave**2, axis=1) - sum_x * sum_x / sum_w)
    clear: FloatArray = (np.sum(total * wave, axis=1) - sum_x * sum_y / sum_w) / np.sqrt(spread * noise)
    return clear

"""MiniRocket (Dempster, Schmidt & Webb 2021, KDD, arXiv:2012.08791), written from the paper: an opponent in benchmarks.

Every series is convolved with 84 fixed kernels of length 9 (six weights of -1, three of 2) at several dilations; the
features are the shares of the outputs that exceed biases, which are quantiles of outputs on training series. A ridge
classifier makes classes of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

Array32 = NDArray[np.float32]

#: Points of a kernel.
LENGTH = 9

#: Where each kernel has its three weights of 2; it has -1 at the other six.
KERNELS: tuple[tuple[int, ...], ...] = tuple(combinations(range(LENGTH), 3))

#: A kernel is used at so many dilations at most.
MOST_DILATIONS = 32

#: Series that are transformed at once.
_ROWS = 512


@dataclass(frozen=True, eq=False)
class MiniRocket:
    """The transform, with its biases.

    Attributes
    ----------
    points : length of the series.
    dilations : of the kernels, rising.
    biases : for each dilation (84, k) with the k biases of each kernel.
    """

    points: int
    dilations: tuple[int, ...]
    biases: tuple[Array32, ...]

    @classmethod
    def of(cls, series: NDArray[np.floating], features: int = 10_000, seed: int = 0) -> MiniRocket:
        """Take biases from training series (section 3.2 of the paper).

        Parameters
        ----------
        series : (n, points), n >= 1.
        features : about so many are made: the multiple of 84 below, and 84 at least.
        seed : of the draw of the series that give the biases.

        Raises
        ------
        ValueError
            When the series are shorter than a kernel.
        """
        n, points = series.shape
        if points < LENGTH:
            raise ValueError(f"MiniRocket needs series of {LENGTH} points or more, not {points}")
        rng = np.random.default_rng(seed)
        dilations, each = _dilations(points, max(1, features // len(KERNELS)))
        # low-discrepancy quantiles: multiples of the golden ratio
        quantiles = (np.arange(1, len(KERNELS) * int(each.sum()) + 1) * (np.sqrt(5.0) + 1.0) / 2.0) % 1.0
        biases, used = [], 0
        for place, (dilation, k) in enumerate(zip(dilations, each, strict=True)):
            chosen = series[rng.integers(n, size=len(KERNELS))].astype(np.float32)
            found = np.empty((len(KERNELS), k), dtype=np.float32)
            for kernel in range(len(KERNELS)):
                output = _trimmed(convolved(chosen[kernel : kernel + 1], kernel, dilation), kernel, dilation, place)
                found[kernel] = np.quantile(output, quantiles[used : used + k])
                used += k
            biases.append(found)
        return cls(points, dilations, tuple(biases))

    def transform(self, series: NDArray[np.floating]) -> Array32:
        """(n, features) share of each convolution's outputs that exceed each bias.

        Parameters
        ----------
        series : (n, points).
        """
        return np.concatenate(
            [self._transform(series[i : i + _ROWS].astype(np.float32)) for i in range(0, max(len(series), 1), _ROWS)]
        )

    def _transform(self, series: Array32) -> Array32:
        columns = []
        for place, (dilation, biases) in enumerate(zip(self.dilations, self.biases, strict=True)):
            shifts = _shifts(series, dilation)
            total = shifts.sum(axis=0)
            for kernel in range(len(KERNELS)):
                output = _trimmed(_output(shifts, total, kernel), kernel, dilation, place)
                columns += [(output > bias).mean(axis=1, dtype=np.float32) for bias in biases[kernel]]
        return np.stack(columns, axis=1)


def convolved(series: Array32, kernel: int, dilation: int) -> Array32:
    """(n, points) convolution of series, zeros beyond their ends, with one of the `KERNELS`."""
    shifts = _shifts(series, dilation)
    return _output(shifts, shifts.sum(axis=0), kernel)


def _shifts(series: Array32, dilation: int) -> Array32:
    """(LENGTH, n, points) the series as each point of the kernel sees it."""
    reach = LENGTH // 2 * dilation
    padded = np.pad(series, ((0, 0), (reach, reach)))
    return np.stack([padded[:, i * dilation : i * dilation + series.shape[1]] for i in range(LENGTH)])


def _output(shifts: Array32, total: Array32, kernel: int) -> Array32:
    # six weights of -1 and three of 2 are nine of -1 and three of 3
    first, second, third = KERNELS[kernel]
    output: Array32 = np.float32(3.0) * (shifts[first] + shifts[second] + shifts[third]) - total
    return output


def _trimmed(output: Array32, kernel: int, dilation: int, place: int) -> Array32:
    """Half of the pairs of kernel and dilation look only where the kernel lies within the series."""
    reach = LENGTH // 2 * dilation
    return output if (kernel + place) % 2 == 0 else output[:, reach : output.shape[1] - reach]


def _dilations(points: int, each: int) -> tuple[tuple[int, ...], NDArray[np.int64]]:
    """Dilations whose exponents are even up to the longest that fits, and how many biases a kernel has at each."""
    steps = min(each, MOST_DILATIONS)
    longest = np.log2((points - 1) / (LENGTH - 1))
    dilations, counts = np.unique(np.floor(2.0 ** np.linspace(0.0, longest, steps)).astype(int), return_counts=True)
    biases = counts * each // steps
    # what the division left over goes to the first ones
    biases[: each - int(biases.sum())] += 1
    return tuple(int(dilation) for dilation in dilations), biases


def ridge_of(table: NDArray[np.floating], labels: NDArray[np.str_]) -> Pipeline:
    """The paper's classifier, fitted: standardised columns, and a ridge whose strength leave-one-out errors choose.

    The paper tries strengths up to 1e3; folds of variable stars ask for the strongest of these, so the grid goes on.

    Parameters
    ----------
    table : (n, columns) of `MiniRocket.transform`, with or without further columns such as period and amplitude.
    labels : (n,).
    """
    steps = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=np.logspace(-3.0, 6.0, 19)))
    return steps.fit(table, labels)

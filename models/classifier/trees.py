"""A random forest (Breiman 2001, Machine Learning 45, 5) on the features of stars, grown by compiled code.

This module imports numba, so it is imported inside the functions that use it. All compiled code stays in this one file:
numba's cache does not notice a change in another file.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array32 = NDArray[np.float32]
Int32 = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Forest:
    """Binary trees, one after the other in flat arrays.

    Attributes
    ----------
    root : (trees,) first node of each.
    feature : (nodes,) which feature is asked for, or -1 at a leaf.
    threshold : (nodes,) values up to this one go to the left child, larger ones to the right.
    child : (nodes,) the left child, which the right one follows; at a leaf its row of `shares`.
    shares : (leaves, types) what the stars of a leaf were; rows sum to 1.
    """

    root: Int32
    feature: Int32
    threshold: Array32
    child: Int32
    shares: Array32

    def probabilities(self, table: Array32) -> NDArray[np.float64]:
        """(n, types) mean of the trees' shares.

        Parameters
        ----------
        table : (n, features).
        """
        asked = np.ascontiguousarray(table)
        return np.asarray(_mean_shares(self.root, self.feature, self.threshold, self.child, self.shares, asked))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by name, in the order of the attributes."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def grown(
    table: Array32,
    meant: Array32,
    kind: NDArray[np.int64],
    star: NDArray[np.int64],
    trees: int,
    tries: int,
    least: int,
    seed: int,
) -> tuple[Forest, NDArray[np.float64]]:
    """Grow each tree on stars drawn with replacement.

    Parameters
    ----------
    table : (n, features), finite.
    meant : (n, types) what each star may be; rows sum to 1.
    kind : (n,) labels as numbers from 0; splits sort these.
    star : (n,) stars as numbers from 0; the rows of a star are drawn together.
    trees : how many.
    tries : features that are tried at each node.
    least : stars of a leaf.
    seed : of all that is drawn.

    Returns
    -------
    The forest, and (n, types) the mean over those trees that did not see the star; NaN where all of them did.
    """
    rng = np.random.default_rng(seed)
    n, stars = len(table), int(star.max()) + 1
    columns = np.ascontiguousarray(table.T)
    unseen, votes = np.zeros((n, meant.shape[1])), np.zeros(n)
    parts: list[tuple[Int32, Array32, Int32, Array32]] = []
    root, nodes, leaves = [], 0, 0
    for _ in range(trees):
        times = np.bincount(rng.integers(0, stars, stars), minlength=stars)[star]
        drawn, left = np.repeat(np.arange(n), times), np.flatnonzero(times == 0)
        feature, threshold, child, shares = _tree(
            columns, meant, kind, int(kind.max()) + 1, drawn, tries, least, int(rng.integers(2**31))
        )
        alone = (np.zeros(1, dtype=np.int32), feature, threshold, child, shares)
        unseen[left] += _mean_shares(*alone, np.ascontiguousarray(table[left]))
        votes[left] += 1.0
        root.append(nodes)
        parts.append((feature, threshold, np.where(feature < 0, child + leaves, child + nodes), shares))
        nodes += len(feature)
        leaves += len(shares)
    feature, threshold, child, shares = (np.concatenate(one) for one in zip(*parts, strict=True))
    forest = Forest(np.array(root, dtype=np.int32), feature, threshold, child.astype(np.int32), shares)
    with np.errstate(invalid="ignore"):
        return forest, unseen / votes[:, None]


@njit(cache=True, nogil=True)
def _tree(
    columns: Array32,
    meant: Array32,
    kind: NDArray[np.int64],
    kinds: int,
    drawn: NDArray[np.int64],
    tries: int,
    least: int,
    seed: int,
) -> tuple[Int32, Array32, Int32, Array32]:
    """One tree: at each node the split, among some features, that leaves the least Gini impurity."""
    np.random.seed(seed)  # noqa: NPY002
    features, n = len(columns), len(drawn)
    rows = drawn.copy()
    feature = np.full(2 * n, -1, dtype=np.int32)
    threshold = np.zeros(2 * n, dtype=np.float32)
    child = np.zeros(2 * n, dtype=np.int32)
    shares = np.zeros((n, meant.shape[1]), dtype=np.float32)
    begin, end = np.zeros(2 * n, dtype=np.int64), np.zeros(2 * n, dtype=np.int64)
    end[0] = n
    nodes, leaves, node = 1, 0, 0
    choice = np.arange(features)
    right, left = np.zeros(kinds), np.zeros(kinds)
    while node < nodes:
        a, b = begin[node], end[node]
        size = b - a
        mine = rows[a:b]
        right[:] = 0.0
        for row in mine:
            right[kind[row]] += 1.0
        best, asked, at = (right**2).sum() / size + 1e-9, -1, np.float32(0.0)
        whole = right.copy()
        squares = (whole**2).sum()
        for i in range(tries if squares < size**2 and size >= 2 * least else 0):
            j = i + np.random.randint(features - i)  # noqa: NPY002
            choice[i], choice[j] = choice[j], choice[i]
            value = columns[choice[i]][mine]
            order = np.argsort(value)
            right[:] = whole
            left[:] = 0.0
            left_squares, right_squares = 0.0, squares
            for k in range(size - least):
                of = kind[mine[order[k]]]
                left_squares += 2.0 * left[of] + 1.0
                right_squares -= 2.0 * right[of] - 1.0
                left[of] += 1.0
                right[of] -= 1.0
                low, high = value[order[k]], value[order[k + 1]]
                if k + 1 >= least and low < high:
                    purity = left_squares / (k + 1) + right_squares / (size - k - 1)
                    if purity > best:
                        best, asked = purity, choice[i]
                        at = np.float32(0.5) * (low + high)
                        # of two neighbouring numbers the mean may be the upper one
                        if not at < high:
                            at = low
        if asked < 0:
            for row in mine:
                shares[leaves] += meant[row] / size
            child[node] = leaves
            leaves += 1
        else:
            feature[node], threshold[node], child[node] = asked, at, nodes
            goes = columns[asked][mine] <= at
            lower, upper = mine[goes], mine[~goes]
            rows[a : a + len(lower)] = lower
            rows[a + len(lower) : b] = upper
            begin[nodes], end[nodes] = a, a + len(lower)
            begin[nodes + 1], end[nodes + 1] = a + len(lower), b
            nodes += 2
        node += 1
    return feature[:nodes].copy(), threshold[:nodes].copy(), child[:nodes].copy(), shares[:leaves].copy()


@njit(cache=True, nogil=True)
def _mean_shares(
    root: Int32, feature: Int32, threshold: Array32, child: Int32, shares: Array32, table: Array32
) -> NDArray[np.float64]:
    out = np.zeros((len(table), shares.shape[1]))
    for tree in range(len(root)):
        for i in range(len(table)):
            node = root[tree]
            while feature[node] >= 0:
                node = child[node] + (table[i, feature[node]] > threshold[node])
            for k in range(shares.shape[1]):
                out[i, k] += shares[child[node], k]
    return out / len(root)

"""Extremely randomized trees (Geurts, Ernst & Wehenkel 2006, Machine Learning 63, 3) on features of stars, compiled.

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

    def beside(self, other: Forest) -> Forest:
        """The trees of both, which ask the same features and name the same types."""
        nodes, leaves = len(self.feature), len(self.shares)
        return Forest(
            np.concatenate([self.root, other.root + np.int32(nodes)]),
            np.concatenate([self.feature, other.feature]),
            np.concatenate([self.threshold, other.threshold]),
            np.concatenate([self.child, other.child + np.where(other.feature < 0, leaves, nodes).astype(np.int32)]),
            np.concatenate([self.shares, other.shares]),
        )

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by name, in the order of the attributes."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def grown(
    table: Array32,
    meant: Array32,
    kind: NDArray[np.int64],
    weight: Array32,
    trees: int,
    tries: int,
    least: int,
    seed: int,
) -> Forest:
    """Grow each tree on all stars; trees differ by what is drawn at their nodes.

    Parameters
    ----------
    table : (n, features), finite.
    meant : (n, types) what each star may be; rows sum to 1.
    kind : (n,) labels as numbers from 0; splits sort these.
    weight : (n,) of each star, above 0.
    trees : how many.
    tries : features that are tried at each node, each with one threshold.
    least : stars of a leaf.
    seed : of all that is drawn.
    """
    rng = np.random.default_rng(seed)
    columns = np.ascontiguousarray(table.T)
    parts: list[tuple[Int32, Array32, Int32, Array32]] = []
    root, nodes, leaves = [], 0, 0
    for _ in range(trees):
        feature, threshold, child, shares = _tree(
            columns, meant, kind, weight, int(kind.max()) + 1, tries, least, int(rng.integers(2**31))
        )
        root.append(nodes)
        parts.append((feature, threshold, np.where(feature < 0, child + leaves, child + nodes), shares))
        nodes += len(feature)
        leaves += len(shares)
    feature, threshold, child, shares = (np.concatenate(one) for one in zip(*parts, strict=True))
    return Forest(np.array(root, dtype=np.int32), feature, threshold, child.astype(np.int32), shares)


@njit(cache=True, nogil=True)
def _tree(
    columns: Array32,
    meant: Array32,
    kind: NDArray[np.int64],
    weight: Array32,
    kinds: int,
    tries: int,
    least: int,
    seed: int,
) -> tuple[Int32, Array32, Int32, Array32]:
    """One tree: at each node the split, among some features at random thresholds, of the least Gini impurity."""
    np.random.seed(seed)  # noqa: NPY002
    features, n = columns.shape
    rows = np.arange(n)
    feature = np.full(2 * n, -1, dtype=np.int32)
    threshold = np.zeros(2 * n, dtype=np.float32)
    child = np.zeros(2 * n, dtype=np.int32)
    shares = np.zeros((n, meant.shape[1]), dtype=np.float32)
    begin, end = np.zeros(2 * n, dtype=np.int64), np.zeros(2 * n, dtype=np.int64)
    end[0] = n
    nodes, leaves, node = 1, 0, 0
    choice = np.arange(features)
    whole, left = np.zeros(kinds), np.zeros(kinds)
    while node < nodes:
        a, b = begin[node], end[node]
        mine = rows[a:b].copy()
        whole[:] = 0.0
        for row in mine:
            whole[kind[row]] += weight[row]
        total = whole.sum()
        best, asked, at = -1.0, -1, np.float32(0.0)
        tried, drawn = 0, 0
        mixed = (whole > 0.0).sum() > 1 and len(mine) >= 2 * least
        while mixed and tried < tries and drawn < features:
            j = drawn + np.random.randint(features - drawn)  # noqa: NPY002
            choice[drawn], choice[j] = choice[j], choice[drawn]
            column = columns[choice[drawn]]
            drawn += 1
            low, high = column[mine[0]], column[mine[0]]
            for row in mine:
                low, high = min(low, column[row]), max(high, column[row])
            if not low < high:
                continue
            tried += 1
            # of two neighbouring numbers what is drawn between may be the upper one
            cut = np.float32(low + np.random.random() * (high - low))  # noqa: NPY002
            if not cut < high:
                cut = low
            left[:] = 0.0
            count = 0
            for row in mine:
                if column[row] <= cut:
                    left[kind[row]] += weight[row]
                    count += 1
            if count < least or len(mine) - count < least:
                continue
            share = left.sum()
            purity = (left**2).sum() / share + ((whole - left) ** 2).sum() / (total - share)
            if purity > best:
                best, asked, at = purity, choice[drawn - 1], cut
        if asked < 0:
            for row in mine:
                shares[leaves] += meant[row] * np.float32(weight[row] / total)
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

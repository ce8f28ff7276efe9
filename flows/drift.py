"""Whether a run's catalog is still like those of the runs before it: its classes, its scores, and what it was made of.

Each run leaves a profile of its catalog in history.json: how many stars fall into each class, and into each of some
fixed bins of every quantity. A new profile is held against the sum of those before it. The distance is the total
variation, half the sum of the absolute differences of the shares: the share of the stars that would have to be moved.
A quantity has drifted where this is large, and larger than chance makes it in samples of these sizes.

What matters of p-values is how many are very small, which moves few stars: the shares below some levels are held
against those before, each by the binomial test of two Poisson counts (Przyborowski & Wilenski 1940). The runs before
count as one of their mean, since they are mostly of the same stars.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from swope.flows.manifest import read_sealed, write_sealed
from swope.flows.record import RunRecord
from swope.pipeline.catalog.store import OBJECTS
from swope.pipeline.column import detectors_of
from swope.pipeline.lightcurve import FloatArray

HISTORY = "history.json"

#: Runs that are remembered.
RUNS = 12

#: A distance below this is no drift, however certain; and one below so many times what chance makes is none either.
LARGE, CERTAIN = 0.1, 3.0

#: Levels of p-values; and a share below one has drifted where it is so many times as large as before, and chance makes
#: it so with at most this probability, which a dozen shares a night have about once in two centuries.
LEVELS, MORE, SURE = (1e-2, 1e-3, 1e-4), 2.0, 1e-6

#: After the name of a p-value, where a profile has how many are below each level, and of how many.
_BELOW, _ALL = " below", "all"

#: Edges of the bins of what a star was measured from; the outer bins go on for ever.
_LOGARITHMIC = {"n_obs": (0.5, 4.5, 17), "amplitude": (-3.0, 1.0, 17), "period": (-2.0, 4.0, 13)}
_EVEN = {"mean_mag": (4.0, 24.0, 21), "class_prob": (0.0, 1.0, 11)}

Profile = dict[str, dict[str, int]]


def profile_of(run_dir: Path) -> Profile:
    """How many stars of a catalog fall into each class, and into each bin of each quantity."""
    schema = pq.read_schema(run_dir / OBJECTS)
    pvalues = [f"{one.name}_pvalue" for one in detectors_of(schema)]
    table = pq.read_table(run_dir / OBJECTS, columns=["class", "status", *_LOGARITHMIC, *_EVEN, *pvalues])
    profile: Profile = {name: _counted(table[name]) for name in ("class", "status")}
    with np.errstate(divide="ignore", invalid="ignore"):
        for name, edges in _LOGARITHMIC.items():
            profile[name] = _binned(np.log10(_numbers(table, name)), np.linspace(*edges))
        for name, edges in _EVEN.items():
            profile[name] = _binned(_numbers(table, name), np.linspace(*edges))
        for name in pvalues:
            values = _numbers(table, name)
            profile[name] = _binned(values, np.linspace(0.0, 1.0, 11))
            profile[name + _BELOW] = _tail(values)
    return profile


def drifted(profile: Profile, before: Sequence[Profile]) -> list[str]:
    """What of a profile is not as in those before it, in words with numbers; empty where everything is.

    Parameters
    ----------
    before : profiles of other runs; none of them says that nothing is.
    """
    said = []
    for name, now in profile.items():
        if name.endswith(_BELOW):
            said += _more_below(name, now, [one[name] for one in before if name in one])
            continue
        then: dict[str, int] = {}
        for one in before:
            for key, count in one.get(name, {}).items():
                then[key] = then.get(key, 0) + count
        if not then or not now:
            continue
        distance, chance = _distance(now, then)
        if distance > LARGE and distance > CERTAIN * chance:
            key = max({**now, **then}, key=lambda one: abs(_share(now, one) - _share(then, one)))
            said.append(
                f"{name}: {100 * distance:.0f} % of the stars are elsewhere (chance makes {100 * chance:.0f} %); "
                f"{_words(name, key)} has {100 * _share(now, key):.1f} %, before {100 * _share(then, key):.1f} %"
            )
    return said


def _more_below(name: str, now: Mapping[str, int], before: Sequence[Mapping[str, int]]) -> list[str]:
    """The share of p-values below a level that is the least like what it was, in words, where one is larger."""
    found = []
    for level in map(str, LEVELS):
        n, count = now[_ALL], now[level]
        m, then = (float(np.mean([one[key] for one in before])) if before else 0.0 for key in (_ALL, level))
        # all that are not there before are one star's chance
        if not (n and m and count) or count / n < MORE * max(then, 1.0) / m:
            continue
        # most nights need it not
        from scipy.special import betainc

        chance = float(betainc(count, then + 1.0, n / (n + m)))
        if chance < SURE:
            found.append((chance, -count / n / max(then, 1.0), level, count / n, then / m))
    if not found:
        return []
    chance, _, level, share, was = min(found)
    return [
        f"{name.removesuffix(_BELOW)}: {100 * share:.3g} % of the stars are below {level}, before {100 * was:.2g} % "
        f"(by chance with a probability of {max(chance, 1e-99):.0e})"
    ]


def remember(run_dir: Path, record: RunRecord) -> list[str]:
    """Add a run's profile to the history of its folder; returns what has drifted since the runs before."""
    path = run_dir / HISTORY
    history = _history(path)
    # a run that was begun again is one run
    others = [one for one in history if one["run"] != record.stamp]
    profile = profile_of(run_dir)
    said = drifted(profile, [one["profile"] for one in others])
    write_sealed(path, {"runs": [*others, {"run": record.stamp, "profile": profile}][-RUNS:]})
    return said


def _history(path: Path) -> list[dict[str, Any]]:
    """The runs of a folder before this one, as far as they can be read."""
    try:
        runs: list[dict[str, Any]] = read_sealed(path)["runs"]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError) as problem:
        print(f"{path}: {problem}; this run is held against none before it", file=sys.stderr)
        return []
    return runs


def _distance(now: Mapping[str, int], then: Mapping[str, int]) -> tuple[float, float]:
    """Total variation of two sets of counts, and what it is on the average where both are drawn from one distribution.

    Of a bin with share p, the difference of the shares in samples of n and m has the variance p (1 - p) (1/n + 1/m),
    and the mean of its absolute value is sqrt(2/pi) of its standard deviation.
    """
    keys = {**now, **then}
    n, m = sum(now.values()), sum(then.values())
    distance = 0.5 * sum(abs(_share(now, key) - _share(then, key)) for key in keys)
    pooled = [(now.get(key, 0) + then.get(key, 0)) / (n + m) for key in keys]
    chance = 0.5 * sum(np.sqrt(2 / np.pi * p * (1 - p) * (1 / n + 1 / m)) for p in pooled)
    return float(distance), float(chance)


def _share(counts: Mapping[str, int], key: str) -> float:
    return counts.get(key, 0) / max(sum(counts.values()), 1)


def _words(name: str, key: str) -> str:
    return key if name in ("class", "status") else f"{'log ' if name in _LOGARITHMIC else ''}{name} {key}"


def _counted(column: pa.ChunkedArray) -> dict[str, int]:
    return {str(one["values"] or "none"): int(one["counts"]) for one in column.value_counts().to_pylist()}


def _binned(values: FloatArray, edges: FloatArray) -> dict[str, int]:
    finite = values[np.isfinite(values)]
    place = np.clip(np.searchsorted(edges, finite, side="right") - 1, 0, len(edges) - 2)
    counts = np.bincount(place, minlength=len(edges) - 1)
    found = {f"{edges[i]:.2g} to {edges[i + 1]:.2g}": int(n) for i, n in enumerate(counts) if n}
    missing = len(values) - len(finite)
    return found | ({"none": missing} if missing else {})


def _tail(values: FloatArray) -> dict[str, int]:
    finite = values[np.isfinite(values)]
    return {str(level): int((finite < level).sum()) for level in LEVELS} | {_ALL: len(finite)}


def _numbers(table: pa.Table, name: str) -> FloatArray:
    return np.asarray(table[name].to_numpy(zero_copy_only=False), dtype=np.float64)

"""What verdicts are worth: ``python -m tests.bench.verdicts --run out/bench/asas``.

The catalog is that of the training set of ASAS (598 stars) and of so many stars of ACVS, drawn by their names. It is
made where the folder holds none, and read where it does. To the simulated analyst RCB, Herbig Ae/Be, RV Tauri and T
Tauri stars are interesting, and all others boring. He says so of 20 stars, either the first 20 of the ranking at once,
or, as at a desk, five at a time, each five the first of the ranking that follows the verdicts before. Precision is the
share of interesting ones among the next 50 stars, beside that of ``anomaly_rank`` without verdicts. Means and standard
deviations are over draws of four fifths of the stars. Where `coniferest` is installed, its active anomaly discovery on
the same description of the stars stands beside. The constants of `swope.pipeline.rerank` were set with three
other kinds of stars at a time called interesting.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.flows.latent import placed
from swope.pipeline.rerank import interest
from swope.pipeline.split import held_out, share
from tests.real_data import REAL_DATA

Floats = NDArray[np.float64]

#: Classes of the training set that are interesting.
ODD = ("RCB", "Herbig_AEBE", "RV_Tauri", "Weakline_T_Tauri", "ClassT_Tauri")

#: Verdicts, and the stars that are looked at after them.
SAID, NEXT = 20, 50

#: How the 20 are said: so many at a time.
ROUNDS = {"20 at once": (SAID,), "5 at a time": (5, 5, 5, 5)}

_KEPT = 0.8


#: From anomaly rank, places, who was judged and liked, and a seed to a score; larger is of more interest.
Way = Callable[[Floats, Floats, NDArray[np.int64], NDArray[np.bool_], int], Floats]


def ours(rank: Floats, place: Floats, judged: NDArray[np.int64], liked: NDArray[np.bool_], _: int) -> Floats:
    """Swope's own."""
    return interest(rank, place, judged, liked)


def forest(_: Floats, place: Floats, judged: NDArray[np.int64], liked: NDArray[np.bool_], seed: int) -> Floats:
    """Active anomaly discovery on an isolation forest, as `coniferest` has it with its own settings."""
    from coniferest.aadforest import AADForest
    from coniferest.label import Label

    words = np.where(liked, int(Label.ANOMALY), int(Label.REGULAR))
    trees = AADForest(n_subsamples=256, n_jobs=1, random_seed=seed)
    return np.asarray(-trees.fit_known(place, place[judged], words).score_samples(place))


def next_stars(
    rank: Floats, place: Floats, liked: NDArray[np.bool_], rounds: Sequence[int], way: Way = ours, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which stars an analyst judges, and the first 50 of the others by the ranking that follows.

    Parameters
    ----------
    rank : (n,) anomaly rank.
    place : (n, k).
    liked : (n,) what he would say of each.
    rounds : stars that he judges before each new ranking.
    way : how verdicts become a ranking.
    """
    judged = np.zeros(0, dtype=np.int64)
    order = np.argsort(rank, kind="stable")
    for count in rounds:
        judged = np.concatenate([judged, order[:count]])
        found = way(rank, place, judged, liked[judged], seed)
        order = np.lexsort((rank, -found))
        order = order[~np.isin(order, judged)]
    return judged, order[:NEXT]


def measured(
    rank: Floats, place: Floats, odd: NDArray[np.bool_], draws: int, way: Way = ours
) -> dict[str, dict[str, float]]:
    """Shares of interesting stars with verdicts and without, by how the verdicts are given."""
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in ROUNDS}
    for seed in range(draws):
        rows = np.sort(np.random.default_rng(seed).permutation(len(rank))[: int(_KEPT * len(rank))])
        usual = odd[rows][np.argsort(rank[rows], kind="stable")]
        for name, rounds in ROUNDS.items():
            judged, after = next_stars(rank[rows], place[rows], odd[rows], rounds, way, seed)
            mine = odd[rows][judged].mean(), odd[rows][after].mean()
            found[name].append((usual[:SAID].mean(), usual[SAID : SAID + NEXT].mean(), *mine))
    said = {}
    for name, values in found.items():
        table = np.array(values)
        gain = table[:, 3] - table[:, 1]
        said[name] = {
            "first 20 without": float(table[:, 0].mean()),
            "next 50 without": float(table[:, 1].mean()),
            "first 20": float(table[:, 2].mean()),
            "next 50": float(table[:, 3].mean()),
            "gain of the next 50": float(gain.mean()),
            "its deviation": float(gain.std()),
            "found of 70": float((SAID * table[:, 2] + NEXT * table[:, 3]).mean()),
            "found of 70 without": float((SAID * table[:, 0] + NEXT * table[:, 1]).mean()),
        }
    return said


def labels() -> dict[str, str]:
    """Class by name of the stars of both sets."""
    known = {}
    for name in ("asas_acvs", "asas_training"):
        with (REAL_DATA / name / "labels.csv").open(newline="") as file:
            known |= {row["object_id"]: row["class"] for row in csv.DictReader(file)}
    return known


def make_run(run_dir: Path, stars: int) -> None:
    """Make the catalog of both sets."""
    from swope.flows.cli import main as swope

    table = pq.read_table(REAL_DATA / "asas_acvs" / "light_curves.parquet")
    shares = np.array([share(name, "verdicts") for name in table["object_id"].to_pylist()])
    run_dir.mkdir(parents=True, exist_ok=True)
    some = run_dir.parent / f"{run_dir.name}-acvs.parquet"
    pq.write_table(table.take(pa.array(np.sort(np.argsort(shares)[:stars]))), some)
    training = REAL_DATA / "asas_training" / "light_curves"
    if swope(["run", str(training), str(some), "--out", str(run_dir), "--no-report"]):
        raise SystemExit("the run failed")


def main() -> None:
    """Print the table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="folder of the catalog; made where it holds none")
    parser.add_argument("--stars", type=int, default=1500, help="stars of ACVS in it, where it is made")
    parser.add_argument("--draws", type=int, default=20)
    args = parser.parse_args()
    if not (args.run / "run.json").exists():
        make_run(args.run, args.stars)
    objects = pq.read_table(args.run / "objects.parquet")
    known = placed(args.run, objects)
    rank = objects["anomaly_rank"].to_numpy(zero_copy_only=False).astype(float)[known.row]
    class_of = labels()
    odd = np.array([class_of.get(name) in ODD for name, _ in known.names])
    ways: dict[str, Way] = {"swope": ours} | ({"coniferest": forest} if find_spec("coniferest") else {})
    said = {name: measured(rank, known.place, odd, args.draws, way) for name, way in ways.items()}
    apart = sum(held_out(name) for (name, _), one in zip(known.names, odd, strict=True) if one)
    print(
        f"{len(odd)} stars, {odd.sum()} interesting ({apart} that the shipped models never saw); per cent interesting"
    )
    print(f"{'':12s}{'verdicts':14s}{'first 20':>18s}{'next 50':>18s}{'gain':>14s}{'found of 70':>18s}")
    for way, answers in said.items():
        for how, one in answers.items():
            pairs = [(one[f"{name} without"], one[name]) for name in ("first 20", "next 50")]
            cells = [f"{100 * without:.1f} -> {100 * after:.1f}" for without, after in pairs]
            gain = f"{100 * one['gain of the next 50']:+.1f} ± {100 * one['its deviation']:.1f}"
            found = f"{one['found of 70 without']:.1f} -> {one['found of 70']:.1f}"
            print(f"{way:12s}{how:14s}{cells[0]:>18s}{cells[1]:>18s}{gain:>14s}{found:>18s}")
    print(json.dumps({"bench": "verdicts", "stars": len(odd), "interesting": int(odd.sum()), "ways": said}))


if __name__ == "__main__":
    main()

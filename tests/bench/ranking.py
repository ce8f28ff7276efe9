"""How the ranking finds kinds of stars that were never shown: ``python -m tests.bench.ranking --run out/bench/asas``.

RCB, Herbig Ae/Be, RV Tauri and T Tauri stars of the training set of ASAS are strange, and all others of it and of ACVS
ordinary. Autoencoder and classifier learn from the ordinary ones that are not held out (`swope.pipeline.split`), and
answer for the held-out ones and for all strange ones; the p-values of the two forecasters, which are told no kinds, and
of each star's likeliest event are those of the runs. The combination stands beside each detector alone, an isolation
forest on features of the `light-curve` library, `coniferest` without labels where it is installed, and the farthest
point beyond 5 sigma. Then comes what the combination rests on: how often its parts are below some levels on the
ordinary stars, how they go together there, and the false-discovery rate that is said of the first stars beside the true
one.

The runs are `swope run` of ``asas_training/light_curves`` and of ``asas_acvs``, all of it or some; where the folder
holds none, that of `tests.bench.verdicts` is made.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.models.autoencoder import Autoencoder, AutoencoderOptions
from swope.models.classifier import ClassifierOptions
from swope.pipeline.demote import least_of
from swope.pipeline.events import UNCONFIRMED
from swope.pipeline.rank import anomaly_pvalue, false_discovery_rate, ranking_pvalue
from swope.pipeline.split import held_out
from tests.bench.classify import fitted, forest_features
from tests.bench.outliers import area
from tests.bench.training_set import Prepared, add_cache, prepared, stars_of
from tests.bench.verdicts import ODD, labels, make_run

Floats = NDArray[np.float64]

#: Levels at which ordinary stars are counted, and lengths of the lists of strange ones.
LEVELS = (0.001, 0.01, 0.1, 0.5)
FIRST = (50, 200)

_DETECTORS = ("forecaster_pvalue", "statespace_pvalue", "autoencoder_pvalue")


def beyond_five_sigma(cache: Path, names: Sequence[str]) -> Floats:
    """(n,) how far the farthest point of each star is from its median, in robust sigmas; 0 within 5."""
    wanted, found = set(names), {}
    for one in stars_of(cache, "asas_acvs", "asas_training"):
        if one.star.curve.object_id in wanted:
            value = one.star.curve.good.value
            distance = np.abs(value - np.median(value))
            farthest = float(distance.max() / max(1.4826 * np.median(distance), 1e-9))
            found[one.star.curve.object_id] = farthest if farthest > 5.0 else 0.0
    return np.array([found[name] for name in names])


def forests(learn: Prepared, asked: Prepared, seed: int) -> dict[str, Floats]:
    """(n,) isolation forests on the features of the light curves, by who made them."""
    from sklearn.ensemble import IsolationForest

    known, table = (forest_features(one.inputs, survey=False) for one in (learn, asked))
    scores = {"isolation forest": np.asarray(-IsolationForest(random_state=seed).fit(known).score_samples(table))}
    if find_spec("coniferest"):
        from coniferest.isoforest import IsolationForest as Coniferest

        both = np.ascontiguousarray(np.concatenate([known, table]), dtype=np.float64)
        found = Coniferest(random_seed=seed, n_jobs=1).fit(both).score_samples(np.ascontiguousarray(table, np.float64))
        scores["coniferest, no labels"] = np.asarray(-found)
    return scores


def in_runs(runs: Sequence[Path], names: Sequence[str]) -> tuple[Floats, Floats]:
    """(n, 2) p-values of the forecasters, and (n,) of the likeliest event that other visits confirm.

    NaN for a star that the runs do not have, and for one without an event.
    """
    columns = ["object_id", *_DETECTORS[:2]]
    rows = pa.concat_tables([pq.read_table(run / "objects.parquet", columns=columns) for run in runs]).to_pylist()
    found = {row["object_id"]: [row[name] for name in columns[1:]] for row in rows}
    doing = np.array([found.get(name, [None, None]) for name in names], dtype=np.float64)
    place = {name: i for i, name in enumerate(names)}
    columns = ["object_id", "pvalue", "flag"]
    events = pa.concat_tables([pq.read_table(run / "events.parquet", columns=columns) for run in runs]).to_pylist()
    own = [event for event in events if event["flag"] not in UNCONFIRMED]
    star = np.array([place.get(event["object_id"], -1) for event in own], dtype=np.int64)
    return doing, least_of(star, np.array([event["pvalue"] for event in own], dtype=np.float64), len(names))


def judged(strange: NDArray[np.bool_], score: Floats) -> dict[str, float]:
    """Area under the curve, and the share of the strange stars in the first places, of those that there could be."""
    order = np.argsort(-np.nan_to_num(score, nan=-np.inf), kind="stable")
    shares = {f"in first {n}": float(strange[order[:n]].sum() / min(n, strange.sum())) for n in FIRST}
    return {"area": area(strange, score), **shares}


def discoveries(strange: NDArray[np.bool_], pvalue: Floats) -> list[dict[str, float]]:
    """The false-discovery rate that is said of the first so many stars, and the share that is ordinary."""
    order = np.argsort(pvalue, kind="stable")
    said = false_discovery_rate(pvalue)[order]
    return [
        {"first": n, "said": float(said[n - 1]), "true": float(1.0 - strange[order[:n]].mean())}
        for n in (10, 20, *FIRST)
    ]


def measured(runs: Sequence[Path], cache: Path, epochs: int, seed: int) -> dict[str, Any]:
    """Everything that is printed."""
    whole = Prepared.join([prepared(cache, name) for name in ("asas_acvs", "asas_training")])
    class_of = labels()
    strange = np.array([class_of.get(str(name)) in ODD for name in whole.names])
    apart = np.array([held_out(str(name)) for name in whole.names])
    learn = whole.rows(~strange & ~apart & (whole.labels != ""))
    doing, event = in_runs(runs, [str(name) for name in whole.names])
    rows = np.flatnonzero((strange | apart) & np.isfinite(doing).any(axis=1))
    asked, strange, doing, event = whole.rows(rows), strange[rows], doing[rows], event[rows]
    names = [str(name) for name in learn.names]
    autoencoder = Autoencoder.fit_inputs(
        learn.inputs,
        names,
        AutoencoderOptions(epochs=epochs, seed=seed),
        labels=[str(label) for label in learn.labels],
    )
    being = autoencoder.score_inputs(asked.inputs)
    classifier = fitted(learn, ClassifierOptions(members=1, epochs=epochs, seed=seed))
    doubt = classifier.classify_inputs(asked.inputs).doubt
    pvalues = np.column_stack([doing, being.pvalue])
    tells = [False, False, True]
    alone, ranked = anomaly_pvalue(pvalues, tells, event), ranking_pvalue(pvalues, tells, doubt, event)
    scores: dict[str, Floats] = {
        "anomaly_rank": -ranked,
        "anomaly_pvalue": -alone,
        **{name.removesuffix("_pvalue"): -one for name, one in zip(_DETECTORS, pvalues.T, strict=True)},
        "likeliest event": -np.nan_to_num(event, nan=1.0),
        "classifier's doubt": doubt,
        **forests(learn, asked, seed),
        "beyond 5 sigma": beyond_five_sigma(cache, [str(name) for name in asked.names]),
    }
    kinds = np.array([class_of.get(str(name), "") for name in asked.names])
    by_kind = {
        kind: {name: area((kinds == kind)[some], score[some]) for name, score in scores.items()}
        for kind in ODD
        for some in [~strange | (kinds == kind)]
    }
    ordinary = {**dict(zip(_DETECTORS, pvalues.T, strict=True)), "anomaly_pvalue": alone, "with doubt": ranked}
    return {
        "stars": len(asked),
        "strange": int(strange.sum()),
        "learnt": len(learn),
        "scores": {name: judged(strange, score) for name, score in scores.items()},
        "by_kind": by_kind,
        "below": {
            name: {str(level): float(np.nanmean(one[~strange] <= level)) for level in LEVELS}
            for name, one in ordinary.items()
        },
        "together": together(pvalues[~strange]),
        "discoveries": discoveries(strange, ranked),
    }


def together(pvalues: Floats) -> dict[str, float]:
    """Correlations of the detectors' normal deviates on ordinary stars."""
    from scipy.special import ndtri

    deviates = ndtri(np.clip(pvalues[np.isfinite(pvalues).all(axis=1)], 1e-6, 1 - 1e-6))
    found = np.corrcoef(deviates.T)
    return {
        "forecasters": float(found[0, 1]),
        "forecaster, autoencoder": float(found[0, 2]),
        "statespace, autoencoder": float(found[1, 2]),
    }


def table(found: dict[str, Any]) -> str:
    """What a person reads."""
    kinds = list(found["by_kind"])
    lines = [
        f"{found['stars']} stars, {found['strange']} of kinds never shown; {found['learnt']} ordinary ones learnt from",
        f"{'':24s}{'AUROC':>7s}"
        + "".join(f"{f'in first {n}':>14s}" for n in FIRST)
        + "".join(f"{k:>18s}" for k in kinds),
    ]
    for name, one in found["scores"].items():
        firsts = "".join(f"{100 * one[f'in first {n}']:12.0f} %" for n in FIRST)
        own = "".join(f"{found['by_kind'][kind][name]:18.3f}" for kind in kinds)
        lines.append(f"{name:24s}{one['area']:7.3f}{firsts}{own}")
    lines.append("shares of ordinary stars at or below " + ", ".join(map(str, LEVELS)))
    lines += [f"{name:24s}" + "".join(f"{x:9.4f}" for x in one.values()) for name, one in found["below"].items()]
    lines.append(f"correlations on ordinary stars: {found['together']}")
    lines += [
        f"first {one['first']}: said to be ordinary {100 * one['said']:.0f} %, are {100 * one['true']:.0f} %"
        for one in found["discoveries"]
    ]
    return "\n".join(lines)


def main() -> None:
    """Print the table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--run", type=Path, nargs="+", required=True, help="folders of the runs")
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if not (args.run[0] / "run.json").exists():
        make_run(args.run[0], 1500)
    found = measured(args.run, args.cache, args.epochs, args.seed)
    print(table(found))
    print(json.dumps({"bench": "ranking", **found}))


if __name__ == "__main__":
    main()

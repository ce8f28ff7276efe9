"""How the ranking finds kinds of stars that were never shown: ``python -m tests.bench.ranking --run out/bench/asas``.

RCB, Herbig Ae/Be, RV Tauri and T Tauri stars of the training set of ASAS are strange, and all others of it and of ACVS
ordinary. Autoencoder and classifier learn from the ordinary ones that are not held out (`swope.pipeline.split`), and
answer for the held-out ones and for all strange ones; the p-values of the two forecasters, which are told no kinds, and
of each star's likeliest event are those of the runs. What keeps a star from the first places (`swope.pipeline.demote`)
is asked of the same models. The combination stands beside itself without that, each detector alone, an isolation
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
from swope.models.detector import Batch
from swope.models.inputs import Inputs, inputs_of
from swope.models.lone_points import STRANGE_WITH_DOUBT, strange_for_lone_points, without_lone_points
from swope.models.registry import load_models
from swope.models.scores import Scores
from swope.pipeline.demote import (
    FLAGS,
    confirmed,
    demoted,
    doubtful_period,
    few_points,
    first_flag,
    least_of,
    placed,
    wanders,
)
from swope.pipeline.events import UNCONFIRMED, EventOptions, least_pvalue
from swope.pipeline.rank import anomaly_pvalue, false_discovery_rate, led_by_kind, ranking_pvalue
from swope.pipeline.split import held_out
from swope.pipeline.star import Star
from tests.bench.classify import fitted, forest_features
from tests.bench.outliers import area
from tests.bench.training_set import Prepared, add_cache, prepared, stars_of
from tests.bench.verdicts import ODD, labels, make_run

Floats = NDArray[np.float64]

#: Levels at which ordinary stars are counted, and lengths of the lists of strange ones.
LEVELS = (0.001, 0.01, 0.1, 0.5)
FIRST = (50, 200)

#: Stars whose lone points are looked at at a time.
_AT_ONCE = 100

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


def walking(runs: Sequence[Path], names: Sequence[str]) -> NDArray[np.bool_]:
    """(n,) which stars change slowly and by themselves, by the runs."""
    columns = ["drw_tau", "drw_sigma", "amplitude", "time_start", "time_end", "n_obs"]
    rows = pa.concat_tables([pq.read_table(run / "objects.parquet", columns=["object_id", *columns]) for run in runs])
    found = {row["object_id"]: [row[name] for name in columns] for row in rows.to_pylist()}
    tau, sigma, amplitude, start, end, count = np.array([found[name] for name in names], dtype=np.float64).T
    return wanders(tau, sigma, amplitude, (end - start) / count)


def judged(strange: NDArray[np.bool_], score: Floats) -> dict[str, float]:
    """Area under the curve, and the share of the strange stars in the first places, of those that there could be."""
    order = np.argsort(-np.nan_to_num(score, nan=-np.inf), kind="stable")
    shares = {f"in first {n}": float(strange[order[:n]].sum() / min(n, strange.sum())) for n in FIRST}
    return {"area": area(strange, score), **shares}


def without_lone(stars: Sequence[Star], autoencoder: Autoencoder) -> tuple[Floats, Floats]:
    """(n,) p-values of some stars as they are, and (n,) without the points that stand alone; NaN where not asked."""
    detectors = load_models().detectors | {"autoencoder": autoencoder}
    tells = [one.columns.tells_kinds for one in detectors.values()]
    own, without = [], []
    for begin in range(0, len(stars), _AT_ONCE):
        some = stars[begin : begin + _AT_ONCE]
        batch = Batch(some, inputs_of(some), EventOptions())
        answers = {name: one.assess(batch) for name, one in detectors.items()}
        said = np.array([[one.pvalue for one in answer] for answer in answers.values()]).T
        event = [least_pvalue(e for one in star for e in one.events) for star in zip(*answers.values(), strict=True)]
        own.append(anomaly_pvalue(said, tells, event))
        without.append(without_lone_points(batch, answers, detectors))
    return np.concatenate(own), np.concatenate(without)


def set_back(
    stars: Sequence[Star],
    inputs: Inputs,
    being: Scores,
    kind: Sequence[str | None],
    pvalues: Floats,
    event: Floats,
    walks: NDArray[np.bool_],
    autoencoder: Autoencoder,
) -> tuple[Floats, Floats, list[str | None]]:
    """(n,) p-values with and without the points that stand alone, and what keeps n stars from the first places."""
    tells = [False, False, True]
    own, without = np.full(len(stars), np.nan), np.full(len(stars), np.nan)
    asked = np.flatnonzero(anomaly_pvalue(pvalues, tells, event) < STRANGE_WITH_DOUBT)
    own[asked], without[asked] = without_lone([stars[i] for i in asked], autoencoder)
    period = [star.period for star in stars]
    wrong = doubtful_period(kind, np.array([one.fap for one in period]), [one.flag for one in period])
    wrong |= np.array([one is not None for one in autoencoder.flags(stars, inputs, being)])
    none = np.zeros(len(stars), dtype=bool)
    holds = {
        "few_points": few_points(np.array([len(star.curve.good) for star in stars])),
        "lone_points": strange_for_lone_points(own, without),
        "many_stars": none,
        "blend": none,
        "wrong_period": wrong & ~walks & led_by_kind(pvalues, tells, event),
    }
    return own, without, first_flag(holds)


def discoveries(strange: NDArray[np.bool_], pvalue: Floats, flag: Sequence[str | None]) -> list[dict[str, float]]:
    """The false-discovery rate that is said of the first so many stars, and the share that is ordinary."""
    order = np.argsort(demoted(pvalue, flag), kind="stable")
    said = false_discovery_rate(placed(pvalue, flag))[order]
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
    classes = classifier.classify_inputs(asked.inputs)
    doubt = classes.doubt
    pvalues = np.column_stack([doing, being.pvalue])
    tells = [False, False, True]
    alone, ranked = anomaly_pvalue(pvalues, tells, event), ranking_pvalue(pvalues, tells, doubt, event)
    kept = {one.star.curve.object_id: one.star for one in stars_of(cache, "asas_acvs", "asas_training")}
    stars, kind = [kept[str(name)] for name in asked.names], [classes.best(i) for i in range(len(asked))]
    walks = walking(runs, [str(name) for name in asked.names])
    own, without, flag = set_back(stars, asked.inputs, being, kind, pvalues, event, walks, autoencoder)
    last = confirmed(ranked, own, without)
    scores: dict[str, Floats] = {
        "anomaly_rank": -demoted(last, flag),
        "with nothing set back": -ranked,
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
        "flagged": {
            name: [int((np.array(flag) == name)[some].sum()) for some in (strange, ~strange)] for name in FLAGS
        },
        "discoveries": discoveries(strange, last, flag),
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
    lines.append(f"flagged of the strange and of the ordinary ones: {found['flagged']}")
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

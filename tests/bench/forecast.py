"""Skill of the forecaster on stars that it was not trained on: ``python -m tests.bench.forecast``.

For each class: continuous ranked probability score (in thousandths of the curve's unit) and negative log predictive
density, means over stars of their means over rows, of the one-step forecast and of the forecast several rows ahead
(2, 4, 8, 16, 32 rows, from the same origins for all), against simple forecasters that saw the same rows and periods;
coverage of the forecaster's central intervals; a picture of its probability integral transform; then simulated damped
random walks against the predictor that knows their parameters, and the network's speed beside Keras' own. The simple
forecasters' densities are Gaussian, and no miss of theirs counts for more than six sigma. The state-space baseline
comes twice: chosen and fitted on the rows before, like all the others (sspace), and, out of the competition, on the
whole curve, as a catalog has it (informed). Last come the tables of `tests.bench.forecast_events`.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from swope.models.forecaster import Forecaster
from swope.models.forecaster.forecaster import EVERY, HORIZONS
from swope.models.forecaster.mixture import Mixture
from swope.models.forecaster.sequence import Questions, ahead_of
from swope.models.forecaster.steps import Steps
from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.split import held_out, share
from swope.pipeline.star import Star
from tests.bench.forecast_data import few_of_each, known_stars, with_searched_periods
from tests.bench.forecast_events import events
from tests.bench.forecast_picture import pit_picture
from tests.bench.forecast_simple import (
    Gaussian,
    Index,
    damped_walk,
    folded,
    informed,
    last_value,
    simple_ahead,
    state_space,
    true_walk,
    weighted_mean,
)
from tests.bench.forecast_speed import speed
from tests.bench.training_set import add_cache

#: Sets and how many stars of a class are judged; of these all stars are new to the forecaster.
JUDGED = ("asas_acvs", "eros", "s82_rrlyrae", "crts", "ogle", "qso", "constant")

NAMES = ("lstm", "average", "last", "wmean", "folded", "sspace", "informed")

#: Whoever is no rival: the forecaster, the average that its network starts from, and the one that saw the whole curve.
NO_RIVALS = ("lstm", "average", "informed")

COVERAGES = (0.5, 0.9, 0.95)

#: A class with fewer stars has no row.
LEAST_STARS = 5

#: A miss of a simple forecaster counts for no more than this many sigma.
_MOST_MISS = 6.0

_HEADING = "## Metrics"

PICTURE = Path("out/bench/forecast_pit.png")


@dataclass(frozen=True, eq=False)
class Judged:
    """One star's rows: mean CRPS and mean negative log density of each forecaster, and the forecaster's PIT.

    Attributes
    ----------
    by_horizon : for the forecast ahead, each horizon's CRPS of the forecaster and of the state space.
    """

    crps: dict[str, float]
    nlpd: dict[str, float]
    pit: FloatArray
    by_horizon: dict[int, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class JudgedStar:
    """The judgements of one star's forecasts one step and several steps ahead; None where there are no rows."""

    next: Judged | None
    ahead: Judged | None


def judge(
    found: tuple[Steps, Mixture], among: BoolArray, value: FloatArray, rivals: dict[str, Gaussian], far: Index
) -> Judged | None:
    """Compare the forecaster with its rivals on the rows that all of them forecast; None where there are none.

    Parameters
    ----------
    among : (n,) which of the steps are compared, in the order of the rivals' rows.
    value : (m,) what was observed, in the curve's unit.
    rivals : (m,) mean and sigma of each.
    far : (m,) how many rows ahead each was forecast.
    """
    steps, mixture = found
    rows = steps.ready[among]
    for mean, sigma in rivals.values():
        rows &= np.isfinite(mean) & (sigma > 0)
    if not rows.any():
        return None
    at = np.flatnonzero(among)[rows]
    ours, target, unit = mixture.where(at), steps.target[at], steps.unit[at]
    average = Mixture(
        _softmax(steps.log_weight[at]), steps.mean[at], np.sqrt(steps.variance[at] + steps.noise[at, None])
    )
    crps = {"lstm": ours.crps(target) * unit, "average": average.crps(target) * unit}
    nlpd = {"lstm": np.log(unit) - ours.log_density(target), "average": np.log(unit) - average.log_density(target)}
    value, far, one = value[rows], far[rows], np.ones((len(at), 1))
    for name, (mean, sigma) in rivals.items():
        mean, sigma = mean[rows], sigma[rows]
        z = np.minimum(np.abs(value - mean) / sigma, _MOST_MISS)
        crps[name] = Mixture(one, mean[:, None], sigma[:, None]).crps(value)
        nlpd[name] = 0.5 * z * z + np.log(sigma * math.sqrt(2 * math.pi))
    other = crps.get("sspace", crps["lstm"])
    by = {int(h): (float(crps["lstm"][far == h].mean()), float(other[far == h].mean())) for h in np.unique(far)}
    return Judged(_means(crps), _means(nlpd), ours.cdf(target), by)


def _means(rows: dict[str, FloatArray]) -> dict[str, float]:
    return {name: float(np.mean(one)) for name, one in rows.items()}


def _softmax(terms: FloatArray) -> FloatArray:
    weight = np.exp(terms - terms.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def judge_star(star: Star, found: tuple[Steps, Mixture], origin: Index, row: Index) -> JudgedStar:
    """Compare the forecaster with all its rivals, one step ahead and on the rows asked for."""
    simple = {"last": last_value, "wmean": weighted_mean, "folded": folded}
    one_step = {name: rival(star) for name, rival in simple.items()}
    later = {name: simple_ahead(rival, star, origin, row) for name, rival in simple.items()}
    one_step["sspace"], later["sspace"] = state_space(star, origin, row)
    one_step["informed"], later["informed"] = informed(star, origin, row)
    value, learnt = star.curve.good.value, found[0].learnt
    return JudgedStar(
        judge(found, learnt, value, one_step, np.ones(len(value), dtype=np.int64)),
        judge(found, ~learnt, value[row], later, row - origin),
    )


def judge_all(forecaster: Forecaster, stars: list[Star]) -> list[JudgedStar | None]:
    """`judge_star` of each star; None for one too short."""
    asked = [ahead_of(len(star.curve.good), HORIZONS, EVERY) for star in stars]
    questions = [Questions.of_rows(star.curve.good, *one) for star, one in zip(stars, asked, strict=True)]
    found = forecaster.predictive(stars, questions)
    return [
        judge_star(star, one, *rows) if one is not None else None
        for star, one, rows in zip(stars, found, asked, strict=True)
    ]


def table(title: str, judged: Sequence[Judged]) -> dict[str, Any]:
    """Print one class and give its record."""
    pit = np.concatenate([one.pit for one in judged])
    crps = {name: 1e3 * float(np.mean([one.crps[name] for one in judged])) for name in NAMES}
    nlpd = {name: float(np.mean([one.nlpd[name] for one in judged])) for name in NAMES}
    covered = {str(q): float(np.mean(np.abs(pit - 0.5) < q / 2)) for q in COVERAGES}
    others = [name for name in NAMES if name not in NO_RIVALS]
    won = crps["lstm"] <= min(crps[n] for n in others) and nlpd["lstm"] <= min(nlpd[n] for n in others)
    print(f"{title[:38]:38s} {len(judged):5d} CRPS " + " ".join(f"{crps[n]:8.2f}" for n in NAMES))
    print(
        f"{'':38s} {'best' if won else 'LOST':>5s} NLPD "
        + " ".join(f"{nlpd[n]:8.3f}" for n in NAMES)
        + "   cover "
        + " ".join(f"{share:.3f}" for share in covered.values()),
        flush=True,
    )
    return {"stars": len(judged), "crps": crps, "nlpd": nlpd, "coverage": covered, "best": won}


def tables(title: str, judged: Sequence[JudgedStar]) -> dict[str, Any]:
    """Print one class, one step and several steps ahead, and give its record."""
    record: dict[str, Any] = {"class": title}
    later = [one.ahead for one in judged if one.ahead is not None]
    record["next"] = table(title, [one.next for one in judged if one.next is not None])
    if len(later) >= LEAST_STARS:
        record["ahead"] = table(f"{title[:28]}, ahead", later)
    return record


def real(forecaster: Forecaster, most: int, reference: bool) -> list[dict[str, Any]]:
    """Judge on the held-out stars of each set."""
    records = []
    everything: list[JudgedStar] = []
    panels: dict[str, list[tuple[str, FloatArray]]] = {"all": []}
    print(f"{'set, class':38s} {'stars':>5s}      " + " ".join(f"{n:>8s}" for n in NAMES))
    for survey in JUDGED:
        known = few_of_each(known_stars(survey, held_out), most)
        known = known if reference else with_searched_periods(known)
        judged = judge_all(forecaster, [one.star for one in known])
        for label in sorted({one.label for one in known}):
            pairs = zip(judged, known, strict=True)
            ours = [j for j, one in pairs if one.label == label and j is not None and j.next is not None]
            if len(ours) >= LEAST_STARS:
                records.append({"set": survey} | tables(f"{survey} {label}", ours))
                panels[f"{survey} {label}"] = _transforms(ours)
        everything += [one for one in judged if one is not None and one.next is not None]
    records.append({"set": "all"} | tables("all", everything))
    panels["all"] = _transforms(everything)
    pit_picture(PICTURE, panels)
    print(f"PIT: {PICTURE}; of all, one step (1 is honest): " + _bars(panels["all"][0][1]))
    print(f"PIT of all, several steps: {_bars(panels['all'][1][1])}")
    for horizon in HORIZONS:
        found = [one.ahead.by_horizon[horizon] for one in everything if one.ahead and horizon in one.ahead.by_horizon]
        ours, theirs = 1e3 * np.mean(found, axis=0)
        print(f"{horizon} rows ahead: {len(found)} stars, CRPS {ours:.2f}, state space {theirs:.2f}")
    return records


def _transforms(judged: Sequence[JudgedStar]) -> list[tuple[str, FloatArray]]:
    """The probability integral transforms of the one-step and the several-step forecasts."""
    return [
        ("one step", np.concatenate([one.next.pit for one in judged if one.next is not None])),
        ("several", np.concatenate([np.zeros(0), *[one.ahead.pit for one in judged if one.ahead is not None]])),
    ]


def _bars(pit: FloatArray) -> str:
    counts = np.histogram(pit, bins=20, range=(0, 1))[0] / len(pit) * 20
    return " ".join(f"{c:.2f}" for c in counts)


def walks(forecaster: Forecaster, most: int) -> dict[str, Any]:
    """Judge on damped random walks at the times of held-out stars."""
    ours, truths = [], []
    for survey in ("asas_acvs", "eros"):
        for one in few_of_each(known_stars(survey, held_out), most):
            good = one.star.curve.in_band(one.star.curve.bands[0]).good
            if len(good) < 60:
                continue
            rng = np.random.default_rng(int(share(one.object_id, "bench walk") * 2**53))
            sigma = float(np.median(good.error) * 10 ** rng.uniform(0.0, 1.2))
            tau = float(10 ** rng.uniform(1.0, 2.7))
            walk = damped_walk(Star(good, one.star.period), sigma, tau, rng)
            ours.append(walk)
            truths.append(true_walk(walk, sigma, tau, float(np.median(good.value))))
    judged = []
    for walk, truth, found in zip(ours, truths, forecaster.predictive(ours), strict=True):
        if found is not None:
            value = walk.curve.good.value
            rows = judge(found, found[0].learnt, value, {"truth": truth}, np.ones(len(value), dtype=np.int64))
            judged += [rows] if rows is not None else []
    ratio = np.mean([j.crps["lstm"] for j in judged]) / np.mean([j.crps["truth"] for j in judged])
    ratios = np.array([j.crps["lstm"] / j.crps["truth"] for j in judged])
    apart = np.mean([j.nlpd["lstm"] - j.nlpd["truth"] for j in judged])
    print(
        f"damped walks: {len(judged)}; CRPS {ratio:.4f} of the true parameters' (mean of the stars' ratios "
        f"{ratios.mean():.4f} +- {ratios.std() / math.sqrt(len(ratios)):.4f}), NLPD {apart:+.4f} of theirs"
    )
    return {"set": "walks", "stars": len(judged), "crps_ratio": float(ratio), "nlpd_apart": float(apart)}


def metrics(records: list[dict[str, Any]]) -> str:
    """The results as a section of the model card."""
    real_ones = [one for one in records if "next" in one]
    names = [name for name in NAMES if name != "average"]
    lines = [
        _HEADING,
        "",
        "On held-out stars, `python -m tests.bench.forecast`: CRPS (thousandths of the unit) / negative log",
        "predictive density, and the share of rows in the central 50, 90 and 95 per cent intervals. The rivals saw the",
        "rows before, as the forecaster did; `informed` is the state space fitted to the whole curve.",
    ]
    titles = {
        "next": "One step ahead:",
        "ahead": f"{', '.join(map(str, HORIZONS))} rows ahead, from every {EVERY}th row:",
    }
    for part, title in titles.items():
        lines += [
            "",
            title,
            "",
            "| class | stars | " + " | ".join(names) + " | coverage |",
            "|---" * (len(names) + 3) + "|",
        ]
        for whole in real_ones:
            if part in whole:
                one = whole[part]
                cells = [f"{one['crps'][name]:.1f} / {one['nlpd'][name]:.2f}" for name in names]
                coverage = " ".join(f"{100 * share:.1f}" for share in one["coverage"].values())
                lines.append(f"| {whole['class']} | {one['stars']} | " + " | ".join(cells) + f" | {coverage} |")
    walk = next(one for one in records if one["set"] == "walks")
    lines += [
        "",
        f"On {walk['stars']} simulated damped random walks at real times: CRPS {walk['crps_ratio']:.3f} of that of the",
        f"predictor that knows their parameters, negative log density {walk['nlpd_apart']:+.3f} against it.",
    ]
    return "\n".join(lines) + "\n"


def write_card(folder: Path, records: list[dict[str, Any]]) -> None:
    """Put the results into a model's card, in place of earlier ones."""
    card = (folder / "card.md").read_text().split(_HEADING)[0].rstrip()
    (folder / "card.md").write_text(f"{card}\n\n{metrics(records)}")


def main() -> None:
    """Print the tables and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="folder of a forecaster; the shipped one by default")
    parser.add_argument("--most", type=int, default=100, help="stars of a class, at most")
    parser.add_argument("--reference", action="store_true", help="fold at reference periods instead of found ones")
    parser.add_argument("--card", type=Path, help="folder of the model whose card is to have the results")
    parser.add_argument("--skill", action="store_true", help="leave the events out")
    add_cache(parser)
    args = parser.parse_args()
    begin = time.perf_counter()
    forecaster = Forecaster.load(args.model) if args.model else Forecaster.pretrained()
    records = real(forecaster, args.most, args.reference)
    records.append(walks(forecaster, max(10, args.most // 4)))
    stars = [one.star for one in few_of_each(known_stars("asas_acvs", held_out), max(4, args.most // 4))]
    records.append({"set": "speed"} | speed(forecaster, stars))
    if args.card:
        write_card(args.card, records)
    if not args.skill:
        records += events(forecaster, args.cache)
    seconds = round(time.perf_counter() - begin)
    print(json.dumps({"bench": "forecast", "model_id": forecaster.model_id, "seconds": seconds, "results": records}))


if __name__ == "__main__":
    main()

"""Skill of the forecaster on stars that it was not trained on: ``python -m tests.bench.forecast``.

For each class: continuous ranked probability score (in thousandths of the curve's unit) and negative log predictive
density of the one-step forecast, means over stars of their means over rows, against simple forecasters that saw the
same rows and periods; coverage of the forecaster's central intervals; then simulated damped random walks against the
predictor that knows their parameters. The simple forecasters' densities are Gaussian, and no miss of theirs counts for
more than six sigma. The state-space baseline comes twice: chosen and fitted on the rows before, like all the others
(sspace), and, out of the competition, on the whole curve, as a catalog has it (informed).
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.forecaster import Forecaster
from models.forecaster.mixture import Mixture
from models.forecaster.steps import Steps
from pipeline.lightcurve import FloatArray
from pipeline.split import held_out, share
from pipeline.star import Star
from tests.bench.forecast_data import Known, few_of_each, known_stars, with_searched_periods
from tests.bench.forecast_simple import damped_walk, folded, informed, last_value, state_space, true_walk, weighted_mean

#: Sets and how many stars of a class are judged; of these all stars are new to the forecaster.
JUDGED = ("asas_acvs", "eros", "s82_rrlyrae", "crts", "ogle", "qso", "constant")

COVERAGES = (0.5, 0.9, 0.95)

#: A miss of a simple forecaster counts for no more than this many sigma.
_MOST_MISS = 6.0

_HEADING = "## Metrics"

Gaussian = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, eq=False)
class Judged:
    """One star's rows: mean CRPS and mean negative log density of each forecaster, and the forecaster's PIT."""

    crps: dict[str, float]
    nlpd: dict[str, float]
    pit: FloatArray


def judge(star: Star, found: tuple[Steps, Mixture], rivals: dict[str, Gaussian]) -> Judged | None:
    """Compare the forecaster with its rivals on the rows that all of them forecast; None where there are none."""
    good = star.curve.good
    steps, mixture = found
    rows = steps.ready.copy()
    for mean, sigma in rivals.values():
        rows &= np.isfinite(mean) & (sigma > 0)
    if not rows.any():
        return None
    ours = mixture.where(rows)
    target, unit = steps.target[rows], steps.unit[rows]
    average = Mixture(
        _softmax(steps.log_weight[rows]), steps.mean[rows], np.sqrt(steps.variance + steps.noise[:, None])[rows]
    )
    crps = {"lstm": float(np.mean(ours.crps(target) * unit)), "average": float(np.mean(average.crps(target) * unit))}
    nlpd = {"lstm": float(np.mean(np.log(unit) - ours.log_density(target)))}
    nlpd["average"] = float(np.mean(np.log(unit) - average.log_density(target)))
    for name, (mean, sigma) in rivals.items():
        value, one = good.value[rows], np.ones((int(rows.sum()), 1))
        gaussian = Mixture(one, mean[rows, None], sigma[rows, None])
        z = np.minimum(np.abs(value - mean[rows]) / sigma[rows], _MOST_MISS)
        crps[name] = float(np.mean(gaussian.crps(value)))
        nlpd[name] = float(np.mean(0.5 * z * z + np.log(sigma[rows] * math.sqrt(2 * math.pi))))
    return Judged(crps, nlpd, ours.cdf(target))


def _softmax(terms: FloatArray) -> FloatArray:
    weight = np.exp(terms - terms.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def judge_all(
    forecaster: Forecaster, stars: list[Star], rivals: Callable[[int], dict[str, Gaussian]]
) -> list[Judged | None]:
    """`judge` of each star; `rivals` is asked for a star's by its index."""
    found = forecaster.predictive(stars)
    return [
        judge(s, one, rivals(i)) if one is not None else None
        for i, (s, one) in enumerate(zip(stars, found, strict=True))
    ]


def table(title: str, judged: list[Judged]) -> dict[str, Any]:
    """Print one class and give its record."""
    names = list(judged[0].crps)
    pit = np.concatenate([one.pit for one in judged])
    crps = {name: 1e3 * float(np.mean([one.crps[name] for one in judged])) for name in names}
    nlpd = {name: float(np.mean([one.nlpd[name] for one in judged])) for name in names}
    covered = {q: float(np.mean(np.abs(pit - 0.5) < q / 2)) for q in COVERAGES}
    others = [name for name in names if name not in ("lstm", "average", "informed")]
    won = crps["lstm"] <= min(crps[n] for n in others) and nlpd["lstm"] <= min(nlpd[n] for n in others)
    print(f"{title[:34]:34s} {len(judged):5d} CRPS " + " ".join(f"{crps[n]:8.2f}" for n in names), flush=True)
    print(
        f"{'':34s} {'best' if won else 'LOST':>5s} NLPD "
        + " ".join(f"{nlpd[n]:8.3f}" for n in names)
        + "   cover "
        + " ".join(f"{covered[q]:.3f}" for q in COVERAGES)
    )
    return {"class": title, "stars": len(judged), "crps": crps, "nlpd": nlpd, "coverage": covered, "best": won}


def picture(pit: FloatArray) -> None:
    """Print the histogram of the probability integral transform: flat for an honest forecast."""
    counts = np.histogram(pit, bins=20, range=(0, 1))[0] / len(pit) * 20
    print("PIT (1 is honest): " + " ".join(f"{c:.2f}" for c in counts))


def real(forecaster: Forecaster, most: int, reference: bool) -> list[dict[str, Any]]:
    """Judge on the held-out stars of each set."""
    records = []
    everything: list[Judged] = []
    names = ["lstm", "average", "last", "wmean", "folded", "sspace", "informed"]
    print(f"{'set, class':34s} {'stars':>5s}      " + " ".join(f"{n:>8s}" for n in names))
    for survey in JUDGED:
        known = few_of_each(known_stars(survey, held_out), most)
        known = known if reference else with_searched_periods(known)
        stars = [one.star for one in known]

        def rivals(i: int, stars: list[Star] = stars) -> dict[str, Gaussian]:
            star = stars[i]
            simple = {"last": last_value(star), "wmean": weighted_mean(star), "folded": folded(star)}
            return simple | {"sspace": state_space(star), "informed": informed(star)}

        judged = judge_all(forecaster, stars, rivals)
        for label in sorted({one.label for one in known}):
            ours = [j for j, one in zip(judged, known, strict=True) if one.label == label and j is not None]
            if len(ours) >= 5:
                records.append({"set": survey} | table(f"{survey} {label}", ours))
        everything += [one for one in judged if one is not None]
        _speed(forecaster, survey, known)
    records.append({"set": "all"} | table("all", everything))
    picture(np.concatenate([one.pit for one in everything]))
    return records


def _speed(forecaster: Forecaster, survey: str, known: list[Known]) -> None:
    stars = [one.star for one in known]
    begin = time.process_time()
    forecaster.forecast(stars)
    spent = time.process_time() - begin
    points = np.mean([len(star.curve) for star in stars])
    print(f"{survey}: {len(stars) / spent:.0f} stars/s of processor time ({points:.0f} points a star)")


def walks(forecaster: Forecaster, most: int) -> dict[str, Any]:
    """Judge on damped random walks at the times of held-out stars."""
    stars, rivals = [], []
    for survey in ("asas_acvs", "eros"):
        for one in few_of_each(known_stars(survey, held_out), most):
            good = one.star.curve.in_band(one.star.curve.bands[0]).good
            if len(good) < 60:
                continue
            rng = np.random.default_rng(int(share(one.object_id, "bench walk") * 2**53))
            sigma = float(np.median(good.error) * 10 ** rng.uniform(0.0, 1.2))
            tau = float(10 ** rng.uniform(1.0, 2.7))
            walk = damped_walk(Star(good, one.star.period), sigma, tau, rng)
            stars.append(walk)
            rivals.append({"truth": true_walk(walk, sigma, tau, float(np.median(good.value)))})
    judged = [one for one in judge_all(forecaster, stars, lambda i: rivals[i]) if one is not None]
    ratio = np.mean([j.crps["lstm"] for j in judged]) / np.mean([j.crps["truth"] for j in judged])
    apart = np.mean([j.nlpd["lstm"] - j.nlpd["truth"] for j in judged])
    print(f"damped walks: {len(judged)}; CRPS {ratio:.4f} of the true parameters', NLPD {apart:+.4f} of theirs")
    return {"set": "walks", "stars": len(judged), "crps_ratio": float(ratio), "nlpd_apart": float(apart)}


def metrics(records: list[dict[str, Any]]) -> str:
    """The results as a section of the model card."""
    real_ones = [one for one in records if "crps" in one]
    names = [name for name in real_ones[0]["crps"] if name != "average"]
    lines = [
        _HEADING,
        "",
        "On held-out stars, one step ahead, `python -m tests.bench.forecast`: CRPS (thousandths of the unit) /",
        "negative log predictive density, and the share of rows in the central 50, 90 and 95 per cent intervals. The",
        "rivals saw the rows before, as the forecaster did; `informed` is the state space fitted to the whole curve.",
        "",
        "| class | stars | " + " | ".join(names) + " | coverage |",
        "|---" * (len(names) + 3) + "|",
    ]
    for one in real_ones:
        cells = [f"{one['crps'][name]:.1f} / {one['nlpd'][name]:.2f}" for name in names]
        coverage = " ".join(f"{100 * share:.1f}" for share in one["coverage"].values())
        lines.append(f"| {one['class']} | {one['stars']} | " + " | ".join(cells) + f" | {coverage} |")
    walk = records[-1]
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
    args = parser.parse_args()
    forecaster = Forecaster.load(args.model) if args.model else Forecaster.pretrained()
    records = real(forecaster, args.most, args.reference)
    records.append(walks(forecaster, max(10, args.most // 4)))
    if args.card:
        write_card(args.card, records)
    print(json.dumps({"bench": "forecast", "model_id": forecaster.model_id, "results": records}))


if __name__ == "__main__":
    main()

"""How real are simulated stars? ``python -m tests.bench.simulator [--stars 200] [--held-out] [--period true]``.

Stars of the ASAS catalogue of variable stars beside simulated ones of the same classes: the spread of what describes
them, how well a random forest tells real from simulated (area under the ROC curve, 0.5 is indistinguishable), and how
well a forest that has seen simulated stars alone classifies real ones (balanced accuracy), with what one trained on
real stars reaches beside it. By default on stars that may be learned from; ``--held-out`` takes the others.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from swope.pipeline.labels import read_labels
from swope.pipeline.simulate import simulate_star
from swope.pipeline.split import held_out, share
from tests.real_data import REAL_DATA

#: The catalogue's classes that the simulator makes, by VSX name.
CLASSES = ("ACV", "DSCT", "EA", "EB", "EW", "M", "RRAB", "RRC")

#: Searched frequencies: highest in cycles a day, and points a resolution element.
HIGHEST, OVERSAMPLING = 16.0, 3.0

#: Columns printed side by side.
SHOWN = ("n_obs", "span", "mag", "error", "amplitude", "log_period", "skewness")

#: Features of the observing rather than of the star.
OBSERVING = ("n_obs", "span", "mag", "error", "error_spread", "close_pairs", "season", "first")


@dataclass(frozen=True)
class Source:
    """One star's columns and its known period (NaN where unknown)."""

    class_: str
    time: NDArray[np.float64]
    mag: NDArray[np.float64]
    error: NDArray[np.float64]
    period: float


def real_stars(stars: int, test: bool) -> list[Source]:
    """Up to `stars` real stars of each class, the same ones every time."""
    import pyarrow.parquet as pq

    labels = read_labels(REAL_DATA / "asas_acvs" / "labels.csv").set_index("object_id")
    # the catalogue's words for what VSX calls EW, EA and EB
    names = {"Contact Systems": "EW", "Detached": "EA", "Semidetached": "EB"}
    labels["class"] = labels["class_source"].map(names).fillna(labels["class"])
    table = pq.read_table(REAL_DATA / "asas_acvs" / "light_curves.parquet")
    ids = table["object_id"].to_pylist()
    chosen: list[int] = []
    for class_ in CLASSES:
        there = [i for i, name in enumerate(ids) if labels["class"].get(name) == class_ and held_out(name) == test]
        chosen += sorted(there, key=lambda i: share(ids[i], "bench"))[:stars]
    found = []
    for row in table.take(chosen).to_pylist():
        label = labels.loc[row["object_id"]]
        if len(row["time"]) >= 30:
            columns = (np.array(row[name], dtype=np.float64) for name in ("time", "mag", "mag_err"))
            found.append(Source(label["class"], *columns, float(label["period"])))
    return found


def simulated_stars(stars: int, seed: int) -> list[Source]:
    """`stars` simulated stars of each class."""
    found = []
    for class_ in CLASSES:
        for index in range(stars):
            star = simulate_star(seed, index, class_=class_, survey="asas")
            curve = star.curve
            if len(curve) >= 30:
                found.append(Source(class_, curve.time, curve.value, curve.error, star.label.period))
    return found


def best_period(star: Source) -> float:
    """The period of the highest Lomb-Scargle peak."""
    import nifty_ls

    span = float(np.ptp(star.time))
    low = 1 / span
    count = int((HIGHEST - low) * span * OVERSAMPLING)
    answer = nifty_ls.lombscargle(star.time - star.time[0], star.mag, star.error, fmin=low, fmax=HIGHEST, Nf=count)
    power = np.asarray(answer.power)
    frequency = low + np.arange(count) * (HIGHEST - low) / (count - 1)
    # the one-day window peaks of slow stars
    power[np.abs(frequency - np.round(frequency)) < 0.004 * (np.round(frequency) > 0)] = 0.0
    return float(1 / frequency[int(power.argmax())])


def features(star: Source, true_period: bool) -> dict[str, float]:
    """What describes a star; the folded ones with its known period where asked for and known, else the found one."""
    time, mag = star.time, star.mag
    order = np.argsort(time)
    time, mag, error = time[order], mag[order], star.error[order]
    q = np.percentile(mag, [2, 5, 10, 25, 50, 75, 90, 95, 98])
    scale = max(q[7] - q[1], 1e-3)
    step = np.diff(time)
    near = step < 5
    clean = mag[(mag > q[4] - 3 * scale) & (mag < q[4] + 3 * scale)]
    centred = (clean - clean.mean()) / clean.std()
    found = {
        "n_obs": float(len(mag)),
        "span": float(np.ptp(time)),
        "mag": float(q[4]),
        "error": float(np.median(error)),
        "error_spread": float(np.percentile(error, 90) - np.percentile(error, 10)),
        "close_pairs": float(np.mean(step < 0.1)),
        "season": float(np.percentile(step, 99)),
        "first": float(time[0]),
        "amplitude": float(scale),
        "skewness": float((centred**3).mean()),
        "kurtosis": float((centred**4).mean()),
        "upper": float((q[4] - q[1]) / scale),
        "middle": float((q[5] - q[3]) / scale),
        "tails": float((q[8] - q[0]) / scale),
        "faint_tail": float((mag.max() - q[7]) / scale),
        "bright_tail": float((q[1] - mag.min()) / scale),
        "smoothness": float(np.median(np.abs(np.diff(mag)[near])) / scale) if near.any() else np.nan,
        "trend": float(abs(np.corrcoef(time, mag)[0, 1])),
    }
    period = star.period if true_period and np.isfinite(star.period) else best_period(star)
    found["log_period"] = float(np.log10(period))
    for name, cycle in (("", period), ("double_", 2 * period)):
        found |= {name + key: value for key, value in folded(time, mag, cycle, scale).items()}
    return found


def folded(time: NDArray[np.float64], mag: NDArray[np.float64], period: float, scale: float) -> dict[str, float]:
    """Amplitudes and phases of a five-term Fourier fit, what it leaves, and the depths of two minima."""
    angle = 2 * np.pi * (time - time[0]) / period
    design = np.column_stack([np.ones_like(time), *(f(k * angle) for k in range(1, 6) for f in (np.cos, np.sin))])
    keep = np.ones(len(time), dtype=bool)
    for _ in range(3):
        fit = np.linalg.lstsq(design[keep], mag[keep], rcond=1e-6)[0]
        left = mag - design @ fit
        keep = np.abs(left) < 4 * 1.4826 * np.median(np.abs(left)) + 1e-6
    cosine, sine = fit[1::2], fit[2::2]
    height, phase = np.hypot(cosine, sine), np.arctan2(cosine, sine)
    grid = np.arange(200) / 200 * 2 * np.pi
    wave = np.column_stack([f(k * grid) for k in range(1, 6) for f in (np.cos, np.sin)]) @ fit[1:]
    deep = int(wave.argmax())
    other = np.roll(wave, 100 - deep)[50:150]
    return {
        "r21": float(height[1] / height[0]),
        "r31": float(height[2] / height[0]),
        "r41": float(height[3] / height[0]),
        "cos21": float(np.cos(phase[1] - 2 * phase[0])),
        "sin21": float(np.sin(phase[1] - 2 * phase[0])),
        "cos31": float(np.cos(phase[2] - 3 * phase[0])),
        "sin31": float(np.sin(phase[2] - 3 * phase[0])),
        "wave": float(np.ptp(wave) / scale),
        "left": float(1.4826 * np.median(np.abs(left))),
        "second_minimum": float((np.roll(wave, 100 - deep)[:20].max() - wave.min()) / np.ptp(wave)),
        "around": float((other.max() - wave.min()) / np.ptp(wave)),
    }


def table_of(stars: list[Source], true_period: bool) -> pd.DataFrame:
    """A row a star: features and class."""
    rows = [features(star, true_period) | {"class": star.class_} for star in stars]
    return pd.DataFrame(rows).replace([np.inf, -np.inf], np.nan).fillna(0.0)


def told_apart(real: pd.DataFrame, simulated: pd.DataFrame, columns: list[str]) -> tuple[float, list[str]]:
    """Area under the ROC curve of real against simulated, out of fold, and the features that tell most."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict

    x = pd.concat([real, simulated])[columns].to_numpy()
    y = np.repeat([1, 0], [len(real), len(simulated)])
    forest = RandomForestClassifier(100, min_samples_leaf=3, class_weight="balanced", random_state=0)
    chance = cross_val_predict(forest, x, y, cv=3, method="predict_proba")[:, 1]
    best = np.argsort(-forest.fit(x, y).feature_importances_)[:4]
    return float(roc_auc_score(y, chance)), [columns[i] for i in best]


def transferred(train: pd.DataFrame, test: pd.DataFrame) -> tuple[float, pd.DataFrame]:
    """Balanced accuracy and confusion on `test` of a forest trained on `train`."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import balanced_accuracy_score

    columns = [c for c in train if c != "class" and c not in OBSERVING]
    forest = RandomForestClassifier(200, min_samples_leaf=2, class_weight="balanced", random_state=0)
    guess = forest.fit(train[columns], train["class"]).predict(test[columns])
    confusion = pd.crosstab(test["class"], pd.Series(guess, test.index, name="said"), normalize="index").round(2)
    return float(balanced_accuracy_score(test["class"], guess)), confusion


def main() -> None:
    """Print the comparison and one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.simulator", description=__doc__)
    parser.add_argument("--stars", type=int, default=200, help="stars of each class, real and simulated (default: 200)")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--held-out", action="store_true", help="the real stars that nothing may be tuned on")
    parser.add_argument("--period", choices=("found", "true"), default="found")
    parsed = parser.parse_args()
    if not (REAL_DATA / "asas_acvs").exists():
        sys.exit(f"real data absent: {REAL_DATA / 'asas_acvs'} (set SWOPE_REAL_DATA to the folder that holds it)")
    warnings.simplefilter("ignore")

    real = table_of(real_stars(parsed.stars, parsed.held_out), parsed.period == "true")
    simulated = table_of(simulated_stars(parsed.stars, parsed.seed), parsed.period == "true")
    print("5, 50 and 95 % of what describes a star: real | simulated")
    for class_ in CLASSES:
        print(f"\n{class_}: {(real['class'] == class_).sum()} real, {(simulated['class'] == class_).sum()} simulated")
        for name in SHOWN:
            pair = (np.percentile(t.loc[t["class"] == class_, name], [5, 50, 95]) for t in (real, simulated))
            print(f"  {name:<11}" + " | ".join(" ".join(f"{v:9.3f}" for v in values) for values in pair))

    columns = [c for c in real if c != "class"]
    star_columns = [c for c in columns if c not in OBSERVING]
    apart = {}
    print("\nreal or simulated? area under the ROC curve: all features, the star's alone; what tells most")
    for class_ in CLASSES:
        pair = (t[t["class"] == class_] for t in (real, simulated))
        mine, theirs = pair
        every, telling = told_apart(mine, theirs, columns)
        own, telling_own = told_apart(mine, theirs, star_columns)
        apart[class_] = {"all": round(every, 3), "star": round(own, 3)}
        print(f"  {class_:<5} {every:.3f} {own:.3f}  {', '.join(telling)}; {', '.join(telling_own)}")

    accuracy, confusion = transferred(simulated, real)
    # what the features allow: trained on one half of the real stars, judged on the other
    half = np.arange(len(real)) % 2 == 0
    ceiling = transferred(real[half], real[~half])[0]
    print(
        f"\ntrained on simulated, judged on real: balanced accuracy {accuracy:.3f} (half real on half: {ceiling:.3f})"
    )
    print(confusion.to_string())
    print(
        json.dumps(
            {
                "bench": "simulator",
                "period": parsed.period,
                "held_out": parsed.held_out,
                "real": len(real),
                "simulated": len(simulated),
                "balanced_accuracy": round(accuracy, 4),
                "balanced_accuracy_real": round(ceiling, 4),
                "auroc_all": round(float(np.mean([v["all"] for v in apart.values()])), 4),
                "auroc_star": round(float(np.mean([v["star"] for v in apart.values()])), 4),
                "auroc": apart,
            }
        )
    )


if __name__ == "__main__":
    main()

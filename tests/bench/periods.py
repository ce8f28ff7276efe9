"""Measure the period search on the real sets: `python -m tests.bench.periods [--sets s82,asas,...] [--stars N]`.

Beside every figure stands the plain one-term Lomb-Scargle (nifty-ls, one call a band on the same grid, powers added,
highest peak) of the same run. "Right" means within 1 %, or within a quarter of a cycle over the star's span where that
is looser. Stars that the rule's weights were learned from and stars kept apart (`swope.pipeline.split.held_out`) are
reported side by side. References err too: "upheld" are the stars whose period is right, or disputed but foretells the
star's own nights better than the reference does; of "refuted" ones the reference does (`tests.bench.periods_disputed`).
The last line of each set is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tqdm import tqdm

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period import PeriodOptions, find_period
from swope.pipeline.period.grid import Grid, grid_for
from swope.pipeline.split import held_out
from tests.bench.periods_data import ECLIPSING, Known, asas, catalina, eros, eros2, right, s82, with_fitted_period
from tests.bench.periods_disputed import DECIDED, sided

SETS = ("s82", "s82-sparse", "asas", "eros", "catalina", "eros2", "space", "fap", "speed", "invariance")
LIMITS = PeriodOptions(min_period=0.2, max_period=1.2)

#: Observations of a star of Stripe 82, over all five bands, that are as few as a wide survey's.
SPARSE = 26


def one_term_power(curve: LightCurve, grid: Grid) -> FloatArray:
    """The plain periodogram: one nifty-ls call a band, powers added with the bands' chi squares as weights."""
    import nifty_ls

    good = curve.good
    total = np.zeros(grid.size)
    for band in range(len(good.bands)):
        rows = good.band == band
        if rows.sum() < 4 or not np.ptp(good.value[rows]) > 0:
            continue
        error = good.error[rows]
        error = np.hypot(error, 0.02) if np.isfinite(error).all() else np.ones(len(error))
        value = good.value[rows]
        power = nifty_ls.lombscargle(
            good.time[rows] - good.time[0],
            value,
            error,
            fmin=grid.lowest,
            fmax=grid.highest,
            Nf=grid.size,
            backend="finufft",
            nthreads=1,
        ).power
        mean = np.average(value, weights=error**-2.0)
        total += np.nan_to_num(power) * float(np.sum(((value - mean) / error) ** 2))
    return total


def judged(
    stars: Iterable[Known], options: PeriodOptions, workers: int
) -> Iterator[tuple[Known, dict[str, float], float]]:
    """Each star with its fitted reference, what was found of it, and the period on top."""
    tasks = list(stars)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        bar = tqdm(total=len(tasks), unit="star", disable=None)
        for answer in pool.map(judged_star, tasks, [options] * len(tasks), chunksize=8):
            bar.update()
            yield answer
        bar.close()


def judged_star(bare: Known, options: PeriodOptions) -> tuple[Known, dict[str, float], float]:
    """One star beside the plain periodogram; an empty row where no reference period fits it."""
    star = with_fitted_period(bare)
    if not np.isfinite(star.period):
        return star, {}, np.nan
    good = star.curve.good
    span = float(np.ptp(good.time)) if len(good) else 0.0
    begin = time.process_time()
    answer = find_period(star.curve, options)
    seconds = time.process_time() - begin
    hits = [right(p, star.period, span) for p in (answer.period, *answer.others)]
    row = {
        "seconds": seconds,
        "apart": float(held_out(star.curve.object_id)),
        "top": float(hits[0]),
        "five": float(any(hits)),
        "half": float(right(2 * answer.period, star.period, span)),
        "double": float(right(answer.period / 2, star.period, span)),
        "flagged": float(answer.flag is not None),
        "upheld": float(hits[0]),
        "refuted": 0.0,
        "plain": 0.0,
        "plain_half": 0.0,
        "plain_seconds": 0.0,
    }
    # a reference that was fitted here is no witness against what was found
    if not hits[0] and np.isfinite(bare.period):
        side = sided(star.curve, answer.period, star.period)
        row["upheld"], row["refuted"] = float(side > DECIDED), float(side < -DECIDED)
    # a star too poor for a grid has no plain answer either
    with suppress(ValueError):
        grid = grid_for(good.time, options)
        begin = time.process_time()
        peak = 1.0 / grid.frequency_at(int(np.argmax(one_term_power(star.curve, grid))))
        row["plain_seconds"] = time.process_time() - begin
        row["plain"] = float(right(peak, star.period, span))
        row["plain_half"] = float(right(2 * peak, star.period, span))
    return star, row, answer.period


def judge_set(
    title: str, stars: Iterable[Known], options: PeriodOptions, plots: Path | None, workers: int
) -> dict[str, dict[str, float]]:
    """Search every star, print a table by class, and return it."""
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    failures: dict[str, list[tuple[Known, float]]] = defaultdict(list)
    for star, row, period in judged(stars, options, workers):
        if not row:
            rows[f"{star.class_name} without a fit"].append({})
            continue
        names = [star.class_name, "all"]
        if star.set_name == "asas":
            names.append("all eclipsing" if star.class_name in ECLIPSING else "all pulsating")
        for name in names:
            rows[name].append(row)
            if row["apart"]:
                rows[f"{name}, kept apart"].append(row)
        if not row["top"]:
            failures[star.class_name].append((star, period))
    table: dict[str, dict[str, float]] = {}
    columns = ("top", "five", "half", "double", "flagged", "upheld", "refuted", "plain", "plain_half")
    print(f"\n{title}\n  {'':28s}      n " + " ".join(f"{c:>10s}" for c in columns) + "   ms a star, plain ms")
    for name in sorted(rows):
        full = [row for row in rows[name] if row]
        if not full:
            print(f"  {name:28s} {len(rows[name]):6d}")
            continue
        means = {c: float(np.mean([row[c] for row in full])) for c in columns}
        times = [1e3 * float(np.mean([row[c] for row in full])) for c in ("seconds", "plain_seconds")]
        table[name] = {"n": len(full), **means, "ms": times[0], "plain_ms": times[1]}
        print(
            f"  {name:28s} {len(full):6d} "
            + " ".join(f"{means[c]:10.4f}" for c in columns)
            + f"   {times[0]:.0f}, {times[1]:.0f}"
        )
    print(json.dumps({"bench": "periods", "set": title, "table": table}))
    if plots is not None:
        plot_failures(title, failures, plots)
    return table


def plot_failures(title: str, failures: dict[str, list[tuple[Known, float]]], folder: Path) -> None:
    """A page a class: up to 12 stars, folded with the reference on the left and with the answer on the right."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    for name, stars in failures.items():
        figure, axes = plt.subplots(6, 4, figsize=(16, 18), squeeze=False)
        for i, (star, period) in enumerate(stars[:12]):
            good = star.curve.good
            for axis, p in zip(axes.ravel()[2 * i : 2 * i + 2], (star.period, period), strict=True):
                if np.isfinite(p):
                    phase = (good.time - good.time[0]) / p % 1.0
                    for band in range(len(good.bands)):
                        rows = good.band == band
                        axis.plot(phase[rows], good.value[rows], ".", markersize=2)
                if good.kind == "mag":
                    axis.invert_yaxis()
                axis.set_title(f"{good.object_id} {p:.5g} d", fontsize=8)
        figure.suptitle(f"{title}, {name}: reference left, answer right ({len(stars)} failures)")
        for axis in axes.ravel()[2 * len(stars) :]:
            axis.set_axis_off()
        figure.tight_layout(rect=(0.0, 0.0, 1.0, 0.98))
        figure.savefig(folder / f"{title.split()[0]}_{name.replace(' ', '_')}.png", dpi=60)
        plt.close(figure)


def false_alarms(number: int | None) -> None:
    """Share of small false-alarm probabilities on stars without a period, at real cadences."""
    rng = np.random.default_rng(20)
    many = number or 1200
    kinds: dict[str, list[float]] = defaultdict(list)
    cadences = [*asas(max(20, many // 6)), *eros(max(20, many // 12)), *s82(max(20, many // 24))]
    for i in range(many):
        star = cadences[i % len(cadences)]
        good = star.curve.good
        if len(good) < 30:
            continue
        error = np.where(np.isfinite(good.error), good.error, np.nanmedian(good.error))
        noise = rng.normal(size=len(good)) * error + 15.0
        kinds[f"white noise, {star.set_name}"].append(find_period(replace(good, value=noise)).fap)
        if i % 3 == 0:
            tau = float(10.0 ** rng.uniform(0.5, 3.0))
            walk = damped_random_walk(good.time, tau, rng) * 3.0 * float(np.median(error))
            kinds[f"damped random walk, {star.set_name}"].append(find_period(replace(good, value=noise + walk)).fap)
        kinds[f"real stars, {star.set_name}"].append(find_period(star.curve).fap)
    for name, curve in standards():
        kinds[name].append(find_period(curve).fap)
    table = {}
    print("\nfap: share of stars under p\n  " + " " * 40 + "      n    p<0.1   p<0.01  p<0.001")
    for name in sorted(kinds):
        fap = np.array([p for p in kinds[name] if np.isfinite(p)])
        shares = [float(np.mean(fap < limit)) for limit in (0.1, 0.01, 0.001)] if fap.size else [np.nan] * 3
        table[name] = {"n": int(fap.size), "p0.1": shares[0], "p0.01": shares[1], "p0.001": shares[2]}
        print(f"  {name:40s} {fap.size:6d} " + " ".join(f"{share:8.4f}" for share in shares))
    print(json.dumps({"bench": "periods", "set": "fap", "table": table}))


def damped_random_walk(times: FloatArray, tau: float, rng: np.random.Generator) -> FloatArray:
    """A damped random walk of unit variance at ascending times."""
    value = np.empty(len(times))
    previous = rng.normal()
    value[0] = previous
    for i in range(1, len(times)):
        decay = float(np.exp(-(times[i] - times[i - 1]) / tau))
        previous = decay * previous + np.sqrt(max(0.0, 1.0 - decay**2)) * rng.normal()
        value[i] = previous
    return value


def standards() -> Iterable[tuple[str, LightCurve]]:
    """Constant standard stars and quasars of Stripe 82 as the Catalina survey saw them."""
    from swope.pipeline.ingest import IngestOptions, plan, read
    from tests.real_data import REAL_DATA

    options = IngestOptions()
    for folder, name in (("stars_try", "standard stars, Catalina"), ("QSO_try", "quasars, Catalina")):
        with TemporaryDirectory() as scratch:
            for part in plan([str(REAL_DATA / "qso" / folder)], options, Path(scratch)).parts:
                yield from ((name, clean(curve)) for curve in read(part, options).chunk if len(curve) >= 30)


def speed(number: int | None) -> None:
    """Time of the whole decision against the plain periodogram on the same grid, at three numbers of points."""
    from astropy.timeseries import LombScargle

    rng = np.random.default_rng(3)
    table = {}
    print(
        "\nspeed: seconds of processor time, median over stars\n"
        "       points  frequencies  decision   plain  ratio  astropy fast"
    )
    for points in (200, 1000, 5000):
        for size in (90_000, 260_000):
            ours, plain, slow = [], [], []
            for i in range(min(number or 9, 15)):
                nights = np.sort(rng.choice(int(size / 5 / 20), size=points, replace=points > size / 100))
                times = np.sort(nights + 0.25 * rng.random(points))
                period = float(10 ** rng.uniform(-0.6, 1.0))
                value = 12.0 + 0.3 * np.sin(2 * np.pi * times / period) ** 2 + 0.03 * rng.normal(size=points)
                curve = clean(LightCurve.of(str(i), times, value, np.full(points, 0.03)))
                options = PeriodOptions()
                grid = grid_for(curve.time, options)
                find_period(curve, options)
                ours.append(_processor(lambda c=curve, o=options: find_period(c, o)))
                plain.append(_processor(lambda c=curve, g=grid: one_term_power(c, g)))
                if i == 0:
                    model = LombScargle(curve.time - curve.time[0], curve.value, curve.error)
                    slow.append(
                        _processor(
                            lambda m=model, g=grid: m.power(g.frequency, method="fast", assume_regular_frequency=True)
                        )
                    )
            row = [float(np.median(column)) for column in (ours, plain, slow)]
            table[f"{points}x{size}"] = {"decision": row[0], "plain": row[1], "astropy": row[2]}
            ratios = f"{row[0] / row[1]:6.2f} {row[2]:9.3f} ({row[2] / row[0]:.0f}x)"
            print(f"  {points:10d} {grid.size:12d} {row[0]:9.4f} {row[1]:7.4f} {ratios}")
    print(json.dumps({"bench": "periods", "set": "speed", "table": table}))
    scaling(number)


def _processor(call: object) -> float:
    """Processor seconds of one call, the least of three."""
    best = np.inf
    for _ in range(3):
        begin = time.process_time()
        call()  # type: ignore[operator]
        best = min(best, time.process_time() - begin)
    return best


def _periods(curves: list[LightCurve]) -> list[float]:
    return [find_period(curve).period for curve in curves]


def scaling(number: int | None) -> None:
    """Two worker processes against one, wall clock, on ASAS stars."""
    import multiprocessing

    curves = [star.curve for star in asas(number or 200)]
    context = multiprocessing.get_context("spawn")
    seconds = {}
    answers = {}
    for workers in (1, 2):
        with context.Pool(workers) as pool:
            pool.map(_periods, [curves[:2]] * (2 * workers), chunksize=1)
            begin = time.perf_counter()
            parts = pool.map(_periods, [curves[i : i + 10] for i in range(0, len(curves), 10)], chunksize=1)
            seconds[workers] = time.perf_counter() - begin
            answers[workers] = np.array([p for part in parts for p in part])
    same = bool(np.array_equal(answers[1], answers[2], equal_nan=True))
    ratio = seconds[1] / seconds[2]
    print(f"two workers: {ratio:.2f} times one ({seconds[1]:.1f} s, {seconds[2]:.1f} s); same answers: {same}")
    print(json.dumps({"bench": "periods", "set": "workers", "one": seconds[1], "two": seconds[2], "same": same}))


def invariance(number: int | None) -> None:
    """The same answers for shuffled rows; within the error for shifted times, and for errors times three."""
    count = {"shuffled": 0, "shifted": 0, "errors x 3": 0}
    total = 0
    rng = np.random.default_rng(4)
    each = number or 60
    for star in [*asas(each), *s82(max(1, each // 3)), *eros(each)]:
        curve = star.curve
        base = find_period(curve)
        if not base.found:
            continue
        total += 1
        order = rng.permutation(len(curve))
        mixed = find_period(clean(replace(curve.where(order), mask=np.zeros(len(curve), np.int32))))
        count["shuffled"] += repr(mixed) == repr(
            find_period(clean(replace(curve, mask=np.zeros(len(curve), np.int32))))
        )
        # the error of a time of 2.4e6 days is 5e-10 d
        shifted = find_period(replace(curve, time=curve.time + 2_400_000.5))
        count["shifted"] += abs(shifted.period - base.period) <= max(base.period_err, 1e-9 * base.period)
        larger = find_period(replace(curve, error=curve.error * 3.0))
        count["errors x 3"] += abs(larger.period - base.period) <= 3.0 * max(base.period_err, larger.period_err)
    print("\ninvariance: stars with the same answer")
    for name, good in count.items():
        print(f"  {name:12s} {good} of {total}")
    print(json.dumps({"bench": "periods", "set": "invariance", "n": total, **count}))


def main() -> None:
    """Run the chosen sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--stars", type=int, default=None, help="at most so many stars of each set, chosen at random")
    parser.add_argument("--plots", type=Path, default=None, help="folder for pictures of the failures")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    chosen = arguments.sets.split(",")
    unknown = set(chosen) - set(SETS)
    if unknown:
        parser.error(f"unknown sets {', '.join(sorted(unknown))}; known: {', '.join(SETS)}")
    number, plots, workers = arguments.stars, arguments.plots, arguments.workers
    if "s82" in chosen:
        judge_set("s82-limits (0.2 to 1.2 d)", s82(number), LIMITS, plots, workers)
        judge_set("s82-blind", s82(number), PeriodOptions(), plots, workers)
        judge_set("s82-thin (a fifth of the points, 0.2 to 1.2 d)", s82(number, keep=0.2), LIMITS, plots, workers)
    if "s82-sparse" in chosen:
        title = f"s82-sparse ({SPARSE} observations over five bands, 0.2 to 1.2 d)"
        judge_set(title, s82(number, epochs=SPARSE), LIMITS, plots, workers)
    if "asas" in chosen:
        judge_set("asas", asas(number), PeriodOptions(), plots, workers)
    if "eros" in chosen:
        judge_set("eros", eros(number), PeriodOptions(), plots, workers)
    if "catalina" in chosen:
        judge_set("catalina", catalina(number), PeriodOptions(), plots, workers)
    if "eros2" in chosen:
        judge_set("eros2", eros2(number), PeriodOptions(), plots, workers)
    if "space" in chosen:
        from tests.bench.periods_space import space

        space(number, plots)
    if "fap" in chosen:
        false_alarms(number)
    if "speed" in chosen:
        speed(number)
    if "invariance" in chosen:
        invariance(number)


if __name__ == "__main__":
    main()

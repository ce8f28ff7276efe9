"""Space photometry: known planets and spots, injected transits against depth and period, rate of false alarms."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period import find_period, find_transits
from swope.pipeline.period.transit import LEAST_SNR, flatten
from tests.real_data import REAL_DATA

DEPTHS = (0.00003, 0.00006, 0.00012, 0.00025, 0.0005)
PERIODS = (0.9, 2.3, 5.1, 11.7, 23.0)

#: The Kepler stars, and the periods of the planets that are masked before anything is injected.
KEPLER = {
    "kplr011442793": "Kepler-90",
    "kplr009726699": "GJ 1243",
    "kplr010002792": "KIC 10002792",
}


def kepler(prefix: str) -> LightCurve:
    """All quarters of a Kepler star, each over its median."""
    from astropy.io import fits

    times, fluxes = [], []
    for path in sorted((REAL_DATA / "kepler").glob(f"{prefix}*.fits")):
        with fits.open(path) as file:
            table = file[1].data
            good = np.isfinite(table["TIME"]) & np.isfinite(table["PDCSAP_FLUX"]) & (table["SAP_QUALITY"] == 0)
            flux = np.asarray(table["PDCSAP_FLUX"][good], dtype=np.float64)
            times.append(np.asarray(table["TIME"][good], dtype=np.float64))
            fluxes.append(flux / np.median(flux))
    return clean(LightCurve.of(KEPLER[prefix], np.concatenate(times), np.concatenate(fluxes), kind="flux", unit=""))


def k2_3() -> LightCurve:
    """K2-3 as the shared file has it."""
    rows = np.loadtxt(REAL_DATA / "k2" / "EPIC201367065.csv", delimiter=",")
    return clean(LightCurve.of("K2-3", rows[:, 0], rows[:, 1], kind="flux", unit=""))


def without_planets(curve: LightCurve) -> LightCurve:
    """The curve less the transits that are found in it."""
    good = curve.good
    keep = np.ones(len(good), dtype=bool)
    for planet in find_transits(curve, 6):
        distance = (good.time - planet.t0 + 0.5 * planet.period) % planet.period - 0.5 * planet.period
        keep &= np.abs(distance) > 0.75 * planet.duration
    return good.where(keep)


def injected(curve: LightCurve, period: float, depth: float, rng: np.random.Generator) -> tuple[LightCurve, float]:
    """The curve with a trapezoid transit of a solar-density star, and the epoch."""
    epoch = float(curve.time[0] + period * rng.random())
    duration = 0.075 * period ** (1.0 / 3.0)
    distance = np.abs((curve.time - epoch + 0.5 * period) % period - 0.5 * period)
    shape = np.clip((0.5 * duration - distance) / (0.1 * duration), 0.0, 1.0)
    return replace(curve, value=curve.value * (1.0 - depth * shape)), epoch


def scrambled(curve: LightCurve, rng: np.random.Generator) -> LightCurve:
    """The flattened curve with its days in random order: its noise, red within a day, without any period."""
    flat = flatten(curve.time, curve.value)
    day = np.floor(curve.time - curve.time[0]).astype(np.int64)
    order = rng.permutation(np.unique(day))
    value = np.concatenate([flat[day == d] for d in order])
    return replace(curve, value=1.0 + np.where(np.isfinite(value), value, np.nanmedian(value)))


def astropy_period(curve: LightCurve) -> float:
    """The best period of astropy's box least squares with its default grid and durations of ours, 0.4 d to span/2."""
    from astropy.timeseries import BoxLeastSquares

    flat = flatten(curve.time, curve.value)
    good = np.isfinite(flat)
    model = BoxLeastSquares(curve.time[good] - curve.time[0], flat[good])
    longest = 0.5 * float(np.ptp(curve.time))
    found = model.autopower([0.12, 0.27], minimum_period=0.4, maximum_period=longest)
    return float(found.period[np.argmax(found.power)])


def space(number: int | None, plots: Path | None) -> None:
    """Print what is found; `number` limits the injections a cell (default 4) and the scrambled curves."""
    each = min(number or 4, 12)
    table: dict[str, object] = {}
    print("\nspace")
    for name, curve, wanted in (("K2-3", k2_3(), 10.054), ("GJ 1243", kepler("kplr009726699"), 0.5926)):
        begin = time.process_time()
        answer = find_period(curve)
        seconds = time.process_time() - begin
        others = ", ".join(f"{p:.4f}" for p in answer.others)
        good = abs(answer.period / wanted - 1.0) < 0.01
        print(f"  {name}: {answer.period:.5f} d (wanted {wanted}): {'right' if good else 'WRONG'}; others {others}")
        table[name] = {"period": answer.period, "right": good, "seconds": seconds}
    for name, curve in (("K2-3", k2_3()), ("Kepler-90", kepler("kplr011442793"))):
        for planet in find_transits(curve, 4):
            print(
                f"  {name}: transit every {planet.period:.4f} d, depth {planet.depth:.5f}, "
                f"{planet.duration * 24:.1f} h, signal to noise {planet.snr:.0f}, "
                f"{planet.transits} seen, epoch {planet.t0:.3f}"
            )
    rng = np.random.default_rng(7)
    stars = [without_planets(k2_3()), without_planets(kepler("kplr011442793"))]
    stars[1] = stars[1].where(stars[1].time < stars[1].time[0] + 95.0)
    false = sum(bool(find_transits(scrambled(stars[i % 2], rng), 1)) for i in range(10 * each))
    print(f"  signals above {LEAST_SNR} in {10 * each} scrambled curves: {false}")
    table["false"] = {"signals": false, "curves": 10 * each, "threshold": LEAST_SNR}
    share = np.zeros((len(DEPTHS), len(PERIODS)))
    theirs = np.zeros_like(share)
    compared = np.zeros_like(share)
    for i, depth in enumerate(DEPTHS):
        for j, period in enumerate(PERIODS):
            for k in range(each):
                curve, _ = injected(stars[k % 2], period, depth, rng)
                found = find_transits(curve, 1)
                share[i, j] += bool(found) and abs(found[0].period / period - 1.0) < 0.01
                if k < 2:
                    compared[i, j] += 1
                    theirs[i, j] += abs(astropy_period(curve) / period - 1.0) < 0.01
    share /= each
    theirs /= np.maximum(compared, 1)
    print("  recovered (astropy's default box search, no threshold), by depth and period in days")
    print("  " + " " * 9 + "".join(f"{period:>15.1f}" for period in PERIODS))
    for i, depth in enumerate(DEPTHS):
        cells = (f"{ours:7.2f} ({other:4.2f})" for ours, other in zip(share[i], theirs[i], strict=True))
        print(f"  {depth:9.5f}" + "".join(cells))
    table["recovered"] = share.tolist()
    table["astropy"] = theirs.tolist()
    print(json.dumps({"bench": "periods", "set": "space", **table}))
    if plots is not None:
        plot(share, theirs, plots)


def plot(share: FloatArray, theirs: FloatArray, folder: Path) -> None:
    """Recovery against depth and period, beside astropy's."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    for axis, values, title in zip(axes, (share, theirs), ("Swope", "astropy BLS, default grid"), strict=True):
        picture = axis.imshow(values, vmin=0, vmax=1, origin="lower", aspect="auto")
        axis.set_xticks(range(len(PERIODS)), [str(p) for p in PERIODS])
        axis.set_yticks(range(len(DEPTHS)), [str(d) for d in DEPTHS])
        axis.set_xlabel("period (d)")
        axis.set_title(title)
    axes[0].set_ylabel("depth")
    figure.colorbar(picture, ax=axes, label="share recovered")
    figure.savefig(folder / "transits.png", dpi=80)
    plt.close(figure)

"""The real sets with known periods, as cleaned light curves, for the period benchmarks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import FloatArray, LightCurve
from tests.real_data import REAL_DATA

#: Short names of the classes of `asas_acvs`.
ASAS_CLASSES = {
    "Close Binary Eclipsing Systems": "CB",
    "Contact Systems": "EC",
    "Detached": "ED",
    "Semidetached": "ESD",
    "Mira": "M",
    "Delta Scuti": "DSCT",
    "RR Lyrae, First Overtone": "RRC",
    "RR Lyrae, Fundamental Mode": "RRAB",
}

#: Eclipsing classes: the reference period is the orbital one.
ECLIPSING = ("CB", "EC", "ED", "ESD")

#: Pulsators without a reference. The period that fits such a star is that of the highest peak of the plain one-term
#: periodogram (nifty-ls) among the periods that its class has (days). Twice that is taken where the fold with twice the
#: period has a single peak all the same, and leaves three quarters of the scatter or less about three Fourier terms:
#: Miras of a year, whose season hides half a cycle.
CLASS_RANGE = {"RRAB": (0.3, 1.1), "RRC": (0.18, 0.55), "DSCT": (0.04, 0.35), "M": (60.0, 1000.0)}

#: Fourier terms, how high a second hump may be as a share of the fold's range, and the share of scatter.
FITTED_TERMS, SECOND_HUMP, LESS_SCATTER = 3, 0.2, 0.75

#: Classes of `eros2_ogle` whose periods are sound: those of binaries are often half the orbital one, of RRe an alias.
EROS2_CLASSES = ("1O", "F", "RRab", "RRc", "RRd")

EROS_TYPES = {1: "binary", 2: "Cepheid", 3: "RR Lyrae", 4: "Mira"}


@dataclass(frozen=True, eq=False)
class Known:
    """A star with what is known of it.

    Attributes
    ----------
    curve : its cleaned light curve.
    set_name, class_name : where it is from and what it is.
    period : reference in days; NaN where the set has none.
    """

    curve: LightCurve
    set_name: str
    class_name: str
    period: float


def right(period: float, reference: float, span: float) -> bool:
    """Within 1 %, or within a quarter of a cycle over the span where that is looser.

    A difference dP is ``span * dP / P^2`` cycles over the span: a quarter of that is ``dP / P = 0.25 * P / span``.
    """
    return abs(period / reference - 1.0) <= max(0.01, 0.25 * reference / span)


def subset(stars: list[int], number: int | None, seed: int = 0) -> list[int]:
    """A random choice of so many, in their order; all where None."""
    if number is None or number >= len(stars):
        return stars
    chosen = np.random.default_rng(seed).permutation(len(stars))[:number]
    return [stars[i] for i in sorted(chosen)]


def asas(number: int | None = None) -> Iterator[Known]:
    """ASAS-3 variables: eclipsing ones with a reference period, and pulsators without."""
    labels = pd.read_csv(REAL_DATA / "asas_acvs" / "labels.csv", dtype={"object_id": str}).set_index("object_id")
    table = pq.read_table(REAL_DATA / "asas_acvs" / "light_curves.parquet")
    names = table["object_id"].to_pylist()
    classes = [ASAS_CLASSES.get(labels.loc[name, "class"], "") for name in names]
    wanted = [
        i
        for i, (name, kind) in enumerate(zip(names, classes, strict=True))
        if kind in CLASS_RANGE or (kind in ECLIPSING and np.isfinite(labels.loc[name, "period"]))
    ]
    for i in subset(wanted, number):
        row = table.slice(i, 1).to_pylist()[0]
        curve = clean(LightCurve.of(names[i], row["time"], row["mag"], row["mag_err"], row["band"]))
        yield Known(curve, "asas", classes[i], float(labels.loc[names[i], "period"]))


def s82(number: int | None = None, keep: float = 1.0, epochs: int | None = None, seed: int = 1) -> Iterator[Known]:
    """Stripe 82 RR Lyrae in ugriz.

    Parameters
    ----------
    number : of stars, at random; None for all.
    keep : the share of each star's observations that is kept, at random.
    epochs : so many observations of each star are kept, at random, whatever their bands; None for all.
    seed : of what is kept.
    """
    labels = pd.read_csv(REAL_DATA / "s82_rrlyrae" / "labels.csv", dtype={"object_id": str})
    for i in subset(list(range(len(labels))), number):
        name = labels["object_id"][i]
        rows = pd.read_csv(REAL_DATA / "s82_rrlyrae" / "light_curves" / f"{name}.csv")
        if keep < 1.0:
            rows = rows.sample(frac=keep, random_state=seed + i).sort_index()
        if epochs is not None:
            rows = rows.sample(n=min(epochs, len(rows)), random_state=seed + i).sort_index()
        curve = LightCurve.of(name, rows["time"], rows["mag"], rows["magerr"], list(rows["band"]))
        yield Known(clean(curve), "s82", "RR" + labels["class"][i], float(labels["period"][i]))


def eros(number: int | None = None) -> Iterator[Known]:
    """EROS variables of quality 2 or 3, two bands."""
    objects = pd.read_csv(REAL_DATA / "eros" / "objects.csv", index_col=0)
    curves = pd.read_csv(REAL_DATA / "eros" / "light_curves.csv.gz", index_col=0)
    wanted = [i for i, name in enumerate(curves.index) if objects.loc[name, "quality"] >= 2]
    for i in subset(wanted, number):
        name, row = curves.index[i], curves.iloc[i]
        columns: dict[str, list[FloatArray]] = {"time": [], "light": [], "error": []}
        bands: list[str] = []
        for band in ("b", "r"):
            for kind, parts in columns.items():
                parts.append(np.array(json.loads(row[f"{kind}_points_{band}"].replace("nan", "NaN")), dtype=np.float64))
            bands += [band] * len(columns["time"][-1])
        time, light, error = (np.concatenate(parts) for parts in columns.values())
        truth = objects.loc[name]
        yield Known(
            clean(LightCurve.of(str(name), time, light, error, bands)),
            "eros",
            EROS_TYPES[int(truth["type"])],
            float(truth["period"] / truth["div_period"]),
        )


def nested(name: str, classes: tuple[str, ...] = (), number: int | None = None) -> Iterator[Known]:
    """Stars of a set that is one nested table beside labels with periods: `catalina_south`, `eros2_ogle`.

    Parameters
    ----------
    classes : those whose periods are used; none for all.
    """
    labels = pd.read_csv(REAL_DATA / name / "labels.csv", dtype={"object_id": str}).set_index("object_id")
    table = pq.read_table(REAL_DATA / name / "light_curves.parquet")
    known = labels.loc[table["object_id"].to_pylist()]
    sound = np.isfinite(known["period"]) & (known["class"].isin(classes) if classes else True)
    for i in subset(np.flatnonzero(sound).tolist(), number):
        row, star = table.slice(i, 1).to_pylist()[0], known.iloc[i]
        curve = clean(LightCurve.of(row["object_id"], row["time"], row["mag"], row["mag_err"], row["band"]))
        yield Known(curve, name, star["class"].replace("/", "-"), float(star["period"]))


def catalina(number: int | None = None) -> Iterator[Known]:
    """Catalina South variables with the published periods (Drake et al. 2017)."""
    return nested("catalina_south", (), number)


def eros2(number: int | None = None) -> Iterator[Known]:
    """EROS-2 stars of the Large Magellanic Cloud, two bands, of the classes with sound periods."""
    return nested("eros2_ogle", EROS2_CLASSES, number)


def with_fitted_period(star: Known) -> Known:
    """The star with the period that fits it, for a pulsator without a reference (see `CLASS_RANGE`)."""
    if np.isfinite(star.period) or star.class_name not in CLASS_RANGE:
        return star
    import nifty_ls

    good = star.curve.good
    span = float(np.ptp(good.time)) if len(good) else 0.0
    shortest, longest = CLASS_RANGE[star.class_name]
    step = 0.1 / span if span > 0 else np.inf
    size = int((1 / shortest - 1 / longest) / step) + 1 if span > shortest else 0
    if len(good) < 10 or size < 3:
        return star
    error = np.hypot(good.error, 0.02) if np.isfinite(good.error).all() else np.ones(len(good))
    time = good.time - good.time[0]
    frequency = 1 / longest + step * np.arange(size)
    power = nifty_ls.lombscargle(
        time, good.value, error, fmin=1 / longest, fmax=frequency[-1], Nf=size, backend="finufft", nthreads=1
    ).power
    best = float(frequency[int(np.argmax(power))])
    scatter, _ = _three_terms(time, good.value / error, 1.0 / error, best)
    if 0.5 * best >= 1 / longest:
        less, single = _three_terms(time, good.value / error, 1.0 / error, 0.5 * best)
        if single and less < LESS_SCATTER * scatter:
            best *= 0.5
    return replace(star, period=1.0 / best)


def _three_terms(time: FloatArray, value: FloatArray, root: FloatArray, frequency: float) -> tuple[float, bool]:
    """Sum of squares about the Fourier model, and whether the model has a single peak."""
    order = np.arange(1, FITTED_TERMS + 1)
    angle = 2 * np.pi * (frequency * time[:, None] % 1.0) * order
    basis = np.concatenate([np.ones((len(time), 1)), np.cos(angle), np.sin(angle)], axis=1) * root[:, None]
    solved, _, _, _ = np.linalg.lstsq(basis, value, rcond=1e-6)
    phase = 2 * np.pi * np.arange(64)[:, None] / 64 * order
    curve = np.concatenate([np.cos(phase), np.sin(phase)], axis=1) @ solved[1:]
    curve = np.roll(curve, -int(np.argmax(curve)))
    # a hump rises from the lowest point so far by more than it may (from either side of the peak)
    lowest = int(np.argmin(curve))
    sides = (curve[: lowest + 1], np.append(curve[lowest:], curve[0])[::-1])
    hump = max(float(np.max(side - np.minimum.accumulate(side))) for side in sides)
    single = hump < SECOND_HUMP * float(np.ptp(curve))
    return float(np.sum((value - basis @ solved) ** 2)), single

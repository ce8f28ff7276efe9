"""Log-likelihoods against statsmodels, a dense Gaussian process and celerite2; and how long each takes."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from swope.models.statespace import (
    DampedWalk,
    Level,
    Model,
    Noise,
    Oscillator,
    Regressors,
    Seasonal,
    Series,
    Steps,
    Term,
    Trend,
    fit,
    start,
    update,
)
from swope.models.statespace.fit import Fit
from swope.models.statespace.kernels.likelihood import loglike
from swope.models.statespace.problem import Problem


def dense(model: Model, series: Series) -> float:
    """Diffuse log-likelihood from the full covariance matrix."""
    t = series.time - series.time[0]
    lag = np.abs(t[:, None] - t[None, :])
    least, most = np.minimum(t[:, None], t[None, :]), np.maximum(t[:, None], t[None, :])
    covariance = np.diag(series.error**2)
    columns = []
    for term in model.terms:
        columns.append(term.columns(series))
        if isinstance(term, DampedWalk):
            seen = np.asarray(term.amplitude or np.ones(series.bands))[series.band]
            covariance = covariance + term.sigma**2 * np.exp(-lag / term.tau) * np.outer(seen, seen)
        elif isinstance(term, Seasonal):
            turns = 2 * np.pi * (t[:, None] - t[None, :]) / term.period
            waves = sum(np.cos(j * turns) for j in range(1, term.harmonics + 1))
            covariance = covariance + term.sigma**2 * least * waves
        elif isinstance(term, Oscillator):
            covariance = covariance + term.sigma**2 * oscillation(lag, 2 * np.pi / term.period, term.quality)
        elif isinstance(term, Level):
            covariance = covariance + term.sigma**2 * least
        elif isinstance(term, Trend):
            covariance = covariance + term.sigma**2 * least
            covariance = covariance + term.slope_sigma**2 * (least**3 / 3 + (most - least) * least**2 / 2)
    x = np.hstack(columns)
    factor = np.linalg.cholesky(covariance)
    y, x = np.linalg.solve(factor, series.value), np.linalg.solve(factor, x)
    total = len(t) * np.log(2 * np.pi) + 2 * np.log(np.diag(factor)).sum()
    if x.shape[1]:
        q, r = np.linalg.qr(x)
        total += 2 * np.log(np.abs(np.diag(r))).sum()
        y = y - q @ (q.T @ y)
    return float(-0.5 * (total + y @ y))


def oscillation(lag: np.ndarray, omega: float, quality: float) -> np.ndarray:
    """Correlation of the damped, driven oscillator (Foreman-Mackey+2017, eq. 23)."""
    decay = np.exp(-omega * lag / (2 * quality))
    if abs(quality - 0.5) < 1e-9:
        return decay * (1 + omega * lag)
    eta = np.sqrt(abs(1 - 1 / (4 * quality**2)))
    inside = eta * omega * lag
    if quality > 0.5:
        return decay * (np.cos(inside) + np.sin(inside) / (2 * eta * quality))
    slow, fast = np.exp(inside - omega * lag / (2 * quality)), np.exp(-inside - omega * lag / (2 * quality))
    return 0.5 * (slow + fast + (slow - fast) / (2 * eta * quality))


def relative(a: float, b: float) -> float:
    """Difference of two log-likelihoods over their size."""
    return abs(a - b) / max(abs(b), 1.0)


def against_statsmodels() -> dict[str, float]:
    """Relative differences on an even grid; the diffuse likelihood of both is exact."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    rng = np.random.default_rng(7)
    n = 300
    y = np.cumsum(0.3 * rng.normal(size=n)) + np.sin(2 * np.pi * np.arange(n) / 11.3) + 0.5 * rng.normal(size=n)
    series = Series.of(np.arange(n, dtype=float), y, np.full(n, 0.5))
    level2, slope2, season2 = 0.09, 0.0004, 0.0025
    walk = Trend(np.sqrt(level2 + slope2 / 6), np.sqrt(slope2))
    waves = Seasonal(11.3, 2, np.sqrt(season2))
    strict = Seasonal(11.3, 2)
    season = [{"period": 11.3, "harmonics": 2}]
    cases: list[tuple[str, tuple[Term, ...], dict[str, object], list[float]]] = [
        ("level", (Level(0.3),), {"level": "llevel"}, [0.25, level2]),
        ("trend", (walk,), {"level": "lltrend"}, [0.25, level2, slope2]),
        ("fixed trend", (Trend(0.3),), {"level": "lldtrend"}, [0.25, level2]),
        ("seasonal", (Level(), waves), {"level": "dconstant", "freq_seasonal": season}, [0.25, season2]),
        (
            "level + seasonal",
            (Level(0.3), waves),
            {"level": "llevel", "freq_seasonal": season},
            [0.25, level2, season2],
        ),
        (
            "trend + seasonal",
            (walk, waves),
            {"level": "lltrend", "freq_seasonal": season},
            [0.25, level2, slope2, season2],
        ),
        (
            "trend + strict seasonal",
            (walk, strict),
            {"level": "lltrend", "freq_seasonal": season, "stochastic_freq_seasonal": [False]},
            [0.25, level2, slope2],
        ),
    ]
    out = {}
    for name, terms, settings, parameters in cases:
        theirs = UnobservedComponents(y, **settings, use_exact_diffuse=True).loglike(parameters)
        out[name] = relative(Model(terms).loglike(series), float(theirs))
    return out


def uneven(n: int = 400) -> Series:
    """Noise at uneven times, some repeated."""
    rng = np.random.default_rng(8)
    t = np.sort(rng.uniform(0, 500, n))
    t[10] = t[11]
    return Series.of(t, rng.normal(size=n), rng.uniform(0.1, 0.4, n))


def against_dense() -> dict[str, float]:
    """Relative differences on uneven times."""
    series = uneven()
    walk, slow = DampedWalk(1.0, 20.0), DampedWalk(0.5, 300.0)
    cases = {
        "damped walk": (walk,),
        "oscillator Q=4": (Oscillator(0.8, 9.0, 4.0),),
        "oscillator Q=0.5": (Oscillator(0.8, 9.0, 0.5),),
        "oscillator Q=0.2": (Oscillator(0.8, 9.0, 0.2),),
        "walk + walk + oscillator": (walk, slow, Oscillator(0.8, 9.0, 4.0)),
        "level + walk": (Level(0.1), walk),
        "trend + seasonal + walk": (Trend(0.1, 0.001), Seasonal(7.7, 3), walk),
        "two seasonals, one wandering, + walk": (Level(), Seasonal(7.7, 2, 0.05), Seasonal(61.0, 1), walk),
    }
    out = {name: relative(Model(terms).loglike(series), dense(Model(terms), series)) for name, terms in cases.items()}
    rng = np.random.default_rng(18)
    n = len(series)
    rich = Series.of(series.time, series.value, series.error, rng.integers(0, 3, n), rng.normal(size=(n, 2)))
    everything = Trend(0.1) + Seasonal(7.7, 2) + DampedWalk(1.0, 20.0, (1.0, 0.6, 1.3)) + Regressors() + Steps((250.0,))
    out["three bands, regressors, step, seasonal, walk"] = relative(everything.loglike(rich), dense(everything, rich))
    return out


def against_celerite() -> dict[str, float]:
    """Relative differences on uneven times without repeats."""
    from celerite2 import GaussianProcess

    series = uneven()
    keep = np.append(True, np.diff(series.time) > 0)
    series = Series.of(series.time[keep], series.value[keep], series.error[keep])
    out = {}
    for name, model, theirs in celerite_pairs():
        process = GaussianProcess(theirs, mean=0.0)
        process.compute(series.time, yerr=series.error)
        out[name] = relative(model.loglike(series), process.log_likelihood(series.value))
    return out


def celerite_pairs() -> list[tuple[str, Model, object]]:
    """The same kernels, ours and celerite2's."""
    from celerite2 import terms

    def wave(period: float, quality: float) -> object:
        return terms.SHOTerm(sigma=0.8, rho=period, Q=quality)

    walk, theirs = DampedWalk(1.0, 20.0), terms.RealTerm(a=1.0, c=1 / 20.0)
    return [
        ("damped walk", Model((walk,)), theirs),
        ("oscillator", Model((Oscillator(0.8, 9.0, 4.0),)), wave(9.0, 4.0)),
        (
            "walk + 2 oscillators",
            walk + Oscillator(0.8, 9.0, 4.0) + Oscillator(0.8, 40.0, 2.0),
            theirs + wave(9.0, 4.0) + wave(40.0, 2.0),
        ),
    ]


def seconds(work: Callable[[], object], repeats: int, calls: int = 1) -> float:
    """Least processor time of a call: others may be using the machine."""
    work()
    best = np.inf
    for _ in range(repeats):
        begin = time.thread_time()
        for _ in range(calls):
            work()
        best = min(best, (time.thread_time() - begin) / calls)
    return float(best)


def likelihood_costs(n: int = 1000) -> dict[str, tuple[float, float]]:
    """Seconds a likelihood: ours, celerite2's, for the same kernel and rows."""
    from celerite2 import GaussianProcess

    rng = np.random.default_rng(9)
    t = np.sort(rng.uniform(0, 1000, n))
    series = Series.of(t, rng.normal(size=n), np.full(n, 0.2))
    out = {}
    for name, model, theirs in celerite_pairs():
        process = GaussianProcess(theirs, mean=0.0)
        problem = model.layout(series).problem
        nothing = np.empty(0)

        def own(problem: Problem = problem, nothing: np.ndarray = nothing) -> float:
            return loglike(nothing, problem)

        def other(process: object = process) -> float:
            process.compute(t, yerr=series.error)
            return process.log_likelihood(series.value)

        out[name] = (seconds(own, 200, 5), seconds(other, 200, 5))
    return out


def scaling(sizes: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)) -> dict[int, float]:
    """Nanoseconds a row of a likelihood (level + seasonal + walk), by number of rows."""
    rng = np.random.default_rng(10)
    out = {}
    for n in sizes:
        t = np.sort(rng.uniform(0, n, n))
        series = Series.of(t, rng.normal(size=n), np.full(n, 0.2))
        problem = (Level() + Seasonal(17.3, 2) + DampedWalk(1.0, 20.0)).layout(series).problem
        out[n] = seconds(lambda problem=problem: loglike(np.empty(0), problem), max(3, 100_000 // n)) / n * 1e9
    return out


def update_costs(histories: tuple[int, ...] = (100, 100_000)) -> dict[int, float]:
    """Seconds to learn one new row (level + seasonal + walk), by the number of rows known before."""
    rng = np.random.default_rng(12)
    model = Level() + Seasonal(17.3, 2) + DampedWalk(1.0, 20.0)
    out = {}
    for n in histories:
        t = np.sort(rng.uniform(0, n, n))
        series = Series.of(t, rng.normal(size=n), np.full(n, 0.2))
        record, _, _ = update(start(model, series, np.full(5, 10.0)), series)
        row = Series.of(t[-1:] + 1.0, np.zeros(1), np.full(1, 0.2))
        out[n] = seconds(lambda record=record, row=row: update(record, row), 50, 20)
    return out


def fit_costs(n: int = 1000) -> dict[str, float]:
    """Seconds to fit a wandering trend and a seasonal of two harmonics: ours and statsmodels', and both maxima."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    rng = np.random.default_rng(11)
    t = np.arange(n, dtype=float)
    y = np.cumsum(0.2 * rng.normal(size=n)) + np.sin(2 * np.pi * t / 23.7) + 0.5 * rng.normal(size=n)
    series = Series.of(t, y)
    model = Trend(None, None) + Seasonal(23.7, 2) + Noise(1e-6, None)
    structural = UnobservedComponents(
        y,
        level="lltrend",
        freq_seasonal=[{"period": 23.7, "harmonics": 2}],
        stochastic_freq_seasonal=[False],
        use_exact_diffuse=True,
    )

    def own() -> Fit:
        return fit(model, series, restricted=True)

    def other() -> object:
        return structural.fit(disp=False, cov_type="none", maxiter=200)

    return {
        "own": seconds(own, 5),
        "statsmodels": seconds(other, 1),
        "own_loglike": own().loglike,
        "statsmodels_loglike": float(other().llf),
    }

"""What the forecaster learns from ordinary stars that it was not trained on: honest widths, and honest scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.forecaster.mixture import Mixture
from swope.models.forecaster.own_scale import SHARES
from swope.models.forecaster.steps import Steps
from swope.pipeline.cadence import CADENCES, Cadence, cadence
from swope.pipeline.event_tail import OWN_STARS, OrdinaryTail, Part
from swope.pipeline.events import PointNull, best_runs
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import FloatArray

#: Numbers of successive innovations that are summed in search of the strongest run.
_RUNS = (1, 2, 4, 8, 16)

#: Levels of the probability integral transform at which its distribution is kept.
_LEVELS = np.concatenate([[1e-4, 3e-4, 1e-3, 3e-3], np.linspace(0.01, 0.99, 99), [0.997, 0.999, 0.9997, 0.9999]])

#: How far ahead (in mean steps between a star's rows) the widths are learnt, and the rows that one needs.
_REACHES = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
_LEAST_ROWS = 400

#: Innovations are not believed beyond this many sigma.
_MOST = 8.0

#: Which parts of a star's false alarms single points, points in succession, and longer runs may make: little, for what
#: lasts is told more surely by those who see the whole curve.
_PARTS = (0.03, 0.03, 0.04)

#: What points in succession and longer runs are held against where nothing is known, for each way of observing.
_IDEAL = np.broadcast_to(np.array(OrdinaryTail().numbers), (len(CADENCES), 2, 3))


@dataclass(frozen=True, eq=False)
class Calibration:
    """How wide the mixtures should have been, and what ordinary stars score.

    Attributes
    ----------
    widening : (len(_REACHES),) factor on the sigma of a row so far ahead: the mean of those that would bring 50, 68.3,
        90 and 95 per cent of the calibration's rows into as large a central interval.
    pit : (len(_LEVELS),) values of the widened mixtures' probability integral transform at the levels of `_LEVELS`.
    trend : (2, 4) for the mean and the run statistic: intercept and slope, against log10 of the number of rows, of the
        statistic, then of the logarithm of its scatter.
    null : scores of the calibration's stars.
    points : how strange the strangest single points of these stars are.
    runs : (cadences, 2, 3) share, start and index of the tails of ordinary stars' strangest two points in succession,
        and of their strangest longer runs, for each way of observing (`swope.pipeline.event_tail.OrdinaryTail`).
    """

    widening: FloatArray
    pit: FloatArray
    trend: FloatArray
    null: FloatArray
    points: PointNull = field(default_factory=PointNull)
    runs: FloatArray = field(default_factory=_IDEAL.copy)

    def settings(self) -> dict[str, Any]:
        """The scalars, for the model's settings."""
        return {"widening": self.widening.tolist(), "points": asdict(self.points)}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays, for the model's arrays."""
        named = {"pit": self.pit, "trend": self.trend, "null": self.null, "runs": self.runs}
        return {f"calibration/{name}": array for name, array in named.items()}

    @classmethod
    def of(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Calibration:
        """The calibration that `settings` and `arrays` describe."""
        pit, trend, null = (arrays[f"calibration/{name}"] for name in ("pit", "trend", "null"))
        widening = np.broadcast_to(np.array(settings["widening"], dtype=float), _REACHES.shape)
        # forecasters of earlier versions took runs at their word
        runs = arrays.get("calibration/runs", _IDEAL)
        return cls(widening, pit, trend, null, PointNull(**settings["points"]), runs)

    def events(self, forecast: Forecast) -> tuple[Part, Part, Part]:
        """What single points, two in succession, and longer runs are held against in a star observed as this one is."""
        pair, longer = self.runs[CADENCES.index(cadence(forecast.time, forecast.band))].tolist()
        of_points, of_pairs, of_longer = _PARTS
        return (
            Part(self.points, of_points),
            Part(OrdinaryTail(*pair), of_pairs),
            Part(OrdinaryTail(*longer), of_longer),
        )

    def widen(self, mixture: Mixture, steps: Steps) -> Mixture:
        """The mixtures of a star's rows with their widths corrected about their means, for how far ahead they are."""
        return mixture.widened(np.interp(_log(steps.reach), np.log2(_REACHES), self.widening))

    def innovations(self, mixture: Mixture, steps: Steps) -> FloatArray:
        """Innovations of the rows forecast one step ahead: on ordinary stars, standard normal deviates.

        Parameters
        ----------
        mixture : widened, of the star's rows.
        """
        from scipy.special import ndtri

        pit = mixture.where(steps.next).cdf(steps.target[steps.next])
        level = np.interp(pit, np.concatenate([[0.0], self.pit, [1.0]]), np.concatenate([[0.0], _LEVELS, [1.0]]))
        deviates: FloatArray = np.clip(ndtri(np.clip(level, 1e-16, 1 - 1e-16)), -_MOST, _MOST)
        return deviates

    def score(self, innovations: FloatArray) -> float:
        """Score of a star from its innovations."""
        return _combined(_statistics(innovations), len(innovations), self.trend)


def strangest_runs(forecasts: Iterable[Forecast]) -> list[tuple[Cadence, FloatArray]]:
    """How each star is observed, and the decades (2,) of its strangest pair and of its strangest longer run."""
    return [(cadence(one.time, one.band), np.array(best_runs(one)[1:])) for one in forecasts]


def tails_of_runs(stars: Sequence[tuple[Cadence, FloatArray]], weight: FloatArray) -> FloatArray:
    """(cadences, 2, 3) the tails of the strangest runs (`strangest_runs`) of ordinary stars of these weights (n,).

    A cadence with fewer stars than `OWN_STARS` is held against all of them; but in orbit there is no weather.
    """
    learned = _IDEAL.copy()
    decades = np.array([runs for _, runs in stars]).reshape(-1, 2)
    for i, way in enumerate(CADENCES):
        own = np.array([one == way for one, _ in stars], dtype=bool)
        known = own.sum() >= OWN_STARS
        if way == "unbroken" and not known:
            continue
        rows = own if known else np.ones(len(stars), dtype=bool)
        learned[i] = [OrdinaryTail.of(column[rows], weight[rows]).numbers for column in decades.T]
    return learned


def calibrate(mixtures: Sequence[Mixture], stars: Sequence[Steps]) -> Calibration:
    """Learn the calibration from stars that the network was not trained on.

    Parameters
    ----------
    mixtures : of each star's rows, as the network gave them.
    stars : their steps.
    """
    ratio = np.concatenate([_ratio(m, s) for m, s in zip(mixtures, stars, strict=True)], axis=1)
    reach = np.concatenate([steps.reach[steps.ready] for steps in stars])
    widening = _widening(ratio, _log(reach))
    plain = Calibration(widening, _LEVELS, np.zeros((2, 4)), np.zeros(0))
    widened = [plain.widen(mixture, steps) for mixture, steps in zip(mixtures, stars, strict=True)]
    pit = np.concatenate([m.where(s.next).cdf(s.target[s.next]) for m, s in zip(widened, stars, strict=True)])
    # strictly rising, so that it can be read backwards
    levels = np.maximum.accumulate(np.quantile(pit, _LEVELS)) + 1e-9 * np.arange(len(_LEVELS))
    half = Calibration(widening, levels, np.zeros((2, 4)), np.zeros(0))
    innovations = [half.innovations(m, s) for m, s in zip(widened, stars, strict=True)]
    long_enough = [z for z in innovations if len(z) >= 10]
    counts = np.array([len(z) for z in long_enough])
    statistics = np.array([_statistics(z) for z in long_enough])
    trend = np.array([_trend(np.log10(counts), column) for column in statistics.T])
    null = np.array([_combined(s, n, trend) for s, n in zip(statistics, counts, strict=True)])
    return Calibration(widening, levels, trend, np.sort(null))


def _log(reach: FloatArray) -> FloatArray:
    """Base-two logarithm, within the table."""
    out: FloatArray = np.log2(np.clip(reach, _REACHES[0], _REACHES[-1]))
    return out


def _widening(ratio: FloatArray, log_reach: FloatArray) -> FloatArray:
    """(len(_REACHES),) the factor of each reach, from the rows nearest to it; from all rows where these are few."""
    nearest = np.rint(log_reach)
    factors = []
    for at in np.log2(_REACHES):
        ours = nearest == at
        rows = ratio[:, ours] if ours.sum() >= _LEAST_ROWS else ratio
        factors.append(np.mean([np.quantile(one, share) for one, share in zip(rows, SHARES, strict=True)]))
    return np.array(factors)


def _ratio(mixture: Mixture, steps: Steps) -> FloatArray:
    """(len(SHARES), m) distance of each forecast row from the mean, in half-widths of each central interval."""
    rows = mixture.where(steps.ready)
    miss = np.abs(steps.target[steps.ready] - rows.centre())
    return np.array([miss / rows.half_width(share) for share in SHARES])


def _statistics(innovations: FloatArray) -> tuple[float, float]:
    """Mean misfit (minus the log of a Student-t density with three degrees of freedom), log of the strongest run."""
    misfit = float(np.mean(np.log1p(innovations**2 / 3.0)))
    sums = np.concatenate([[0.0], np.cumsum(innovations)])
    runs = [np.abs(sums[k:] - sums[:-k]).max() / np.sqrt(k) for k in _RUNS if k <= len(innovations)]
    return misfit, float(np.log(max(runs) + 0.1))


def _trend(log_count: FloatArray, statistic: FloatArray) -> FloatArray:
    """Straight lines through a statistic and through the log of its scatter, against log10 of the number of rows."""
    if len(log_count) < 8 or np.ptp(log_count) < 0.1:
        return np.array([np.median(statistic), 0.0, np.log(np.std(statistic) + 1e-6), 0.0])
    slope, intercept = np.polyfit(log_count, statistic, 1)
    scatter = np.log(np.abs(statistic - intercept - slope * log_count) + 1e-3)
    scatter_slope, scatter_intercept = np.polyfit(log_count, scatter, 1)
    return np.array([intercept, slope, scatter_intercept, scatter_slope])


def _combined(statistics: Sequence[float] | FloatArray, count: int, trend: FloatArray) -> float:
    log_count = np.log10(count)
    standard = (np.asarray(statistics) - trend[:, 0] - trend[:, 1] * log_count) / np.exp(
        trend[:, 2] + trend[:, 3] * log_count
    )
    return float(standard.max())

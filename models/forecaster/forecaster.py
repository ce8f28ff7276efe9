"""The LSTM forecaster: trained over stars, it forecasts each row of a star from the rows before it, and later ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, cast, get_args

import numpy as np

from swope.models import weights as stored
from swope.models.detector import Assessment, Batch, Learning, Teaching
from swope.models.forecaster import lstm, network
from swope.models.forecaster.batches import outputs_of
from swope.models.forecaster.calibration import Calibration, calibrate, strangest_runs, tails_of_runs
from swope.models.forecaster.mixture import Mixture
from swope.models.forecaster.own_scale import own_widths
from swope.models.forecaster.prediction import Prediction
from swope.models.forecaster.sequence import Questions, ahead_of, drawn_ahead
from swope.models.forecaster.steps import WARM_UP, Steps, steps_of
from swope.models.forecaster.variations import varied
from swope.models.keras_backend import on_accelerator
from swope.models.scores import Scores, empirical_pvalue
from swope.models.trained_network import KeptNetwork
from swope.models.weights import PRETRAINED, Weights
from swope.pipeline.column import DetectorColumns
from swope.pipeline.events import Event, EventOptions, PointNull, find_events, significant
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.reason import Reason
from swope.pipeline.split import share
from swope.pipeline.star import Star

#: How many rows ahead `ahead` forecasts, and from every how manyth row.
HORIZONS, EVERY = (2, 4, 8, 16, 32), 24

#: Forecast rows that a star needs to be scored.
LEAST_FORECASTS = 10


@dataclass(frozen=True)
class ForecasterOptions:
    """How to train.

    Attributes
    ----------
    cell : the recurrent cell: "lstm", "gru" or "rnn".
    units : its width.
    dropout : share of inputs left out in training.
    window : steps of a training window.
    batch : windows of a training batch.
    epochs : at most so many passes over the stars (early stopping may end it before).
    patience : passes without gain on the stars kept for calibration before training ends.
    learning_rate, weight_decay : of AdamW; the rate falls along a cosine.
    ahead : share of a star's rows from which a later one is forecast too, in training and calibration.
    furthest : how many rows later at most.
    varied : share of the stars that are learnt from a second time, thinned, with gaps, or with noise added.
    calibration_share : share of the stars that calibrate and end the training, and are not learnt from.
    seed : of everything that is drawn.
    """

    cell: network.Cell = "lstm"
    units: int = 48
    dropout: float = 0.05
    window: int = 128
    batch: int = 64
    epochs: int = 20
    patience: int = 4
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    ahead: float = 0.12
    furthest: int = 64
    varied: float = 0.3
    calibration_share: float = 0.15
    seed: int = 1


class Forecaster:
    """Forecasts by a recurrent network over simple causal forecasters, one step ahead and further, with honest sigma.

    Make one with `fit`, `load` or `pretrained`.
    """

    columns: ClassVar[DetectorColumns] = DetectorColumns("forecaster", "the neural forecaster", forecasts=True)

    learning: ClassVar[Learning] = Learning(start="shipped", settings=frozenset({"cell"}))

    def __init__(
        self, options: ForecasterOptions, model: KeptNetwork, calibration: Calibration, card: str = ""
    ) -> None:
        self.options = options
        self.calibration = calibration
        self.card = card
        self._model = model

    @classmethod
    def pretrained(cls) -> Forecaster:
        """The forecaster that comes with Swope."""
        return cls.load(PRETRAINED / "forecaster")

    @classmethod
    def load(cls, folder: Path) -> Forecaster:
        """Read a forecaster's folder.

        Raises
        ------
        ValueError
            When the folder holds no whole forecaster.
        """
        kept = stored.load(folder, "forecaster")
        options = ForecasterOptions(**kept.settings["options"])
        model = KeptNetwork(partial(network.build, options.units, options.cell, options.dropout), kept.network())
        if not _fits(model, options):
            raise ValueError(
                f"the forecaster in {folder} was made for other inputs than this version's; train it again, or install "
                "the version that made it"
            )
        return cls(options, model, Calibration.of(kept.settings["calibration"], kept.arrays), kept.card)

    def save(self, folder: Path) -> None:
        """Write the forecaster's folder: arrays, settings, card."""
        stored.save(self._weights(), folder)

    @property
    def network(self) -> Any:
        """The Keras model."""
        return self._model.keras

    @property
    def trained(self) -> KeptNetwork:
        """Its weights."""
        return self._model

    @property
    def model_id(self) -> str:
        """Name of exactly these weights and this calibration."""
        return self._weights().model_id

    def _weights(self) -> Weights:
        settings = {"options": asdict(self.options), "calibration": self.calibration.settings()}
        arrays = stored.network_arrays(self._model.get_weights()) | self.calibration.arrays()
        return Weights("forecaster", settings, arrays, self.card)

    @classmethod
    def taught(cls, stars: Sequence[Star], teaching: Teaching) -> Forecaster:
        """Train on stars; as `fit`."""
        options = ForecasterOptions(
            cell=_cell(teaching.cell), seed=teaching.seed, epochs=teaching.epochs or ForecasterOptions.epochs
        )
        return cls.fit(stars, options, teaching.progress, teaching.start)

    @classmethod
    def fit(
        cls,
        stars: Sequence[Star],
        options: ForecasterOptions | None = None,
        progress: Callable[[str], None] | None = None,
        start: Forecaster | None = None,
    ) -> Forecaster:
        """Train on stars; most of them should be ordinary, since they also say what an ordinary score is.

        Parameters
        ----------
        stars : at least twenty that have more than a few rows; the caller keeps apart those to judge on.
        options : how; the cell and its width are those of `start` where that is given.
        progress : is told a line a pass.
        start : the forecaster to fine-tune; None trains from nothing.

        Raises
        ------
        ValueError
            When too few stars can be learnt from.
        """
        options = options or ForecasterOptions()
        if start is not None:
            options = replace(options, cell=start.options.cell, units=start.options.units)
        found = [(star, steps) for star in stars if (steps := _asked(star, options)) is not None]
        kept = [share(star.curve.object_id, "forecaster") < options.calibration_share for star, _ in found]
        learn = [steps for (_, steps), apart in zip(found, kept, strict=True) if not apart]
        judge = [pair for pair, apart in zip(found, kept, strict=True) if apart]
        if len(learn) < 16 or len(judge) < 2:
            raise ValueError(
                f"a forecaster needs some twenty stars with more than {WARM_UP} rows to learn from; "
                f"of the {len(stars)} given {len(found)} have them, {len(judge)} of these kept for calibration"
            )
        again = [star for (star, _), apart in zip(found, kept, strict=True) if not apart and _again(star, options)]
        more = (_asked(varied(star, _rng(star, options, 1)), options) for star in again)
        learn += [steps for steps in more if steps is not None]
        from swope.models.forecaster.training import train

        first = start._model.get_weights() if start is not None else None
        learnt = train(options, learn, [steps for _, steps in judge], first, progress or (lambda _: None))
        model = KeptNetwork(partial(network.build, options.units, options.cell, options.dropout), learnt.get_weights())
        return cls(options, model, _calibrated(model, options, judge))

    def calibrated(self, stars: Sequence[Star]) -> Forecaster:
        """The same network, its calibration learnt anew from stars that it was not trained on.

        Raises
        ------
        ValueError
            When fewer than two stars can be forecast.
        """
        found = [(star, steps) for star in stars if (steps := _asked(star, self.options)) is not None]
        if len(found) < 2:
            raise ValueError(f"of the {len(stars)} stars given {len(found)} can be forecast; a calibration needs two")
        return Forecaster(self.options, self._model, _calibrated(self._model, self.options, found), self.card)

    def predictive(
        self, stars: Sequence[Star], questions: Sequence[Questions | None] | None = None
    ) -> list[tuple[Steps, Mixture] | None]:
        """The whole predictive distribution of each row, in the steps' units; None for a star too short.

        The mixtures have the widths that the calibration and the star's own earlier rows say.

        Parameters
        ----------
        questions : for each star, what is to be forecast ahead of time beside its rows.
        """
        found = self._widened(stars, questions)
        return [None if one is None else (one[0], own_widths(one[1], one[0])) for one in found]

    def _widened(
        self, stars: Sequence[Star], questions: Sequence[Questions | None] | None = None
    ) -> list[tuple[Steps, Mixture] | None]:
        """As `predictive`, with the widths that the calibration alone says."""
        asked = questions if questions is not None else [None] * len(stars)
        steps = [steps_of(star, one) for star, one in zip(stars, asked, strict=True)]
        known = [i for i, one in enumerate(steps) if one is not None and one.ready.any()]
        result: list[tuple[Steps, Mixture] | None] = [None] * len(stars)
        found = [one for i in known if (one := steps[i]) is not None]
        for i, one, mixture in zip(known, found, _mixtures(self._model, self.options, found), strict=True):
            result[i] = (one, self.calibration.widen(mixture, one))
        return result

    def answer(self, stars: Sequence[Star], questions: Sequence[Questions]) -> list[Prediction | None]:
        """Forecast what is asked of each star, from the rows up to each question's origin; None for a star too short.

        The forecast of a row is the very one that it would have as the next row of a curve that ends at the origin.
        """
        found = self.predictive(stars, questions)
        return [
            None if one is None else Prediction.of(star, asked, *one)
            for star, asked, one in zip(stars, questions, found, strict=True)
        ]

    def ahead(
        self, stars: Sequence[Star], horizons: tuple[int, ...] = HORIZONS, every: int = EVERY
    ) -> list[Prediction | None]:
        """Forecast good rows that were observed from so many rows before, starting at every so manyth row."""
        curves = [star.curve.good for star in stars]
        return self.answer(stars, [Questions.of_rows(c, *ahead_of(len(c), horizons, every)) for c in curves])

    def predict(
        self, star: Star, time: FloatArray, band: str = "", error: FloatArray | float = np.nan
    ) -> Prediction | None:
        """Forecast observations that are still to come; None for a star with too few rows.

        Parameters
        ----------
        time : (q,) days, in the curve's time, not before its last good row.
        band : which; may be left out where the curve has but one.
        error : their one-sigma errors; NaN for such as the star's others.

        Raises
        ------
        ValueError
            When the star was never seen in the band, or a time is too early.
        """
        return self.answer([star], [later(star, time, band, error)])[0]

    def forecast(self, stars: Sequence[Star]) -> list[Forecast | None]:
        """Forecast every good row of each star from the rows before it.

        Returns
        -------
        One `Forecast` a star, of all its good rows, with NaN where there was too little history; its sigma is half the
        width of the central 68.3 per cent interval. None for a star with no row to forecast.
        """
        return [_forecast(star, answer) for star, answer in zip(stars, self._answered(stars), strict=True)]

    def score(self, stars: Sequence[Star]) -> Scores:
        """How far each star's rows were from what was forecast, against the stars of the calibration.

        The score is the larger of two, each with its dependence on the number of rows taken out: the mean of a robust
        function of the calibrated innovations, and the strongest run of them.
        """
        return self._scored(stars, self._answered(stars))

    def assess(self, batch: Batch) -> list[Assessment]:
        """Score, forecasts and runs of failed forecasts of each star, of one pass of the network."""
        answers = self._answered(batch.stars)
        scores = self._scored(batch.stars, answers)
        assessed = []
        for i, (star, answer) in enumerate(zip(batch.stars, answers, strict=True)):
            forecast = _forecast(star, answer)
            assessed.append(
                Assessment(
                    score=float(scores.score[i]),
                    pvalue=float(scores.pvalue[i]),
                    reason=scores.reason[i],
                    forecast=forecast,
                    events=() if forecast is None else self._events(forecast, batch.events),
                )
            )
        return assessed

    def _events(self, forecast: Forecast, options: EventOptions) -> tuple[Event, ...]:
        """Runs of failed forecasts that few ordinary stars have."""
        return tuple(significant(find_events(forecast, options, *self.calibration.events(forecast)), options.pvalue))

    @property
    def point_null(self) -> PointNull:
        """How strange the strangest single points of ordinary stars are."""
        return self.calibration.points

    def _scored(self, stars: Sequence[Star], answers: Sequence[_Answer]) -> Scores:
        score = np.full(len(stars), np.nan)
        reason: list[Reason | None] = [None] * len(stars)
        for i, (star, answer) in enumerate(zip(stars, answers, strict=True)):
            if len(answer.innovation) < LEAST_FORECASTS:
                reason[i] = Reason(
                    f"{len(answer.innovation)} of {len(star.curve.good)} good rows could be forecast; "
                    f"a score needs {LEAST_FORECASTS}"
                )
            else:
                score[i] = self.calibration.score(answer.innovation)
        return Scores(score, empirical_pvalue(score, self.calibration.null), tuple(reason))

    def _answered(self, stars: Sequence[Star]) -> list[_Answer]:
        return [_NOTHING if found is None else _answer(*found, self.calibration) for found in self._widened(stars)]


def _fits(model: KeptNetwork, options: ForecasterOptions) -> bool:
    """Whether a network's weights are those of this version's network; the usual one is known without Keras."""
    if options.cell == "lstm":
        return [one.shape for one in model.get_weights()] == lstm.shapes(options.units)
    try:
        return model.keras is not None
    except ValueError:
        return False


def _cell(name: str | None) -> network.Cell:
    """The recurrent cell of this name; the usual one for None.

    Raises
    ------
    ValueError
        When there is no such cell.
    """
    for cell in get_args(network.Cell):
        if name == cell:
            return cast(network.Cell, cell)
    if name is None:
        return ForecasterOptions.cell
    raise ValueError(f"no recurrent cell is called {name!r}; there are {', '.join(get_args(network.Cell))}")


def later(star: Star, time: FloatArray, band: str = "", error: FloatArray | float = np.nan) -> Questions:
    """The question of what will be observed after all the rows that a star has; as for `Forecaster.predict`."""
    curve = star.curve.good
    seen = sorted({curve.bands[b] for b in curve.band})
    if not band and len(seen) == 1:
        band = seen[0]
    if band not in seen:
        raise ValueError(f"{curve.object_id} was never seen in band {band!r}; name one of {', '.join(map(repr, seen))}")
    times = np.atleast_1d(np.asarray(time, dtype=float))
    if len(times) and not times.min() >= curve.time[-1]:
        raise ValueError(
            f"{curve.object_id}: a forecast for {times.min()} was asked, but rows are known up to {curve.time[-1]}"
        )
    q = len(times)
    errors = np.broadcast_to(np.asarray(error, dtype=float), (q,))
    return Questions(np.full(q, len(curve) - 1), times, np.full(q, curve.bands.index(band)), errors, np.full(q, np.nan))


def _rng(star: Star, options: ForecasterOptions, purpose: int) -> np.random.Generator:
    """A generator that belongs to the star, so that nothing depends on the stars' order."""
    return np.random.default_rng([options.seed, purpose, int(share(star.curve.object_id, "drawn") * 2**53)])


def _asked(star: Star, options: ForecasterOptions) -> Steps | None:
    """The steps of a star with questions drawn by chance; None where no row can be forecast."""
    curve = star.curve.good
    drawn = drawn_ahead(len(curve), options.ahead, options.furthest, _rng(star, options, 0))
    steps = steps_of(star, Questions.of_rows(curve, *drawn))
    return steps if steps is not None and steps.ready.any() else None


def _again(star: Star, options: ForecasterOptions) -> bool:
    return share(star.curve.object_id, "again") < options.varied


def _calibrated(model: KeptNetwork, options: ForecasterOptions, judge: Sequence[tuple[Star, Steps]]) -> Calibration:
    """The calibration of a network on stars that it did not learn from."""
    steps = [one for _, one in judge]
    mixtures = _mixtures(model, options, steps)
    return _with_points(calibrate(mixtures, steps), judge, mixtures)


def _with_points(
    calibration: Calibration, judge: Sequence[tuple[Star, Steps]], mixtures: Sequence[Mixture]
) -> Calibration:
    """The calibration, with the strangest points and runs of its stars as the nulls of events."""
    answers = [
        (star, _answer(steps, calibration.widen(mixture, steps), calibration))
        for (star, steps), mixture in zip(judge, mixtures, strict=True)
    ]
    long_enough = [(star, answer) for star, answer in answers if len(answer.innovation) >= LEAST_FORECASTS]
    forecasts = [forecast for one in long_enough if (forecast := _forecast(*one)) is not None]
    runs = strangest_runs(forecasts)
    return replace(calibration, points=PointNull.learn(forecasts), runs=tails_of_runs(runs, np.ones(len(runs))))


@dataclass(frozen=True, eq=False)
class _Answer:
    """What is kept of a star's forecast: which rows were forecast, and for these mean and sigma (brighter up), and the
    innovation by the calibration alone.
    """

    ready: BoolArray
    mean: FloatArray
    sigma: FloatArray
    innovation: FloatArray


_NOTHING = _Answer(np.zeros(0, dtype=bool), np.zeros(0), np.zeros(0), np.zeros(0))


def _answer(steps: Steps, mixture: Mixture, calibration: Calibration) -> _Answer:
    """What is kept of the forecasts of a star.

    Parameters
    ----------
    mixture : with the widths that the calibration alone says.
    """
    ready = steps.next
    rows = own_widths(mixture, steps).where(ready)
    return _Answer(
        ready[steps.learnt],
        steps.centre[ready] + steps.unit[ready] * rows.centre(),
        steps.unit[ready] * rows.half_width(),
        calibration.innovations(mixture, steps),
    )


def _forecast(star: Star, answer: _Answer) -> Forecast | None:
    if answer is _NOTHING:
        return None
    curve = star.curve.good
    mean = np.full(len(curve), np.nan)
    sigma = np.full(len(curve), np.nan)
    mean[answer.ready] = curve.sign * answer.mean
    sigma[answer.ready] = answer.sigma
    return Forecast(
        object_id=curve.object_id,
        detector="forecaster",
        time=curve.time,
        band=curve.band,
        bands=curve.bands,
        value=curve.value,
        mean=mean,
        sigma=sigma,
        sign=curve.sign,
    )


def _mixtures(model: KeptNetwork, options: ForecasterOptions, stars: Sequence[Steps]) -> list[Mixture]:
    if options.cell == "lstm" and not on_accelerator():
        layers = lstm.Layers.of(model)
        outputs = [lstm.outputs_of(layers, one) for one in stars]
    else:
        outputs = outputs_of(model.keras, options.units, options.cell, stars)
    return [network.mixture(one, steps) for one, steps in zip(outputs, stars, strict=True)]

"""The LSTM forecaster: trained over stars, it forecasts each row of a star from the rows before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from models import weights as stored
from models.forecaster import network
from models.forecaster.calibration import Calibration, calibrate
from models.forecaster.mixture import Mixture
from models.forecaster.steps import N_INPUTS, WARM_UP, Steps, steps_of
from models.scores import Scores, empirical_pvalue
from models.weights import PRETRAINED, Weights
from pipeline.events import PointNull
from pipeline.forecast import Forecast
from pipeline.lightcurve import BoolArray, FloatArray
from pipeline.split import share
from pipeline.star import Star

#: Stars and steps of every call of the network: always the same shape, so that no result depends on its company.
_STARS, _STEPS = 64, 128

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
    calibration_share: float = 0.15
    seed: int = 1


class Forecaster:
    """One-step-ahead forecasts by a recurrent network over simple causal forecasters, with calibrated sigma.

    Make one with `fit`, `load` or `pretrained`.
    """

    def __init__(self, options: ForecasterOptions, model: Any, calibration: Calibration, card: str = "") -> None:
        self.options = options
        self.calibration = calibration
        self.card = card
        self._model = model
        self._answers: WeakKeyDictionary[Star, _Answer] = WeakKeyDictionary()

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
        model = network.build(options.units, options.cell, options.dropout)
        try:
            model.set_weights(kept.network())
        except ValueError:
            raise ValueError(
                f"the forecaster in {folder} was made for other inputs than this version's; train it again, or install "
                "the version that made it"
            ) from None
        return cls(options, model, Calibration.of(kept.settings["calibration"], kept.arrays), kept.card)

    def save(self, folder: Path) -> None:
        """Write the forecaster's folder: arrays, settings, card."""
        stored.save(self._weights(), folder)

    @property
    def model_id(self) -> str:
        """Name of exactly these weights and this calibration."""
        return self._weights().model_id

    def _weights(self) -> Weights:
        settings = {"options": asdict(self.options), "calibration": self.calibration.settings()}
        arrays = stored.network_arrays(self._model.get_weights()) | self.calibration.arrays()
        return Weights("forecaster", settings, arrays, self.card)

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
        found = [(star, steps) for star in stars if (steps := steps_of(star)) is not None and steps.ready.any()]
        kept = [share(star.curve.object_id, "forecaster") < options.calibration_share for star, _ in found]
        learn = [steps for (_, steps), apart in zip(found, kept, strict=True) if not apart]
        judge = [pair for pair, apart in zip(found, kept, strict=True) if apart]
        if len(learn) < 16 or len(judge) < 2:
            raise ValueError(
                f"a forecaster needs some twenty stars with more than {WARM_UP} rows to learn from; "
                f"of the {len(stars)} given {len(found)} have them, {len(judge)} of these kept for calibration"
            )
        from models.forecaster.training import train

        first = start._model.get_weights() if start is not None else None
        model = train(options, learn, [steps for _, steps in judge], first, progress or (lambda _: None))
        mixtures = _mixtures(model, options, [steps for _, steps in judge])
        return cls(options, model, _with_points(calibrate(mixtures, [steps for _, steps in judge]), judge, mixtures))

    def predictive(self, stars: Sequence[Star]) -> list[tuple[Steps, Mixture] | None]:
        """The whole predictive distribution of each row, in the steps' units; None for a star too short.

        The mixtures are widened by the calibration.
        """
        steps = [steps_of(star) for star in stars]
        known = [i for i, one in enumerate(steps) if one is not None and one.ready.any()]
        result: list[tuple[Steps, Mixture] | None] = [None] * len(stars)
        found = [one for i in known if (one := steps[i]) is not None]
        for i, one, mixture in zip(known, found, _mixtures(self._model, self.options, found), strict=True):
            result[i] = (one, self.calibration.widen(mixture))
        return result

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
        n = len(stars)
        score = np.full(n, np.nan)
        reason: list[str | None] = [None] * n
        for i, (star, answer) in enumerate(zip(stars, self._answered(stars), strict=True)):
            if len(answer.innovation) < LEAST_FORECASTS:
                reason[i] = (
                    f"{len(answer.innovation)} of {len(star.curve.good)} good rows could be forecast; "
                    f"a score needs {LEAST_FORECASTS}"
                )
            else:
                score[i] = self.calibration.score(answer.innovation)
        return Scores(score, empirical_pvalue(score, self.calibration.null), tuple(reason))

    @property
    def point_null(self) -> PointNull:
        """How strange the strangest single points of ordinary stars are."""
        return self.calibration.points

    def _answered(self, stars: Sequence[Star]) -> list[_Answer]:
        """The answers for the stars; each is made once and kept for as long as its star."""
        new = [star for star in dict.fromkeys(stars) if star not in self._answers]
        for star, found in zip(new, self.predictive(new), strict=True):
            self._answers[star] = _NOTHING if found is None else _answer(*found, self.calibration)
        return [self._answers[star] for star in stars]


def _with_points(
    calibration: Calibration, judge: Sequence[tuple[Star, Steps]], mixtures: Sequence[Mixture]
) -> Calibration:
    """The calibration, with the strangest points of its stars as the null of events."""
    answers = [
        (star, _answer(steps, calibration.widen(mixture), calibration))
        for (star, steps), mixture in zip(judge, mixtures, strict=True)
    ]
    long_enough = [(star, answer) for star, answer in answers if len(answer.innovation) >= LEAST_FORECASTS]
    forecasts = [forecast for one in long_enough if (forecast := _forecast(*one)) is not None]
    return replace(calibration, points=PointNull.learn(forecasts))


_HIGH = 0.8413447460685429


@dataclass(frozen=True, eq=False)
class _Answer:
    """What is kept of a star's forecast: which rows were forecast, and for these mean and sigma (brighter up) and the
    calibrated innovation.
    """

    ready: BoolArray
    mean: FloatArray
    sigma: FloatArray
    innovation: FloatArray


_NOTHING = _Answer(np.zeros(0, dtype=bool), np.zeros(0), np.zeros(0), np.zeros(0))


def _answer(steps: Steps, mixture: Mixture, calibration: Calibration) -> _Answer:
    ready = steps.ready
    rows = mixture.where(ready)
    return _Answer(
        ready,
        steps.centre[ready] + steps.unit[ready] * rows.centre(),
        steps.unit[ready] * 0.5 * (rows.quantile(_HIGH) - rows.quantile(1.0 - _HIGH)),
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


def _mixtures(model: Any, options: ForecasterOptions, stars: Sequence[Steps]) -> list[Mixture]:
    """The network's mixtures for each star, from calls of one fixed shape over stars of like length."""
    outputs: list[NDArray[np.float32]] = [np.empty(0, dtype=np.float32)] * len(stars)
    order = sorted(range(len(stars)), key=lambda i: (len(stars[i].target), i))
    for lowest in range(0, len(order), _STARS):
        together = order[lowest : lowest + _STARS]
        longest = len(stars[together[-1]].target)
        pieces = -(-longest // _STEPS)
        inputs = np.zeros((_STARS, pieces * _STEPS, N_INPUTS), dtype=np.float32)
        for row, i in enumerate(together):
            inputs[row, : len(stars[i].inputs)] = stars[i].inputs
        states = [np.zeros((_STARS, options.units), dtype=np.float32)] * (2 if options.cell == "lstm" else 1)
        answers = []
        for piece in range(pieces):
            answer, *states = model.predict_on_batch([inputs[:, piece * _STEPS : (piece + 1) * _STEPS], *states])
            answers.append(answer)
        joined = np.concatenate(answers, axis=1)
        for row, i in enumerate(together):
            outputs[i] = joined[row, : len(stars[i].target)]
    return [network.mixture(one, steps) for one, steps in zip(outputs, stars, strict=True)]

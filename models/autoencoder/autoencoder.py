"""The autoencoder: fit, score, reconstruct, save, load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from swope.models import weights as stored
from swope.models.autoencoder.alone import alone
from swope.models.autoencoder.answer import COLUMNS, FoldScores, Reconstruction
from swope.models.autoencoder.density import LocalDensity, nearest_of
from swope.models.autoencoder.network import FLOOR, build, feature_loss, fold_loss
from swope.models.autoencoder.wrong_period import flags_of
from swope.models.detector import Assessment, Batch, Learning, Teaching
from swope.models.inputs import BINS, Array32, Inputs, inputs_of, sigma_of
from swope.models.keras_backend import keras
from swope.models.kinds import KnownKinds, grouped
from swope.models.passes import best_of_passes
from swope.models.scaling import Scaling
from swope.models.scores import Scores, counted_pvalue, empirical_pvalue
from swope.models.trained_network import TrainedNetwork
from swope.models.weights import PRETRAINED, Weights
from swope.pipeline.column import DetectorColumns
from swope.pipeline.features import FOLDED, LEAST_POINTS, PLAIN
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.reason import Reason
from swope.pipeline.split import share
from swope.pipeline.star import Star

#: The partial scores and their weights: misfit of the fold; emptiness around the star in the latent space, and among a
#: few features of its shape; along the axes that tell kinds of stars apart, the distance to known stars, and how seldom
#: known kinds are there at all. The weights were set on classes left out of training: the misfit alone is a weak sign
#: of a strange kind of star.
PARTS = {"fold": 0.1, "latent": 0.5, "shape": 1.0, "distance": 1.0, "rarity": 1.0}

#: Parts that are not freed of the signal to noise, and its columns of `_nuisance`: a small amplitude, and so a low
#: signal to noise, is what some kinds are told by. All parts are freed of the rest.
_WITH_STRENGTH, _STRENGTH = ("distance", "rarity"), (1, 2)

#: The features of the shape that tell kinds of stars apart best.
_SHAPE = ("log_period", "log_amplitude_1", "ratio_21", "even_share", "rise_share", "explained", "bright_share")

#: Axes that are kept: principal ones around which emptiness is measured, and those that tell kinds apart.
_AXES, _TELLING_AXES = 8, 12

#: Stars that count as near along the latter.
_NEAR = 10

#: Groups that stand for kinds where stars have no labels, at most, and the stars that one must have on average.
_GROUPS, _LEAST_OF_GROUP = 12, 10

#: Spaces in which the emptiness around a star is measured.
_SPACES = ("latent", "shape")

_DENSITY = ("centre", "turn", "memory", "reach")
_KINDS = tuple(field.name for field in fields(KnownKinds))


@dataclass(frozen=True)
class AutoencoderOptions:
    """How to train.

    Attributes
    ----------
    latent : width of the latent space.
    hidden : width of the dense layers.
    noise : standard deviation of the noise on features and latent space in training.
    batch, epochs, patience, learning_rate, weight_decay : as for the classifier.
    calibration_share : share of the stars whose scores say what is ordinary, and which are not learnt from.
    memory : at most so many training stars are kept as neighbours.
    neighbours : how many of them count as near where emptiness is measured.
    seed : of everything that is drawn.
    """

    latent: int = 12
    hidden: int = 96
    noise: float = 0.1
    batch: int = 128
    epochs: int = 40
    patience: int = 6
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    calibration_share: float = 0.2
    memory: int = 4000
    neighbours: int = 5
    seed: int = 1


class Autoencoder:
    """Anomaly scores of stars. Make one with `fit`, `load` or `pretrained`."""

    columns: ClassVar[DetectorColumns] = COLUMNS

    learning: ClassVar[Learning] = Learning()

    def __init__(
        self,
        options: AutoencoderOptions,
        network: TrainedNetwork,
        scaling: Scaling,
        arrays: dict[str, NDArray[Any]],
        card: str = "",
    ) -> None:
        self.options = options
        self.card = card
        self._network = network
        self._scaling = scaling
        self._arrays = arrays

    @classmethod
    def pretrained(cls) -> Autoencoder:
        """The autoencoder that comes with Swope."""
        return cls.load(PRETRAINED / "autoencoder")

    @classmethod
    def load(cls, folder: Path) -> Autoencoder:
        """Read an autoencoder's folder.

        Raises
        ------
        ValueError
            When the folder holds no whole autoencoder.
        """
        kept = stored.load(folder, "autoencoder")
        own = ("null", "kinds", *_SPACES)
        arrays = {name: array for name, array in kept.arrays.items() if name.split("/")[0] in own}
        if f"kinds/{_KINDS[0]}" not in arrays or arrays["null/parts"].shape[1] != len(PARTS):
            raise ValueError(
                f"the autoencoder in {folder} was made by an earlier version; train it again, or install the version "
                "that made it"
            )
        options = AutoencoderOptions(**kept.settings["options"])
        network = TrainedNetwork(partial(_network, options), kept.network(), alone)
        return cls(options, network, Scaling(kept.arrays["centre"], kept.arrays["width"]), arrays, kept.card)

    def save(self, folder: Path) -> None:
        """Write the autoencoder's folder: arrays, settings, card."""
        stored.save(self._weights(), folder)

    @property
    def network(self) -> Any:
        """The Keras model."""
        return self._network.keras

    @property
    def model_id(self) -> str:
        """Name of exactly these weights and this null."""
        return self._weights().model_id

    def _weights(self) -> Weights:
        settings = {"options": asdict(self.options), "features": {"folded": list(FOLDED), "plain": list(PLAIN)}}
        arrays = stored.network_arrays(self._network.get_weights()) | self._arrays
        arrays |= {"centre": self._scaling.centre, "width": self._scaling.width}
        return Weights("autoencoder", settings, arrays, self.card)

    @classmethod
    def taught(cls, stars: Sequence[Star], teaching: Teaching) -> Autoencoder:
        """Train on stars; as `fit`."""
        options = AutoencoderOptions(seed=teaching.seed, epochs=teaching.epochs or AutoencoderOptions.epochs)
        return cls.fit(stars, options, teaching.progress, teaching.classes)

    @classmethod
    def fit(
        cls,
        stars: Sequence[Star],
        options: AutoencoderOptions | None = None,
        progress: Callable[[str], None] | None = None,
        labels: Sequence[str] | None = None,
    ) -> Autoencoder:
        """Train on stars; most of them should be ordinary, since they also say what an ordinary score is.

        Parameters
        ----------
        stars : the caller keeps apart those to judge on.
        options : how.
        progress : is told a line a pass.
        labels : n kinds of stars, by any names; with them it looks along the axes that tell these kinds apart, without
            along those that tell groups of like stars apart.

        Raises
        ------
        ValueError
            When there are too few stars.
        """
        return cls.fit_inputs(inputs_of(stars), [star.curve.object_id for star in stars], options, progress, labels)

    @classmethod
    def fit_inputs(
        cls,
        inputs: Inputs,
        names: Sequence[str],
        options: AutoencoderOptions | None = None,
        progress: Callable[[str], None] | None = None,
        labels: Sequence[str] | None = None,
    ) -> Autoencoder:
        """Train on stars that were folded and measured before; see `fit`.

        Parameters
        ----------
        inputs : n stars, of `swope.models.inputs.inputs_of`.
        names : n object ids, which decide who is kept for calibration.
        """
        options = options or AutoencoderOptions()
        tell = progress or (lambda _: None)
        enough = inputs.points >= LEAST_POINTS
        apart = np.array([share(name, "autoencoder") < options.calibration_share for name in names])
        if (enough & ~apart).sum() < 20 or (enough & apart).sum() < 5:
            raise ValueError(
                f"an autoencoder needs some thirty stars with {LEAST_POINTS} good rows; of the {len(names)} given "
                f"{enough.sum()} have them, {(enough & apart).sum()} of these kept for calibration"
            )
        learn, judge = inputs.rows(enough & ~apart), inputs.rows(enough & apart)
        keras().utils.set_random_seed(options.seed)
        network = _network(options)
        made = cls(options, TrainedNetwork(partial(_network, options), [], alone), Scaling.of(_features(learn)), {})
        made._train(network, learn, judge, tell)
        made._network = TrainedNetwork(partial(_network, options), network.get_weights(), alone)
        _, _, code = made._run(learn)
        places = made._places(learn, code)
        known = None if labels is None else np.array(labels)[enough & ~apart]
        kind = _kinds(places["features"], known, options.seed)
        kinds = KnownKinds.of(places["features"], kind, _TELLING_AXES)
        chosen = np.sort(np.random.default_rng(options.seed).permutation(len(learn))[: options.memory])
        made._arrays |= {f"kinds/{field}": getattr(kinds, field) for field in _KINDS}
        made._arrays["kinds/memory"] = kinds.places(places["features"][chosen]).astype(np.float32)
        for name in _SPACES:
            density = LocalDensity.of(places[name], options.memory, options.neighbours, _AXES, options.seed)
            made._arrays |= {f"{name}/{field}": getattr(density, field) for field in _DENSITY}
        model, _, code = made._run(judge)
        parts, nuisance = made._parts(judge, model, code), _nuisance(judge)
        made._arrays["null/regression"] = _regression(nuisance, parts)
        null = parts - _follows(nuisance, made._arrays["null/regression"])
        made._arrays["null/parts"] = np.sort(null, axis=0).astype(np.float32)
        made._arrays["null/score"] = np.sort(_ordinary_scores(nuisance, parts, null)).astype(np.float32)
        return made

    def _train(self, network: Any, learn: Inputs, judge: Inputs, tell: Callable[[str], None]) -> None:
        options = self.options
        rng = np.random.default_rng(options.seed)
        steps = max(1, len(learn) // options.batch)
        rate = keras().optimizers.schedules.CosineDecay(options.learning_rate, options.epochs * steps, 0.01)
        optimizer = keras().optimizers.AdamW(rate, weight_decay=options.weight_decay, clipnorm=1.0)
        network.compile(optimizer=optimizer, loss=[fold_loss, feature_loss, None])
        folds, features = self._tensors(learn)
        known = _known(learn)
        judged_tensors, judged_known = self._tensors(judge), _known(judge)

        def teach(_: int) -> list[float]:
            order = rng.permutation(len(learn))
            losses = []
            for step in range(steps):
                rows = order[step * options.batch : (step + 1) * options.batch]
                result = network.train_on_batch([folds[rows], features[rows]], [known[rows], features[rows]])
                losses.append(float(result[0]))
            return losses

        def judged() -> float:
            return float(network.evaluate(judged_tensors, [judged_known, judged_tensors[1]], 512, 0)[0])

        best_of_passes(network, options.epochs, options.patience, teach, judged, tell)

    def score(self, stars: Sequence[Star]) -> FoldScores:
        """How strange each star is, against the stars of the calibration; larger is stranger."""
        return self.score_inputs(inputs_of(stars))

    def score_inputs(self, inputs: Inputs) -> FoldScores:
        """Scores of stars that were folded and measured before; see `score`."""
        return self._scored(inputs, *self._run(inputs))

    def _scored(self, inputs: Inputs, model: Array32, _: Array32, code: Array32) -> FoldScores:
        parts = self._parts(inputs, model, code)
        parts -= _follows(_nuisance(inputs), self._arrays["null/regression"])
        enough = inputs.points >= LEAST_POINTS
        score = np.where(enough, _combined(parts, self._arrays["null/parts"]), np.nan)
        reason = tuple(
            None if ok else Reason(f"{points} good rows; a score needs {LEAST_POINTS}")
            for ok, points in zip(enough, inputs.points, strict=True)
        )
        null, place = self._arrays["null/parts"], list(PARTS).index
        misfit = np.where(enough & inputs.found, parts[:, place("fold")], np.nan)
        latent = np.where(enough, parts[:, place("latent")], np.nan)
        return FoldScores(
            score,
            empirical_pvalue(score, self._arrays["null/score"]),
            reason,
            empirical_pvalue(misfit, null[:, place("fold")]),
            empirical_pvalue(latent, null[:, place("latent")]),
        )

    def assess(self, batch: Batch) -> list[Assessment]:
        """Score, its parts, what speaks against it, and the fold with its reconstruction, of each star."""
        ran = self._run(batch.inputs)
        scores = self._scored(batch.inputs, *ran)
        flags = self.flags(batch.stars, batch.inputs, scores)
        folds = _reconstruction(batch.inputs, ran[0])
        return [
            Assessment(
                score=float(scores.score[i]),
                pvalue=float(scores.pvalue[i]),
                reason=scores.reason[i],
                columns={
                    "reconstruction_pvalue": float(scores.reconstruction_pvalue[i]),
                    "latent_pvalue": float(scores.latent_pvalue[i]),
                    "autoencoder_flag": flags[i],
                },
                seen=folds.seen(i),
                # of a star too short to be described the network says something all the same
                latent=ran[2][i] if scores.reason[i] is None else None,
            )
            for i in range(len(batch.stars))
        ]

    def flags(self, stars: Sequence[Star], inputs: Inputs, scores: Scores) -> tuple[str | None, ...]:
        """What speaks against the scores that stars got: "wrong_period" where it is their period, or nothing."""
        return flags_of(lambda others: self.score_inputs(others).pvalue, stars, inputs, scores.pvalue)

    def reconstruct(self, stars: Sequence[Star]) -> Reconstruction:
        """The folds of stars, and the same denoised."""
        inputs = inputs_of(stars)
        return _reconstruction(inputs, self._run(inputs)[0])

    def _parts(self, inputs: Inputs, model: Array32, code: Array32) -> FloatArray:
        """(n, len(PARTS)) the partial scores, all of them logarithms."""
        known = _known(inputs)
        bins = np.maximum((known[..., 1] > 0).sum(axis=1), 1)
        chi = (known[..., 1] * (known[..., 0] - model) ** 2).sum(axis=1) / bins
        places = self._places(inputs, code)
        emptiness = [self._density(name).emptiness(places[name]) for name in _SPACES]
        kinds = KnownKinds(*(self._arrays[f"kinds/{field}"] for field in _KINDS))
        telling = kinds.places(places["features"])
        near, _ = nearest_of(self._arrays["kinds/memory"], telling.astype(np.float32), _NEAR)
        distance = np.log(near.mean(axis=1) + 1e-3)
        return np.column_stack([np.log(chi + 0.05), *emptiness, distance, kinds.rarity(telling)]).astype(np.float64)

    def _places(self, inputs: Inputs, code: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Where the stars are in each of the spaces in which they are looked at."""
        features = self._tensors(inputs)[1]
        columns = [len(PLAIN) + FOLDED.index(name) for name in _SHAPE]
        # the last column says whether there is a period; an axis of its own would drown the others
        return {"latent": code, "features": features[:, :-1], "shape": features[:, columns]}

    def _density(self, name: str) -> LocalDensity:
        centre, turn, memory, reach = (self._arrays[f"{name}/{field}"] for field in _DENSITY)
        return LocalDensity(centre, turn, memory, reach, min(self.options.neighbours, len(memory) - 1))

    def _tensors(self, inputs: Inputs) -> list[NDArray[np.float32]]:
        return [inputs.folds[:, :1], self._scaling.apply(_features(inputs))]

    def _run(self, inputs: Inputs) -> list[NDArray[np.float32]]:
        """Fold values, features and latent places of all stars."""
        return self._network.answers(self._tensors(inputs))


def _reconstruction(inputs: Inputs, model: Array32) -> Reconstruction:
    return Reconstruction(
        phase=np.arange(BINS) / BINS,
        value=inputs.folds[:, 0, :, 0].astype(np.float64),
        sigma=np.where(inputs.folds[:, 0, :, 2] > 0, sigma_of(inputs.folds[:, 0]), np.nan),
        model=np.where(inputs.found[:, None], model, np.nan).astype(np.float64),
    )


def _network(options: AutoencoderOptions) -> Any:
    return build(len(PLAIN) + len(FOLDED) + 1, options.latent, options.hidden, options.noise)


def _kinds(features: NDArray[np.float32], labels: NDArray[np.str_] | None, seed: int) -> NDArray[np.int64]:
    """(n,) the kind of each star as a number from 0; groups of like stars where no two kinds are known."""
    kind = np.zeros(0, dtype=np.int64) if labels is None else np.unique(labels, return_inverse=True)[1]
    if kind.any():
        return kind
    return grouped(features, int(np.clip(len(features) // _LEAST_OF_GROUP, 2, _GROUPS)), seed)


def _features(inputs: Inputs) -> NDArray[np.float32]:
    found = inputs.found[:, None].astype(np.float32)
    return np.concatenate([inputs.plain, inputs.folded[:, 0], found], axis=1)


def _known(inputs: Inputs) -> NDArray[np.float32]:
    """(n, bins, 2) value and weight of each bin; a weight is 0 where there is no point."""
    value, _, coverage = (inputs.folds[:, 0, :, i] for i in range(3))
    variance = sigma_of(inputs.folds[:, 0]) ** 2 + FLOOR**2
    weight = np.where((coverage > 0) & inputs.found[:, None], 1.0 / variance, 0.0)
    return np.stack([value, weight], axis=-1).astype(np.float32)


def _nuisance(inputs: Inputs) -> FloatArray:
    """(n, 6) what partial scores follow without being strange: signal to noise, number of points, whether folded."""
    known = _known(inputs)
    strength = np.log10(1.0 + known[..., 1].mean(axis=1))
    size = np.log10(np.maximum(inputs.points, 1))
    columns = [np.ones(len(inputs)), strength, strength**2, size, size**2, inputs.found]
    return np.stack(columns, axis=1).astype(np.float64)


def _regression(nuisance: FloatArray, parts: FloatArray) -> FloatArray:
    """(6, len(PARTS)) coefficients by ridge regression; zeros for what parts are not freed of."""
    found = np.zeros((nuisance.shape[1], len(PARTS)))
    for i, name in enumerate(PARTS):
        columns = [j for j in range(len(found)) if name not in _WITH_STRENGTH or j not in _STRENGTH]
        some = nuisance[:, columns]
        found[columns, i] = np.linalg.solve(some.T @ some + 1e-3 * np.eye(len(columns)), some.T @ parts[:, i])
    return found


def _follows(nuisance: FloatArray, regression: FloatArray) -> FloatArray:
    """(n, len(PARTS)) what the partial scores should be of stars that are not strange.

    No matrix product: it would round differently with other company.
    """
    return np.asarray((nuisance[:, :, None] * regression).sum(axis=1))


def _combined(parts: FloatArray, null: FloatArray) -> FloatArray:
    """Weighted sum of the normal deviates of the parts' p-values (Liptak 1958, Stouffer's method).

    Parameters
    ----------
    parts : (n, len(PARTS)) freed of what they follow.
    null : (m, len(PARTS)) those of ordinary stars, each part sorted.
    """
    from scipy.special import ndtri

    score = np.zeros(len(parts))
    for i, weight in enumerate(PARTS.values()):
        # beyond the farthest ordinary star the p-values are all alike: the excess keeps the order
        excess = np.maximum(parts[:, i] - null[-1, i], 0.0)
        # half a star less, so that the nearest star's deviate is finite too
        pvalue = counted_pvalue(parts[:, i], null[:, i]) - 0.5 / (1 + len(null))
        score += weight * (excess - ndtri(pvalue))
    return score


def _ordinary_scores(nuisance: FloatArray, parts: FloatArray, null: FloatArray) -> FloatArray:
    """(n,) scores of the stars of the calibration, each by what the others say, as a new star's is.

    A star that had its part in the regression and in the null would seem less strange than a new one that is like it,
    and the p-values of new ones would be too small.

    Parameters
    ----------
    nuisance, parts : (n, 6) and (n, len(PARTS)) of these stars.
    null : (n, len(PARTS)) the parts freed of what they follow.
    """
    scores = np.empty(len(parts))
    for i in range(len(parts)):
        others = _regression(np.delete(nuisance, i, axis=0), np.delete(parts, i, axis=0))
        own = parts[i : i + 1] - _follows(nuisance[i : i + 1], others)
        scores[i] = _combined(own, np.sort(np.delete(null, i, axis=0), axis=0))[0]
    return scores

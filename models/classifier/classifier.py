"""The classifier: fit, classify, save, load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from swope.models import weights as stored
from swope.models.classifier.alone import BRANCH, alone
from swope.models.classifier.answer import Abstention, Classification, ClassifierOptions
from swope.models.classifier.hierarchy import surely
from swope.models.classifier.network import NEVER, build, joint
from swope.models.classifier.possible import possible_pairs
from swope.models.classifier.targets import allowed_pairs, allowed_types, leaf_types
from swope.models.classifier.thinned import EVERYWHERE, Thinned, copies_wanted, thinned
from swope.models.classifier.training import Examples, Tensors, train, versions_of
from swope.models.classifier.votes import learnt, spoken, table_of
from swope.models.detector import Learning, Teaching
from swope.models.inputs import FACTORS, Inputs, inputs_of
from swope.models.keras_backend import keras
from swope.models.scaling import Scaling
from swope.models.trained_network import TrainedNetwork
from swope.models.weights import PRETRAINED, Weights
from swope.pipeline.features import FOLDED, LEAST_POINTS, PLAIN, REST, SEARCH, STRUCTURE, SURVEY
from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.period import PeriodOptions
from swope.pipeline.reason import Reason
from swope.pipeline.split import share
from swope.pipeline.star import Star

if TYPE_CHECKING:
    from swope.models.classifier.trees import Forest

#: After a start training goes on at this share of its learning rate, in batches of so many stars.
_GENTLER, _SMALLER = 0.2, 32

#: Fewer stars than half of this are learnt by two networks, fewer than a third by three.
_FEW = 3000

#: Stars to learn from, at least: to begin with, and after a start.
_LEAST, _LEAST_AGAIN = 20, 5

#: Stars that end the training of a member and calibrate it, at least.
_LEAST_JUDGES = 2

#: What calibration chooses from.
_TEMPERATURES = np.geomspace(0.4, 8.0, 61)
_FOREST_WEIGHTS = np.linspace(0.0, 3.0, 31)


#: Names of the features, in their order.
_FEATURES = {"folded": list(FOLDED), "plain": list(PLAIN + STRUCTURE + REST + SEARCH), "survey": list(SURVEY)}


class Classifier:
    """VSX types of stars. Make one with `fit`, `load` or `pretrained`."""

    learning: ClassVar[Learning] = Learning(needs_labels=True, start="nothing", settings=frozenset({"survey"}))

    def __init__(
        self,
        types: tuple[str, ...],
        options: ClassifierOptions,
        networks: Sequence[TrainedNetwork],
        scaling: dict[str, Scaling],
        temperature: float,
        abstention: Abstention,
        card: str = "",
        forest: Forest | None = None,
        forest_weight: float = 0.0,
        prior: Mapping[str, float] | None = None,
    ) -> None:
        self.types = types
        self.options = options
        self.abstention = abstention
        self.card = card
        self._networks = list(networks)
        self._scaling = scaling
        self._temperature = temperature
        self._forest = forest
        self._forest_weight = forest_weight
        #: How much commoner some types are where stars are classified than among those that were learnt, by type.
        self.prior = dict(prior or {})

    @classmethod
    def pretrained(cls) -> Classifier:
        """The classifier that comes with Swope."""
        return cls.load(PRETRAINED / "classifier")

    @classmethod
    def load(cls, folder: Path) -> Classifier:
        """Read a classifier's folder.

        Raises
        ------
        ValueError
            When the folder holds no whole classifier, or one that was made for other features.
        """
        kept = stored.load(folder, "classifier")
        if kept.settings.get("features") != _FEATURES or "abstention" not in kept.settings:
            raise ValueError(
                f"the classifier in {folder} was made by another version; train it again, or install the version "
                "that made it"
            )
        options = ClassifierOptions(
            **{**kept.settings["options"], "filters": tuple(kept.settings["options"]["filters"])}
        )
        types = tuple(kept.settings["types"])
        arrays = kept.network()
        each = len(arrays) // options.members
        networks = [_trained(options, len(types), arrays[i * each : (i + 1) * each]) for i in range(options.members)]
        scaling = {
            name: Scaling(kept.arrays[f"scaling/{name}/centre"], kept.arrays[f"scaling/{name}/width"])
            for name in ("folded", "plain")
        }
        forest = None
        if "forest/root" in kept.arrays:
            from swope.models.classifier.trees import Forest

            forest = Forest(*(kept.arrays[f"forest/{field.name}"] for field in fields(Forest)))
        temperature, weight_of_forest = (kept.settings[name] for name in ("temperature", "forest_weight"))
        abstention = Abstention(**kept.settings["abstention"])
        prior = kept.settings.get("prior")
        return cls(
            types, options, networks, scaling, temperature, abstention, kept.card, forest, weight_of_forest, prior
        )

    def save(self, folder: Path) -> None:
        """Write the classifier's folder: arrays, settings, card."""
        stored.save(self._weights(), folder)

    @property
    def networks(self) -> Sequence[Any]:
        """The Keras models whose answers are averaged."""
        return [network.keras for network in self._networks]

    @property
    def model_id(self) -> str:
        """Name of exactly these weights and this calibration."""
        return self._weights().model_id

    def _weights(self) -> Weights:
        settings = {
            "options": asdict(self.options),
            "types": list(self.types),
            "temperature": self._temperature,
            "abstention": asdict(self.abstention),
            "forest_weight": self._forest_weight,
            "prior": self.prior,
            "features": _FEATURES,
        }
        arrays = stored.network_arrays([array for network in self._networks for array in network.get_weights()])
        for name, scaling in self._scaling.items():
            arrays |= {f"scaling/{name}/centre": scaling.centre, f"scaling/{name}/width": scaling.width}
        if self._forest is not None:
            arrays |= {f"forest/{name}": array for name, array in self._forest.arrays().items()}
        return Weights("classifier", settings, arrays, self.card)

    @classmethod
    def taught(cls, stars: Sequence[Star], teaching: Teaching) -> Classifier:
        """Train on labelled stars; as `fit`.

        Raises
        ------
        ValueError
            When there are no labels, too few stars, or fewer than two types.
        """
        if teaching.classes is None:
            raise ValueError("a classifier learns from labels: give --labels labels.csv with object_id and class")
        seed, epochs, start = teaching.seed, teaching.epochs, teaching.start
        options = None
        if start is None:
            options = ClassifierOptions(teaching.survey, seed=seed, epochs=epochs or ClassifierOptions.epochs)
        else:
            # given no options, it takes those of the start, and goes on gently
            start.options = replace(start.options, seed=seed, epochs=epochs or start.options.epochs)
        return cls.fit(stars, teaching.classes, options, teaching.progress, teaching.periods, start, teaching.search)

    @classmethod
    def fit(
        cls,
        stars: Sequence[Star],
        labels: Sequence[str],
        options: ClassifierOptions | None = None,
        progress: Callable[[str], None] | None = None,
        reference: FloatArray | None = None,
        start: Classifier | None = None,
        search: PeriodOptions = EVERYWHERE,
    ) -> Classifier:
        """Train on labelled stars.

        Parameters
        ----------
        stars : n; the caller keeps apart those to judge on.
        labels : n VSX types; a wider type (E, RR) teaches that the star is one of its narrower ones.
        options : how. After a start, what they say of the shape of the network is not looked at, and the default is
            that of the start, gentler and in smaller batches.
        progress : is told a line a pass.
        reference : (n,) known periods in days, NaN where unknown; they teach which multiple of the found period is
            the true one.
        start : a classifier to go on from, of another survey or of the simulator; it is left as it is. Its types,
            scaling and shape stay, and so do its trees, beside new ones.
        search : where the periods of thinned copies are searched: as those of the stars were.

        Raises
        ------
        ValueError
            When there are too few stars, fewer than two types, or a label that the start does not know.
        """
        _check_labels(labels, start)
        period = np.array([star.period.period for star in stars], dtype=np.float64)
        names = [star.curve.object_id for star in stars]
        inputs = inputs_of(stars)
        options = _options(options, start, len(stars))
        if progress is not None and (count := sum(copies_wanted(stars, labels, options.copies))):
            progress(f"searching the periods of {count} thinned copies of stars of rare types")
        copies = thinned(stars, labels, options.copies, search)
        return cls.fit_inputs(inputs, names, period, labels, options, progress, reference, start, copies)

    @classmethod
    def fit_inputs(
        cls,
        inputs: Inputs,
        names: Sequence[str],
        period: FloatArray,
        labels: Sequence[str],
        options: ClassifierOptions | None = None,
        progress: Callable[[str], None] | None = None,
        reference: FloatArray | None = None,
        start: Classifier | None = None,
        copies: Thinned | None = None,
    ) -> Classifier:
        """Train on stars that were folded and measured before; see `fit`.

        Parameters
        ----------
        inputs : n stars, of `swope.models.inputs.inputs_of`.
        names : n object ids, which decide who is kept for calibration.
        period : (n,) days, NaN where none was found.
        copies : of these stars, to be learnt from beside them.
        """
        _check_labels(labels, start)
        options = _options(options, start, len(inputs))
        types = leaf_types(labels) if start is None else start.types
        enough = inputs.points >= LEAST_POINTS
        place = np.array([share(name, "classifier") for name in names])
        _check_stars(enough, _apart(place, enough, 0, options), _LEAST if start is None else _LEAST_AGAIN)
        if start is None:
            seen = inputs.rows(enough)
            scaling = {"folded": Scaling.of(seen.folded), "plain": Scaling.of(_plain(seen, options))}
        else:
            scaling = start._scaling
        counts = Counter(labels)
        weight = np.array([counts[label] ** -options.balance for label in labels])
        weight = (weight / weight.mean()).astype(np.float32)
        kinds = np.array(labels)
        # from here on the copies are rows like the stars, and stand behind them
        star = np.arange(len(inputs))
        if copies is not None:
            star = np.concatenate([star, copies.star])
            inputs, period = Inputs.join([inputs, copies.inputs]), np.concatenate([period, copies.period])
            enough = inputs.points >= LEAST_POINTS
        tensors = _tensors(inputs, scaling, options)
        known = None if reference is None else reference[star]
        allowed = allowed_pairs(kinds[star].tolist(), types, np.where(inputs.found, period, np.nan), known)
        examples = Examples(tensors, allowed, weight[star])
        made = cls(types, options, [], scaling, 1.0, Abstention(0.0, 1.0, 1.0, float("nan")))
        networks: list[TrainedNetwork] = []
        logits, votes, judged_by = [], [], []
        meant, table = allowed.max(axis=1), table_of(tensors)
        possible = possible_pairs(inputs, types)
        as_one = weight[star] / np.bincount(star)[star].astype(np.float32)

        def forest(rows: NDArray[np.int64]) -> Forest:
            seed = 1000 * options.seed
            new = learnt(table[rows], meant[rows], kinds[star[rows]], as_one[rows], options.trees, options.leaf, seed)
            # types that no new label names would be forgotten by new trees alone
            return new if start is None or start._forest is None else start._forest.beside(new)

        for member in range(options.members):
            apart = _apart(place, enough[: len(names)], member, options)
            learn = np.flatnonzero(enough & ~apart[star])
            judge = np.flatnonzero(enough[: len(names)] & apart)
            keras().utils.set_random_seed(1000 * options.seed + member)
            network = _network(options, len(types))
            if start is not None:
                network.set_weights(start._networks[member].get_weights())
            train(
                network,
                examples,
                versions_of(learn, star),
                judge,
                options.epochs,
                options.batch,
                options.learning_rate,
                options.weight_decay,
                options.patience,
                1000 * options.seed + member,
                progress or (lambda _: None),
            )
            made._networks = [_trained(options, len(types), network.get_weights())]
            logits.append(made._logits([tensor[judge] for tensor in tensors]))
            judged_by.append(judge)
            if options.trees:
                votes.append(forest(learn).probabilities(table[judge]))
            networks += made._networks
        made._networks = networks
        if options.trees:
            made._forest = forest(np.flatnonzero(enough))
        judges = np.concatenate(judged_by)
        spoken_for = np.concatenate(votes) if votes else None
        made._calibrate(np.concatenate(logits), meant[judges], possible[judges], spoken_for)
        return made

    def _calibrate(
        self,
        logits: NDArray[np.float32],
        meant: NDArray[np.float32],
        possible: BoolArray,
        votes: NDArray[np.float64] | None,
    ) -> None:
        """Set what makes the stars kept apart likeliest, and which answers get a flag.

        The former are the temperature of the networks (Guo et al. 2017) and the weight of the forest's logarithms
        beside theirs. Some of these stars may have been seen by the trees of a start.

        Parameters
        ----------
        meant : (n, types) 1 for each type that the label may mean.
        possible : (n, candidates, types) of `possible_pairs`.
        votes : (n, types) of a forest that did not see the star; None without one.
        """
        kept: tuple[float, NDArray[np.float64]] = (np.inf, np.zeros(0))
        for weight in (0.0,) if votes is None else _FOREST_WEIGHTS:
            said = 0.0 if votes is None else spoken(votes, weight)
            for temperature in _TEMPERATURES:
                probability = joint(np.where(possible, logits / temperature + said, NEVER), 1.0).sum(axis=1)
                surprise = float(-np.log(np.maximum((probability * meant).sum(axis=1), 1e-9)).mean())
                if surprise < kept[0]:
                    kept = surprise, probability
                    self._temperature, self._forest_weight = float(temperature), float(weight)
        probability = kept[1]
        doubt = _doubt(probability if votes is None else votes)
        best = probability.max(axis=1)
        least, most = np.quantile(best, 1.0 - self.options.coverage), np.quantile(doubt, self.options.familiar)
        unflagged = (best >= least) & (doubt <= most)
        wrong = np.take_along_axis(meant, probability.argmax(axis=1)[:, None], axis=1)[:, 0] == 0.0
        risk = float(wrong[unflagged].mean()) if unflagged.any() else float("nan")
        self.abstention = Abstention(float(least), float(most), float(unflagged.mean()), risk)

    def classify(self, stars: Sequence[Star]) -> Classification:
        """Types of stars, and which multiple of the found period fits them."""
        return self.classify_inputs(inputs_of(stars))

    def classify_inputs(self, inputs: Inputs) -> Classification:
        """Types of stars that were folded and measured before; see `classify`."""
        tensors = _tensors(inputs, self._scaling, self.options)
        logits = self._logits(tensors) / self._temperature
        votes = None
        if self._forest is not None:
            votes = self._forest.probabilities(table_of(tensors))
            logits = logits + spoken(votes, self._forest_weight)
        logits = logits + np.log([self.prior.get(name, 1.0) for name in self.types])
        pairs = joint(np.where(possible_pairs(inputs, self.types), logits, NEVER), 1.0)
        probabilities = pairs.sum(axis=1)
        enough = inputs.points >= LEAST_POINTS
        doubt = np.where(enough, _doubt(probabilities if votes is None else votes), np.nan)
        probabilities[~enough] = np.nan
        best = np.where(enough, np.nan_to_num(probabilities).argmax(axis=1), 0)
        share_of = np.take_along_axis(pairs, best[:, None, None], axis=2)[:, :, 0]
        likely = share_of.argmax(axis=1)
        # the found period stays unless another is likelier than all the rest together
        sure = (share_of.max(axis=1) > 0.5 * share_of.sum(axis=1)) & enough & inputs.found
        factor = np.where(sure, np.array(FACTORS)[likely], 1.0)
        return Classification(
            types=self.types,
            probabilities=probabilities,
            flag=tuple(
                "uncertain" if p < self.abstention.least else "unfamiliar" if d > self.abstention.most else None
                for p, d in zip(probabilities.max(axis=1), doubt, strict=True)
            ),
            sure=surely(self.types, probabilities),
            reason=tuple(
                None if ok else Reason(f"{points} good rows; a class needs {LEAST_POINTS}")
                for ok, points in zip(enough, inputs.points, strict=True)
            ),
            period_factor=factor,
            doubt=doubt,
        )

    def _logits(self, tensors: Tensors) -> NDArray[np.float32]:
        """(n, candidates, types) mean of the members' log probabilities."""
        said = [network.answers(tensors)[0].astype(np.float64) for network in self._networks]
        return np.asarray(np.mean(said, axis=0), dtype=np.float32)


def _doubt(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) what the largest share (n, types) leaves; in single precision they may add up to a little more than 1."""
    return np.asarray(np.maximum(1.0 - shares.max(axis=1), 0.0))


def _options(options: ClassifierOptions | None, start: Classifier | None, stars: int) -> ClassifierOptions:
    if start is None:
        options = options or ClassifierOptions()
        # with few stars one more network costs little, and each leaves out what another would miss
        return replace(options, members=options.members or min(max(_FEW // max(stars, 1), 1), 3))
    kept = start.options
    options = options or replace(kept, learning_rate=_GENTLER * kept.learning_rate, batch=_SMALLER)
    return replace(options, survey=kept.survey, members=kept.members, filters=kept.filters, hidden=kept.hidden)


def _check_labels(labels: Sequence[str], start: Classifier | None) -> None:
    """Refuse labels that cannot be learnt; see `Classifier.fit`."""
    if start is not None:
        unknown = sorted({label for label in labels if not allowed_types(label, start.types).any()})
        if unknown:
            raise ValueError(
                f"no going on with {', '.join(unknown)}: the start knows only {', '.join(start.types)}; leave these "
                "stars out, or train without a start"
            )
    elif len(types := leaf_types(labels)) < 2:
        raise ValueError(f"a classifier needs at least two types of stars; the labels hold {', '.join(types)}")


def _apart(place: FloatArray, enough: BoolArray, member: int, options: ClassifierOptions) -> BoolArray:
    """(n,) the stars that a member does not learn from: of each member others, so that together they learn from all.

    A member that would have too few to be judged by leaves out those of the first; and where the names leave too few
    even there, the first ones by name.

    Parameters
    ----------
    place : (n,) in [0, 1), by name.
    enough : (n,) whether a star has enough rows.
    """
    share_apart = options.calibration_share
    for first in (member * share_apart, 0.0):
        apart = np.asarray((place + first) % 1.0 < share_apart)
        if (enough & apart).sum() >= _LEAST_JUDGES:
            return apart
    apart = np.zeros(len(place), dtype=np.bool_)
    apart[np.argsort(np.where(enough, place, np.inf), kind="stable")[:_LEAST_JUDGES]] = True
    return apart


def _check_stars(enough: BoolArray, apart: BoolArray, least: int) -> None:
    """Refuse too few stars; see `Classifier.fit`."""
    learn, judge = int((enough & ~apart).sum()), int((enough & apart).sum())
    if learn < least or judge < _LEAST_JUDGES:
        raise ValueError(
            f"a classifier needs {least} stars with {LEAST_POINTS} good rows to learn from and {_LEAST_JUDGES} to "
            f"calibrate it; of the {len(enough)} given {learn + judge} have them, {judge} of these kept for calibration"
        )


def _trained(options: ClassifierOptions, n_types: int, weights: Sequence[NDArray[Any]]) -> TrainedNetwork:
    known = len(options.filters) == BRANCH
    return TrainedNetwork(partial(_network, options, n_types), weights, alone if known else None)


def _network(options: ClassifierOptions, n_types: int) -> Any:
    n_plain = len(PLAIN) + 1 + len(STRUCTURE) + len(REST) + len(SEARCH) + (len(SURVEY) if options.survey else 0)
    return build(len(FOLDED), n_plain, n_types, options.filters, options.hidden, options.dropout)


def _plain(inputs: Inputs, options: ClassifierOptions) -> NDArray[np.float32]:
    columns = [inputs.plain, inputs.found[:, None].astype(np.float32), inputs.rest, inputs.search]
    return np.concatenate([*columns, inputs.survey] if options.survey else columns, axis=1)


def _tensors(inputs: Inputs, scaling: dict[str, Scaling], options: ClassifierOptions) -> Tensors:
    # the candidates are equals: which multiple of the true period a search tends to find is no law of nature
    closed = np.zeros((len(inputs), len(FACTORS)), dtype=np.float32)
    closed[~inputs.found, 1:] = NEVER
    return [
        inputs.folds,
        inputs.course,
        scaling["folded"].apply(inputs.folded),
        scaling["plain"].apply(_plain(inputs, options)),
        closed,
    ]

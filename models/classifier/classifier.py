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
from swope.models.classifier.calibration import Judged
from swope.models.classifier.hierarchy import surely
from swope.models.classifier.lesson import LEAST_JUDGES, LabelledInputs, Lesson, set_apart
from swope.models.classifier.network import NEVER, build, joint
from swope.models.classifier.possible import period_factor, possible_pairs
from swope.models.classifier.targets import allowed_pairs, allowed_types, leaf_types
from swope.models.classifier.thinned import EVERYWHERE, copies_wanted, thinned
from swope.models.classifier.training import Examples, Tensors, train, versions_of
from swope.models.classifier.unlikeness import COMPARED, Unlikeness, rarity_of, signs_of
from swope.models.classifier.votes import spoken, table_of
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
from swope.pipeline.star import Star
from swope.pipeline.unfamiliar import UNCERTAIN, UNFAMILIAR

if TYPE_CHECKING:
    from swope.models.classifier.trees import Forest

#: After a start training goes on at this share of its learning rate, in batches of so many stars.
_GENTLER, _SMALLER = 0.2, 32

#: Fewer stars than half of this are learnt by two networks, fewer than a third by three.
_FEW = 3000

#: Stars to learn from, at least: to begin with, and after a start.
_LEAST, _LEAST_AGAIN = 20, 5


#: Names of the features, in their order.
_FEATURES = {
    "folded": list(FOLDED),
    "plain": list(PLAIN + STRUCTURE + REST + SEARCH),
    "survey": list(SURVEY),
    "compared": list(COMPARED),
}


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
        unlikeness: Unlikeness,
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
        self._unlikeness = unlikeness
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
        if kept.settings.get("features") != _FEATURES:
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
        unlikeness = Unlikeness.stored(kept.arrays)
        calibrated = (temperature, abstention, unlikeness)
        return cls(types, options, networks, scaling, *calibrated, kept.card, forest, weight_of_forest, prior)

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
        arrays |= self._unlikeness.arrays()
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
        labelled = LabelledInputs(inputs, names, period, labels, reference, copies)
        return cls.fit_inputs(labelled, options, progress, start)

    @classmethod
    def fit_inputs(
        cls,
        labelled: LabelledInputs,
        options: ClassifierOptions | None = None,
        progress: Callable[[str], None] | None = None,
        start: Classifier | None = None,
    ) -> Classifier:
        """Train on stars that were folded and measured before; see `fit`."""
        _check_labels(labelled.labels, start)
        options = _options(options, start, len(labelled))
        types = leaf_types(labelled.labels) if start is None else start.types
        apart = set_apart(labelled.place, labelled.enough, 0, options)
        _check_stars(labelled.enough, apart, _LEAST if start is None else _LEAST_AGAIN)
        if start is None:
            seen = labelled.inputs.rows(labelled.enough)
            scaling = {"folded": Scaling.of(seen.folded), "plain": Scaling.of(_plain(seen, options))}
        else:
            scaling = start._scaling
        lesson = _lesson(labelled, types, scaling, options)
        networks: list[TrainedNetwork] = []
        for member in range(options.members):
            keras().utils.set_random_seed(1000 * options.seed + member)
            network = _network(options, len(types))
            if start is not None:
                network.set_weights(start._networks[member].get_weights())
            train(
                network,
                lesson.examples,
                versions_of(lesson.learns(member), lesson.star),
                lesson.judges(member),
                options.epochs,
                options.batch,
                options.learning_rate,
                options.weight_decay,
                options.patience,
                1000 * options.seed + member,
                progress or (lambda _: None),
            )
            networks.append(_trained(options, len(types), network.get_weights()))
        judged = _judged(networks, lesson, start)
        forest = _beside(start, lesson.forest(lesson.all)) if options.trees else None
        before = None if start is None else (start._temperature, start._forest_weight)
        temperature, weight = judged.likeliest(before)
        unlikeness, abstention = _flags(lesson, judged, temperature, weight, start)
        return cls(
            types, options, networks, scaling, temperature, abstention, unlikeness, forest=forest, forest_weight=weight
        )

    def learn_flags(self, labelled: LabelledInputs, options: ClassifierOptions) -> None:
        """Learn anew which answers get a flag, from the stars that all was learnt from; networks and trees stay.

        Parameters
        ----------
        options : those of the flags are taken.
        """
        self.options = replace(self.options, coverage=options.coverage, familiar=options.familiar)
        lesson = _lesson(labelled, self.types, self._scaling, self.options)
        judged = _judged(self._networks, lesson, None)
        self._unlikeness, self.abstention = _flags(lesson, judged, self._temperature, self._forest_weight, None)

    def classify(self, stars: Sequence[Star]) -> Classification:
        """Types of stars, and which multiple of the found period fits them."""
        return self.classify_inputs(inputs_of(stars))

    def classify_inputs(self, inputs: Inputs) -> Classification:
        """Types of stars that were folded and measured before; see `classify`."""
        tensors = _tensors(inputs, self._scaling, self.options)
        logits = _log_probabilities(self._networks, tensors) / self._temperature
        table, votes = table_of(tensors), None
        if self._forest is not None:
            votes = self._forest.probabilities(table)
            logits = logits + spoken(votes, self._forest_weight)
        logits = logits + np.log([self.prior.get(name, 1.0) for name in self.types])
        pairs = joint(np.where(possible_pairs(inputs, self.types), logits, NEVER), 1.0)
        probabilities = pairs.sum(axis=1)
        enough = inputs.points >= LEAST_POINTS
        minds = probabilities if votes is None else votes
        doubt = np.where(enough, np.maximum(1.0 - minds.max(axis=1), 0.0), np.nan)
        unlike = np.where(enough, self._unlikeness(minds, table) / self.abstention.most, np.nan)
        probabilities[~enough] = np.nan
        best = np.where(enough, np.nan_to_num(probabilities).argmax(axis=1), 0)
        share_of = np.take_along_axis(pairs, best[:, None, None], axis=2)[:, :, 0]
        factor = np.where(enough & inputs.found, period_factor(share_of, inputs.doubted), 1.0)
        return Classification(
            types=self.types,
            probabilities=probabilities,
            flag=tuple(
                UNCERTAIN if p < self.abstention.least else UNFAMILIAR if u > 1.0 else None
                for p, u in zip(probabilities.max(axis=1), unlike, strict=True)
            ),
            sure=surely(self.types, probabilities),
            reason=tuple(
                None if ok else Reason(f"{points} good rows; a class needs {LEAST_POINTS}")
                for ok, points in zip(enough, inputs.points, strict=True)
            ),
            period_factor=factor,
            doubt=doubt,
            unlikeness=unlike,
        )


def _log_probabilities(networks: Sequence[TrainedNetwork], tensors: Tensors) -> NDArray[np.float32]:
    """(n, candidates, types) mean of what the networks say."""
    said = [network.answers(tensors)[0].astype(np.float64) for network in networks]
    return np.asarray(np.mean(said, axis=0), dtype=np.float32)


def _lesson(
    labelled: LabelledInputs, types: tuple[str, ...], scaling: dict[str, Scaling], options: ClassifierOptions
) -> Lesson:
    """What is learnt from stars."""
    counts = Counter(labelled.labels)
    weight = np.array([counts[label] ** -options.balance for label in labelled.labels])
    weight = (weight / weight.mean()).astype(np.float32)
    kinds, star = np.array(labelled.labels), np.arange(len(labelled))
    inputs, period, copies = labelled.inputs, labelled.period, labelled.copies
    if copies is not None:
        star = np.concatenate([star, copies.star])
        inputs, period = Inputs.join([inputs, copies.inputs]), np.concatenate([period, copies.period])
    tensors = _tensors(inputs, scaling, options)
    known = None if labelled.reference is None else labelled.reference[star]
    allowed = allowed_pairs(kinds[star].tolist(), types, np.where(inputs.found, period, np.nan), known)
    examples, possible = Examples(tensors, allowed, weight[star]), possible_pairs(inputs, types)
    enough = inputs.points >= LEAST_POINTS
    return Lesson(options, examples, table_of(tensors), possible, star, enough, kinds, labelled.place, weight)


def _judged(networks: Sequence[TrainedNetwork], lesson: Lesson, start: Classifier | None) -> Judged:
    """What each member says of the stars that it did not learn from."""
    parts = []
    for member, network in enumerate(networks):
        learn, judge = lesson.learns(member), lesson.judges(member)
        logits, table = _log_probabilities([network], lesson.tensors(judge)), lesson.table[judge]
        votes = _beside(start, lesson.forest(learn)).probabilities(table) if lesson.options.trees else None
        kinds = lesson.kinds(learn) if start is None else start._unlikeness.kinds
        parts.append(Judged(logits, votes, rarity_of(kinds, table), lesson.meant[judge], lesson.possible[judge]))
    return Judged.join(parts)


def _flags(
    lesson: Lesson, judged: Judged, temperature: float, forest_weight: float, start: Classifier | None
) -> tuple[Unlikeness, Abstention]:
    """Which answers get a flag; after a start stars are as unlike as they are to what it learnt from."""
    probability = judged.probabilities(temperature, forest_weight)
    signs = signs_of(probability if judged.votes is None else judged.votes, judged.rarity)
    unlikeness = Unlikeness.of(lesson.kinds(lesson.all), signs) if start is None else start._unlikeness
    before = None if start is None else start.abstention
    return unlikeness, judged.abstention(probability, unlikeness.added(signs), lesson.options, before)


def _beside(start: Classifier | None, new: Forest) -> Forest:
    """New trees beside those of a start: types that no new label names would be forgotten by new ones alone."""
    return new if start is None or start._forest is None else start._forest.beside(new)


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


def _check_stars(enough: BoolArray, apart: BoolArray, least: int) -> None:
    """Refuse too few stars; see `Classifier.fit`."""
    learn, judge = int((enough & ~apart).sum()), int((enough & apart).sum())
    if learn < least or judge < LEAST_JUDGES:
        raise ValueError(
            f"a classifier needs {least} stars with {LEAST_POINTS} good rows to learn from and {LEAST_JUDGES} to "
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

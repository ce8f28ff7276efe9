"""Take a classifier from one survey, or from the simulator, to another survey with few labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from models.classifier.classifier import Classifier, ClassifierOptions, _network, _tensors
from models.classifier.targets import allowed_pairs, allowed_types
from models.classifier.training import Examples, train
from models.inputs import Inputs
from models.keras_backend import in_double, keras
from pipeline.features import LEAST_POINTS
from pipeline.lightcurve import FloatArray
from pipeline.split import share

#: Fine-tuning goes on at this share of the learning rate, in batches of so many stars.
_GENTLER, _BATCH = 0.2, 32


def fine_tuned(
    classifier: Classifier,
    inputs: Inputs,
    names: Sequence[str],
    period: FloatArray,
    labels: Sequence[str],
    options: ClassifierOptions | None = None,
    progress: Callable[[str], None] | None = None,
    reference: FloatArray | None = None,
) -> Classifier:
    """Go on training a classifier on other stars; types, scaling and shape of the network stay.

    Parameters
    ----------
    classifier : where to start; it is left as it is.
    inputs : n stars, of `models.inputs.inputs_of`.
    names : n object ids, which decide who ends the training and calibrates.
    period : (n,) days, NaN where none was found.
    labels : n VSX types that the classifier knows, or wider ones.
    options : how to train; what they say of the shape of the network is not looked at. By default the classifier's
        own, gentler and in smaller batches.
    progress : is told a line a pass.
    reference : (n,) known periods in days, NaN where unknown.

    Raises
    ------
    ValueError
        When there are too few stars, or a label that the classifier does not know.
    """
    kept = classifier.options
    options = options or replace(kept, learning_rate=_GENTLER * kept.learning_rate, batch=_BATCH)
    options = replace(options, survey=kept.survey, members=kept.members, filters=kept.filters, hidden=kept.hidden)
    types = classifier.types
    unknown = sorted({label for label in labels if not allowed_types(label, types).any()})
    if unknown:
        raise ValueError(f"no fine-tuning on {', '.join(unknown)}: the classifier knows only {', '.join(types)}")
    enough = inputs.points >= LEAST_POINTS
    place = np.array([share(name, "classifier") for name in names])
    tensors = _tensors(inputs, classifier._scaling, options)
    allowed = allowed_pairs(labels, types, np.where(inputs.found, period, np.nan), reference)
    counts = Counter(labels)
    weight = np.array([counts[label] ** -options.balance for label in labels])
    weight = (weight / weight.mean()).astype(np.float32)
    made = Classifier(types, options, [], classifier._scaling, 1.0, 0.0, classifier.card)
    networks, logits, meant = [], [], []
    for member, start in enumerate(classifier._networks):
        apart = (place + member * options.calibration_share) % 1.0 < options.calibration_share
        learn, judge = np.flatnonzero(enough & ~apart), np.flatnonzero(enough & apart)
        if len(learn) < 5 or len(judge) < 2:
            raise ValueError(
                f"fine-tuning needs some ten stars with {LEAST_POINTS} good rows; of the {len(names)} given "
                f"{len(learn) + len(judge)} have them, {len(judge)} of these kept for calibration"
            )
        seed = 1000 * options.seed + member
        keras().utils.set_random_seed(seed)
        network = _network(options, len(types))
        network.set_weights(start.get_weights())
        train(
            network,
            Examples([tensor[learn] for tensor in tensors], allowed[learn], weight[learn]),
            Examples([tensor[judge] for tensor in tensors], allowed[judge], weight[judge]),
            options.epochs,
            options.batch,
            options.learning_rate,
            options.weight_decay,
            options.patience,
            seed,
            progress or (lambda _: None),
        )
        made._networks = [in_double(lambda: _network(options, len(types)), network.get_weights())]
        logits.append(made._logits([tensor[judge] for tensor in tensors]))
        meant.append(allowed[judge].max(axis=1))
        networks += made._networks
    made._networks = networks
    made._calibrate(np.concatenate(logits), np.concatenate(meant))
    return made

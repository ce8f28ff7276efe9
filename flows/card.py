"""The card of a model that `swope train` made: what it was taught, and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

from swope.flows.options import SHIPPED, RunOptions, TrainOptions
from swope.models.classifier import Classifier
from swope.pipeline.star import Star
from swope.pipeline.version import VERSION

_LIMITS = (
    "**Limits.** It was judged on no stars but those that calibrate it, which are of the same survey as the others. "
    "For figures of your own, keep labelled stars apart from training, put them through `swope run --models`, and hold "
    "the catalog against their labels with `swope evaluate`."
)

#: Settings with words of their own, or that follow from the number of stars.
_NOT_SAID = ("seed", "members")


def card_of(
    kind: str,
    model: Any,
    stars: Sequence[Star],
    classes: Sequence[str] | None,
    start_id: str | None,
    training: TrainOptions,
    options: RunOptions,
) -> str:
    """A card in Markdown, without a date or a path: the same training writes the same card.

    Parameters
    ----------
    kind : of the model.
    model : just trained.
    stars : those that it was given.
    classes : of the stars, where they had labels.
    start_id : name of the model that it went on from; None where it was trained from nothing.
    training, options : as asked for.
    """
    chosen = getattr(model, "options", None)
    share = getattr(chosen, "calibration_share", None)
    apart = f", some {100 * share:.0f} % of them kept to end the training and to calibrate it" if share else ""
    paragraphs = [
        f"# {'An' if kind[0] in 'aeiou' else 'A'} {kind} made by `swope train`",
        f"**Trained** by Swope {VERSION} with the seed {training.seed}, {_begun(start_id, training)}.",
        f"**Taught** by {len(stars)} stars{apart}. {_by_type(classes)}",
        f"**Settings** other than the usual ones: {', '.join(_unusual(chosen, options)) or 'none'}.",
        _LIMITS,
    ]
    if isinstance(model, Classifier):
        paragraphs.insert(-1, _answers(model))
    return "\n\n".join(paragraphs) + "\n"


def _begun(start_id: str | None, training: TrainOptions) -> str:
    if start_id is None:
        return "from nothing"
    whose = "which comes with Swope and whose" if training.start in (None, SHIPPED) else "whose"
    return f"from `{start_id}`, {whose} own card says what that one was taught"


def _by_type(classes: Sequence[str] | None) -> str:
    if classes is None:
        return "They had no labels."
    counts = sorted(Counter(classes).items(), key=lambda entry: (-entry[1], entry[0]))
    return f"By type: {', '.join(f'{name} {count}' for name, count in counts)}."


def _unusual(chosen: Any, options: RunOptions) -> Iterator[str]:
    """The settings of the model and of the reading that are not what they are when nobody says anything."""
    for given in (chosen, options):
        if not is_dataclass(given) or isinstance(given, type):
            continue
        usual = type(given)()
        for name, value in asdict(given).items():
            if name not in _NOT_SAID and value != getattr(usual, name):
                yield f"{name} {value}"


def _answers(classifier: Classifier) -> str:
    """What a classifier answers, and what the stars that calibrate it say of that."""
    kept, risk = 100 * classifier.abstention.kept, 100 * classifier.abstention.risk
    return (
        f"**Answers** with one of {', '.join(classifier.types)}. Of the stars that calibrate it {kept:.1f} % get no "
        f"flag, and of these {risk:.1f} % another type than their label says."
    )

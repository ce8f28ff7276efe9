from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from swope.models.classifier import Classifier, ClassifierOptions, LabelledInputs
from swope.models.inputs import inputs_of
from swope.pipeline.split import share
from swope.pipeline.star import Star
from tests.models.stars import made_star

OPTIONS = ClassifierOptions(
    members=1, trees=30, hidden=16, dropout=0.1, batch=32, filters=(8,), epochs=8, calibration_share=0.25
)


def made(kinds: tuple[str, ...], seeds: range) -> LabelledInputs:
    stars = [made_star(kind, seed, 60) for seed in seeds for kind in kinds]
    names = [star.curve.object_id for star in stars]
    # a type of any period: what is taught the wrong way round has to be possible
    labels = [name.split("-")[0].replace("RRAB", "ROT") for name in names]
    return LabelledInputs(inputs_of(stars), names, periods(stars), labels)


def periods(stars: list[Star]) -> np.ndarray:
    return np.array([star.period.period for star in stars])


@pytest.fixture(scope="module")
def start() -> Classifier:
    """A classifier that was taught the wrong way round: what it calls EA is pulsating."""
    stars = made(("RRAB", "EA"), range(60))
    return Classifier.fit_inputs(replace(stars, labels=[{"ROT": "EA", "EA": "ROT"}[x] for x in stars.labels]), OPTIONS)


def right(classifier: Classifier) -> float:
    stars = made(("RRAB", "EA"), range(200, 215))
    answer = classifier.classify_inputs(stars.inputs)
    return float(np.mean([answer.best(i) == label for i, label in enumerate(stars.labels)]))


def test_few_stars_teach_another_survey(start: Classifier, tmp_path: Path) -> None:
    few = made(("RRAB", "EA"), range(100, 120))
    before = start.model_id
    options = replace(OPTIONS, learning_rate=1e-2, batch=16, epochs=20)
    tuned = Classifier.fit_inputs(few, options, start=start)
    assert right(start) < 0.2
    assert right(tuned) > 0.8
    assert start.model_id == before
    assert tuned.card == ""
    tuned.save(tmp_path)
    assert Classifier.load(tmp_path).model_id == tuned.model_id


def test_tuning_again_gives_the_same_classifier(start: Classifier) -> None:
    few = made(("RRAB", "EA"), range(100, 110))
    lines: list[str] = []
    options = replace(OPTIONS, epochs=1)
    ids = {Classifier.fit_inputs(few, options, lines.append, start=start).model_id for _ in range(2)}
    assert len(ids) == 1
    assert len(lines) == 2


def test_types_without_new_labels_are_not_forgotten() -> None:
    kinds = ("RRAB", "EA", "CST")
    start = Classifier.fit_inputs(made(kinds, range(60)), OPTIONS)
    tuned = Classifier.fit_inputs(made(("RRAB", "EA"), range(100, 115)), replace(OPTIONS, epochs=1), start=start)
    constant = made(("CST",), range(200, 215)).inputs
    share = [one.classify_inputs(constant).probabilities[:, 0].mean() for one in (start, tuned)]
    assert start.types[0] == "CST"
    assert share[1] > 0.7 * share[0]


def test_what_cannot_be_taught_is_refused(start: Classifier) -> None:
    stars = made(("RRAB",), range(3))
    with pytest.raises(ValueError, match="no going on with M: the start knows only EA, ROT"):
        Classifier.fit_inputs(replace(stars, labels=["M"] * 3), start=start)
    with pytest.raises(ValueError, match="5 stars with 5 good rows"):
        Classifier.fit_inputs(replace(stars, labels=["ROT"] * 3), start=start)


def test_a_few_stars_teach_whatever_their_names_are(start: Classifier) -> None:
    # by their names all of them, or none, would be kept for calibration
    stars = made(("RRAB", "EA"), range(100, 105))
    low = [name for name in map(str, range(5000)) if share(name, "classifier") < OPTIONS.calibration_share][:10]
    high = [name for name in map(str, range(5000)) if share(name, "classifier") >= OPTIONS.calibration_share][:10]
    options = replace(OPTIONS, epochs=1)
    assert Classifier.fit_inputs(replace(stars, names=high), options, start=start).types == start.types
    with pytest.raises(ValueError, match="to learn from"):
        Classifier.fit_inputs(replace(stars, names=low), options, start=start)

"""What a label file teaches; what cannot be trained is said before any work is done; what a card says."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swope.flows import train as module
from swope.flows.challenge import KEPT_APART, Verdict
from swope.flows.cli import build_parser, main
from swope.flows.options import RunOptions, TrainOptions
from swope.flows.train import _known, _of_stars, _start, train
from swope.models.autoencoder import Autoencoder
from swope.models.classifier import Classifier, ClassifierOptions
from swope.models.detector import Teaching
from swope.models.forecaster import Forecaster
from swope.models.registry import load_model, model_class
from swope.models.weights import holds_model
from swope.pipeline.star import Star
from tests.flows.test_cli import said
from tests.models.stars import made_star

SMALL = ClassifierOptions(members=1, trees=10, hidden=8, filters=(4,), epochs=1, copies=0, calibration_share=0.25)


def stars_of(kinds: tuple[str, ...], seeds: range) -> list[Star]:
    return [made_star(kind, seed, 60) for seed in seeds for kind in kinds]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with a classifier that knows RRAB and EA."""
    folder = tmp_path_factory.mktemp("models")
    stars = stars_of(("RRAB", "EA"), range(25))
    made = Classifier.fit(stars, [star.curve.object_id.split("-")[0] for star in stars], SMALL)
    made.card = "the card of the start"
    made.save(folder / "classifier")
    return folder


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Star]:
    """The stars that reading and measuring will give."""
    stars = stars_of(("RRAB", "EA"), range(100, 112))
    monkeypatch.setattr(module, "prepare", lambda *_: stars)
    return stars


def label_file(folder: Path, stars: list[Star], **renamed: str) -> str:
    kinds = [(star.curve.object_id, star.curve.object_id.split("-")[0]) for star in stars]
    path = folder / "labels.csv"
    path.write_text("object_id,class\n" + "".join(f"{name},{renamed.get(kind, kind)}\n" for name, kind in kinds))
    return str(path)


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("autoencoder", {"cell": "gru"}, "a autoencoder has no recurrent cell; leave it out"),
        ("autoencoder", {"survey": True}, "--survey: the autoencoder looks at the curve alone"),
        ("autoencoder", {"start": "shipped"}, "leave it out"),
        ("forecaster", {"start": "shipped", "cell": "gru"}, "give one of them"),
        ("classifier", {"start": "shipped", "survey": True}, "what its --start looks at"),
        ("classifier", {"start": "nowhere"}, "no classifier in nowhere"),
        ("autoencoder", {"challenge": True}, "--challenge: a autoencoder neither names types nor forecasts"),
        ("oracle", {}, "no model is called"),
    ],
)
def test_what_has_no_meaning_is_refused_before_any_work(
    kind: str, options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=words):
        train.fn(kind, ["nowhere"], str(tmp_path / "out"), "labels.csv", TrainOptions(**options))
    assert not (tmp_path / "out").exists()


def test_the_command_refuses_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.csv").write_text("time,mag\n")
    command = ("train", "classifier", str(tmp_path / "x.csv"), "--out", str(tmp_path / "out"))
    assert "give --labels" in said(capsys, *command)
    labelled = (*command, "--labels", "few.csv")
    assert "no classifier in" in said(capsys, *labelled, "--start", str(tmp_path))
    assert "must be below --max-period" in said(capsys, *labelled, "--min-period", "2", "--max-period", "1")
    assert not (tmp_path / "out").exists()


def test_classes_that_swope_does_not_know_are_named(
    tmp_path: Path, measured: list[Star], capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [star.curve.object_id for star in measured]
    labels = tmp_path / "labels.csv"
    labels.write_text("object_id,class\n" + "".join(f"{one},Banana\n" for one in ids))
    with pytest.raises(ValueError, match=f"none of its {len(ids)} rows has a class that Swope knows: it says 'Banana'"):
        train.fn("classifier", [], str(tmp_path / "out"), str(labels), TrainOptions())
    labels.write_text("object_id,class\nelsewhere,EA\n" + "".join(f"{one},Banana\n" for one in ids))
    with pytest.raises(ValueError, match="compare the object_id"):
        train.fn("classifier", [], str(tmp_path / "out"), str(labels), TrainOptions())
    assert f"{len(ids)} stars are left out, of no one type that Swope knows: 'Banana'" in capsys.readouterr().err


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    curve = tmp_path / "x.csv"
    curve.write_text("time,mag\n")
    for command in (("run",), ("train", "forecaster")):
        assert "is a file; name a folder" in said(capsys, *command, str(curve), "--out", str(curve))


def test_a_damaged_start_is_refused_before_any_work(models: Path, tmp_path: Path, measured: list[Star]) -> None:
    (tmp_path / "classifier").mkdir()
    (tmp_path / "classifier" / "model.json").write_text((models / "classifier" / "model.json").read_text())
    with pytest.raises(ValueError, match="train or install it again"):
        train.fn("classifier", [], "out", label_file(tmp_path, measured), TrainOptions(start=str(tmp_path)))


def test_training_reads_by_the_settings_of_a_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("time,mag\n")
    told: list[Any] = []

    class Flow:
        def with_options(self, **_: object) -> Flow:
            return self

        def __call__(self, *given: object) -> str:
            told.extend(given)
            return "out/forecaster"

    monkeypatch.setattr(module, "train", Flow())
    monkeypatch.setattr("swope.flows.server.prefect_server", nullcontext)
    settings = ["--clock", "HJD_UTC", "--to-bjd", "--kind", "flux", "--min-period", "0.2", "--max-period", "9"]
    assert main(["train", "forecaster", str(tmp_path / "x.csv"), "--out", "o", "--workers", "3", *settings]) == 0
    assert told[0] == "forecaster"
    assert told[4:] == [
        TrainOptions(),
        RunOptions(clock="HJD_UTC", to_bjd=True, kind="flux", min_period=0.2, max_period=9.0),
        3,
    ]
    run = build_parser().parse_args(["run", "x", "--out", "o", "--workers", "3", *settings])
    assert (run.clock, run.to_bjd, run.kind, run.min_period, run.max_period, run.workers) == (
        *("HJD_UTC", True, "flux", 0.2, 9.0, 3),
    )


def test_labels_teach_classes_and_where_there_are_any_periods(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("object_id,class,period\na,EW,0.31\nb,RRAB,\nc,?,0.5\n")
    known = _known(labels).set_index("object_id")
    assert known["class"].to_dict() == {"a": "EW", "b": "RRAB"}
    assert known.loc["a", "period"] == 0.31
    assert math.isnan(known.loc["b", "period"])


def from_source(star: Star, object_id: str, source: str) -> Star:
    return replace(star, curve=replace(star.curve, object_id=object_id, source=source))


@pytest.fixture
def twins() -> list[Star]:
    """Two stars that two surveys both call "1", and one more."""
    first, second, third = (made_star(kind, 1) for kind in ("RRAB", "EA", "CST"))
    return [
        from_source(first, "1", "north/a.csv"),
        from_source(second, "1", "south/b.csv"),
        from_source(third, "2", "north/a.csv"),
    ]


def test_stars_of_one_name_and_two_sources_are_taught_each_its_own(
    tmp_path: Path, twins: list[Star], capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("object_id,source,class,period\n2,,CST,\n1,south/b.csv,EA,2.5\n1,a.csv,RRAB,0.5\n")
    chosen, classes, periods = _of_stars(_known(labels), twins)
    assert chosen == twins
    assert classes == ["RRAB", "EA", "CST"]
    np.testing.assert_array_equal(periods, [0.5, 2.5, np.nan])
    assert not capsys.readouterr().err


def test_a_label_that_may_mean_two_stars_teaches_nothing_and_is_told(
    tmp_path: Path, twins: list[Star], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("object_id,class\n1,EA\n2,CST\n")
    chosen, classes, _ = _of_stars(_known(labels), twins)
    assert (chosen, classes) == (twins[2:], ["CST"])
    assert "left out: 1 ('1'); a column source (or file)" in capsys.readouterr().err
    monkeypatch.setattr(module, "prepare", lambda *_: twins[:2])
    with pytest.raises(ValueError, match="none of the 2 stars read is for certain in"):
        train.fn("autoencoder", [], str(tmp_path / "out"), str(labels))
    assert "left out: 1 ('1')" in capsys.readouterr().err


def test_without_labels_all_stars_are_learnt_from(twins: list[Star]) -> None:
    assert _of_stars(None, twins) == (twins, None, None)


def test_the_autoencoder_is_told_the_classes_where_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(Autoencoder, "fit", lambda *given: told.append(given[-1]))
    stars = [made_star("RRAB", 1), made_star("EA", 2)]
    for classes in (["RRAB", "EA"], None):
        model_class("autoencoder").taught(stars, Teaching(classes=classes))
    assert told == [["RRAB", "EA"], None]


def test_the_classifier_looks_at_the_survey_where_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[ClassifierOptions] = []
    monkeypatch.setattr(Classifier, "fit", lambda *given: told.append(given[2]))
    for survey in (False, True):
        teaching = Teaching(classes=["EA"], periods=np.array([2.0]), survey=survey, seed=5)
        model_class("classifier").taught([made_star("EA", 2)], teaching)
    assert told == [ClassifierOptions(seed=5), ClassifierOptions(survey=True, seed=5)]


def test_what_was_asked_of_the_training_reaches_the_model(
    measured: list[Star], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[list[Star], Teaching]] = []
    made = load_model("classifier", None)
    monkeypatch.setattr(Classifier, "taught", lambda stars, teaching: told.append((stars, teaching)) or made)
    labels = tmp_path / "labels.csv"
    rows = [f"{star.curve.object_id},{star.curve.object_id.split('-')[0]},0.5" for star in reversed(measured)]
    labels.write_text("\n".join(["object_id,class,period", *rows]) + "\n")
    training = TrainOptions(seed=7, epochs=3, survey=True)
    train.fn("classifier", [], str(tmp_path), str(labels), training, RunOptions(max_period=9.0))
    ((stars, teaching),) = told
    assert stars == measured
    assert teaching.classes == [star.curve.object_id.split("-")[0] for star in measured]
    np.testing.assert_array_equal(teaching.periods, np.full(len(measured), 0.5))
    assert (teaching.seed, teaching.epochs, teaching.survey, teaching.start) == (7, 3, True, None)
    assert teaching.search.max_period == 9.0


def test_a_classifier_goes_on_from_a_folder_and_says_so(models: Path, tmp_path: Path, measured: list[Star]) -> None:
    labels = label_file(tmp_path, measured)
    start = load_model("classifier", str(models))
    training = TrainOptions(start=str(models), seed=4)
    tuned = Classifier.load(Path(train.fn("classifier", [], str(tmp_path), labels, training)))
    assert tuned.types == start.types
    assert (tuned.options.seed, tuned.options.epochs, tuned.options.trees) == (4, 1, SMALL.trees)
    assert tuned.options.learning_rate < start.options.learning_rate
    assert tuned.model_id != start.model_id == load_model("classifier", str(models)).model_id
    assert f"from `{start.model_id}`" in tuned.card
    assert "EA 12, RRAB 12" in tuned.card
    assert "the card of the start" not in tuned.card


def test_the_first_model_of_a_folder_is_held_against_the_one_that_comes_with_swope(
    tmp_path: Path, measured: list[Star], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = load_model("classifier", None)
    monkeypatch.setattr(Classifier, "taught", lambda *_: load_model("classifier", None))
    champions: list[str] = []
    won = [False]

    def compared(champion: Any, *_: object) -> Verdict:
        champions.append(champion.model_id)
        return Verdict("share of right types", 40, 0.5, 0.5 + 0.4 * won[0], 0.1)

    monkeypatch.setattr(module, "compare", compared)
    asked = ("classifier", [], str(tmp_path / "models"), label_file(tmp_path, measured), TrainOptions(challenge=True))
    folder = Path(train.fn(*asked))
    assert champions == [made.model_id]
    # a model that is no better is not kept, and runs go on with the one that comes with Swope
    assert not holds_model(folder)
    won[0] = True
    train.fn(*asked)
    assert KEPT_APART in Classifier.load(folder).card
    capsys.readouterr()
    train.fn(*asked)
    assert "may have learnt" not in capsys.readouterr().out
    # one that learnt from all stars is not beaten fairly on some of them
    train.fn(*asked[:-1], TrainOptions())
    assert KEPT_APART not in Classifier.load(folder).card
    train.fn(*asked)
    assert "trained without --challenge, and may have learnt from these stars" in capsys.readouterr().out


def test_labels_that_the_start_does_not_know_are_refused(models: Path, tmp_path: Path, measured: list[Star]) -> None:
    labels = label_file(tmp_path, measured, RRAB="M")
    with pytest.raises(ValueError, match="no going on with M: the start knows only EA, RRAB"):
        train.fn("classifier", [], str(tmp_path / "out"), labels, TrainOptions(start=str(models)))


def test_a_forecaster_goes_on_from_what_comes_with_swope_unless_told_otherwise(models: Path) -> None:
    shipped = Forecaster.pretrained().model_id
    assert _start("forecaster", TrainOptions()).model_id == shipped
    assert _start("forecaster", TrainOptions(start="shipped")).model_id == shipped
    assert _start("forecaster", TrainOptions(cell="gru")) is None
    assert _start("classifier", TrainOptions()) is None
    assert _start("classifier", TrainOptions(start="shipped")).model_id == Classifier.pretrained().model_id
    assert _start("classifier", TrainOptions(start=str(models))).types == ("EA", "RRAB")


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("kind", ["autoencoder", "forecaster", "statespace"])
def test_every_kind_of_model_gets_a_card(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = load_model(kind, None)
    monkeypatch.setattr(type(made), "fit", lambda *_: made)
    folder = Path(train.fn(kind, [], str(tmp_path)))
    card = type(made).load(folder).card
    assert f"{kind} made by `swope train`\n" in card
    assert "24 stars" in card
    assert "They had no labels" in card

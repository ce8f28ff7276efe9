"""The models there are, and those that other packages announce."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import astropy.units as u
import pytest
from astropy.io.votable.ucd import check_ucd

from swope.flows.challenge import promote
from swope.models import registry
from swope.models.detector import Detector, ForecastingDetector, Learning
from swope.models.statespace import StateSpace
from swope.pipeline.catalog.schema import object_columns
from swope.pipeline.column import Column, DetectorColumns
from tests.flows.toy_detector import Toy

#: Columns that those who read a catalog may rely on.
CONTRACT = [
    *("forecaster_score", "forecaster_pvalue"),
    *("statespace_score", "statespace_pvalue", "trend", "trend_err", "trend_pvalue", "n_changes", "change_time"),
    *("change_size", "change_pvalue", "drw_tau", "drw_tau_err", "drw_sigma", "drw_sigma_err", "drw_flag"),
    *("autoencoder_score", "autoencoder_pvalue", "reconstruction_pvalue", "latent_pvalue", "autoencoder_flag"),
]

Announce = Callable[..., None]


def forget() -> None:
    """What was found before is looked for again."""
    registry.detector_places.cache_clear()
    registry.model_class.cache_clear()
    registry._loaded.cache_clear()


@pytest.fixture
def announce(monkeypatch: pytest.MonkeyPatch) -> Iterator[Announce]:
    """Announce classes as an installed package would, by name."""

    def announced(**classes: Any) -> None:
        module = ModuleType("announced")
        points = []
        for name, found in classes.items():
            setattr(module, f"Of_{name}", found)
            points.append(EntryPoint(name, f"announced:Of_{name}", registry.GROUP))
        monkeypatch.setitem(sys.modules, "announced", module)
        monkeypatch.setattr(registry, "entry_points", lambda group: points if group == registry.GROUP else [])
        forget()

    yield announced
    monkeypatch.undo()
    forget()


def test_the_shipped_detectors_fill_the_contract() -> None:
    detectors = registry.detector_columns()
    assert [one.name for one in detectors] == ["forecaster", "statespace", "autoencoder"]
    assert [column.name for one in detectors for column in one.columns] == CONTRACT
    names = [column.name for column in object_columns(detectors)]
    assert len(set(names)) == len(names)
    assert [one.name for one in detectors if one.forecasts] == ["forecaster", "statespace"]
    assert [one.name for one in detectors if one.tells_kinds] == ["autoencoder"]


@pytest.mark.parametrize(
    "column",
    [column for one in registry.detector_columns() for column in (*one.columns, one.night_column)],
    ids=lambda column: column.name,
)
def test_every_column_is_described(column: Column) -> None:
    assert check_ucd(column.ucd, check_controlled_vocabulary=True)
    assert column.description
    u.Unit(column.unit)


@pytest.mark.parametrize("name", registry.detector_places())
def test_a_shipped_detector_has_the_shape_and_says_it(name: str) -> None:
    model = registry.load_model(name)
    assert isinstance(model, Detector)
    assert isinstance(model, ForecastingDetector) == model.columns.forecasts
    assert model.columns.name == name
    assert registry.load_models().ids[name] == model.model_id


def test_all_models_are_named_once() -> None:
    assert registry.kinds() == ("classifier", "forecaster", "statespace", "autoencoder")
    assert tuple(registry.load_models().ids) == registry.kinds()


def test_they_are_loaded_once_a_process() -> None:
    assert registry.load_models(None) is registry.load_models(None)


def test_a_model_that_took_the_place_of_another_is_loaded_by_a_process_that_has_the_other(tmp_path: Path) -> None:
    shipped = StateSpace.pretrained()
    ids = []
    for outlier in (3.0, 1.5):
        promote(replace(shipped, options=replace(shipped.options, outlier=outlier)), tmp_path / "statespace")
        models = registry.load_models(str(tmp_path))
        assert models is registry.load_models(str(tmp_path))
        # what a training works on in the folder is no model
        (tmp_path / "work" / str(outlier)).mkdir(parents=True)
        assert models is registry.load_models(str(tmp_path))
        ids.append(models.ids["statespace"])
    assert ids[0] != ids[1] == StateSpace.load(tmp_path / "statespace").model_id


def test_a_detector_of_another_package_comes_after_the_shipped_ones(announce: Announce) -> None:
    announce(toy=Toy)
    assert registry.kinds()[-1] == "toy"
    assert registry.detector_columns()[-1] is Toy.columns
    assert registry.load_models().ids["toy"] == "toy-10.0"
    assert isinstance(registry.load_model("toy"), ForecastingDetector)


def test_several_packages_are_in_one_order(announce: Announce) -> None:
    def named(name: str) -> type:
        return type(name, (Toy,), {"columns": DetectorColumns(name, name)})

    announce(b=named("b"), a=named("a"))
    assert registry.kinds()[-2:] == ("a", "b")


@pytest.mark.parametrize("taken", ["statespace", "classifier"])
def test_a_name_that_is_taken_is_refused(announce: Announce, taken: str) -> None:
    announce(**{taken: Toy})
    with pytest.raises(ValueError, match=f"two models are called '{taken}'; announced:Of_{taken} needs another name"):
        registry.detector_places()


def test_two_packages_with_one_name_are_refused(announce: Announce, monkeypatch: pytest.MonkeyPatch) -> None:
    announce(toy=Toy)
    points = [EntryPoint("toy", value, registry.GROUP) for value in ("one:Toy", "other:Toy")]
    monkeypatch.setattr(registry, "entry_points", lambda **_: points)
    forget()
    with pytest.raises(ValueError, match="two models are called 'toy'"):
        registry.kinds()


def test_what_is_no_detector_is_refused_by_what_it_lacks(announce: Announce) -> None:
    class Nothing:
        columns = DetectorColumns("toy", "the toy")

        def assess(self) -> None: ...

    announce(toy=Nothing)
    lacks = "announced:Of_toy is no detector: it has no learning, taught, save, load, pretrained, model_id"
    with pytest.raises(ValueError, match=lacks):
        registry.detector_columns()


def test_columns_of_another_name_are_refused(announce: Announce) -> None:
    announce(toys=Toy)
    with pytest.raises(ValueError, match="is announced as 'toys', but its columns are those of 'toy'"):
        registry.model_class("toys")


@pytest.mark.parametrize("value", ["no_such_module:Toy", "announced:NoSuchClass"])
def test_a_package_that_cannot_be_imported_is_named(
    announce: Announce, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    announce(toy=Toy)
    monkeypatch.setattr(registry, "entry_points", lambda group: [EntryPoint("toy", value, group)])
    forget()
    with pytest.raises(ValueError, match=value):
        registry.detector_columns()


def test_one_that_says_it_forecasts_and_cannot_is_refused(announce: Announce) -> None:
    class Mute:
        columns = DetectorColumns("mute", "the mute", forecasts=True)
        learning = Learning()
        assess, taught, save, load, pretrained, model_id = (lambda: None for _ in range(6))

    announce(mute=Mute)
    with pytest.raises(ValueError, match="forecast, point_null"):
        registry.model_class("mute")


def test_columns_that_another_detector_has_are_refused(announce: Announce) -> None:
    trend = next(column for one in registry.detector_columns() for column in one.own if column.name == "trend")

    class Twice(Toy):
        columns = DetectorColumns("twice", "the other", (trend,))

    announce(twice=Twice)
    with pytest.raises(ValueError, match="trend"):
        registry.detector_columns()


def test_an_unknown_kind_is_refused_with_what_there_is() -> None:
    with pytest.raises(
        ValueError, match="no model is called 'oracle'; there are classifier, forecaster, statespace, autoencoder"
    ):
        registry.load_model("oracle")


def test_a_folder_may_hold_some_of_the_models(announce: Announce, tmp_path: Path) -> None:
    announce(toy=Toy)
    Toy(limit=7.0).save(tmp_path / "toy")
    models = registry.load_models(str(tmp_path))
    assert models.ids["toy"] == "toy-7.0"
    assert models.ids["statespace"] == registry.load_model("statespace").model_id

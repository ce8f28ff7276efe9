from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from swope.pipeline.lightcurve import Clock, LightCurve
from swope.pipeline.simulate import SurveyOptions, simulate_star, simulate_stars, simulated, write_survey
from swope.pipeline.simulate.classes import KINDS
from swope.pipeline.simulate.ground import asas
from swope.pipeline.simulate.observe import observe
from swope.pipeline.simulate.signal import Scene
from swope.pipeline.simulate.surveys import SURVEYS
from swope.pipeline.simulate.visits import Visits
from swope.pipeline.vsx import TYPES


def same(one: LightCurve, other: LightCurve) -> bool:
    return one.object_id == other.object_id and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("time", "value", "error", "band", "mask")
    )


def test_a_star_depends_on_seed_and_number_alone() -> None:
    options = SurveyOptions(stars=8, seed=3, surveys=("ogle", "ztf"))
    in_order = [star.curve for star in simulate_stars(options)]
    with ThreadPoolExecutor(2) as pool:
        backwards = list(
            pool.map(lambda i: simulated(SurveyOptions(20, 3, ("ogle", "ztf")), i).curve, range(7, -1, -1))
        )
    assert all(same(one, other) for one, other in zip(in_order, backwards[::-1], strict=True))
    assert not same(in_order[0], simulated(SurveyOptions(8, 4, ("ogle", "ztf")), 0).curve)


@pytest.mark.parametrize("name", list(SURVEYS))
def test_every_survey_gives_a_light_curve_as_it_says(name: str) -> None:
    survey = SURVEYS[name]
    class_ = next(class_ for class_, kind in KINDS.items() if name in kind.surveys)
    curve = simulate_star(1, 2, class_=class_, survey=name).curve
    assert len(curve) >= 10
    assert np.isfinite(curve.time).all()
    assert np.isfinite(curve.value).all()
    assert (curve.error > 0).all()
    assert curve.bands == survey.bands
    assert curve.kind == survey.kind
    assert curve.clock == Clock.parse(survey.clock)
    assert (np.diff(curve.time) < 0).any() == survey.unsorted
    assert 2450000 < curve.time.min() < 2470000


def test_all_classes_are_known_types_and_all_their_surveys_exist() -> None:
    assert set(KINDS) <= set(TYPES)
    assert {name for kind in KINDS.values() for name in kind.surveys} <= set(SURVEYS)


def test_quoted_errors_are_of_the_size_of_the_noise() -> None:
    ratio = []
    for index in range(12):
        curve = simulate_star(2, index, class_="CST", survey="ogle").curve
        spread = 1.4826 * np.median(np.abs(curve.value - np.median(curve.value)))
        ratio.append(spread / np.median(curve.error))
    # OGLE-like errors are quoted too small, as they are
    assert 0.9 < np.median(ratio) < 1.6


def test_ground_based_nights_are_dark_and_have_seasons() -> None:
    curve = simulate_star(6, 0, class_="CST", survey="asas").curve
    hour = curve.time % 1
    # night at Las Campanas is about 0.45 to 0.95 of a Julian day
    assert hour.min() > 0.4
    assert hour.max() < 1.0
    assert np.diff(np.sort(curve.time)).max() > 30


def test_written_surveys_are_the_simulated_stars(tmp_path: Path) -> None:
    options = SurveyOptions(stars=12, seed=5, surveys=("ztf", "crts"), anomalies=0.5)
    seen: list[tuple[int, int]] = []
    files = write_survey(tmp_path, options, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (12, 12)
    assert [path.name for path in files][-1] == "labels.csv"
    assert all(path.exists() for path in files)
    rows = {row["object_id"]: row for path in files[:-1] for row in pq.read_table(path).to_pylist()}
    with files[-1].open(newline="") as file:
        labels = list(csv.DictReader(file))
    stars = list(simulate_stars(options))
    assert [label["object_id"] for label in labels] == [star.curve.object_id for star in stars]
    for star, label in zip(stars, labels, strict=True):
        row = rows[star.curve.object_id]
        clock = Clock.parse(row["clock"])
        np.testing.assert_allclose(np.array(row["time"]) + clock.zero, star.curve.time, atol=1e-6)
        np.testing.assert_allclose(row["mag"], star.curve.value, rtol=1e-6)
        assert label["class"] == star.label.class_
        assert (label["anomaly"] != "") == (label["event_kind"] != "" and star.label.anomaly != "")


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    options = SurveyOptions(stars=6, seed=9, surveys=("ogle", "tess"))
    written = [write_survey(tmp_path / name, options) for name in ("a", "b")]
    assert [path.read_bytes() for path in written[0]] == [path.read_bytes() for path in written[1]]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"stars": -1}, "must not be negative"),
        ({"surveys": ("palomar",)}, "no survey 'palomar' can be simulated; known: asas"),
        ({"classes": ("XYZ",)}, "no class 'XYZ' can be simulated; known: RRAB"),
        ({"classes": ("SN",), "surveys": ("kepler",)}, "none of the classes SN is simulated in kepler"),
        ({"anomalies": 2.0}, "a share between 0 and 1"),
    ],
)
def test_impossible_options_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SurveyOptions(**{"stars": 1, **wrong})  # type: ignore[arg-type]


def test_overlapping_asas_fields_are_taken_in_the_same_nights_but_never_at_once() -> None:
    step = np.concatenate([np.diff(asas(np.random.default_rng(seed), 120.0, -40.0).time) for seed in range(20)])
    assert step.min() > 0.0015
    assert 0.02 < np.mean(step < 0.2) < 0.3


def test_red_noise_is_alike_on_neighbouring_nights_where_a_survey_has_it() -> None:
    told = replace(SURVEYS["asas"], outliers=(0.0, 0.0), blend=(0.0, 0.0), trend=0.0)
    quiet = KINDS["CST"].draw(np.random.default_rng(0), Scene(2452000.0, 2454500.0, 0.02))
    time = np.linspace(2452000.0, 2453000.0, 500, dtype=np.float64)
    visits = Visits.of(time, np.zeros(500, dtype=np.int64), np.ones(500))
    alike = {}
    for name, survey in (("red", replace(told, red=(0.02, 0.0, 30.0))), ("white", replace(told, red=(0.0, 0.0, 0.0)))):
        found = []
        for seed in range(10):
            rng = np.random.default_rng(seed)
            curve = observe(rng, survey, quiet, visits, np.zeros(500), 10.0, object_id="x", ra=0.0, dec=0.0)
            rest = np.unique(np.column_stack([curve.time, curve.value]), axis=0)[:, 1]
            found.append(np.corrcoef(rest[:-1], rest[1:])[0, 1])
        alike[name] = float(np.median(found))
    assert alike["red"] > 0.2
    assert abs(alike["white"]) < 0.1

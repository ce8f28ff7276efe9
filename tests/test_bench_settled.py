from __future__ import annotations

import numpy as np

from swope.models.inputs import inputs_of
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.split import share
from tests.bench.periods_data import Known
from tests.bench.periods_settled import judged
from tests.bench.training_set import Prepared


def test_found_settled_and_possible_periods_are_judged_apart() -> None:
    names = np.array(["kept", "mended", "spoilt", "hopeless", "unknown"])
    period, factor = np.array([1.0, 0.5, 1.0, 0.3, 1.0]), np.array([1.0, 2.0, 2.0, 1.0, 1.0])
    stars = Prepared(inputs_of([]), names, np.full(5, "EW"), period, np.full(5, np.nan))
    curve = LightCurve.of("star", np.array([0.0, 1000.0]), np.zeros(2))
    known = {name: Known(curve, "set", "EW", 1.0) for name in names[:4]} | {
        "unknown": Known(curve, "set", "EW", np.nan)
    }
    expected = [(True, True, True, True), (False, True, True, True), (True, False, False, True), (False,) * 4]
    found = judged(stars, factor, known)
    assert found["all"] == found["possible"] == found["EW"] == expected
    assert found["untuned"] == [
        row for row, name in zip(expected, names, strict=False) if share(name, "doubted") >= 0.5
    ]


def test_a_reference_that_physics_excludes_is_judged_apart() -> None:
    # one deep eclipse a period of 1 d, so that a reference of 2 d has two alike
    time = np.sort(np.random.default_rng(2).uniform(0.0, 300.0, 3000))
    depth = np.where(np.abs((time + 0.5) % 1.0 - 0.5) < 0.03, 1.5, 0.0)
    star = LightCurve.of("deep", time, 12.0 + depth, np.full(3000, 0.01))
    stars = Prepared(inputs_of([]), np.array(["deep"]), np.array(["EA"]), np.array([1.0]), np.array([np.nan]))
    found = judged(stars, np.ones(1), {"deep": Known(star, "asas", "ED", 2.0)})
    assert found["all"] == found["ED"] == [(False, False, False, True)]
    assert "possible" not in found


def test_a_period_that_foretells_the_nights_better_than_the_reference_is_upheld() -> None:
    rng = np.random.default_rng(3)
    time = np.sort(rng.integers(0, 400, 300) + 0.3 * rng.random(300))
    star = LightCurve.of("alias", time, 12.0 + 0.3 * np.cos(2 * np.pi * time / 0.62), np.full(300, 0.01))
    stars = Prepared(inputs_of([]), np.array(["alias"]), np.array(["RRC"]), np.array([0.62]), np.array([np.nan]))
    alias = 1.0 / (1.0 / 0.62 - 1.0)
    assert judged(stars, np.ones(1), {"alias": Known(star, "set", "RRC", alias)})["all"] == [
        (False, False, True, False)
    ]

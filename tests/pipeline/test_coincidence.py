"""Many stars at the same instant."""

from __future__ import annotations

import numpy as np

from swope.pipeline.coincidence import happened_to_many, many_stars


def _run(n: int, seed: int, span: float = 1000.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "star": rng.integers(0, n, n),
        "moment": np.floor(rng.uniform(0, span, n)),
        "brighter": rng.random(n) < 0.5,
        "step": np.full(n, 2.0),
        "span": np.full(n, span),
    }


def test_what_happens_to_many_stars_is_marked_and_nothing_else() -> None:
    run = _run(200, 0)
    assert not many_stars(**run).any()
    hit = np.arange(0, 60, 3)
    run["moment"][hit] = 500.3
    run["brighter"][hit] = False
    marked = many_stars(**run)
    assert marked[hit].all()
    near = (np.abs(run["moment"] - 500.3) <= 1.0) & ~run["brighter"]
    assert not marked[~near].any()


def test_chance_marks_hardly_ever() -> None:
    assert sum(many_stars(**_run(300, seed)).any() for seed in range(200)) <= 3


def test_one_star_with_many_events_is_not_many_stars() -> None:
    run = _run(100, 1)
    run["star"][:] = 7
    run["moment"][:] = 10.0
    assert not many_stars(**run).any()


def test_the_order_of_events_does_not_matter() -> None:
    run = _run(150, 2)
    run["moment"][:20] = 33.0
    order = np.random.default_rng(0).permutation(150)
    np.testing.assert_array_equal(
        many_stars(**run)[order], many_stars(**{name: column[order] for name, column in run.items()})
    )


def test_times_that_are_not_known_are_not_marked() -> None:
    run = _run(30, 3)
    run["moment"][:] = np.nan
    assert not many_stars(**run).any()
    empty = {name: column[:0] for name, column in run.items()}
    assert len(many_stars(**empty)) == 0


def test_a_bad_season_is_marked_though_its_events_neither_begin_nor_peak_together() -> None:
    rng = np.random.default_rng(3)
    n = 200
    start = rng.uniform(0, 1900, n)
    length = np.full(n, 5.0)
    bad = np.arange(0, n, 6)
    start[bad], length[bad] = 1000.0 + rng.uniform(0, 20, len(bad)), 60.0
    peak = start + rng.uniform(0, 1, n) * length
    same = {"step": np.full(n, 2.0), "span": np.full(n, 2000.0)}
    marked = happened_to_many(np.arange(n), start, peak, start + length, np.zeros(n, dtype=bool), **same)
    assert marked[bad].all()
    away = (start > 1100.0) | (start + length < 980.0)
    assert not marked[away].any()
    assert not many_stars(np.arange(n), start, np.zeros(n, dtype=bool), **same)[bad].all()

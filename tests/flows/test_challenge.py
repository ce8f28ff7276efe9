"""A model takes the place of the one that is there only where it is better by more than its error, and at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swope.flows.challenge import LEAST, compare, kept_apart, promote
from swope.pipeline.forecast import Forecast
from swope.pipeline.split import held_out
from swope.pipeline.star import Star
from tests.models.stars import made_star

STARS = [made_star("EA", seed, 30) for seed in range(40)]
CLASSES = ["EA"] * 30 + ["M"] * 10


@dataclass
class Namer:
    """Names types by rote."""

    types: list[str]

    def classify(self, stars: list[Star]) -> Any:  # noqa: ARG002
        return self

    def best(self, i: int) -> str:
        return self.types[i]


def test_a_classifier_that_is_better_by_chance_alone_is_not_promoted() -> None:
    champion = Namer(["EA"] * 40)
    for right, promoted in ((0, False), (1, False), (8, True)):
        verdict = compare(champion, Namer(["EA"] * 30 + ["M"] * right + ["EA"] * (10 - right)), STARS, CLASSES)
        assert (verdict.n, verdict.champion) == (40, 0.75)
        assert verdict.challenger == pytest.approx(0.75 + right / 40)
        gains = np.array([1.0] * right + [0.0] * (40 - right))
        assert verdict.error == pytest.approx(gains.std(ddof=1) / 40**0.5)
        assert verdict.promoted == promoted
        assert f"{right / 40:+.4f}" in str(verdict)
    assert not compare(champion, champion, STARS, CLASSES).promoted


def test_few_stars_say_nothing() -> None:
    few = LEAST - 1
    assert not compare(Namer(["M"] * few), Namer(["EA"] * few), STARS[:few], ["EA"] * few).promoted


@dataclass
class Caster:
    """Forecasts the mean, with a sigma that is so many times too large."""

    factor: float

    def forecast(self, stars: list[Star]) -> list[Forecast | None]:
        made = []
        for star in stars:
            good = star.curve.good
            mean, sigma = np.full(len(good), good.value.mean()), np.full(len(good), good.value.std() * self.factor)
            made.append(
                Forecast(good.object_id, "x", good.time, good.band, good.bands, good.value, mean, sigma, good.sign)
            )
        return [*made[:-1], None]


def test_forecasters_are_held_to_what_they_promise() -> None:
    verdict = compare(Caster(3.0), Caster(1.0), STARS, None)
    # a Gaussian whose sigma is right against one that is three times too wide
    assert verdict.challenger - verdict.champion == pytest.approx(np.log(3.0) - 0.5 * (1 - 1 / 9), abs=1e-6)
    assert verdict.n == 39
    assert verdict.promoted
    assert not compare(Caster(1.0), Caster(3.0), STARS, None).promoted


def test_what_cannot_be_compared_is_said() -> None:
    with pytest.raises(ValueError, match="labelled stars alone"):
        compare(Namer([]), Namer([]), STARS, None)
    with pytest.raises(ValueError, match="cannot be held against"):
        compare(object(), object(), STARS, None)


def test_the_stars_kept_apart_are_those_that_the_shipped_models_never_saw() -> None:
    apart = kept_apart(STARS)
    assert 0 < len(apart) < len(STARS)
    assert apart == [i for i, star in enumerate(STARS) if held_out(star.curve.object_id)]


@dataclass
class Saved:
    """Two files that belong together."""

    word: str

    def save(self, folder: Path) -> None:
        folder.mkdir()
        for name in "ab":
            (folder / name).write_text(self.word)


def test_whoever_reads_meets_one_model_whole(tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    promote(Saved("0"), folder)
    stop = threading.Event()
    torn: list[str] = []

    def read() -> None:
        while not stop.is_set():
            if not folder.exists():
                torn.append("gone")

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(200):
        promote(Saved(str(i)), folder)
        assert {(folder / name).read_text() for name in "ab"} == {str(i)}
    stop.set()
    reader.join()
    assert torn == []
    assert [one.name for one in tmp_path.iterdir()] == ["toy"]

"""Compile the inner loops before a star needs them: it takes longest, and can be done beside something else.

Two processes do it side by side, each what the other does last: `compile_searches` and `compile_scores`. What both come
to, one compiles and the other waits for (`swope.pipeline.compiled`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from swope.pipeline.clean import clean
from swope.pipeline.events import EventOptions
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.machine_code import is_kept
from swope.pipeline.period import PeriodOptions, find_period
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.star import Star


def is_compiled() -> bool:
    """Whether they were compiled before, and kept."""
    return is_kept(Path(__file__).parent / "forecaster", "filters.neighbours")


def compile_searches() -> None:
    """Compile what a star needs first: the search for its period, the networks' inputs, the forecaster."""
    from swope.models.inputs import inputs_of

    star = _star()
    find_period(star.curve, PeriodOptions())
    inputs_of([star])
    _forecast(star)
    _shape()


def compile_scores() -> None:
    """Compile what the state space, events and the forecaster need of a star."""
    from swope.models.statespace.model import StateSpace

    star = _star()
    model = StateSpace()
    model.slow_events([star], EventOptions())
    model.describe([star])
    _shape()
    _forecast(star)


def _star() -> Star:
    """A small star with a period, and with something beside it."""
    time = np.arange(0.0, 200.0, 2.5)
    wave = np.sin(2 * np.pi * time / 7.3) + 0.3 * np.sin(2 * np.pi * time / 61.0)
    noise = np.random.default_rng(0).normal(0.0, 0.05, len(time))
    curve = clean(LightCurve.of("", time, 12.0 + wave + noise, np.full(len(time), 0.05)))
    return Star(curve, PeriodResult(period=7.3, fap=0.0, t0=0.0, terms=1))


def _forecast(star: Star) -> None:
    """Go through the forecaster, without its weights."""
    from swope.models.forecaster.lstm import Layers, states_of
    from swope.models.forecaster.mixture import Mixture
    from swope.models.forecaster.own_scale import own_scale
    from swope.models.forecaster.steps import Steps, steps_of

    one, n = np.ones((1, 1)), 4
    Mixture(one, one, one).quantile(0.5)
    none, ready = np.zeros(n), np.ones(n, dtype=bool)
    own_scale(none, none, ready)
    inputs, families = np.zeros((n, 1), dtype=np.float32), np.zeros((n, 1))
    blank = Steps(inputs, none, families, families, none, families, none, none, ready, ready, none)
    gates = np.zeros(4)
    recurrent = np.zeros((1, 4), dtype=np.float32)
    states_of(Layers(np.zeros((1, 4)), recurrent, gates, gates, gates, gates, gates), blank)
    steps_of(star)


def _shape() -> None:
    """Fit the profiles of an event."""
    from swope.pipeline.event_shape import fit_shape

    time = np.arange(12.0)
    fit_shape(time, np.exp(-((time - 6.0) ** 2)), np.ones(12), np.arange(12, dtype=np.int32), 12, True, 6.0, 2.0)

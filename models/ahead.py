"""Compile the models' inner loops before a star needs them: it takes longest, and can be done beside something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from swope.pipeline.clean import clean
from swope.pipeline.events import EventOptions
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.machine_code import is_kept
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.star import Star


def is_compiled() -> bool:
    """Whether they were compiled before, and kept."""
    return is_kept(Path(__file__).parent / "forecaster", "filters.neighbours")


def compile_ahead() -> None:
    """Compile what the state space and the forecaster need of a star, by going through a small one; without Keras."""
    from swope.models.forecaster.lstm import Layers, states_of
    from swope.models.forecaster.mixture import Mixture
    from swope.models.forecaster.steps import Steps, steps_of
    from swope.models.statespace.model import StateSpace

    time = np.arange(0.0, 200.0, 2.5)
    wave = np.sin(2 * np.pi * time / 7.3) + 0.3 * np.sin(2 * np.pi * time / 61.0)
    noise = np.random.default_rng(0).normal(0.0, 0.05, len(time))
    curve = clean(LightCurve.of("", time, 12.0 + wave + noise, np.full(len(time), 0.05)))
    star = Star(curve, PeriodResult(period=7.3, fap=0.0, t0=0.0, terms=1))
    model = StateSpace()
    model.slow_events([star], EventOptions())
    model.describe([star])
    # what a star needs first comes last: where a process is there by now, it compiles that itself, beside the rest
    one, n = np.ones((1, 1)), 4
    Mixture(one, one, one).quantile(0.5)
    none, ready = np.zeros(n), np.ones(n, dtype=bool)
    inputs, families = np.zeros((n, 1), dtype=np.float32), np.zeros((n, 1))
    blank = Steps(inputs, none, families, families, none, families, none, none, ready, ready, none)
    gates = np.zeros(4)
    states_of(Layers(np.zeros((1, 4)), np.zeros((1, 4)), gates, gates, gates, gates, gates), blank)
    steps_of(star)

"""The state space is compiled once a machine, and it can be seen whether it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import numpy as np
from swope.models.ahead import compile_scores, compile_searches, is_compiled
before = is_compiled()
compile_searches()
compile_scores()
print(before, is_compiled())

from swope.models.detector import Batch
from swope.models.forecaster.steps import steps_of
from swope.models.inputs import inputs_of
from swope.models.statespace import StateSpace
from swope.pipeline.events import EventOptions
from swope.pipeline.period import find_period
from swope.pipeline.star import Star
from tests.pipeline.period.curves import star

for shape in ("sine", "eclipsing", "constant"):
    curve = star(shape, 3.7, points=400, noise=0.1, bands=("g", "r"))
    one = Star(curve, find_period(curve))
    inputs = inputs_of([one])
    said, = StateSpace.pretrained().assess(Batch([one], inputs, EventOptions()))
    foretold = steps_of(one).inputs.tobytes()
    print(one.period, said.score, sorted(said.columns.items()), said.events, said.record, foretold)
"""


def test_it_is_seen_whether_it_was_compiled_and_what_is_kept_gives_the_same_numbers(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    said = []
    for expected in ("False True", "True True"):
        done = subprocess.run(
            [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        compiled, _, numbers = done.stdout.partition("\n")
        assert compiled.strip() == expected, done.stderr
        said.append(numbers)
    assert said[0]
    assert said[0] == said[1]

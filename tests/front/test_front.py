"""The front door opens quickly, and shows what is behind it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import swope


def test_every_name_is_there_and_documented() -> None:
    assert set(dir(swope)) == set(swope.__all__)
    for name in swope.__all__:
        assert getattr(swope, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'analyse'"):
        _ = swope.analyse  # type: ignore[attr-defined]


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, swope; print(' '.join(m.split('.')[0] for m in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"astropy", "lightkurve", "keras", "tensorflow", "prefect", "numba", "scipy", "matplotlib", "pandas"}
    assert heavy.isdisjoint(loaded)


def test_analysing_needs_no_prefect() -> None:
    code = "import sys, swope; swope.analyze, swope.open, swope.read; print('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

"""The examples in the docstrings of the package, as it is installed."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import swope

MODULES = [module.name for module in pkgutil.walk_packages(swope.__path__, "swope.")]


def test_the_modules_are_found() -> None:
    assert {"swope.pipeline.rank", "swope.models.weights", "swope.flows.cli"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0

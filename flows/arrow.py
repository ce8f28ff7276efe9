"""Arrow without pandas, for commands, flows and their workers.

Arrow imports pandas at its first array, to know a Series if it is given one: a quarter of a second of every process,
for nothing where there is none. Who imports pandas later has Arrow know it from then on.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

_NAME = "pandas"


def without_pandas() -> None:
    """Have Arrow do without pandas until something else imports it."""
    if _NAME in sys.modules or any(isinstance(one, _Telling) for one in sys.meta_path):
        return
    refusing = _Refusing()
    sys.meta_path.insert(0, refusing)
    try:
        import pyarrow as pa

        # Arrow looks for it once
        pa.array([0])
    finally:
        sys.meta_path.remove(refusing)
    sys.meta_path.insert(0, _Telling())


class _Refusing(MetaPathFinder, Loader):
    """Finds pandas in the place of the finders that come after, and fails to load it."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """A module for pandas, none for others."""
        return ModuleSpec(name, self) if name == _NAME else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Raise what a missing module raises."""
        raise ModuleNotFoundError(f"No module named {module.__name__!r}", name=module.__name__)


class _Telling(MetaPathFinder, Loader):
    """Loads pandas as the finders that come after would, and has Arrow look for it again."""

    def __init__(self) -> None:
        self._loader: Loader | None = None

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """That of pandas, once."""
        if name != _NAME:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None:
            self._loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As its own loader does."""
        assert self._loader is not None
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As its own loader does; then Arrow is asked for what it needs pandas for."""
        import pyarrow as pa

        assert self._loader is not None
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        pa.table({}).to_pandas()

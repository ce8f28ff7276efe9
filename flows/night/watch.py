"""What the phases of a night cost."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Watch:
    """Seconds by phase; a phase inside another is taken out of it."""

    def __init__(self) -> None:
        self._spent: dict[str, float] = defaultdict(float)
        self._inner = [0.0]

    @contextmanager
    def over(self, name: str) -> Iterator[None]:
        """Count the block for a phase."""
        start = time.perf_counter()
        self._inner.append(0.0)
        try:
            yield
        finally:
            whole = time.perf_counter() - start
            self._spent[name] += whole - self._inner.pop()
            self._inner[-1] += whole

    def add(self, spent: Mapping[str, float]) -> None:
        """Count what another process has counted, taken out of the phase that waited for it."""
        for name, seconds in spent.items():
            self._spent[name] += seconds
            self._inner[-1] += seconds

    def seconds(self) -> dict[str, float]:
        """Seconds by phase, rounded."""
        return {name: round(seconds, 3) for name, seconds in self._spent.items()}

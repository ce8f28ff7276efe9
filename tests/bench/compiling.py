"""What a fresh machine waits for machine code: ``python -m tests.bench.compiling [SOURCE]``.

All stars of SOURCE (the sample survey) are analysed in one process whose cache of compiled code is empty. Printed are
the kernels, with the seconds of processor time that each took, what it calls for the first time included, and the
types that it was compiled for; then one JSON line with their sum.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# before numba is imported, which looks at it once
_CACHE = tempfile.TemporaryDirectory()
os.environ["NUMBA_CACHE_DIR"] = _CACHE.name

from numba.core import event  # noqa: E402

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


class Compiling(event.Listener):
    """Notes what is compiled, and what is compiled on its behalf."""

    def __init__(self) -> None:
        self._began: list[float] = []
        self.taken: list[tuple[float, str, str]] = []

    def on_start(self, event: Any) -> None:  # noqa: ARG002
        self._began.append(time.thread_time())

    def on_end(self, event: Any) -> None:
        seconds = time.thread_time() - self._began.pop()
        if not self._began:
            self.taken.append((seconds, event.data["dispatcher"].py_func.__qualname__, str(event.data["args"])))


def main(source: str) -> int:
    """Print the table and the line; 2 where there is nothing to read."""
    import swope
    from swope.flows.runtime import one_thread, quiet

    quiet()
    one_thread()
    listener = Compiling()
    event.register("numba:compile", listener)
    stars = swope.read(source)
    for star in stars if isinstance(stars, list) else [stars]:
        swope.analyze(star)
    for seconds, name, types in sorted(listener.taken, reverse=True):
        print(f"{seconds:6.2f}  {name:20s} {types[:80]}")
    total = sum(seconds for seconds, _, _ in listener.taken)
    print(json.dumps({"bench": "compiling", "kernels": len(listener.taken), "seconds": round(total, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else str(SAMPLE)))

"""The state space is compiled once a machine, and it can be seen whether it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
from swope.models.ahead import compile_ahead, is_compiled
before = is_compiled()
compile_ahead()
print(before, is_compiled())
"""


def test_it_is_seen_whether_it_was_compiled(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    for expected in ("False True", "True True"):
        done = subprocess.run(
            [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.stdout.strip() == expected, done.stderr

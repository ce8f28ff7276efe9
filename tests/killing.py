"""A process that is killed before one of its calls that change the disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours may run after it."""


def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have the process "killed" before its `step`-th call that changes the disk: none of them works any more."""
    count = [0]

    def deadly(real: object) -> object:
        def wrapped(*given: object, **named: object) -> object:
            count[0] += 1
            if count[0] > step:
                raise Killed
            return real(*given, **named)  # type: ignore[operator]

        return wrapped

    for owner, name in (
        *((os, name) for name in ("replace", "fsync")),
        *((Path, name) for name in ("replace", "write_text", "unlink", "mkdir")),
        (shutil, "rmtree"),
    ):
        monkeypatch.setattr(owner, name, deadly(getattr(owner, name)))
    return count

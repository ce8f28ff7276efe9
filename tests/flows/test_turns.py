"""Scheduled flows of one folder wait for each other."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from swope.flows import turns
from swope.flows.lock import BusyError


@pytest.mark.usefixtures("prefect_server")
def test_runs_of_deployments_wait_their_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Scheduled:
        id = "of a deployment"

    monkeypatch.setattr(turns, "deployment", Scheduled)
    ended: list[str] = []
    begun = threading.Event()

    def first() -> None:
        with turns.one_at_a_time(tmp_path / "run", tmp_path / "nights"):
            begun.set()
            time.sleep(1)
            ended.append("first")

    other = threading.Thread(target=first)
    other.start()
    assert begun.wait(60)
    with turns.one_at_a_time(tmp_path / "run"):
        ended.append("second")
    other.join()
    assert ended == ["first", "second"]


def test_what_is_started_by_hand_is_refused(tmp_path: Path) -> None:
    with turns.one_at_a_time(tmp_path), pytest.raises(BusyError), turns.one_at_a_time(tmp_path):
        pass

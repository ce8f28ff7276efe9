import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from swope.flows.interrupt import leaving_at_once

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def interruptible() -> None:
    """Undo what a background job inherits: interrupts ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def alive(leader: int) -> bool:
    """Whether a group has processes."""
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("everybody", [True, False])
def test_an_interrupt_of_a_run_ends_all_of_it_at_once(tmp_path: Path, everybody: bool) -> None:
    """As from a terminal, which interrupts Prefect's temporary server too; and sent to the run alone."""
    swope = [sys.executable, "-c", "import sys; from swope.flows.cli import main; sys.exit(main())"]
    run = subprocess.Popen(
        [*swope, "run", str(SAMPLE), "--out", str(tmp_path), "--chunk-size", "16", "--workers", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=interruptible,
    )
    try:
        chunks = tmp_path / "work" / "chunks"
        begin = time.monotonic()
        while run.poll() is None and time.monotonic() - begin < 120 and not (chunks.is_dir() and any(chunks.iterdir())):
            time.sleep(0.1)
        assert run.poll() is None
        (os.killpg if everybody else os.kill)(run.pid, signal.SIGINT)
        _, said = run.communicate(timeout=20)
        assert run.returncode == 130
        assert said == "\nswope run: stopped. The finished chunks are kept: the same command goes on from them.\n"
        begin = time.monotonic()
        while alive(run.pid) and time.monotonic() - begin < 20:
            time.sleep(0.1)
        assert not alive(run.pid)
    finally:
        if alive(run.pid):
            os.killpg(run.pid, signal.SIGKILL)


def test_afterwards_an_interrupt_is_what_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)
    with leaving_at_once("stopped", 130):
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_a_server_of_the_users_own_is_told_by_prefect() -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    before = signal.getsignal(signal.SIGINT)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}), leaving_at_once("stopped", 130):
        assert signal.getsignal(signal.SIGINT) is before

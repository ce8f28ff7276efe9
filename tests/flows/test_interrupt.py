import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from swope.flows.interrupt import TerminatedError, exit_code, terminable

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def interruptible() -> None:
    """Undo what a background job inherits: interrupts ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def left(out: Path) -> list[str]:
    """Processes whose environment names the run, in whatever group or session they are."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"SWOPE_TEST_RUN={out}".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(
    ("one", "everybody", "when"),
    [(signal.SIGINT, True, "working"), (signal.SIGTERM, False, "starting")],
)
def test_a_run_that_is_asked_to_end_leaves_nothing_and_says_so(
    tmp_path: Path, one: signal.Signals, everybody: bool, when: str
) -> None:
    """As from a terminal, which tells the whole group; and sent to the run alone."""
    swope = [sys.executable, "-c", "import sys; from swope.flows.cli import main; sys.exit(main())"]
    run = subprocess.Popen(
        [*swope, "run", str(SAMPLE), "--out", str(tmp_path), "--chunk-size", "16", "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"SWOPE_TEST_RUN": str(tmp_path)},
        start_new_session=True,
        preexec_fn=interruptible,
    )
    try:
        chunks = tmp_path / "work" / "chunks"
        begin = time.monotonic()
        while run.poll() is None and time.monotonic() - begin < 120:
            # the process itself, its worker, the server and its guard
            if any(chunks.glob("*")) if when == "working" else len(left(tmp_path)) >= 4:
                break
            time.sleep(0.1)
        assert run.poll() is None
        begin = time.monotonic()
        (os.killpg if everybody else os.kill)(run.pid, one)
        _, said = run.communicate(timeout=20)
        assert run.returncode == 128 + one
        assert said == "\nswope run: stopped. The finished chunks are kept: the same command goes on from them.\n"
        while left(tmp_path) and time.monotonic() - begin < 20:
            time.sleep(0.1)
        assert left(tmp_path) == []
        assert time.monotonic() - begin < 5
    finally:
        run.kill()


def test_afterwards_a_request_to_end_is_what_it_was() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(TerminatedError) as stopped, terminable():
        signal.raise_signal(signal.SIGTERM)
    assert exit_code(stopped.value) == 143
    assert exit_code(KeyboardInterrupt()) == 130
    assert signal.getsignal(signal.SIGTERM) is before

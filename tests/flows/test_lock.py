import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from swope.flows.cli import BAD_INPUT, main
from swope.flows.lock import BusyError, check_free, locked

_HOLDER = """
import sys, time
from pathlib import Path
from swope.flows.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_is_one_runs_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    check_free(folder)
    assert not folder.exists()
    with locked(folder):
        with pytest.raises(BusyError, match=f"is in use by process {os.getpid()} on "), locked(folder):
            pass
        with pytest.raises(BusyError):
            check_free(folder)
        with locked(tmp_path / "other"):
            pass
    with locked(folder):
        pass


def test_the_second_run_is_refused_at_once_and_death_lets_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.csv").write_text("mjd,mag\n58000.5,15\n")
    out = tmp_path / "run"
    holder = subprocess.Popen([sys.executable, "-c", _HOLDER, str(out)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for command in (["run"], ["train", "forecaster"]):
            assert main([*command, str(tmp_path / "x.csv"), "--out", str(out)]) == BAD_INPUT
            said = capsys.readouterr().err
            assert f"{out} is in use by process {holder.pid} on " in said
            assert said.count("\n") == 1
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert holder.stdout is not None
        holder.stdout.close()
    check_free(out)

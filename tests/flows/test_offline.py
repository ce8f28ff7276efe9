"""A run and a night after it speak to this machine alone, in whatever process of theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.flows.test_nightly import HALF, rows, write

ROOT = Path(__file__).parents[2]

#: What Python imports first in every process: it writes down whom a socket is connected to, and what names are asked.
_RECORDER = """
import os, socket, sys

def noted(what, host):
    with open(os.environ["SWOPE_TEST_CALLS"], "a") as file:
        file.write(f"{os.getpid()} {what} {host}\\n")

def recorded(connect):
    def wrapped(self, address):
        if self.family != socket.AF_UNIX:
            noted("connect", address[0])
        return connect(self, address)
    return wrapped

def asked(getaddrinfo):
    def wrapped(host, *rest, **more):
        noted("name", host)
        return getaddrinfo(host, *rest, **more)
    return wrapped

socket.socket.connect = recorded(socket.socket.connect)
socket.socket.connect_ex = recorded(socket.socket.connect_ex)
socket.getaddrinfo = asked(socket.getaddrinfo)
"""

_RUN = """
import sys
from swope.flows.cli import main
if __name__ == "__main__":
    incoming, out, night = sys.argv[1:4]
    sys.exit(main(["run", incoming, "--out", out]) or main(["nightly", *sys.argv[4:], "--since", out, "--out", night]))
"""

HERE = {"127.0.0.1", "::1", "localhost", "b'127.0.0.1'", "b'localhost'", "None"}


def calls(program: Path, folder: Path, *words: str) -> list[list[str]]:
    """Do a program, and say whom its processes called: process, what, and host of each call."""
    (folder / "first").mkdir()
    (folder / "first" / "sitecustomize.py").write_text(_RECORDER)
    said = folder / "calls"
    said.touch()
    quiet = {"DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED", "PREFECT_API_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in quiet}
    environment |= {"PYTHONPATH": f"{folder / 'first'}:{ROOT}", "SWOPE_TEST_CALLS": str(said)}
    # a proxy of the machine's would hide whom one calls
    environment |= {"PREFECT_HOME": str(folder / "prefect"), "NO_PROXY": "*"}
    done = subprocess.run(
        [sys.executable, program, *words], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return [line.split(" ", 2) for line in said.read_text().splitlines()]


def test_nothing_is_told_to_any_other_machine(tmp_path: Path) -> None:
    program = tmp_path / "run.py"
    program.write_text(_RUN)
    for seed in range(2):
        write(tmp_path / "incoming", f"star{seed}", rows(seed)[:HALF])
    write(tmp_path / "tonight", "star0", rows(0)[HALF:])
    words = (tmp_path / "incoming", tmp_path / "out", tmp_path / "night", tmp_path / "tonight")
    found = calls(program, tmp_path, *map(str, words))
    assert [call for call in found if call[2] not in HERE] == []
    # the run itself, at least, has spoken to its own server: so this would have seen others
    assert any(call[1] == "connect" for call in found)


_CALL = """
import contextlib, socket
with socket.socket(type=socket.SOCK_DGRAM) as one, contextlib.suppress(OSError):
    one.connect(("192.0.2.1", 9))
"""


def test_a_call_to_another_machine_would_be_seen(tmp_path: Path) -> None:
    program = tmp_path / "call.py"
    program.write_text(_CALL)
    assert [call[1:] for call in calls(program, tmp_path)] == [["connect", "192.0.2.1"]]

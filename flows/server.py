"""A Prefect server for one process, where the user has none: started beside it, and ended with it.

Prefect starts a temporary server by itself, but one that a Ctrl+C in a terminal ends before Prefect has said goodbye to
it, and that stays when the run is killed. This one is `prefect server start`, in a session of its own that no terminal
interrupts, below a process that ends it as soon as the run is no more:

    run ── pipe ──▶ python server.py PORT ──▶ prefect server start

It stays as long as its process, however many flows that runs: Prefect's threads (which send events, and hear of tasks
that have ended) keep to the server that they met first, and would wait for ever for one that is no more.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from http.client import HTTPConnection

#: Seconds that a server may take to start: other work may be going on, and its database may have to be made first.
STARTING = 120.0

#: Seconds that it may take to end.
_ENDING = 2.0

#: It serves one run: no pages, and none of what looks after deployments.
_COMMAND = ("-m", "prefect", "server", "start", "--no-ui", "--no-services", "--log-level", "CRITICAL", "--port")


class NoServerError(ValueError):
    """Prefect's server did not start, or does not answer; the message says what it said."""


@contextmanager
def prefect_server() -> Iterator[None]:
    """Have a Prefect server for the flows of the block: the user's own (`PREFECT_API_URL`), or this process's.

    Raises
    ------
    NoServerError
        When it does not start, or the user's own does not answer.
    """
    from prefect.settings import PREFECT_API_URL, temporary_settings

    if PREFECT_API_URL.value():
        check_server()
        yield
        return
    with temporary_settings({PREFECT_API_URL: _own_server().url}):
        yield


def check_server() -> None:
    """Refuse an address (`PREFECT_API_URL`) at which no server of Prefect's answers, or one of another version.

    Raises
    ------
    NoServerError
        With the address and what came of it.
    """
    from httpx import HTTPError, HTTPStatusError
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL

    if not PREFECT_API_URL.value():
        return
    with get_client(sync_client=True) as client:
        problem = client.api_healthcheck()
        if not isinstance(problem, HTTPError | OSError):
            try:
                client.raise_for_api_version_mismatch_once()
            except (HTTPError, RuntimeError) as error:
                problem = error
            else:
                return
        address = str(client.api_url.copy_with(userinfo=b""))
    # its own words have the whole address, with the password that may be in it
    why = f"status {problem.response.status_code}" if isinstance(problem, HTTPStatusError) else str(problem)
    raise NoServerError(
        f"no server of Prefect's answers at {address} (PREFECT_API_URL): {why}; start it, or correct the address"
    )


@dataclass(frozen=True)
class _Server:
    """The server of this process.

    Attributes
    ----------
    url : of its API.
    guard : the process that ends it once this one, which holds the other end of its stdin, is no more.
    """

    url: str
    guard: subprocess.Popen[bytes]


@cache
def _own_server() -> _Server:
    port = _free_port()
    with tempfile.TemporaryFile() as said:
        guard = subprocess.Popen(
            # isolated: nothing of this package is imported for it
            [sys.executable, "-I", __file__, str(port)],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        answers = False
        try:
            answers = _answers(port, guard)
        finally:
            if not answers:
                guard.communicate()
        if not answers:
            said.seek(0)
            words = said.read().decode(errors="replace").strip().splitlines()
            raise NoServerError(f"Prefect's server did not start: {' '.join(words[-3:]) or 'it says nothing'}")
    return _Server(f"http://127.0.0.1:{port}/api", guard)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(port: int, guard: subprocess.Popen[bytes]) -> bool:
    """Wait for the server; False where it ended, or took too long."""
    begin = time.monotonic()
    while guard.poll() is None and time.monotonic() - begin < STARTING:
        asking = HTTPConnection("127.0.0.1", port, timeout=5)
        with suppress(OSError), closing(asking):
            asking.request("GET", "/api/health")
            if asking.getresponse().status == HTTPStatus.OK:
                return True
        time.sleep(0.05)
    return False


def _guard(port: str) -> int:
    """Run the server until nobody holds the other end of stdin any more."""
    server = subprocess.Popen([sys.executable, *_COMMAND, port], stdin=subprocess.DEVNULL)

    def end_with_the_run() -> None:
        sys.stdin.buffer.read()
        server.terminate()
        try:
            server.wait(_ENDING)
        except subprocess.TimeoutExpired:
            server.kill()

    threading.Thread(target=end_with_the_run, daemon=True).start()
    return server.wait()


if __name__ == "__main__":
    sys.exit(_guard(sys.argv[1]))

"""A page in Debian's Chromium without a window, spoken to by the DevTools protocol."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

#: Sizes of a desk's and of a phone's screen, in pixels.
DESK, PHONE = (1280, 900), (390, 844)


class Page:
    """One page: what it asked for, what it complained of, and ways to use it as a person would."""

    def __init__(self, socket: Any) -> None:
        self._socket, self._last = socket, 0
        self.requests: list[str] = []
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one command; what happened meanwhile is taken down."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv(timeout=60))
            if said.get("id") == self._last:
                assert "error" not in said, said
                return said["result"]
            self._take_down(said)

    def _take_down(self, said: dict[str, Any]) -> None:
        what, told = said["method"], said["params"]
        if what == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif what == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["exceptionDetails"]))
        elif what == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(told["args"]))
        elif what == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.complaints.append(told["entry"]["text"])

    def run(self, script: str) -> Any:
        """The value of an expression; a promise is waited for."""
        done = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until an expression is true."""
        self.run(
            "new Promise((done, fail) => { const end = Date.now() + 20000; const look = () => {"
            f"if ({condition}) done(true); else if (Date.now() > end) fail(new Error({json.dumps(condition)}));"
            "else setTimeout(look, 20); }; look(); })"
        )

    def open(self, path: Path, size: tuple[int, int] = DESK, dark: bool = False, media: str = "") -> float:
        """Open a report and wait for its gallery; returns the seconds that it took."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait("document.readyState === 'complete'")
        if self.run("Boolean(document.getElementById('gallery-data'))"):
            self.wait("document.documentElement.dataset.ready === 'true'")
        return float(self.run("performance.now()")) / 1000

    def key(self, key: str) -> None:
        """Press a key."""
        text = key if len(key) == 1 else ""
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def click(self, x: float, y: float) -> None:
        """Click at a place of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, path: Path, whole: bool = False) -> None:
        """Keep a picture of the window, or of the whole page."""
        done = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(done["data"]))


@contextmanager
def page() -> Iterator[Page]:
    """A new page of a new Chromium, which ends with the block."""
    from websockets.sync.client import connect

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        words = [
            *(str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"),
            *("--disable-background-networking", "--no-first-run", "--disable-component-update", "--mute-audio"),
            *("--disable-dev-shm-usage", f"--user-data-dir={place}", "about:blank"),
        ]
        process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        try:
            address = _address(process)
            port = re.search(r":(\d+)/", address)
            assert port is not None
            with connect(address, max_size=None) as browser:
                browser.send(json.dumps({"id": 1, "method": "Target.createTarget", "params": {"url": "about:blank"}}))
                target = json.loads(browser.recv(timeout=60))["result"]["targetId"]
                with connect(f"ws://127.0.0.1:{port[1]}/devtools/page/{target}", max_size=None) as socket:
                    yield Page(socket)
        finally:
            process.terminate()
            process.wait(timeout=20)
            if process.stderr is not None:
                process.stderr.close()


def _address(process: subprocess.Popen[str]) -> str:
    """Where the browser listens, which it says when it has started."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"DevTools listening on (ws://\S+)", line):
            return found[1]
    raise AssertionError("chromium ended before it listened")

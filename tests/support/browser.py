"""A headless Chromium, driven over its DevTools protocol: no more than a page, and JavaScript in it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import websockets.sync.client

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_SECONDS = 120


class Page:
    def __init__(self, address: str) -> None:
        self._socket = websockets.sync.client.connect(address, max_size=None, proxy=None)
        self._numbers = count(1)

    def call(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (reply := json.loads(self._socket.recv(timeout=_SECONDS))).get("id") != number:
            pass
        assert "error" not in reply, reply
        return reply["result"]

    def open(self, address: str) -> None:
        """Until it is loaded: a script asks, since an event might have been missed."""
        self.call("Page.navigate", url=address)
        assert self.run("new Promise(r => document.readyState == 'complete' ? r(1) : addEventListener('load', r))")

    def run(self, script: str) -> Any:
        """The value of an expression, awaited; as if a person had clicked, so that windows may be opened."""
        done = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value", True)

    def frames(self) -> list[str]:
        """The addresses of the frames within the page."""
        tree = self.call("Page.getFrameTree")["frameTree"]
        return [child["frame"]["url"] for child in tree.get("childFrames", [])]

    def close(self) -> None:
        self._socket.close()


@contextmanager
def browser(profile: Path, names: str) -> Iterator[Page]:
    """`names`: a pattern of host names that lead to 127.0.0.1."""
    assert CHROMIUM
    command = [
        CHROMIUM,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-proxy-server",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        f"--host-resolver-rules=MAP {names} 127.0.0.1",
        "about:blank",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        told, deadline = profile / "DevToolsActivePort", time.monotonic() + _SECONDS
        while not (told.exists() and "\n" in told.read_text()):
            assert process.poll() is None and time.monotonic() < deadline, "the browser did not start"
            time.sleep(0.1)
        listed = httpx.get(f"http://127.0.0.1:{told.read_text().split()[0]}/json/list", trust_env=False).json()
        page = Page(next(one for one in listed if one["type"] == "page")["webSocketDebuggerUrl"])
        yield page
        page.close()
    finally:
        process.terminate()
        process.wait(30)

"""A real browser for the demonstration: Chromium, driven by the WebDriver protocol (W3C)."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

READY_TIMEOUT_S: Final = 20.0
COMMAND_TIMEOUT_S: Final = 30.0
STOP_TIMEOUT_S: Final = 5.0
PHONE: Final = (390, 844)
DESK: Final = (1280, 1500)
# W3C's own name of the member that holds an element's id.
_ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"


class BrowserTrouble(Exception):
    """The browser did not come up, or did not find what was asked for."""


class Browser:
    """One window. It keeps its cookies until it is closed."""

    def __init__(self, session: str) -> None:
        self._session = session

    def open(self, address: str) -> None:
        """Go to an address."""
        _call("POST", f"{self._session}/url", {"url": address})

    def send(self, css: str) -> None:
        """Press the button that a selector finds first, and wait for the page that follows."""
        element = f"{self._session}/element/{self._find(css)}"
        _call("POST", f"{element}/click", {})
        until = time.monotonic() + COMMAND_TIMEOUT_S
        while time.monotonic() < until:
            try:
                _call("GET", f"{element}/enabled")
            except BrowserTrouble:
                return  # the button's page has gone
            time.sleep(0.02)
        raise BrowserTrouble(f"nothing came of pressing {css}")

    def text(self, css: str) -> str:
        """The text of the first element that a selector finds."""
        return str(_call("GET", f"{self._session}/element/{self._find(css)}/text"))

    def resize(self, size: tuple[int, int]) -> None:
        """Make the window so wide and high, in dots."""
        width, height = size
        _call("POST", f"{self._session}/window/rect", {"width": width, "height": height})

    def picture(self, path: Path) -> None:
        """Keep what the window shows, as PNG."""
        path.write_bytes(base64.b64decode(_call("GET", f"{self._session}/screenshot")))

    def _find(self, css: str) -> str:
        wish = {"using": "css selector", "value": css}
        found: str = _call("POST", f"{self._session}/element", wish)[_ELEMENT]
        return found


def is_here() -> bool:
    """Whether this machine has Chromium and its driver."""
    return shutil.which("chromedriver") is not None and shutil.which("chromium") is not None


@contextmanager
def browser(size: tuple[int, int] = PHONE) -> Iterator[Browser]:
    """A window without a screen; BrowserTrouble when it does not come up."""
    driver = shutil.which("chromedriver")
    if driver is None:
        raise BrowserTrouble("chromedriver is not installed")
    port = _free_port()
    process = subprocess.Popen(  # noqa: S603 - the system's own
        [driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        made = Browser(_begin(f"http://127.0.0.1:{port}"))
        made.resize(size)
        yield made
        _call("DELETE", made._session)
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _begin(driver: str) -> str:
    arguments = ["--headless=new", "--no-sandbox", "--hide-scrollbars", "--lang=fr"]
    options = {"args": arguments, "prefs": {"intl.accept_languages": "fr"}}
    wish = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
    until = time.monotonic() + READY_TIMEOUT_S
    while True:
        try:
            return f"{driver}/session/{_call('POST', f'{driver}/session', wish)['sessionId']}"
        except (OSError, BrowserTrouble) as error:
            if time.monotonic() > until:
                raise BrowserTrouble(f"the browser did not start: {error}") from error
            time.sleep(0.1)


def _call(method: str, url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=COMMAND_TIMEOUT_S) as answer:  # noqa: S310 - loopback
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise BrowserTrouble(error.read().decode("utf-8", "replace")[:300]) from error


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])

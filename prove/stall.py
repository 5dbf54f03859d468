"""A terminal that stalls holds up nothing: the real screen goes on, sells in cash, and can be left.

The till runs on a pseudo-terminal and the card terminal is a process of its own, whose customer
never does anything. Every half second a key is pressed, and the time until the screen was drawn
again is taken.
"""

from __future__ import annotations

import os
import select
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.pty_till import READ_BYTES_MAX, OnPty
from bench.till_screen import CASH_KEY, QUIET_SECONDS, sign_on
from pos.i18n import language
from prove.child import Child, Tell
from prove.command import Command
from prove.shop import Place
from prove.tally import Tally

STALL_S: Final = 180
STALLS_S: Final = 3_600  # longer than anybody watches
KEY_EVERY_S: Final = 0.5
REPAINT_MS_MAX: Final = 1_000
SALE_MS_MAX: Final = 2_000
QUIT_MS_MAX: Final = 5_000
READY_S: Final = 60.0
PRODUCT: Final = "2000000000015"
CARD_KEY: Final = "\x1bOR"  # F3
PARK_KEY: Final = "\x1b[20~"  # F9
QUIT_KEY: Final = "\x11"  # Ctrl+Q
DOWN_KEY: Final = "\x1b[B"
BACKSPACE: Final = "\x7f"
CONFIG: Final = """\
[[terminal]]
name = "Terminal"
port = "{port}"
answer_timeout_s = 600
"""


class _Screen(OnPty):
    """The till, timed."""

    def repaint_ms(self, keys: str) -> float:
        """From a key to the first that is drawn after it; TimeoutError."""
        while select.select([self._master], [], [], 0)[0]:
            os.read(self._master, READ_BYTES_MAX)
        sent_s = self.send(keys)
        if not select.select([self._master], [], [], READY_S)[0]:
            raise TimeoutError(f"nothing was drawn for {READY_S:.0f} s")
        return (time.perf_counter() - sent_s) * 1000

    def quit_ms(self) -> float:
        """From the confirmation to the end of the process."""
        say = language("fr").say
        self.send(QUIT_KEY)
        self.wait_for(say("tui.quit.title"))
        self.settle(QUIET_SECONDS)
        sent_s = self.send(f"{DOWN_KEY}\r")
        while self._process.poll() is None:
            if time.perf_counter() - sent_s > READY_S:
                raise TimeoutError("the till does not end")
            if select.select([self._master], [], [], 0.01)[0]:
                try:
                    os.read(self._master, READ_BYTES_MAX)
                except OSError:  # its end of the line is gone, and so is it
                    self._process.wait(READY_S)
        return (time.perf_counter() - sent_s) * 1000


def prove_stall(
    tally: Tally, seed: int, count: int | None = None, keep: Path | None = None
) -> None:
    """Let a terminal stall for `count` seconds (STALL_S), and use the till meanwhile."""
    del seed, keep
    stall_s = count or STALL_S
    with tempfile.TemporaryDirectory(prefix="comptoir-prove-") as name:
        folder = Path(name)
        terminal = Command(
            *("simulate", "terminal", "--tcp", "127.0.0.1:0", "--customer-s", str(STALLS_S)),
            state=folder / "state",
            log=folder / "terminal.log",
        )
        try:
            place = Place(folder)
            place.enter()
            _stock(place)
            config = folder / "config.toml"
            port = f"tcp://{terminal.ready()}"
            config.write_text(CONFIG.format(port=port), encoding="utf-8")
            words = ["pos", "till", "--data", str(place.folder.path), "--config", str(config)]
            with (screen := _Screen(words)):
                _use(screen, tally, stall_s)
        except (TimeoutError, OSError) as error:
            tally.case("the till while its terminal stalls", [str(error)])
        finally:
            terminal.kill()


def _use(screen: _Screen, tally: Tally, stall_s: int) -> None:
    sign_on(screen)
    _scan(screen)
    screen.send(CARD_KEY)
    screen.wait_for(language("fr").say("tui.card.step.waiting_customer"))
    screen.settle(QUIET_SECONDS)
    began_s = time.monotonic()
    slowest_ms = _press_keys(screen, began_s + stall_s / 3)
    screen.send(PARK_KEY)
    screen.settle(QUIET_SECONDS)
    _scan(screen)
    sent_s = screen.send(CASH_KEY)
    sale_ms = (screen.wait_for(language("fr").say("tui.total.paid")) - sent_s) * 1000
    screen.settle(QUIET_SECONDS)
    slowest_ms = max(slowest_ms, _press_keys(screen, began_s + stall_s))
    stalled_s = round(time.monotonic() - began_s)
    quit_ms = screen.quit_ms()
    tally.count("seconds that the terminal stalled", stalled_s)
    _limit(tally, "slowest repaint after a key, ms", slowest_ms, REPAINT_MS_MAX)
    _limit(tally, "another sale in cash, key to paid, ms", sale_ms, SALE_MS_MAX)
    _limit(tally, "leaving, confirmed to ended, ms", quit_ms, QUIT_MS_MAX)


def _scan(screen: _Screen) -> None:
    screen.send(f"{PRODUCT}\r")
    screen.settle(QUIET_SECONDS)


def _press_keys(screen: _Screen, until_s: float) -> float:
    """Type a sign and take it back, again and again; the slowest repaint in ms."""
    slowest_ms = 0.0
    while time.monotonic() < until_s:
        for key in ("7", BACKSPACE):
            slowest_ms = max(slowest_ms, screen.repaint_ms(key))
            time.sleep(KEY_EVERY_S)
    return slowest_ms


def _limit(tally: Tally, what: str, measured_ms: float, limit_ms: int) -> None:
    tally.count(what, round(measured_ms))
    found = [] if measured_ms <= limit_ms else [f"{measured_ms:.0f} ms, expected {limit_ms}"]
    tally.case(what, found)


def _stock(place: Place) -> None:
    def work(_: Tell) -> None:
        place.stock()

    child = Child(work)
    told = list(child.heard(READY_S))
    if child.wait():
        raise RuntimeError(str(told))

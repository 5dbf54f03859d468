"""The till's screen on a terminal, used as a cashier would use it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bench.place import OPENING_FLOAT
from bench.pty_till import OnPty
from pos.demo.shop import PEOPLE
from pos.i18n import language
from pos.store.folder import DataFolder

QUIET_SECONDS: Final = 0.3
CASH_KEY: Final = "\x1bOQ"  # F2


def till_on_pty(
    folder: DataFolder, *, config: Path | None = None, group: Path | None = None
) -> OnPty:
    """The till of a folder, starting."""
    arguments = ["pos", "till", "--data", str(folder.path)]
    return OnPty([*arguments, *(["--config", str(config)] if config else [])], group)


def wait_until_ready(till: OnPty) -> float:
    """When it asked who is there."""
    return till.wait_for(language("fr").say("tui.sign_on.title"))


def sign_on(till: OnPty) -> None:
    """Sign the first person on and declare a float."""
    say = language("fr").say
    wait_until_ready(till)
    for typed in (PEOPLE[0].code, PEOPLE[0].pin):
        till.settle(QUIET_SECONDS)
        till.send(f"{typed}\r")
    till.wait_for(say("tui.float.title"))
    till.settle(QUIET_SECONDS)
    till.send(f"{OPENING_FLOAT // 100}\r")
    till.wait_for(say("tui.welcome.ready"))
    till.settle(QUIET_SECONDS)


def scan(screen: OnPty, code: str, *shown: str, pause_seconds: float) -> float:
    """Scan a code in one burst; the seconds until all these texts were drawn."""
    sent = screen.send(f"{code}\r")
    drawn = screen.wait_for(*shown)
    screen.settle(pause_seconds)
    return drawn - sent


def pay(till: OnPty) -> None:
    """Take what is due in cash."""
    till.send(CASH_KEY)
    till.wait_for(language("fr").say("tui.total.paid"))
    till.settle(QUIET_SECONDS)

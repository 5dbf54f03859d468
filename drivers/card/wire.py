"""The two sides of a protocol's dialogue: the wire it speaks on, and what it does for the driver.

A dialogue waits by reading, and only by reading: with a wire whose clock runs on while it is read,
hours of a counter pass in milliseconds. It never opens a port, sleeps or looks at a clock itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections import deque

    from drivers.card.interface import (
        Answer,
        Capabilities,
        Conclusion,
        Presence,
        Question,
        Recorder,
        Request,
        Totals,
    )
    from drivers.card.settings import Settings

S = TypeVar("S", bound="Settings")


class Wire(Protocol):
    """What is needed of an open line."""

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        """Return what came, or b"" in time; raise DeviceError when the line is gone."""

    def write(self, data: bytes, timeout_s: float) -> None:
        """Send everything, or raise DeviceError."""

    def now_s(self) -> float:
        """Return a clock's seconds."""

    @property
    def stopping(self) -> bool:
        """Tell whether the till is closing: look often, and raise StoppedError."""

    def wants_cancel(self) -> bool:
        """Tell, once for each time, whether the cashier asked to stop what is under way."""


class StoppedError(Exception):
    """The till closes while we wait for the terminal."""


class Dialogue(Protocol):
    """What one protocol says on one open line, by one thread.

    Every method raises DeviceError or RemoteProtocolError when the line breaks, and StoppedError
    when the till closes; `carry_out` turns the latter into a conclusion.
    """

    def listen(self, seconds: float) -> None:
        """Take what the terminal says by itself: answers that come late."""

    def probe(self, tries: int) -> Presence:
        """Ask whether the terminal is there and free."""

    def carry_out(self, request: Request) -> Conclusion:
        """Carry out one request to its conclusion, in the order of the Recorder's contract."""

    def interrupted(self) -> Conclusion:
        """Conclude the attempt that a broken line cut short: what is known of it."""

    def ask_last(self, question: Question) -> Answer | None:
        """Ask for the terminal's last operation; None if it told none. Capability query_last."""

    def end_of_day(self) -> Totals | None:
        """End the terminal's day; None if it refused. Capability end_of_day."""


@dataclass(frozen=True, slots=True)
class TerminalProtocol(Generic[S]):
    """One protocol, as the driver sees it: the only thing that a protocol's package must give.

    `open` gets an open wire, the settings, the recorder and the references sent lately (each
    attempt adds its own at its end). `network_linger_s`: on a network this protocol's line is for
    one call, and let go so long after it; None keeps it open.
    """

    name: str
    capabilities: Callable[[S], Capabilities]
    open: Callable[[Wire, S, Recorder, deque[str]], Dialogue]
    network_linger_s: float | None = None

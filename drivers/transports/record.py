"""A transport that keeps the last bytes of both directions, for the diagnostics of a fault."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.transports import Transport

TRACE_ENTRIES_MAX = 512
ENTRY_BYTES_MAX = 256


@dataclass(frozen=True, slots=True)
class Traced:
    """Some bytes that passed: seconds on the recorder's clock, '>' sent or '<' received."""

    at_s: float
    direction: str
    data: bytes

    def __str__(self) -> str:
        return f"{self.at_s:12.3f} {self.direction} {self.data.hex(' ')}"


def _keep(_direction: str, data: bytes) -> bytes:
    return data


class Recorded:
    """A Transport that writes down what passes through another one.

    `redact(direction, data)` sees each piece before it is kept, and gives what may be kept of it:
    a receipt's text or a terminal's answer has no place in a diagnostics file.
    """

    def __init__(
        self,
        line: Transport,
        *,
        redact: Callable[[str, bytes], bytes] = _keep,
        clock: Callable[[], float] = time.monotonic,
        entries_max: int = TRACE_ENTRIES_MAX,
    ) -> None:
        self._line = line
        self._redact = redact
        self._clock = clock
        self._entries: deque[Traced] = deque(maxlen=entries_max)

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        """Read from the line beneath, and keep what came."""
        data = self._line.read(bytes_max, timeout_s)
        self._note("<", data)
        return data

    def write(self, data: bytes, timeout_s: float) -> None:
        """Write to the line beneath, and keep what was meant to leave."""
        self._note(">", data)
        self._line.write(data, timeout_s)

    def close(self) -> None:
        """Close the line beneath; the trace stays."""
        self._line.close()

    def trace(self) -> tuple[Traced, ...]:
        """Give what was kept, oldest first."""
        return tuple(self._entries)

    def _note(self, direction: str, data: bytes) -> None:
        if data:
            kept = self._redact(direction, data)[:ENTRY_BYTES_MAX]
            self._entries.append(Traced(self._clock(), direction, kept))

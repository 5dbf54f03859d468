"""Reading what a printer says: a small state machine over its bytes.

Each kind of answer has its own bit pattern (source: Epson's TM-U375 manual, shared by the
family), so that answers need not be counted and never shift into one another:

    0xx1xx10              DLE EOT n, real-time status          -> RealTimeStatus
    0xx0xxxx              GS r n, queued status                -> Barrier
    0xx1xx00, 3 x 0xx0xxxx  GS a, automatic status             -> Asb
    37 22 d1 d2 d3 d4 00  GS ( H, process id                   -> ProcessId
    5F or 3D ... 00       GS I n, identification               -> Info
    11, 13                XON, XOFF                            -> FlowControl
    anything else         noise                                -> Garbage
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

INFO_BYTES_MAX: Final = 80
XON: Final = 0x11
XOFF: Final = 0x13
_PROCESS_ID_START: Final = 0x37
_PROCESS_ID_SECOND: Final = 0x22
_PROCESS_ID_BYTES: Final = 7
_INFO_STARTS: Final = (0x5F, 0x3D)
_ASB_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class RealTimeStatus:
    """The answer to DLE EOT; which one was asked for, the asker knows."""

    value: int


@dataclass(frozen=True, slots=True)
class Barrier:
    """The answer to GS r: everything sent before it was processed."""

    value: int


@dataclass(frozen=True, slots=True)
class ProcessId:
    """The answer to GS ( H: everything sent before the command with this tag is on paper."""

    tag: str


@dataclass(frozen=True, slots=True)
class Asb:
    """Automatic status: its four bytes."""

    value: bytes


@dataclass(frozen=True, slots=True)
class Info:
    """An identification text."""

    text: bytes


@dataclass(frozen=True, slots=True)
class FlowControl:
    """The printer asks to stop or to go on (seen only where the line itself does not obey)."""

    stop: bool


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that no printer says."""

    data: bytes


Event = RealTimeStatus | Barrier | ProcessId | Asb | Info | FlowControl | Garbage


class StatusReader:
    """Bytes in, events out; holds INFO_BYTES_MAX at most."""

    def __init__(self) -> None:
        self._block = bytearray()

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes in any slices and give what they say so far."""
        events: list[Event] = []
        for byte in data:
            self._take(byte, events)
        return events

    def reset(self) -> None:
        """Forget a half-received answer: the line was opened anew."""
        self._block.clear()

    def _take(self, byte: int, events: list[Event]) -> None:
        if byte in (XON, XOFF):
            # May come in the midst of any block: it is the line's, not the answer's.
            events.append(FlowControl(stop=byte == XOFF))
            return
        if self._block and not self._continues(byte):
            events.append(Garbage(bytes(self._block)))
            self._block.clear()
        if not self._block:
            single = _single(byte)
            if single is not None:
                events.append(single)
                return
        self._block.append(byte)
        if (whole := self._whole()) is not None:
            events.append(whole)
            self._block.clear()

    def _continues(self, byte: int) -> bool:
        """Whether `byte` may follow what the block holds."""
        block = self._block
        if block[0] == _PROCESS_ID_START:
            at = len(block)
            if at == 1:
                return byte == _PROCESS_ID_SECOND
            return byte == 0 if at == _PROCESS_ID_BYTES - 1 else 0x20 <= byte <= 0x7E
        if block[0] in _INFO_STARTS:
            return byte == 0 or (0x20 <= byte <= 0x7E and len(block) < INFO_BYTES_MAX)
        return byte & 0x90 == 0

    def _whole(self) -> Event | None:
        block = bytes(self._block)
        if block[0] == _PROCESS_ID_START:
            whole = len(block) == _PROCESS_ID_BYTES
            return ProcessId(block[2:6].decode("ascii")) if whole else None
        if block[0] in _INFO_STARTS:
            return Info(block[1:-1]) if block[-1] == 0 else None
        return Asb(block) if len(block) == _ASB_BYTES else None


def _single(byte: int) -> Event | None:
    """Give what one byte says by itself; None if it opens a block."""
    if byte & 0x90 == 0:
        return Barrier(byte)
    if byte & 0x93 == 0x12:
        return RealTimeStatus(byte)
    if byte & 0x93 == 0x10 or byte == _PROCESS_ID_START or byte in _INFO_STARTS:
        return None
    return Garbage(bytes([byte]))


class Paper(StrEnum):
    """How much paper the sensors see."""

    OK = "ok"
    NEAR_END = "near_end"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """What the three status bytes say together."""

    paper: Paper
    cover_open: bool
    error: bool
    offline: bool
    drawer_signal: bool
    """The level of the drawer's switch; whether high means open differs by drawer."""

    @property
    def fault(self) -> str | None:
        """The key of what stops the printer, the most useful one first."""
        if self.cover_open:
            return "printer.cover_open"
        if self.paper is Paper.OUT:
            return "printer.paper_out"
        if self.error:
            return "printer.error"
        return "printer.offline" if self.offline else None

    @property
    def warning(self) -> str | None:
        """The key of what will soon stop it."""
        return "printer.paper_near_end" if self.paper is Paper.NEAR_END else None


def read_status(printer: int, offline_cause: int, paper: int) -> PrinterStatus:
    """Understand the answers to DLE EOT 1, 2 and 4."""
    level = Paper.NEAR_END if paper & 0x0C else Paper.OK
    if paper & 0x60 or offline_cause & 0x20:
        level = Paper.OUT
    return PrinterStatus(
        paper=level,
        cover_open=bool(offline_cause & 0x04),
        error=bool(offline_cause & 0x40),
        offline=bool(printer & 0x08),
        drawer_signal=bool(printer & 0x04),
    )

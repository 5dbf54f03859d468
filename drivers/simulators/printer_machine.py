"""A simulated ESC/POS printer: it answers, prints, runs out of paper and loses its power.

Pure: bytes and time in, replies out.  It behaves as printers were seen to behave: what arrives
while it is stopped is kept and printed later by itself, even if the host has gone; real-time
commands are obeyed on arrival, but never inside another command; a power cut loses the buffer.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from drivers.simulators.escpos_tokens import Token, Tokeniser
from drivers.simulators.paper import Roll
from drivers.simulators.print_head import EPSON_PAGES, PrintHead

if TYPE_CHECKING:
    from collections.abc import Mapping

PaperLevel = Literal["ok", "near", "out"]

XON: Final = b"\x11"
XOFF: Final = b"\x13"
BUSY_AT_BYTES_LEFT: Final = 128
FREE_AT_BYTES_LEFT: Final = 256
KICKS_KEPT_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class DrawerKick:
    """The drawer was opened: which pin, when, and whether in real time."""

    pin: int
    at_s: float
    real_time: bool


@dataclass(frozen=True, slots=True)
class PrinterModel:
    """What kind of printer is simulated.

    `lines_per_s` None prints at once; `xonxoff` tells the host when the buffer is full, else it
    just stops reading, as with a hardware handshake.
    """

    columns: int = 48
    dots: int = 576
    buffer_bytes: int = 4096
    pages: Mapping[int, str] = field(default_factory=lambda: dict(EPSON_PAGES))
    process_id: bool = True
    kanji_at_start: bool = False
    xonxoff: bool = False
    lines_per_s: float | None = None


class SimulatedPrinter:
    """The printer.  Touch it from another thread through its server's `act` only."""

    def __init__(self, model: PrinterModel | None = None) -> None:
        self.model = model or PrinterModel()
        self.roll = Roll(self.model.columns, self.model.dots)
        self.head = PrintHead(self.roll, self.model.pages, kanji_at_start=self.model.kanji_at_start)
        self.kicks: deque[DrawerKick] = deque(maxlen=KICKS_KEPT_MAX)
        self.drawer_open = False
        self.received_bytes = 0
        self.lost_bytes = 0
        self._tokeniser = Tokeniser()
        self._queue: deque[Token] = deque()
        self._queued_bytes = 0
        self._says: list[bytes] = []
        self._paper: PaperLevel = "ok"
        self._cover_open = False
        self._offline = False
        self._error = False
        self._silent = False
        self._stalled = False
        self._off = False
        self._busy = False
        self._asb = False
        self._asb_told = b""
        self._free_at_s = float("-inf")
        self._power_cycle_at_byte: int | None = None

    # What happens to it.

    def set_paper(self, level: PaperLevel, *, lines_left: int | None = None) -> None:
        """Change the roll; with `lines_left` it will run out in the midst of printing."""
        self._paper = level
        self.roll.lines_left = lines_left
        self._changed()

    def set_cover(self, *, is_open: bool) -> None:
        """Open or close the cover."""
        self._cover_open = is_open
        self._changed()

    def set_offline(self, *, is_offline: bool) -> None:
        """Put it offline or online, as its panel can."""
        self._offline = is_offline
        self._changed()

    def set_error(self, *, is_error: bool) -> None:
        """Jam the cutter, or free it."""
        self._error = is_error
        self._changed()

    def set_silent(self, *, is_silent: bool) -> None:
        """Answer nothing any more, or again; it prints all the same."""
        self._silent = is_silent

    def set_stalled(self, *, is_stalled: bool) -> None:
        """Stop reading, or go on."""
        self._stalled = is_stalled
        self._flow()

    def close_drawer(self) -> None:
        """Push the drawer shut."""
        self.drawer_open = False
        self._changed()

    def power_off(self) -> None:
        """Pull the plug: buffer, modes and the line under way are lost, the paper stays."""
        self._off = True
        self._tokeniser.reset()
        self._clear_queue()
        self.head.reset()
        self._says.clear()
        self._asb = self._busy = False

    def power_on(self) -> None:
        """Put the plug back."""
        self._off = False
        if self.model.xonxoff:
            self._says.append(XON)

    def power_cycle(self) -> None:
        """Pull the plug and put it back."""
        self.power_off()
        self.power_on()

    def power_cycle_after(self, more_bytes: int) -> None:
        """Lose the power in the midst of a job, once that many more bytes have come."""
        self._power_cycle_at_byte = self.received_bytes + more_bytes

    # What its server calls.

    @property
    def reading(self) -> bool:
        """Whether it takes bytes now."""
        return not self._stalled and not self._busy

    def connected(self, _now_s: float, /) -> list[bytes]:
        """A host is there; a printer says nothing of its own."""
        return []

    def receive(self, data: bytes, now_s: float, /) -> list[bytes]:
        """Take bytes; give what is answered at once."""
        self.received_bytes += len(data)
        if self._off:
            return []
        limit = self._power_cycle_at_byte
        if limit is not None and self.received_bytes >= limit:
            self._power_cycle_at_byte = None
            self.power_cycle()
            return []
        for token in self._tokeniser.receive(data):
            if token.real_time:
                self._real_time(token.raw, now_s)
            elif self._queued_bytes + len(token.raw) > self.model.buffer_bytes:
                self.lost_bytes += len(token.raw)
            else:
                self._queue.append(token)
                self._queued_bytes += len(token.raw)
                self._print(now_s)
        return self.tick(now_s)

    def tick(self, now_s: float, /) -> list[bytes]:
        """Print what can be printed by now; give what there is to say."""
        self._print(now_s)
        self._flow()
        said, self._says = self._says, []
        return [] if self._silent else said

    # Printing.

    @property
    def _stopped(self) -> bool:
        return self._off or self._cover_open or self._offline or self._error or self._paper == "out"

    def _print(self, now_s: float) -> None:
        while self._queue and not self._stopped and now_s >= self._free_at_s:
            token = self._queue.popleft()
            self._queued_bytes -= len(token.raw)
            self._obey(token, now_s)

    def _obey(self, token: Token, now_s: float) -> None:
        raw = token.raw
        match token.name:
            case b"\x1bp":
                self._kick(raw[2], now_s, real_time=False)
            case b"\x1dr":
                self._says.append(bytes([self._queued_status(raw[2])]))
            case b"\x1da":
                self._asb = bool(raw[2])
                self._asb_told = b""
                self._changed()
            case b"\x1dI":
                self._says.append(b"_EPSON\x00" if raw[2] >= 0x41 else b"\x20")
            case b"\x1d(" if raw[2:3] == b"H" and self.model.process_id:
                self._says.append(b"7\x22" + raw[7:11] + b"\x00")
            case _:
                self._mark(token, now_s)

    def _mark(self, token: Token, now_s: float) -> None:
        before = self.roll.lines_total
        if token.name == b"\x1b@":
            self._asb = False
        self.head.obey(token)
        if self.model.lines_per_s:
            lines = self.roll.lines_total - before
            self._free_at_s = max(now_s, self._free_at_s) + lines / self.model.lines_per_s
        if self.roll.lines_left == 0:
            self.set_paper("out")

    def _kick(self, which: int, now_s: float, *, real_time: bool) -> None:
        self.kicks.append(DrawerKick(5 if which % 0x30 else 2, now_s, real_time))
        self.drawer_open = True
        self._changed()

    def _clear_queue(self) -> None:
        self._queue.clear()
        self._queued_bytes = 0

    # Answering.

    def _real_time(self, raw: bytes, now_s: float) -> None:
        match raw[1]:
            case 0x04:
                self._says.append(bytes([self._status(raw[2])]))
            case 0x05 if raw[2] in (1, 2):
                self._error = False
                if raw[2] == 2:
                    self._clear_queue()
                    self.head.reset()
            case 0x14 if raw[2] == 1:
                self._kick(raw[3], now_s, real_time=True)
            case _:
                pass

    def _status(self, number: int) -> int:
        out, near = self._paper == "out", self._paper != "ok"
        match number:
            case 1:
                return 0x12 | self.drawer_open << 2 | self._stopped << 3
            case 2:
                return 0x12 | self._cover_open << 2 | out << 5 | self._error << 6
            case 3:
                return 0x12 | self._error << 3
            case _:
                return 0x12 | (0x0C if near else 0) | (0x60 if out else 0)

    def _queued_status(self, number: int) -> int:
        if number in (2, 0x32):
            return int(self.drawer_open)
        return {"ok": 0x00, "near": 0x03, "out": 0x0F}[self._paper]

    def _changed(self) -> None:
        if not self._asb or self._off:
            return
        first = 0x10 | self.drawer_open << 2 | self._stopped << 3 | self._cover_open << 5
        block = bytes([first, self._error << 3, self._queued_status(1), 0x00])
        if block != self._asb_told:
            self._asb_told = block
            self._says.append(block)

    def _flow(self) -> None:
        left = self.model.buffer_bytes - self._queued_bytes
        limit = FREE_AT_BYTES_LEFT if self._busy else BUSY_AT_BYTES_LEFT
        busy = self._stalled or left < limit
        if busy != self._busy:
            self._busy = busy
            if self.model.xonxoff:
                self._says.append(XOFF if busy else XON)

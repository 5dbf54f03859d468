"""How a simulated ZVT terminal hears and speaks: bare APDUs, or frames with ACK, NAK and a CRC.

Written apart from the driver's codec on purpose: only the control characters are shared.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from drivers.card.zvt.frame import ACK, DLE, ETX, NAK, STX
from drivers.simulators.wire import HANGUP

if TYPE_CHECKING:
    from drivers.simulators.wire import Reply

QUIET_S: Final = 0.2  # T1
ACK_WAIT_S: Final = 5.0  # T2
REPEATS_MAX: Final = 2
HEARD_BYTES_MAX: Final = 70_000
SPLIT_GAP_S: Final = 0.002


@dataclass(frozen=True, slots=True)
class Message:
    """A command or an answer, as it was read."""

    kind: int
    instruction: int
    data: bytes

    @property
    def name(self) -> str:
        """Its two first bytes in hexadecimal."""
        return f"{self.kind:02x}{self.instruction:02x}"


def write_message(name: str, data: bytes = b"") -> bytes:
    """Write a message from the hexadecimal of its two first bytes."""
    size = len(data)
    counted = [size] if size < 0xFF else [0xFF, size & 0xFF, size >> 8]
    return bytes.fromhex(name) + bytes(counted) + data


def cut_message(heard: bytearray) -> Message | None:
    """Cut the first whole message off what was heard."""
    if len(heard) < 3:
        return None
    begin, size = 3, heard[2]
    if size == 0xFF:
        if len(heard) < 5:
            return None
        begin, size = 5, heard[3] + 256 * heard[4]
    if len(heard) < begin + size:
        return None
    message = Message(heard[0], heard[1], bytes(heard[begin : begin + size]))
    del heard[: begin + size]
    return message


def check_bytes(data: bytes) -> bytes:
    """Return the check of a message in a frame, computed bit by bit from the low end."""
    register = 0
    for byte in data + bytes([ETX]):
        for bit in range(8):
            carry = (register ^ (byte >> bit)) & 1
            register >>= 1
            if carry:
                register ^= 0x8408
    return bytes([register & 0xFF, register >> 8])


def write_frame(message: bytes, *, wrong: bool = False) -> bytes:
    """Put a message in a frame; with a wrong check if that is wanted."""
    check = check_bytes(message)
    if wrong:
        check = bytes([check[0] ^ 0x5A, check[1]])
    body = b"".join(bytes([DLE, DLE]) if byte == DLE else bytes([byte]) for byte in message)
    return bytes([DLE, STX]) + body + bytes([DLE, ETX]) + check


class Frames:
    """Cuts frames out of what is heard; a broken one shows as b""."""

    def __init__(self) -> None:
        self._heard = bytearray()

    @property
    def begun(self) -> bool:
        """Tell whether a frame has begun."""
        return len(self._heard) > 0

    def clear(self) -> None:
        """Start over."""
        self._heard.clear()

    def hear(self, byte: int) -> bytes | None:
        """Take a byte; return what a frame held with its last one."""
        if not self._heard and byte != DLE:
            return None
        self._heard.append(byte)
        if len(self._heard) > HEARD_BYTES_MAX:
            self.clear()
            return b""
        end = self._end()
        if end is None or len(self._heard) < end + 2:
            return None
        body = bytes(self._heard[2 : end - 2]).replace(bytes([DLE, DLE]), bytes([DLE]))
        check = bytes(self._heard[end : end + 2])
        self.clear()
        return body if check == check_bytes(body) else b""

    def _end(self) -> int | None:
        """Find where the check begins: after the first DLE ETX that is no doubled DLE."""
        at = 2
        while at + 1 < len(self._heard):
            if self._heard[at] == DLE:
                if self._heard[at + 1] == ETX:
                    return at + 2
                at += 1
            at += 1
        return None


@dataclass(slots=True)
class _Frame:
    """A message on its way."""

    message: bytes
    spoils: int
    repeats_left: int = REPEATS_MAX


class ZvtLine:
    """The terminal's end of the line; `split` and `joined` are how its bytes come in pieces."""

    def __init__(self, *, on_serial: bool) -> None:
        self.split = False
        self.joined = False
        self._on_serial = on_serial
        self._outbox: deque[tuple[float, Reply]] = deque()
        self._heard = bytearray()
        self._frames = Frames()
        self._quiet_at_s: float | None = None
        self._unsent: deque[_Frame] = deque()
        self._frame: _Frame | None = None  # the one that waits for its ACK
        self._repeat_at_s: float | None = None
        self._now_s = 0.0

    @property
    def due_s(self) -> float | None:
        """When something happens by itself."""
        moments = [self._quiet_at_s, self._repeat_at_s]
        moments += [self._outbox[0][0]] if self._outbox else []
        return min((at for at in moments if at is not None), default=None)

    @property
    def patience_s(self) -> float:
        """How long a message may take to arrive, repeats and all."""
        return ACK_WAIT_S * (REPEATS_MAX + 1) if self._on_serial else 0.0

    def clear(self) -> None:
        """Forget all that is under way."""
        self._outbox.clear()
        self._heard.clear()
        self._frames.clear()
        self._unsent.clear()
        self._frame = self._quiet_at_s = self._repeat_at_s = None

    def say(self, message: bytes, *, spoils: int = 0) -> None:
        """Send a message, the first `spoils` times with a wrong check."""
        if not self._on_serial:
            self._put(message)
            return
        self._unsent.append(_Frame(message, spoils))
        self._send_next()

    def say_half(self, message: bytes) -> None:
        """Send the first half of a message."""
        self.forget()
        whole = write_frame(message) if self._on_serial else message
        self._put(whole[: len(whole) // 2])

    def forget(self) -> None:
        """Send nothing of it again."""
        self._unsent.clear()
        self._frame = self._repeat_at_s = None

    def hang_up(self) -> None:
        """Break the line, once what was said has gone."""
        self.forget()
        last_s = self._outbox[-1][0] if self._outbox else self._now_s
        self._outbox.append((last_s, HANGUP))

    def hear(self, byte: int, now_s: float, may_take: Callable[[Message], bool]) -> Message | None:
        """Take a byte; return the message that it completes, unless that one is not taken."""
        self._now_s = now_s
        if self._on_serial:
            return self._hear_serial(byte, may_take)
        self._heard.append(byte)
        return cut_message(self._heard)

    def _hear_serial(self, byte: int, may_take: Callable[[Message], bool]) -> Message | None:
        if not self._frames.begun and byte in {ACK, NAK}:
            self._settle(came=byte == ACK)
            return None
        body = self._frames.hear(byte)
        self._quiet_at_s = self._now_s + QUIET_S if self._frames.begun else None
        if body is None:
            return None
        message = cut_message(bytearray(body))
        if message is None or not may_take(message):
            self._put(bytes([NAK]))
            return None
        self._put(bytes([ACK]))
        return message

    def tick(self, now_s: float) -> None:
        """Let time pass."""
        self._now_s = now_s
        if self._quiet_at_s is not None and now_s >= self._quiet_at_s:
            self._quiet_at_s = None
            self._frames.clear()
            self._put(bytes([NAK]))
        if self._repeat_at_s is not None and now_s >= self._repeat_at_s:
            self._settle(came=False)

    def sent(self, now_s: float) -> list[Reply]:
        """Return what is on the line by now."""
        replies: list[Reply] = []
        while self._outbox and self._outbox[0][0] <= now_s:
            replies.append(self._outbox.popleft()[1])
        if self.joined and replies and all(isinstance(one, bytes) for one in replies):
            return [b"".join(one for one in replies if isinstance(one, bytes))]
        return replies

    def _settle(self, *, came: bool) -> None:
        """Hear what became of the frame sent: it is repeated a few times, then given up."""
        frame = self._frame
        if frame is None:
            return
        self._frame = self._repeat_at_s = None
        if not came and not frame.repeats_left:
            self.forget()
            return
        if not came:
            frame.repeats_left -= 1
            self._unsent.appendleft(frame)
        self._send_next()

    def _send_next(self) -> None:
        if self._frame is not None or not self._unsent:
            return
        frame = self._frame = self._unsent.popleft()
        self._put(write_frame(frame.message, wrong=frame.spoils > 0))
        frame.spoils = max(0, frame.spoils - 1)
        self._repeat_at_s = self._now_s + ACK_WAIT_S

    def _put(self, data: bytes) -> None:
        if not self.split:
            self._outbox.append((self._now_s, data))
            return
        begin_s = max(self._now_s, self._outbox[-1][0] if self._outbox else self._now_s)
        for at, byte in enumerate(data):
            self._outbox.append((begin_s + at * SPLIT_GAP_S, bytes([byte])))

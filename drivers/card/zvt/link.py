"""The two ways an APDU goes on a line: bare on a network, framed and acknowledged on a serial one.

A link is pure: it is given bytes, says what to write at once, and hands out APDUs. It has no clock:
`wait_ms` says how long the line may be silent before its owner must call `expire`.

On the serial line each good frame is acknowledged with ACK at once, which says nothing but that it
came; the answer to what is in it (80 00) is the dialogue's own. A bad one is answered with NAK when
the line has become quiet, so that its rest is not taken for control bytes.

Where we differ from the specification: it repeats a frame that was met with silence. Ours is then
left alone, for its acknowledgement may be all that was lost, and a payment that is asked for twice
may be taken twice. A frame is repeated on NAK only, which says that it did not come.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

from drivers.card.zvt.apdu import Apdu, ApduReader, decode
from drivers.card.zvt.frame import ACK, DLE, NAK, FrameReader, encode_frame
from drivers.errors import RemoteProtocolError

T1_MS: Final = 200  # between two bytes of a frame
REPEATS_MAX: Final = 2
UNREAD_BYTES_MAX: Final = 4_096
UNSETTLED_MAX: Final = 8  # frames

_ACK: Final = bytes([ACK])
_NAK: Final = bytes([NAK])


@dataclass(frozen=True, slots=True)
class Step:
    """What a link makes of the bytes it was given: what to write, and an APDU when one is whole."""

    send: bytes = b""
    apdu: Apdu | None = None


class Link(Protocol):
    """What the session needs of a link."""

    @property
    def wait_ms(self) -> int | None:
        """How long the line may be silent now; None for ever."""

    @property
    def repeats(self) -> int:
        """How many times something went once more, so far."""

    def wrap(self, apdu: Apdu) -> bytes:
        """Return an APDU as it goes on the line."""

    def settle(self) -> None:
        """Take the last APDU for gone: it is not repeated any more."""

    def receive(self, data: bytes) -> None:
        """Take what came; raise RemoteProtocolError when it is too much."""

    def next_step(self) -> Step | None:
        """Return what to do next, if anything; raise RemoteProtocolError when step is lost."""

    def expire(self) -> Step:
        """Hear that the line was silent for `wait_ms`."""


class NetworkLink:
    """APDUs one after the other; TCP looks after the rest."""

    wait_ms: None = None
    repeats: int = 0

    def __init__(self) -> None:
        self._reader = ApduReader()

    def wrap(self, apdu: Apdu) -> bytes:
        """Return its bytes."""
        return apdu.encode()

    def settle(self) -> None:
        """Nothing is ever repeated."""

    def receive(self, data: bytes) -> None:
        """Take what came."""
        self._reader.feed(data)

    def next_step(self) -> Step | None:
        """Return the next APDU; raise RemoteProtocolError where none begins."""
        apdu = self._reader.take()
        return None if apdu is None else Step(apdu=apdu)

    def expire(self) -> Step:
        """Nothing waits."""
        return Step()


class SerialLink:
    """APDUs in frames."""

    def __init__(self) -> None:
        self.repeats = 0
        self._reader = FrameReader()
        self._unread: deque[int] = deque()
        self._skipping = False  # what comes belongs to nothing, until the line is quiet
        # Sent and neither acknowledged nor followed by a frame, the oldest first.
        self._unsettled: deque[bytes] = deque(maxlen=UNSETTLED_MAX)
        self._repeats_left = 0

    @property
    def wait_ms(self) -> int | None:
        """A frame that began must go on."""
        return T1_MS if self._reader.started or self._skipping else None

    def wrap(self, apdu: Apdu) -> bytes:
        """Return its frame, which is kept to be repeated on NAK."""
        self._repeats_left = REPEATS_MAX
        frame = encode_frame(apdu.encode())
        self._unsettled.append(frame)
        return frame

    def settle(self) -> None:
        """Forget the frames kept."""
        self._unsettled.clear()

    def receive(self, data: bytes) -> None:
        """Take what came."""
        if len(self._unread) + len(data) > UNREAD_BYTES_MAX:
            self._unread.clear()
            raise RemoteProtocolError("too much unread", expected=f"{UNREAD_BYTES_MAX} bytes")
        self._unread.extend(data)

    def next_step(self) -> Step | None:
        """Take bytes until something is to be done."""
        while self._unread:
            step = self._hear(self._unread.popleft())
            if step is not None:
                return step
        return None

    def expire(self) -> Step:
        """Ask again for the frame that broke off."""
        self._reader.clear()
        self._skipping = False
        return Step(_NAK)

    def _hear(self, byte: int) -> Step | None:
        if self._skipping:
            return None
        if not self._reader.started and byte != DLE:
            return self._control(byte)
        try:
            whole = self._reader.feed(byte)
            if whole is None:
                return None
            apdu = decode(whole)
        except RemoteProtocolError:
            self._skipping = True
            return None
        self.settle()  # it would not go on without what we sent
        return Step(_ACK, apdu)

    def _control(self, byte: int) -> Step | None:
        if byte not in {ACK, NAK}:
            self._skipping = True
        elif byte == NAK and self._unsettled and self._repeats_left:
            self._repeats_left -= 1
            self.repeats += 1
            return Step(self._unsettled[0])
        elif self._unsettled:
            self._unsettled.popleft()
        return None

"""APDUs of ZVT: two bytes that say what it is, a length, and the data.

    CLASS INSTR LEN data          LEN 00 to FE, or FF and two bytes, the low one first

Source: ECR-Interface PA00P015, revision 13.08. On TCP they come bare and cut anywhere, so that a
reader collects them. What is in them may be a card number: no repr and no error quotes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from drivers.errors import LocalProtocolError, RemoteProtocolError

HEAD_BYTES: Final = 3
LONG: Final = 0xFF
LONG_HEAD_BYTES: Final = 5
DATA_BYTES_MAX: Final = 0xFFFF
UNREAD_BYTES_MAX: Final = 2 * (DATA_BYTES_MAX + LONG_HEAD_BYTES)

# What the till asks.
REGISTRATION: Final = 0x0600
AUTHORISATION: Final = 0x0601
REPEAT_RECEIPT: Final = 0x0620
REVERSAL: Final = 0x0630
REFUND: Final = 0x0631
END_OF_DAY: Final = 0x0650
STATUS_ENQUIRY: Final = 0x0501
STOP: Final = 0x06B0
# What the terminal tells.
STATUS: Final = 0x040F
INTERMEDIATE: Final = 0x04FF
COMPLETION: Final = 0x060F
ABORT: Final = 0x061E
PRINT_LINE: Final = 0x06D1
TEXT_BLOCK: Final = 0x06D3
# What either side answers; the second byte of a refusal is the reason.
ACCEPTED: Final = 0x8000
REFUSED_CLASS: Final = 0x84
ACCEPTED_TOO: Final = 0x8400  # by the specification no refusal at all

# Anything else at the place of a class shows that the two sides lost step.
_CLASSES: Final = frozenset({0x01, 0x04, 0x05, 0x06, 0x08, 0x0F, 0x80, REFUSED_CLASS})


@dataclass(frozen=True, slots=True)
class Apdu:
    """One message; `code` is its class and instruction, 0x0601 for an authorisation."""

    code: int
    data: bytes = field(default=b"", repr=False)

    def encode(self) -> bytes:
        """Return its bytes; raise LocalProtocolError when there is too much data."""
        size = len(self.data)
        if size > DATA_BYTES_MAX:
            raise LocalProtocolError(f"an APDU of {size} bytes: expected {DATA_BYTES_MAX} at most")
        length = bytes([size]) if size < LONG else bytes([LONG]) + size.to_bytes(2, "little")
        return self.code.to_bytes(2, "big") + length + self.data

    @property
    def is_answer(self) -> bool:
        """Tell whether it says yes or no to a command."""
        return self.code == ACCEPTED or self.code >> 8 == REFUSED_CLASS

    @property
    def refusal(self) -> int | None:
        """Return why a command was refused; None when it was not."""
        refused = self.code >> 8 == REFUSED_CLASS and self.code != ACCEPTED_TOO
        return self.code & 0xFF if refused else None


def refused(reason: int) -> Apdu:
    """Return the APDU that says no."""
    return Apdu(REFUSED_CLASS << 8 | reason)


def decode(data: bytes) -> Apdu:
    """Read exactly one APDU, as a frame holds it; raise RemoteProtocolError for anything else."""
    reader = ApduReader()
    reader.feed(data)
    apdu = reader.take()
    if apdu is None or reader.unread:
        raise RemoteProtocolError(f"{len(data)} bytes are no APDU", expected="one, whole")
    return apdu


class ApduReader:
    """Collects APDUs from pieces of any size."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    @property
    def unread(self) -> int:
        """How many bytes wait for the rest of their APDU."""
        return len(self._bytes)

    def feed(self, data: bytes) -> None:
        """Take what came; raise RemoteProtocolError when nobody took the APDUs in time."""
        if len(self._bytes) + len(data) > UNREAD_BYTES_MAX:
            self._bytes.clear()
            expected = f"at most {UNREAD_BYTES_MAX} bytes"
            raise RemoteProtocolError("too much without an end", expected=expected)
        self._bytes += data

    def take(self) -> Apdu | None:
        """Return the next whole APDU, if there is one.

        Raises RemoteProtocolError where none begins; what was collected is then forgotten, for
        nothing says where the next one would.
        """
        if not self._bytes:
            return None
        if self._bytes[0] not in _CLASSES:
            self._bytes.clear()
            raise RemoteProtocolError("no APDU", expected="a class of ZVT")
        head, size = self._measure()
        if head == 0 or len(self._bytes) < head + size:
            return None
        apdu = Apdu(int.from_bytes(self._bytes[:2], "big"), bytes(self._bytes[head : head + size]))
        del self._bytes[: head + size]
        return apdu

    def _measure(self) -> tuple[int, int]:
        """Return how long head and data are; a head of 0 is not whole yet."""
        if len(self._bytes) < HEAD_BYTES:
            return 0, 0
        if self._bytes[2] != LONG:
            return HEAD_BYTES, self._bytes[2]
        if len(self._bytes) < LONG_HEAD_BYTES:
            return 0, 0
        return LONG_HEAD_BYTES, int.from_bytes(self._bytes[3:LONG_HEAD_BYTES], "little")

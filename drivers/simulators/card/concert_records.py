"""Concert V2 records as a terminal reads and writes them.

Written apart from the driver's codec on purpose: what one gets wrong the other shows.
Only the control characters are shared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.card.concert.frame import ETX, STX

REQUEST_E_BYTES: Final = 26
REQUEST_E_PLUS_BYTES: Final = 34
REP_CHARS: Final = 55
AT_ONCE: Final = "A011"
CHEQUE: Final = "C"
KINDS: Final = {"0": "payment", "1": "refund", "2": "cancellation", "4": "pre-authorisation"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the terminal understood it."""

    pos: str
    amount_cents: int
    wants_card_number: bool
    mode: str
    kind: str
    currency: str
    private: str
    at_once: bool
    forced_online: bool

    @property
    def reference(self) -> str:
        """The till's own reference, which travels in the private data."""
        return self.private


class Ear:
    """Collects the one frame that a till may send after ENQ; at most 37 bytes are kept."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    @property
    def hears(self) -> bool:
        """Tell whether a frame has begun."""
        return len(self._bytes) > 0

    def clear(self) -> None:
        """Start over."""
        self._bytes.clear()

    def hear(self, byte: int) -> bytes | None:
        """Take a byte; return the whole frame with its last one, good or bad."""
        if not self._bytes and byte != STX:
            return None
        self._bytes.append(byte)
        size = len(self._bytes)
        short = size == REQUEST_E_BYTES + 3 and self._bytes[REQUEST_E_BYTES + 1] == ETX
        if not short and size < REQUEST_E_PLUS_BYTES + 3:
            return None
        frame = bytes(self._bytes)
        self._bytes.clear()
        return frame


def check_byte(data: bytes) -> int:
    """Return the exclusive-or of some bytes."""
    total = 0
    for byte in data:
        total ^= byte
    return total


def understand(frame: bytes) -> Asked | None:
    """Read a request's frame; None for what a terminal answers with NAK."""
    if frame[-2] != ETX or check_byte(frame[1:-1]) != frame[-1]:
        return None
    try:
        text = frame[1:-2].decode("ascii")
    except UnicodeDecodeError:
        return None
    numbers = text[0:2] + text[2:10] + text[13:16]
    if not numbers.isdigit() or text[10] not in "012" or text[12] not in KINDS:
        return None
    return Asked(
        pos=text[0:2],
        amount_cents=int(text[2:10]),
        wants_card_number=text[10] != "0",
        mode=text[11],
        kind=KINDS[text[12]],
        currency=text[13:16],
        private=text[16:26],
        at_once=text[26:30] == AT_ONCE,
        forced_online=text[30:34] == "B011",
    )


def answer_frame(
    asked: Asked, status: str, amount_cents: int, private: str, report: str | None
) -> bytes:
    """Write an answer's frame; 28 bytes, or 83 with a report (REP) of the card or the cheque."""
    rep = "" if report is None else report.ljust(REP_CHARS)
    text = f"{asked.pos}{status}{amount_cents:08d}{asked.mode}{rep}{asked.currency}{private:10.10}"
    body = text.encode("ascii") + bytes([ETX])
    return bytes([STX]) + body + bytes([check_byte(body)])

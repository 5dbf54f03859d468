"""Frames of ZVT on a serial line: an APDU between DLE STX and DLE ETX, and its check.

    10 02 | APDU, each 10 in it doubled | 10 03 | CRC low, CRC high

The CRC goes over the undoubled APDU and 03: polynomial 8408 reflected, from 0, known as KERMIT.
Source: PA00P016, revision 04; where it says "CRC-XModem", bytes of real lines say KERMIT.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from drivers.card.zvt.apdu import DATA_BYTES_MAX, LONG_HEAD_BYTES
from drivers.errors import RemoteProtocolError

STX, ETX, ACK, DLE, NAK = 0x02, 0x03, 0x06, 0x10, 0x15

BODY_BYTES_MAX: Final = DATA_BYTES_MAX + LONG_HEAD_BYTES
CRC_BYTES: Final = 2
_POLYNOMIAL: Final = 0x8408


def _shifted(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ _POLYNOMIAL if value & 1 else value >> 1
    return value


_TABLE: Final = tuple(_shifted(byte) for byte in range(256))


def crc(apdu: bytes) -> bytes:
    """Return the two check bytes of an APDU, as they go on the line."""
    value = 0
    for byte in (*apdu, ETX):
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value.to_bytes(CRC_BYTES, "little")


def encode_frame(apdu: bytes) -> bytes:
    """Wrap an APDU."""
    doubled = apdu.replace(bytes([DLE]), bytes([DLE, DLE]))
    return bytes([DLE, STX]) + doubled + bytes([DLE, ETX]) + crc(apdu)


class _Part(Enum):
    """Which part of a frame the next byte belongs to."""

    START = auto()
    STX = auto()
    BODY = auto()
    AFTER_DLE = auto()
    CRC = auto()


@dataclass(slots=True)
class FrameReader:
    """Collects one frame, a byte at a time."""

    _part: _Part = _Part.START
    _body: bytearray = field(default_factory=bytearray, repr=False)
    _crc: bytearray = field(default_factory=bytearray)

    @property
    def started(self) -> bool:
        """Tell whether a frame began and did not end."""
        return self._part is not _Part.START

    def clear(self) -> None:
        """Forget what was collected."""
        self._part = _Part.START
        self._body.clear()
        self._crc.clear()

    def feed(self, byte: int) -> bytes | None:
        """Take one byte; return the APDU's bytes when it completes a good frame.

        Raises RemoteProtocolError for what belongs to no frame and for a bad one; the reader is
        then ready for the next.
        """
        try:
            return self._feed(byte)
        except RemoteProtocolError:
            self.clear()
            raise

    def _feed(self, byte: int) -> bytes | None:
        match self._part:
            case _Part.START:
                self._part = _Part.STX
                self._expect(byte, DLE)
            case _Part.STX:
                self._part = _Part.BODY
                self._expect(byte, STX)
            case _Part.BODY if byte == DLE:
                self._part = _Part.AFTER_DLE
            case _Part.BODY:
                self._collect(byte)
            case _Part.AFTER_DLE if byte == DLE:
                self._part = _Part.BODY
                self._collect(byte)
            case _Part.AFTER_DLE:
                self._part = _Part.CRC
                self._expect(byte, ETX)
            case _Part.CRC:
                self._crc.append(byte)
                return self._checked() if len(self._crc) == CRC_BYTES else None
        return None

    def _expect(self, byte: int, wanted: int) -> None:
        if byte != wanted:
            raise RemoteProtocolError("a frame that is broken", expected=f"{wanted:02x}")

    def _collect(self, byte: int) -> None:
        if len(self._body) >= BODY_BYTES_MAX:
            raise RemoteProtocolError("a frame too long", expected=f"{BODY_BYTES_MAX} bytes")
        self._body.append(byte)

    def _checked(self) -> bytes:
        apdu, told = bytes(self._body), bytes(self._crc)
        if crc(apdu) != told:
            raise RemoteProtocolError(f"CRC is {told.hex()}", expected=crc(apdu).hex())
        self.clear()
        return apdu

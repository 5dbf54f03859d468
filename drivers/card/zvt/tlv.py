"""The TLV containers of ZVT (bitmap 06): BER tags and lengths, nested.

Only what the till has a use for leaves the reader: the tags of `KEPT`, on their own or in those of
`OPENED`. All others are measured, walked over and forgotten, card data among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drivers.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT_LINE: Final = 0x07
END_OF_RECEIPT: Final = 0x09
RECEIPT_TYPE: Final = 0x1F07
CARD_TECHNOLOGY: Final = 0x1F12
UNIQUE_ID: Final = 0x1F1F
COMMAND: Final = 0x0A
COMMANDS_TAKEN: Final = 0x26
DISPLAY_TEXTS: Final = 0x24
PRINT_TEXTS: Final = 0x25
PAYMENT_TYPE: Final = 0x2F
APPLICATION: Final = 0x60
KEPT: Final = frozenset({TEXT_LINE, END_OF_RECEIPT, RECEIPT_TYPE, CARD_TECHNOLOGY})
OPENED: Final = frozenset({DISPLAY_TEXTS, PRINT_TEXTS, PAYMENT_TYPE, APPLICATION})

DEPTH_MAX: Final = 8
OBJECTS_MAX: Final = 2_000
TAG_BYTES_MAX: Final = 3
VALUE_BYTES_MAX: Final = 0xFFFF

_MORE_TAG: Final = 0x1F
_MORE: Final = 0x80
_ONE_LENGTH: Final = 0x81
_TWO_LENGTHS: Final = 0x82


def encode(tag: int, value: bytes) -> bytes:
    """Write one object; raise LocalProtocolError when the value is too long."""
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + length(len(value)) + value


def length(size: int) -> bytes:
    """Write a length of up to 65,535 bytes."""
    if size < _MORE:
        return bytes([size])
    if size > VALUE_BYTES_MAX:
        raise LocalProtocolError(f"a TLV value of {size} bytes: at most {VALUE_BYTES_MAX} fit")
    if size <= 0xFF:
        return bytes([_ONE_LENGTH, size])
    return bytes([_TWO_LENGTHS]) + size.to_bytes(2, "big")


def read_length(data: bytes, at: int) -> tuple[int, int]:
    """Return a length and where its value begins; raise RemoteProtocolError past the end."""
    first = _byte(data, at)
    if first < _MORE:
        size, begin = first, at + 1
    elif first in {_ONE_LENGTH, _TWO_LENGTHS}:
        begin = at + 1 + (first & 0x0F)
        _byte(data, begin - 1)
        size = int.from_bytes(data[at + 1 : begin], "big")
    else:
        raise RemoteProtocolError("a TLV length that is none", expected="up to 7f, 81 or 82")
    if begin + size > len(data):
        raise RemoteProtocolError("a TLV value that is cut", expected=f"{size} bytes")
    return size, begin


def read(data: bytes) -> list[tuple[int, bytes]]:
    """Return the objects of `KEPT` in a container, in order, nested ones among them.

    Raises RemoteProtocolError for what is no TLV, too deep or too much; what stands in a tag that
    nobody knows may be anything.
    """
    kept: list[tuple[int, bytes]] = []
    for seen, (tag, value) in enumerate(_walk(data, DEPTH_MAX)):
        if seen >= OBJECTS_MAX:
            raise RemoteProtocolError("too much TLV", expected=f"{OBJECTS_MAX} objects")
        if tag in KEPT:
            kept.append((tag, value))
    return kept


def _walk(data: bytes, depth_left: int) -> Iterator[tuple[int, bytes]]:
    if depth_left == 0:
        raise RemoteProtocolError("TLV within TLV without end", expected=f"{DEPTH_MAX} levels")
    at = 0
    while at < len(data):
        tag, at = _read_tag(data, at)
        size, at = read_length(data, at)
        value = data[at : at + size]
        at += size
        yield tag, value
        if tag in OPENED:
            yield from _walk(value, depth_left - 1)


def _read_tag(data: bytes, at: int) -> tuple[int, int]:
    tag = data[at]
    end = at + 1
    if tag & _MORE_TAG == _MORE_TAG:
        while True:
            more = _byte(data, end)
            tag = tag << 8 | more
            end += 1
            if not more & _MORE:
                break
            if end - at >= TAG_BYTES_MAX:
                raise RemoteProtocolError("a tag too long", expected=f"{TAG_BYTES_MAX} bytes")
    return tag, end


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise RemoteProtocolError("TLV that is cut", expected="the rest of it")
    return data[at]

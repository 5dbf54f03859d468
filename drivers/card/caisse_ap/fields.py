"""Fields of Caisse-AP: a tag of two capitals, a length of three digits, and the value.

    CZ 004 0320 | CJ 012 012345678901 | CA 002 01 | ... | AE 002 10

A message has neither header nor end mark. CZ comes first and begins it, each tag comes once, the
order is free, unknown tags are skipped. It is whole when it ends with a field and has told AE; more
fields may still follow, so that its owner waits a moment, or hears the next CZ.

What goes wrong on a line: an answer in pieces, cut inside a field, two answers in a row, a line
feed after it. Values are held only where this package has a use for them, and never shown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from drivers.card.interface import is_printable
from drivers.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable

TAG_CHARS: Final = 2
HEAD_BYTES: Final = 5
VALUE_BYTES_MAX: Final = 999
MESSAGE_BYTES_MAX: Final = 4_096
FIELDS_MAX: Final = 64
PROTOCOL_VERSION, DONE = "CZ", "AE"

# The beginning of a field, as far as it has come.
_HEAD: Final = re.compile(rb"[A-Z]{1,2}|[A-Z]{2}[0-9]{1,3}")
_LINE_END: Final = b"\r\n"


def encode(fields: Iterable[tuple[str, str]]) -> bytes:
    """Write fields; raise LocalProtocolError for what no field may be."""
    return b"".join(_encode_one(tag, value) for tag, value in fields)


def _encode_one(tag: str, value: str) -> bytes:
    if not (len(tag) == TAG_CHARS and tag.isascii() and tag.isalpha() and tag.isupper()):
        raise LocalProtocolError("a tag is two capitals")
    if not 1 <= len(value) <= VALUE_BYTES_MAX or not is_printable(value):
        raise LocalProtocolError(f"{tag}: expected 1 to {VALUE_BYTES_MAX} printable characters")
    return f"{tag}{len(value):03d}{value}".encode("ascii")


def decode(data: bytes, wanted: frozenset[str]) -> dict[str, str]:
    """Read one whole message; raise RemoteProtocolError saying what was expected."""
    reader = FieldReader(wanted)
    reader.feed(data)
    if not reader.whole or reader.followed:
        raise RemoteProtocolError("no whole message", expected=f"fields up to the end, with {DONE}")
    return reader.take()


def decode_inner(value: str, wanted: frozenset[str]) -> dict[str, str]:
    """Read the fields inside a constructed field (Z*); raises RemoteProtocolError."""
    reader = FieldReader(wanted, first="")
    reader.feed(value.encode("latin-1"))
    if reader.within:
        raise RemoteProtocolError("a constructed field that stops", expected="whole fields")
    return reader.take()


class FieldReader:
    """Collects the fields of one message after another from bytes as they come.

    `wanted` are the tags whose values are held, `first` the tag that begins a message.
    """

    def __init__(self, wanted: frozenset[str], first: str = PROTOCOL_VERSION) -> None:
        self._wanted = wanted
        self._first = first
        self._unread = bytearray()
        self._seen: set[str] = set()
        self._values: dict[str, str] = {}
        self._read_bytes = 0
        self.followed = False  # whether the next message has begun

    @property
    def started(self) -> bool:
        """Tell whether anything of a message has come."""
        return bool(self._seen or self._unread)

    @property
    def within(self) -> bool:
        """Tell whether what came stops inside a field."""
        return bool(self._unread) and not self.followed

    @property
    def whole(self) -> bool:
        """Tell whether what came may be all of a message."""
        return DONE in self._seen and not self.within

    @property
    def values(self) -> dict[str, str]:
        """What the message has told by now; all of it only once it is whole."""
        return self._values

    def feed(self, data: bytes) -> None:
        """Take bytes; RemoteProtocolError for what cannot be a message, never quoting it.

        The reader is then clear, and its owner out of step with the terminal.
        """
        self._unread += data
        try:
            self._read_all()
        except RemoteProtocolError:
            self.clear()
            raise

    def take(self) -> dict[str, str]:
        """Give the message that is whole; `feed` goes on with what followed it, even with b""."""
        values, rest = self._values, bytes(self._unread)
        self.clear()
        self._unread += rest
        return values

    def clear(self) -> None:
        """Forget everything."""
        self._unread.clear()
        self._seen, self._values = set(), {}
        self._read_bytes = 0
        self.followed = False

    def _read_all(self) -> None:
        while not self.followed and self._read_one():
            pass
        if self._read_bytes + len(self._unread) > MESSAGE_BYTES_MAX or (
            len(self._seen) > FIELDS_MAX
        ):
            expected = f"{MESSAGE_BYTES_MAX} bytes in {FIELDS_MAX} fields at most"
            raise RemoteProtocolError("a message without end", expected=expected)

    def _read_one(self) -> bool:
        """Take the next field off the bytes; False when it is not all there."""
        while self._unread and self._unread[0] in _LINE_END:
            del self._unread[0]
        head = bytes(self._unread[:HEAD_BYTES])
        if head and not _HEAD.fullmatch(head):
            raise RemoteProtocolError("no field", expected="two capitals and three digits")
        if len(head) < HEAD_BYTES:
            return False
        tag, length = head[:TAG_CHARS].decode("ascii"), int(head[TAG_CHARS:])
        if self._begins_another(tag):
            self.followed = True
            return False
        if length == 0:
            raise RemoteProtocolError(f"{tag} is empty", expected="1 byte or more")
        if len(self._unread) < HEAD_BYTES + length:
            return False
        self._keep(tag, self._unread[HEAD_BYTES : HEAD_BYTES + length].decode("latin-1"))
        del self._unread[: HEAD_BYTES + length]
        self._read_bytes += HEAD_BYTES + length
        return True

    def _begins_another(self, tag: str) -> bool:
        """Tell whether a field belongs to the next message; refuse one that has no place."""
        if tag == self._first and DONE in self._seen:
            return True
        if not self._seen and self._first not in {"", tag}:
            raise RemoteProtocolError("a message without version", expected=f"{self._first} first")
        if tag in self._seen:
            raise RemoteProtocolError(f"{tag} comes twice", expected="each tag once")
        return False

    def _keep(self, tag: str, value: str) -> None:
        self._seen.add(tag)
        if tag in self._wanted:
            self._values[tag] = value

"""What the till and its sync process say to each other: a socket, one line of JSON each way.

The socket lies in the till's data folder, for its owner only. A connection carries one question and
its answer. Amounts are integer cents.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from sync.contract.calls import Reservation
from sync.contract.messages import Message

SOCKET_NAME: Final = "calls.sock"
FRAME_BYTES_MAX: Final = 16 * 1024
_PIECE_BYTES: Final = 4096
T = TypeVar("T")

Text = Annotated[str, Meta(max_length=4000)]


class FrameError(Exception):
    """No whole line came, or not the message that was expected; `args` say which."""


# --- questions ------------------------------------------------------------------------------------


class Reserve(Message, frozen=True, tag_field="call", tag="reserve"):
    """Hold a voucher for a sale (sync.contract.calls.NewReservation). `key` makes it repeatable."""

    campaign: Text
    voucher: Text
    sale: Text
    due: int
    key: Text


class Release(Message, frozen=True, tag_field="call", tag="release"):
    """Let a voucher go that was held."""

    campaign: Text
    reservation: Text


class Wake(Message, frozen=True, tag_field="call", tag="wake"):
    """The journal grew."""


class Enrol(Message, frozen=True, tag_field="call", tag="enrol"):
    """Join a campaign by its pairing code, as the till of this epoch."""

    epoch: int
    server: Text
    code: Text
    shop_till: Text


class Carry(Message, frozen=True, tag_field="call", tag="carry"):
    """Take in an answer that a USB stick brought: the path of the file on this machine."""

    path: Text


Ask: TypeAlias = Reserve | Release | Wake | Enrol | Carry
ASKS: Final = msgspec.json.Decoder(Ask)

# --- answers --------------------------------------------------------------------------------------


class Held(Message, frozen=True, tag_field="answer", tag="held"):
    """The server holds the voucher."""

    reservation: Reservation


class Done(Message, frozen=True, tag_field="answer", tag="done"):
    """It is done, and there is nothing to tell of it."""


class Enrolled(Message, frozen=True, tag_field="answer", tag="enrolled"):
    """The till has joined; `fingerprint` is for people to compare."""

    campaign: str
    campaign_name: str
    shop_name: str
    epoch: int
    fingerprint: str


class Carried(Message, frozen=True, tag_field="answer", tag="carried"):
    """What a stick brought: what is acknowledged now, and how many items and lists were kept."""

    campaign: str
    campaign_name: str
    acknowledged: int
    items: int
    lists: int


class No(Message, frozen=True, tag_field="answer", tag="no"):
    """Refused, by a problem's short name."""

    problem: str
    detail: str


class Silence(Message, frozen=True, tag_field="answer", tag="silence"):
    """No answer came from the server. `perhaps`: it may have done what was asked all the same."""

    why: str
    detail: str
    perhaps: bool


Reply: TypeAlias = Held | Done | Enrolled | Carried | No | Silence
REPLIES: Final = msgspec.json.Decoder(Reply)


# --- the wire -------------------------------------------------------------------------------------


@contextmanager
def short_name(path: Path) -> Iterator[str]:
    """A name of a socket's path that fits into the 108 bytes which an address has (unix(7))."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def send(connection: socket.socket, message: Message) -> None:
    """Write one message; OSError, FrameError when it is too large."""
    line = msgspec.json.encode(message) + b"\n"
    if len(line) > FRAME_BYTES_MAX:
        raise FrameError(f"a message of more than {FRAME_BYTES_MAX} bytes")
    connection.sendall(line)


def receive(
    connection: socket.socket,
    decoder: msgspec.json.Decoder[T],
    until: float,
    monotonic: Callable[[], float],
) -> T:
    """Read one message until a moment (monotonic seconds); FrameError, OSError, TimeoutError."""
    line = bytearray()
    while not line.endswith(b"\n"):
        left = until - monotonic()
        if left <= 0:
            raise TimeoutError("no whole message in time")
        connection.settimeout(left)
        piece = connection.recv(_PIECE_BYTES)
        if not piece:
            raise FrameError("the other side closed before its message was whole")
        line += piece
        if len(line) > FRAME_BYTES_MAX:
            raise FrameError(f"a message of more than {FRAME_BYTES_MAX} bytes")
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FrameError(f"not a message of this program: {error}") from error

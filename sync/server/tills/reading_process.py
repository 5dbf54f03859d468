"""The process that reads batches beside a server, and how the two talk.

Each message is four bytes with its length, big end first, and then MessagePack. The server asks,
the process answers, one after the other. It knows no database and no secret; it ends when the line
is closed, so that a server that was killed leaves nothing behind.
"""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from sync.contract.messages import UPLINK_BODY_BYTES_MAX, Problem
from sync.server.auth import Signer, key_of
from sync.server.errors import Refused
from sync.server.memory import collect_rarely
from sync.server.tills.ingest import Received, Sender, read_batch

ASKED_BYTES_MAX: Final = 2 * UPLINK_BODY_BYTES_MAX
ANSWER_BYTES_MAX: Final = 8 * UPLINK_BODY_BYTES_MAX
_LENGTH_BYTES: Final = 4
_PIECE_BYTES: Final = 64 * 1024

T = TypeVar("T")


class Key(msgspec.Struct, frozen=True, array_like=True):
    """A key that the sender may have signed with: its name, its epoch, and itself (DER)."""

    kid: str
    epoch: int
    spki: bytes


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """A batch, and who sends it."""

    entries: Sequence[str]
    till: str
    epoch: int
    chain: str
    keys: Sequence[Key]


class Read(msgspec.Struct, frozen=True, array_like=True):
    """What became of a batch: its entries, or why it is refused."""

    entries: list[Received] = []
    problem: Problem | None = None


def send(line: socket.socket, message: msgspec.Struct) -> None:
    """Send a message whole; OSError when the line is closed, or slower than its timeout."""
    raw = msgspec.msgpack.encode(message)
    line.sendall(len(raw).to_bytes(_LENGTH_BYTES, "big") + raw)


def receive(line: socket.socket, kind: type[T], bytes_max: int) -> T:
    """The next message. Raises EOFError at its end, OSError, or MsgspecError for another kind."""
    length = int.from_bytes(_exactly(line, _LENGTH_BYTES), "big")
    if length > bytes_max:
        raise OSError(f"a message of {length} bytes, expected at most {bytes_max}")
    return msgspec.msgpack.decode(_exactly(line, length), type=kind)


def _exactly(line: socket.socket, length: int) -> bytearray:
    raw, have = bytearray(length), 0
    while have < length:
        got = line.recv_into(memoryview(raw)[have : have + _PIECE_BYTES])
        if not got:
            raise EOFError("the line was closed")
        have += got
    return raw


def serve(line: socket.socket) -> None:
    """Read batches until the line is closed."""
    while True:
        try:
            asked = receive(line, Asked, ASKED_BYTES_MAX)
        except EOFError:
            return
        send(line, _read(asked))


def _read(asked: Asked) -> Read:
    keys = {one.kid: Signer(one.epoch, key_of(one.spki)) for one in asked.keys}
    try:
        return Read(read_batch(asked.entries, Sender(asked.till, asked.epoch, keys, asked.chain)))
    except Refused as refused:
        return Read(problem=refused.problem)


def main() -> None:
    """Serve the line whose file number is the argument."""
    # Ctrl-C goes to all processes of a terminal; the server says when it is time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    collect_rarely()
    with socket.socket(fileno=int(sys.argv[1])) as line:
        serve(line)


if __name__ == "__main__":
    main()

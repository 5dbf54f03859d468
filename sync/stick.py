"""The files of a USB stick: written whole or not at all, read within limits (sync.contract.stick).

A file has its name only once it is on the stick's own memory, so that a stick pulled out too soon
holds no half of one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from sync.contract.errors import ContractError
from sync.contract.jws import COMPACT_BYTES_MAX, Signed
from sync.contract.messages import UPLINK_BODY_BYTES_MAX, Uplink, chain_of, open_signed
from sync.contract.status_list import LISTS_MAX
from sync.contract.stick import (
    RECEIPT_TYP,
    STICK_BYTES_MAX,
    STICK_ENTRIES_MAX,
    STICK_ITEMS_MAX,
    STICK_LINES,
    STICK_TYP,
    ItemLine,
    ListLine,
    StickHead,
    StickReceipt,
)
from sync.errors import DamagedStick

EXPORT_SUFFIX: Final = ".comptoir-export"
ANSWER_SUFFIX: Final = ".comptoir-answer"
_LINE_BYTES_MAX: Final = max(UPLINK_BODY_BYTES_MAX, 2 * COMPACT_BYTES_MAX)


@dataclass(frozen=True, slots=True)
class Brought:
    """An answer as it was read: whole, but not verified."""

    receipt: StickReceipt
    signed: Signed
    items: Sequence[str]
    lists: Sequence[ListLine]


def export_name(head: StickHead) -> str:
    """What a till's file is called."""
    numbers = f"{head.first}-{head.last}"
    return f"{head.campaign}-{head.till[:8]}-{head.epoch}-{numbers}{EXPORT_SUFFIX}"


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Put a file on the stick, whole; OSError leaves none of that name."""
    draft = path.with_name(f".{path.name}.new")
    try:
        with draft.open("wb") as file:
            for line in lines:
                file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def read_head(path: Path) -> tuple[str, StickHead]:
    """The head of a till's file, as it travels and as it reads. Raises DamagedStick, OSError."""
    with _opened(path) as file:
        return head_in(file)


def read_entries(path: Path, head: StickHead) -> Iterator[list[str]]:
    """The entries of a till's file, a line at a time; DamagedStick when there are others than said.

    Read it once to the end before anything is done with it.
    """
    with _opened(path) as file:
        yield from entries_in(file, head)


def head_in(file: BinaryIO) -> tuple[str, StickHead]:
    """What `read_head` reads, of a file that is open at its beginning."""
    compact = _line(file).decode("ascii", "replace")
    try:
        return compact, open_signed(compact, STICK_TYP, StickHead)[0]
    except ContractError as error:
        raise DamagedStick(f"expected the export of a till: {error}") from error


def entries_in(file: BinaryIO, head: StickHead) -> Iterator[list[str]]:
    """What `read_entries` reads, of a file that is open at its beginning."""
    wanted = head.last - head.first + 1
    if not 0 <= wanted <= STICK_ENTRIES_MAX:
        raise DamagedStick(f"expected at most {STICK_ENTRIES_MAX} entries, got {wanted}")
    _line(file)
    while line := _line(file):
        uplink = _uplink(line)
        if uplink.chain != chain_of(head.campaign):
            raise DamagedStick(f"expected entries of {head.campaign}, got {uplink.chain}")
        wanted -= len(uplink.entries)
        yield uplink.entries
    if wanted:
        raise DamagedStick(f"the file is not whole: {abs(wanted)} entries too few or too many")


def is_answer(file: BinaryIO) -> bool:
    """Whether a file, open at its beginning, begins like a server's answer."""
    try:
        open_signed(_line(file), RECEIPT_TYP, StickReceipt)
    except (ContractError, DamagedStick):
        return False
    return True


def answer_name(head: StickHead) -> str:
    """What the answer to a till's file is called."""
    return export_name(head).removesuffix(EXPORT_SUFFIX) + ANSWER_SUFFIX


def answer_lines(
    receipt: str, items: Sequence[str], lists: Iterable[tuple[int, str, str]]
) -> Iterator[bytes]:
    """The lines of a server's answer; a list is its batch, its version and its signed text."""
    yield receipt.encode("ascii")
    for item in items:
        yield msgspec.json.encode(ItemLine(compact=item))
    for batch, etag, compact in lists:
        yield msgspec.json.encode(ListLine(batch=batch, etag=etag, compact=compact))


def read_answer(path: Path) -> Brought:
    """A server's answer. Raises DamagedStick when it is not whole, OSError."""
    items: list[str] = []
    lists: list[ListLine] = []
    with _opened(path) as file:
        try:
            receipt, signed = open_signed(_line(file), RECEIPT_TYP, StickReceipt)
            while line := _line(file):
                found = STICK_LINES.decode(line)
                if isinstance(found, ItemLine):
                    items.append(found.compact)
                else:
                    lists.append(found)
                if len(items) > STICK_ITEMS_MAX or len(lists) > LISTS_MAX:
                    raise DamagedStick("more lines than an answer has")
        except (ContractError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise DamagedStick(f"expected the answer of a campaign server: {error}") from error
    if (len(items), digest(items)) != (receipt.items, receipt.digest):
        raise DamagedStick(f"expected {receipt.items} items as they were signed")
    return Brought(receipt, signed, items, lists)


def digest(items: Sequence[str]) -> str:
    """What a receipt says of the items that follow it."""
    return hashlib.sha256("\n".join(items).encode("utf-8")).hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size > STICK_BYTES_MAX:
            raise DamagedStick(f"expected at most {STICK_BYTES_MAX} bytes")
        yield file


def _line(file: BinaryIO) -> bytes:
    """The next line; empty at the end of the file."""
    line = file.readline(_LINE_BYTES_MAX + 1)
    if line and not line.endswith(b"\n"):
        raise DamagedStick("the file is not whole: its last line has no end")
    if line == b"\n":
        raise DamagedStick("a line is empty")
    return line.rstrip(b"\n")


def _uplink(line: bytes) -> Uplink:
    try:
        return msgspec.json.decode(line, type=Uplink)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DamagedStick(f"expected entries of a till: {error}") from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # not every stick's file system can
            os.fsync(handle)
    finally:
        os.close(handle)

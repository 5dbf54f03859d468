"""A disk in memory that knows what was synced: pure, it decides what a power cut leaves.

Each file and each folder has two states: what every program sees now, and what is safe on disk.
Only a sync of that file or folder makes its changes safe. It is harsher than usual file systems,
which also put changes in order: what holds here holds there.

A cut leaves the safe state (`DROP`), or (`TEAR`) safe state plus, for each change of a file since
its last sync, each 512-byte sector or not, as chance has it: torn and out of order. A folder's own
changes are kept up to some moment, as journals of file systems commit them in order.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias

SECTOR_BYTES: Final = 512


class Cut(StrEnum):
    """What a power cut does to changes that were not synced."""

    DROP = "drop"
    TEAR = "tear"


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes put at an offset."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A new length in bytes."""

    size: int


@dataclass(eq=False, slots=True)
class File:
    """A file's two states and what happened between them."""

    mode: int = 0o600
    now: bytearray = field(default_factory=bytearray)
    safe: bytearray = field(default_factory=bytearray)
    pending: list[Write | Truncate] = field(default_factory=list)

    def write(self, offset: int, data: bytes) -> None:
        """Write, unsynced."""
        _put(self.now, offset, data)
        self.pending.append(Write(offset, data))

    def truncate(self, size: int) -> None:
        """Cut or lengthen, unsynced."""
        _resize(self.now, size)
        self.pending.append(Truncate(size))

    def sync(self) -> None:
        """Make everything safe that a program handed over since the last sync."""
        for change in self.pending:
            _apply(self.safe, change)
        self.pending.clear()

    def fail_sync(self) -> None:
        """A sync that failed: programs see their bytes, but no later sync takes them to the disk.

        That is what Linux does with pages it could not write: it reports once, and forgets.
        """
        self.pending.clear()

    def after(self, cut: Cut, draw: random.Random) -> bytes:
        """What a power cut leaves."""
        left = bytearray(self.safe)
        if cut is Cut.TEAR:
            for change in self.pending:
                for part in _parts(change):
                    if draw.random() < 0.5:
                        _apply(left, part)
        return bytes(left)


@dataclass(eq=False, slots=True)
class Folder:
    """A folder's two states; each pending change is one that happens whole or not at all."""

    mode: int = 0o700
    now: dict[str, Node] = field(default_factory=dict)
    safe: dict[str, Node] = field(default_factory=dict)
    pending: list[dict[str, Node | None]] = field(default_factory=list)

    def change(self, names: dict[str, Node | None]) -> None:
        """Let names stand for nodes, or for nothing, all at once, unsynced."""
        _name(self.now, names)
        self.pending.append(names)

    def sync(self) -> None:
        """Make the names safe."""
        self.safe = dict(self.now)
        self.pending.clear()

    def after(self, cut: Cut, draw: random.Random) -> Folder:
        """What a power cut leaves of the whole tree, as a disk that nobody has touched yet."""
        return _after(self, cut, draw, {})


Node: TypeAlias = File | Folder


def copied(folder: Folder) -> Folder:
    """A tree of its own with the same content as is seen now, all of it safe."""
    fresh = Folder(folder.mode)
    for name, node in folder.now.items():
        if isinstance(node, File):
            copy: Node = File(node.mode, bytearray(node.now), bytearray(node.now))
        else:
            copy = copied(node)
        fresh.now[name] = copy
    fresh.safe = dict(fresh.now)
    return fresh


def load(path: Path) -> Folder:
    """A tree with the content of a real folder, all of it safe."""
    folder = Folder()
    for child in sorted(path.iterdir()):
        content: Node
        if child.is_dir():
            content = load(child)
        else:
            raw = child.read_bytes()
            content = File(child.stat().st_mode & 0o777, bytearray(raw), bytearray(raw))
        folder.now[child.name] = content
    folder.safe = dict(folder.now)
    return folder


def save(folder: Folder, path: Path) -> None:
    """Write what is seen now of a tree into a real folder, for people to look at."""
    path.mkdir(parents=True, exist_ok=True)
    for name, node in folder.now.items():
        if isinstance(node, Folder):
            save(node, path / name)
        else:
            (path / name).write_bytes(node.now)


def _after(folder: Folder, cut: Cut, draw: random.Random, seen: dict[int, File]) -> Folder:
    names = dict(folder.safe)
    if cut is Cut.TEAR:
        for change in folder.pending[: draw.randint(0, len(folder.pending))]:
            _name(names, change)
    left = Folder(folder.mode)
    for name, node in names.items():
        left.now[name] = (
            _after(node, cut, draw, seen)
            if isinstance(node, Folder)
            else seen.setdefault(id(node), _left(node, cut, draw))
        )
    left.safe = dict(left.now)
    return left


def _left(file: File, cut: Cut, draw: random.Random) -> File:
    raw = file.after(cut, draw)
    return File(file.mode, bytearray(raw), bytearray(raw))


def _name(names: dict[str, Node], change: dict[str, Node | None]) -> None:
    for name, node in change.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def _parts(change: Write | Truncate) -> Iterator[Write | Truncate]:
    """The pieces of a change that a disk does whole: sectors, and a new length."""
    if isinstance(change, Truncate):
        yield change
        return
    at, end = change.offset, change.offset + len(change.data)
    while at < end:
        upto = min(end, (at // SECTOR_BYTES + 1) * SECTOR_BYTES)
        yield Write(at, change.data[at - change.offset : upto - change.offset])
        at = upto


def _apply(content: bytearray, change: Write | Truncate) -> None:
    if isinstance(change, Truncate):
        _resize(content, change.size)
    else:
        _put(content, change.offset, change.data)


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        _resize(content, offset)
    content[offset : offset + len(data)] = data


def _resize(content: bytearray, size: int) -> None:
    if size < len(content):
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))

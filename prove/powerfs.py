"""powerfs: a FUSE file system over a disk image, with faults to order.

It counts the operations that reach the disk: writes, syncs, truncations and changes of names. At a
number that was ordered beforehand the power is cut, or the operation fails with an error number,
once or from then on. Files that end in `-shm` are not counted: they are SQLite's shared memory,
which no program expects to find again.
"""

from __future__ import annotations

import errno
import os
import random
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock
from typing import Any, Final, TypeVar

import mfusepy  # type: ignore[import-untyped] # it ships no types

from prove.image import SECTOR_BYTES, Cut, File, Folder, Node

T = TypeVar("T")
NOT_COUNTED: Final = "-shm"
NAMED_AT_RANDOM: Final = (".head", ".key", ".new")
_NUMBER: Final = re.compile(r"\d{3,}")
FREE_BLOCKS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Fault:
    """The `at`-th operation fails with `error`; with `lasting`, all later ones too.

    A failing write may leave its first half behind, and a failing sync makes the kernel forget
    what it was to write: the worst that is known of real disks.
    """

    at: int
    error: int
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """An operation that failed, or before which the power was cut."""

    number: int
    kind: str
    path: str

    @property
    def file(self) -> str:
        """The file's name, and only its kind where the name is random."""
        name = self.path.rpartition("/")[2]
        if name.endswith(NAMED_AT_RANDOM):
            return "*." + name.rpartition(".")[2]
        return _NUMBER.sub("*", name)


class PowerDisk(mfusepy.Operations):  # type: ignore[misc] # of an untyped class
    """The operations of the file system. `on_cut` is called once, when the power goes."""

    use_ns = True

    def __init__(self, root: Folder, on_cut: Callable[[], None] = lambda: None) -> None:
        self.root = root
        self.guard = RLock()
        self.operations = 0
        self.hits: list[Hit] = []
        self.off = False
        self._on_cut = on_cut
        self._cut_at: int | None = None
        self._cut_at_sync = False
        self._fault: Fault | None = None
        self._draw = random.Random(0)  # noqa: S311 - chance, not secrecy
        self._open: dict[int, Node] = {}
        self._handles = 0

    # --- orders ----------------------------------------------------------------------------------

    def order_cut(self, at: int, *, at_sync: bool = False) -> None:
        """Cut the power before the `at`-th operation from now, or before the next sync after it."""
        with self.guard:
            self._cut_at = self.operations + at
            self._cut_at_sync = at_sync

    def order_fault(self, fault: Fault, seed: int) -> None:
        """Let the `at`-th operation from now fail."""
        with self.guard:
            at = self.operations + fault.at
            self._fault = Fault(at, fault.error, fault.lasting)
            self._draw = random.Random(seed)  # noqa: S311 - chance, not secrecy
            self.hits.clear()

    def heal(self) -> None:
        """Let nothing fail any more."""
        with self.guard:
            self._fault = None

    def restart(self, cut: Cut, seed: int) -> None:
        """Come back after a power cut with what it left."""
        with self.guard:
            draw = random.Random(seed)  # noqa: S311 - chance, not secrecy
            self.root = self.root.after(cut, draw)
            self._open.clear()
            self.hits.clear()
            self.off, self._cut_at, self._fault = False, None, None

    def take(self, name: str, cut: Cut, seed: int) -> Folder:
        """Remove a folder from the root, and return what a power cut would have left of it."""
        with self.guard:
            node = self.root.now[name]
            if not isinstance(node, Folder):
                raise OSError(errno.ENOTDIR, name)
            self.root.change({name: None})
            self.root.sync()
            return node.after(cut, random.Random(seed))  # noqa: S311 - chance, not secrecy

    def _reach(self, kind: str, path: str, torn: Callable[[], None] | None = None) -> None:
        """Count an operation; raise when it is the one that fails."""
        if not path or path.endswith(NOT_COUNTED):  # a file without a name is gone after a cut
            return
        if self.off:
            raise OSError(errno.EIO, "no power")
        self.operations += 1
        if self._cuts_now(kind):
            self.off = True
            self.hits.append(Hit(self.operations, kind, path))
            self._on_cut()
            raise OSError(errno.EIO, "no power")
        fault = self._fault
        if fault is None or self.operations < fault.at:
            return
        if not fault.lasting:
            self._fault = None
        self.hits.append(Hit(self.operations, kind, path))
        if torn and self._draw.random() < 0.5:
            torn()
        raise OSError(fault.error, "ordered")

    def _cuts_now(self, kind: str) -> bool:
        late = self._cut_at is not None and self.operations >= self._cut_at
        return late and (kind.startswith("fsync") or not self._cut_at_sync)

    # --- names -----------------------------------------------------------------------------------

    def getattr(self, path: str | None, fh: int | None = None) -> dict[str, Any]:
        """Attributes of a file or folder."""
        with self.guard:
            node = self._open[fh] if fh in self._open else self._find(path or "/")
            size = len(node.now) if isinstance(node, File) else 0
            owner = {"st_uid": os.getuid(), "st_gid": os.getgid()}
            return {**_kind(node), **owner, "st_nlink": 1, "st_size": size}

    def readdir(self, path: str, fh: int) -> list[tuple[str, dict[str, int], int]]:
        """Names in a folder, with what libc wants to know of each."""
        del fh
        with self.guard:
            folder = self._folder(path)
            nodes = {".": folder, "..": folder, **folder.now}
            return [(name, _kind(node), 0) for name, node in nodes.items()]

    def mkdir(self, path: str, mode: int) -> int:
        """Make a folder."""
        return self._rename("mkdir", path, lambda: Folder(mode & 0o777), new=True)

    def create(self, path: str, mode: int, flags: int = 0) -> int:
        """Make a file and open it."""
        del flags
        self._rename("create", path, lambda: File(mode & 0o777), new=True)
        return self.open(path, 0)

    def unlink(self, path: str) -> int:
        """Take a file's name away."""
        return self._rename("unlink", path, lambda: None)

    def rmdir(self, path: str) -> int:
        """Take an empty folder away."""
        with self.guard:
            if self._folder(path).now:
                raise OSError(errno.ENOTEMPTY, path)
        return self._rename("rmdir", path, lambda: None)

    def rename(self, old: str, new: str) -> int:
        """Rename within a folder."""
        with self.guard:
            if os.path.dirname(old) != os.path.dirname(new):  # noqa: PTH120 - FUSE speaks in text
                raise OSError(errno.EXDEV, new)
            parent, name = self._parent(old)
            node = self._find(old)
            self._reach("rename", new)
            parent.change({name: None, self._parent(new)[1]: node})
            return 0

    def link(self, target: str, source: str) -> int:
        """Give a file a second name."""
        node = self._find(source)
        return self._rename("link", target, lambda: node, new=True)

    def chmod(self, path: str, mode: int) -> int:
        """Change the permissions; they are safe at once."""
        with self.guard:
            self._find(path).mode = mode & 0o777
            return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        """Everything belongs to whoever mounted this."""
        del path, uid, gid
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        """Times are not kept."""
        del path, times
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        """Room enough."""
        del path
        return {"f_bsize": 4096, "f_frsize": 4096, "f_blocks": FREE_BLOCKS, "f_bavail": FREE_BLOCKS,
                "f_bfree": FREE_BLOCKS, "f_namemax": 255}  # fmt: skip

    # --- content ---------------------------------------------------------------------------------

    def open(self, path: str, flags: int) -> int:
        """Open a file."""
        del flags
        with self.guard:
            return self._handle(self._find(path))

    def opendir(self, path: str) -> int:
        """Open a folder."""
        with self.guard:
            return self._handle(self._folder(path))

    def release(self, path: str | None, fh: int) -> int:
        """Close a file."""
        del path
        with self.guard:
            self._open.pop(fh, None)
            return 0

    releasedir = release

    def read(self, path: str | None, size: int, offset: int, fh: int) -> bytes:
        """Read what programs see now."""
        del path
        with self.guard:
            return bytes(self._opened(fh).now[offset : offset + size])

    def write(self, path: str | None, data: bytes, offset: int, fh: int) -> int:
        """Write; `-shm` files too may be written when the power is off."""
        with self.guard:
            file = self._opened(fh)
            half = len(data) // 2 // SECTOR_BYTES * SECTOR_BYTES
            self._reach("write", path or "", lambda: file.write(offset, data[:half]))
            file.write(offset, data)
            return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        """Cut or lengthen a file."""
        del fh
        with self.guard:
            file = self._find(path)
            if not isinstance(file, File):
                raise OSError(errno.EISDIR, path)
            self._reach("truncate", path)
            file.truncate(length)
            return 0

    def fsync(self, path: str | None, datasync: int, fh: int) -> int:
        """Make a file's content safe."""
        del datasync
        with self.guard:
            file = self._opened(fh)
            self._reach_sync("fsync", path or "", file)
            file.sync()
            return 0

    def fsyncdir(self, path: str | None, datasync: int, fh: int) -> int:
        """Make a folder's names safe."""
        del datasync
        with self.guard:
            folder = self._open[fh]
            self._reach("fsyncdir", path or "")
            folder.sync()
            return 0

    def _reach_sync(self, kind: str, path: str, file: File) -> None:
        try:
            self._reach(kind, path)
        except OSError:
            if not self.off:
                file.fail_sync()
            raise

    # --- where things are ------------------------------------------------------------------------

    def _rename(
        self, kind: str, path: str, make: Callable[[], Node | None], *, new: bool = False
    ) -> int:
        with self.guard:
            parent, name = self._parent(path)
            if new and name in parent.now:
                raise OSError(errno.EEXIST, path)
            if not new and name not in parent.now:
                raise OSError(errno.ENOENT, path)
            self._reach(kind, path)
            parent.change({name: make()})
            return 0

    def _find(self, path: str) -> Node:
        node: Node = self.root
        for name in path.strip("/").split("/"):
            if not name:
                continue
            if not isinstance(node, Folder):
                raise OSError(errno.ENOTDIR, path)
            if name not in node.now:
                raise OSError(errno.ENOENT, path)
            node = node.now[name]
        return node

    def _folder(self, path: str) -> Folder:
        node = self._find(path)
        if not isinstance(node, Folder):
            raise OSError(errno.ENOTDIR, path)
        return node

    def _parent(self, path: str) -> tuple[Folder, str]:
        above, _, name = path.rstrip("/").rpartition("/")
        return self._folder(above), name

    def _handle(self, node: Node) -> int:
        self._handles += 1
        self._open[self._handles] = node
        return self._handles

    def _opened(self, fh: int) -> File:
        node = self._open.get(fh)
        if not isinstance(node, File):
            raise OSError(errno.EBADF, "not open")
        return node


def _kind(node: Node) -> dict[str, int]:
    kind = stat.S_IFDIR if isinstance(node, Folder) else stat.S_IFREG
    return {"st_mode": kind | node.mode, "st_ino": id(node)}

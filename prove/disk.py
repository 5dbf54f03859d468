"""A disk that can be cut from power: the process that serves powerfs, and the hand on it."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from prove import image
from prove.image import Cut, Folder

if TYPE_CHECKING:
    from prove.powerfs import Fault, Hit, PowerDisk

DEVICE: Final = Path("/dev/fuse")
ANSWER_TIMEOUT_S: Final = 30.0
MOUNT_TIMEOUT_S: Final = 10.0
LOOK_EVERY_S: Final = 0.002


class NoFuse(OSError):
    """This machine cannot serve a file system; the message says what is missing."""


def fuse_trouble() -> str:
    """Why no file system can be served here; empty when one can."""
    if not DEVICE.exists():
        return f"{DEVICE} is missing"
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return f"{DEVICE} may not be opened"
    if shutil.which("fusermount3") is None or ctypes.util.find_library("fuse3") is None:
        return "fuse3 is not installed"
    try:
        with mounted():
            return ""
    except NoFuse as error:
        return str(error)


class Disk:
    """A mounted disk. What is in memory of it goes with the process."""

    def __init__(self, mount: Path) -> None:
        self.mount = mount
        self._ours, theirs = Pipe()
        self._pid = os.fork()
        if self._pid == 0:
            self._ours.close()
            _serve(mount, theirs)
        theirs.close()
        self._await_mount()

    # --- orders ----------------------------------------------------------------------------------

    def plug(self, victim: int) -> None:
        """Name the process that dies with the power."""
        self._ask("plug", victim)

    def order_cut(self, at: int, *, at_sync: bool) -> None:
        """Cut the power before the `at`-th operation from now, or before the next sync after it."""
        self._ask("order_cut", at, at_sync)

    def order_fault(self, fault: Fault, seed: int) -> None:
        """Let the `at`-th operation from now fail."""
        self._ask("order_fault", fault, seed)

    def heal(self) -> None:
        """Let nothing fail any more."""
        self._ask("heal")

    def operations(self) -> int:
        """How many operations have reached the disk."""
        count: int = self._ask("count")
        return count

    def hits(self) -> list[Hit]:
        """What failed, or was cut, since the last order."""
        found: list[Hit] = self._ask("hits")
        return found

    def restart(self, cut: Cut, seed: int) -> None:
        """Take the power away if it is still there, and come back with what is left."""
        _unmount(self.mount)
        self._ask("restart", cut, seed)
        self._await_mount()

    def plant(self, tree: Folder, name: str) -> Path:
        """Put a copy of a tree, safe on disk, under a new name into the root."""
        self._ask("plant", tree, name)
        return self.mount / name

    def survivors(self, name: str, cut: Cut, seed: int) -> Folder:
        """What a power cut would leave of a folder in the root; the folder itself is removed."""
        left: Folder = self._ask("survivors", name, cut, seed)
        return left

    def save(self, path: Path) -> None:
        """Write the content into a real folder, for people to look at."""
        self._ask("save", path)

    def close(self) -> None:
        """Unmount and end."""
        with suppress(OSError, EOFError, NoFuse):
            self._ours.send(("stop",))
            _unmount(self.mount)
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        self._ours.close()
        _unmount(self.mount)

    def __enter__(self) -> Disk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, *order: object) -> Any:
        self._ours.send(order)
        if not self._ours.poll(ANSWER_TIMEOUT_S):
            raise NoFuse(f"the disk did not answer to {order[0]}")
        answer = self._ours.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _await_mount(self) -> None:
        until = time.monotonic() + MOUNT_TIMEOUT_S
        while not self.mount.is_mount():
            ended, status = os.waitpid(self._pid, os.WNOHANG)
            if ended or time.monotonic() > until:
                raise NoFuse(f"the file system was not mounted on {self.mount} ({status=})")
            time.sleep(LOOK_EVERY_S)


@contextmanager
def mounted(keep: Path | None = None) -> Iterator[Disk]:
    """A disk on a mount point of its own; `keep` gets its content when something goes wrong."""
    mount = Path(tempfile.mkdtemp(prefix="comptoir-powerfs-"))
    try:
        with Disk(mount) as disk:
            try:
                yield disk
            except Exception:
                if keep:
                    disk.save(keep)
                raise
    finally:
        mount.rmdir()


def _unmount(mount: Path) -> None:
    command = ["fusermount3", "-q", "-u", "-z", str(mount)]
    subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - our own words


def _serve(mount: Path, orders: Connection) -> None:
    """Be the disk: never returns. Mounts again whenever it was unmounted."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.setsid()
    # Needs libfuse, which is missing where this suite is skipped; it ships no types.
    import mfusepy  # type: ignore[import-untyped]

    from prove.powerfs import PowerDisk

    desk = _Desk(mount)
    disk = PowerDisk(Folder(), desk.power_is_cut)
    desk.disk = disk
    Thread(target=desk.obey, args=(orders,), daemon=True).start()
    try:
        while desk.may_mount():
            mfusepy.FUSE(
                disk,
                str(mount),
                foreground=True,
                nothreads=True,
                hard_remove=True,
                use_ino=True,
                fsname="powerfs",
            )
    except BaseException:  # noqa: BLE001 - shown, whatever it is, and the end of this process
        traceback.print_exc()
    finally:
        os._exit(0)


class _Desk:
    """Takes the parent's orders, on a thread beside the file system's."""

    disk: PowerDisk

    def __init__(self, mount_point: Path) -> None:
        self.stopping = False
        self._mount_point = mount_point
        self._victim = 0
        self._mount = Event()
        self._mount.set()

    def may_mount(self) -> bool:
        """Wait until the disk is to be mounted again; False when it is over."""
        self._mount.wait()
        self._mount.clear()
        return not self.stopping

    def power_is_cut(self) -> None:
        if self._victim:
            with suppress(ProcessLookupError):
                os.kill(self._victim, signal.SIGKILL)

    def obey(self, orders: Connection) -> None:
        try:
            while not self.stopping:
                word, *rest = orders.recv()
                if word == "stop":
                    self.stopping = True
                    self._mount.set()
                    return
                try:
                    orders.send(getattr(self, "do_" + word)(*rest))
                except (OSError, LookupError) as error:
                    orders.send(error)
        except EOFError:  # the parent is gone
            _unmount(self._mount_point)
            self._mount_point.rmdir()
            os._exit(1)

    def do_plug(self, victim: int) -> None:
        self._victim = victim

    def do_order_cut(self, at: int, at_sync: bool) -> None:
        self.disk.order_cut(at, at_sync=at_sync)

    def do_order_fault(self, fault: Fault, seed: int) -> None:
        self.disk.order_fault(fault, seed)

    def do_heal(self) -> None:
        self.disk.heal()

    def do_count(self) -> int:
        return self.disk.operations

    def do_hits(self) -> list[Hit]:
        return list(self.disk.hits)

    def do_restart(self, cut: Cut, seed: int) -> None:
        self._victim = 0
        self.disk.restart(cut, seed)
        self._mount.set()

    def do_plant(self, tree: Folder, name: str) -> None:
        with self.disk.guard:
            self.disk.root.change({name: image.copied(tree)})
            self.disk.root.sync()

    def do_survivors(self, name: str, cut: Cut, seed: int) -> Folder:
        with self.disk.guard:
            return self.disk.take(name, cut, seed)

    def do_save(self, path: Path) -> None:
        with self.disk.guard:
            image.save(self.disk.root, path)

"""The data folder: all files of one till, made on first use, used by one till at once."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from pos.domain.errors import StoreBusy
from pos.store.errors import FolderUnusable, NotEmpty

_DEMO_TEXT = """\
This folder belongs to a demonstration of Comptoir. Its till may use simulated devices:
nothing in it is a real sale.
"""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The paths of one till's files."""

    path: Path

    @property
    def till_db(self) -> Path:
        """The truth: journal, parked sales, catalogue, staff, print spool."""
        return self.path / "till.db"

    @property
    def books_db(self) -> Path:
        """Read models derived from the journal; may be deleted."""
        return self.path / "books.db"

    @property
    def campaign_db(self) -> Path:
        """What the sync process keeps."""
        return self.path / "campaign.db"

    @property
    def keys(self) -> Path:
        """The wrapped signing key."""
        return self.path / "keys"

    @property
    def lock_file(self) -> Path:
        """Locked while a till works here."""
        return self.path / "till.lock"

    @property
    def is_demo(self) -> bool:
        """Whether simulated devices may be used here."""
        return (self.path / "DEMO").is_file()

    @property
    def exists(self) -> bool:
        """Whether a till was ever opened here."""
        return self.till_db.is_file()

    def make(self) -> None:
        """Make the folder, readable by its owner only; FolderUnusable."""
        make_private(self.path)
        make_private(self.keys)

    def mark_demo(self) -> None:
        """Mark an empty folder as a demo's, for ever; NotEmpty for any other that is none yet."""
        if self.is_demo:
            return
        make_private(self.path)
        if any(self.path.iterdir()):
            raise NotEmpty(f"{self.path}: a demo needs an empty folder, this one has files in it")
        (self.path / "DEMO").write_text(_DEMO_TEXT, encoding="utf-8")

    def lock(self) -> FolderLock:
        """Keep every other till out until the lock is released; StoreBusy."""
        make_private(self.path)
        return FolderLock(self.lock_file)


class FolderLock:
    """The right to work in a data folder. The kernel releases it if the process dies."""

    def __init__(self, path: Path) -> None:
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise FolderUnusable(f"{path}: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            raise StoreBusy(folder=str(path.parent)) from error

    def release(self) -> None:
        """Let others in. Releasing twice does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def make_private(path: Path) -> None:
    """Make a folder that only its owner can enter; FolderUnusable."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FolderUnusable(f"{path}: {error.strerror}") from error
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise FolderUnusable(f"{path}: this user may not read and write here")


def sync_names(path: Path) -> None:
    """Put a file's name on disk, and those of the folders above it; FolderUnusable.

    Without this a power cut may take a new folder away, with everything that was synced in it.
    """
    try:
        device = path.stat().st_dev
        for folder in path.parents:
            if folder.stat().st_dev != device:
                return
            sync_folder(folder)
    except PermissionError:  # what this user may not open, this program has not made
        return
    except OSError as error:
        raise FolderUnusable(f"{path}: {error.strerror}") from error


def sync_folder(path: Path) -> None:
    """Put a folder's own entries on disk: a new file exists only once this returned."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

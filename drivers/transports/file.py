"""A device that is a file: /dev/usb/lp0 of the kernel's usblp driver, or a plain file to append to.

usblp gives writes, and on many printers the status bytes on read; it needs no libusb.
"""

from __future__ import annotations

import os
import stat
import time
from functools import partial

from drivers.errors import Busy, NoPermission, NotFound, Offline
from drivers.transports.descriptor import DescriptorTransport

DEVICES = "/dev/"


class FileTransport:
    """A file that is written and, when it is a device, read."""

    def __init__(self, fd: int, path: str) -> None:
        # usblp gives an empty read where the printer has nothing to say.
        self._line = DescriptorTransport(fd, path, partial(os.close, fd), ends=False)
        self._answers = stat.S_ISCHR(os.fstat(fd).st_mode)

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        """Give what a device said; a plain file never says anything."""
        if not self._answers:
            time.sleep(timeout_s)
            return b""
        return self._line.read(bytes_max, timeout_s)

    def write(self, data: bytes, timeout_s: float) -> None:
        """Send all of it, or raise Timeout or Offline."""
        self._line.write(data, timeout_s)

    def close(self) -> None:
        """Let go of the file."""
        self._line.close()


def open_file(path: str) -> FileTransport:
    """Open `path` for appending and reading; raises NotFound, NoPermission, Busy or Offline."""
    flags = os.O_RDWR | os.O_APPEND | os.O_NOCTTY | os.O_NONBLOCK
    if not path.startswith(DEVICES):
        # Never in /dev: an unplugged printer must be missed, not replaced by a file.
        flags |= os.O_CREAT
    try:
        fd = os.open(path, flags, 0o600)
    except PermissionError as error:
        raise NoPermission(f"{path} may not be opened: {error}") from error
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFound(f"{path} is not there: {error}") from error
    except OSError as error:
        leaf = Busy if isinstance(error, BlockingIOError) else Offline
        raise leaf(f"{path} cannot be opened: {error}") from error
    return FileTransport(fd, path)

"""Ways to reach a device: a byte line that can be read, written and closed, and how to open one.

`opener(url)` understands:

    /dev/ttyACM0                                   a serial port, 9600 8N1
    serial:///dev/serial/by-id/NAME?baud=19200&bits=7&parity=E&stop=1&flow=xonxoff
    socket://host:port?bits=7&parity=E             the same serial code over TCP
    tcp://host:9100                                plain TCP
    file:///dev/usb/lp0                            a character device, or a file to append to
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from drivers.transports.address import Address, Scheme, parse


class Transport(Protocol):
    """One open line.  Used by one thread at a time; every wait has a limit in seconds."""

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        """Give what has come, at most `bytes_max`, as soon as there is any.

        Gives b"" when nothing came in time; raises Offline when the line is gone.
        """

    def write(self, data: bytes, timeout_s: float) -> None:
        """Send all of it, or raise Timeout (whose `written` bytes did leave) or Offline."""

    def close(self) -> None:
        """Let go of the line.  May be called again; never raises."""


Opener = Callable[[], Transport]


def opener(url: str) -> Opener:
    """Give the function that opens `url`, read and checked now.

    Raises BadAddress at once for an address that makes no sense.  The function given raises
    NotFound, NoPermission, Busy or Offline when the device cannot be opened.
    """
    address = parse(url)
    return lambda: _open(address)


def _open(address: Address) -> Transport:
    # Imported at the first opening: a till without a serial device never loads pyserial.
    if address.scheme is Scheme.TCP:
        from drivers.transports.tcp import open_tcp

        return open_tcp(address.host, address.port)
    if address.scheme is Scheme.FILE:
        from drivers.transports.file import open_file

        return open_file(address.path)
    from drivers.transports.serial_port import open_serial

    return open_serial(address)


__all__ = ["Opener", "Transport", "opener"]

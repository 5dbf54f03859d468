"""Serial ports, and serial over TCP: the only module that imports pyserial.

What is known of pyserial 3.5 on Linux and respected here:
* `exclusive=True`, or two programs share a port and each loses half the bytes;
* there is no DTR/DSR handshake: a printer's DTR goes to the host's CTS (`flow=rtscts`);
* an unplugged port raises SerialException, plain OSError (`in_waiting`) or termios.error;
* its write() reports timeouts for bytes that left (see descriptor.py), and never gives a count;
* a pseudo-terminal keeps no parity: 7E1 can be tried over socket:// only.
"""

from __future__ import annotations

import errno
import termios
from typing import TYPE_CHECKING

import serial

from drivers.errors import Busy, NoPermission, NotFound, Offline, Timeout
from drivers.transports.address import Address, Scheme
from drivers.transports.descriptor import write_all

if TYPE_CHECKING:
    from drivers.errors import DeviceError

# Only a guard for pyserial's own writes, which this module does not use.
WRITE_TIMEOUT_S = 1.0
GONE = (serial.SerialException, OSError, termios.error, TypeError)
"""What a dead port raises; TypeError because pyserial selects on a descriptor it set to None."""


class SerialTransport:
    """A Transport over an open pyserial port."""

    def __init__(self, port: serial.Serial, name: str) -> None:
        self._port = port
        self._name = name
        self._stuck = False
        self._closed = False

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        """Give what has come, at most `bytes_max`; raises Offline when the port is gone."""
        data = bytearray()
        try:
            if self._port.timeout != timeout_s:
                self._port.timeout = timeout_s
            data += self._port.read(1)
            # in_waiting is a yes or no over socket://, hence one question a round.
            while data and len(data) < bytes_max and (waiting := self._port.in_waiting):
                data += self._port.read(min(waiting, bytes_max - len(data)))
        except GONE as error:
            if not data:
                raise Offline(f"{self._name} is gone: {error}") from error
        return bytes(data)

    def write(self, data: bytes, timeout_s: float) -> None:
        """Send all of it, or raise Timeout or Offline."""
        if self._closed:
            raise Offline(f"{self._name} is closed")
        try:
            write_all(self._port.fileno(), data, timeout_s, self._name)
        except Timeout:
            self._stuck = True
            raise
        except GONE as error:
            raise Offline(f"{self._name} is gone: {error}") from error
        self._stuck = False

    def close(self) -> None:
        """Let go of the port, at once even when the other end takes nothing."""
        if self._closed:
            return
        self._closed = True
        # pyserial forgets a socket unclosed when its shutdown() fails (a peer that hung up).
        line = getattr(self._port, "_socket", None)
        try:
            if self._stuck:
                # Else the kernel drains what a stopped printer refuses, for up to 30 s.
                self._port.reset_output_buffer()
            self._port.close()
        except GONE:
            pass
        finally:
            if line is not None:
                line.close()


def open_serial(address: Address) -> SerialTransport:
    """Open the port; raises NotFound, NoPermission, Busy or Offline."""
    over_tcp = address.scheme is Scheme.SOCKET
    name = f"socket://{address.host}:{address.port}" if over_tcp else address.path
    line = address.line
    try:
        port = serial.serial_for_url(
            name,
            baudrate=line.baud,
            bytesize=line.bits,
            parity=line.parity,
            stopbits=line.stop,
            rtscts=line.flow == "rtscts",
            xonxoff=line.flow == "xonxoff",
            timeout=0,
            write_timeout=WRITE_TIMEOUT_S,
            exclusive=True,
        )
    except GONE as error:
        raise _leaf(error, name) from error
    return SerialTransport(port, name)


def _leaf(error: BaseException, name: str) -> DeviceError:
    number = getattr(error, "errno", None)
    message = f"{name} cannot be opened: {error}"
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return NotFound(message)
    if number in (errno.EACCES, errno.EPERM):
        return NoPermission(message)
    if number in (errno.EAGAIN, errno.EBUSY):
        return Busy(message)
    return Offline(message)

"""Everything a driver can raise.

DriverError
├── ProtocolError            bytes that break the rules of the protocol
│   ├── LocalProtocolError   we broke them: a defect, to be loud in tests
│   └── RemoteProtocolError  the device broke them: report it, recover the line
├── DeviceError              the device or its line cannot do what was asked
│   ├── Offline              the line is gone (unplugged, hung up, switched off)
│   ├── NotFound             nothing of that name is plugged in
│   ├── NoPermission         this user may not open the device
│   ├── Timeout              no answer, or no room to write, within the limit
│   ├── Busy                 somebody else, or another operation, holds the device
│   ├── CoverOpen            a cover stops the printer
│   ├── PaperOut             no paper
│   └── Refused              the device understood and said no
├── QueueFull                too many operations are waiting: nothing was taken
└── BadAddress               a device address that cannot be understood

Each error has a stable `key` ("printer.paper_out"); the till makes its sentence, and what to do
about it, from that key and `params`.  The English message is for logs and engineers.
"""

from __future__ import annotations

from typing import ClassVar


class DriverError(Exception):
    """Root of the tree; `key` is stable, `params` fill the till's sentence."""

    default_key: ClassVar[str] = "device.error"

    def __init__(self, message: str = "", *, key: str | None = None, **params: str | int) -> None:
        super().__init__(message or key or self.default_key)
        self.key = key or self.default_key
        self.params = params


class ProtocolError(DriverError):
    """Bytes that break the rules of the protocol."""

    default_key = "device.protocol"


class LocalProtocolError(ProtocolError):
    """We asked for something the protocol cannot say: a defect of ours."""

    default_key = "driver.defect"


class RemoteProtocolError(ProtocolError):
    """The device sent what the protocol forbids; `expected` says what should have come."""

    def __init__(self, message: str, *, expected: str, key: str | None = None) -> None:
        super().__init__(f"{message} (expected {expected})", key=key, expected=expected)
        self.expected = expected


class DeviceError(DriverError):
    """The device or its line cannot do what was asked."""


class Offline(DeviceError):
    """The line is gone: unplugged, hung up, switched off."""

    default_key = "device.offline"


class NotFound(DeviceError):
    """Nothing of that name is plugged in, or no such host answers."""

    default_key = "device.not_found"


class NoPermission(DeviceError):
    """This user may not open the device (on Debian: add it to the group dialout or lp)."""

    default_key = "device.no_permission"


class Timeout(DeviceError):
    """No answer, or no room to write, within the limit.

    `written` counts the bytes of a write that did leave, so that the rest can follow later.
    """

    default_key = "device.timeout"

    def __init__(self, message: str = "", *, key: str | None = None, written: int = 0) -> None:
        super().__init__(message, key=key)
        self.written = written


class Busy(DeviceError):
    """Somebody else, or another operation, holds the device."""

    default_key = "device.busy"


class CoverOpen(DeviceError):
    """An open cover stops the printer."""

    default_key = "printer.cover_open"


class PaperOut(DeviceError):
    """No paper."""

    default_key = "printer.paper_out"


class Refused(DeviceError):
    """The device understood and said no."""

    default_key = "device.refused"


class QueueFull(DriverError):
    """Too many operations are waiting; nothing of the new one was taken."""

    default_key = "device.queue_full"


class BadAddress(DriverError):
    """A device address that cannot be understood; the message says what was expected."""

    default_key = "device.bad_address"

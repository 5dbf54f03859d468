"""Reading a device's address.  Pure: nothing is opened."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit

from drivers.errors import BadAddress


class Scheme(StrEnum):
    """How a device is reached."""

    SERIAL = "serial"
    SOCKET = "socket"
    TCP = "tcp"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class LineSettings:
    """The settings of a serial line; `flow` is none, rtscts or xonxoff."""

    baud: int = 9600
    bits: int = 8
    parity: str = "N"
    stop: int = 1
    flow: str = "none"


@dataclass(frozen=True, slots=True)
class Address:
    """A device's address: `path` for serial and file, `host` and `port` for the others."""

    scheme: Scheme
    path: str = ""
    host: str = ""
    port: int = 0
    line: LineSettings = LineSettings()


_CHOICES: dict[str, tuple[str, ...]] = {
    "baud": ("1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200"),
    "bits": ("7", "8"),
    "parity": ("N", "E", "O"),
    "stop": ("1", "2"),
    "flow": ("none", "rtscts", "xonxoff"),
}


def parse(url: str) -> Address:
    """Understand a device's address; raises BadAddress saying what was expected."""
    if url.startswith("/"):
        return Address(Scheme.SERIAL, path=url)
    parts = urlsplit(url)
    try:
        scheme = Scheme(parts.scheme)
    except ValueError:
        raise _bad(url, "/dev/..., serial://, socket://, tcp:// or file://") from None
    if scheme in (Scheme.TCP, Scheme.SOCKET):
        host, port = _host_and_port(url)
        settings = _settings(url, parts.query, allowed=scheme is Scheme.SOCKET)
        return Address(scheme, host=host, port=port, line=settings)
    if parts.netloc or not parts.path.startswith("/"):
        raise _bad(url, f"{scheme}:///absolute/path, with three slashes")
    settings = _settings(url, parts.query, allowed=scheme is Scheme.SERIAL)
    return Address(scheme, path=parts.path, line=settings)


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _bad(url, "a port between 1 and 65535") from None
    if not host or not port:
        raise _bad(url, f"{parts.scheme}://host:port")
    return host, port


def _settings(url: str, query: str, *, allowed: bool) -> LineSettings:
    values = {"baud": "9600", "bits": "8", "parity": "N", "stop": "1", "flow": "none"}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if not allowed:
            raise _bad(url, "no settings after the address")
        if name not in _CHOICES:
            raise _bad(url, f"one of {', '.join(_CHOICES)} instead of {name!r}")
        if value not in _CHOICES[name]:
            raise _bad(url, f"{name} to be one of {', '.join(_CHOICES[name])}")
        values[name] = value
    return LineSettings(
        baud=int(values["baud"]),
        bits=int(values["bits"]),
        parity=values["parity"],
        stop=int(values["stop"]),
        flow=values["flow"],
    )


def _bad(url: str, expected: str) -> BadAddress:
    return BadAddress(
        f"device address {url!r} cannot be used: expected {expected}",
        address=url,
        expected=expected,
    )

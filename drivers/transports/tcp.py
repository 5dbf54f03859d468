"""Plain TCP, as network printers offer on port 9100."""

from __future__ import annotations

import contextlib
import socket

from drivers.errors import NotFound, Offline
from drivers.transports.descriptor import DescriptorTransport

CONNECT_TIMEOUT_S = 3.0


def open_tcp(host: str, port: int) -> DescriptorTransport:
    """Connect within CONNECT_TIMEOUT_S; raises NotFound for an unknown name, else Offline."""
    name = f"tcp://{host}:{port}"
    try:
        line = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S)
    except socket.gaierror as error:
        raise NotFound(f"{name}: no such host ({error})") from error
    except OSError as error:
        raise Offline(f"{name} does not answer: {error}") from error
    return over_socket(line, name)


def over_socket(line: socket.socket, name: str) -> DescriptorTransport:
    """Give the transport over a connected socket, which it owns from now on."""
    with contextlib.suppress(OSError):
        # Frames are small and every one is waited for: Nagle would only add 40 ms to each.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return DescriptorTransport(line.fileno(), name, line.close)

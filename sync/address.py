"""The address of a campaign server, in the one spelling that tokens are bound to."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

from sync.errors import BadAddress

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_LENGTH_MAX: Final = 300


def origin_of(typed: str) -> str:
    """`https://host[:port]` of what was typed; without a scheme, https is meant.

    Plain http is for loopback only: entries carry a shop's turnover. Raises BadAddress.
    """
    text = typed.strip()
    if len(text) > _LENGTH_MAX:
        raise BadAddress(f"an address of more than {_LENGTH_MAX} characters")
    parts = _split(text if "://" in text else f"https://{text}")
    host = parts.hostname or ""
    port = _port(parts)
    shown = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        shown += f":{port}"
    return f"{parts.scheme}://{shown}"


def is_loopback(origin: str) -> bool:
    """Whether an origin is this machine."""
    return _is_local(urlsplit(origin).hostname or "")


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise BadAddress(f"{text!r}: {error}") from error
    if parts.scheme not in _DEFAULT_PORTS:
        raise BadAddress(f"{text!r}: expected https://HOST")
    if not _is_host(parts.hostname or ""):
        raise BadAddress(f"{text!r}: expected a host, in ASCII letters")
    if parts.username is not None or parts.path.rstrip("/") or parts.query or parts.fragment:
        raise BadAddress(f"{text!r}: expected nothing but https://HOST[:PORT]")
    if parts.scheme == "http" and not _is_local(parts.hostname or ""):
        raise BadAddress(f"{text!r}: http is for this machine only, expected https://")
    return parts


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError as error:
        raise BadAddress(f"{parts.netloc!r}: {error}") from error
    if port == 0:
        raise BadAddress(f"{parts.netloc!r}: there is no port 0")
    return port


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return False
        return "%" not in host
    return host != "" and all(c.isascii() and (c.isalnum() or c in "-.") for c in host)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

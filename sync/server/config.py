"""How a server is set up, and the secrets that its data folder holds."""

from __future__ import annotations

import ipaddress
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sync.contract.errors import ContractError
from sync.contract.jws import SigningKey
from sync.server.errors import BadConfig
from sync.server.limits import Rate

_OWNER_ONLY: Final = 0o600
_HTTP_PORT: Final = 80  # an origin leaves it out (RFC 6454 4)
ADMIN_TOKEN_FILE: Final = "admin-token"  # noqa: S105 - the name of a file
SERVER_KEY_FILE: Final = "server-key.pem"


_TEN_A_MINUTE: Final = Rate(burst=10, per_minute=10)
_TWO_A_SECOND: Final = Rate(burst=240, per_minute=120)
# A till that comes back after a month empties its queue at full speed.
_DRAIN: Final = Rate(burst=1200, per_minute=12_000)


@dataclass(frozen=True, slots=True)
class Rates:
    """How often one address or one till may ask."""

    enrolments: Rate = _TEN_A_MINUTE
    failed_logins: Rate = _TEN_A_MINUTE
    failed_tokens: Rate = _TWO_A_SECOND
    uplinks: Rate = _DRAIN
    reads: Rate = _TWO_A_SECOND
    codes: Rate = _TEN_A_MINUTE


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Everything that can be chosen.

    `origin` is how tills write the address: https://host[:port], in lower case, without the port
    when it is the scheme's own.
    `database` is the URL of a PostgreSQL database; without one it is SQLite in the data folder.
    Without an origin only a loopback address can be served: a token is bound to the origin it was
    made for, and a server that believed any would accept tokens made for another.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    origin: str | None = None
    open_pages: bool = False
    database: str | None = None
    rates: Rates = field(default_factory=Rates)

    def check(self) -> None:
        """Raise BadConfig for a combination that would expose something."""
        if self.open_pages and not is_loopback(self.host):
            raise BadConfig(f"open pages are for a loopback address, not for {self.host}")
        if self.origin is None and not is_loopback(self.host):
            raise BadConfig(f"to serve {self.host}, give the origin that tills use (https://...)")

    def origins(self, port: int) -> frozenset[str]:
        """The origins that a token may be made for, once the port is known."""
        if self.origin is not None:
            return frozenset((self.origin.rstrip("/"),))
        own = f"[{self.host}]" if ":" in self.host else self.host
        suffix = "" if port == _HTTP_PORT else f":{port}"
        return frozenset(f"http://{host}{suffix}" for host in ("localhost", "127.0.0.1", own))


def is_loopback(host: str) -> bool:
    """Whether an address to bind is reachable from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the data folder keeps for its owner only."""

    admin_token: str
    key: SigningKey


def open_secrets(folder: Path) -> Secrets:
    """Read the secrets of a data folder, made on first use; BadConfig when others can read them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    token = _keep(folder / ADMIN_TOKEN_FILE, secrets.token_urlsafe(32).encode("ascii") + b"\n")
    pem = _keep(folder / SERVER_KEY_FILE, SigningKey.generate().pem())
    try:
        key = SigningKey.from_pem(pem)
    except ContractError as error:
        raise BadConfig(f"{folder / SERVER_KEY_FILE}: {error}") from error
    text = token.decode("ascii", "replace").strip()
    if len(text) < 32:
        raise BadConfig(f"{folder / ADMIN_TOKEN_FILE}: expected 32 characters or more")
    return Secrets(text, key)


def _keep(path: Path, fresh: bytes) -> bytes:
    """The content of a secret file; a new one is on the disk, whole, before its name exists."""
    if not path.exists():
        draft = path.with_suffix(".new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
        with os.fdopen(handle, "wb") as file:
            file.write(fresh)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        _sync_folder(path.parent)
    if path.stat().st_mode & 0o077:
        raise BadConfig(f"{path} can be read by others: chmod 600 it, or delete it to make another")
    return path.read_bytes()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Passwords: kept as scrypt (RFC 7914), with their parameters, and compared in constant time."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Final, TypeVar

from sync.server.errors import refuse
from sync.server.store.db import busy

T = TypeVar("T")

PASSWORD_CHARS_MIN: Final = 12
PASSWORD_CHARS_MAX: Final = 200
PENDING_MAX: Final = 64
AT_ONCE_MAX: Final = 2  # each takes 32 MiB and most of a core for a tenth of a second
_LOG_COST, _BLOCK, _LANES = 15, 8, 1
_BYTES_MAX: Final = 64 * 1024 * 1024
_SALT_BYTES, _HASH_BYTES = 16, 32
# What nobody's password is checked against, so that unknown names take as long as known ones.
_NOBODY: Final = f"scrypt${_LOG_COST}${_BLOCK}${_LANES}${'A' * 22}==${'A' * 43}="


class Passwords:
    """Makes and checks what is kept of passwords, away from the event loop, few at a time."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE_MAX)
        self._pending = 0

    async def keep(self, password: str) -> str:
        """What to keep of a new password; Refused for one that is too short or too long."""
        if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
            wanted = f"{PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters"
            raise refuse("malformed", f"password: expected {wanted}")
        salt = secrets.token_bytes(_SALT_BYTES)
        return await self._queue(lambda: write(password, salt))

    async def match(self, password: str, kept: str) -> bool:
        """Whether a password is the one that was kept; nothing kept matches none."""
        if len(password) > PASSWORD_CHARS_MAX:
            return False
        return await self._queue(lambda: matches(password, kept or _NOBODY))

    async def _queue(self, job: Callable[[], T]) -> T:
        if self._pending >= PENDING_MAX:
            raise busy(f"{PENDING_MAX} passwords wait to be checked")
        self._pending += 1
        try:
            async with self._room:
                return await asyncio.to_thread(job)
        finally:
            self._pending -= 1


def write(password: str, salt: bytes) -> str:
    """What is kept of a password: scrypt$log2(N)$r$p$salt$hash, the last two in base64."""
    found = _scrypt(password, salt, _LOG_COST, _BLOCK, _LANES)
    cost = f"{_LOG_COST}${_BLOCK}${_LANES}"
    return f"scrypt${cost}${b64encode(salt).decode()}${b64encode(found).decode()}"


def matches(password: str, kept: str) -> bool:
    """Whether a password is the one that was kept, under the parameters it was kept with."""
    _, log_cost, block, lanes, salt, found = kept.split("$")
    tried = _scrypt(password, b64decode(salt), int(log_cost), int(block), int(lanes))
    return hmac.compare_digest(tried, b64decode(found))


def _scrypt(password: str, salt: bytes, log_cost: int, block: int, lanes: int) -> bytes:
    # Keyboards write an accented letter as one character or as two.
    typed = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(
        typed, salt=salt, n=2**log_cost, r=block, p=lanes, maxmem=_BYTES_MAX, dklen=_HASH_BYTES
    )

"""What making claims and vouchers needs of the world: the server's key, and chance."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sync.contract.jws import SigningKey


@dataclass(frozen=True, slots=True)
class RealMeans:
    """The server's key and the system's chance."""

    key: SigningKey

    def random(self, count: int, /) -> bytes:
        """So many random bytes."""
        return secrets.token_bytes(count)

    def below(self, count: int, /) -> int:
        """An even chance from 0 to count - 1."""
        return secrets.randbelow(count)

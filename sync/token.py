"""The bearer token of a till: a short-lived ES256 JWT of its own key (RFC 7519, RFC 7523 3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sync.contract.messages import TOKEN_LIFETIME_SECONDS, TOKEN_TYP, Claims, to_payload
from sync.ports import Identity

# Made again while the present one is still good: it may spend a while on the way.
_USED_SECONDS_MAX: Final = TOKEN_LIFETIME_SECONDS // 2


class Tokens:
    """Tokens for one server."""

    def __init__(self, identity: Identity, origin: str, new_id: Callable[[], str]) -> None:
        self._identity = identity
        self._origin = origin
        self._new_id = new_id
        self._made = 0
        self._token = ""

    def at(self, now: datetime) -> str:
        """A token that is good now, by the server's clock."""
        seconds = int(now.timestamp())
        if not self._token or not 0 <= seconds - self._made <= _USED_SECONDS_MAX:
            self._token = self._make(seconds)
            self._made = seconds
        return self._token

    def _make(self, seconds: int) -> str:
        claims = Claims(
            aud=self._origin,
            exp=seconds + TOKEN_LIFETIME_SECONDS,
            iat=seconds,
            iss=self._identity.till,
            jti=self._new_id(),
            sub=self._identity.till,
        )
        return self._identity.sign(to_payload(claims), TOKEN_TYP).compact.decode("ascii")

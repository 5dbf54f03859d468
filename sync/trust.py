"""What is believed of a server: only what its keys have signed, over whatever line it came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from sync.contract import status_list
from sync.contract.errors import ContractError
from sync.contract.feed import FEED_TYP, FeedItem
from sync.contract.jws import Signed, VerifyKey, parse
from sync.contract.messages import Message, open_signed
from sync.errors import Untrusted
from sync.writes import Listed, News

T = TypeVar("T", bound=Message)
_EARLY: Final = timedelta(minutes=5)  # two clocks
_LATEST: Final = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())


class Trust:
    """The keys of one server. A key that a known one vouches for is known from then on."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """`keys` are PEM by kid (sync.records.Server)."""
        self._keys = {kid: _key(pem) for kid, pem in keys.items()}

    def check(self, signed: Signed, what: str) -> None:
        """Raise Untrusted unless a known key signed it; `what` names it for people."""
        key = self._keys.get(signed.kid)
        if key is None:
            raise Untrusted(f"{what} is signed by an unknown key {signed.kid}")
        try:
            signed.check(key)
        except ContractError as error:
            raise Untrusted(f"{what}: {error}") from error

    def item(self, compact: str) -> News | None:
        """A feed item; None for a kind that only a later version knows. Raises Untrusted."""
        try:
            signed = parse(compact, FEED_TYP)
        except ContractError as error:
            raise Untrusted(f"an item of the feed: {error}") from error
        self.check(signed, "an item of the feed")
        try:
            item, _ = open_signed(compact, FEED_TYP, FeedItem)
            if item.kind == "server-key" and item.server_key is not None:
                # The next key is vouched for by the present one.
                announced = _key(item.server_key)
                self._keys[announced.kid] = announced
        except ContractError:
            return None
        return News(item, compact)

    def status_list(self, compact: str, campaign: str, batch: int, now: datetime) -> Listed:
        """The status list of a batch, good now by the server's clock. Raises Untrusted."""
        what = f"list {batch} of {campaign}"
        try:
            _, claims, signed = status_list.read(compact)
        except ContractError as error:
            raise Untrusted(f"{what}: {error}") from error
        self.check(signed, what)
        if not claims.sub.endswith(status_list.list_path(campaign, batch)):
            raise Untrusted(f"{what} is another list: {claims.sub[:200]!r}")
        made_at = datetime.fromtimestamp(min(max(claims.iat, 0), _LATEST), UTC)
        if claims.exp <= now.timestamp() or made_at > now + _EARLY:
            raise Untrusted(f"{what} is not of this time: made {made_at.isoformat()}")
        return Listed(campaign, batch, made_at, compact)


def _key(pem: str) -> VerifyKey:
    return VerifyKey.from_pem(pem.encode("utf-8"))

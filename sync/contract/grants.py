"""What a campaign granted a till, added up from the items of its feed. Pure.

Items come in their order; of rules, state and place the last one counts. Every version of the rules
stays: a refund is worked out by the rules of its sale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sync.contract.feed import CampaignState, Carnet, FeedItem, Lease, Place
from sync.contract.jws import VerifyKey
from sync.contract.rewards.rules import RulePack


@dataclass(frozen=True, slots=True)
class Rules:
    """A version of the rules, and the hash of the signed item that carried it."""

    pack: RulePack
    digest: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the feed of one campaign told a till under one epoch. `at`: the latest signed time."""

    state: CampaignState = "draft"
    rules: Rules | None = None
    versions: Mapping[int, RulePack] = field(default_factory=dict)
    place: Place | None = None
    leases: tuple[Lease, ...] = ()
    carnets: tuple[Carnet, ...] = ()
    at: str = ""


@dataclass(frozen=True, slots=True)
class Grants:
    """A campaign as a till knows it.

    `keys` are those that may sign vouchers; `acknowledged` is the number of the till's last entry
    that the server holds. `contact_at` is when it last answered, `offset_ms` its clock less ours.
    """

    campaign: str
    name: str
    origin: str
    told: Told
    keys: tuple[VerifyKey, ...] = ()
    acknowledged: int = 0
    contact_at: str | None = None
    offset_ms: int = 0

    def key_of(self, kid: bytes) -> VerifyKey | None:
        """The key whose name begins so (tokens name their key by its first bytes)."""
        return next((key for key in self.keys if bytes.fromhex(key.kid).startswith(kid)), None)

    def effective(self, now: datetime) -> datetime:
        """The latest time that is known to have passed: a clock that is behind extends nothing."""
        return max(now, datetime.fromisoformat(self.told.at)) if self.told.at else now


def collect(items: Iterable[tuple[FeedItem, str]], till: str, epoch: int) -> Told:
    """Add up items, each with the hash of its signed form; those of others are passed over."""
    told = _Telling()
    for item, digest in items:
        if item.till in (None, till) and item.epoch in (None, epoch):
            told.take(item, digest)
    return told.done()


class _Telling:
    def __init__(self) -> None:
        self._state: CampaignState = "draft"
        self._rules: Rules | None = None
        self._versions: dict[int, RulePack] = {}
        self._place: Place | None = None
        self._leases: dict[int, Lease] = {}
        self._carnets: dict[int, Carnet] = {}
        self._at = ""

    def take(self, item: FeedItem, digest: str) -> None:
        if not self._at or datetime.fromisoformat(item.at) > datetime.fromisoformat(self._at):
            self._at = item.at
        self._state = item.state or self._state
        self._place = item.place or self._place
        if item.rules is not None:
            self._rules = Rules(item.rules, digest)
            self._versions[item.rules.number] = item.rules
        if item.lease is not None:
            self._leases[item.lease.id] = item.lease
        if item.carnet is not None:
            self._carnets[item.carnet.id] = item.carnet

    def done(self) -> Told:
        return Told(
            self._state,
            self._rules,
            self._versions,
            self._place,
            tuple(self._leases.values()),
            tuple(self._carnets.values()),
            self._at,
        )

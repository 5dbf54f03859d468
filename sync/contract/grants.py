"""What a campaign's server granted a till, read from its signed items: all that offline rules need.

The till draws on it and says so in its chain; nothing here changes when it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.contract.feed import CampaignState, Carnet, Lease, Place
from sync.contract.jws import VerifyKey
from sync.contract.rewards.rules import RulePack
from sync.contract.status_list import StatusList


@dataclass(frozen=True, slots=True)
class HeldList:
    """A batch's status list, and when its server made it (ISO 8601 with offset)."""

    statuses: StatusList
    made_at: str


@dataclass(frozen=True, slots=True)
class Grants:
    """A campaign as one till knows it, under its present epoch.

    `origin` is the server's address for people's phones. `pack_hash` is the SHA-256 of the signed
    item that carried the pack. `keys` are the server's, by kid. `server_at` is the latest time that
    the server signed or told, and `offset_ms` its clock minus the machine's.
    """

    campaign: str
    name: str
    origin: str
    pack: RulePack | None = None
    pack_hash: str = ""
    state: CampaignState = "draft"
    place: Place | None = None
    leases: tuple[Lease, ...] = ()
    carnets: tuple[Carnet, ...] = ()
    keys: Mapping[str, VerifyKey] = field(default_factory=dict)
    lists: Mapping[int, HeldList] = field(default_factory=dict)
    server_at: str | None = None
    offset_ms: int = 0

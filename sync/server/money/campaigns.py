"""A campaign's standing: its state, its rules in force, and how they are made known to tills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

import msgspec

from sync.contract.errors import ContractError
from sync.contract.feed import CampaignState
from sync.contract.jws import SigningKey
from sync.contract.rewards.check import check
from sync.contract.rewards.rules import RulePack
from sync.server.errors import refuse
from sync.server.money import settings as kept
from sync.server.money.acts import record
from sync.server.money.settings import Settings
from sync.server.refusals import say
from sync.server.store.db import Db, next_number
from sync.server.tills.feed import News, publish_item

VERSIONS_MAX: Final = 50
# From a state, the states that an organiser may choose. A closed campaign is frozen.
STEPS: Final[Mapping[CampaignState, frozenset[CampaignState]]] = {
    "draft": frozenset(("open",)),
    "open": frozenset(("paused", "ended")),
    "paused": frozenset(("open", "ended")),
    "ended": frozenset(("open",)),
    "closed": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign as it is now. `pack` is None before rules were published."""

    campaign: str
    state: CampaignState
    settings: Settings
    pack: RulePack | None

    def accepts(self, now: str) -> bool:
        """Whether what a till did in time may still be booked at this time of the server."""
        if self.pack is None or self.state == "closed":
            return False
        return datetime.fromisoformat(now) <= cut_off(self.pack)


def cut_off(pack: RulePack) -> datetime:
    """The last moment at which something of a campaign may arrive and still count."""
    return datetime.fromisoformat(pack.spend_until_at) + timedelta(hours=pack.grace_hours)


def begin(db: Db, campaign: str, now: str, settings: Settings | None = None) -> None:
    """Give a new campaign its standing: a draft."""
    db.execute(
        "INSERT INTO standing (campaign, state, since, settings) VALUES (?, 'draft', ?, ?)"
        " ON CONFLICT (campaign) DO NOTHING",
        (campaign, now, kept.write(settings or Settings())),
    )


def standing(db: Db, campaign: str) -> Standing:
    """A campaign's standing; a draft with the usual settings where none was ever given."""
    row = db.execute(
        "SELECT state, settings, pack FROM standing WHERE campaign = ?", (campaign,)
    ).fetchone()
    if row is None:
        return Standing(campaign, "draft", Settings(), None)
    state, text, number = row
    pack = find_pack(db, campaign, int(number)) if number is not None else None
    return Standing(campaign, state, kept.read(text), pack.rules if pack else None)


@dataclass(frozen=True, slots=True)
class Published:
    """A rule pack as it was published: `digest` is the hash of the signed item that carried it."""

    rules: RulePack
    digest: str


def find_pack(db: Db, campaign: str, number: int) -> Published | None:
    """A published rule pack."""
    row = db.execute(
        "SELECT digest, payload FROM pack WHERE campaign = ? AND number = ?", (campaign, number)
    ).fetchone()
    return Published(_rules(bytes(row[1])), row[0]) if row else None


def publish_rules(db: Db, pack: RulePack, key: SigningKey, who: str, now: str) -> Published:
    """Put rules in force and tell the tills. Versions are numbered by themselves and never change.

    Raises Refused: malformed, with all that is wrong; closed.
    """
    before = standing(db, pack.campaign)
    if before.state == "closed":
        raise refuse("closed", f"campaign {pack.campaign}")
    following = next_number(db, "pack", pack.campaign, "number")
    numbered: RulePack = msgspec.structs.replace(pack, number=following)
    try:
        check(numbered)
    except ContractError as error:
        raise refuse("malformed", str(error)[:500]) from error
    begin(db, pack.campaign, now)
    item = publish_item(db, News(pack.campaign, "rules", {"rules": numbered}), key, now)
    payload = msgspec.json.encode(numbered)
    db.execute(
        "INSERT INTO pack (campaign, number, digest, payload, published_at) VALUES (?, ?, ?, ?, ?)",
        (pack.campaign, numbered.number, item.digest, payload, now),
    )
    db.execute("UPDATE standing SET pack = ? WHERE campaign = ?", (numbered.number, pack.campaign))
    record(db, pack.campaign, "publish", who, now, {"pack": numbered.number})
    return Published(numbered, item.digest)


def move(
    db: Db, campaign: str, state: CampaignState, key: SigningKey, who: str, now: str
) -> Standing:
    """Open, pause or end a campaign, and tell the tills; Refused for a step that is not there."""
    before = standing(db, campaign)
    if state not in STEPS[before.state]:
        wanted = ", ".join(sorted(STEPS[before.state])) or "nothing"
        detail = f"{campaign} is {before.state}: expected {wanted}, got {state}"
        raise refuse("exists", detail, say=say("state-step", state=before.state, wanted=state))
    if before.pack is None:
        raise refuse(
            "malformed", f"{campaign} has no rules yet: publish them first", say=say("no-rules")
        )
    set_state(db, campaign, state, key, now)
    record(db, campaign, "state", who, now, {"state": state})
    return standing(db, campaign)


def set_state(db: Db, campaign: str, state: CampaignState, key: SigningKey, now: str) -> None:
    """Write a state and tell the tills."""
    begin(db, campaign, now)
    db.execute(
        "UPDATE standing SET state = ?, since = ? WHERE campaign = ?", (state, now, campaign)
    )
    publish_item(db, News(campaign, "state", {"state": state}), key, now)


def change_settings(db: Db, campaign: str, settings: Settings, who: str, now: str) -> None:
    """Keep other settings, for what happens from now on; Refused: malformed, closed."""
    if standing(db, campaign).state == "closed":
        raise refuse("closed", f"campaign {campaign}")
    if settings.lease_min > settings.lease_max:
        raise refuse("malformed", "lease_min: expected no more than lease_max")
    begin(db, campaign, now)
    text = kept.write(settings)
    db.execute("UPDATE standing SET settings = ? WHERE campaign = ?", (text, campaign))
    record(db, campaign, "settings", who, now, msgspec.to_builtins(settings))


@dataclass(frozen=True, slots=True)
class Version:
    """A published version of the rules, as a history lists it."""

    number: int
    name: str
    published_at: str
    digest: str


def versions(db: Db, campaign: str) -> list[Version]:
    """The latest versions of a campaign's rules, newest first."""
    rows = db.execute(
        "SELECT number, published_at, digest, payload FROM pack WHERE campaign = ?"
        " ORDER BY number DESC LIMIT ?",
        (campaign, VERSIONS_MAX),
    )
    return [
        Version(number, _rules(bytes(payload)).name, at, digest)
        for number, at, digest, payload in rows.fetchall()
    ]


@lru_cache(maxsize=64)
def _rules(payload: bytes) -> RulePack:
    return msgspec.json.decode(payload, type=RulePack)

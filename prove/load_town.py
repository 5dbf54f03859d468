"""A campaign with thousands of tills, made in its database before the server starts.

Keys, names and baskets follow from numbers, so that whoever plays the tills can make the same ones
in a process of its own.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sync.contract import canonical
from sync.contract.funds import NewFund
from sync.contract.jws import SigningKey
from sync.contract.messages import ENROLMENT_TYP
from sync.contract.rewards.rules import Limit, Percent, RulePack
from sync.server.auth import stamp
from sync.server.config import ServerConfig
from sync.server.money import campaigns
from sync.server.money.funding import pledge
from sync.server.money.settings import Settings
from sync.server.organiser.creating import create_campaign
from sync.server.run import open_services
from sync.server.services import Services
from sync.server.shops.register import add_shop
from sync.server.store.db import Db
from sync.server.tills.enrolment import enrol, make_code, random_code, read_request

CAMPAIGN: Final = "foule"
TILLS_A_SHOP: Final = 2
TILLS_A_STEP: Final = 100
BY: Final = "proof"
ORIGIN: Final = "http://localhost"
# Enough for every till's day: no reward may depend on which till came first.
LEASE_CENTS: Final = 20_000
PLEDGE_CENTS_A_TILL: Final = 100_000
SETTINGS: Final = Settings(lease_min=LEASE_CENTS, lease_max=LEASE_CENTS, leased_share=5_000)
RULES: Final = RulePack(
    campaign=CAMPAIGN,
    number=1,
    name="Foule",
    starts_at="2020-01-01T00:00:00+01:00",
    ends_at="2099-12-25T00:00:00+01:00",
    spend_until_at="2099-12-31T00:00:00+01:00",
    rules=(Percent(id="back", rate=1_000),),
    limits=(Limit(action="earn", scope="shop", period="day", most=10_000_000),),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A till that may send: its lease to earn with, and the hash of the rules that it has."""

    number: int
    lease: int
    pack_hash: str


def key_of(number: int) -> SigningKey:
    """The key of a till."""
    return SigningKey.from_secret(1_000_003 + number)


def till_of(number: int) -> str:
    """The name of a till."""
    return str(UUID(int=(0xC0FFEE << 64) + number))


def make_town(config: ServerConfig, tills: int) -> list[Place]:
    """Make the campaign, its shops and its tills; where each till stands."""
    with open_services(config, frozenset((ORIGIN,))) as services:
        digest = asyncio.run(_open(services, tills))
        for first in range(0, tills, TILLS_A_STEP):
            _enrol(services, range(first, min(first + TILLS_A_STEP, tills)))
        leases = dict(services.store.write_now(_leases))
    return [Place(number, leases[till_of(number)], digest) for number in range(tills)]


async def _open(services: Services, tills: int) -> str:
    """The campaign with its money and rules; the hash of the rules."""
    await create_campaign(services, CAMPAIGN, "Foule")
    key, now = services.secrets.key, stamp(services.clock.now())
    fund = NewFund(sponsor="Ville", kind="city", name="Foule", cents=PLEDGE_CENTS_A_TILL * tills)

    def work(db: Db) -> str:
        pledge(db, CAMPAIGN, fund, BY, now)
        pledge(db, CAMPAIGN, _second(fund), BY, now)
        campaigns.change_settings(db, CAMPAIGN, SETTINGS, BY, now)
        published = campaigns.publish_rules(db, RULES, key, BY, now)
        campaigns.move(db, CAMPAIGN, "open", key, BY, now)
        return published.digest

    return await services.store.write(work, CAMPAIGN)


def _second(fund: NewFund) -> NewFund:
    return NewFund(sponsor="Région", kind="region", name=fund.name, cents=fund.cents // 2)


def _enrol(services: Services, numbers: range) -> None:
    """Let tills in, and the shops that they stand in, in one transaction."""
    now, key = services.clock.now(), services.secrets.key

    def work(db: Db) -> None:
        for number in numbers:
            shop = str(UUID(int=number // TILLS_A_SHOP))
            if not number % TILLS_A_SHOP:
                add_shop(db, CAMPAIGN, shop, f"Boutique {number // TILLS_A_SHOP}", now)
            code = make_code(db, shop, random_code(), now).code
            enrol(db, read_request(_request(number, code)), key, now)

    services.store.write_now(work, CAMPAIGN)


def _request(number: int, code: str) -> bytes:
    key = key_of(number)
    said: dict[str, canonical.Json] = {
        "at": "2026-11-22T18:00:00.000+01:00",
        "code": code,
        "epoch": 1,
        "public_key": key.public.pem,
        "shop_till": f"{number % TILLS_A_SHOP + 1:02}",
        "software": "proof",
        "till": till_of(number),
    }
    return key.sign(canonical.encode(said), ENROLMENT_TYP).compact


def _leases(db: Db) -> list[tuple[str, int]]:
    rows = db.execute(
        "SELECT till, id FROM lease WHERE campaign = ? AND kind = 'earn'", (CAMPAIGN,)
    )
    return [(str(till), int(number)) for till, number in rows.fetchall()]

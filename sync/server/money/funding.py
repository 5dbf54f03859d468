"""Whose money it is: sponsors, what they promised, and how a reward is shared among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from sync.contract.funds import NewFund, Restriction
from sync.contract.rewards.rules import Scope
from sync.contract.rewards.split import Share, capacity, split
from sync.server.errors import refuse
from sync.server.money.accounts import BUDGET, Account, Place
from sync.server.money.acts import record
from sync.server.money.campaigns import Standing, standing
from sync.server.money.caps import Caps
from sync.server.money.ledger import Ledger, of_act
from sync.server.refusals import say
from sync.server.store.db import Db, Row, next_number

SPONSORS_MAX: Final = 100
FUNDS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Fund:
    """A fund: what was promised, and for what."""

    id: int
    sponsor: int
    sponsor_name: str
    kind: str
    name: str
    cents: int
    purpose: str
    restriction: Restriction


@dataclass(frozen=True, slots=True)
class Where:
    """A shop, as far as funds and limits ask: its number, district and trade (NAF rev. 2)."""

    shop: str
    number: int
    district: str
    naf: str


def pledge(db: Db, campaign: str, new: NewFund, who: str, now: str) -> Fund:
    """Book what a sponsor promises. A sponsor is found again by its name."""
    if standing(db, campaign).state == "closed":
        raise refuse("closed", f"campaign {campaign}")
    sponsor = _sponsor(db, campaign, new)
    number = _next(db, "fund", campaign, FUNDS_MAX)
    db.execute(
        "INSERT INTO fund (campaign, id, sponsor, name, cents, purpose, restriction)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(campaign, number, sponsor, new.name, new.cents, new.purpose),
            msgspec.json.encode(new.restriction).decode("utf-8"),
        ),
    )
    act = record(db, campaign, "pledge", who, now, {"fund": number, "cents": new.cents})
    ledger = Ledger(db, campaign, now)
    where = BUDGET if new.purpose == "rewards" else Place(Account.FEE)
    pledged = Place(Account.SPONSOR, str(sponsor))
    ledger.move("pledge", of_act(act), pledged, where, {number: new.cents})
    ledger.flush()
    return next(fund for fund in funds(db, campaign) if fund.id == number)


def funds(db: Db, campaign: str) -> list[Fund]:
    """The funds of a campaign, in the order in which they were promised."""
    rows = db.execute(
        "SELECT fund.id, sponsor, sponsor.name, kind, fund.name, cents, purpose, restriction"
        " FROM fund JOIN sponsor ON sponsor.campaign = fund.campaign AND sponsor.id = sponsor"
        " WHERE fund.campaign = ? ORDER BY fund.id",
        (campaign,),
    )
    return [_fund(row) for row in rows.fetchall()]


def _fund(row: Row) -> Fund:
    *facts, restriction = row
    number, sponsor, sponsor_name, kind, name, cents, purpose = facts
    read = msgspec.json.decode(restriction, type=Restriction)
    return Fund(number, sponsor, sponsor_name, kind, name, cents, purpose, read)


def pledged(db: Db, campaign: str) -> int:
    """All reward money that was promised, in cents."""
    (cents,) = db.execute(
        "SELECT coalesce(sum(cents), 0) FROM fund WHERE campaign = ? AND purpose = 'rewards'",
        (campaign,),
    ).fetchone()
    return int(cents)


class Purse:
    """What the budget can still give, and out of which funds."""

    def __init__(self, ledger: Ledger, now_is: Standing) -> None:
        self._ledger = ledger
        self._mode = now_is.settings.share_mode
        self._caps = Caps(ledger, now_is.settings, now_is.pack)
        found = funds(ledger.db, ledger.campaign)
        self._funds = [one for one in found if one.purpose == "rewards"]

    def free(self, where: Where, day: str) -> int:
        """How much can be set aside for rewards in a shop on a business day, in cents."""
        most = capacity(self._mode, self._shares(where, day))
        today = self._caps.of_day()
        return most if today is None else min(most, today)

    def free_to_risk(self, where: Where, day: str) -> int:
        """How much can be set aside for what may be lost: no cap on rewards counts here."""
        return capacity(self._mode, self._shares(where, day, capped=False))

    def choose(self, cents: int, where: Where, day: str) -> dict[int, int]:
        """An amount for rewards as parts of funds, counted against their caps; NotEnough."""
        parts = split(cents, self._mode, self._shares(where, day))
        self._caps.count(self._by_sponsor(parts), day)
        return parts

    def choose_to_risk(self, cents: int, where: Where, day: str) -> dict[int, int]:
        """An amount that may be lost, as parts of funds; NotEnough when there is less."""
        return split(cents, self._mode, self._shares(where, day, capped=False))

    def give_back(self, parts: Mapping[int, int], day: str) -> None:
        """Count no longer what was set aside for rewards on a day and came back unused."""
        back = {sponsor: -cents for sponsor, cents in self._by_sponsor(parts).items()}
        self._caps.count(back, day, day)

    def _shares(self, where: Where, day: str, *, capped: bool = True) -> Sequence[Share]:
        free, left = self._ledger.funds(BUDGET), dict[int, int | None]()
        shares = []
        for fund in self._funds:
            if not _allows(fund.restriction, where, day):
                continue
            cents = free.get(fund.id, 0)
            if capped:
                cents = self._capped(fund.sponsor, cents, day, left)
            shares.append(Share(fund.id, cents, fund.cents))
        return shares

    def _capped(self, sponsor: int, cents: int, day: str, left: dict[int, int | None]) -> int:
        """What of a fund its sponsor's limits allow; its funds share what is left."""
        if sponsor not in left:
            left[sponsor] = self._caps.of_sponsor(sponsor, day)
        rest = left[sponsor]
        if rest is None:
            return cents
        allowed = min(cents, rest)
        left[sponsor] = rest - allowed
        return allowed

    def _by_sponsor(self, parts: Mapping[int, int]) -> dict[int, int]:
        sums: dict[int, int] = {}
        for fund in self._funds:
            if fund.id in parts:
                sums[fund.sponsor] = sums.get(fund.sponsor, 0) + parts[fund.id]
        return sums


def where_is(db: Db, campaign: str, shop: str) -> Where:
    """A shop's facts for funds and limits."""
    row = db.execute(
        "SELECT number, coalesce(district, ''), coalesce(naf, '') FROM shop LEFT JOIN shop_facts"
        " ON shop_facts.campaign = shop.campaign AND shop_facts.shop = shop.id"
        " WHERE shop.campaign = ? AND shop.id = ?",
        (campaign, shop),
    ).fetchone()
    if row is None:
        raise refuse("not-found", f"no shop {shop}")
    return Where(shop, int(row[0]), row[1], row[2])


def owners_of(where: Where, till: str, member: str = "") -> dict[Scope, str]:
    """Who is who for the limits. A shop is called by its number, as rule packs do."""
    owners: dict[Scope, str] = {"till": till, "shop": str(where.number)}
    if where.district:
        owners["district"] = where.district
    if member:
        owners["person"] = member
    return owners


def _allows(restriction: Restriction, where: Where, day: str) -> bool:
    if restriction.districts and where.district not in restriction.districts:
        return False
    if restriction.nafs and not where.naf.startswith(restriction.nafs):
        return False
    starts, ends = restriction.from_day or "", restriction.until_day or "9999"
    return not day or starts <= day <= ends


def _sponsor(db: Db, campaign: str, new: NewFund) -> int:
    row = db.execute(
        "SELECT id FROM sponsor WHERE campaign = ? AND name = ?", (campaign, new.sponsor)
    ).fetchone()
    if row is not None:
        return int(row[0])
    number = _next(db, "sponsor", campaign, SPONSORS_MAX)
    db.execute(
        "INSERT INTO sponsor (campaign, id, name, kind) VALUES (?, ?, ?, ?)",
        (campaign, number, new.sponsor, new.kind),
    )
    return number


def _next(db: Db, table: str, campaign: str, most: int) -> int:
    number = next_number(db, table, campaign)
    if number > most:
        full = say("funds-full" if table == "fund" else "sponsors-full", most=most)
        raise refuse("too-large", f"at most {most} of these in a campaign", say=full)
    return number

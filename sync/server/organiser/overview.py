"""What an organiser sees: campaigns, shops, tills and turnover, read from the books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sync.contract.feed import CampaignState
from sync.contract.overview import (
    CampaignStatus,
    ClosingStatus,
    ShopStatus,
    Status,
    TillState,
    TillStatus,
    Turnover,
    TurnoverDay,
)
from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.money.campaigns import standing
from sync.server.store.db import Db, Row

DAYS_MAX: Final = 62
CAMPAIGNS_MAX: Final = 200
SHOPS_PER_PAGE: Final = 50
TILLS_PER_SHOP_MAX: Final = 100

_SUMS: Final = (
    "coalesce(sum(sales), 0), coalesce(sum(refunds), 0), coalesce(sum(turnover.total_cents), 0)"
)

_BOOKED: Final = (
    "enrolment JOIN turnover ON turnover.campaign = enrolment.campaign AND enrolment = id"
)


def read_page(text: str) -> int:
    """A page number; Refused when it is none."""
    if not text.isascii() or not text.isdecimal() or not 0 < len(text) <= 6 or int(text) < 1:
        raise refuse("bad-request", "expected `page` as a number from 1 on")
    return int(text)


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign in the list of those that one may see."""

    id: str
    name: str
    state: CampaignState
    turnover: Turnover
    shops: int


def campaigns(db: Db, only: str = "") -> list[CampaignRow]:
    """The campaigns of this server, or one of them."""
    return [
        CampaignRow(key, name, standing(db, key).state, _turnover(db, key), _shops_count(db, key))
        for key, name in _named(db, only, CAMPAIGNS_MAX)
    ]


def status(db: Db, page: int, now: datetime, only: str = "") -> Status:
    """One page of the shops, under the sums of their whole campaigns; of one campaign or of all."""
    where, keys = ("WHERE campaign = ?", (only,)) if only else ("", ())
    (shops,) = db.execute(f"SELECT count(*) FROM shop {where}", keys).fetchone()  # noqa: S608 - constants
    rows = db.execute(
        f"SELECT campaign, id, name FROM shop {where}"  # noqa: S608 - constants
        " ORDER BY campaign, sort_key, id LIMIT ? OFFSET ?",
        (*keys, SHOPS_PER_PAGE, (page - 1) * SHOPS_PER_PAGE),
    ).fetchall()
    by_campaign: dict[str, list[ShopStatus]] = {}
    for campaign, shop, name in rows:
        by_campaign.setdefault(campaign, []).append(_shop(db, campaign, shop, name))
    return Status(
        time=stamp(now),
        page=page,
        pages=max(1, -(-shops // SHOPS_PER_PAGE)),
        campaigns=[
            _campaign(db, key, name, by_campaign.get(key, []))
            for key, name in _named(db, only, CAMPAIGNS_MAX)
        ],
    )


def _named(db: Db, only: str, most: int) -> list[tuple[str, str]]:
    if only:
        return db.execute("SELECT id, name FROM campaign WHERE id = ?", (only,)).fetchall()
    return db.execute("SELECT id, name FROM campaign ORDER BY id LIMIT ?", (most,)).fetchall()


def _shops_count(db: Db, campaign: str) -> int:
    (count,) = db.execute("SELECT count(*) FROM shop WHERE campaign = ?", (campaign,)).fetchone()
    return int(count)


def _campaign(db: Db, campaign: str, name: str, shops: list[ShopStatus]) -> CampaignStatus:
    return CampaignStatus(
        id=campaign,
        name=name,
        turnover=_turnover(db, campaign),
        days=_days(db, campaign),
        shops_count=_shops_count(db, campaign),
        shops=shops,
    )


def _shop(db: Db, campaign: str, shop: str, name: str) -> ShopStatus:
    return ShopStatus(
        id=shop,
        name=name,
        turnover=_turnover(db, campaign, shop),
        days=_days(db, campaign, shop),
        tills=tills_of(db, campaign, shop),
    )


def _turnover(db: Db, campaign: str, shop: str | None = None) -> Turnover:
    where, parameters = _of(campaign, shop)
    sales, refunds, total = db.execute(
        f"SELECT {_SUMS} FROM {_BOOKED} WHERE {where}",  # noqa: S608 - constants
        parameters,
    ).fetchone()
    return Turnover(sales=sales, refunds=refunds, total_cents=total)


def _of(campaign: str, shop: str | None) -> tuple[str, tuple[str, ...]]:
    if shop is None:
        return "enrolment.campaign = ?", (campaign,)
    return "enrolment.campaign = ? AND shop = ?", (campaign, shop)


def _days(db: Db, campaign: str, shop: str | None = None) -> list[TurnoverDay]:
    where, parameters = _of(campaign, shop)
    rows = db.execute(
        f"SELECT day, {_SUMS} FROM {_BOOKED} WHERE {where}"  # noqa: S608 - constants
        " GROUP BY day ORDER BY day DESC LIMIT ?",
        (*parameters, DAYS_MAX),
    )
    return [
        TurnoverDay(day=day, sales=sales, refunds=refunds, total_cents=total)
        for day, sales, refunds, total in rows
    ]


def tills_of(db: Db, campaign: str, shop: str) -> list[TillStatus]:
    """The tills of a shop, each under every epoch that it had."""
    rows = db.execute(
        "SELECT enrolment.id, till, epoch, campaign, shop_till, software, fingerprint, enrolled_at,"
        " head_number, rejected, last_entry_at, last_received_at, quarantine, quarantined_at,"
        " epoch < (SELECT max(epoch) FROM identity AS later WHERE later.till = enrolment.till)"
        " FROM enrolment JOIN identity USING (till, epoch) WHERE campaign = ?"
        " AND shop = ? ORDER BY shop_till, till, epoch DESC LIMIT ?",
        (campaign, shop, TILLS_PER_SHOP_MAX),
    )
    return [_till(db, row) for row in rows.fetchall()]


def _till(db: Db, row: Row) -> TillStatus:
    enrolment, till, epoch, campaign, shop_till, software, fingerprint, enrolled_at = row[:8]
    number, rejected, entry_at, received_at, quarantine, quarantined_at, closed = row[8:]
    state: TillState = "closed" if closed else "quarantined" if quarantine else "active"
    return TillStatus(
        till=till,
        shop_till=shop_till,
        epoch=epoch,
        state=state,
        fingerprint=fingerprint,
        software=software,
        enrolled_at=enrolled_at,
        last_number=number,
        rejected=rejected,
        last_entry_at=entry_at,
        last_received_at=received_at,
        quarantine=quarantine,
        quarantined_at=quarantined_at,
        last_closing=_last_closing(db, enrolment, till, campaign),
    )


def _last_closing(db: Db, enrolment: int, till: str, campaign: str) -> ClosingStatus | None:
    """The Z of the last day this enrolment closed, against all that the till sold that day."""
    row = db.execute(
        "SELECT day FROM closing WHERE campaign = ? AND enrolment = ? ORDER BY number DESC LIMIT 1",
        (campaign, enrolment),
    ).fetchone()
    if row is None:
        return None
    day = row[0]
    total, tickets = db.execute(
        "SELECT sum(total_cents), sum(tickets) FROM enrolment JOIN closing ON enrolment = id"
        " AND closing.campaign = enrolment.campaign"
        " WHERE enrolment.campaign = ? AND till = ? AND day = ?",
        (campaign, till, day),
    ).fetchone()
    sales, refunds, booked = db.execute(
        f"SELECT {_SUMS} FROM {_BOOKED}"  # noqa: S608 - constants
        " WHERE enrolment.campaign = ? AND till = ? AND day = ?",
        (campaign, till, day),
    ).fetchone()
    return ClosingStatus(
        day=day,
        total_cents=total,
        tickets=tickets,
        booked_cents=booked,
        booked_tickets=sales + refunds,
        agrees=(total, tickets) == (booked, sales + refunds),
    )

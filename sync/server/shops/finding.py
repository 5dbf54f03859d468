"""Finding shops for an organiser: page by page, by any part of a name, a town or a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sync.contract.organising import ShopFacts
from sync.contract.overview import TillStatus
from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.organiser.overview import tills_of
from sync.server.organiser.shops import read_facts
from sync.server.refusals import say
from sync.server.shops.carnets import GivenCarnets, given_to
from sync.server.shops.csv_cells import folded
from sync.server.store.db import Db

SHOPS_PER_PAGE: Final = 50
SEARCHED_MAX: Final = 50_000  # shops of a campaign that a search looks at, one after the other
CODES_SHOWN_MAX: Final = 20


class ShopRow(NamedTuple):
    """A shop in the list; `codes` are those that a till could still use."""

    id: str
    number: int
    name: str
    town: str
    siret: str
    has_iban: bool
    tills: int
    codes: int


@dataclass(frozen=True, slots=True)
class ShopPage:
    """A page of shops, of all that were found."""

    rows: list[ShopRow]
    found: int
    page: int
    pages: int


class OpenCode(NamedTuple):
    """A pairing code that no till has used; the code itself is not kept."""

    created_at: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class ShopDetail:
    """One shop, its tills, its open codes, and the vouchers that its tills were given."""

    id: str
    number: int
    name: str
    facts: ShopFacts
    tills: list[TillStatus]
    codes: list[OpenCode]
    carnets: list[GivenCarnets]


_ROW: Final = (
    "SELECT shop.id, number, name, coalesce(town, ''), coalesce(siret, ''),"
    " CASE WHEN coalesce(iban, '') = '' THEN 0 ELSE 1 END,"
    " (SELECT count(*) FROM enrolment WHERE enrolment.campaign = shop.campaign"
    " AND enrolment.shop = shop.id),"
    " (SELECT count(*) FROM pairing_code WHERE pairing_code.campaign = shop.campaign"
    " AND pairing_code.shop = shop.id AND expires_at > ? AND enrolment IS NULL)"
    " FROM shop LEFT JOIN shop_facts ON shop_facts.campaign = shop.campaign"
    " AND shop_facts.shop = shop.id WHERE shop.campaign = ?"
)


def find_shops(db: Db, campaign: str, text: str, page: int, now: datetime) -> ShopPage:
    """A page of the shops in whose name, town or numbers each word of a text occurs."""
    start = (page - 1) * SHOPS_PER_PAGE
    if text.strip():
        found = _search(db, campaign, folded(text).split())
        rows = [_row(db, campaign, shop, now) for shop in found[start : start + SHOPS_PER_PAGE]]
        return _page(rows, len(found), page)
    (count,) = db.execute("SELECT count(*) FROM shop WHERE campaign = ?", (campaign,)).fetchone()
    listed = db.execute(
        f"{_ROW} ORDER BY sort_key, shop.id LIMIT ? OFFSET ?",
        (stamp(now), campaign, SHOPS_PER_PAGE, start),
    )
    return _page([ShopRow(*row) for row in listed.fetchall()], int(count), page)


def _page(rows: list[ShopRow], found: int, page: int) -> ShopPage:
    return ShopPage(rows, found, page, max(1, -(-found // SHOPS_PER_PAGE)))


def _row(db: Db, campaign: str, shop: str, now: datetime) -> ShopRow:
    found = db.execute(f"{_ROW} AND shop.id = ?", (stamp(now), campaign, shop)).fetchone()
    return ShopRow(*found)


def _search(db: Db, campaign: str, words: list[str]) -> list[str]:
    """The ids of the shops that all words occur in, by name."""
    rows = db.execute(
        "SELECT shop.id, name, coalesce(town, ''), coalesce(siret, ''), coalesce(reference, '')"
        " FROM shop LEFT JOIN shop_facts ON shop_facts.campaign = shop.campaign AND"
        " shop_facts.shop = shop.id WHERE shop.campaign = ? ORDER BY sort_key, shop.id LIMIT ?",
        (campaign, SEARCHED_MAX),
    )
    found = []
    for shop, *texts in rows:
        whole = folded(" ".join(texts))
        if all(word in whole for word in words):
            found.append(str(shop))
    return found


def read_shop(db: Db, campaign: str, shop: str, now: datetime) -> ShopDetail:
    """All that an organiser is shown of a shop; Refused for an unknown one."""
    row = db.execute(
        "SELECT number, name FROM shop WHERE campaign = ? AND id = ?", (campaign, shop)
    ).fetchone()
    if row is None:
        raise refuse("not-found", f"no shop {shop}", say=say("no-shop"))
    codes = db.execute(
        "SELECT created_at, expires_at FROM pairing_code WHERE campaign = ? AND shop = ?"
        " AND expires_at > ? AND enrolment IS NULL ORDER BY expires_at LIMIT ?",
        (campaign, shop, stamp(now), CODES_SHOWN_MAX),
    )
    return ShopDetail(
        id=shop,
        number=row[0],
        name=row[1],
        facts=read_facts(db, campaign, shop),
        tills=tills_of(db, campaign, shop),
        codes=[OpenCode(*code) for code in codes.fetchall()],
        carnets=given_to(db, campaign, row[0]),
    )

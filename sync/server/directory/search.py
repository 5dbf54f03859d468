"""Finding shops: by the beginnings of words, by trade, and by whether they are open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sync.server.directory.words import words
from sync.server.reference import hours
from sync.server.reference.hours import Openness
from sync.server.reference.naf_tables import TRADES, Trade
from sync.server.store.db import Db

PAGE: Final = 30
TYPED_WORDS_MAX: Final = 6
LOOKED_AT_MAX: Final = 3000  # shops whose hours one search reads
_POSTCODE: Final = re.compile(r"[0-9]{5}")
_DEPARTMENT: Final = 2  # the digits of a postcode that say it


@dataclass(frozen=True, slots=True)
class Wish:
    """What a shopper looks for; empty for anything. `page` counts from 1 on."""

    campaign: str
    text: str = ""
    trade: str = ""
    only_open: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """A shop as shoppers may see it. Coordinates are decimal degrees as text, or empty."""

    id: str
    name: str
    trade: Trade
    address: str
    postcode: str
    town: str
    district: str
    hours: str
    latitude: str
    longitude: str

    def openness(self, at: datetime) -> Openness:
        """Whether it is open at a moment."""
        return hours.openness(self.hours, at)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of shops out of `count`; `is_cut` when more were open than could be looked at."""

    shops: tuple[Listed, ...]
    count: int
    page: int
    is_cut: bool = False

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.count // PAGE))


def search(db: Db, wish: Wish, at: datetime) -> Found:
    """The shops that a shopper looks for, by town and name.

    A typed postcode finds the shops of its whole department, its own before all others.
    """
    where, parameters = _where(wish)
    if wish.only_open:
        return _open_ones(_select(db, where, parameters, wish, LOOKED_AT_MAX + 1, 0), wish, at)
    (count,) = db.execute(f"SELECT count(*) FROM {where}", parameters).fetchone()  # noqa: S608 - marks
    shown = _select(db, where, parameters, wish, PAGE, (wish.page - 1) * PAGE)
    return Found(tuple(shown), int(count), wish.page)


def find_listed(db: Db, campaign: str, shop: str) -> Listed | None:
    """A shop that shoppers may see; None for another."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM {_TABLES} WHERE {_OF_CAMPAIGN} AND list.shop = ?",  # noqa: S608 - constants
        (campaign, shop),
    ).fetchone()
    return Listed(*row) if row else None


def trades_of(db: Db, campaign: str) -> list[Trade]:
    """The trades that a campaign's listed shops have."""
    rows = db.execute("SELECT DISTINCT trade FROM shop_listing WHERE campaign = ?", (campaign,))
    found = {str(trade) for (trade,) in rows.fetchall()}
    return [trade for trade in TRADES if trade in found]


_COLUMNS: Final = (
    "list.shop, shop.name, list.trade, address, list.postcode, town, district, hours, latitude,"
    " longitude"
)
_TABLES: Final = (
    "shop_listing AS list"
    " JOIN shop ON shop.campaign = list.campaign AND shop.id = list.shop"
    " JOIN shop_facts ON shop_facts.campaign = list.campaign AND shop_facts.shop = list.shop"
)
_OF_CAMPAIGN: Final = "list.campaign = ?"
# The last word that begins with a given one, in any order of letters that databases know.
_LAST: Final = "z" * 40


def _where(wish: Wish) -> tuple[str, list[object]]:
    """FROM and WHERE of a search, and its parameters."""
    conditions, parameters = [_OF_CAMPAIGN], list[object]((wish.campaign,))
    if wish.trade:
        conditions.append("list.trade = ?")
        parameters.append(wish.trade)
    for word in words(wish.text)[:TYPED_WORDS_MAX]:
        start = word[:_DEPARTMENT] if _POSTCODE.fullmatch(word) else word
        conditions.append(
            "list.shop IN (SELECT shop FROM shop_word WHERE campaign = ? AND word BETWEEN ? AND ?)"
        )
        parameters += (wish.campaign, start, start + _LAST)
    return f"{_TABLES} WHERE {' AND '.join(conditions)}", parameters


def _select(
    db: Db, where: str, parameters: list[object], wish: Wish, most: int, offset: int
) -> list[Listed]:
    typed = next((word for word in words(wish.text) if _POSTCODE.fullmatch(word)), "")
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM {where}"  # noqa: S608 - marks
        " ORDER BY CASE WHEN list.postcode = ? THEN 0 ELSE 1 END, town_key, name_key, list.shop"
        " LIMIT ? OFFSET ?",
        (*parameters, typed, most, offset),
    )
    return [Listed(*row) for row in rows.fetchall()]


def _open_ones(shops: list[Listed], wish: Wish, at: datetime) -> Found:
    is_open = [one for one in shops[:LOOKED_AT_MAX] if one.openness(at).is_open]
    first = (wish.page - 1) * PAGE
    is_cut = len(shops) > LOOKED_AT_MAX
    return Found(tuple(is_open[first : first + PAGE]), len(is_open), wish.page, is_cut)

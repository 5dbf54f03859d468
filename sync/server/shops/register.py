"""The register of a campaign's shops: adding them one by one or by a list, and finding them.

A list is kept as it came until whoever sent it has seen what it would change, and says yes. A shop
that the campaign has already, by its SIRET, is changed where the list says something; an empty cell
changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from sync.contract.organising import ShopFacts
from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.money.acts import record
from sync.server.organiser.shops import COLUMNS, facts_of, write_facts
from sync.server.refusals import say
from sync.server.shops.csv_import import ShopLine
from sync.server.shops.order import name_key
from sync.server.store.db import Db, next_number

LIST_LIFETIME: Final = timedelta(days=1)


class Known(NamedTuple):
    """A shop as it stands."""

    shop: str
    name: str
    facts: ShopFacts


class Change(NamedTuple):
    """What a line makes of a shop; `before` is None for a new one."""

    line: ShopLine
    before: Known | None
    facts: ShopFacts

    @property
    def moves_money(self) -> bool:
        """Whether a shop that is known would be paid to another account than today."""
        return bool(self.before and self.before.facts.iban and not self._same("iban"))

    @property
    def is_any(self) -> bool:
        """Whether anything would change."""
        known = self.before
        return known is None or (known.name, known.facts) != (self.line.name, self.facts)

    def _same(self, name: str) -> bool:
        return self.before is not None and getattr(self.before.facts, name) == getattr(
            self.facts, name
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What a list would do."""

    new: tuple[Change, ...]
    changed: tuple[Change, ...]
    same: int

    @property
    def other_accounts(self) -> tuple[Change, ...]:
        """The shops that would be paid elsewhere: somebody should look at each."""
        return tuple(change for change in self.changed if change.moves_money)


class Counts(NamedTuple):
    """What a list did."""

    added: int
    changed: int


def add_shop(db: Db, campaign: str, shop: str, name: str, now: datetime) -> None:
    """Add a shop; the campaign must exist, and its lock be held."""
    number = next_number(db, "shop", campaign, "number")
    db.execute(
        "INSERT INTO shop (campaign, id, number, name, sort_key, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (campaign, shop, number, name, name_key(name), stamp(now)),
    )


def rename_shop(db: Db, campaign: str, shop: str, name: str) -> None:
    """Give a shop another name; Refused for an unknown shop."""
    done = db.execute(
        "UPDATE shop SET name = ?, sort_key = ? WHERE campaign = ? AND id = ?",
        (name, name_key(name), campaign, shop),
    )
    if not done.rowcount:
        raise refuse("not-found", f"no shop {shop}", say=say("no-shop"))


def known_by_siret(db: Db, campaign: str) -> dict[str, Known]:
    """The campaign's shops by SIRET, the first of each; those without one are left out."""
    rows = db.execute(
        f"SELECT id, name, {', '.join(f'shop_facts.{name}' for name in COLUMNS)}"  # noqa: S608 - constants
        " FROM shop JOIN shop_facts ON shop_facts.campaign = shop.campaign"
        " AND shop_facts.shop = shop.id WHERE shop.campaign = ? ORDER BY number DESC",
        (campaign,),
    )
    known = (Known(row[0], row[1], facts_of(row[2:])) for row in rows)
    return {one.facts.siret: one for one in known if one.facts.siret}


def plan(known: Mapping[str, Known], lines: Iterable[ShopLine]) -> Plan:
    """What lines would add and change."""
    changes = [_change(known.get(line.siret), line) for line in lines]
    new = tuple(change for change in changes if change.before is None)
    changed = tuple(change for change in changes if change.before and change.is_any)
    return Plan(new, changed, len(changes) - len(new) - len(changed))


def _change(before: Known | None, line: ShopLine) -> Change:
    facts = before.facts if before else ShopFacts()
    return Change(line, before, msgspec.structs.replace(facts, **dict(line.given)))


def carry_out(
    db: Db, campaign: str, wanted: Plan, new_uuid: Callable[[], str], who: str, now: datetime
) -> Counts:
    """Write what a plan says, and who did it. The campaign's lock must be held."""
    for change in wanted.new:
        shop = new_uuid()
        add_shop(db, campaign, shop, change.line.name, now)
        write_facts(db, campaign, shop, change.facts)
    for change in wanted.changed:
        if change.before is not None:
            rename_shop(db, campaign, change.before.shop, change.line.name)
            write_facts(db, campaign, change.before.shop, change.facts)
    counts = Counts(len(wanted.new), len(wanted.changed))
    elsewhere = [change.before.shop for change in wanted.other_accounts if change.before]
    detail = {"added": counts.added, "changed": counts.changed, "other_accounts": elsewhere}
    record(db, campaign, "shops", who, stamp(now), detail)
    return counts


def keep_list(db: Db, campaign: str, who: str, content: bytes, now: datetime) -> str:
    """Keep a list until it is confirmed; the name it is confirmed by. Older lists go."""
    db.execute(
        "DELETE FROM shop_list WHERE campaign = ? AND (who = ? OR at < ?)",
        (campaign, who, stamp(now - LIST_LIFETIME)),
    )
    digest = hashlib.sha256(content).digest()
    db.execute(
        "INSERT INTO shop_list (campaign, who, digest, at, content) VALUES (?, ?, ?, ?, ?)",
        (campaign, who, digest, stamp(now), content),
    )
    return digest.hex()


def kept_list(db: Db, campaign: str, who: str, name: str, now: datetime) -> bytes:
    """The list that somebody sent and has seen; Refused when it is another by now, or old."""
    row = db.execute(
        "SELECT content, digest FROM shop_list WHERE campaign = ? AND who = ? AND at >= ?",
        (campaign, who, stamp(now - LIST_LIFETIME)),
    ).fetchone()
    if row is None or bytes(row[1]).hex() != name:
        raise refuse(
            "not-found",
            "this list was confirmed, replaced by another, or is too old",
            say=say("list-gone"),
        )
    return bytes(row[0])


def drop_list(db: Db, campaign: str, who: str) -> None:
    """Forget the list that somebody sent."""
    db.execute("DELETE FROM shop_list WHERE campaign = ? AND who = ?", (campaign, who))

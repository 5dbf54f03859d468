"""What is known of a shop beside its name, and where it may be found."""

from __future__ import annotations

import msgspec

from sync.contract.organising import ShopFacts
from sync.server.directory.listing import write_listing
from sync.server.errors import refuse
from sync.server.reference import hours, iban, naf, siret
from sync.server.reference.errors import ReferenceProblem
from sync.server.refusals import say
from sync.server.store.db import Db, Row

COLUMNS = (
    *("siret", "naf", "naf_2025", "address", "postcode", "town", "district", "iban", "hours"),
    *("latitude", "longitude", "listed", "chain", "reference"),
)


def check_facts(facts: ShopFacts) -> None:
    """Refused, with what was expected, for numbers that cannot be and hours nobody can read."""
    try:
        if facts.siret:
            siret.check(facts.siret)
        if facts.naf:
            naf.check_rev_2(facts.naf)
        if facts.naf_2025:
            naf.check_2025(facts.naf_2025)
        if facts.iban:
            iban.check(facts.iban)
        if facts.hours:
            hours.check(facts.hours)
    except ReferenceProblem as error:
        raise refuse("malformed", str(error)) from error


def read_facts(db: Db, campaign: str, shop: str) -> ShopFacts:
    """What is known of a shop; nothing yet for one that only has its name."""
    row = db.execute(
        f"SELECT {', '.join(COLUMNS)} FROM shop_facts WHERE campaign = ? AND shop = ?",  # noqa: S608 - constants
        (campaign, shop),
    ).fetchone()
    return facts_of(row) if row else ShopFacts()


def facts_of(row: Row) -> ShopFacts:
    """The facts of a row of COLUMNS."""
    named = dict(zip(COLUMNS, row, strict=True))
    return ShopFacts(**named | {"listed": bool(named["listed"]), "chain": bool(named["chain"])})


def write_facts(db: Db, campaign: str, shop: str, facts: ShopFacts) -> None:
    """Keep what is known of a shop, and where shoppers find it; Refused for an unknown shop."""
    known = db.execute("SELECT 1 FROM shop WHERE campaign = ? AND id = ?", (campaign, shop))
    if known.fetchone() is None:
        raise refuse("not-found", f"no shop {shop}", say=say("no-shop"))
    values = msgspec.structs.asdict(facts)
    row = [int(value) if isinstance(value := values[name], bool) else value for name in COLUMNS]
    changes = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
    marks = ", ".join("?" * (len(COLUMNS) + 2))
    db.execute(
        f"INSERT INTO shop_facts (campaign, shop, {', '.join(COLUMNS)}) VALUES ({marks})"  # noqa: S608 - constants
        f" ON CONFLICT (campaign, shop) DO UPDATE SET {changes}",
        (campaign, shop, *row),
    )
    write_listing(db, campaign, shop)

"""What is known of a shop beside its name, and where it may be found."""

from __future__ import annotations

import msgspec

from sync.contract.organising import ShopFacts
from sync.server.directory.listing import write_listing
from sync.server.errors import refuse
from sync.server.reference import hours, iban, siret
from sync.server.reference.errors import ReferenceProblem
from sync.server.store.db import Db

_COLUMNS = (
    *("siret", "naf", "naf_2025", "address", "postcode", "town", "district", "iban", "hours"),
    *("latitude", "longitude", "listed", "chain"),
)


def check_facts(facts: ShopFacts) -> None:
    """Refused, with what was expected, for numbers that cannot be and hours nobody can read."""
    try:
        if facts.siret:
            siret.check(facts.siret)
        if facts.iban:
            iban.check(facts.iban)
        if facts.hours:
            hours.check(facts.hours)
    except ReferenceProblem as error:
        raise refuse("malformed", str(error)) from error


def write_facts(db: Db, campaign: str, shop: str, facts: ShopFacts) -> None:
    """Keep what is known of a shop, and where shoppers find it; Refused for an unknown shop."""
    known = db.execute("SELECT 1 FROM shop WHERE campaign = ? AND id = ?", (campaign, shop))
    if known.fetchone() is None:
        raise refuse("not-found", f"no shop {shop}")
    values = msgspec.structs.asdict(facts)
    row = [int(value) if isinstance(value := values[name], bool) else value for name in _COLUMNS]
    changes = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)
    marks = ", ".join("?" * (len(_COLUMNS) + 2))
    db.execute(
        f"INSERT INTO shop_facts (campaign, shop, {', '.join(_COLUMNS)}) VALUES ({marks})"  # noqa: S608 - constants
        f" ON CONFLICT (campaign, shop) DO UPDATE SET {changes}",
        (campaign, shop, *row),
    )
    write_listing(db, campaign, shop)

"""The territory that an organiser set for a campaign, and shops that lie elsewhere."""

from __future__ import annotations

from sync.contract.organising import ShopFacts
from sync.server.errors import refuse
from sync.server.money.campaigns import standing
from sync.server.reference.territory import Territory, lies_in
from sync.server.store.db import Db


def territory_of(db: Db, campaign: str) -> Territory:
    """A campaign's territory; nothing where it is not bounded."""
    return standing(db, campaign).settings.territory


def require_in_territory(db: Db, campaign: str, facts: ShopFacts) -> None:
    """Refused for a shop that lies elsewhere."""
    territory = territory_of(db, campaign)
    if not lies_in(facts.postcode, territory):
        wanted = ", ".join(sorted(territory))
        raise refuse("malformed", f"postcode: expected one of the campaign's territory, {wanted}")

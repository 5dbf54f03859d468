"""What sales that are not settled yet hold of a campaign: each entry of its chain says it.

A server that hears a till's chain go on takes back what the till did not use: without this it would
take the voucher of a parked table, or what a phone paid for it, and give it to somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pos.app.desk import Desk
from pos.domain.sale import Sale

HOLDS_MAX: Final = 1_000


def holding(desk: Desk, campaign: str, *, but: str = "") -> dict[str, list[str]]:
    """The member `holds` of an entry, if there is something: reservations, phones' challenges.

    `but` is the id of the sale that the entry itself ends.
    """
    sales = (sale for sale in desk.ports.ledger.drafts() if sale.id != but)
    found = [one for sale in sales for one in _of(sale, campaign)]
    return {"holds": found[:HOLDS_MAX]} if found else {}


def _of(sale: Sale, campaign: str) -> Iterator[str]:
    asked = sale.asked
    if asked is not None and asked.campaign == campaign:
        yield asked.nonce
    for details in (*(x.details for x in sale.tenders), *(x.details for x in sale.coupons)):
        if details.get("campaign") == campaign:
            yield from (details[x] for x in ("reservation", "challenge") if details.get(x))

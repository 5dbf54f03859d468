"""What became of the vouchers that a shop's tills were given to hand out."""

from __future__ import annotations

from typing import NamedTuple

from sync.contract.voucher import Audience
from sync.server.store.db import Db


class GivenCarnets(NamedTuple):
    """The vouchers of one value, in cents: how many of them are where."""

    value: int
    waiting: int  # at the tills, worth nothing yet
    handed: int
    spent: int
    over: int  # expired or revoked


def given_to(db: Db, campaign: str, shop_number: int) -> list[GivenCarnets]:
    """All that a shop was given, the smallest value first."""
    counts = ", ".join(
        f"coalesce(sum(CASE WHEN state IN ({states}) THEN 1 ELSE 0 END), 0)"
        for states in ("'suspended'", "'valid'", "'redeemed'", "'expired', 'revoked'")
    )
    rows = db.execute(
        f"SELECT value, {counts} FROM batch JOIN voucher ON voucher.campaign = batch.campaign"  # noqa: S608 - constants
        " AND voucher.batch = batch.id WHERE batch.campaign = ? AND purpose = 'carnet'"
        " AND audience = ? AND audience_id = ? GROUP BY value ORDER BY value",
        (campaign, int(Audience.SHOP), shop_number),
    )
    return [GivenCarnets(*map(int, row)) for row in rows.fetchall()]

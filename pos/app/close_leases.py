"""Give leases back that are over: the campaign's chain says that nothing more is drawn on them.

That time passed proves nothing to a server that does not hear the till; its own word does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pos.app.campaign_ports import Drawn
from pos.app.desk import Desk
from pos.app.holding import holding
from pos.app.ports import Transaction
from sync.contract.entry import CAMPAIGN_PREFIX
from sync.contract.grants import Grants

LEASES_PER_ENTRY_MAX: Final = 50


def close_leases(desk: Desk, tx: Transaction) -> None:
    """Say of each lease that is over what was drawn on it in all."""
    for grants in desk.ports.campaigns.grants():
        over = _over(grants, tx)
        if over and not _waits(desk, grants.campaign):
            said: dict[str, Any] = {
                "type": "lease-closed",
                "day": desk.business_day(),
                "leases": over[:LEASES_PER_ENTRY_MAX],
                **holding(desk, grants.campaign),
            }
            tx.append(CAMPAIGN_PREFIX + grants.campaign, said)


def _over(grants: Grants, tx: Transaction) -> list[dict[str, int]]:
    drawn = tx.rewards.drawn(grants.campaign)
    now = grants.effective(datetime.fromisoformat(tx.at))
    return [
        {"lease": lease.id, "drawn": drawn.get(lease.id, Drawn()).cents}
        for lease in grants.told.leases
        if datetime.fromisoformat(lease.until_at) <= now and not drawn.get(lease.id, Drawn()).closed
    ]


def _waits(desk: Desk, campaign: str) -> bool:
    """Whether a sale that is not settled yet holds a voucher that a lease has to cover."""
    return any(
        tender.details.get("mode") == "bearer" and tender.details["campaign"] == campaign
        for sale in desk.ports.ledger.drafts()
        for tender in sale.tenders
    )

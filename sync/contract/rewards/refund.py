"""What becomes of a reward when goods come back: it is worked out again on what remains.

80 euros that become 60 still earn the full reward of a rule that stops at 50; only what the rest of
the basket no longer earns is taken back. Refunding line by line ends where refunding at once does.
"""

from __future__ import annotations

from collections.abc import Mapping

from sync.contract.rewards.evaluate import evaluate
from sync.contract.rewards.facts import Facts, Room
from sync.contract.rewards.rules import RulePack


def net(sold: Facts, returned: Facts) -> Facts:
    """What remains of a sale; `returned` has positive amounts, all its refunds together."""
    return Facts(
        at=sold.at,
        day=sold.day,
        total=sold.total - returned.total,
        families=_minus(sold.families, returned.families),
        tenders=_minus(sold.tenders, returned.tenders),
        vouchers=sold.vouchers - returned.vouchers,
    )


def reevaluate(pack: RulePack, sold: Facts, returned: Facts, before: int) -> int:
    """What a sale earns after refunds, in cents; never more than it earned before them."""
    return evaluate(pack, net(sold, returned), Room(money=before)).amount


def reward_share(total: int, vouchers: int, refunded: int, already: int) -> int:
    """How much of a refund is given back as a reward: as much as rewards had paid of the sale.

    `total` was paid in all, `vouchers` of it with rewards; `refunded` cents come back including
    this time, of which `already` were given as rewards before. Shares of single refunds add up to
    what was paid with rewards, to the cent.
    """
    if total <= 0:
        return 0
    return max(0, vouchers * min(refunded, total) // total - already)


def _minus(have: Mapping[str, int], less: Mapping[str, int]) -> dict[str, int]:
    return {key: have.get(key, 0) - less.get(key, 0) for key in {**have, **less}}

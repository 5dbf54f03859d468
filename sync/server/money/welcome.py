"""What a till is given when it enrols: its place, its first leases; and what its past gives up."""

from __future__ import annotations

from sync.contract.feed import Place
from sync.contract.jws import SigningKey
from sync.server.money import granting, leases
from sync.server.money.campaigns import standing
from sync.server.money.context import Sender
from sync.server.money.funding import where_is
from sync.server.money.ledger import Ledger
from sync.server.store.db import Db
from sync.server.tills.feed import News, publish_item


def welcome(db: Db, campaign: str, till: str, epoch: int, key: SigningKey, now: str) -> None:
    """Tell a till that was just enrolled where it stands, and lease it its first money.

    Under a later epoch it was restored or cloned: its earlier leases become reserve.
    """
    number, shop = db.execute(
        "SELECT id, shop FROM enrolment WHERE campaign = ? AND till = ? AND epoch = ?",
        (campaign, till, epoch),
    ).fetchone()
    where = where_is(db, campaign, shop)
    place = Place(
        till=int(number),
        shop=where.number,
        district=where.district or None,
        naf=where.naf or None,
    )
    publish_item(db, News(campaign, "shop", {"place": place}, till, epoch), key, now)
    ledger = Ledger(db, campaign, now)
    leases.lose_branch(ledger, till, epoch)
    ledger.flush()
    granting.renew(ledger, standing(db, campaign), Sender(int(number), till, epoch, shop), key)

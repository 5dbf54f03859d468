"""The end of a campaign: nothing more can arrive, everything has its place, and it is frozen."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from sync.contract import canonical
from sync.contract.jws import Signed, SigningKey
from sync.server.errors import refuse
from sync.server.money import leases, vouchers, wallets
from sync.server.money.accounts import BUDGET, EXPIRED, RESERVE, Account, Place
from sync.server.money.acts import record
from sync.server.money.audit import audit
from sync.server.money.campaigns import cut_off, set_state, standing
from sync.server.money.funding import funds
from sync.server.money.ledger import Ledger, Source, of_act
from sync.server.store.db import Db

CLOSING_TYP: Final = "comptoir-closing+jws"
_LAST_DAY: Final = "9999-12-31"


def close(ledger: Ledger, key: SigningKey, who: str) -> Signed:
    """Close a campaign for good, and sign what it came to.

    Raises Refused before the grace is over, while shops are owed, or when an invariant is broken.
    """
    db, campaign = ledger.db, ledger.campaign
    now_is = standing(db, campaign)
    if now_is.state != "ended" or now_is.pack is None:
        raise refuse("exists", f"{campaign} is {now_is.state}: end it first")
    if datetime.fromisoformat(ledger.at) <= cut_off(now_is.pack):
        raise refuse("exists", f"until {cut_off(now_is.pack)} something may still arrive")
    _require_settled(ledger)
    act = of_act(record(db, campaign, "close", who, ledger.at, {}))
    leases.return_all(ledger, act)
    wallets.expire(ledger, act)
    vouchers.expire(ledger, act, _LAST_DAY)
    _return_rest(ledger, act)
    ledger.flush()
    checks = audit(db, campaign)
    broken = [check.name for check in checks if not check.holds]
    if broken:
        raise refuse("malformed", f"the audit fails: {', '.join(broken)}")
    set_state(db, campaign, "closed", key, ledger.at)
    document: dict[str, Any] = {
        "at": ledger.at,
        "campaign": campaign,
        "checks": [msgspec.to_builtins(check) for check in checks],
        "accounts": _accounts(ledger),
        "v": 1,
    }
    signed = key.sign(canonical.encode(document), CLOSING_TYP)
    db.execute(
        "INSERT INTO closing_document (campaign, at, compact) VALUES (?, ?, ?)",
        (campaign, ledger.at, signed.compact),
    )
    return signed


def closing_of(db: Db, campaign: str) -> bytes | None:
    """What a campaign came to, as it was signed when it was closed; None before."""
    row = db.execute(
        "SELECT compact FROM closing_document WHERE campaign = ?", (campaign,)
    ).fetchone()
    return bytes(row[0]) if row else None


def _require_settled(ledger: Ledger) -> None:
    """Refused while a shop is owed something, or a bank has not answered yet."""
    (owed,) = ledger.db.execute(
        "SELECT count(*) FROM (SELECT owner FROM balance WHERE campaign = ?"
        " AND account = 'payable' GROUP BY owner HAVING sum(cents) > 0) AS shops",
        (ledger.campaign,),
    ).fetchone()
    (waiting,) = ledger.db.execute(
        "SELECT count(*) FROM settlement_line WHERE campaign = ? AND state = 'prepared'",
        (ledger.campaign,),
    ).fetchone()
    if owed or waiting:
        detail = f"{owed} shops are owed something, {waiting} payments have no answer of the bank"
        raise refuse("exists", f"{detail}: settle first")


def _return_rest(ledger: Ledger, act: Source) -> None:
    """Give the sponsors back what was never spent, each what is left of its own funds."""
    for fund in funds(ledger.db, ledger.campaign):
        returned = Place(Account.RETURNED, str(fund.sponsor))
        for place in (BUDGET, EXPIRED, RESERVE):
            cents = ledger.funds(place).get(fund.id, 0)
            if cents > 0:
                ledger.move("returned", act, place, returned, {fund.id: cents})


def _accounts(ledger: Ledger) -> dict[str, Any]:
    rows = ledger.db.execute(
        "SELECT account, coalesce(sum(cents), 0) FROM balance WHERE campaign = ?"
        " GROUP BY account ORDER BY account",
        (ledger.campaign,),
    )
    return {account: int(cents) for account, cents in rows.fetchall()}

"""The end of a campaign: nothing more can arrive, everything has its place, and it is frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from sync.contract import canonical
from sync.contract.feed import CampaignState
from sync.contract.jws import Signed, SigningKey
from sync.server.errors import refuse
from sync.server.money import leases, vouchers, wallets
from sync.server.money.accounts import BUDGET, EXPIRED, RESERVE, Account, Place
from sync.server.money.acts import record
from sync.server.money.audit import audit
from sync.server.money.campaigns import cut_off, set_state, standing
from sync.server.money.funding import funds
from sync.server.money.ledger import Ledger, Source, of_act
from sync.server.refusals import say
from sync.server.store.db import Db

CLOSING_TYP: Final = "comptoir-closing+jws"
_LAST_DAY: Final = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Hindrances:
    """What stands between a campaign and its closing.

    `arrives_until`: until then something may still arrive; empty when that is over, or not known.
    `owed` are shops that are owed something, `unanswered` payments without the bank's answer.
    """

    state: CampaignState
    arrives_until: str
    owed: int
    unanswered: int

    @property
    def is_ready(self) -> bool:
        """Whether nothing does."""
        return self.state == "ended" and not (self.arrives_until or self.owed or self.unanswered)


def hindrances(db: Db, campaign: str, now: str) -> Hindrances:
    """What stands between a campaign and its closing, at this time of the server."""
    now_is = standing(db, campaign)
    until = cut_off(now_is.pack) if now_is.pack else None
    waits = until is not None and datetime.fromisoformat(now) <= until
    (owed,) = db.execute(
        "SELECT count(*) FROM (SELECT owner FROM balance WHERE campaign = ?"
        " AND account = 'payable' GROUP BY owner HAVING sum(cents) > 0) AS shops",
        (campaign,),
    ).fetchone()
    (unanswered,) = db.execute(
        "SELECT count(*) FROM settlement_line WHERE campaign = ? AND state = 'prepared'",
        (campaign,),
    ).fetchone()
    return Hindrances(now_is.state, str(until) if waits else "", int(owed), int(unanswered))


def _require_ready(campaign: str, found: Hindrances) -> None:
    if found.state != "ended":
        raise refuse(
            "exists",
            f"{campaign} is {found.state}: end it first",
            say=say("not-ended", state=found.state),
        )
    if found.arrives_until:
        until = say("still-arrives", until=found.arrives_until)
        detail = f"until {found.arrives_until} something may still arrive"
        raise refuse("exists", detail, say=until)
    if found.owed or found.unanswered:
        owed = f"{found.owed} shops are owed something"
        waiting = f"{found.unanswered} payments have no answer of the bank"
        both = say("still-owed", owed=found.owed, unanswered=found.unanswered)
        raise refuse("exists", f"{owed}, {waiting}: settle first", say=both)


def close(ledger: Ledger, key: SigningKey, who: str) -> Signed:
    """Close a campaign for good, and sign what it came to.

    Raises Refused before the grace is over, while shops are owed, or when an invariant is broken.
    """
    db, campaign = ledger.db, ledger.campaign
    _require_ready(campaign, hindrances(db, campaign, ledger.at))
    act = of_act(record(db, campaign, "close", who, ledger.at, {}))
    leases.return_all(ledger, act)
    wallets.expire(ledger, act)
    vouchers.expire(ledger, act, _LAST_DAY)
    _return_rest(ledger, act)
    ledger.flush()
    checks = audit(db, campaign)
    broken = [check.name for check in checks if not check.holds]
    if broken:
        raise refuse("malformed", f"the audit fails: {', '.join(broken)}", say=say("audit-fails"))
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

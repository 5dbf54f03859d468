"""What an organiser must decide, or at least see: each finding names the entry or act behind it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sync.server.errors import refuse
from sync.server.money import reasons
from sync.server.money.accounts import BUDGET, Account, Place
from sync.server.money.acts import record
from sync.server.money.context import Booking
from sync.server.money.errors import Overdrawn
from sync.server.money.ledger import Ledger, Source, of_act
from sync.server.money.reasons import Detail, Happened
from sync.server.refusals import say
from sync.server.store.db import Db, Row, next_number

LISTED_MAX: Final = 200


_COLUMNS: Final = (
    "SELECT id, kind, source_kind, source, shop, cents, detail, at, decision FROM finding"
)


class Kind(StrEnum):
    """Why somebody should look."""

    EARN_DIFFERS = "earn-differs"  # the till promised more than the rules give
    NOT_COVERED = "not-covered"  # promised without a lease, and the budget had no room
    LEASE = "lease"  # drawn from a lease that was not the till's, over, or too small
    UNKNOWN_PACK = "unknown-pack"
    CLAIM_DIFFERS = "claim-differs"  # a receipt claimed by phone says another amount than its entry
    CLAWBACK_SHORT = "clawback-short"  # goods came back after their reward was spent
    REISSUE = "reissue"  # more given back as a reward than rewards had paid
    DOUBLED = "doubled"  # a voucher was spent twice, within the policy
    POLICY = "policy"  # a voucher was taken against the policy
    UNKNOWN_VOUCHER = "unknown-voucher"
    LATE = "late"  # it arrived after the end and its grace
    CLOSED = "closed"  # it arrived after the campaign was closed
    BROKEN = "broken"  # it could not be booked at all


# Where a shop may have given what nobody paid it for. Of the others it was paid already, or another
# finding of the same entry says the same cents, or it is the shopper's affair.
PAYABLE: Final = frozenset(
    (
        *(Kind.POLICY, Kind.LATE, Kind.UNKNOWN_VOUCHER, Kind.BROKEN),
        *(Kind.EARN_DIFFERS, Kind.NOT_COVERED),
    )
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as it is listed; `cents` is what is at stake."""

    id: int
    kind: str
    source: Source
    shop: str
    cents: int
    detail: Detail
    at: str
    decision: str

    @property
    def may_be_paid(self) -> bool:
        """Whether there is a shop that may be owed what is at stake."""
        return bool(self.shop) and self.cents > 0 and self.kind in PAYABLE


def find(
    ledger: Ledger, kind: Kind, source: Source, *, shop: str = "", cents: int = 0, detail: Happened
) -> int:
    """Note a finding; its number in the campaign."""
    number = next_number(ledger.db, "finding", ledger.campaign)
    ledger.db.execute(
        "INSERT INTO finding (campaign, id, kind, source_kind, source, shop, cents, detail, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(ledger.campaign, number, kind, source.kind, source.id),
            *(shop, cents, reasons.write(detail), ledger.at),
        ),
    )
    return number


def of_booking(booking: Booking, kind: Kind, cents: int, detail: Happened) -> None:
    """Note a finding about an entry that is being booked."""
    find(
        booking.ledger,
        kind,
        booking.source,
        shop=booking.sender.shop,
        cents=cents,
        detail=detail,
    )


def listed(db: Db, campaign: str, *, only_open: bool = True) -> list[Finding]:
    """The latest findings, newest first."""
    rows = db.execute(
        f"{_COLUMNS} WHERE campaign = ? AND (decision = '' OR ? = 0) ORDER BY id DESC LIMIT ?",
        (campaign, int(only_open), LISTED_MAX),
    )
    return [_finding(row) for row in rows.fetchall()]


def undecided(db: Db, campaign: str, number: int) -> Finding:
    """A finding that waits for a decision; Refused for an unknown or decided one."""
    row = db.execute(f"{_COLUMNS} WHERE campaign = ? AND id = ?", (campaign, number)).fetchone()
    if row is None:
        raise refuse("not-found", f"no finding {number}", say=say("no-finding", number=number))
    found = _finding(row)
    if found.decision:
        decided = say("finding-decided", number=number, decision=found.decision)
        raise refuse("exists", f"finding {number} was decided: {found.decision}", say=decided)
    return found


def decide(db: Db, campaign: str, number: int, decision: str, who: str, at: str) -> None:
    """Settle a finding: `pay` the shop what is at stake out of the budget, `refuse`, or `noted`.

    Refused for an unknown or decided one, and for money that is not there.
    """
    found = undecided(db, campaign, number)
    act = record(db, campaign, "decide", who, at, {"finding": number, "decision": decision})
    if decision == "pay":
        _pay(Ledger(db, campaign, at), found, of_act(act))
    db.execute(
        "UPDATE finding SET decision = ?, decided_by = ? WHERE campaign = ? AND id = ?",
        (decision, act, campaign, number),
    )


def _finding(row: Row) -> Finding:
    number, kind, source_kind, source, shop, cents, detail, *rest = row
    where = Source(source_kind, source)
    return Finding(number, kind, where, shop, cents, reasons.read(detail), *rest)


def _pay(ledger: Ledger, found: Finding, source: Source) -> None:
    if not found.may_be_paid:
        raise refuse(
            "malformed",
            f"no shop is owed anything for {found.kind}",
            say=say("finding-unowed", number=found.id),
        )
    shop = Place(Account.PAYABLE, found.shop)
    try:
        parts = ledger.share(BUDGET, found.cents)
    except Overdrawn as error:
        short = say("finding-unpayable", held=error.held_cents, wanted=found.cents)
        raise refuse("malformed", str(error), say=short) from error
    ledger.move("decided", source, BUDGET, shop, parts, bears="sponsor")
    ledger.flush()

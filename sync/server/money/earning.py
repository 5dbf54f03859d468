"""Booking what a till says a sale earned, what is left after refunds, and what came back."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from sync.contract.operations import Adjust, Earn, Reissue
from sync.contract.rewards.evaluate import evaluate
from sync.contract.rewards.facts import Earned, Facts
from sync.contract.rewards.rules import RulePack
from sync.contract.rewards.split import NotEnough, proportional
from sync.server.money import earns, reasons
from sync.server.money.accounts import BUDGET, Account, Place
from sync.server.money.context import Booking
from sync.server.money.earns import EarnRow
from sync.server.money.findings import Kind, of_booking
from sync.server.money.leases import draw
from sync.server.money.vouchers import hand_out


def book_earn(booking: Booking, part: int, earn: Earn) -> None:
    """Book a reward: what its rules give, out of the leases that the till drew on.

    What the leases do not cover is paid as far as the budget has room. A till that promised more
    than the rules give is reported, and the difference is not paid.
    """
    batch = booking.batch
    pack, expected = _expected(booking, earn)
    before = batch.promised(booking.number)
    if before:  # a part of it was handed out on paper: both together are one reward
        expected = replace(expected, amount=max(expected.amount - before, 0), base=0)
    allowed = min(earn.amount, expected.amount)
    if earn.claim and batch.stands(earn.claim):
        of_booking(booking, Kind.BROKEN, earn.amount, reasons.ClaimTaken())
        return
    place = Place(Account.PENDING, earn.member) if earn.member else _claim_place(earn)
    early = batch.early(earn.claim) if earn.claim else None
    covered = early or 0
    drawn = min(allowed, sum(one.amount for one in earn.leases))
    if covered < drawn:  # what was paid before was paid out of the same leases
        covered += draw(booking, earn.leases, "earn", place, drawn - covered)
    if covered < allowed:
        covered += _from_budget(booking, pack, place, allowed - covered)
    row = _row(booking, earn, part, pack, covered, expected)
    batch.keep(row)
    _count(booking, pack, earn, covered)
    if allowed < earn.amount:
        over = reasons.OverRules(earn.amount, expected.amount)
        of_booking(booking, Kind.EARN_DIFFERS, earn.amount - allowed, over)
    if covered < allowed:
        partly = reasons.PartlyPaid(earn.amount, covered)
        of_booking(booking, Kind.NOT_COVERED, allowed - covered, partly)
    if earn.handed:
        hand_out(booking, earn.handed, place, covered)
    elif early is not None:
        batch.flush()
        _settle_early(booking, row)


def book_adjust(booking: Booking, adjust: Adjust, wallet_floor: int) -> None:
    """Take back what a sale no longer earns, from wherever the reward is by now.

    A wallet may go below zero down to its floor; what is beyond that is the sponsors' loss. What
    was handed out on paper is taken back last.
    """
    found = earns.by_ticket(booking.db, booking.campaign, booking.sender.till, adjust.ticket)
    too_much = sum(row.amount for row in found) - adjust.after
    for row in reversed(found):
        over = min(row.amount, too_much)
        if over <= 0:
            continue
        too_much -= over
        taken = _take_back(booking, row, over, wallet_floor)
        left = row.amount - over
        earns.update(booking.db, booking.campaign, row, amount=left, **_lapsed(row, left))
        if taken < over:
            detail = reasons.SpentAlready(adjust.ticket, over - taken)
            of_booking(booking, Kind.CLAWBACK_SHORT, over - taken, detail)


def book_reissue(booking: Booking, part: int, reissue: Reissue) -> None:
    """Give back as a reward what rewards had paid of goods that came back; never more than that."""
    if earns.by_claim(booking.db, booking.campaign, reissue.claim):
        of_booking(booking, Kind.BROKEN, reissue.amount, reasons.ClaimTaken())
        return
    early = earns.early_among(booking.db, booking.campaign, [reissue.claim]).get(reissue.claim)
    paid, given = _paid_with_rewards(booking, reissue.ticket)
    cents = max(0, min(reissue.amount, paid - given))
    if cents < reissue.amount:
        detail = reasons.MoreBack(reissue.ticket, paid, given)
        of_booking(booking, Kind.REISSUE, reissue.amount - cents, detail)
    row = EarnRow(
        enrolment=booking.sender.enrolment,
        number=booking.number,
        part=part,
        kind="reissue",
        till=booking.sender.till,
        ticket=reissue.ticket,
        shop=booking.sender.shop,
        day=booking.said.day,
        at=booking.at,
        pack=0,
        base=0,
        promised=reissue.amount,
        amount=max(cents, early or 0),
        claim=reissue.claim,
        member="",
        state="unclaimed" if cents else "lapsed",
        ready_at="",
        reason="",
    )
    earns.insert(booking.db, booking.campaign, [row])
    booking.batch.take(reissue.claim)
    if cents:
        shop = Place(Account.PAYABLE, booking.sender.shop)
        booking.ledger.move(
            "reissue",
            booking.source,
            shop,
            Place(Account.UNCLAIMED, reissue.claim),
            _origin_split(booking, reissue.ticket, cents),
        )
    if early is not None:
        _repay_lease(booking, reissue.claim, min(early, cents))
        _settle_early(booking, row)


def _repay_lease(booking: Booking, claim: str, cents: int) -> None:
    """What a lease paid to whoever came before the entry is the budget's again."""
    held = Place(Account.UNCLAIMED, claim)
    parts = booking.ledger.share(held, cents)
    booking.ledger.move("reissue", booking.source, held, BUDGET, parts)


def _expected(booking: Booking, earn: Earn) -> tuple[RulePack | None, Earned]:
    """What the rules give, by the pack that the till named."""
    published = booking.batch.pack(earn.pack)
    if published is None or published.digest != earn.pack_hash:
        detail = reasons.UnknownRules(earn.pack, earn.pack_hash)
        of_booking(booking, Kind.UNKNOWN_PACK, earn.amount, detail)
        return None, Earned(0)
    return published.rules, evaluate(published.rules, facts_of(booking))


def facts_of(booking: Booking) -> Facts:
    """A sale as the evaluator wants it."""
    said = booking.said
    tenders: dict[str, int] = {}
    for one in said.tenders:
        tenders[one.kind] = tenders.get(one.kind, 0) + one.amount
    vouchers = tenders.pop("campaign", 0)
    families = {one.family: one.ttc for one in said.families}
    return Facts(booking.at, said.day, said.total, families, tenders, vouchers)


def _claim_place(earn: Earn) -> Place:
    return Place(Account.UNCLAIMED, earn.claim or "")


def _from_budget(booking: Booking, pack: RulePack | None, place: Place, cents: int) -> int:
    """Pay what no lease covered, as far as limits and funds allow; the cents."""
    if pack is None:
        return 0
    batch, day = booking.batch, booking.said.day
    where, purse = batch.where, batch.purse
    left = batch.limits(pack).earn_left(batch.owners, day)
    cents = min(cents, purse.free(where, day), cents if left is None else max(left, 0))
    if cents > 0:
        parts = purse.choose(cents, where, day)
        booking.ledger.move("earn", booking.source, BUDGET, place, parts)
    return cents


def _row(
    booking: Booking, earn: Earn, part: int, pack: RulePack | None, covered: int, expected: Earned
) -> EarnRow:
    ready_at = ""
    if earn.member and pack is not None:
        ready_at = ready(booking.ledger.at, pack)
    state: earns.State = "pending" if earn.member else "unclaimed"
    return EarnRow(
        enrolment=booking.sender.enrolment,
        number=booking.number,
        part=part,
        kind="earn",
        till=booking.sender.till,
        ticket=booking.said.ticket.number,
        shop=booking.sender.shop,
        day=booking.said.day,
        at=booking.at,
        pack=earn.pack,
        base=expected.base,
        promised=earn.amount,
        amount=covered,
        claim=earn.claim or "",
        member=earn.member or "",
        state="spent" if earn.handed else state if covered else "lapsed",
        ready_at=ready_at,
        reason="" if covered else str(expected.reason or "budget"),
    )


def ready(now: str, pack: RulePack) -> str:
    """When a reward that was claimed now may be spent."""
    at = datetime.fromisoformat(now) + timedelta(days=pack.pending_days)
    return at.isoformat(timespec="milliseconds")


def _settle_early(booking: Booking, row: EarnRow) -> None:
    """Join an entry with the claim that came before it: both are the same reward."""
    member, promised = booking.db.execute(
        "SELECT member, promised FROM claim WHERE campaign = ? AND hash = ?",
        (booking.campaign, row.claim),
    ).fetchone()
    booking.db.execute(
        "UPDATE claim SET arrived = 1 WHERE campaign = ? AND hash = ?",
        (booking.campaign, row.claim),
    )
    if promised != row.promised:
        detail = reasons.ReceiptDiffers(promised, row.promised)
        of_booking(booking, Kind.CLAIM_DIFFERS, abs(promised - row.promised), detail)
    rest = Place(Account.UNCLAIMED, row.claim)
    booking.ledger.move_all("claim", booking.source, rest, Place(Account.PENDING, member))
    pack = booking.batch.pack(row.pack)
    ready_at = ready(booking.ledger.at, pack.rules) if pack else booking.ledger.at
    booking.batch.joined.append(
        earns.update(
            booking.db, booking.campaign, row, member=member, state="pending", ready_at=ready_at
        )
    )


def _count(booking: Booking, pack: RulePack | None, earn: Earn, cents: int) -> None:
    if pack is None or cents <= 0:
        return
    book = booking.batch.limits(pack)
    book.count("earn", booking.batch.owners, booking.said.day, cents)
    book.count_rules(one.rule for one in earn.parts)


def _take_back(booking: Booking, row: EarnRow, cents: int, floor: int) -> int:
    """Move what a reward is no longer worth back to the budget; how much could be had."""
    place, ledger = row.place, booking.ledger
    if place is None:
        place = Place(Account.AVAILABLE, row.member) if row.member else None
    if place is None:
        return 0
    have = max(ledger.balance(place), 0)
    taken = min(cents, have)
    if taken:
        parts = ledger.share(place, taken)
        ledger.move("clawback", booking.source, place, BUDGET, parts)
    rest = cents - taken
    if rest and row.member:
        wallet = Place(Account.AVAILABLE, row.member)
        owed = min(rest, max(0, floor + ledger.balance(wallet)))
        if owed:
            parts = _split_like(booking, row, owed)
            # A debt is no money yet: the budget must not promise it again.
            owing = Place(Account.OWED, row.member)
            ledger.move("clawback", booking.source, wallet, owing, parts)
        taken += owed
    return taken


def _lapsed(row: EarnRow, left: int) -> dict[str, object]:
    return {} if left or row.state == "spent" else {"state": "lapsed", "reason": "refunded"}


def _split_like(booking: Booking, row: EarnRow, cents: int) -> dict[int, int]:
    """Cents in the shares of the funds that had filled a wallet."""
    booking.ledger.flush()  # what this very batch moved counts too
    rows = booking.db.execute(
        "SELECT fund, sum(cents) FROM transfer WHERE campaign = ? AND credit = 'pending'"
        " AND credit_owner = ? GROUP BY fund",
        (booking.campaign, row.member),
    )
    held = {int(fund): int(much) for fund, much in rows.fetchall()}
    return _at_most(cents, held)


def _origin_split(booking: Booking, ticket: int, cents: int) -> dict[int, int]:
    """Cents in the shares of the funds that had paid the vouchers of a ticket."""
    booking.ledger.flush()  # what this very batch moved counts too
    rows = booking.db.execute(
        "SELECT fund, sum(transfer.cents) FROM redemption JOIN transfer"
        " ON transfer.campaign = redemption.campaign AND source_kind = 'entry'"
        " AND source = CAST(enrolment AS TEXT) || ':' || CAST(number AS TEXT)"
        " WHERE redemption.campaign = ? AND till = ? AND ticket = ? AND credit = 'payable'"
        " GROUP BY fund",
        (booking.campaign, booking.sender.till, ticket),
    )
    held = {int(fund): int(much) for fund, much in rows.fetchall()}
    return _at_most(cents, held)


def _at_most(cents: int, held: dict[int, int]) -> dict[int, int]:
    """A proportional split, also of more than is held: the shares are what counts."""
    try:
        return proportional(cents, held)
    except NotEnough:
        scaled = {fund: much * cents for fund, much in held.items()}
        return proportional(cents, scaled)


def _paid_with_rewards(booking: Booking, ticket: int) -> tuple[int, int]:
    """What rewards had paid of a ticket, and what of that came back before, in cents."""
    (paid,) = booking.db.execute(
        "SELECT coalesce(sum(payable), 0) FROM redemption"
        " WHERE campaign = ? AND till = ? AND ticket = ?",
        (booking.campaign, booking.sender.till, ticket),
    ).fetchone()
    (given,) = booking.db.execute(
        "SELECT coalesce(sum(amount), 0) FROM earn"
        " WHERE campaign = ? AND till = ? AND ticket = ? AND kind = 'reissue'",
        (booking.campaign, booking.sender.till, ticket),
    ).fetchone()
    return int(paid), int(given)

"""Claiming a receipt's reward: once for ever, by whoever shows its secret first.

The phone may bring the receipt before the till's entry arrives. Then the till's signature stands
for the entry and the till's leases for the money; what they do not cover waits for the entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, Protocol, TypeAlias

from sync.contract import claims
from sync.contract.errors import BadSignature, ContractError, Malformed
from sync.contract.rewards.at_claim import bonus, draw
from sync.contract.rewards.facts import Part, Person
from sync.contract.rewards.rules import InstantWin, ReturnVisit, RulePack, Scope
from sync.contract.token import campaign_tag
from sync.server.auth import identities
from sync.server.errors import refuse
from sync.server.money import earns, leases
from sync.server.money.accounts import BUDGET, Account, Place
from sync.server.money.acts import SERVER, record
from sync.server.money.campaigns import Standing, cut_off, find_pack, standing
from sync.server.money.earning import ready
from sync.server.money.earns import EarnRow
from sync.server.money.funding import Purse, where_is
from sync.server.money.ledger import Ledger, of_act
from sync.server.money.limits_book import LimitBook
from sync.server.money.members import Member
from sync.server.money.reward_days import note_visit
from sync.server.money.vouchers import Issued, issue_bonus
from sync.server.money.vouchers import Means as IssueMeans
from sync.server.refusals import say
from sync.server.store.db import Db

Outcome: TypeAlias = Literal["claimed", "checking", "mine", "taken", "late", "nothing"]
_VISITS_MAX: Final = 400


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says before it is claimed. `amount` in cents, `day` YYYY-MM-DD.

    `state`: unclaimed, or why there is nothing to claim. `shop` is its name.
    """

    campaign: str
    hash: str
    amount: int
    shop: str
    day: str
    state: str
    claim: claims.Claim | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """What became of a claim. `amount` came into the wallet; `lapsed` was above the person's limit.

    `vouchers` are bonuses that came with it, `won` the part of them that was drawn.
    """

    outcome: Outcome
    amount: int = 0
    lapsed: int = 0
    ready_at: str = ""
    vouchers: tuple[Issued, ...] = ()


class Means(IssueMeans, Protocol):
    """What claiming needs of the world: to issue bonuses, and chance."""

    def below(self, count: int, /) -> int:
        """An even chance from 0 to count - 1."""


def look(db: Db, text: str) -> Receipt:
    """What a receipt's token is worth, without changing anything.

    Raises Refused: malformed, bad-signature, not-found.
    """
    signed = _verified(db, text)
    claim = signed.claim
    rows = db.execute(
        "SELECT campaign, shop FROM enrolment WHERE till = ? AND epoch = ?",
        (claim.till, claim.epoch),
    ).fetchall()
    meant = [row for row in rows if campaign_tag(row[0]) == claim.campaign]
    if not meant:
        raise refuse(
            "not-found",
            "the till takes no part in this receipt's campaign here",
            say=say("receipt-elsewhere"),
        )
    campaign, shop = meant[0]
    found = earns.by_claim(db, campaign, claim.hash)
    if found is not None:
        return _receipt(db, campaign, found, claim)
    early = _claimed_by(db, campaign, claim.hash)
    state = "taken" if early else "unclaimed"
    name = _shop_name(db, campaign, shop)
    return Receipt(campaign, claim.hash, claim.amount, name, claim.day.isoformat(), state, claim)


def look_up_code(db: Db, typed: str) -> Receipt:
    """What a printed code is worth; Refused: malformed, or not-found before its entry arrived."""
    try:
        hashed = claims.claim_hash(claims.read_code(typed))
    except Malformed as error:
        raise refuse("malformed", str(error)) from error
    row = db.execute("SELECT campaign FROM earn WHERE claim = ?", (hashed,)).fetchone()
    found = earns.by_claim(db, row[0], hashed) if row else None
    if row is None or found is None:
        raise refuse(
            "not-found", "no receipt with this code has arrived", say=say("receipt-awaited")
        )
    return _receipt(db, row[0], found, None)


def take(ledger: Ledger, receipt: Receipt, member: Member, means: Means) -> Claimed:
    """Put a receipt's reward into a wallet. Repeated by the same wallet it changes nothing."""
    db, campaign = ledger.db, ledger.campaign
    before = _claimed_by(db, campaign, receipt.hash)
    if before is not None:
        return Claimed("mine" if before == member.id else "taken")
    now_is = standing(db, campaign)
    found = earns.by_claim(db, campaign, receipt.hash)
    if _is_late(now_is, receipt.day, ledger.at):
        return Claimed("late")
    if found is None:
        return _take_early(ledger, receipt, member, now_is)
    if found.state != "unclaimed" or not found.amount:
        return Claimed("nothing")
    return _take_earned(ledger, found, member, now_is, means)


def _take_earned(
    ledger: Ledger, found: EarnRow, member: Member, now_is: Standing, means: Means
) -> Claimed:
    db, campaign = ledger.db, ledger.campaign
    source = of_act(record(db, campaign, "claim", member.id, ledger.at, {"claim": found.claim}))
    _keep(db, campaign, found, member, ledger.at)
    pack = _pack_of(db, now_is, found)
    lapsed = _over_limit(ledger, found, member, pack)
    held = Place(Account.UNCLAIMED, found.claim)
    if lapsed:
        ledger.move("limit", source, held, BUDGET, ledger.share(held, lapsed))
    ledger.move_all("claim", source, held, Place(Account.PENDING, member.id))
    amount = found.amount - lapsed
    at_once = found.kind == "reissue" or pack is None
    ready_at = ledger.at if at_once else ready(ledger.at, pack) if pack else ledger.at
    state: earns.State = "pending" if amount else "lapsed"
    earns.update(
        *(db, campaign, found),
        amount=amount, member=member.id, state=state, ready_at=ready_at,
        reason="limit" if lapsed else "",
    )  # fmt: skip
    extra = _bonuses(ledger, found, member, pack, means) if pack and found.kind == "earn" else ()
    ledger.flush()
    return Claimed("claimed", amount, lapsed, ready_at, extra)


def _take_early(ledger: Ledger, receipt: Receipt, member: Member, now_is: Standing) -> Claimed:
    claim = receipt.claim
    if claim is None:
        return Claimed("nothing")
    act = record(
        ledger.db, ledger.campaign, "claim-early", member.id, ledger.at, {"claim": receipt.hash}
    )
    credit = Place(Account.PENDING, member.id)
    covered = leases.draw_early(ledger, claim.till, claim.epoch, claim.sure, credit, of_act(act))
    ledger.db.execute(
        "INSERT INTO claim (campaign, hash, member, till, epoch, number, promised, covered, day,"
        " at, arrived) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        (
            *(ledger.campaign, receipt.hash, member.id, claim.till, claim.epoch, claim.number),
            *(claim.amount, covered, receipt.day, ledger.at),
        ),
    )
    ledger.flush()
    pack = now_is.pack
    ready_at = ready(ledger.at, pack) if pack else ledger.at
    return Claimed("claimed" if covered == claim.amount else "checking", covered, 0, ready_at)


def finish_early(ledger: Ledger, now_is: Standing, row: EarnRow, means: Means) -> None:
    """What a claim that came before its entry still lacks: the person's limits, and the bonuses."""
    member, pack = Member(ledger.campaign, row.member), _pack_of(ledger.db, now_is, row)
    if pack is None or row.kind != "earn" or not row.amount:
        return
    lapsed = _over_limit(ledger, row, member, pack)
    if lapsed:
        detail = {"claim": row.claim, "lapsed": lapsed}
        act = record(ledger.db, ledger.campaign, "claim-limit", SERVER, ledger.at, detail)
        pending = Place(Account.PENDING, member.id)
        ledger.move("limit", of_act(act), pending, BUDGET, ledger.share(pending, lapsed))
        left = row.amount - lapsed
        changes = {"amount": left, "reason": "limit", "state": "pending" if left else "lapsed"}
        row = earns.update(ledger.db, ledger.campaign, row, **changes)
    _bonuses(ledger, row, member, pack, means)


def _verified(db: Db, text: str) -> claims.SignedClaim:
    try:
        signed = claims.read(text)
        claim = signed.claim
        known = identities(db, claim.till)
        identity = next((one for one in known if one.epoch == claim.epoch), None)
        if identity is None:
            raise refuse(
                "not-found", "no till of ours made this receipt", say=say("receipt-unknown")
            )
        signed.check(identity.key)
    except BadSignature as error:
        raise refuse("bad-signature", str(error)) from error
    except ContractError as error:
        raise refuse("malformed", str(error)) from error
    return signed


def _receipt(db: Db, campaign: str, found: EarnRow, claim: claims.Claim | None) -> Receipt:
    state = "unclaimed" if found.state == "unclaimed" else found.reason or "taken"
    name = _shop_name(db, campaign, found.shop)
    return Receipt(campaign, found.claim, found.amount, name, found.day, state, claim)


def _shop_name(db: Db, campaign: str, shop: str) -> str:
    row = db.execute(
        "SELECT name FROM shop WHERE campaign = ? AND id = ?", (campaign, shop)
    ).fetchone()
    return str(row[0]) if row else ""


def _claimed_by(db: Db, campaign: str, hashed: str) -> str | None:
    row = db.execute(
        "SELECT member FROM claim WHERE campaign = ? AND hash = ?", (campaign, hashed)
    ).fetchone()
    return str(row[0]) if row else None


def _keep(db: Db, campaign: str, found: EarnRow, member: Member, now: str) -> None:
    """Once for ever: the hash is the key."""
    db.execute(
        "INSERT INTO claim (campaign, hash, member, till, epoch, number, promised, covered, day,"
        " at, arrived) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, 1)",
        (
            *(campaign, found.claim, member.id, found.till, found.number),
            *(found.promised, found.amount, found.day, now),
        ),
    )


def _is_late(now_is: Standing, day: str, now: str) -> bool:
    """Whether the time for claiming is over, counted from the day of the sale."""
    pack = now_is.pack
    if pack is None or now_is.state == "closed":
        return True
    last = date.fromisoformat(day) + timedelta(days=pack.claim_days)
    return now[:10] > last.isoformat() or now > cut_off(pack).isoformat(timespec="milliseconds")


def _pack_of(db: Db, now_is: Standing, found: EarnRow) -> RulePack | None:
    published = find_pack(db, now_is.campaign, found.pack) if found.pack else None
    return published.rules if published else None


def _over_limit(ledger: Ledger, found: EarnRow, member: Member, pack: RulePack | None) -> int:
    """What a person earned above the limits, on the day of the sale; the rest is counted."""
    if pack is None or found.kind != "earn":
        return 0
    book = LimitBook(ledger.db, ledger.campaign, pack)
    person: dict[Scope, str] = {"person": member.id}
    left = book.earn_left(person, found.day, {"person"})
    over = 0 if left is None else max(0, found.amount - max(left, 0))
    if found.amount > over:
        book.count("earn", person, found.day, found.amount - over)
        book.flush()
    return over


def _bonuses(
    ledger: Ledger, found: EarnRow, member: Member, pack: RulePack, means: Means
) -> tuple[Issued, ...]:
    """What the server alone decides: for coming back, and by chance; given as vouchers."""
    visits = _visits(ledger.db, ledger.campaign, member, found.shop)
    uses = LimitBook(ledger.db, ledger.campaign, pack).room({}, found.day).uses
    parts = [
        *bonus(pack, Person(visits), found.day, found.base),
        *draw(pack, found.base, means.below, uses),
    ]
    note_visit(ledger.db, ledger.campaign, member.id, found.shop, found.day)
    issued = [_issue(ledger, found, member, pack, part, means) for part in parts]
    return tuple(one for one in issued if one is not None)


def _issue(
    ledger: Ledger, found: EarnRow, member: Member, pack: RulePack, part: Part, means: Means
) -> Issued | None:
    """A bonus voucher, when the budget still has it."""
    rule = next(rule for rule in pack.rules if rule.id == part.rule)
    where = where_is(ledger.db, ledger.campaign, found.shop)
    purse = Purse(ledger, standing(ledger.db, ledger.campaign))
    if purse.free(where, found.day) < part.amount or not isinstance(rule, ReturnVisit | InstantWin):
        return None
    book = LimitBook(ledger.db, ledger.campaign, pack)
    book.count_rules([part.rule])
    book.flush()
    funds = purse.choose(part.amount, where, found.day)
    only_here = where.number if isinstance(rule, ReturnVisit) else None
    return issue_bonus(ledger, member.id, part.amount, funds, pack, only_here, means)


def _visits(db: Db, campaign: str, member: Member, shop: str) -> tuple[str, ...]:
    rows = db.execute(
        "SELECT day FROM visit WHERE campaign = ? AND member = ? AND shop = ?"
        " ORDER BY day DESC LIMIT ?",
        (campaign, member.id, shop, _VISITS_MAX),
    )
    return tuple(str(day) for (day,) in rows.fetchall())

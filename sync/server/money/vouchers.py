"""Vouchers: issuing them out of wallets or the budget, and all that can happen to one.

A voucher's value lies in its own place in the ledger from the moment it is valid until it is
redeemed, expired or revoked, so that issued = outstanding + redeemed + expired + revoked is what
the balances say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal, Protocol, TypeAlias

from sync.contract import voucher as tokens
from sync.contract.feed import Carnet
from sync.contract.jws import SigningKey
from sync.contract.operations import VoucherRef
from sync.contract.rewards.rules import RulePack
from sync.contract.voucher import USUAL, Audience, Voucher
from sync.server.errors import refuse
from sync.server.money import reasons
from sync.server.money.accounts import EXPIRED, Account, Place
from sync.server.money.acts import record
from sync.server.money.context import Booking
from sync.server.money.findings import Kind, of_booking
from sync.server.money.funding import where_is
from sync.server.money.ledger import Ledger, Source, of_act
from sync.server.money.members import Member
from sync.server.money.online_code import code_digest, new_code
from sync.server.refusals import say
from sync.server.store.db import Db, next_number
from sync.server.tills.feed import News, publish, publish_item

Purpose: TypeAlias = Literal["wallet", "bonus", "carnet", "handout"]
VoucherState: TypeAlias = Literal["valid", "redeemed", "expired", "revoked", "suspended"]
BATCH_SIZE_MAX: Final = 100_000
VOUCHERS_OF_MEMBER_MAX: Final = 200


class Means(Protocol):
    """What issuing needs of the world."""

    @property
    def key(self) -> SigningKey:
        """The server's key, which signs vouchers."""

    def random(self, count: int, /) -> bytes:
        """So many random bytes."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the vouchers of a batch have in common; days are included."""

    purpose: Purpose
    value: int
    first_day: date
    last_day: date
    audience: Audience = Audience.ANY
    audience_id: int = 0
    flags: int = int(USUAL)
    min_spend: int = 0


@dataclass(frozen=True, slots=True)
class Issued:
    """A voucher that was just issued: its text for a QR, and the code that is shown once."""

    batch: int
    index: int
    value: int
    token: str
    code: str
    last_day: date


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """A voucher as it is kept. `shop` and `used_at` say where and when it was redeemed."""

    batch: int
    index: int
    state: VoucherState
    member: str
    token: str
    issued_at: str
    shop: str
    used_at: str | None
    value: int
    last_day: str
    audience: int
    audience_id: int

    @property
    def place(self) -> Place:
        """Where its value lies while it is outstanding."""
        return place_of(self.batch, self.index)


def place_of(batch: int, index: int) -> Place:
    """Where a voucher's value lies."""
    return Place(Account.VOUCHER, f"{batch}:{index}")


def issue_from_wallet(
    ledger: Ledger, member: Member, value: int, pack: RulePack, means: Means
) -> Issued:
    """Turn spendable money of a wallet into a voucher; Refused when there is not enough."""
    wallet = Place(Account.AVAILABLE, member.id)
    if value not in pack.vouchers.values:
        raise refuse(
            "malformed",
            f"expected one of {pack.vouchers.values}",
            say=say("voucher-values", value=value),
        )
    held = ledger.balance(wallet)
    if held < value:
        short = say("wallet-short", held=held, wanted=value)
        raise refuse("wallet-short", f"{held} cents can be spent, not {value}", say=short)
    detail = {"value": value}
    act = record(ledger.db, ledger.campaign, "voucher", member.id, ledger.at, detail)
    terms = _terms(ledger, "wallet", value, pack)
    parts = ledger.share(wallet, value)
    made = _issue(ledger, terms, member.id, wallet, parts, of_act(act), means)
    ledger.flush()
    return made


def issue_bonus(
    ledger: Ledger,
    member: str,
    value: int,
    funds: Mapping[int, int],
    pack: RulePack,
    shop_number: int | None,
    means: Means,
) -> Issued:
    """A voucher out of the budget, for one shop alone or for all."""
    detail = {"value": value}
    act = record(ledger.db, ledger.campaign, "bonus", member, ledger.at, detail)
    terms = _terms(ledger, "bonus", value, pack)
    if shop_number is not None:
        terms = Terms(
            *("bonus", value, terms.first_day, terms.last_day),
            *(Audience.SHOP, shop_number, terms.flags, terms.min_spend),
        )
    return _issue(ledger, terms, member, Place(Account.BUDGET), funds, of_act(act), means)


def issue_carnets(
    ledger: Ledger, shop: str, value: int, count: int, pack: RulePack, who: str, means: Means
) -> int:
    """Give each till of a shop vouchers of that shop alone, to be handed out on request; how many.

    They are worth nothing before the till's chain says that it handed them out as a reward.
    Refused for a shop without tills.
    """
    db, campaign = ledger.db, ledger.campaign
    tills = tills_with_carnets(db, campaign, shop)
    if not tills:
        raise refuse("malformed", "this shop has no till yet", say=say("shop-tillless"))
    where = where_is(db, campaign, shop)
    first = _terms(ledger, "carnet", value, pack)
    terms = replace(first, audience=Audience.SHOP, audience_id=where.number)
    detail = {"shop": shop, "value": value, "count": count}
    record(db, campaign, "carnet", who, ledger.at, detail)
    for till, epoch in tills:
        made = [_write(ledger, terms, "", "suspended", means).token for _ in range(count)]
        number = next_number(db, "feed", campaign)
        carnet = Carnet(id=number, value=value, vouchers=tuple(made))
        news = News(campaign, "carnet", {"carnet": carnet}, till, epoch)
        publish_item(db, news, means.key, ledger.at)
    return len(tills) * count


def tills_with_carnets(db: Db, campaign: str, shop: str) -> list[tuple[str, int]]:
    """The tills of a shop that are given its vouchers, each under its present epoch."""
    rows = db.execute(
        "SELECT till, max(epoch) FROM enrolment WHERE campaign = ? AND shop = ? GROUP BY till"
        " ORDER BY till",
        (campaign, shop),
    )
    return [(str(till), int(epoch)) for till, epoch in rows.fetchall()]


def hand_out(booking: Booking, handed: Sequence[VoucherRef], place: Place, covered: int) -> None:
    """Make the vouchers of a carnet valid that a till handed out, and fill them."""
    for ref in handed:
        row = find_voucher(booking.db, booking.campaign, ref.batch, ref.index)
        if row is None or row.state != "suspended":
            missing = reasons.CarnetMissing(f"{ref.batch}:{ref.index}")
            of_booking(booking, Kind.UNKNOWN_VOUCHER, row.value if row else 0, missing)
        elif covered < row.value:
            short = reasons.CarnetShort(f"{ref.batch}:{ref.index}", row.value, covered)
            of_booking(booking, Kind.NOT_COVERED, row.value - covered, short)
        else:
            parts = booking.ledger.share(place, row.value)
            booking.ledger.move("handed", booking.source, place, row.place, parts)
            covered -= row.value
            set_state(
                booking.db, booking.campaign, ref.batch, ref.index, "valid", booking.ledger.at
            )


def give_back(ledger: Ledger, member: Member, batch: int, index: int) -> None:
    """Put an unused voucher's value back into its wallet; Refused when it is not free."""
    row = require_voucher(ledger.db, ledger.campaign, batch, index)
    if row.member != member.id or row.state != "valid":
        raise refuse("not-found", "this voucher is not yours to give back", say=say("voucher-gone"))
    if is_reserved(ledger.db, ledger.campaign, batch, index):
        raise refuse("exists", "a till holds this voucher for a sale", say=say("voucher-held"))
    detail = {"voucher": f"{batch}:{index}"}
    act = record(ledger.db, ledger.campaign, "give-back", member.id, ledger.at, detail)
    ledger.move_all("revoked", of_act(act), row.place, Place(Account.AVAILABLE, member.id))
    set_state(ledger.db, ledger.campaign, batch, index, "revoked", ledger.at)
    ledger.flush()


def reissue(ledger: Ledger, batch: int, index: int, who: str, means: Means) -> Issued:
    """Replace a voucher that was lost: the old one is worth nothing from this moment on.

    Refused when the old one was spent or a till holds it.
    """
    row = require_voucher(ledger.db, ledger.campaign, batch, index)
    if row.state != "valid":
        raise refuse(
            "exists", f"this voucher is {row.state}", say=say("voucher-over", state=row.state)
        )
    if is_reserved(ledger.db, ledger.campaign, batch, index):
        raise refuse("exists", "a till holds this voucher for a sale", say=say("voucher-held"))
    detail = {"voucher": f"{batch}:{index}"}
    act = record(ledger.db, ledger.campaign, "reissue", who, ledger.at, detail)
    terms = _terms_of(ledger.db, ledger.campaign, batch)
    parts = ledger.funds(row.place)
    held = {fund: cents for fund, cents in parts.items() if cents > 0}
    made = _issue(ledger, terms, row.member, row.place, held, of_act(act), means)
    set_state(ledger.db, ledger.campaign, batch, index, "revoked", ledger.at)
    ledger.flush()
    return made


def expire(ledger: Ledger, source: Source, before: str) -> int:
    """Let vouchers lapse whose last day is before a day (YYYY-MM-DD); how many."""
    rows = ledger.db.execute(
        "SELECT batch, idx FROM voucher JOIN batch"
        " ON batch.campaign = voucher.campaign AND id = batch WHERE voucher.campaign = ?"
        " AND state IN ('valid', 'suspended') AND last_day < ?",
        (ledger.campaign, before),
    ).fetchall()
    for batch, index in rows:
        ledger.move_all("expired", source, place_of(batch, index), EXPIRED)
        set_state(ledger.db, ledger.campaign, batch, index, "expired", ledger.at)
    return len(rows)


def find_voucher(db: Db, campaign: str, batch: int, index: int) -> VoucherRow | None:
    """A voucher by its place."""
    row = db.execute(
        f"{_SELECT} WHERE voucher.campaign = ? AND batch = ? AND idx = ?",
        (campaign, batch, index),
    ).fetchone()
    return VoucherRow(*row) if row else None


def require_voucher(db: Db, campaign: str, batch: int, index: int) -> VoucherRow:
    """A voucher by its place; Refused when there is none."""
    found = find_voucher(db, campaign, batch, index)
    if found is None:
        raise refuse("not-found", f"no voucher {batch}:{index}", say=say("voucher-gone"))
    return found


def find_by_code(db: Db, campaign: str, typed: str) -> VoucherRow | None:
    """A voucher by its short code."""
    row = db.execute(
        f"{_SELECT} WHERE voucher.campaign = ? AND code = ?",
        (campaign, code_digest(campaign, typed)),
    ).fetchone()
    return VoucherRow(*row) if row else None


def of_member(db: Db, member: Member) -> list[VoucherRow]:
    """The vouchers of a wallet, newest first."""
    rows = db.execute(
        f"{_SELECT} WHERE voucher.campaign = ? AND member = ? ORDER BY issued_at DESC, batch DESC,"
        " idx DESC LIMIT ?",
        (member.campaign, member.id, VOUCHERS_OF_MEMBER_MAX),
    )
    return [VoucherRow(*row) for row in rows.fetchall()]


def is_reserved(db: Db, campaign: str, batch: int, index: int) -> bool:
    """Whether a till holds a voucher for a sale."""
    return (
        db.execute(
            "SELECT 1 FROM reservation WHERE campaign = ? AND batch = ? AND idx = ?"
            " AND state = 'open'",
            (campaign, batch, index),
        ).fetchone()
        is not None
    )


def set_state(db: Db, campaign: str, batch: int, index: int, state: str, now: str) -> None:
    """Change a voucher's state, and with it the version of its batch's status list."""
    db.execute(
        "UPDATE voucher SET state = ? WHERE campaign = ? AND batch = ? AND idx = ?",
        (state, campaign, batch, index),
    )
    db.execute(
        "UPDATE batch SET version = version + 1, changed_at = ? WHERE campaign = ? AND id = ?",
        (now, campaign, batch),
    )


_SELECT: Final = (
    "SELECT batch, idx, state, member, token, issued_at, shop, used_at, value, last_day, audience,"
    " audience_id FROM voucher JOIN batch ON batch.campaign = voucher.campaign AND id = batch"
)


def _terms(ledger: Ledger, purpose: Purpose, value: int, pack: RulePack) -> Terms:
    first = datetime.fromisoformat(ledger.at).date()
    last = min(
        first + timedelta(days=pack.vouchers.valid_days),
        datetime.fromisoformat(pack.spend_until_at).date(),
    )
    return Terms(purpose, value, first, last, min_spend=pack.vouchers.min_spend)


def _terms_of(db: Db, campaign: str, batch: int) -> Terms:
    row = db.execute(
        "SELECT purpose, value, first_day, last_day, audience, audience_id, flags, min_spend"
        " FROM batch WHERE campaign = ? AND id = ?",
        (campaign, batch),
    ).fetchone()
    purpose, value, first, last, audience, audience_id, flags, min_spend = row
    days = date.fromisoformat(first), date.fromisoformat(last)
    return Terms(purpose, value, *days, Audience(audience), audience_id, flags, min_spend)


def _issue(
    ledger: Ledger,
    terms: Terms,
    member: str,
    debit: Place,
    funds: Mapping[int, int],
    source: Source,
    means: Means,
) -> Issued:
    made = _write(ledger, terms, member, "valid", means)
    ledger.move("issue", source, debit, place_of(made.batch, made.index), funds)
    return made


def _write(ledger: Ledger, terms: Terms, member: str, state: str, means: Means) -> Issued:
    batch, index = _next_place(ledger, terms)
    if index == 0 and terms.audience in (Audience.ANY, Audience.GROUP):
        news = News(ledger.campaign, "lists", {"lists": (batch,)})
        publish(ledger.db, news, means.key, ledger.at)
    said = Voucher(
        *(batch, index, terms.value, terms.first_day, terms.last_day),
        *(terms.audience, terms.audience_id),
        tokens.Flag(terms.flags),
        terms.min_spend,
    )
    token, code = tokens.write(said, means.key), new_code(means.random)
    ledger.db.execute(
        "INSERT INTO voucher (campaign, batch, idx, state, member, code, token, issued_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(ledger.campaign, batch, index, state, member),
            *(code_digest(ledger.campaign, code), token, ledger.at),
        ),
    )
    return Issued(batch, index, terms.value, token, code, terms.last_day)


def _next_place(ledger: Ledger, terms: Terms) -> tuple[int, int]:
    """The next index in a batch of these terms, or the first of a new batch."""
    days = terms.first_day.isoformat(), terms.last_day.isoformat()
    row = ledger.db.execute(
        "SELECT id, size FROM batch WHERE campaign = ? AND purpose = ? AND value = ?"
        " AND last_day = ? AND audience = ? AND audience_id = ? AND flags = ? AND min_spend = ?"
        " AND first_day = ? AND size < ? ORDER BY id DESC LIMIT 1",
        (
            *(ledger.campaign, terms.purpose, terms.value, days[1], int(terms.audience)),
            *(terms.audience_id, terms.flags, terms.min_spend, days[0], BATCH_SIZE_MAX),
        ),
    ).fetchone()
    if row is None:
        return _new_batch(ledger, terms, days), 0
    batch, size = row
    ledger.db.execute(
        "UPDATE batch SET size = size + 1, version = version + 1, changed_at = ?"
        " WHERE campaign = ? AND id = ?",
        (ledger.at, ledger.campaign, batch),
    )
    return int(batch), int(size)


def _new_batch(ledger: Ledger, terms: Terms, days: tuple[str, str]) -> int:
    number = next_number(ledger.db, "batch", ledger.campaign)
    ledger.db.execute(
        "INSERT INTO batch (campaign, id, purpose, value, first_day, last_day, audience,"
        " audience_id, flags, min_spend, size, version, changed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 1, ?)",
        (
            *(ledger.campaign, number, terms.purpose, terms.value, *days),
            *(int(terms.audience), terms.audience_id, terms.flags, terms.min_spend, ledger.at),
        ),
    )
    return number

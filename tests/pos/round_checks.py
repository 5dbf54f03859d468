"""What must hold in the round: what tills say against what the server booked, to the cent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pos.domain.tender import TenderKind
from pos.domain.ticket import from_data as read_ticket
from sync.server.money.campaigns import cut_off, standing
from sync.server.money.findings import Kind
from sync.server.money.ledger import Ledger
from tests.pos.round_till import RoundTill
from tests.sync.server.campaign_machine import check_funds, check_vouchers, check_wallets
from tests.sync.server.market import CAMPAIGN

# What may become of a reward without any till being wrong.
USUAL: Final = frozenset((Kind.DOUBLED, Kind.CLAWBACK_SHORT))
# What a till that was copied or put back brings along: it promised the same money twice.
OF_COPIES: Final = frozenset(
    (Kind.LEASE, Kind.NOT_COVERED, Kind.POLICY, Kind.UNKNOWN_VOUCHER, Kind.REISSUE)
)
# What a till does whose clock was set wrong.
OF_CLOCKS: Final = frozenset(
    (Kind.POLICY, Kind.LATE, Kind.LEASE, Kind.NOT_COVERED, Kind.UNKNOWN_VOUCHER)
)
# Why a shop may not be owed what its till took.
UNPAID: Final = frozenset((Kind.POLICY, Kind.LATE, Kind.CLOSED, Kind.UNKNOWN_VOUCHER))
# Why a ticket is worth less to the server than to its till.
LESSENED: Final = UNPAID | {Kind.NOT_COVERED}


@dataclass(frozen=True)
class Booked:
    """An entry that the server accepted. `source` is how the ledger names it."""

    till: str
    source: str
    data: Mapping[str, Any]
    at: str


@dataclass
class Judge:
    """Follows what was booked. `copied` and `wound` are tills that may be excused, by name."""

    copied: set[str] = field(default_factory=set)
    wound: set[str] = field(default_factory=set)
    booked: dict[str, Booked] = field(default_factory=dict)
    sources: dict[tuple[str, int], str] = field(default_factory=dict)
    seen: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def take(self, ledger: Ledger, new: Sequence[Booked]) -> None:
        """Entries that were accepted just now: each reward is booked as it was said."""
        lessened = {one["ticket"] for entry in new for one in _adjusts(entry)}
        for entry in new:
            self.booked[entry.source] = entry
            number = entry.data.get("ticket", {}).get("number", 0)
            if number:
                self.sources[entry.till, number] = entry.source
            excused = number in lessened or entry.till in self.copied | self.wound
            for part, reward in enumerate(entry.data.get("rewards", ())):
                _check_reward(ledger, entry, part, reward, excused=excused)

    def check(self, ledger: Ledger) -> None:
        """What must hold at any moment."""
        check_funds(ledger)
        check_vouchers(ledger)
        check_wallets(ledger)
        _check_risk(ledger)
        _check_shops(ledger)
        for number, kind, source, detail in _rows(
            ledger,
            "SELECT id, kind, source, detail FROM finding WHERE campaign = ? AND id > ?"
            " AND source_kind = 'entry' ORDER BY id",
            self.seen,
        ):
            self.kinds[kind] += 1
            entry = self.booked[source]
            assert self._is_excused(ledger, Kind(kind), entry), f"{kind}: {detail}: {entry}"
            self.seen = number

    def _is_excused(self, ledger: Ledger, kind: Kind, entry: Booked) -> bool:
        if kind in USUAL or (kind in OF_COPIES and entry.till in self.copied):
            return True
        if kind in OF_CLOCKS and entry.till in self.wound:
            return True
        rewards = entry.data.get("rewards", ())
        if kind is Kind.NOT_COVERED:  # promised subject to the budget, and the receipt said so
            return any(_is_uncovered(one) for one in rewards)
        if kind in (Kind.LATE, Kind.CLOSED):
            return _is_late(ledger, entry)
        if kind is Kind.REISSUE:  # what was not paid to the shop cannot come back from it
            return any(_was_unpaid(ledger, entry, one) for one in rewards)
        return kind is Kind.POLICY and any(one.get("mode") == "locked" for one in rewards)


def check_journal(till: RoundTill) -> None:
    """A till's journal is whole, and no ticket of it says two things."""
    tickets = [entry for entry in till.entries if entry.payload.chain == "ticket"]
    taken: set[tuple[str, int, int]] = set()
    paid: Counter[int] = Counter()
    for entry in tickets:
        ticket = read_ticket(entry.data)
        assert sum(one.amount for one in ticket.tenders) == ticket.total.ttc
        for tender in ticket.tenders:
            details = tender.details
            if tender.kind is not TenderKind.CAMPAIGN:
                continue
            if tender.amount < 0:
                paid[details["of_ticket"]] += tender.amount
                assert paid[details["of_ticket"]] >= 0, f"more came back than was paid: {details}"
                continue
            paid[entry.payload.number] += tender.amount
            place = (details["campaign"], details.get("batch", 0), details.get("index", 0))
            assert "batch" not in details or place not in taken, f"taken twice here: {place}"
            taken.add(place)


def check_books(ledger: Ledger, till: RoundTill, judge: Judge) -> None:
    """What an honest till believes of its tickets is what the server keeps of them."""
    last = till.store.ledger.last("ticket")
    for number in range(1, (last.payload.number if last else 0) + 1):
        book = till.store.ledger.rewards.ticket(CAMPAIGN, number)
        if book is None:
            continue
        sums = _rows(
            ledger,
            "SELECT kind, sum(amount) FROM earn WHERE campaign = ? AND till = ? AND ticket = ?"
            " GROUP BY kind",
            *(till.name, number),
        )
        kept = {str(kind): int(cents) for kind, cents in sums}
        found = _kinds_of(ledger, judge.sources[till.name, number])
        if not found & LESSENED:
            assert kept.get("earn", 0) == book.earned, f"ticket {number}: {kept}, {book}"
            assert kept.get("reissue", 0) == book.reissued, f"ticket {number}: {kept}, {book}"


def _check_reward(
    ledger: Ledger, entry: Booked, part: int, reward: Mapping[str, Any], *, excused: bool
) -> None:
    """A reward is booked with what the till said; `excused` from being worth what leases cover."""
    found = _kinds_of(ledger, entry.source)
    if reward["type"] == "adjust":
        return
    if reward["type"] == "redeem":
        kept = _kept(ledger, "amount, payable FROM redemption", entry, part)
        owed = reward["amount"] if reward["funding"] == "tender" else 0
        right = kept == (reward["amount"], owed)
        assert right or found & UNPAID, f"{kept} for {reward}: {entry}, {found}"
        return
    kept = _kept(ledger, "promised, amount FROM earn", entry, part)
    if kept is None:
        assert found & {Kind.LATE, Kind.CLOSED}, f"not booked: {reward}: {entry}"
        return
    said, worth = kept
    assert said == reward["amount"] >= worth, f"{kept} for {reward}: {entry}"
    sure = sum(one["amount"] for one in reward.get("leases", ()))
    assert worth >= sure or excused, f"{worth} of {sure} that leases cover: {reward}: {entry}"


def _kept(ledger: Ledger, what: str, entry: Booked, part: int) -> tuple[int, int] | None:
    """Two figures of a reward as the server keeps it."""
    enrolment, number = map(int, entry.source.split(":"))
    rows = _rows(
        ledger,
        f"SELECT {what} WHERE campaign = ? AND enrolment = ? AND number = ? AND part = ?",
        *(enrolment, number, part),
    )
    return rows[0] if rows else None


def _adjusts(entry: Booked) -> list[Mapping[str, Any]]:
    return [one for one in entry.data.get("rewards", ()) if one["type"] == "adjust"]


def _check_risk(ledger: Ledger) -> None:
    """What was lost on doubled vouchers was set aside before, lease by lease."""
    for lease, lost, cents in _rows(
        ledger,
        "SELECT debit_owner, sum(transfer.cents), max(lease.cents) FROM transfer JOIN lease"
        " ON lease.campaign = transfer.campaign AND CAST(lease.id AS TEXT) = debit_owner"
        " WHERE transfer.campaign = ? AND transfer.kind = 'doubled' GROUP BY debit_owner",
    ):
        assert lost <= cents, f"lease {lease}: {lost} of {cents} cents were lost"


def _check_shops(ledger: Ledger) -> None:
    """A shop is owed what its entries redeemed and was decided, less what came back."""
    sums: Counter[str] = Counter()
    for sql in (
        "SELECT shop, sum(payable) FROM redemption WHERE campaign = ? GROUP BY shop",
        (
            "SELECT credit_owner, sum(cents) FROM transfer WHERE campaign = ?"
            " AND kind = 'decided' GROUP BY credit_owner"
        ),
        (
            "SELECT debit_owner, -sum(cents) FROM transfer WHERE campaign = ?"
            " AND kind = 'reissue' AND debit = 'payable' GROUP BY debit_owner"
        ),
        (
            "SELECT owner, -sum(cents) FROM balance WHERE campaign = ?"
            " AND account IN ('payable', 'paid') GROUP BY owner"
        ),
    ):
        for shop, cents in _rows(ledger, sql):
            sums[shop] += cents
    assert not any(sums.values()), sums


def _is_uncovered(reward: Mapping[str, Any]) -> bool:
    drawn: int = sum(one["amount"] for one in reward.get("leases", ()))
    return bool(reward["type"] == "earn" and drawn < reward["amount"])


def _is_late(ledger: Ledger, entry: Booked) -> bool:
    now_is = standing(ledger.db, CAMPAIGN)
    if now_is.pack is None or now_is.state == "closed":
        return True
    spent_until = datetime.fromisoformat(now_is.pack.spend_until_at)
    over = datetime.fromisoformat(ledger.at) > cut_off(now_is.pack)
    return over or datetime.fromisoformat(entry.at) > spent_until


def _was_unpaid(ledger: Ledger, entry: Booked, reward: Mapping[str, Any]) -> bool:
    if reward["type"] != "reissue":
        return False
    ((said, paid),) = _rows(
        ledger,
        "SELECT coalesce(sum(amount), 0), coalesce(sum(payable), 0) FROM redemption"
        " WHERE campaign = ? AND till = ? AND ticket = ?",
        *(entry.till, reward["ticket"]),
    )
    return bool(paid < said) or not said


def _kinds_of(ledger: Ledger, source: str) -> set[str]:
    rows = _rows(ledger, "SELECT kind FROM finding WHERE campaign = ? AND source = ?", source)
    return {str(kind) for (kind,) in rows}


def _rows(ledger: Ledger, sql: str, *more: object) -> list[tuple[Any, ...]]:
    return ledger.db.execute(sql, (CAMPAIGN, *more)).fetchall()

"""The end of a card terminal's day: its totals against our attempts, each difference named."""

from __future__ import annotations

from typing import Final

from pos.app.desk import Desk, Pending
from pos.app.pay_by_card import pick
from pos.app.ports import Ledger, Transaction
from pos.domain import payment
from pos.domain.errors import TerminalCannot
from pos.domain.payment import FIRST, Attempt, State
from pos.domain.reconcile import Comparison, TerminalTotals, Tried, compare, to_data

ENTRIES_MAX: Final = 20_000  # a busy terminal's week: four entries an attempt


def end_of_day(desk: Desk, terminal: str) -> None:
    """Let a terminal add up and end its day; its totals come as news.

    Raises UnknownTerminal, CardMissing, or TerminalCannot for one whose totals are typed in.
    """
    desk.require_real_till("z")
    chosen = pick(desk, terminal)
    if not chosen.abilities.end_of_day:
        raise TerminalCannot(terminal=chosen.name)
    chosen.end_of_day()


def reconcile(desk: Desk, terminal: str, totals: TerminalTotals) -> Pending[Comparison]:
    """Compare a terminal's totals with our attempts since the last time, and journal it.

    Raises UnknownTerminal.
    """
    desk.require_real_till("z")
    ledger, name = desk.ports.ledger, pick(desk, terminal).name

    def work(tx: Transaction) -> Comparison:
        return keep(tx, compare_now(ledger, name, totals))

    return desk.record(work)


def compare_now(ledger: Ledger, terminal: str, totals: TerminalTotals) -> Comparison:
    """A terminal's totals beside our attempts since the last time."""
    tried, whole = since_last(ledger, terminal)
    return compare(terminal, totals, tried, whole=whole)


def keep(tx: Transaction, comparison: Comparison) -> Comparison:
    """Journal a comparison: the next one begins after it."""
    tx.append("payment", {"totals": to_data(comparison)})
    return comparison


def since_last(ledger: Ledger, terminal: str) -> tuple[tuple[Tried, ...], bool]:
    """The attempts on a terminal since its totals were compared last, oldest first.

    An attempt that was open then counts when it ended; one that was approved then and reversed
    since counts no more. The second value is False where more than ENTRIES_MAX entries were made
    since: the oldest are left out, so that the next comparison has a beginning again.
    """
    last = ledger.last("payment")
    newest = last.payload.number if last else 0
    latest: dict[str, Attempt] = {}
    began: dict[str, str] = {}
    approved: set[str] = set()
    whole = True
    for number in range(newest, 0, -1):
        if newest - number >= ENTRIES_MAX:
            whole = False
            break
        entry = ledger.entry("payment", number)
        if entry is None:
            continue
        if "reference" not in entry.data:
            if entry.data["totals"]["terminal"] == terminal:
                break
            continue
        attempt = payment.from_data(entry.data)
        if attempt.terminal == terminal:
            latest.setdefault(attempt.reference, attempt)
            if attempt.state is State.APPROVED:
                approved.add(attempt.reference)
            if attempt.state in FIRST or attempt.reference not in began:
                began[attempt.reference] = entry.payload.at
    tried = tuple(
        Tried(attempt, began[reference])
        for reference, attempt in reversed(latest.items())
        if attempt.state is not State.REVERSED or reference in approved
    )
    return tried, whole

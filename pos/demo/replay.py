"""Ring up a file of baskets day by day, and add up what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from pos.app.ports import JobState
from pos.bootstrap import Till, now
from pos.demo.cashier import Cashier
from pos.demo.shop import PEOPLE
from pos.domain.ticket import from_data as read_ticket
from pos.domain.vat import ZERO, Amounts

PRINT_WAIT_S: Final = 120.0
LOOK_EVERY_S: Final = 0.1


class DayClock:
    """Now, but on another day: a month of baskets is rung up in minutes, each on its own day."""

    def __init__(self, days_ago: int, clock: Callable[[], datetime] = now) -> None:
        self.days_ago = days_ago
        self._clock = clock

    def __call__(self) -> datetime:
        """The time of day now, on the day that is being replayed."""
        return self._clock() - timedelta(days=self.days_ago)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the baskets are spread: so many a day, the last day being today."""

    baskets: tuple[tuple[str, ...], ...]
    per_day: int
    first: int = 0

    @property
    def days(self) -> int:
        """How many days that makes."""
        return max(1, -(-len(self.baskets) // self.per_day))

    def walk(self) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Number of the basket, day and codes, from the first one that is wanted."""
        for number, codes in enumerate(self.baskets):
            if number >= self.first:
                yield number, number // self.per_day, codes


def replay(
    cashier: Cashier,
    clock: DayClock,
    plan: Plan,
    progress: Callable[[int, int], None],
    begun: Callable[[int], None] = lambda _: None,
) -> None:
    """Serve all baskets, with a float each morning and a Z each evening."""
    person = PEOPLE[0]
    day = -1
    for number, on_day, codes in plan.walk():
        if on_day != day:
            if day >= 0:
                cashier.close_day()
            day = on_day
            clock.days_ago = plan.days - 1 - day
            if cashier.desk.operator is None:
                cashier.arrive(person.code, person.pin)
            cashier.open_day()
        begun(number)
        cashier.serve(codes)
        progress(number + 1, len(plan.baskets))
    if cashier.desk.session:
        cashier.close_day()


def wait_for_paper(till: Till, wait_s: float = PRINT_WAIT_S) -> None:
    """Let the printer finish what was asked of it."""
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        jobs = till.desk.ports.ledger.jobs()
        if not any(job.state in {JobState.QUEUED, JobState.SENT} for job in jobs):
            return
        time.sleep(LOOK_EVERY_S)


@dataclass(frozen=True)
class Sums:
    """What the journal says: the same totals, by four roads."""

    sales: int = 0
    refunds: int = 0
    lines: int = 0
    tickets: Amounts = ZERO
    by_line: Amounts = ZERO
    z_total: int = 0
    z_reports: int = 0
    entries: int = 0
    papers: int = 0
    attempts: int = 0
    campaign_entries: int = 0


def add_up(till: Till, since: int) -> tuple[Sums, dict[int, Amounts], dict[str, int]]:
    """Sum the journal: tickets, lines, rates and tenders, in cents; papers only after `since`."""
    sums, rates, tenders = Sums(), dict[int, Amounts](), dict[str, int]()
    for entry in till.desk.ports.ledger.since(0):
        chain, data = entry.payload.chain, entry.data
        sums = replace(sums, entries=sums.entries + 1)
        if chain == "ticket":
            ticket = read_ticket(data)
            back = ticket.total.ttc < 0
            sums = replace(
                sums,
                sales=sums.sales + (not back),
                refunds=sums.refunds + back,
                lines=sums.lines + len(ticket.lines),
                tickets=sums.tickets + ticket.total,
                by_line=sum((line.amounts for line in ticket.lines), sums.by_line),
            )
            for total in ticket.rates:
                rates[total.rate] = rates.get(total.rate, ZERO) + total.amounts
            for tender in ticket.tenders:
                tenders[tender.name] = tenders.get(tender.name, 0) + tender.amount
        elif chain == "closing":
            sums = replace(
                sums,
                z_total=sums.z_total + data["total"]["ttc"],
                z_reports=sums.z_reports + 1,
                papers=sums.papers + (entry.payload.seq > since),
            )
        elif chain == "copy" and entry.payload.seq > since:
            sums = replace(sums, papers=sums.papers + 1)
        elif chain == "payment" and data["state"] == "prepared":
            sums = replace(sums, attempts=sums.attempts + 1)
        elif chain.startswith("campaign:"):
            sums = replace(sums, campaign_entries=sums.campaign_entries + 1)
    return sums, rates, tenders


def summary(till: Till, seconds: float, since: int = 0) -> dict[str, Any]:
    """The summary of a folder's sales, amounts in cents; papers are those after `since`."""
    sums, rates, tenders = add_up(till, since)
    jobs = till.desk.ports.ledger.jobs()
    return {
        "sales": sums.sales,
        "refunds": sums.refunds,
        "lines": sums.lines,
        "total": sums.tickets.ttc,
        "total_ht": sums.tickets.ht,
        "total_by_line": sums.by_line.ttc,
        "z_total": sums.z_total,
        "z_reports": sums.z_reports,
        "vat": [
            {"rate": rate, "ttc": rates[rate].ttc, "ht": rates[rate].ht, "vat": rates[rate].vat}
            for rate in sorted(rates, reverse=True)
        ],
        "tenders": {name: tenders[name] for name in sorted(tenders)},
        "card_attempts": sums.attempts,
        "receipts_asked": sums.papers,
        "prints_waiting": len(jobs),
        "entries": sums.entries,
        "campaign_entries": sums.campaign_entries,
        "seconds": round(seconds, 1),
    }

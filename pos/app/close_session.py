"""The X, which only reads, and the Z, which ends the till session."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any

from pos.app.desk import Desk, Pending
from pos.app.holding import holding
from pos.app.ports import DeviceState, PrintJob, Transaction
from pos.app.print_receipt import stamp_of
from pos.app.session import as_it_stands, find_session
from pos.domain import closing as closings
from pos.domain.closing import Closing
from pos.domain.closing_paper import closing_document
from pos.domain.document import Document, to_data
from pos.domain.errors import CardsUnresolved, NoSession, SaleIsOpen
from pos.domain.events import EventCode, event
from pos.domain.money import Cents
from pos.domain.receipt import Stamp
from sync.contract.entry import CAMPAIGN_PREFIX, Entry


@dataclass(frozen=True, slots=True)
class Closed:
    """A Z that is on disk."""

    closing: Closing
    entry: Entry
    document: Document


def read_x(desk: Desk) -> tuple[Closing, Document]:
    """What the session adds up to so far; changes nothing."""
    desk.require_operator()
    totals = as_it_stands(desk)
    return totals, closing_document(totals, desk.settings.shop, None, desk.settings.words)


def close(
    desk: Desk, counted: Cents | None = None, *, seen: Collection[str] = ()
) -> Pending[Closed]:
    """Read and close: compute the Z from the journal, sign it, print it; NoSession or SaleIsOpen.

    Parked sales and unresolved card attempts stay for the next session: the Z names the attempts.
    They are shown to whoever closes: CardsUnresolved, until `seen` has the references of all of
    them. Nothing else can keep a day from being closed.
    """
    desk.require_operator()
    desk.session = find_session(desk.ports.ledger)
    if desk.session is None:
        raise NoSession
    if desk.sale and desk.sale.lines:
        raise SaleIsOpen
    _require_seen(desk, seen)
    desk.require_real_till("z")
    on_paper = desk.ports.printer.health().state is not DeviceState.MISSING
    job_id = desk.ports.new_id()

    def work(tx: Transaction) -> Closed:
        if find_session(desk.ports.ledger) is None:  # a Z that was slow to reach the disk
            raise NoSession
        tx.append("event", event(EventCode.CLOSING_STARTED))
        totals = as_it_stands(desk)
        totals = replace(totals, drawer=replace(totals.drawer, counted=counted))
        data = {**closings.to_data(totals), "shop": asdict(desk.settings.shop)}
        entry = tx.append("closing", data)
        tx.append("event", event(EventCode.PERIOD_CLOSED, session=totals.session))
        _tell_campaigns(desk, tx, totals, entry)
        document = closing_document(totals, desk.settings.shop, _stamp(entry), desk.settings.words)
        if on_paper:
            title = f"Z {entry.payload.number}"
            tx.enqueue(PrintJob(job_id, title, to_data(document)))
        return Closed(totals, entry, document)

    def then(_: Closed) -> None:
        desk.session = None
        desk.last = None
        desk.ports.printer.wake()

    return desk.record(work, then)


def _tell_campaigns(desk: Desk, tx: Transaction, totals: Closing, entry: Entry) -> None:
    campaigns = desk.ports.campaigns.active()
    for campaign in campaigns:
        said = _campaign_data(totals, entry) | holding(desk, campaign)
        tx.append(CAMPAIGN_PREFIX + campaign, said)
    if campaigns:
        # Only a till that takes part in a campaign pays for what reads its grants.
        from pos.app.close_leases import close_leases

        close_leases(desk, tx)


def _require_seen(desk: Desk, seen: Collection[str]) -> None:
    unseen = [x.reference for x in desk.ports.ledger.open_attempts() if x.reference not in seen]
    if unseen:
        raise CardsUnresolved(count=len(unseen), references=", ".join(unseen))


def _stamp(entry: Entry) -> Stamp:
    """A Z prints the first half of its hash: paper is out of a forger's reach."""
    return replace(stamp_of(entry), extract=entry.digest[:16])


def _campaign_data(totals: Closing, entry: Entry) -> dict[str, Any]:
    return {
        "type": "closing",
        "day": totals.day,
        "number": entry.payload.number,
        "total": totals.total.ttc,
        "tickets": totals.tickets,
    }

"""Put a ticket on paper, when the customer asks for it: the first is the original, then copies."""

from __future__ import annotations

from dataclasses import dataclass

from pos.app.desk import Desk, Pending
from pos.app.ports import DeviceState, PrintJob, Transaction
from pos.app.ticket_number import ticket_entry
from pos.domain.document import Document, to_data
from pos.domain.receipt import Stamp, ticket_document
from pos.domain.ticket import from_data as read_ticket
from pos.domain.ticket import printed_number, signature_extract
from sync.contract.entry import Entry
from sync.contract.jws import b64


@dataclass(frozen=True, slots=True)
class Printed:
    """A receipt on its way: on paper, or only on the screen when no printer is set up."""

    document: Document
    copy: int
    on_paper: bool


def print_receipt(desk: Desk, number: int | None = None) -> Pending[Printed]:
    """Print a ticket (nothing named: the last one); each print is journaled. UnknownTicket.

    After a training sale the last ticket is a training one: it prints with its mark and is no copy.
    """
    desk.require_operator()
    entry = ticket_entry(desk, number)
    on_paper = desk.ports.printer.health().state is not DeviceState.MISSING
    job_id = desk.ports.new_id()
    training = entry.payload.chain == "training"

    def work(tx: Transaction) -> Printed:
        copy = 0 if training else tx.copies(entry.payload.number)
        document = receipt_of(desk, entry, copy)
        if not training:
            tx.append("copy", _copy_data(entry, copy, "paper" if on_paper else "screen"))
        if on_paper:
            tx.enqueue(PrintJob(job_id, title(entry), to_data(document)))
        return Printed(document, copy, on_paper)

    return desk.record(work, lambda _: desk.ports.printer.wake())


def receipt_of(desk: Desk, entry: Entry, copy: int) -> Document:
    """The receipt of a ticket entry."""
    return ticket_document(
        read_ticket(entry.data), stamp_of(entry, copy), desk.settings.words, desk.settings.footer
    )


def stamp_of(entry: Entry, copy: int = 0) -> Stamp:
    """What an entry adds to its paper."""
    payload = entry.payload
    extract = signature_extract(b64(entry.signed.signature).decode("ascii"))
    return Stamp(
        payload.number, payload.epoch, payload.seq, payload.at, payload.operator, extract, copy
    )


def title(entry: Entry) -> str:
    """How the spool calls a ticket's paper."""
    number = printed_number(entry.data["shop"]["till"], entry.payload.epoch, entry.payload.number)
    return f"{entry.payload.chain} {number}"


def _copy_data(entry: Entry, copy: int, medium: str) -> dict[str, object]:
    return {
        "of": entry.payload.number,
        "chain": entry.payload.chain,
        "digest": entry.digest,
        "copy": copy,
        "medium": medium,
    }

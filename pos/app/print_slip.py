"""The terminal's own slip for the customer, when he asks for it: kept as text with its payment."""

from __future__ import annotations

from pos.app.card_attempts import newest_states
from pos.app.desk import Desk, Pending
from pos.app.ports import DeviceState, PrintJob, Transaction
from pos.app.print_receipt import Printed
from pos.domain.document import Block, Cut, Document, Text, to_data
from pos.domain.errors import UnknownTicket


def customer_slips(desk: Desk) -> tuple[str, ...]:
    """The customer's slips of the sale just done, one for each card that paid a part of it."""
    if desk.last is None:
        return ()
    tenders = desk.last.ticket.tenders
    paid_by = [str(t.details["attempt"]) for t in tenders if "attempt" in t.details]
    slips: dict[str, str] = {}
    for _, attempt in newest_states(desk.ports.ledger):
        if attempt.reference in paid_by and attempt.reference not in slips:
            texts = [x["text"] for x in attempt.details.get("slips", ()) if x["for"] == "customer"]
            slips[attempt.reference] = "\n".join(texts)
    return tuple(slips[reference] for reference in paid_by if slips.get(reference))


def print_slip(desk: Desk) -> Pending[Printed]:
    """Print the customer's card slips of the sale just done; UnknownTicket when there are none."""
    desk.require_operator()
    slips = customer_slips(desk)
    if not slips:
        raise UnknownTicket(ticket="-")
    document = slip_document(slips)
    on_paper = desk.ports.printer.health().state is not DeviceState.MISSING
    job_id = desk.ports.new_id()

    def work(tx: Transaction) -> Printed:
        if on_paper:
            title = desk.settings.words.say("receipt.slip")
            tx.enqueue(PrintJob(job_id, title, to_data(document)))
        return Printed(document, 0, on_paper)

    return desk.record(work, lambda _: desk.ports.printer.wake())


def slip_document(slips: tuple[str, ...]) -> Document:
    """The slips as the terminal laid them out, each cut off."""
    blocks: list[Block] = []
    for slip in slips:
        blocks += [*(Text(line) for line in slip.splitlines()), Cut()]
    return tuple(blocks)

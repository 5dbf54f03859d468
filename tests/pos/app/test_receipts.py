from __future__ import annotations

import pytest

from pos.app import print_jobs, print_receipt, take_payment
from pos.app.desk import Settled
from pos.app.ports import DeviceHealth, DeviceState, JobState
from pos.app.print_jobs import UnknownJob
from pos.domain.document import Columns, Document, Text, from_data
from pos.domain.errors import UnknownTicket
from pos.domain.events import EventCode
from tests.pos.fakes import BREAD, WINE, Counter


def sell(counter: Counter, code: str = BREAD) -> Settled:
    """A sale for cash."""
    counter.ring(code)
    settled = take_payment.take_tender(counter.desk, "cash").wait()
    assert settled is not None
    return settled


def words_of(document: Document) -> str:
    """All that stands on a paper."""
    return "\n".join(
        block.text if isinstance(block, Text) else f"{block.left} {block.right}"
        for block in document
        if isinstance(block, Text | Columns)
    )


def test_no_paper_comes_out_unless_somebody_asks(counter: Counter) -> None:
    sell(counter)
    assert counter.store.ledger.jobs() == ()


def test_the_first_print_is_the_original_and_the_next_are_numbered_copies(counter: Counter) -> None:
    settled = sell(counter)
    for copy in range(3):
        printed = print_receipt.print_receipt(counter.desk).wait()
        assert (printed.copy, printed.on_paper) == (copy, True)
        assert ("DUPLICATA" in words_of(printed.document)) == bool(copy)
        if copy:
            assert f"DUPLICATA n° {copy}" in words_of(printed.document)
    assert counter.chain("copy") == [
        {
            "of": 1,
            "chain": "ticket",
            "digest": settled.entry.digest,
            "copy": copy,
            "medium": "paper",
        }
        for copy in range(3)
    ]


def test_copies_are_counted_for_each_ticket_and_across_restarts(counter: Counter) -> None:
    sell(counter)
    sell(counter, WINE)
    assert print_receipt.print_receipt(counter.desk, 1).wait().copy == 0
    counter.restart()
    counter.sign_on()
    assert print_receipt.print_receipt(counter.desk, 1).wait().copy == 1
    assert print_receipt.print_receipt(counter.desk, 2).wait().copy == 0


def test_the_paper_waits_in_the_spool_and_the_printer_hears_of_it(counter: Counter) -> None:
    sell(counter)
    wakes = counter.printer.wakes
    printed = print_receipt.print_receipt(counter.desk).wait()
    (job,) = counter.store.ledger.jobs()
    assert (job.title, job.state) == ("ticket 01-1-0000001", JobState.QUEUED)
    assert from_data(job.page) == printed.document
    assert counter.printer.wakes == wakes + 1


def test_without_a_printer_the_receipt_is_shown_and_journaled(counter: Counter) -> None:
    counter.printer.state = DeviceHealth(DeviceState.MISSING)
    sell(counter)
    printed = print_receipt.print_receipt(counter.desk).wait()
    assert not printed.on_paper
    assert counter.store.ledger.jobs() == ()
    assert counter.chain("copy")[0]["medium"] == "screen"


def test_the_receipt_says_who_sold_what_for_how_much(counter: Counter) -> None:
    counter.ring(BREAD, WINE)
    settled = take_payment.take_tender(counter.desk, "cash", 2_000).wait()
    assert settled is not None
    paper = words_of(print_receipt.print_receipt(counter.desk).wait().document)
    for text in (
        "Épicerie du Peyrou",
        "01-1-0000001",
        "22/11/2026 18:04",
        "Caissier 1",
        "Pain de campagne 3,45",
        "Côtes du Rhône 8,99",
        "12,44 €",
        "Nombre de lignes : 2",
        "7,56",
        "-7,56",
        "Comptoir",
    ):
        assert text in paper, text
    extract = settled.entry.compact.rpartition(b".")[2].decode()
    assert "".join(extract[n - 1] for n in (3, 7, 13, 19)) in paper


def test_a_ticket_that_is_not_there_is_not_printed(counter: Counter) -> None:
    with pytest.raises(UnknownTicket):
        print_receipt.print_receipt(counter.desk)
    sell(counter)
    before = counter.on_disk
    with pytest.raises(UnknownTicket):
        print_receipt.print_receipt(counter.desk, 2)
    assert counter.on_disk == before


def test_after_a_restart_the_last_ticket_is_still_the_last(counter: Counter) -> None:
    sell(counter)
    sell(counter, WINE)
    counter.restart()
    counter.sign_on()
    assert "Côtes du Rhône" in words_of(print_receipt.print_receipt(counter.desk).wait().document)


@pytest.mark.parametrize("came_out", [True, False])
def test_a_job_in_doubt_leaves_the_spool_as_a_person_says(counter: Counter, came_out: bool) -> None:
    sell(counter)
    print_receipt.print_receipt(counter.desk).wait()
    (job,) = print_jobs.waiting(counter.desk)
    print_jobs.answer(counter.desk, job.id, came_out=came_out).wait()
    assert print_jobs.waiting(counter.desk) == ()
    failed = [] if came_out else [{"title": "ticket 01-1-0000001"}]
    assert counter.events(EventCode.PRINT_FAILED) == failed


@pytest.mark.parametrize("job", ["", "nothing", "id-"])
def test_a_job_is_answered_by_a_name_that_is_its_alone(counter: Counter, job: str) -> None:
    sell(counter)
    print_receipt.print_receipt(counter.desk).wait()
    print_receipt.print_receipt(counter.desk).wait()
    with pytest.raises(UnknownJob):
        print_jobs.answer(counter.desk, job, came_out=True)

"""Use cases as transactions: whole or not at all, on disk before anybody hears of it."""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future
from datetime import datetime
from threading import Event
from typing import Any

import pytest

from pos.app.ports import JobState, PrintJob, Transaction
from pos.domain.errors import DiskFull, LimitReached, NotRecorded, SaleIsEmpty
from pos.domain.payment import State
from pos.domain.sale import Sale, add_item
from pos.domain.ticket import to_data
from pos.store import counter
from pos.store.audit import audit
from pos.store.head import HeadFile
from pos.store.journal import stamp
from pos.store.opening import Store
from sync.contract.entry import GENESIS
from sync.contract.errors import Malformed, NotCanonical
from tests.pos.store.place import BREAD, WINE, Place, append, note, refund, sell, ticket

SALE = add_item(Sale("sale-1", "2026-11-22T18:04:05.123+00:00", "ma"), BREAD)


def attempt(reference: str, state: State, **details: object) -> dict[str, Any]:
    return {
        "reference": reference,
        "terminal": "concert",
        "direction": "payment",
        "amount": 1234,
        "sale": "sale-1",
        "state": str(state),
        "details": details,
    }


def run(store: Store, work: Any, *, durable: bool = True) -> Any:
    return store.ledger.run(work, "ma", durable=durable).result(10)


def test_entries_are_linked_numbered_and_signed(store: Store) -> None:
    first, second = sell(store), sell(store)
    other = append(store, "note", {})
    assert (first.payload.number, second.payload.number, other.payload.number) == (1, 2, 1)
    assert first.payload.chain_prev == other.payload.chain_prev == GENESIS
    assert second.payload.prev == second.payload.chain_prev == first.digest
    assert other.payload.prev == second.digest
    assert (first.payload.at, second.payload.operator) == ("2026-11-22T18:04:07.123+00:00", "ma")
    for entry in (first, second, other):
        entry.signed.check(store.identity.public)
        assert store.ledger.entry(entry.payload.chain, entry.payload.number) == entry
    assert store.ledger.last("ticket") == second
    assert store.ledger.last("closing") is None
    assert store.ledger.entry("ticket", 3) is None
    assert list(store.ledger.since(first.payload.seq)) == [second, other]


def test_reading_on_meets_no_page_border(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pos.store.journal.PAGE_ENTRIES", 3)
    for count in range(7):
        append(store, "event", note(count))
        assert [entry.payload.seq for entry in store.ledger.since(1)] == list(range(2, 3 + count))


def test_several_entries_of_one_transaction_share_their_moment(store: Store) -> None:
    def work(tx: Transaction) -> list[str]:
        return [tx.append(chain, {}).payload.at for chain in ("ticket", "campaign:alps", "ticket")]

    assert len(set(run(store, work))) == 1
    assert store.ledger.last("ticket").payload.number == 2  # type: ignore[union-attr]  # appended


def test_a_refused_use_case_leaves_nothing(store: Store) -> None:
    def work(tx: Transaction) -> None:
        tx.append("ticket", {})
        tx.append("payment", attempt("AAAAAAAAAA", State.PREPARED))
        tx.put_draft(SALE)
        tx.enqueue(PrintJob("job", "Z", []))
        raise SaleIsEmpty

    with pytest.raises(SaleIsEmpty):
        run(store, work)
    assert store.ledger.last("ticket") is None
    assert store.ledger.drafts() + store.ledger.open_attempts() + store.ledger.jobs() == ()
    assert sell(store).payload.number == 1


@pytest.mark.parametrize(
    ("chain", "data", "error"),
    [("ticket", {"price": 1.5}, NotCanonical), ("tickets", {}, Malformed)],
)
def test_what_no_entry_can_carry_is_refused(
    store: Store, chain: str, data: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        append(store, chain, data)
    assert sell(store).payload.number == 1


def test_an_entry_is_never_written_without_a_sync(store: Store) -> None:
    with pytest.raises(ValueError, match="durable"):
        run(store, lambda tx: tx.append("ticket", {}), durable=False)


def test_a_full_disk_is_told_and_the_till_goes_on(store: Store) -> None:
    def limit(pages: int) -> None:
        def work(tx: Any) -> None:
            tx.connection.execute(f"PRAGMA max_page_count = {pages}")

        run(store, work)

    def fill() -> None:
        for count in range(50):
            append(store, "event", {"code": 1, "details": {"text": "x" * 4000, "count": count}})

    limit(1)  # SQLite takes the present size as the least
    with pytest.raises(DiskFull):
        fill()
    held = store.ledger.last("event")
    assert held is not None
    limit(1_000_000)
    assert append(store, "event", note(1)).payload.prev == held.digest
    assert audit(store.reader).ok


def test_a_broken_rule_of_the_file_is_told_and_leaves_nothing(store: Store) -> None:
    def work(tx: Any) -> None:
        tx.append("ticket", {})
        tx.connection.execute("DELETE FROM journal")

    with pytest.raises(NotRecorded, match="never deleted"):
        run(store, work)
    assert store.ledger.last("ticket") is None


def test_drafts_are_kept_by_id_in_the_order_of_their_first_storing(store: Store) -> None:
    other = Sale("sale-2", SALE.opened_at, "ma", parked_as="Léa")
    longer = add_item(SALE, WINE)

    def work(tx: Transaction) -> Sale | None:
        for sale in (SALE, other, longer):
            tx.put_draft(sale)
        return tx.draft("sale-1")

    assert run(store, work, durable=False) == longer
    assert store.ledger.drafts() == (longer, other)
    run(store, lambda tx: tx.drop_draft("sale-1"))
    assert store.ledger.drafts() == (other,)
    assert run(store, lambda tx: tx.draft("sale-1")) is None


def test_drafts_are_limited(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counter, "DRAFTS_MAX", 1)
    run(store, lambda tx: tx.put_draft(SALE))
    run(store, lambda tx: tx.put_draft(SALE))
    with pytest.raises(LimitReached):
        run(store, lambda tx: tx.put_draft(Sale("sale-2", SALE.opened_at, "ma")))


def test_an_attempt_is_open_until_its_question_is_settled(store: Store) -> None:
    for reference in ("AAAAAAAAAA", "BBBBBBBBBB"):
        append(store, "payment", attempt(reference, State.PREPARED))
    append(store, "payment", attempt("AAAAAAAAAA", State.UNKNOWN, brand="CB"))
    found = store.ledger.open_attempts()
    assert [(x.reference, x.state) for x in found] == [
        ("AAAAAAAAAA", State.UNKNOWN),
        ("BBBBBBBBBB", State.PREPARED),
    ]
    assert found[0].details == {"brand": "CB"}
    append(store, "payment", attempt("AAAAAAAAAA", State.APPROVED))
    assert [x.reference for x in store.ledger.open_attempts()] == ["BBBBBBBBBB"]
    assert run(store, lambda tx: tx.open_attempts()) == store.ledger.open_attempts()


def test_print_jobs_leave_the_spool_when_they_are_done(store: Store) -> None:
    page = [{"text": "Épicerie du Port", "bold": True}]
    run(store, lambda tx: tx.enqueue(PrintJob("a", "ticket 1", page)))
    run(store, lambda tx: tx.enqueue(PrintJob("b", "Z 1", [])))
    run(store, lambda tx: tx.enqueue(PrintJob("a", "again", [])))
    run(store, lambda tx: tx.set_job("a", JobState.HELD, "paper"))
    assert store.ledger.jobs() == (
        PrintJob("a", "ticket 1", page, JobState.HELD, "paper"),
        PrintJob("b", "Z 1", []),
    )
    run(store, lambda tx: tx.set_job("a", JobState.PRINTED))
    run(store, lambda tx: tx.set_job("a", JobState.SENT))
    assert [job.id for job in store.ledger.jobs()] == ["b"]


def test_a_full_spool_gives_up_its_oldest_job_that_is_not_on_its_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter, "PRINT_JOBS_MAX", 3)
    for name in "abc":
        run(store, lambda tx, name=name: tx.enqueue(PrintJob(name, name, [])))
    run(store, lambda tx: tx.set_job("a", JobState.SENT))
    run(store, lambda tx: tx.enqueue(PrintJob("d", "d", [])))
    assert [job.id for job in store.ledger.jobs()] == ["a", "c", "d"]


def test_refunds_count_up_to_the_present_moment(store: Store) -> None:
    sold = ticket((BREAD, 5), (WINE, 1))
    append(store, "ticket", to_data(sold))
    append(store, "ticket", to_data(refund(1, sold, 1, 2)))

    def work(tx: Transaction) -> tuple[Any, Any]:
        before = tx.refunded(1)
        tx.append("ticket", to_data(refund(1, sold, 1, 3, already=2)))
        return before, tx.refunded(1)

    before, after = run(store, work)
    assert {line: done.quantity for line, done in before.items()} == {1: 2000}
    assert after[1].quantity == 5000
    assert after[1].amounts == sold.lines[0].amounts
    assert run(store, lambda tx: tx.refunded(1)) == after
    assert run(store, lambda tx: tx.refunded(2)) == {}


def test_training_refunds_do_not_count(store: Store) -> None:
    sold = ticket((BREAD, 5))
    append(store, "ticket", to_data(sold))
    append(store, "training", to_data(refund(1, sold, 1, 2)))
    assert run(store, lambda tx: tx.refunded(1)) == {}


def test_copies_count_up_to_the_present_moment(store: Store) -> None:
    def printed(tx: Transaction, chain: str, of: int) -> int:
        before = tx.copies(of)
        tx.append("copy", {"of": of, "chain": chain, "copy": before, "medium": "paper"})
        return tx.copies(of) - before

    assert run(store, lambda tx: printed(tx, "ticket", 1)) == 1
    assert run(store, lambda tx: printed(tx, "ticket", 1)) == 1
    assert run(store, lambda tx: printed(tx, "ticket", 2)) == 1
    assert run(store, lambda tx: printed(tx, "closing", 1)) == 0
    assert run(store, lambda tx: tx.copies(1)) == 2


def test_the_witness_follows_each_commit(place: Place) -> None:
    store = place.open()
    sell(store)
    entry = sell(store)
    witness = HeadFile(place.machine.head_file(store.identity.till)).read()
    assert witness is not None
    assert (witness.seq, witness.digest) == (entry.payload.seq, entry.digest)


def test_a_missing_witness_never_stops_a_sale(place: Place) -> None:
    store = place.open()
    sell(store)
    place.close()
    place.machine.head_file(store.identity.till).unlink()
    place.machine.head_file(store.identity.till).mkdir()
    sell(place.open())


def test_work_that_waits_is_done_when_the_store_closes(place: Place) -> None:
    store = place.open()
    started = Event()

    def slow(tx: Transaction) -> None:
        started.set()
        tx.append("event", note(0))

    waiting: list[Future[Any]] = [store.ledger.run(slow, "ma") for _ in range(20)]
    assert started.wait(10)
    place.close()
    assert all(future.done() and future.exception() is None for future in waiting)
    with pytest.raises(NotRecorded, match="closing"):
        store.ledger.run(lambda tx: tx.append("event", {}), "ma").result(10)


def test_a_work_that_was_cancelled_is_not_done(store: Store) -> None:
    release = Event()
    store.ledger.run(lambda _: release.wait(10), "ma")
    waiting = store.ledger.run(lambda tx: tx.append("ticket", {}), "ma")
    assert waiting.cancel()
    release.set()
    assert sell(store).payload.number == 1


def test_the_writer_refuses_more_than_it_may_hold(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = Event()
    held: list[Future[Any]] = [store.ledger.run(lambda _: release.wait(10), "ma")]
    monkeypatch.setattr(store.writer, "_jobs_max", 2)
    held += [store.ledger.run(lambda tx: tx.append("event", {}), "ma") for _ in range(9)]
    refused = [future for future in held if future.done() and future.exception()]
    release.set()
    assert len(refused) >= 6
    with pytest.raises(NotRecorded, match="wait for the disk"):
        refused[0].result(10)


def test_a_clock_without_an_offset_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="offset"):
        stamp(datetime(2026, 11, 22))  # noqa: DTZ001 - the mistake under test


def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(NotRecorded, match="readonly"):
        store.reader.rows("INSERT INTO draft (sale, body) VALUES ('x', '{}')")


INSERT = "INSERT INTO journal SELECT {} FROM journal WHERE seq = 1"
REFUSED = {
    "UPDATE journal SET at = at WHERE seq = 1": "never changed",
    "DELETE FROM journal WHERE seq = 1": "never deleted",
    "INSERT OR REPLACE INTO journal SELECT * FROM journal WHERE seq = 1": "to the end of",
    INSERT.format("3, epoch, chain, 2, at, kid, payload, signature"): "end of the journal",
    INSERT.format("2, epoch, chain, 3, at, kid, payload, signature"): "end of its chain",
    INSERT.format("2, epoch, chain, 2, at, 'ffffffffffffffff', payload, signature"): "latest key",
    "UPDATE signing_key SET epoch = 2": "kept as it was",
    "DELETE FROM signing_key": "kept as it was",
    "INSERT INTO signing_key VALUES (0, 'ffffffffffffffff', x'00')": "later epoch",
    "UPDATE identity SET till = till": "keeps its identity",
    "DELETE FROM identity": "keeps its identity",
}


@pytest.mark.parametrize(("statement", "why"), REFUSED.items())
def test_the_file_itself_refuses_to_lose_its_past(place: Place, statement: str, why: str) -> None:
    place.open()
    place.close()
    connection = sqlite3.connect(place.folder.till_db)
    try:
        with pytest.raises(sqlite3.IntegrityError, match=why):
            connection.execute(statement)
    finally:
        connection.close()

from __future__ import annotations

import pytest

from sync.errors import SyncError, TimedOut, Unreachable
from sync.pace import HALTED, IDLE, NOW
from sync.ports import Request
from sync.state import State
from tests.sync.rig import (
    CAMPAIGN,
    CHAIN,
    Bench,
    Journal,
    answer_lost,
    answers,
    drain,
    no_fault,
    request_lost,
)

PORTAL = answers(200, b"<html>Bienvenue</html>", content_type="text/html")


def uploads(bench: Bench) -> list[Request]:
    return [one for one in bench.line.asked if one.target.endswith("/entries")]


def test_a_chain_arrives_in_order_and_is_acknowledged(enrolled: Bench) -> None:
    enrolled.journal.sell(450)
    drain(enrolled.uplink())
    assert enrolled.server.compacts() == [one.compact for one in enrolled.journal.till.entries]
    assert len(uploads(enrolled)) == 3
    assert enrolled.stored().acknowledged == 450
    assert enrolled.stored().digest == enrolled.journal.till.entries[-1].digest


def test_an_idle_link_asks_nothing(enrolled: Bench) -> None:
    uplink = enrolled.uplink()
    drain(uplink)
    asked = len(enrolled.line.asked)
    assert [uplink.step() for _ in range(3)] == [IDLE] * 3
    assert len(enrolled.line.asked) == asked


def test_new_entries_follow(enrolled: Bench) -> None:
    uplink = enrolled.uplink()
    drain(uplink)
    enrolled.journal.sell(3)
    drain(uplink)
    assert enrolled.server.numbers() == [1, 2, 3]


@pytest.mark.parametrize("error", [Unreachable("cut"), TimedOut("slow")])
def test_a_lost_request_is_sent_again(enrolled: Bench, error: SyncError) -> None:
    enrolled.journal.sell(5)
    enrolled.line.faults = [no_fault, request_lost(error)]
    drain(enrolled.uplink())
    assert enrolled.server.numbers() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("error", [Unreachable("cut"), TimedOut("slow")])
def test_a_lost_answer_doubles_nothing(enrolled: Bench, error: SyncError) -> None:
    enrolled.journal.sell(5)
    enrolled.line.faults = [no_fault, answer_lost(error)]
    drain(enrolled.uplink())
    assert enrolled.server.numbers() == [1, 2, 3, 4, 5]
    assert enrolled.server.turnover_cents() == 5 * 1234
    assert len(uploads(enrolled)) == 1, "asking what the server holds is cheaper than sending"


def test_a_request_that_arrives_twice_doubles_nothing(enrolled: Bench) -> None:
    enrolled.journal.sell(5)
    drain(enrolled.uplink())
    for late in uploads(enrolled):
        enrolled.server.ask(late)
    assert enrolled.server.numbers() == [1, 2, 3, 4, 5]
    assert enrolled.server.turnover_cents() == 5 * 1234


def test_a_killed_server_goes_on_where_it_was(enrolled: Bench) -> None:
    enrolled.journal.sell(500)
    uplink = enrolled.uplink()
    for _ in range(2):
        uplink.step()
    enrolled.server.restart()
    drain(uplink)
    assert enrolled.server.numbers() == list(range(1, 501))


def test_a_killed_sync_process_goes_on_where_it_was(enrolled: Bench) -> None:
    enrolled.journal.sell(500)
    uplink = enrolled.uplink()
    for _ in range(2):
        uplink.step()
    drain(enrolled.restart())
    assert enrolled.server.numbers() == list(range(1, 501))
    assert len(uploads(enrolled)) == 3


def test_a_month_offline_comes_back_in_bounded_batches(enrolled: Bench) -> None:
    enrolled.line.faults = [request_lost(Unreachable("no network"))] * 40
    uplink = enrolled.uplink()
    waits = [uplink.step().seconds for _ in range(40)]
    assert waits[:4] == [1.0, 2.0, 4.0, 8.0]
    assert max(waits) == 300.0
    enrolled.journal.sell(2500)
    drain(uplink)
    assert enrolled.server.numbers() == list(range(1, 2501))
    assert enrolled.told == [(CAMPAIGN, "unreachable"), (CAMPAIGN, "")], "once gone, once back"
    assert enrolled.met == [CAMPAIGN]


def test_trouble_is_kept_with_the_time_of_the_next_attempt(enrolled: Bench) -> None:
    enrolled.line.faults = [request_lost(Unreachable("no network"))]
    uplink = enrolled.uplink()
    uplink.step()
    found = enrolled.stored()
    assert (found.trouble, found.detail) == ("unreachable", "no network")
    assert found.retry_at == "2026-11-22T17:00:01.000+00:00"
    drain(uplink)
    assert enrolled.stored().trouble == ""


def test_retry_after_is_obeyed(enrolled: Bench) -> None:
    enrolled.line.faults = [answers(503, retry_after="90")]
    assert enrolled.uplink().step().seconds >= 90.0


def test_a_broken_retry_after_cannot_silence_a_till_for_days(enrolled: Bench) -> None:
    enrolled.line.faults = [answers(429, retry_after="999999")]
    assert enrolled.uplink().step().seconds <= 3700.0


def test_a_portal_on_the_way_is_waited_out(enrolled: Bench) -> None:
    enrolled.journal.sell(2)
    enrolled.line.faults = [PORTAL, no_fault, PORTAL]
    drain(enrolled.uplink())
    assert enrolled.server.numbers() == [1, 2]
    assert ("noel", "incompatible") in enrolled.told


def test_what_is_too_large_is_cut_smaller_and_grows_again(enrolled: Bench) -> None:
    enrolled.journal.sell(400)
    enrolled.line.faults = [no_fault, answers(413), answers(413)]
    drain(enrolled.uplink())
    sizes = [request.body.count(b'","') + 1 for request in uploads(enrolled)]
    # The body's two members are separated in the same way as two entries.
    assert [size - 1 for size in sizes] == [200, 100, 50, 100, 200, 50]
    assert enrolled.server.numbers() == list(range(1, 401))


def test_a_timeout_cuts_the_batch_too(enrolled: Bench) -> None:
    enrolled.journal.sell(200)
    enrolled.line.faults = [no_fault, request_lost(TimedOut("slow"))]
    drain(enrolled.uplink())
    assert len(uploads(enrolled)) == 3


def test_a_body_never_exceeds_its_limit(enrolled: Bench) -> None:
    till = enrolled.journal.till
    for _ in range(10):
        till.add({"type": "sale", "padding": "x" * 100_000})
    drain(enrolled.uplink())
    assert max(len(request.body) for request in uploads(enrolled)) <= 1024 * 1024
    assert enrolled.server.numbers() == list(range(1, 11))


def test_a_rejected_entry_holds_up_nothing_and_is_remembered(enrolled: Bench) -> None:
    enrolled.journal.sell()
    enrolled.journal.till.add({"type": "what?"})
    enrolled.journal.sell()
    drain(enrolled.uplink())
    assert enrolled.stored().acknowledged == 3
    assert enrolled.stored().rejected == 1


def test_a_server_put_back_to_a_backup_is_sent_what_it_lost(enrolled: Bench) -> None:
    enrolled.journal.sell(300)
    drain(enrolled.uplink())
    db = enrolled.server
    db.services.store.write_now(
        lambda conn: [
            conn.execute("DROP TRIGGER entry_is_never_deleted"),
            conn.execute("DELETE FROM ticket"),
            conn.execute("DELETE FROM turnover"),
            conn.execute("DELETE FROM entry"),
            conn.execute("UPDATE enrolment SET head_number = 0, head_digest = zeroblob(32)"),
        ]
    )
    drain(enrolled.restart())
    assert enrolled.server.numbers() == list(range(1, 301))


def test_a_gap_is_filled(enrolled: Bench) -> None:
    """The sync process missed that the server lost its last entries while it was connected."""
    enrolled.journal.sell(10)
    uplink = enrolled.uplink()
    drain(uplink)
    digest = bytes.fromhex(enrolled.journal.till.entries[3].digest)
    enrolled.server.services.store.write_now(
        lambda conn: [
            conn.execute("DROP TRIGGER entry_is_never_deleted"),
            conn.execute("DELETE FROM ticket WHERE number > 4"),
            conn.execute("DELETE FROM entry WHERE number > 4"),
            conn.execute("UPDATE enrolment SET head_number = 4, head_digest = ?", (digest,)),
        ]
    )
    enrolled.journal.sell(2)
    drain(uplink)
    assert enrolled.server.numbers() == list(range(1, 13))


def test_a_till_put_back_to_a_copy_stops_and_says_so(enrolled: Bench) -> None:
    enrolled.journal.sell(10)
    drain(enrolled.uplink())
    enrolled.journal.put_back_to(6)
    uplink = enrolled.restart()
    assert uplink.step() == HALTED
    assert enrolled.stored().halted
    assert enrolled.stored().trouble == "rolled-back"
    asked = len(enrolled.line.asked)
    assert enrolled.restart().step() == HALTED
    assert len(enrolled.line.asked) == asked, "only a later epoch asks again"


def test_a_clone_is_shown_to_the_server_and_stops(enrolled: Bench) -> None:
    enrolled.journal.sell(10)
    clone = Journal(enrolled.journal.till.clone())
    enrolled.journal.sell(5)
    drain(enrolled.uplink())
    enrolled.journal = clone
    clone.sell(7)
    uplink = enrolled.restart()
    assert [uplink.step(), uplink.step()] == [NOW, HALTED]
    assert enrolled.stored().trouble == "fork"
    assert len(enrolled.server.quarantines()) == 1


def test_a_later_epoch_leads_out_of_quarantine(enrolled: Bench) -> None:
    enrolled.journal.sell(10)
    clone = Journal(enrolled.journal.till.clone())
    enrolled.journal.sell(5)
    drain(enrolled.uplink())
    enrolled.journal = clone
    clone.sell(7)
    stopped = enrolled.restart()
    assert [stopped.step() for _ in range(2)][-1] == HALTED
    clone.till.go_on(secret=0xBEEF)
    clone.sell(300)
    enrolled.enrol()
    assert not enrolled.stored().halted
    drain(enrolled.restart())
    assert enrolled.stored().acknowledged == 317
    mine = {one.compact for one in clone.till.entries}
    assert mine <= set(enrolled.server.compacts())


def test_a_restored_till_goes_on_without_its_campaign_file(enrolled: Bench) -> None:
    """New epoch, old journal, empty campaign.db: walks back to where the server knows it."""
    enrolled.journal.sell(900)
    drain(enrolled.uplink())
    enrolled.journal.till.go_on(secret=0xBEEF)
    enrolled.state.close()
    (enrolled.folder / "campaign.db").unlink()
    enrolled.journal.sell(50)
    enrolled.state = State(enrolled.folder / "campaign.db")
    enrolled.enrol()
    drain(enrolled.uplink())
    assert sorted(set(enrolled.server.numbers())) == list(range(1, 951))
    assert enrolled.server.turnover_cents() == 950 * 1234


def test_the_old_epoch_learns_that_it_is_over(enrolled: Bench) -> None:
    enrolled.journal.sell(3)
    old = enrolled.uplink()
    drain(old)
    enrolled.journal.till.go_on(secret=0xBEEF)
    enrolled.enrol()
    enrolled.journal.sell()
    assert old.step() == HALTED
    assert not enrolled.stored().halted, "the new epoch is not touched by it"


def test_an_unreadable_journal_is_waited_for(enrolled: Bench) -> None:
    enrolled.journal.sell(3)
    enrolled.journal.broken = True
    uplink = enrolled.uplink()
    assert uplink.step().seconds > 0
    assert enrolled.stored().trouble == "journal-unreadable"
    enrolled.journal.broken = False
    drain(uplink)
    assert enrolled.server.numbers() == [1, 2, 3]


def test_a_hole_in_the_journal_is_never_sent_over(enrolled: Bench) -> None:
    enrolled.journal.sell(3)
    del enrolled.journal.till.entries[1]
    uplink = enrolled.uplink()
    uplink.step()
    assert not uplink.step().wakeable
    assert enrolled.stored().trouble == "journal-unreadable"
    assert enrolled.server.numbers() == []


def test_a_full_disk_under_campaign_db_repeats_and_doubles_nothing(enrolled: Bench) -> None:
    enrolled.journal.sell(3)
    uplink = enrolled.uplink()
    uplink.step()
    enrolled.state.close()
    assert not uplink.step().wakeable
    enrolled.state = State(enrolled.folder / "campaign.db")
    drain(enrolled.uplink())
    assert enrolled.server.numbers() == [1, 2, 3]


@pytest.mark.parametrize(
    "body",
    [
        b'{"acknowledged":0,"verdicts":[]}',
        b'{"acknowledged":99,"verdicts":[]}',
        b'{"acknowledged":-1,"verdicts":[]}',
        b'{"acknowledged":"3","verdicts":[]}',
        b"[]",
        b"\xff",
    ],
)
def test_an_answer_that_cannot_be_is_not_believed(enrolled: Bench, body: bytes) -> None:
    enrolled.journal.sell(3)
    enrolled.line.faults = [no_fault, answers(200, body, content_type="application/json")]
    uplink = enrolled.uplink()
    uplink.step()
    uplink.step()
    assert enrolled.stored().acknowledged == 0


@pytest.mark.parametrize("expected", [b"0", b"1", b"4", b"99", b"null"])
def test_a_gap_never_sends_forward_or_round_in_circles(enrolled: Bench, expected: bytes) -> None:
    enrolled.journal.sell(3)
    gap = b'{"type":"urn:comptoir:problem:gap","title":"","status":409,"expected":' + expected
    problem = answers(409, gap + b"}", content_type="application/problem+json")
    enrolled.line.faults = [no_fault, problem]
    uplink = enrolled.uplink()
    uplink.step()
    pause = uplink.step()
    assert pause.seconds > 0
    drain(uplink)
    assert enrolled.server.numbers() == [1, 2, 3]


def test_a_clock_that_is_years_off_is_worked_around(enrolled: Bench) -> None:
    enrolled.journal.sell(2)
    client = enrolled.client(now=lambda: enrolled.clock.now().replace(year=2021))
    drain(enrolled.uplink(client))
    assert enrolled.server.numbers() == [1, 2]
    assert client.offset_ms > 0


def test_nothing_is_asked_of_another_chain(enrolled: Bench) -> None:
    enrolled.journal.sell()
    drain(enrolled.uplink())
    assert all(CHAIN in str(one.body) for one in uploads(enrolled))


def test_each_answer_is_one_commit_of_campaign_db(enrolled: Bench) -> None:
    enrolled.journal.sell(1000)
    uplink = enrolled.uplink()
    uplink.step()
    wal = enrolled.folder / "campaign.db-wal"
    before = wal.stat().st_size
    drain(uplink)
    # A commit of this one row is one frame of 4096 + 24 bytes; the contact's minute is not over.
    assert (wal.stat().st_size - before) / (4096 + 24) <= 5 + 1

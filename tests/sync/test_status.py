from __future__ import annotations

from datetime import timedelta

from sync.errors import Unreachable
from sync.status import CampaignLink, LinkState, SyncStatus, oldest_age_seconds, read_status
from tests.sync.rig import Bench, drain, request_lost


def status_of(bench: Bench) -> SyncStatus:
    return read_status(bench.reader(), bench.journal, bench.journal.till.epoch)


def only(bench: Bench) -> CampaignLink:
    (found,) = status_of(bench).campaigns
    return found


def test_a_till_without_campaigns_has_nothing_to_say(bench: Bench) -> None:
    status = status_of(bench)
    assert status == SyncStatus(())
    assert (status.pending, status.oldest_at, status.trouble) == (0, None, "")
    assert oldest_age_seconds(status, bench.clock.now()) is None


def test_what_waits_is_counted_and_dated(enrolled: Bench) -> None:
    enrolled.journal.till.sell()
    drain(enrolled.uplink())
    enrolled.journal.till.add({"type": "sale"}, at="2026-11-22T17:30:00.000+01:00")
    enrolled.journal.till.add({"type": "sale"}, at="2026-11-22T17:40:00.000+01:00")
    link = only(enrolled)
    assert (link.state, link.head, link.pending) == (LinkState.SENDING, 3, 2)
    assert link.oldest_at == "2026-11-22T17:30:00.000+01:00"
    assert link.contact_at == "2026-11-22T17:00:00.000+00:00"
    assert oldest_age_seconds(status_of(enrolled), enrolled.clock.now()) == 1800


def test_an_age_is_never_negative(enrolled: Bench) -> None:
    enrolled.journal.sell()
    long_ago = enrolled.clock.now() - timedelta(days=3000)
    assert oldest_age_seconds(status_of(enrolled), long_ago) == 0


def test_all_sent_is_up_to_date(enrolled: Bench) -> None:
    enrolled.journal.sell(3)
    drain(enrolled.uplink())
    link = only(enrolled)
    assert (link.state, link.pending, link.oldest_at) == (LinkState.UP_TO_DATE, 0, None)


def test_a_broken_line_is_waited_for(enrolled: Bench) -> None:
    enrolled.journal.sell()
    enrolled.line.faults = [request_lost(Unreachable("no network"))]
    enrolled.uplink().step()
    assert only(enrolled).state is LinkState.WAITING
    assert status_of(enrolled).trouble == "unreachable"


def test_a_halt_is_told_from_a_wait_and_from_a_later_epoch(enrolled: Bench) -> None:
    enrolled.journal.sell(5)
    drain(enrolled.uplink())
    enrolled.journal.put_back_to(2)
    enrolled.restart().step()
    assert only(enrolled).state is LinkState.HALTED
    assert status_of(enrolled).trouble == "rolled-back"
    enrolled.journal.till.go_on(secret=2)
    assert only(enrolled).state is LinkState.OTHER_EPOCH
    enrolled.enrol()
    assert only(enrolled).state is not LinkState.HALTED


def test_what_was_rejected_is_listed(enrolled: Bench) -> None:
    enrolled.journal.till.add({"type": "what?"})
    drain(enrolled.uplink())
    (rejection,) = only(enrolled).rejections
    assert rejection.number == 1
    assert "what?" in rejection.reason

"""Take the desk up where it was left: open session, open sale, open card attempts."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pos.app.desk import Desk
from pos.app.pay_by_card import recover
from pos.app.ports import Ledger, Transaction
from pos.app.session import find_session
from pos.domain.events import EventCode, event

LOOK_BACK_EVENTS_MAX: Final = 200


def start(desk: Desk) -> None:
    """Bring a new desk to the state that the journal and the drafts tell of, and journal that."""
    desk.session = find_session(desk.ports.ledger)
    traces = [event(EventCode.STARTED, software=desk.settings.shop.software)]
    traces += [*_new_version(desk), *_clock_went_back(desk)]

    def work(tx: Transaction) -> None:
        recover(tx)
        for trace in traces:
            tx.append("event", trace)

    desk.record(work, lambda _: desk.reload()).wait()


def _new_version(desk: Desk) -> list[dict[str, object]]:
    """A version other than the one that started last is an event of its own."""
    before = _software_before(desk.ports.ledger)
    software = desk.settings.shop.software
    if not before or before == software:
        return []
    return [event(EventCode.NEW_VERSION, before=before, software=software)]


def _software_before(ledger: Ledger) -> str:
    """The version of the last start, or, when that is long ago, of the last ticket since."""
    last = ledger.last("event")
    newest = last.payload.number if last else 0
    for number in range(newest, max(newest - LOOK_BACK_EVENTS_MAX, 0), -1):
        entry = ledger.entry("event", number)
        if entry and entry.data["code"] == EventCode.STARTED:
            return str(entry.data["details"]["software"])
    ticket = ledger.last("ticket")
    return str(ticket.data["shop"]["software"]) if ticket else ""


def _clock_went_back(desk: Desk) -> list[dict[str, object]]:
    """The journal keeps the times it is given; a step back is told, never repaired."""
    last = desk.ports.ledger.last("event")
    now = desk.ports.clock()
    if last is None or datetime.fromisoformat(last.payload.at) <= now:
        return []
    return [event(EventCode.CLOCK_WENT_BACK, last=last.payload.at)]

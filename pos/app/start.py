"""Take the desk up where it was left: open session, open sale, open card attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from pos.app.card_attempts import recover
from pos.app.desk import Desk
from pos.app.ports import Ledger, Transaction
from pos.app.session import find_session
from pos.domain.events import EventCode, event

LOOK_BACK_EVENTS_MAX: Final = 200


def start(desk: Desk) -> None:
    """Bring a new desk to the state that the journal and the drafts tell of, and journal that."""
    desk.session = find_session(desk.ports.ledger)
    before = _last_start(desk.ports.ledger)
    traces = [event(EventCode.STARTED, software=desk.settings.shop.software, shop=_shop(desk))]
    traces += [*_new_version(desk, before), *_settings_changed(desk, before)]
    traces += _clock_went_back(desk)

    def work(tx: Transaction) -> None:
        recover(tx)
        for trace in traces:
            tx.append("event", trace)

    desk.record(work, lambda _: desk.reload()).wait()


def _new_version(desk: Desk, before: Mapping[str, Any]) -> list[dict[str, object]]:
    """A version other than the one that started last is an event of its own."""
    was, software = before.get("software"), desk.settings.shop.software
    if not was or was == software:
        return []
    return [event(EventCode.NEW_VERSION, before=was, software=software)]


def _settings_changed(desk: Desk, before: Mapping[str, Any]) -> list[dict[str, object]]:
    """So is a change of what tickets say of the shop, or of when its day begins."""
    was, shop = before.get("shop"), _shop(desk)
    if not was or was == shop:
        return []
    changed = sorted(name for name in shop if was.get(name) != shop[name])
    return [event(EventCode.SETTINGS_CHANGED, changed=changed, before=was, after=shop)]


def _shop(desk: Desk) -> dict[str, object]:
    """The settings that tickets and closings depend on."""
    shop = asdict(desk.settings.shop)
    del shop["software"]
    return {**shop, "day_starts_at_hour": desk.settings.day_starts_at_hour}


def _last_start(ledger: Ledger) -> Mapping[str, Any]:
    """What was journaled at the last start; of one long ago, what the last ticket tells."""
    last = ledger.last("event")
    newest = last.payload.number if last else 0
    for number in range(newest, max(newest - LOOK_BACK_EVENTS_MAX, 0), -1):
        entry = ledger.entry("event", number)
        if entry and entry.data["code"] == EventCode.STARTED:
            details: Mapping[str, Any] = entry.data["details"]
            return details
    ticket = ledger.last("ticket")
    return {"software": ticket.data["shop"]["software"]} if ticket else {}


def _clock_went_back(desk: Desk) -> list[dict[str, object]]:
    """The journal keeps the times it is given; a step back is told, never repaired."""
    last = desk.ports.ledger.last("event")
    now = desk.ports.clock()
    if last is None or datetime.fromisoformat(last.payload.at) <= now:
        return []
    return [event(EventCode.CLOCK_WENT_BACK, last=last.payload.at)]

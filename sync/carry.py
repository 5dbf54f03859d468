"""A till's way over a USB stick: its entries out, the server's answer in.

What comes in is verified like what comes over a line, and applied in an order in which a power cut
loses nothing: items and lists first, the acknowledgement last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from sync.batches import next_rows
from sync.contract.feed import FeedItem
from sync.contract.messages import (
    ENTRIES_PER_BATCH_MAX,
    PROBLEMS,
    Uplink,
    Verdict,
    problem,
    to_payload,
)
from sync.contract.stick import STICK_ENTRIES_MAX, STICK_TYP, StickHead, StickReceipt
from sync.errors import (
    ForeignStick,
    Fork,
    OldStick,
    Quarantined,
    RolledBack,
    SyncError,
    Untrusted,
)
from sync.frames import Carried
from sync.ports import Clock, Identity, Source
from sync.records import Enrolment
from sync.state import State, StateReader
from sync.stick import Brought, export_name, read_answer, write_lines
from sync.trust import Trust
from sync.writes import Mark, News

# Room for what JSON and the head add: a file stays below STICK_BYTES_MAX.
EXPORT_BYTES_MAX: Final = 60 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Exported:
    """A file for one campaign: how many entries it has, and how many more wait for the next one."""

    campaign: str
    campaign_name: str
    path: Path
    entries: int
    left: int


def export(
    reader: StateReader, source: Source, identity: Identity, clock: Clock, folder: Path
) -> list[Exported]:
    """Write a file for each campaign of this epoch: all that its server has not acknowledged.

    One that has nothing to send gets a file too, for the news that the answer brings. Changes
    nothing here, so it may run beside the sync process. Raises SyncError, OSError.
    """
    mine = [one for one in reader.enrolments() if one.epoch == identity.epoch]
    return [_export(one, reader, source, identity, clock, folder) for one in mine]


def take_in(state: State, source: Source, identity: Identity, path: Path, clock: Clock) -> Carried:
    """Apply a server's answer that a stick brought; repeated, it changes nothing more.

    Raises BadStick, Untrusted, OSError; and, as over a line, RolledBack, Fork or Quarantined when
    the server says that this till cannot go on under its epoch.
    """
    brought = read_answer(path)
    receipt = brought.receipt
    of = _mine(state, identity, receipt)
    trust = Trust(state.server(of.origin).keys)
    if receipt.after > state.last_item(of):
        raise OldStick("it answers an export that knew more: export again")
    news = _news(trust, brought)
    trust.check(brought.signed, "the answer")
    now = clock()
    state.add_items(of.origin, news, now)
    lists = _keep_lists(state, trust, of, brought, now)
    acknowledged = _acknowledge(state, source, of, receipt, now)
    return Carried(
        campaign=of.campaign,
        campaign_name=of.campaign_name,
        acknowledged=acknowledged,
        items=len(news),
        lists=lists,
    )


# --- out ------------------------------------------------------------------------------------------


def _export(
    of: Enrolment,
    reader: StateReader,
    source: Source,
    identity: Identity,
    clock: Clock,
    folder: Path,
) -> Exported:
    last = _last_that_fits(source, of)
    head = StickHead(
        at=clock().isoformat(timespec="milliseconds"),
        campaign=of.campaign,
        till=identity.till,
        epoch=identity.epoch,
        first=of.acknowledged + 1,
        last=last,
        after=reader.last_item(of),
    )
    path = folder / export_name(head)
    signed = identity.sign(to_payload(head), STICK_TYP).compact
    write_lines(path, _lines(signed, source, of, last))
    newest = source.head(of.chain)
    left = (newest[0] if newest else 0) - last
    return Exported(of.campaign, of.campaign_name, path, last - of.acknowledged, max(0, left))


def _last_that_fits(source: Source, of: Enrolment) -> int:
    after, room = of.acknowledged, EXPORT_BYTES_MAX
    end = after + STICK_ENTRIES_MAX
    while after < end:
        rows = next_rows(source, of.chain, after, min(ENTRIES_PER_BATCH_MAX, end - after))
        room -= sum(len(compact) for _, _, compact in rows)
        if not rows or (room < 0 and after > of.acknowledged):
            break
        after = rows[-1][0]
    return after


def _lines(head: bytes, source: Source, of: Enrolment, last: int) -> Iterator[bytes]:
    yield head
    after = of.acknowledged
    while after < last:
        rows = next_rows(source, of.chain, after, min(ENTRIES_PER_BATCH_MAX, last - after))
        entries = [compact.decode("ascii") for _, _, compact in rows]
        yield msgspec.json.encode(Uplink(chain=of.chain, entries=entries))
        after = rows[-1][0]


# --- in -------------------------------------------------------------------------------------------


def _mine(state: State, identity: Identity, receipt: StickReceipt) -> Enrolment:
    """The enrolment that an answer is for; ForeignStick or OldStick when it is for no such."""
    if receipt.till != identity.till:
        raise ForeignStick(f"it is for till {receipt.till}, this is till {identity.till}")
    if receipt.epoch != identity.epoch:
        raise OldStick(f"it is for epoch {receipt.epoch}, this till is in epoch {identity.epoch}")
    enrolled = state.enrolments(identity.epoch)
    found = next((one for one in enrolled if one.campaign == receipt.campaign), None)
    if found is None:
        raise ForeignStick(f"it is for campaign {receipt.campaign}, in which this till is not")
    return found


def _news(trust: Trust, brought: Brought) -> list[News]:
    news = [one for one in map(trust.item, brought.items) if one is not None]
    for one in news:
        _check_place(one.item, brought.receipt)
    return news


def _check_place(item: FeedItem, receipt: StickReceipt) -> None:
    if (
        item.campaign != receipt.campaign
        or item.till not in (None, receipt.till)
        or item.epoch not in (None, receipt.epoch)
        or not receipt.after < item.id <= receipt.through
    ):
        raise ForeignStick(f"item {item.id} of {item.campaign} is not for this till")


def _keep_lists(state: State, trust: Trust, of: Enrolment, brought: Brought, now: datetime) -> int:
    """Keep the lists that are good now; how many. One that is not is as if it were not there."""
    by_server = now + timedelta(milliseconds=state.offset_ms(of.origin))
    kept = 0
    for line in brought.lists:
        try:
            listed = trust.status_list(line.compact, of.campaign, line.batch, by_server)
        except Untrusted:
            continue
        kept += state.put_list(listed, line.etag, listed.made_at)
    return kept


def _acknowledge(
    state: State, source: Source, of: Enrolment, receipt: StickReceipt, now: datetime
) -> int:
    """Note what the server holds; the number up to which it is acknowledged now."""
    try:
        mark = _mark(source, of, receipt)
        if mark is not None:
            state.acknowledge(of, mark, now, _verdicts(of, receipt))
        if receipt.trouble is not None and receipt.trouble in PROBLEMS:
            raise Quarantined(problem(receipt.trouble, receipt.detail))
    except SyncError as error:
        if error.final:
            state.halt(of, error)
        raise
    return mark.number if mark else of.acknowledged


def _mark(source: Source, of: Enrolment, receipt: StickReceipt) -> Mark | None:
    """Where the server stands, as far as the journal bears it out; None for an older answer.

    An answer to the very last export counts also when it takes something back: the server was put
    back, or has seen nothing of a new epoch yet.
    """
    number = receipt.acknowledged
    if number <= of.acknowledged and receipt.first != of.acknowledged + 1:
        return None
    if number == 0:
        return Mark()
    rows = source.read(of.chain, number - 1, 1)
    if not rows:
        raise RolledBack(f"the server holds {number} entries, this journal does not")
    if hashlib.sha256(rows[0][2]).hexdigest() != receipt.head:
        raise Fork(problem("fork", f"the server holds another entry {number}", number=number))
    return Mark(number, receipt.head)


def _verdicts(of: Enrolment, receipt: StickReceipt) -> list[Verdict]:
    return [
        Verdict(number=one.number, verdict="rejected", reason=one.reason)
        for one in receipt.rejected
        if of.acknowledged < one.number <= receipt.acknowledged
    ]

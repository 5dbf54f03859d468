"""How far the sync is: one frozen picture, for `comptoir sync status` and the till's status bar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sync.ports import Source
from sync.records import Enrolment, Notice, Rejection
from sync.state import StateReader


class LinkState(StrEnum):
    """What one campaign's link is doing."""

    UP_TO_DATE = "up-to-date"
    SENDING = "sending"
    WAITING = "waiting"  # for the line or the server; it comes back by itself
    HALTED = "halted"  # somebody has to enrol this till under a later epoch
    OTHER_EPOCH = "other-epoch"  # this till has a later epoch, not enrolled yet


@dataclass(frozen=True, slots=True)
class CampaignLink:
    """One campaign. `pending` entries were not acknowledged yet, the oldest made at `oldest_at`."""

    enrolment: Enrolment
    state: LinkState
    head: int
    pending: int
    oldest_at: str | None
    contact_at: str | None
    offset_ms: int
    notices: tuple[Notice, ...]
    rejections: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """All campaigns of a till, by name."""

    campaigns: tuple[CampaignLink, ...]

    @property
    def pending(self) -> int:
        """Entries that some server has not acknowledged."""
        return sum(one.pending for one in self.campaigns)

    @property
    def oldest_at(self) -> str | None:
        """When the oldest of them was made."""
        times = [one.oldest_at for one in self.campaigns if one.oldest_at is not None]
        return min(times, key=datetime.fromisoformat, default=None)

    @property
    def trouble(self) -> str:
        """The first trouble's short name, what halted a campaign before what passes."""
        troubled = [one.enrolment for one in self.campaigns if one.enrolment.trouble]
        troubled.sort(key=lambda one: not one.halted)
        return troubled[0].trouble if troubled else ""


def read_status(reader: StateReader, source: Source, epoch: int) -> SyncStatus:
    """The picture now, for a till under this epoch. Raises StateError or JournalUnreadable."""
    return SyncStatus(
        tuple(_link(reader, source, one, epoch) for one in reader.enrolments()),
    )


def oldest_age_seconds(status: SyncStatus, now: datetime) -> int | None:
    """Whole seconds since the oldest unsent entry was made, never negative; None without one."""
    if status.oldest_at is None:
        return None
    return max(0, int((now - datetime.fromisoformat(status.oldest_at)).total_seconds()))


def _link(reader: StateReader, source: Source, of: Enrolment, epoch: int) -> CampaignLink:
    head = source.head(of.chain)
    last = head[0] if head else 0
    pending = max(0, last - of.acknowledged)
    server = reader.server(of.origin)
    return CampaignLink(
        enrolment=of,
        state=_state(of, epoch, pending),
        head=last,
        pending=pending,
        oldest_at=source.oldest_at(of.chain, of.acknowledged) if pending else None,
        contact_at=server.contact_at if server else None,
        offset_ms=server.offset_ms if server else 0,
        notices=tuple(reader.notices(of.campaign)),
        rejections=tuple(reader.rejections(of)),
    )


def _state(of: Enrolment, epoch: int, pending: int) -> LinkState:
    if of.epoch != epoch:
        return LinkState.OTHER_EPOCH
    if of.halted:
        return LinkState.HALTED
    if of.trouble:
        return LinkState.WAITING
    return LinkState.SENDING if pending else LinkState.UP_TO_DATE

"""The campaigns as the till sees them, and the till's journal as the sync sees it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pos.app.ports import CampaignLink, Ledger
from sync.contract.entry import CAMPAIGN_PREFIX
from sync.errors import SyncError

if TYPE_CHECKING:
    from sync.records import Enrolment
    from sync.state import StateReader

logger = logging.getLogger(__name__)
UNREADABLE: Final = "unreadable"


class CampaignReader:
    """Reads what the sync process wrote; a till that is enrolled nowhere has nothing to read.

    No state of that file can stop a sale, nor let one miss its campaign: when it cannot be read,
    the campaigns read last count, or those whose chains the journal has.
    """

    def __init__(
        self, path: Path, ledger: Ledger, epoch: int, written: Callable[[], tuple[str, ...]]
    ) -> None:
        self._path = path
        self._ledger = ledger
        self._epoch = epoch
        self._written = written
        self._reader: StateReader | None = None
        self._known: tuple[str, ...] | None = None
        self._unreadable = False

    def active(self) -> tuple[str, ...]:
        """Ids of the campaigns that this till, in its present epoch, writes to."""
        found = self._enrolments()
        if found is not None:
            self._known = tuple(one.campaign for one in found)
        elif self._known is None:
            self._known = self._written()
        return self._known

    def link(self) -> CampaignLink:
        """How far the sync is."""
        found = self._enrolments()
        if found is None:
            return CampaignLink(self.active(), trouble=UNREADABLE)
        waiting, oldest, trouble = 0, None, ""
        for enrolment in found:
            chain = CAMPAIGN_PREFIX + enrolment.campaign
            last = self._ledger.last(chain)
            behind = (last.payload.number if last else 0) - enrolment.acknowledged
            if behind > 0:
                waiting += behind
                first = self._ledger.entry(chain, enrolment.acknowledged + 1)
                at = first.payload.at if first else None
                oldest = min(filter(None, (oldest, at)), default=None)
            trouble = trouble or enrolment.trouble
        return CampaignLink(tuple(x.campaign for x in found), max(waiting, 0), oldest, trouble)

    def close(self) -> None:
        """Let the file go."""
        if self._reader:
            self._reader.close()

    def _enrolments(self) -> tuple[Enrolment, ...] | None:
        """Those of this epoch; None when the file cannot be read."""
        if self._reader is None:
            if not self._path.exists():
                return ()
            from sync.state import StateReader

            self._reader = StateReader(self._path)
        try:
            found = self._reader.enrolments()
        except SyncError:
            if not self._unreadable:
                logger.exception("%s cannot be read", self._path)
            self._unreadable = True
            return None
        self._unreadable = False
        return tuple(one for one in found if one.epoch == self._epoch)

"""The campaigns as the till sees them: what the sync process wrote, and what the journal has."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pos.app.ports import CampaignLink, Ledger
from sync.contract.entry import CAMPAIGN_PREFIX
from sync.errors import SyncError

if TYPE_CHECKING:
    from sync.records import Enrolment
    from sync.state import StateReader

logger = logging.getLogger(__name__)
# Troubles that only the till can see; the others are those of sync.errors.
UNREADABLE: Final = "unreadable"
NOT_ENROLLED: Final = "not-enrolled"


class CampaignReader:
    """Reads what the sync process wrote; a till that is enrolled nowhere has nothing to read.

    No state of that file can stop a sale, nor let one miss its campaign: a campaign that was read
    once, or whose chain the journal has in this epoch, goes on when the file is damaged or gone.
    """

    def __init__(self, path: Path, ledger: Ledger, epoch: int, written: Iterable[str]) -> None:
        self._path = path
        self._ledger = ledger
        self._epoch = epoch
        self._known = frozenset(written)
        self._reader: StateReader | None = None
        self._unreadable = False

    def active(self) -> tuple[str, ...]:
        """Ids of the campaigns that this till, in its present epoch, writes to."""
        self._enrolments()
        return tuple(sorted(self._known))

    def link(self) -> CampaignLink:
        """How far the sync is."""
        found = self._enrolments()
        campaigns = tuple(sorted(self._known))
        if found is None:
            return CampaignLink(campaigns, trouble=UNREADABLE)
        waiting, oldest = 0, None
        for enrolment in found:
            count, since = self._unsent(enrolment)
            waiting += count
            oldest = min(filter(None, (oldest, since)), default=None)
        trouble = next((one.trouble for one in found if one.trouble), "")
        if self._known.difference(one.campaign for one in found):
            trouble = NOT_ENROLLED
        return CampaignLink(campaigns, waiting, oldest, trouble)

    def close(self) -> None:
        """Let the file go."""
        if self._reader:
            self._reader.close()

    def _unsent(self, enrolment: Enrolment) -> tuple[int, str | None]:
        """How many entries of a campaign its server has not acknowledged, and since when."""
        chain = CAMPAIGN_PREFIX + enrolment.campaign
        last = self._ledger.last(chain)
        count = (last.payload.number if last else 0) - enrolment.acknowledged
        if count <= 0:
            return 0, None
        first = self._ledger.entry(chain, enrolment.acknowledged + 1)
        return count, first.payload.at if first else None

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
        mine = tuple(one for one in found if one.epoch == self._epoch)
        self._known = self._known.union(one.campaign for one in mine)
        return mine

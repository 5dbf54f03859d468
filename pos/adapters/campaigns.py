"""The campaigns as the till sees them, and the till's journal as the sync sees it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pos.app.ports import CampaignLink, Ledger
from sync.contract.entry import CAMPAIGN_PREFIX

if TYPE_CHECKING:
    from sync.records import Enrolment
    from sync.state import StateReader


class CampaignReader:
    """Reads what the sync process wrote; a till that is enrolled nowhere has nothing to read."""

    def __init__(self, path: Path, ledger: Ledger, epoch: int) -> None:
        self._path = path
        self._ledger = ledger
        self._epoch = epoch
        self._reader: StateReader | None = None

    def active(self) -> tuple[str, ...]:
        """Ids of the campaigns that this till, in its present epoch, writes to."""
        return tuple(found.campaign for found in self._enrolments())

    def link(self) -> CampaignLink:
        """How far the sync is."""
        found = self._enrolments()
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

    def _enrolments(self) -> tuple[Enrolment, ...]:
        if self._reader is None:
            if not self._path.exists():
                return ()
            from sync.state import StateReader

            self._reader = StateReader(self._path)
        return tuple(x for x in self._reader.enrolments() if x.epoch == self._epoch)

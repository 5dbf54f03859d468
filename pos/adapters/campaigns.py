"""The campaigns as the till sees them: what the sync process wrote, and what the journal has."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

from pos.adapters.sync_watch import SyncWatch
from pos.app.campaign_ports import CampaignLink, Identity, ListedAt
from pos.app.ports import Ledger
from pos.domain.errors import NoAnswer, VoucherRefused
from sync.contract.entry import CAMPAIGN_PREFIX, is_chain
from sync.errors import SyncError

if TYPE_CHECKING:
    from sync.calls import CallsClient
    from sync.contract.calls import NewReservation, Reservation
    from sync.contract.grants import Grants
    from sync.grants import GrantsReader
    from sync.records import Enrolment
    from sync.state import StateReader

logger = logging.getLogger(__name__)
# Troubles that only the till can see; the others are those of sync.errors.
UNREADABLE: Final = "unreadable"
NOT_ENROLLED: Final = "not-enrolled"
STOPPED: Final = "sync-stopped"


class CampaignReader:
    """Reads what the sync process wrote; a till that is enrolled nowhere has nothing to read.

    No state of that file can stop a sale, nor let one miss its campaign: a campaign that was read
    once, or whose chain the journal has in this epoch, goes on when the file is damaged or gone.
    """

    def __init__(
        self,
        path: Path,
        ledger: Ledger,
        identity: Identity,
        written: Iterable[str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._ledger = ledger
        self._identity = identity
        self._known = frozenset(written)
        self._reader: StateReader | None = None
        self._granted: GrantsReader | None = None
        self._calls: CallsClient | None = None
        self._watch = SyncWatch(lambda: self._call().is_there(), monotonic)
        self._unreadable = self._ungranted = False

    def active(self) -> tuple[str, ...]:
        """Ids of the campaigns that this till writes to, enrolled in its present epoch or not."""
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
        return CampaignLink(campaigns, waiting, oldest, self._trouble(found))

    def grants(self) -> tuple[Grants, ...]:
        """What the campaigns granted; nothing while the file cannot be read."""
        if not self.active() or not self._path.exists():
            return ()
        if self._granted is None:
            from sync.grants import GrantsReader

            self._granted = GrantsReader(self._path, self._identity.till, self._identity.epoch)
        try:
            found = self._granted.read()
        except SyncError:
            if not self._ungranted:  # once: this is asked at each key
                logger.exception("%s: what was granted cannot be read", self._path)
            self._ungranted = True
            return ()
        self._ungranted = False
        return found

    def status_list(self, campaign: str, batch: int) -> ListedAt | None:
        """The newest status list of a batch that is here."""
        if self._enrolments() is None or self._reader is None:
            return None
        try:
            found = self._reader.status_lists(campaign).get(batch)
        except SyncError:
            logger.exception("%s: a status list cannot be read", self._path)
            return None
        return ListedAt(found.list, found.at) if found else None

    def reserve(self, wish: NewReservation, key: str) -> Reservation:
        """Ask through the sync process; VoucherRefused or NoAnswer."""
        from sync.errors import CallRefused, CallUnanswered

        try:
            return self._call().reserve(wish.campaign, wish.voucher, wish.sale, wish.due, key)
        except CallRefused as error:
            raise VoucherRefused(cause=error.problem) from error
        except CallUnanswered as error:
            logger.info("a voucher was not asked for: %s", error)
            raise NoAnswer(perhaps=error.perhaps) from error

    def forget(self, wish: NewReservation, key: str) -> None:
        """Ask once more what it holds by that question, and let it go."""

        def tell() -> None:
            asked = (wish.campaign, wish.voucher, wish.sale, wish.due, key)
            with suppress(SyncError):
                self._call().release(wish.campaign, self._call().reserve(*asked).id)

        Thread(target=tell, name="forget", daemon=True).start()

    def release(self, campaign: str, reservation: str) -> None:
        """Tell the server at once; the campaign's chain says the same when nobody hears it."""

        def tell() -> None:
            with suppress(SyncError):
                self._call().release(campaign, reservation)

        Thread(target=tell, name="release", daemon=True).start()

    def close(self) -> None:
        """Let the file go."""
        for reader in (self._reader, self._granted):
            if reader:
                reader.close()

    def _call(self) -> CallsClient:
        if self._calls is None:
            from sync.calls import CallsClient
            from sync.frames import SOCKET_NAME

            self._calls = CallsClient(self._path.with_name(SOCKET_NAME))
        return self._calls

    def _trouble(self, found: tuple[Enrolment, ...]) -> str:
        """What is in the way first: what a sync that does not run wrote last says nothing now."""
        if self._known.difference(one.campaign for one in found):
            return NOT_ENROLLED
        if found and self._watch.is_stopped():
            return STOPPED
        return next((one.trouble for one in found if one.trouble), "")

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
        epoch = self._identity.epoch
        # A till that was restored writes its campaigns' chains before it has enrolled anew: the
        # server takes those sales once it has.
        written = (one.campaign for one in found if one.epoch <= epoch)
        self._known = self._known.union(x for x in written if is_chain(CAMPAIGN_PREFIX + str(x)))
        return tuple(one for one in found if one.epoch == epoch)

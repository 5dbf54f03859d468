"""campaign.db: what the campaigns' servers granted and acknowledged. Written by sync only.

A commit has reached the disk when a method returns. Losing the file loses no sale: the journal is
the queue, and the servers know what they hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sync import records, writes
from sync.contract.jws import VerifyKey
from sync.contract.messages import Verdict
from sync.database import Database, Looker
from sync.errors import AlreadyEnrolled, SyncError
from sync.records import Enrolment, Notice, Rejection, Server
from sync.shelf import KnownList, ListShelf
from sync.writes import Listed, Mark, News

CONTACT_SECONDS: Final = 60.0


class State:
    """The writer of campaign.db, for any thread. Methods raise StateError when SQLite refuses."""

    def __init__(self, path: Path) -> None:
        """Open or make the file; InUse when another process writes it, StateError otherwise."""
        self._file = Database(path)
        self._contacts: dict[str, tuple[datetime, int]] = {}

    def close(self) -> None:
        """Close the file and let another process write it."""
        self._file.close()

    def enrolments(self, epoch: int) -> list[Enrolment]:
        """The campaigns that this till takes part in under an epoch."""
        with self._file.read() as db:
            return [one for one in records.enrolments(db) if one.epoch == epoch]

    def enrolment(self, campaign: str) -> Enrolment | None:
        """A campaign's enrolment under its latest epoch."""
        with self._file.read() as db:
            return records.enrolment(db, campaign)

    def server(self, origin: str) -> Server:
        """What is known of a server that a till was enrolled at."""
        with self._file.read() as db:
            return records.server(db, origin)

    def offset_ms(self, origin: str) -> int:
        """A server's clock minus ours, as last measured; 0 for an unknown server."""
        with self._file.read() as db:
            return records.offset_ms(db, origin)

    def last_item(self, of: Enrolment) -> int:
        """The number of the last feed item that is known of a campaign; 0 for none."""
        with self._file.read() as db:
            return records.last_item(db, of)

    def add_enrolment(self, made: Enrolment, server_key: VerifyKey) -> None:
        """Keep an enrolment. Repeated, it keeps its progress; a later epoch goes on from the last.

        Raises AlreadyEnrolled when the campaign lives on another server.
        """
        with self._file.write() as db:
            before = records.enrolment(db, made.campaign)
            if before is not None and before.origin != made.origin:
                raise AlreadyEnrolled(f"{made.campaign} is a campaign of {before.origin}")
            writes.put_server(db, made, server_key)
            if before is not None and writes.same(before, made):
                writes.rename(db, made)
            else:
                writes.put_enrolment(db, made, writes.start(before, made))

    def acknowledge(
        self, of: Enrolment, mark: Mark, at: datetime, verdicts: Sequence[Verdict] = ()
    ) -> None:
        """What a server holds, in one commit with what it rejected. Ends any trouble."""
        rejected = [one for one in verdicts if one.verdict == "rejected"]
        with self._file.write() as db:
            db.execute(
                "UPDATE enrolment SET acknowledged = ?, digest = ?, acknowledged_at = ?,"
                " rejected = rejected + ?, trouble = '', detail = '', retry_at = NULL"
                " WHERE campaign = ? AND epoch = ?",
                (mark.number, mark.digest, _stamp(at), len(rejected), of.campaign, of.epoch),
            )
            if rejected:
                writes.put_rejections(db, of, rejected, _stamp(at))

    def well(self, of: Enrolment) -> None:
        """Nothing stands in the way of sending any more."""
        self._trouble(of, ("", "", None, 0))

    def trouble(self, of: Enrolment, error: SyncError, retry_at: datetime) -> None:
        """What stands in the way of sending, and when it is tried again."""
        self._trouble(
            of, (error.trouble, str(error)[: writes.DETAIL_CHARS_MAX], _stamp(retry_at), 0)
        )

    def halt(self, of: Enrolment, error: SyncError) -> None:
        """Stop an enrolment for good: only a later epoch goes on."""
        self._trouble(of, (error.trouble, str(error)[: writes.DETAIL_CHARS_MAX], None, 1))

    def contact(self, origin: str, at: datetime, offset_ms: int) -> None:
        """A server answered. Written at most once a minute, unless the clock's offset changed."""
        then, offset = self._contacts.get(origin, (None, 0))
        recent = then is not None and abs(at - then) < timedelta(seconds=CONTACT_SECONDS)
        if recent and offset == offset_ms:
            return
        with self._file.write() as db:
            db.execute(
                "UPDATE server SET contact_at = ?, offset_ms = ? WHERE origin = ?",
                (_stamp(at), offset_ms, origin),
            )
        self._contacts[origin] = (at, offset_ms)

    def add_news(self, origin: str, cursor: str, news: Sequence[News], at: datetime) -> None:
        """Keep feed items and the cursor that follows them, in one commit; known ones stay."""
        with self._file.write() as db:
            db.execute("UPDATE server SET cursor = ? WHERE origin = ?", (cursor, origin))
            writes.put_news(db, origin, news, _stamp(at))

    def add_items(self, origin: str, news: Sequence[News], at: datetime) -> None:
        """Keep feed items that came another way than the feed, whose cursor stays."""
        with self._file.write() as db:
            writes.put_news(db, origin, news, _stamp(at))

    def confirm_lists(
        self, campaign: str, versions: Mapping[int, str], at: datetime, remade_since: datetime
    ) -> set[int]:
        """The batches whose stored list is of this version still, which is so noted.

        A list made before `remade_since` counts as changed. Lists of other batches are dropped.
        """
        with self._file.write() as db:
            return writes.confirm_lists(db, campaign, versions, _stamp(at), _stamp(remade_since))

    def put_list(self, listed: Listed, etag: str, at: datetime) -> bool:
        """Keep a verified status list, unless a later one is stored; whether it was kept."""
        with self._file.write() as db:
            return writes.put_list(db, listed, etag, _stamp(at))

    def feed_trouble(self, origin: str, error: SyncError | None) -> None:
        """What stands in the way of a server's feed; None for nothing."""
        trouble = (error.trouble, str(error)[: writes.DETAIL_CHARS_MAX]) if error else ("", "")
        with self._file.write() as db:
            db.execute(
                "UPDATE server SET trouble = ?, detail = ? WHERE origin = ?", (*trouble, origin)
            )

    def _trouble(self, of: Enrolment, values: tuple[str, str, str | None, int]) -> None:
        with self._file.write() as db:
            db.execute(
                "UPDATE enrolment SET trouble = ?, detail = ?, retry_at = ?, halted = ?"
                " WHERE campaign = ? AND epoch = ?",
                (*values, of.campaign, of.epoch),
            )


class StateReader:
    """Looks into campaign.db from any thread of another process. Reads are short.

    Made before the file is, it finds nothing. Raises StateError when SQLite refuses.
    """

    def __init__(self, path: Path) -> None:
        self._file = Looker(path)
        self._lists = ListShelf()

    def close(self) -> None:
        """Let the file go."""
        self._file.close()
        self._lists.forget()

    def status_lists(self, campaign: str) -> Mapping[int, KnownList]:
        """The status list of each batch that was fetched, by the batch's number.

        Cheap to ask before each voucher: what did not change is neither read nor unpacked again.
        """
        with self._file.read() as db:
            return self._lists.of(db, campaign) if db else {}

    def enrolments(self) -> list[Enrolment]:
        """Each campaign's enrolment under its latest epoch, by name."""
        with self._file.read() as db:
            return records.enrolments(db) if db else []

    def server(self, origin: str) -> Server | None:
        """What is known of a server."""
        with self._file.read() as db:
            return records.server(db, origin) if db else None

    def last_item(self, of: Enrolment) -> int:
        """The number of the last feed item that is known of a campaign; 0 for none."""
        with self._file.read() as db:
            return records.last_item(db, of) if db else 0

    def notices(self, campaign: str) -> list[Notice]:
        """The latest notices of a campaign, newest first."""
        with self._file.read() as db:
            return records.notices(db, campaign) if db else []

    def rejections(self, of: Enrolment) -> list[Rejection]:
        """The latest entries that a server rejected, newest first."""
        with self._file.read() as db:
            return records.rejections(db, of) if db else []


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")

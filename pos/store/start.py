"""Start the journal: under a new till's first key, the key it has, or a new one after a mishap.

A journal that was put back to an earlier state would use numbers a second time. It goes on under a
new key and a later epoch, and its first entries there say what was found. The same happens on
demand when the key cannot be used on this machine.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pos.domain.events import EventCode, event
from pos.store import keys
from pos.store.database import Database
from pos.store.errors import KeyUnusable
from pos.store.folder import DataFolder
from pos.store.head import PUT_BACK, Head, HeadFile, HeadState
from pos.store.journal import Journal, digest_of, head_of
from pos.store.keys import Identity
from pos.store.machine import Machine

OPERATOR: Final = "till"  # who does what nobody asked for


@dataclass(frozen=True, slots=True)
class Start:
    """What starting a journal needs; `at` is the moment in the journal's format."""

    database: Database
    folder: DataFolder
    machine: Machine
    at: str

    def journal(self, new_till: Callable[[], str], *, renew_key: bool) -> tuple[Journal, HeadState]:
        """The journal, ready to append, and how it stood to its witness; KeyUnusable."""
        till = keys.till_of(self.database.connection)
        if till is None:
            return self._first(new_till()), HeadState.NONE
        witness = HeadFile(self.machine.head_file(till)).read()
        state = compare(self.database.connection, witness)
        if state not in PUT_BACK:
            try:
                identity = keys.load(self.database.connection, self.folder, self.machine, till)
            except KeyUnusable:
                if not renew_key:
                    raise
            else:
                return Journal(self.database.connection, identity), state
        return self._renewed(till, state, witness), state

    def _first(self, till: str) -> Journal:
        with self.database.transaction() as connection:
            identity = keys.create(connection, self.folder, self.machine, till)
            installed = event(EventCode.INSTALLED, epoch=identity.epoch, kid=identity.key.kid)
            return self._begun(connection, identity, [installed])

    def _renewed(self, till: str, state: HeadState, witness: Head | None) -> Journal:
        seen_epoch = witness.epoch if witness else 0
        with self.database.transaction() as connection:
            notes = []
            if witness and state in PUT_BACK:
                notes.append(_defect(head_of(connection), state, witness))
            old = keys.public_keys(connection)[-1].kid
            identity = keys.renew(connection, self.folder, self.machine, till, seen_epoch)
            new = {"epoch": identity.epoch, "kid": identity.key.kid, "replaces": old}
            notes.append(event(EventCode.KEY_RENEWED, **new))
            return self._begun(connection, identity, notes)

    def _begun(
        self, connection: sqlite3.Connection, identity: Identity, notes: Sequence[dict[str, Any]]
    ) -> Journal:
        """The journal with these events at its head; it is dropped if the commit fails."""
        journal = Journal(connection, identity)
        appending = journal.begin(connection, self.at, OPERATOR)
        for note in notes:
            appending.append("event", note)
        journal.adopt(appending)
        return journal


def compare(connection: sqlite3.Connection, witness: Head | None) -> HeadState:
    """How a journal stands to the witness of its head."""
    if witness is None:
        return HeadState.NONE
    head = head_of(connection)
    if witness.seq > head.seq:
        return HeadState.AHEAD
    row = connection.execute(
        "SELECT kid, payload, signature FROM journal WHERE seq = ?", (witness.seq,)
    ).fetchone()
    if row is None or digest_of(row) != witness.digest:
        return HeadState.OTHER
    return HeadState.SAME if witness.seq == head.seq else HeadState.BEHIND


def _defect(head: Head, state: HeadState, witness: Head) -> dict[str, Any]:
    return event(
        EventCode.INTEGRITY_DEFECT,
        defect="head",
        state=str(state),
        seq=head.seq,
        digest=head.digest,
        witness_epoch=witness.epoch,
        witness_seq=witness.seq,
        witness_digest=witness.digest,
    )

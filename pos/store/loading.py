"""Load a catalogue file into an open store: parsed whole, applied whole, journaled."""

from __future__ import annotations

from typing import Final

from pos.app.ports import Clock
from pos.store.catalogue_import import Applied, apply
from pos.store.catalogue_rows import CatalogueFile, parse
from pos.store.journal import stamp
from pos.store.ledger import SqliteTransaction
from pos.store.opening import OPERATOR, Store

LOADING_TIMEOUT_SECONDS: Final = 300.0


def load_catalogue(store: Store, raw: bytes, clock: Clock) -> tuple[CatalogueFile, Applied]:
    """Bring the catalogue up to a file; CatalogueRefused with every mistake, NotRecorded."""
    file = parse(raw)

    def work(tx: SqliteTransaction) -> Applied:
        applied = apply(tx.connection, file, stamp(clock()), OPERATOR)
        tx.append("event", applied.event())
        return applied

    return file, store.ledger.run(work, OPERATOR).result(LOADING_TIMEOUT_SECONDS)

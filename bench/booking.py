"""Where the time of a batch with rewards goes, without HTTP: read, booked, committed.

The batches of `bench.ingest_rewards`, one after the other on one thread. Booking is the time inside
the transaction and the processor's part of it; the commit is what the store adds, its lock and its
hand-over to another thread included.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, thread_time
from typing import Final

from bench.figure import Figure
from bench.ingest_rewards import TILLS, days_of
from bench.place import workspace
from prove.load import POSTGRES_BUFFERS
from prove.load_day import Day
from prove.load_town import CAMPAIGN
from sync.contract.jws import SigningKey
from sync.contract.messages import ENTRIES_PER_BATCH_MAX, chain_of
from sync.server.auth import Signer
from sync.server.config import ServerConfig
from sync.server.memory import collect_rarely
from sync.server.store.db import Db, Store
from sync.server.store.opening import open_store
from sync.server.tills.ingest import Received, Sender, read_batch
from sync.server.tills.uplink import receive
from tests.postgres import binaries, cluster

MICRO: Final = 1_000_000


class Booking:
    """Books batches one by one, and adds up the seconds."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._key = SigningKey.generate()
        self.inside = self.processor = self.whole = 0.0

    def book(self, sender: Sender, batch: list[Received]) -> None:
        """Store a batch as an uplink does."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")

        def work(db: Db) -> None:
            began, used = perf_counter(), thread_time()
            receive(db, sender, CAMPAIGN, batch, self._key, now)
            self.inside += perf_counter() - began
            self.processor += thread_time() - used

        began = perf_counter()
        self._store.write_now(work, CAMPAIGN)
        self.whole += perf_counter() - began


def main() -> None:
    """Measure both databases."""
    collect_rarely()  # as the server does
    with workspace() as path:
        _measure("SQLite", path, None)
    found = binaries()
    if found is None:
        Figure("booking, PostgreSQL", "it is not installed").show()
        return
    with cluster(found, POSTGRES_BUFFERS) as running, workspace() as path:
        _measure("PostgreSQL", path, running.new_database())


def _measure(name: str, path: Path, database: str | None) -> None:
    config = ServerConfig(path, database=database)
    days = days_of(config)
    asked = [([one.compact.decode("ascii") for one in day.chain], _sender(day)) for day in days]
    began = thread_time()
    batches = [(sender, read_batch(entries, sender)) for entries, sender in asked]
    read = thread_time() - began
    store = open_store(config.data_dir, config.database)
    try:
        booking = Booking(store)
        for sender, batch in batches:
            booking.book(sender, batch)
    finally:
        store.close()
    _show(f"reading an entry, {name}", read)
    _show(f"booking it, {name}", booking.inside, booking.processor)
    _show(f"its commit, {name}", booking.whole - booking.inside)


def _show(name: str, seconds: float, processor: float | None = None) -> None:
    entries = TILLS * ENTRIES_PER_BATCH_MAX
    measured = f"{seconds / entries * MICRO:.0f} µs"
    if processor is not None:
        measured += f" ({processor / entries * MICRO:.0f} ours)"
    Figure(name, measured).show()


def _sender(day: Day) -> Sender:
    keys = {day.key.kid: Signer(1, day.key.public)}
    return Sender(day.till, 1, keys, chain_of(CAMPAIGN))


if __name__ == "__main__":
    main()

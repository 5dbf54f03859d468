"""A till that was offline drains 10,000 queued sales, against SQLite's own batch insert.

The real client, over HTTP, to the real server in its own process; both ends have every batch on
disk before the next.
"""

from __future__ import annotations

import random
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.campaign import CAMPAIGN, SOFTWARE, Server, campaign_server
from bench.long_journal import make_long_journal
from bench.place import workspace
from bench.sqlite_limit import five_rows_a_sale, server_rows, show_against
from pos.bootstrap import machine, now, open_for_writing
from pos.campaign_link import JournalSource
from pos.store.database import Reader
from pos.store.folder import DataFolder
from pos.store.keys import Identity
from sync.client import Client
from sync.contract.entry import CAMPAIGN_PREFIX
from sync.drain import drain
from sync.enrolment import enrol
from sync.http import HttpTransport
from sync.pace import Tools
from sync.state import State

SALES: Final = 10_000
ROUNDS: Final = 3
PATIENCE_SECONDS: Final = 20.0
HOLD, AIM = 0.4, 0.8


def main() -> None:
    """Drain the same journal into a new server each round."""
    ours, five, same = list[float](), list[float](), list[float]()
    with workspace() as path:
        folder = DataFolder(path / "data")
        make_long_journal(folder, machine(), SALES, campaign=CAMPAIGN)
        with open_for_writing(folder) as store:
            identity = store.identity
        size = _size(folder)
        for number in range(ROUNDS):
            five.append(five_rows_a_sale(path / "five.db", SALES))
            same.append(server_rows(path / "same.db", SALES, size))
            with campaign_server(path / f"server-{number}") as server:
                ours.append(_drain(server, folder, identity, path / f"campaign-{number}.db"))
    show_against(f"drain of {SALES:,} queued sales, both ends durable", ours, same, five, HOLD, AIM)


def _size(folder: DataFolder) -> int:
    """The bytes of one entry on its way."""
    reader = Reader(folder.till_db, "till")
    try:
        ((_, _, compact),) = JournalSource(reader).read(CAMPAIGN_PREFIX + CAMPAIGN, 0, 1)
        return len(compact)
    finally:
        reader.close()


def _drain(server: Server, folder: DataFolder, identity: Identity, progress: Path) -> float:
    """Sales a second, all of them booked by the server and acknowledged on the till's disk."""
    state, reader = State(progress), Reader(folder.till_db, "till")
    try:
        client = Client(server.origin, HttpTransport(server.origin), identity, now)
        enrol(state, client, server.code(), shop_till="01", software=SOFTWARE)
        client.close()
        tools = Tools(clock=now, uniform=random.Random(1).uniform)
        start = perf_counter()
        left = drain(
            state,
            JournalSource(reader),
            identity,
            HttpTransport,
            tools,
            patience_seconds=PATIENCE_SECONDS,
        )
        took = perf_counter() - start
    finally:
        reader.close()
        state.close()
    booked, _ = server.received()
    if left or booked != SALES:
        raise SystemExit(f"{left} entries left, {booked} sales booked instead of {SALES}")
    return SALES / took


if __name__ == "__main__":
    main()

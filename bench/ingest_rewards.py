"""Ingest of sales with rewards over HTTP, on SQLite and PostgreSQL, against their own bulk insert.

Nine of ten sales earn, out of a lease, with a claim: the server books entry, ticket, earn and the
ledger's rows of two funds. The limit is the same rows, with the same tables and indexes, handed to
the database in as many transactions as there were batches: executemany on SQLite, COPY on
PostgreSQL. A second row has the limit of one transaction for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Final

import msgspec

from bench.figure import Figure, median
from bench.ingest import request, send
from bench.place import workspace
from pos.store.keys import Identity
from prove.load import POSTGRES_BUFFERS, Server
from prove.load_books import problems
from prove.load_crowd import head_of
from prove.load_day import SECONDS_APART, Day, Sums
from prove.load_limit import bulk_seconds
from prove.load_town import CAMPAIGN, make_town
from sync.contract.messages import ENTRIES_PER_BATCH_MAX, Uplink, chain_of
from sync.server.config import ServerConfig
from tests.postgres import Cluster, binaries, cluster

TILLS: Final = 40
LINES: Final = 4
ROUNDS: Final = 3
HOLD: Final = {"SQLite": 0.5, "PostgreSQL": 0.3}
AIM: Final = {"SQLite": 0.8, "PostgreSQL": 0.6}


def main() -> None:
    """Bring 40 batches of 200 entries over four connections, each round to a new server."""
    with workspace() as path:
        _measure("SQLite", path, None)
    found = binaries()
    if found is None:
        Figure("ingest with rewards, PostgreSQL", "it is not installed").show()
        return
    with cluster(found, POSTGRES_BUFFERS) as running, workspace() as path:
        _measure("PostgreSQL", path, running)


def _measure(name: str, path: Path, running: Cluster | None) -> None:
    ours, batches, whole = list[float](), list[float](), list[float]()
    for number in range(ROUNDS):
        one, *others = (_config(path / f"{kind}-{number}", running) for kind in ("a", "b", "c"))
        entries, seconds = _ingest(one)
        ours.append(entries / seconds)
        for limit, other, transactions in zip((batches, whole), others, (TILLS, 1), strict=True):
            limit.append(entries / bulk_seconds(one, other, transactions)[0])
    _show(name, "per batch", median(ours), median(batches), holds=True)
    _show(name, "at once", median(ours), median(whole), holds=False)


def _show(name: str, how: str, ours: float, limit: float, *, holds: bool) -> None:
    ratio = ours / limit
    Figure(
        f"ingest with rewards over HTTP, {name}",
        f"{ours:,.0f} entries/s",
        f"{limit:,.0f} /s (same rows, {how})",
        f"{ratio:.2f}",
        *((f">= {HOLD[name]}", str(AIM[name]), ratio >= HOLD[name]) if holds else ()),
    ).show()


def _config(folder: Path, running: Cluster | None) -> ServerConfig:
    folder.mkdir()
    return ServerConfig(folder, database=running.new_database() if running else None)


def _ingest(config: ServerConfig) -> tuple[int, float]:
    """How many entries, and the seconds until all were durable and acknowledged."""
    days = days_of(config)
    with _running(config) as origin, ThreadPoolExecutor(LINES) as pool:
        ready = [[_request(origin, day) for day in days[line::LINES]] for line in range(LINES)]
        start = perf_counter()
        list(pool.map(lambda requests: send(origin, requests), ready))
        seconds = perf_counter() - start
    wrong = problems(config, _sums(days), {day.till: _head(day) for day in days})
    if wrong:
        raise SystemExit("\n".join(wrong))
    return TILLS * ENTRIES_PER_BATCH_MAX, seconds


def days_of(config: ServerConfig) -> list[Day]:
    """Tills of a new town on a server, each with one batch that is a day long and ends now."""
    places = make_town(config, TILLS)
    begins = datetime.now(UTC) - timedelta(seconds=SECONDS_APART * (ENTRIES_PER_BATCH_MAX + 1))
    return [Day(place, ENTRIES_PER_BATCH_MAX, begins) for place in places]


@contextmanager
def _running(config: ServerConfig) -> Iterator[str]:
    server = Server(config, config.data_dir)
    try:
        yield server.origin
    finally:
        server.process.stop()


def _request(origin: str, day: Day) -> bytes:
    compacts = [entry.compact.decode("ascii") for entry in day.chain]
    body = msgspec.json.encode(Uplink(chain=chain_of(CAMPAIGN), entries=compacts))
    return request(origin, Identity(day.till, 1, day.key), body)


def _sums(days: list[Day]) -> Sums:
    sums = Sums()
    for day in days:
        sums.add(day.sums)
    return sums


def _head(day: Day) -> tuple[int, str]:
    return head_of([bytes.fromhex(entry.digest) for entry in day.chain])


if __name__ == "__main__":
    main()

"""Thousands of tills come back at once after a day offline, and the database is killed meanwhile.

A real server process over loopback HTTP; the tills are two processes that share its cores. On
SQLite the server itself is killed, on PostgreSQL every process of the database. In the end each
entry of each till is stored once and every cent is where it belongs.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from prove.command import Command
from prove.load_books import problems
from prove.load_crowd import Job
from prove.load_day import SECONDS_APART
from prove.load_limit import bulk_seconds
from prove.load_run import Crowds
from prove.load_town import make_town
from prove.tally import Tally
from sync.server.config import ServerConfig
from tests.postgres import Cluster, binaries, cluster

TILLS: Final = 3000
ENTRIES_A_TILL: Final = 60
CROWDS: Final = 2
ARRIVE_SECONDS: Final = 5.0
DOWN_SECONDS: Final = 2.0
POSTGRES_BUFFERS: Final = "128MB"  # as PostgreSQL is shipped
BEST_SECONDS: Final = 10.0
KIB: Final = 1024
SERVER_MIB_MAX: Final = 512  # 130 KiB for each till that sends; no queue grows beside it
_DISK: Final = "/var/tmp"  # noqa: S108 - /tmp is often in memory, where a sync costs nothing
Break = Callable[["Server"], None]


@dataclass
class Server:
    """The server under load: its process, killed and started again on the same port."""

    config: ServerConfig
    state: Path
    port: str = "0"
    peak_kib: int = 0
    process: Command = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start it; it keeps its first port."""
        more = ("--database", self.config.database) if self.config.database else ()
        self.process = Command(
            *("server", "--port", self.port, "--data", str(self.config.data_dir), *more),
            state=self.state,
            log=self.state / "server.log",
        )
        self.port = self.process.ready().rpartition(":")[2]

    @property
    def origin(self) -> str:
        """Where tills reach it."""
        return f"http://127.0.0.1:{self.port}"

    def look(self) -> None:
        """Note the most memory that this process has held (proc(5), VmHWM)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        held = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0")
        self.peak_kib = max(self.peak_kib, int(held.split()[1]))


def prove_load(tally: Tally, seed: int, count: int | None = None, keep: Path | None = None) -> None:
    """Let `count` tills (TILLS) come back, on SQLite and on PostgreSQL."""
    del keep  # what differs is said; the run can be repeated by its seed
    tills = count or TILLS
    with _folder() as folder:
        one = ServerConfig(folder / "data")
        _prove_on(tally, "SQLite", one, _empty(folder, None), tills, seed, _kill_server)
    found = binaries()
    if found is None:
        tally.case("PostgreSQL", ["it is not installed"])
        return
    with cluster(found, POSTGRES_BUFFERS) as running, _folder() as folder:
        one = ServerConfig(folder / "data", database=running.new_database())
        other = _empty(folder, running.new_database())
        _prove_on(tally, "PostgreSQL", one, other, tills, seed, lambda _: _kill_database(running))


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="comptoir-load-", dir=_DISK) as folder:
        yield Path(folder)


def _empty(folder: Path, database: str | None) -> ServerConfig:
    (folder / "empty").mkdir()
    return ServerConfig(folder / "empty", database=database)


def _kill_server(server: Server) -> None:
    server.process.kill()
    _wait()
    server.start()


def _kill_database(running: Cluster) -> None:
    running.kill()
    _wait()
    running.start()


def _wait() -> None:
    time.sleep(DOWN_SECONDS)


def _prove_on(
    tally: Tally,
    name: str,
    config: ServerConfig,
    empty: ServerConfig,
    tills: int,
    seed: int,
    break_it: Break,
) -> None:
    """One crowd on one database, and what that database can do by itself."""
    jobs = _jobs(config, tills, seed)
    folder = config.data_dir.parent
    server = Server(config, folder)
    try:
        jobs = [msgspec.structs.replace(job, origin=server.origin) for job in jobs]
        with Crowds(jobs, folder) as crowds:
            began, middle = crowds.go(), tills * ENTRIES_A_TILL // 2
            for _ in crowds.listen():
                server.look()
                if middle and crowds.entries >= middle:
                    break_it(server)
                    middle = 0
    finally:
        server.process.kill()
    wrong = [*crowds.problems, *problems(config, crowds.sums, crowds.heads)]
    if middle:
        wrong.append("nothing was killed")
    if server.peak_kib > SERVER_MIB_MAX * KIB:
        wrong.append(f"the server held {server.peak_kib // KIB} MiB")
    tally.case(f"{name}, {tills} tills, seed {seed}", wrong)
    _tell(tally, name, crowds, server, began)
    _compare(tally, name, config, empty, crowds)


def _jobs(config: ServerConfig, tills: int, seed: int) -> list[Job]:
    places = make_town(config, tills)
    begins = datetime.now(UTC) - timedelta(seconds=SECONDS_APART * (ENTRIES_A_TILL + 1))
    return [
        Job("", places[one::CROWDS], ENTRIES_A_TILL, begins, ARRIVE_SECONDS, seed + one)
        for one in range(CROWDS)
    ]


def _tell(tally: Tally, name: str, crowds: Crowds, server: Server, began: float) -> None:
    counts = {
        "tills": len(crowds.heads),
        "entries": crowds.entries,
        "seconds until the last was served": crowds.seconds(began),
        "entries a second, the kill and all waiting included": crowds.rate(began),
        f"entries a second in the best {BEST_SECONDS:.0f} s": crowds.busiest(BEST_SECONDS),
        "server's memory at most, MiB": server.peak_kib // KIB,
        "asked again": sum(crowds.retries.values()),
    }
    for what, number in counts.items():
        tally.count(f"{name}: {what}", number)
    tally.say(f"{name}: asked again because of {dict(crowds.retries)}")


def _compare(
    tally: Tally, name: str, config: ServerConfig, empty: ServerConfig, crowds: Crowds
) -> None:
    seconds, rows = bulk_seconds(config, empty)
    bulk = round(len(crowds.heads) * ENTRIES_A_TILL / seconds)
    tally.count(f"{name}: the same by the database alone, entries/s", bulk)
    tally.count(f"{name}: rows of that", rows)
    if crowds.entries > BEST_SECONDS * bulk // 10:  # else the best seconds were mostly waiting
        best = crowds.busiest(BEST_SECONDS)
        tally.count(f"{name}: best / the database alone, %", best * 100 // bulk)

"""One real PostgreSQL for a run of tests: on a Unix socket, in a folder of its own, durable.

It refuses to run as root, so root lets another user run it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

START_SECONDS = 60
USERS = ("postgres", "nobody")
_TEMPLATE = "comptoir_template"


def binaries() -> Path | None:
    """Where PostgreSQL's programs are; None when it is not installed."""
    found = shutil.which("pg_ctl")
    if found and shutil.which("initdb"):
        return Path(found).parent
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return newest[-1].parent if newest else None


@dataclass
class Cluster:
    """A running server. `stop` kills it as a power cut would; `start` brings it back."""

    folder: Path
    bin: Path
    user: str | None
    shared_buffers: str
    databases: int = 0

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}'"
        options += f" -c max_connections=60 -c shared_buffers={self.shared_buffers}"
        self._run("pg_ctl", "-D", self._data, "-w", "-t", str(START_SECONDS), *self._log, "start",
                  "-o", options)  # fmt: skip

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-m", mode, "stop")

    def kill(self) -> None:
        """SIGKILL every process of it, wherever each is; returns when all are gone."""
        head = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        ours = [head, *_children(head)]
        for pid in ours:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + START_SECONDS
        while any(_runs(pid) for pid in ours):
            assert time.monotonic() < until, f"{ours} do not end"
            time.sleep(0.01)

    def make(self) -> None:
        self._run("initdb", "-D", self._data, "-U", "comptoir", "-A", "trust", "-E", "UTF8",
                  "--locale=C", "--no-sync")  # fmt: skip

    def url(self, database: str) -> str:
        return f"postgresql://comptoir@/{database}?host={quote(str(self.folder), safe='')}"

    def new_database(self) -> str:
        """The URL of a new database, empty or as the template has it."""
        self.databases += 1
        name = f"test_{self.databases}"
        self._admin(f'CREATE DATABASE "{name}" TEMPLATE {self._template()}')
        return self.url(name)

    def drop(self, url: str) -> None:
        name = url.partition("@/")[2].partition("?")[0]
        self._admin(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _template(self) -> str:
        """A database with the schema in it, made once: copying is faster than making."""
        from sync.server.store.postgres import PostgresStore

        if not self._admin(f"SELECT 1 FROM pg_database WHERE datname = '{_TEMPLATE}'"):
            self._admin(f"CREATE DATABASE {_TEMPLATE}")
            PostgresStore(self.url(_TEMPLATE), 1).close()
        return _TEMPLATE

    def _admin(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    @property
    def _log(self) -> tuple[str, str]:
        return "-l", str(self.folder / "log")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.bin / program), *arguments]
        if self.user:
            command = ["runuser", "-u", self.user, "--", *command]
        done = subprocess.run(
            command, cwd="/", capture_output=True, text=True, timeout=START_SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def cluster(bin_folder: Path, shared_buffers: str = "32MB") -> Iterator[Cluster]:
    """A new server, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user = None
    if os.geteuid() == 0:
        user = next(one for one in USERS if _exists(one))
        shutil.chown(folder, user)
    made = Cluster(folder, bin_folder, user, shared_buffers)
    try:
        made.make()
        made.start()
        try:
            yield made
        finally:
            with suppress(AssertionError):
                made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _children(of: int) -> list[int]:
    every = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in every if _stat(pid)[1:2] == [str(of)]]


def _runs(pid: int) -> bool:
    return _stat(pid)[:1] not in ([], ["Z"])


def _stat(pid: int) -> list[str]:
    """State, parent and the rest of a process; nothing when there is none (proc(5))."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return []


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True

"""Batches read beside the server are read as here, whatever becomes of the process that reads."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.contract.jws import SigningKey
from sync.contract.messages import problem_name
from sync.server.auth import Signer
from sync.server.errors import Refused
from sync.server.tills.ingest import Received, Sender, read_batch
from sync.server.tills.reading import (
    BESIDE_FROM_ENTRIES,
    Beside,
    Here,
    Reading,
    open_reading,
)
from sync.server.tills.reading_process import ASKED_BYTES_MAX, Asked, receive, send
from tests.sync.server.kit import Till

KEY = SigningKey.from_secret(0xC0FFEE)
GONE_SECONDS = 20.0
MODULE = "sync.server.tills.reading_process"


@pytest.fixture
def beside() -> Iterator[Beside]:
    with closing(Beside(1)) as found:
        yield found


def batch(entries: int = BESIDE_FROM_ENTRIES) -> tuple[list[str], Sender]:
    till = Till(KEY)
    for _ in range(entries - 2):
        till.sell()
    till.add({"type": "not a type"})  # rejected, and stored
    till.close("2026-11-22", 1, 1234, 1)
    return till.batch().entries, Sender(
        till.till, 1, {KEY.kid: Signer(1, KEY.public)}, "campaign:noel"
    )


def read(reading: Reading, entries: list[str], sender: Sender) -> list[Received]:
    return asyncio.run(reading.read(entries, sender))


def readers(parent: int) -> set[int]:
    """The processes that read for another one."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            status = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if MODULE.encode() in words and status[0] != "Z" and int(status[1]) == parent:
            found.add(int(path.name))
    return found


def is_gone(process: int) -> bool:
    until = monotonic() + GONE_SECONDS
    while monotonic() < until:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        sleep(0.05)
    return False


def test_a_long_batch_is_read_as_it_is_here(beside: Beside) -> None:
    entries, sender = batch()
    found = read(beside, entries, sender)
    assert found == read_batch(entries, sender)
    assert found[-2].rejection is not None
    assert len(readers(os.getpid())) == 1


def test_a_short_batch_starts_no_process(beside: Beside) -> None:
    entries, sender = batch(BESIDE_FROM_ENTRIES - 1)
    assert read(beside, entries, sender) == read_batch(entries, sender)
    assert readers(os.getpid()) == set()


def test_a_till_that_is_alone_needs_no_process(beside: Beside) -> None:
    entries, sender = batch()
    assert asyncio.run(beside.read(entries, sender, alone=True)) == read_batch(entries, sender)
    assert readers(os.getpid()) == set()


def test_a_refusal_names_the_same_entry(beside: Beside) -> None:
    entries, sender = batch()
    entries[4] = entries[4][:-4] + "AAAA"
    for reading in (beside, Here()):
        with pytest.raises(Refused) as refused:
            read(reading, entries, sender)
        assert problem_name(refused.value.problem) == "bad-signature"
        assert refused.value.problem.number == 5


def test_a_process_that_dies_loses_no_batch_and_is_replaced(beside: Beside) -> None:
    entries, sender = batch()
    read(beside, entries, sender)
    (first,) = readers(os.getpid())
    os.kill(first, signal.SIGKILL)
    assert is_gone(first)
    assert len(read(beside, entries, sender)) == len(entries)
    assert len(read(beside, entries, sender)) == len(entries)
    (second,) = readers(os.getpid())
    assert second != first


def test_closing_ends_the_processes() -> None:
    entries, sender = batch()
    with closing(Beside(2)) as beside:
        read(beside, entries, sender)
        assert readers(os.getpid())
    assert readers(os.getpid()) == set()


def test_a_server_that_is_killed_leaves_no_process_behind() -> None:
    """And one that is interrupted at a terminal ends its own in good order."""
    script = (
        "import sys\n"
        "from tests.sync.server.test_server_reading import batch, read\n"
        "from sync.server.tills.reading import Beside\n"
        "beside = Beside(1)\n"
        "read(beside, *batch())\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        (reader,) = readers(server.pid)
        os.kill(reader, signal.SIGINT)  # which a terminal sends to both
        assert readers(server.pid) == {reader}
        server.kill()
        server.wait()
    assert is_gone(reader)


def test_one_core_is_not_shared_out() -> None:
    with open_reading(cores=1) as reading:
        assert isinstance(reading, Here)
    with open_reading(cores=2) as reading:
        assert isinstance(reading, Beside)


@given(st.binary(max_size=64))
def test_what_is_no_message_is_told_and_never_waited_for(raw: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(GONE_SECONDS)
        theirs.sendall(raw)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises((EOFError, OSError, msgspec.MsgspecError)):
            receive(ours, Asked, ASKED_BYTES_MAX)


def test_a_message_comes_as_it_was_sent_in_however_many_pieces() -> None:
    asked = Asked(["x" * 100_000] * 3, "till", 1, "campaign:noel", [])
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(GONE_SECONDS)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 600_000)
        send(theirs, asked)
        assert receive(ours, Asked, ASKED_BYTES_MAX) == asked

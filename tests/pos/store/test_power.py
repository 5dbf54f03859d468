"""Killed at any instant, refused by the disk at any write: nothing lost, nothing half done."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pos.store.audit import audit
from pos.store.head import HeadFile, HeadState
from pos.store.opening import Store
from tests.pos.store.place import Place, sell

ROOT = Path(__file__).parents[3]
KILLS = 8


def command(place: Place, how: str) -> list[str]:
    return [sys.executable, "-m", "tests.pos.store.selling", str(place.path), how]


def check(store: Store, said: list[int], place: Place) -> None:
    """All that was said is there, in order and once; nothing is torn."""
    report = audit(store.reader, HeadFile(place.machine.head_file(store.identity.till)).read())
    assert report.ok, report.findings
    entries = [entry.payload for entry in store.ledger.since(0)]
    numbers = [payload.number for payload in entries if payload.chain == "ticket"]
    assert numbers == list(range(1, len(numbers) + 1))
    assert said == sorted(set(said))
    assert not said or len(numbers) >= said[-1]
    campaign = store.ledger.last("campaign:alps")
    assert (campaign.payload.number if campaign else 0) == len(numbers)


def test_a_till_killed_at_any_instant_has_what_it_said(tmp_path: Path) -> None:
    place = Place(tmp_path)
    chance = random.Random(2)
    said: list[int] = []
    for _ in range(KILLS):
        child = subprocess.Popen(
            command(place, "ever"), stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert child.stdout is not None
        try:
            said += [int(child.stdout.readline()) for _ in range(chance.randrange(1, 60))]
        finally:
            child.send_signal(signal.SIGKILL)
            rest, _ = child.communicate(timeout=10)
        said += [int(line) for line in rest.splitlines() if line]
        store = place.open()
        assert store.head in {HeadState.SAME, HeadState.BEHIND}
        assert store.identity.epoch == 1
        check(store, said, place)
        assert len(store.ledger.drafts()) <= 1
        place.close()


def test_a_disk_that_refuses_at_any_write_leaves_nothing_half_done(tmp_path: Path) -> None:
    place = Place(tmp_path)
    lines = run(command(place, "limit"))
    assert sum(line.startswith("refused") for line in lines) == 60
    check_all(place, lines)


@pytest.mark.parametrize("which", [1, 2, 5, 13])
def test_a_commit_that_could_not_be_synced_is_refused_and_stays_out(
    tmp_path: Path, which: int
) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("only strace makes a sync fail")
    place = Place(tmp_path)
    place.open()
    place.close()
    fault = f"inject=fsync,fdatasync:error=EIO:when={which}"
    trace = [strace, "-f", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", fault]
    lines = run([*trace, *command(place, "times")])
    assert sum(line.startswith("refused disk_failed") for line in lines) in {0, 1}
    check_all(place, lines)


def run(arguments: list[str]) -> list[str]:
    done = subprocess.run(
        arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT, timeout=100, check=True
    )
    return done.stdout.splitlines()


def check_all(place: Place, lines: list[str]) -> None:
    """What was refused is not there, what was not is."""
    said = [int(line) for line in lines if line.isdigit()]
    store = place.open()
    check(store, said, place)
    last = store.ledger.last("ticket")
    assert last is not None
    assert len(said) == said[-1] == last.payload.number
    sell(store)
    place.close()

"""A person at a terminal, and a catalogue to import."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pos.shell import CATALOGUE, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    handler = signal.getsignal(signal.SIGTERM)  # a till that runs in this process sets its own
    yield Shell(tmp_path)
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def catalogue(shell: Shell) -> Path:
    file = shell.home / "catalogue.csv"
    file.write_text(CATALOGUE, encoding="utf-8")
    return file

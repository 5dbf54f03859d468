"""A till with a cashier at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pos.fakes import Counter


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    made = Counter(tmp_path)
    made.sign_on()
    yield made
    made.close()


@pytest.fixture
def counter_with_limit(tmp_path: Path) -> Iterator[Counter]:
    """A shop where a cashier alone settles up to 50 euros."""
    made = Counter(tmp_path, resolve_alone_max=5_000)
    made.sign_on()
    yield made
    made.close()

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.rig import Bench, open_bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A till that is not enrolled yet, and a server."""
    with open_bench(tmp_path) as bench:
        yield bench


@pytest.fixture
def enrolled(bench: Bench) -> Bench:
    """A till that takes part in a campaign, with an empty chain."""
    bench.enrol()
    return bench

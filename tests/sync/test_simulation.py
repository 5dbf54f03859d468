from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.server.kit import Till
from tests.sync.simulator import Story, run_seed

MEMORY = Path("/dev/shm")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder without a disk under it, where there is one."""
    if not MEMORY.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as made:
        yield Path(made)


@pytest.mark.parametrize("block", range(5))
def test_nothing_is_lost_doubled_or_left_out(folder: Path, block: int) -> None:
    happened: Counter[str] = Counter()
    for seed in range(block * 10, block * 10 + 10):
        (folder / str(seed)).mkdir()
        happened += run_seed(seed, folder / str(seed)).happened
    assert sum(happened.values()) > 50, "these seeds have no weather"


def test_a_seed_tells_the_same_story_again(folder: Path) -> None:
    outcomes = []
    for name in ("once", "again"):
        (folder / name).mkdir()
        outcomes.append(run_seed(7, folder / name))
    assert outcomes[0] == outcomes[1]


def test_the_check_would_notice_a_loss(folder: Path) -> None:
    """The control: a server that threw away one entry of the last batch cannot pass."""
    story = Story(3, folder)
    try:
        story.tell()
        story.journal.sell()
        with pytest.raises(AssertionError, match="seed 3"):
            story._check()
    finally:
        story.close()


def test_the_check_would_notice_another_till(folder: Path) -> None:
    """The control: the same number of entries with other content cannot pass."""
    story = Story(3, folder)
    try:
        story.tell()
        other = Till(story.journal.till.key)
        for _ in story.journal.till.entries:
            other.sell(1)
        story.journal.till = other
        with pytest.raises(AssertionError, match="seed 3"):
            story._check()
    finally:
        story.close()

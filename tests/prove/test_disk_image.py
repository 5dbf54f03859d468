from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from prove import image
from prove.image import SECTOR_BYTES, Cut, File, Folder

SIZE_MAX = 4 * SECTOR_BYTES
writes = st.tuples(st.integers(0, SIZE_MAX), st.binary(min_size=1, max_size=2 * SECTOR_BYTES)).map(
    lambda x: ("write", *x)
)
truncations = st.integers(0, SIZE_MAX).map(lambda size: ("truncate", size, b""))
syncs = st.just(("sync", 0, b""))
changes = st.lists(st.one_of(writes, truncations, syncs), max_size=12)


def played(changes: list[tuple[str, int, bytes]]) -> File:
    file = File()
    for what, number, data in changes:
        if what == "write":
            file.write(number, data)
        elif what == "truncate":
            file.truncate(number)
        else:
            file.sync()
    return file


@given(changes, st.sampled_from(Cut), st.integers())
def test_what_was_synced_last_survives_every_cut(
    changes: list[tuple[str, int, bytes]], cut: Cut, seed: int
) -> None:
    file = played([*changes, ("sync", 0, b"")])
    assert file.after(cut, random.Random(seed)) == bytes(file.now)


@given(changes)
def test_dropping_leaves_what_the_last_sync_made_safe(
    changes: list[tuple[str, int, bytes]],
) -> None:
    last = max((i for i, change in enumerate(changes) if change[0] == "sync"), default=-1)
    safe = bytes(played(changes[: last + 1]).now)
    assert played(changes).after(Cut.DROP, random.Random(1)) == safe


@given(st.binary(min_size=SIZE_MAX, max_size=SIZE_MAX), st.integers())
def test_tearing_keeps_or_loses_whole_sectors(new: bytes, seed: int) -> None:
    file = played([("write", 0, bytes(SIZE_MAX)), ("sync", 0, b""), ("write", 0, new)])
    left = file.after(Cut.TEAR, random.Random(seed))
    for at in range(0, SIZE_MAX, SECTOR_BYTES):
        sector = slice(at, at + SECTOR_BYTES)
        assert left[sector] in {new[sector], bytes(SECTOR_BYTES)}


def test_tearing_can_keep_a_later_write_and_lose_an_earlier_one() -> None:
    file = played([("write", 0, b"first"), ("write", SECTOR_BYTES, b"second")])
    left = {file.after(Cut.TEAR, random.Random(seed)) for seed in range(50)}
    assert bytes(SECTOR_BYTES) + b"second" in left
    assert b"first" in left


def test_a_sync_that_failed_is_not_made_good_by_the_next_one() -> None:
    file = played([("write", 0, b"old"), ("sync", 0, b""), ("write", 0, b"new")])
    file.fail_sync()
    file.sync()
    assert bytes(file.now) == b"new"
    assert file.after(Cut.DROP, random.Random(1)) == b"old"


def test_a_new_file_is_lost_with_its_name_until_its_folder_is_synced() -> None:
    root, file = Folder(), played([("write", 0, b"x"), ("sync", 0, b"")])
    root.change({"file": file})
    assert not root.after(Cut.DROP, random.Random(1)).now
    root.sync()
    left = root.after(Cut.DROP, random.Random(1)).now["file"]
    assert isinstance(left, File)
    assert left.now == b"x"


def test_a_rename_happens_whole_or_not_at_all() -> None:
    root, old, new = Folder(), File(), File()
    root.change({"key": old})
    root.change({"key.new": new})
    root.sync()
    root.change({"key.new": None, "key": new})
    seen = {tuple(sorted(root.after(Cut.TEAR, random.Random(seed)).now)) for seed in range(50)}
    assert seen == {("key", "key.new"), ("key",)}


def test_a_file_with_two_names_stays_one_file_after_a_cut() -> None:
    root, file = Folder(), File()
    root.change({"one": file})
    root.change({"two": file})
    root.sync()
    left = root.after(Cut.DROP, random.Random(1)).now
    assert left["one"] is left["two"]


def test_a_tree_goes_to_a_real_folder_and_comes_back(tmp_path: Path) -> None:
    root, folder = Folder(), Folder()
    folder.change({"file": played([("write", 0, b"content")])})
    root.change({"folder": folder})
    image.save(root, tmp_path)
    back = image.load(tmp_path).now["folder"]
    assert isinstance(back, Folder)
    file = back.now["file"]
    assert isinstance(file, File)
    assert file.safe == b"content"

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.contract.messages import problem_name
from sync.server.errors import Refused
from sync.server.limits import Buckets, Rate, gunzip
from tests.sync.server.kit import VirtualClock


@given(st.binary(max_size=2000))
def test_what_was_zipped_comes_back(raw: bytes) -> None:
    assert gunzip(gzip.compress(raw), 2000) == raw


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_or_unzipped(raw: bytes) -> None:
    try:
        content = gunzip(raw, 1000)
    except Refused as refused:
        content, name = b"", problem_name(refused.problem)
    else:
        name = ""
    assert len(content) <= 1000
    assert name in {"", "bad-request", "too-large"}


def test_a_bomb_is_stopped_at_the_limit() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(100)) + packer.flush()
    with pytest.raises(Refused, match="at most 1000 bytes"):
        gunzip(bomb, 1000)


def test_a_bucket_refills_with_time() -> None:
    clock = VirtualClock()
    buckets = Buckets(Rate(burst=2, per_minute=6), clock.monotonic)
    buckets.take("a")
    buckets.take("a")
    with pytest.raises(Refused) as caught:
        buckets.take("a")
    assert caught.value.retry_after_seconds == 10
    buckets.take("b")
    clock.advance(seconds=10)
    buckets.take("a")


def test_looking_at_a_bucket_takes_nothing() -> None:
    buckets = Buckets(Rate(burst=1, per_minute=1), VirtualClock().monotonic)
    buckets.check("a")
    buckets.check("a")
    buckets.take("a")
    with pytest.raises(Refused):
        buckets.check("a")


def test_buckets_are_bounded() -> None:
    buckets = Buckets(Rate(burst=1, per_minute=1), VirtualClock().monotonic, keys_max=3)
    for key in "abcde":
        buckets.take(key)
    assert len(buckets) == 3


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30)), max_size=60))
def test_no_key_ever_gets_more_than_its_rate(steps: list[tuple[str, int]]) -> None:
    clock = VirtualClock()
    buckets = Buckets(Rate(burst=3, per_minute=6), clock.monotonic)
    taken = {"a": 0, "b": 0}
    for key, seconds in steps:
        clock.advance(seconds=seconds)
        try:
            buckets.take(key)
        except Refused:
            continue
        taken[key] += 1
    assert max(taken.values()) <= 3 + clock.monotonic() * 6 / 60

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from sync.backoff import CAP_SECONDS, RETRY_AFTER_SECONDS_MAX, TIMES_ASKED_MAX, Backoff


def longest(_low: float, high: float) -> float:
    return high


def test_the_bound_doubles_up_to_its_cap() -> None:
    backoff = Backoff(longest)
    bounds = [backoff.failed() for _ in range(40)]
    assert bounds[:10] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0]
    assert bounds[-1] == CAP_SECONDS


def test_a_success_starts_again() -> None:
    backoff = Backoff(longest)
    for _ in range(5):
        backoff.failed()
    backoff.succeeded()
    assert backoff.failed() == 1.0


def test_the_wait_is_drawn_from_the_whole_range() -> None:
    backoff = Backoff(random.Random(1).uniform)
    for _ in range(20):
        backoff.failed()
    drawn = [backoff.failed() for _ in range(500)]
    assert min(drawn) < 10
    assert max(drawn) > 290


@given(st.floats(allow_nan=False), st.integers(0, 100))
def test_a_server_is_never_asked_before_its_time_nor_forgotten(asked: float, before: int) -> None:
    backoff = Backoff(longest)
    for _ in range(before):
        backoff.failed()
    wait = backoff.failed(asked)
    assert min(max(asked, 0.0), RETRY_AFTER_SECONDS_MAX) <= wait
    assert wait <= RETRY_AFTER_SECONDS_MAX + CAP_SECONDS


def test_who_is_told_when_to_come_does_not_stay_away_for_minutes() -> None:
    backoff = Backoff(longest)
    for _ in range(20):
        backoff.failed(5)
    assert backoff.failed(5) == 5 + TIMES_ASKED_MAX * 5
    assert backoff.failed(0) == TIMES_ASKED_MAX
    assert backoff.failed() == CAP_SECONDS

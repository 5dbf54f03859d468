from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.answers import error_of, read_answer, read_date, retry_after_seconds
from sync.contract.messages import PROBLEMS, ChainStatus, problem
from sync.errors import (
    Busy,
    ClockSkew,
    EpochClosed,
    Fork,
    Gap,
    Incompatible,
    Quarantined,
    Rejected,
    SyncError,
    TooLarge,
    Unauthorised,
)
from sync.ports import Answer

NOW = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
JSON = {"content-type": "application/json"}
PROBLEM = {"content-type": "application/problem+json"}


def refusal(name: str) -> SyncError:
    body = msgspec.json.encode(problem(name, "why", expected=7))
    return error_of(Answer(PROBLEMS[name][0], PROBLEM, body), NOW)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("gap", Gap),
        ("fork", Fork),
        ("quarantined", Quarantined),
        ("epoch-closed", EpochClosed),
        ("unauthorised", Unauthorised),
        ("clock-skew", ClockSkew),
        ("too-large", TooLarge),
        ("busy", Busy),
        ("internal", Busy),
        ("too-many-requests", Busy),
    ],
)
def test_a_problem_is_its_own_error(name: str, kind: type[SyncError]) -> None:
    assert type(refusal(name)) is kind


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_every_problem_of_the_contract_is_understood(name: str) -> None:
    error = refusal(name)
    assert isinstance(error, Rejected)
    assert error.trouble == name
    assert str(error) == "why"


def test_what_no_later_attempt_can_mend_is_final() -> None:
    final = {name for name in PROBLEMS if refusal(name).final}
    assert final == {"fork", "quarantined", "epoch-closed"}


def test_a_gap_says_what_is_wanted() -> None:
    error = refusal("gap")
    assert isinstance(error, Gap)
    assert error.expected == 7


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (502, Busy),
        (503, Busy),
        (504, Busy),
        (429, Busy),
        (413, TooLarge),
        (200, Incompatible),
        (302, Incompatible),
        (404, Incompatible),
        (511, Incompatible),
    ],
)
def test_a_proxy_or_portal_is_told_from_the_server(status: int, kind: type[SyncError]) -> None:
    answer = Answer(status, {"content-type": "text/html"}, b"<html>")
    with pytest.raises(SyncError) as caught:
        read_answer(answer, 200, ChainStatus, NOW)
    assert type(caught.value) is kind


def test_a_later_version_may_add_members() -> None:
    body = b'{"acknowledged":3,"head":"' + b"a" * 64 + b'","more":[1]}'
    assert read_answer(Answer(200, JSON, body), 200, ChainStatus, NOW).acknowledged == 3


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Sun, 22 Nov 2026 17:01:00 GMT", 60.0),
        ("Sun, 22 Nov 2026 16:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after_seconds(text, NOW) == seconds


@given(st.text(max_size=60))
def test_any_text_is_a_date_or_none(text: str) -> None:
    at = read_date(text)
    assert at is None or at.tzinfo is not None


@given(
    st.integers(100, 599),
    st.sampled_from(["application/json", "application/problem+json", "text/html", "é", ""]),
    st.binary(max_size=200)
    | st.dictionaries(
        st.sampled_from(["type", "title", "status", "detail", "expected", "acknowledged", "head"]),
        st.none() | st.integers() | st.text(max_size=20),
    ).map(msgspec.json.encode),
    st.text(max_size=20),
)
def test_arbitrary_answers_are_read_or_a_sync_error(
    status: int, kind: str, body: bytes, retry_after: str
) -> None:
    answer = Answer(status, {"content-type": kind, "retry-after": retry_after}, body)
    try:
        found = read_answer(answer, 200, ChainStatus, NOW)
    except SyncError as error:
        assert str(error).isprintable()  # noqa: PT017 - what is shown is the point
        return
    assert found.acknowledged >= 0

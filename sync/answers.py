"""Reading a server's answers: a message of the contract, or the error that a status stands for.

Anything may answer on a shop's network: portals, proxies, routers. What is not of this protocol is
Incompatible, or Busy when its status says that the server behind could not be reached.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

import msgspec

from sync.contract.messages import Message, Problem, problem_name
from sync.contract.status_list import ETAG_CHARS_MAX, STATUS_LIST_TYP
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

T = TypeVar("T", bound=Message)
PROBLEM_TYPE: Final = "application/problem+json"
SHOWN_CHARS_MAX: Final = 300

_BY_NAME: Final[dict[str, type[Rejected]]] = {
    "unauthorised": Unauthorised,
    "other-till": Unauthorised,
    "clock-skew": ClockSkew,
    "epoch-closed": EpochClosed,
    "fork": Fork,
    "gap": Gap,
    "quarantined": Quarantined,
    "too-large": TooLarge,
}
_BY_STATUS: Final[dict[int, type[Rejected]]] = {
    408: Busy,
    413: TooLarge,
    425: Busy,
    429: Busy,
    500: Busy,
    502: Busy,
    503: Busy,
    504: Busy,
}


def read_answer(answer: Answer, status: int, kind: type[T], now: datetime) -> T:
    """The message of an answer that should have this status; the matching SyncError otherwise.

    `now`, by the server's clock, is what a Retry-After given as a date counts from.
    """
    if answer.status != status:
        raise error_of(answer, now)
    if _media_type(answer) != "application/json":
        raise Incompatible(f"expected JSON, got {_media_type(answer)!r}: is a portal in between?")
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Incompatible(f"expected {kind.__name__}: {error}") from error


def read_status_list(answer: Answer, now: datetime) -> tuple[str, str]:
    """A status list, signed and not verified yet, and its version (ETag); SyncError for others."""
    if answer.status != 200:
        raise error_of(answer, now)
    if _media_type(answer) != f"application/{STATUS_LIST_TYP}":
        raise Incompatible(f"expected a status list, got {_media_type(answer)!r}")
    return answer.body.decode("ascii", "replace"), answer.headers.get("etag", "")[:ETAG_CHARS_MAX]


def error_of(answer: Answer, now: datetime) -> SyncError:
    """The error that an unexpected status stands for."""
    found = _problem(answer)
    default = _BY_STATUS.get(answer.status)
    if found is None and default is None:
        return Incompatible(f"status {answer.status} of {_media_type(answer)!r}, not this protocol")
    if found is None:
        found = Problem(type="about:blank", title=f"Status {answer.status}", status=answer.status)
    kind = _BY_NAME.get(problem_name(found), default or Rejected)
    return kind(found, retry_after_seconds(answer.headers.get("retry-after", ""), now))


def retry_after_seconds(text: str, now: datetime) -> float | None:
    """Seconds that a Retry-After asks for (RFC 9110, 10.2.3); None when it says nothing usable."""
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    at = read_date(text)
    return max(0.0, (at - now).total_seconds()) if at else None


def read_date(text: str) -> datetime | None:
    """An HTTP date (RFC 9110, 5.6.7); None when it is none."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo is not None else None


def _problem(answer: Answer) -> Problem | None:
    if _media_type(answer) != PROBLEM_TYPE:
        return None
    try:
        found = msgspec.json.decode(answer.body, type=Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return msgspec.structs.replace(
        found,
        type=_shown(found.type),
        title=_shown(found.title),
        detail=_shown(found.detail),
        status=answer.status,
    )


def _shown(text: str) -> str:
    """Text from outside, made fit for a screen."""
    return "".join(c if c.isprintable() else " " for c in text[:SHOWN_CHARS_MAX])


def _media_type(answer: Answer) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return _shown(kind[:60])

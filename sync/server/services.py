"""What every endpoint shares: the store, the keys, the limits, the clock; and how they answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic as monotonic_seconds
from typing import Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sync.contract.messages import Message
from sync.server.auth import Organiser
from sync.server.config import Rates, Secrets
from sync.server.errors import Refused, refuse
from sync.server.limits import Buckets, read_body
from sync.server.store.db import Store
from sync.server.tills.feed import Hub
from sync.server.tills.reading import Here, Reading

PROBLEM_TYPE: Final = "application/problem+json"
T = TypeVar("T")


def utc_now() -> datetime:
    """The time, for a server that is not given another clock."""
    return datetime.now(UTC)


def random_uuid() -> str:
    """A new random UUID."""
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and names, injected: a test or a simulation brings its own."""

    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = monotonic_seconds
    new_uuid: Callable[[], str] = random_uuid


@dataclass(frozen=True, slots=True)
class Meters:
    """The rate limits in force."""

    enrolments: Buckets
    failed_logins: Buckets
    failed_tokens: Buckets
    uplinks: Buckets
    reads: Buckets
    codes: Buckets

    @classmethod
    def of(cls, rates: Rates, clock: Clock) -> Meters:
        """Meters that start full."""
        return cls(
            enrolments=Buckets(rates.enrolments, clock.monotonic),
            failed_logins=Buckets(rates.failed_logins, clock.monotonic),
            failed_tokens=Buckets(rates.failed_tokens, clock.monotonic),
            uplinks=Buckets(rates.uplinks, clock.monotonic),
            reads=Buckets(rates.reads, clock.monotonic),
            codes=Buckets(rates.codes, clock.monotonic),
        )


@dataclass(frozen=True, slots=True)
class Services:
    """One running server."""

    store: Store
    secrets: Secrets
    organiser: Organiser
    origins: frozenset[str]
    meters: Meters
    open_pages: bool = False
    clock: Clock = field(default_factory=Clock)
    hub: Hub = field(default_factory=Hub)
    reading: Reading = field(default_factory=Here)

    @property
    def is_https(self) -> bool:
        """Whether browsers reach this server by https: cookies are then for https only."""
        return any(origin.startswith("https:") for origin in self.origins)

    def origin_for(self, request: Request) -> str:
        """The address of this server that whoever asks should be told: the one they used."""
        asked = str(request.base_url).rstrip("/")
        return asked if asked in self.origins else min(self.origins)


def address_of(request: Request) -> str:
    """Where a request comes from, as far as rate limits go."""
    return request.client.host if request.client else "unknown"


async def read_json(request: Request, kind: type[T], bytes_max: int) -> T:
    """The body as a message; Refused when it is not JSON, or other JSON than expected."""
    return decode_json(await read_body(request, bytes_max), kind)


def decode_json(body: bytes, kind: type[T]) -> T:
    """JSON bytes as a message; Refused when they are not JSON, or other JSON than expected.

    A NUL in a text is refused here, as PostgreSQL could not store it.
    """
    if b"\\u0000" in body:
        raise refuse("malformed", "a text holds a NUL character")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise refuse("malformed", str(error)[:200]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refuse("bad-request", f"expected JSON: {error}"[:200]) from error


def answer(message: Message, status: int = 200) -> Response:
    """A message as an answer."""
    return Response(msgspec.json.encode(message), status, media_type="application/json")


def answer_problem(refused: Refused) -> Response:
    """A refusal as an answer (RFC 9457)."""
    headers = {}
    if refused.retry_after_seconds is not None:
        headers["Retry-After"] = str(refused.retry_after_seconds)
    if refused.problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = msgspec.json.encode(refused.problem)
    return Response(body, refused.problem.status, headers, PROBLEM_TYPE)

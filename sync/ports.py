"""What the client side needs from the till, the network and the world, as Protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sync.contract.jws import Signed, VerifyKey


class Source(Protocol):
    """The till's journal, read-only. Methods are called from several threads.

    Only what is committed and on the disk may be seen through it.
    """

    def head(self, chain: str) -> tuple[int, str] | None:
        """Number and SHA-256 of a chain's last entry; None for an empty chain."""

    def read(self, chain: str, after: int, limit: int) -> Sequence[tuple[int, int, bytes]]:
        """Up to `limit` entries after a number, in order: number, epoch, compact JWS."""

    def oldest_at(self, chain: str, after: int) -> str | None:
        """When the first entry after a number was made (its `at`); None when there is none."""


class Identity(Protocol):
    """Who the till is, and its key."""

    @property
    def till(self) -> str:
        """Its UUID."""

    @property
    def epoch(self) -> int:
        """Its current epoch."""

    @property
    def public(self) -> VerifyKey:
        """The public half of the epoch's key."""

    @property
    def earlier(self) -> Sequence[tuple[int, VerifyKey]]:
        """The epochs before it and their keys, the oldest first."""

    def sign(self, payload: bytes, typ: str) -> Signed:
        """Sign payload bytes as a message of this type."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `target` is a path with its query."""

    method: str
    target: str
    timeout_seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole HTTP answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """A line to one server, kept open between requests. Belongs to one thread."""

    def request(self, request: Request) -> Answer:
        """The whole answer. Raises Unreachable, TimedOut, Incompatible, or Stopped after abort."""

    def abort(self) -> None:
        """Break off what is under way and refuse what comes after. From any thread."""

    def close(self) -> None:
        """Close the connections."""


Connect = Callable[[str], Transport]
Clock = Callable[[], datetime]

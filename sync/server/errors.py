"""What the server can answer other than yes.

ServerError
├── Refused      an answer to one request, with the problem that the client reads
├── BadConfig    the server cannot start as it was asked to; the message says what to change
└── Closed       the store was closed while work was still handed to it
"""

from __future__ import annotations

from typing import Any

from sync.contract.messages import Problem, problem
from sync.server.refusals import Say


class ServerError(Exception):
    """Anything that this package raises on purpose."""


class Refused(ServerError):
    """A request that is answered by a problem (RFC 9457); `say` is what a page says instead."""

    def __init__(
        self, found: Problem, retry_after_seconds: int | None = None, say: Say | None = None
    ) -> None:
        super().__init__(f"{found.type}: {found.detail}")
        self.problem = found
        self.retry_after_seconds = retry_after_seconds
        self.say = say


class BadConfig(ServerError):
    """The configuration or the data folder does not allow a start."""


class Closed(ServerError):
    """The store is closed."""


def refuse(
    name: str,
    detail: str = "",
    *,
    say: Say | None = None,
    retry_after_seconds: int | None = None,
    **more: Any,
) -> Refused:
    """The refusal of this name (a key of sync.contract.messages.PROBLEMS).

    `detail` is for programs, `say` for people that can meet it on a page.
    """
    return Refused(problem(name, detail, **more), retry_after_seconds, say)

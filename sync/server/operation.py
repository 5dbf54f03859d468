"""One method of one address, as the contract and the application both read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from sync.contract.messages import Message

Method: TypeAlias = Literal["GET", "POST", "PUT", "DELETE"]
# `organiser` leads the campaign that is asked for, `keeper` may be the shop of the address besides;
# `leader` leads any campaign and `account` has any account: they are answered what is theirs.
Who: TypeAlias = Literal["anyone", "till", "admin", "organiser", "keeper", "leader", "account"]

BODY_PROBLEMS: Final = ("bad-request", "timeout", "too-large", "unsupported-encoding")
_KNOWN: Final = ("unauthorised", "too-many-requests", "busy", "cross-site")
BY_WHO: Final[dict[Who, tuple[str, ...]]] = {
    "anyone": (),
    "till": (
        *("unauthorised", "clock-skew", "other-till", "epoch-closed"),
        *("too-many-requests", "busy"),
    ),
    "admin": (*_KNOWN, "not-found"),
    "organiser": (*_KNOWN, "not-found"),
    "keeper": (*_KNOWN, "not-found"),
    "leader": (*_KNOWN, "not-found"),
    "account": _KNOWN,
}
FORM: Final = "application/x-www-form-urlencoded"
PAGE: Final = "text/html"
_PAGE_STATUSES: Final = (303, 400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address. `answer` and `body` are messages, or the media type of others."""

    name: str
    method: Method
    path: str
    summary: str
    answer: type[Message] | str
    status: int = 200
    body: type[Message] | str | None = None
    who: Who = "anyone"
    problems: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    more_statuses: tuple[int, ...] = ()
    is_page: bool = False

    @property
    def all_problems(self) -> tuple[str, ...]:
        """Every problem that it can answer; a page's refusals are pages."""
        if self.is_page:
            return (*self.problems, "internal")
        body = BODY_PROBLEMS if self.body is not None else ()
        known = [one for one in BY_WHO[self.who] if one != "cross-site" or self.method != "GET"]
        return (*body, *known, *self.problems, "internal")


def page(
    name: str,
    method: Method,
    path: str,
    summary: str,
    who: Who = "organiser",
    *,
    body: str | None = None,
    answer: str = PAGE,
    parameters: tuple[str, ...] = (),
) -> Operation:
    """A page, or a file that one leads to. Its refusals are pages; nobody known: to the log-in."""
    return Operation(
        *(name, method, path, summary, answer, 200, body, who, (), parameters, _PAGE_STATUSES),
        is_page=True,
    )


# What an area of pages has: each operation, and the name of the method that answers it.
Pages: TypeAlias = tuple[tuple[Operation, str], ...]

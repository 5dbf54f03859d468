"""Documents for paper and screen: blocks that know nothing of a printer's commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeAlias

from pos.domain.money import Cents, Thousandths


class Words(Protocol):
    """The language of a document."""

    def say(self, key: str, **params: object) -> str:
        """The sentence of a key."""

    def number(self, cents: Cents) -> str:
        """An amount without currency."""

    def money(self, cents: Cents) -> str:
        """An amount with its currency."""

    def quantity(self, thousandths: Thousandths) -> str:
        """A quantity."""

    def percent(self, rate: int) -> str:
        """A rate in basis points."""

    def date(self, day: str) -> str:
        """A day of the journal."""

    def time(self, at: str) -> str:
        """A journal time."""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `align` is left, center or right."""

    text: str
    align: str = "left"
    bold: bool = False
    double: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """A label on the left, an amount on the right: the label wraps, the amount never."""

    left: str
    right: str
    bold: bool = False
    double: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper."""


@dataclass(frozen=True, slots=True)
class Qr:
    """A QR code of ASCII text."""

    data: str


@dataclass(frozen=True, slots=True)
class Feed:
    """Empty lines."""

    lines: int = 1


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of the paper."""


Block: TypeAlias = Text | Columns | Rule | Qr | Feed | Cut
Document: TypeAlias = tuple[Block, ...]
_KINDS: Mapping[str, type[Block]] = {
    "text": Text,
    "columns": Columns,
    "rule": Rule,
    "qr": Qr,
    "feed": Feed,
    "cut": Cut,
}


def to_data(document: Document) -> list[dict[str, Any]]:
    """The JSON value of a document, for the spool."""
    names = {kind: name for name, kind in _KINDS.items()}
    return [{"block": names[type(block)], **asdict(block)} for block in document]


def from_data(data: Iterable[Mapping[str, Any]]) -> Document:
    """The document of its JSON value."""
    return tuple(
        _KINDS[item["block"]](**{k: v for k, v in item.items() if k != "block"}) for item in data
    )
